"""The log: the last 200 lines, in flash, for the owner to read on the page.

Lines are gathered in memory and written to flash when that is full, after an error,
and at the end; at most once a minute, so that whatever goes wrong, and however often, wears the
flash by 1440 writes a day at most. What finds no room meanwhile is counted. A line
that comes again at once is counted too instead of kept.

Who writes a line takes care that there is no secret in it. The files are logbook.py's.
"""

from micropython import const

from firmware.rarely import load

ERROR, WARNING, INFO = 0, 1, 2
_ROOM = const(512)  # bytes
_TEXT = const(120)  # bytes of a line
_REST = const(60)  # s between two writes


class Log:
    """utc() -> seconds since 2000, or None; seconds() -> seconds that never step; path: of the
    newer of two files. `error`: what the flash said last, None if it took all.
    """

    def __init__(self, utc, seconds, path="log"):
        self.path = path
        self.error = None
        self.buffer = bytearray(_ROOM)
        self.n = 0  # bytes in it
        self.count = None  # lines in the newer file, None until that is known
        self.wrote = -_REST
        self.lost = 0
        self._utc = utc
        self._seconds = seconds
        self._urgent = False
        self._last = INFO, ""  # (level, text) of the line before, and how often it came again
        self._again = 0

    def add(self, level, text) -> None:
        """A line: ERROR, WARNING or INFO, and what happened, in words."""
        if self._last == (level, text):
            self._again += 1
            return
        self._told()
        self._last = level, text
        self._put(level, text)
        if level == ERROR:
            self._urgent = True
            self.look()

    def look(self) -> None:
        """Write what has been waiting to be written, if it is time; to be called now and then."""
        if self._urgent and self._seconds() - self.wrote >= _REST:
            self.close()

    def close(self) -> None:
        """Write all there is."""
        self._told()
        self._write()

    def lines(self, level=INFO):
        """Iterate over the last lines of this level or a worse one: (utc or None, level, text)."""
        self._told()
        return load("logbook").lines(self, level)

    def _told(self):
        """Say how often the last line came again."""
        if self._again:
            level, again = self._last[0], self._again
            self._again = 0
            self._put(level, f"(the same {again} times more)")

    def _put(self, level, text):
        data = text.replace("\n", " ").encode()
        if len(data) > _TEXT:
            n = _TEXT
            while data[n] & 0xC0 == 0x80:  # not within a character
                n -= 1
            data = data[:n]
        data = b"%s %d %s\n" % (str(self._utc()).encode(), level, data)
        if self.n + len(data) > _ROOM and self._seconds() - self.wrote >= _REST:
            self._write()
        if self.n + len(data) > _ROOM:
            self.lost += 1
            return
        self.buffer[self.n : self.n + len(data)] = data
        self.n += len(data)

    def _write(self):
        self._urgent = False
        self.wrote = self._seconds()
        load("logbook").write(self)
