"""The tests of InfluxDB and of HTTP POST: a reading of now is sent."""

from firmware.rarely import load


class _One:
    """A backlog of one reading."""

    dropped = 0
    error = ""

    def __init__(self):
        self.reading: tuple = ()  # utc, body
        self._left: tuple = ()

    def rewind(self):
        self._left = self.reading

    def next(self):
        found, self._left = self._left, ()
        return found or None

    def drop(self):
        self.reading = ()


async def attempt(gateway, config, deadline, name):
    """Send a reading, as it would be sent."""
    settings = dict(config.items())
    if not settings[f"{name}_url"]:
        raise OSError("no address is set")
    utc = gateway.utc()
    if utc is None:
        raise OSError("the time is not known yet, and a reading needs one")
    waiting = _One()
    making = load("publish.making")
    dialler = making.dialler(name, gateway, settings, deadline)
    upload = making.upload(name, gateway, settings, waiting, dialler)
    upload.deadline = deadline
    body = upload.sample()
    if not body:
        raise OSError("the meter has not said anything yet")
    waiting.reading = utc, body
    try:
        await load("publish.delivery").deliver(upload)
    finally:
        upload.close()
    if not upload.accepted:
        raise OSError(upload.error)
    for its, running in gateway.uploads:
        if its == name:
            running.retry()
    return "the server took a reading"
