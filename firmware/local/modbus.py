"""Modbus TCP, read only: function codes 3 and 4 over the map of registers.py.

By the Modbus Application Protocol 1.1b3 and the Messaging on TCP/IP Implementation Guide 1.0b.
Other functions are refused with exception 1, registers that do not exist with 2, an impossible
number of them with 3, another unit with 0x0A (no way there); a meter that is silent is 0x0B (it
does not answer). A message that is none ends its connection: nobody could say where the next one
begins.

The library for MicroPython on PyPI (micropython-modbus) is not used: it serves one client, holds
the loop while it waits for one, takes what one read gives for a request, and needs 18 KB of .mpy.
"""

from time import ticks_diff

from micropython import const

from firmware.local.server import Server

_IDLE = const(120_000)  # ms without a request
_WHOLE = const(5_000)  # ms from the first byte of a request to its last
_TAKEN = const(10_000)  # ms for an answer to be taken
_SAFE = const(10_000)  # ms without a request after which a place may be needed for another
_HEAD = const(7)  # bytes in front of the function code
_WANTED = const(12)  # bytes of a request that we can answer
_ROOM = const(32)
_MOST = const(125)  # registers in one answer
_LONGEST = const(254)  # bytes from the unit on

_FUNCTION = const(1)  # exceptions of the standard
_VALUE = const(3)
_PATH = const(10)


class Modbus(Server):
    """registers.read(start, count, out) as in registers.py; unit: our number, 1 to 247.

    0 and 255 mean us as well: whoever is not behind a gateway to a serial line. `accepted`:
    requests answered; `refused`: those answered by an exception, and clients turned away.
    """

    def __init__(self, port, unit, registers, ticks_ms, seconds):
        Server.__init__(self, port, ticks_ms, seconds)
        self._unit = unit
        self._registers = registers
        self._out = bytearray(_HEAD + 2 + 2 * _MOST)  # an answer is on its way, or queued, at once

    def look(self) -> None:
        """Cut whoever is late."""
        Server.look(self)
        self._registers.look()

    def leaves(self):
        """Whoever has asked for nothing for the longest time."""
        found, least = None, _IDLE - _SAFE
        for client in self.open:
            left = ticks_diff(client.due, self.ticks_ms())
            if client.at and left < least:
                found, least = client, left
        return found

    async def serve(self, client) -> None:
        """Answer requests, one after the other."""
        stream = client.stream
        request = bytearray(_ROOM)
        view = memoryview(request)
        while True:
            client.due, client.at = self.later(_IDLE), 1  # it may have to leave
            n = await stream.readinto(view[:1])
            if not n:
                return
            client.due, client.at = self.later(_WHOLE), 0
            await _fill(stream, view[1:_HEAD])
            left = (request[4] << 8 | request[5]) - 1
            if request[2] or request[3] or not 0 < left < _LONGEST:
                self.cut += 1
                return
            size = left
            at = _HEAD
            while left:  # what no request of ours has is read, and not kept
                n = min(left, _WANTED - _HEAD if at == _HEAD else _ROOM - _WANTED)
                await _fill(stream, view[at : at + n])
                left -= n
                at = _WANTED
            client.due = self.later(_TAKEN)
            n = self.answer(request, size)
            stream.write(memoryview(self._out)[:n])
            await stream.drain()

    def answer(self, request, size) -> int:
        """Put the answer to a request into the buffer; size: its bytes from the function code on.

        -> bytes of the answer
        """
        out = self._out
        out[:_HEAD] = request[:_HEAD]
        out[4] = 0
        function = request[_HEAD]
        count = request[10] << 8 | request[11]
        if request[6] not in (self._unit, 0, 255):
            wrong = _PATH
        elif function not in (3, 4):
            wrong = _FUNCTION
        elif size != _WANTED - _HEAD or not 0 < count <= _MOST:
            wrong = _VALUE
        else:
            start = request[8] << 8 | request[9]
            wrong = self._registers.read(start, count, memoryview(out)[_HEAD + 2 :])
        if wrong:
            self.refused += 1
            out[5], out[_HEAD], out[_HEAD + 1] = 3, function | 0x80, wrong
            return _HEAD + 2
        self.accepted += 1
        self.success = self.seconds()
        out[5], out[_HEAD], out[_HEAD + 1] = 3 + 2 * count, function, 2 * count
        return _HEAD + 2 + 2 * count


async def _fill(stream, view):
    """Read until it is full; EOFError when the client goes before."""
    n = 0
    while n < len(view):
        more = await stream.readinto(view[n:])
        if more == 0:
            raise EOFError
        n += more or 0
