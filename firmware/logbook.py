"""The files of the log: 200 lines in the older, up to as many in the newer. Loaded when needed.

A line: seconds since 2000 or None, the level, the text.
"""

import os

from micropython import const

_LINES = const(200)
_PIECE = const(512)  # bytes read at a time; a line is shorter


def write(log) -> None:
    """Append what the log has gathered; what the flash refuses stays there."""
    gathered = memoryview(log.buffer)[: log.n]
    try:
        if log.count is None:
            log.count, whole = _count(log.path)
            if not whole:  # a power cut left the beginning of a line
                _append(log.path, b"\n")
        if log.n:
            _append(log.path, gathered)
            log.count += bytes(gathered).count(b"\n")
            log.n = 0
        if log.lost:
            _append(log.path, b"None 1 (%d lines found no room)\n" % log.lost)
            log.count += 1
            log.lost = 0
        if log.count >= _LINES:
            os.rename(log.path, older(log))
            log.count = 0
        log.error = None
    except OSError as error:
        log.error = error


def older(log) -> str:
    """The path of the older file."""
    return log.path + ".old"


def lines(log, level):
    """(utc or None, level, text) of the last lines that are as bad as level."""
    kept = bytes(memoryview(log.buffer)[: log.n])
    if log.count is None:
        log.count = _count(log.path)[0]
    skip = _count(older(log))[0] + log.count + kept.count(b"\n") - _LINES
    for source in (older(log), log.path, None):
        for line in _file(source) if source else kept.split(b"\n"):
            if not line:
                continue
            skip -= 1
            if skip >= 0:
                continue
            utc, _, text = line.partition(b" ")
            found, _, text = text.partition(b" ")
            try:
                found = int(found)
                if found <= level:
                    yield None if utc == b"None" else int(utc), found, text.decode()
            except ValueError:
                pass  # the end of it was lost, or it was cut within a character


def _append(path, data):
    with open(path, "ab") as file:
        file.write(data)


def _count(path):
    """(lines in a file, whether its last line has an end)"""
    count, last, buffer = 0, b"\n", bytearray(_PIECE)
    try:
        with open(path, "rb") as file:
            while True:
                n = file.readinto(buffer)
                if not n:
                    break
                piece = bytes(memoryview(buffer)[:n])
                count += piece.count(b"\n")
                last = piece[-1:]
    except OSError:
        pass
    return count, last == b"\n"


def _file(path):
    """The lines of a file. It is opened for each piece, since it may be renamed in between."""
    at = 0
    while True:
        try:
            with open(path, "rb") as file:
                file.seek(at)
                piece = file.read(_PIECE)
        except OSError:
            return
        end = piece.rfind(b"\n") + 1
        if not end:
            return
        yield from piece[:end].split(b"\n")
        at += end
