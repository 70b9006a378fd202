"""One request with what waits in the backlog of an Upload. Loaded for it, and forgotten."""

from firmware.rarely import load


class _Moved(Exception):
    """Readings were thrown away while they were sent, since too much waits."""


async def deliver(upload) -> bool:
    """Send the oldest readings; false if there is none that can be sent. OSError if nobody knows
    whether the server has them, or if it wants them later.
    """
    count, size = _measure(upload)
    if not count:
        upload.error = upload.error or "the time is not known yet: readings wait for it"
        return False
    http = load("publish.http")
    if upload.stream and not http.alive(upload.stream):
        upload.close()
    kept = upload.stream is not None
    while True:
        if not upload.stream:
            upload.stream = await upload.open(*upload.server[:2])
        head = b"%sContent-Length: %d\r\n\r\n" % (upload.head, size)
        parts = _parts(upload, count, head)
        try:
            answer = await http.exchange(upload.stream, parts, upload.ticks_ms, upload.deadline)
            break
        except _Moved:
            upload.close()
            return True
        except OSError as error:
            # The server ends a connection that was idle at the moment we use it.
            if not kept or error.args[:1] == (http.LATE,):
                raise
            kept = False
            upload.close()
    if not answer.keep:
        upload.close()
    if upload.takes(answer.status):
        upload.delivered(count)
    else:
        load("publish.verdict").judge(upload, answer, count)
    return True


def _measure(upload) -> tuple:
    """How many readings go into a request, and the bytes of its body."""
    backlog = upload.backlog
    backlog.rewind()
    first, between, last = upload.edges
    count, size = 0, len(first) + len(last) - len(between)
    while count < upload.most:
        found = backlog.next()
        if not found:
            break
        size += len(between)
        for piece in upload.dated(found[1], found[0]):
            size += len(piece)
        count += 1
    return count, size


def _parts(upload, count, head):
    """The request in pieces."""
    backlog = upload.backlog
    dropped = backlog.dropped
    first, between, last = upload.edges
    yield head + first
    backlog.rewind()
    for number in range(count):
        utc, body = backlog.next() or (0, None)
        if body is None or backlog.dropped != dropped:
            raise _Moved
        if number and between:
            yield between
        yield from upload.dated(body, utc)
    if last:
        yield last
