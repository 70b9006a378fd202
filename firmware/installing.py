"""An update from a stream to the restart, whoever asked for it. Loaded for it."""

from firmware.rarely import load

_WARNING = 1  # as in log.py


async def install(gateway, source, confirmed) -> str:
    """Install from a stream, and restart. -> the version. ValueError (words, what confirms it) if
    it is refused, OSError or EOFError if the flash or the sender fails: nothing is changed then.
    """
    if gateway.update:
        raise ValueError("another update is going on", "")
    reading = gateway.read() is not None and gateway.store.frames > 0
    gateway.update = going = load("update").Update(source, confirmed, reading)
    try:
        version = await going.run()
    except ValueError as refused:
        gateway.say(f"update: refused, {refused.args[0]}", _WARNING)
        raise
    except (OSError, EOFError) as error:
        gateway.say(f"update: failed ({error})", _WARNING)
        raise
    finally:
        gateway.update = None
    gateway.say(f"update: version {version} is there, restart")
    gateway.restart()
    return version


async def fetch(gateway, confirmed) -> str:
    """Install what is at the owner's address."""
    download = load("fetching").Download(gateway)
    try:
        await download.open()
        return await install(gateway, download, confirmed)
    finally:
        download.close()
