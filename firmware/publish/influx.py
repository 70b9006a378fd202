"""InfluxDB 1, 2 and 3, and VictoriaMetrics: readings in the line protocol, over upload.py.

With a bucket the way is that of version 2 (version 3 knows it, too), else that of version 1.
Schema: lines.py. A request that is sent twice, because the answer to the first was lost, does no
harm: a point is known by its tags and its time, and the second is the same as the first.
"""

from micropython import const

from firmware.link.clock import UNIX
from firmware.publish.payload import Full, Writer
from firmware.publish.upload import Upload
from firmware.rarely import load

_PIECE = const(512)  # bytes of a reading that are in memory once more while it is sent


class Influx(Upload):
    """device: its tag; books: the meter understood (books.py), or None. The rest: see Upload."""

    def __init__(self, settings, device, books, *rest):
        super().__init__(settings["influx_batch"], *rest)
        self.books = books
        self.store, self.policy = rest[0], rest[3]
        self._size = 512  # bytes, of a reading
        load("publish.influx_start").prepare(self, settings, device)

    def reading(self, now):
        """What is known, as lines that lack their time."""
        lines = load("publish.lines")
        while True:
            writer = Writer(bytearray(self._size))
            try:
                lines.write(self, writer, now)
                return memoryview(writer.buffer)[: writer.at]
            except Full:
                self._size += 512

    def dated(self, body, utc):
        """Each of its lines ends with the time, in seconds."""
        stamp = b" %d\n" % (utc + UNIX)
        for at in range(0, len(body), _PIECE):
            yield bytes(body[at : at + _PIECE]).replace(b"\n", stamp)
        yield stamp

    def takes(self, status):
        """Anything but 204 is said by something that is no InfluxDB."""
        return status == 204

    def meaning(self, status):
        """What a status says of the settings; "" if it is not about them."""
        return load("publish.influx_start").meaning(self, status)
