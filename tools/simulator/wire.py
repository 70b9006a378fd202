"""The ten-bit wire between meter and UART: parity, bit errors, and a receiver at any rate.

A character is start 0, seven data bits LSB first, even parity, stop 1 (7E1).  The receiver reads
8N1 as the gateway's UART does: it waits for a falling edge, samples in the middle of its own bits,
hands over every byte, also with a wrong stop bit, and then waits for the line to be high again.
A bit error is a bit inverted for its whole length; every bit of the ten can be hit, and idle too.
"""

import math
import random

PARITY = bytes(n | (n.bit_count() & 1) << 7 for n in range(128)) + bytes(range(128, 256))
_STRIP = bytes(n & 0x7F for n in range(256))


def even(octets: bytes) -> bytes:
    """Seven-bit bytes as an 8N1 receiver sees them: even parity in bit 7."""
    return octets.translate(PARITY)


def strip(octets: bytes) -> bytes:
    """What a 7E1 receiver hands over: bit 7 clear."""
    return octets.translate(_STRIP)


class Wire:
    """A line of `rate` Bd on which each bit is inverted with probability `p`, seeded.

    `parity` False is a source that sends none (a recording, a modem): bytes go as they are, 8N1.
    `affected` holds, after each carry(), the (first, last) characters that errors damaged: hit,
    lost or misread because the receiver had lost its place.  (For the sender's rate only.)
    """

    def __init__(self, rate: int, p: float = 0.0, seed: int = 1, parity: bool = True):
        self.rate, self.p, self.parity = rate, p, parity
        self._random = random.Random(f"{seed} wire")
        self._scale = 1 / math.log1p(-p) if 0 < p < 1 else 0.0
        self._error = self._gap()       # bits from the beginning of the next call to its error
        self._prefix = []               # levels that belong to a character not complete yet
        self._low = False               # after a wrong stop bit: wait for the line to be high
        self.affected = []

    def reset(self) -> None:
        """The receiver was opened anew: it knows of no character begun."""
        self._prefix, self._low = [], False

    def _gap(self) -> int:
        if not self._scale:
            return 1 << 62
        return int(math.log(1.0 - self._random.random()) * self._scale)

    def carry(self, octets: bytes, idle: int = 0, listening: int = 0) -> bytes:
        """What the receiver hands over for `octets` followed by `idle` bits of rest.

        `listening` is its rate in Bd; 0, or the line's own, is a receiver that fits.
        """
        sent = octets.translate(PARITY) if self.parity else octets
        self.affected = []
        if listening and listening != self.rate:
            return self._misread(sent, idle, self.rate / listening)
        total = 10 * len(sent) + idle
        if self._error >= total and not self._prefix and not self._low:
            self._error -= total
            return sent
        return self._damage(sent, idle)

    def _damage(self, sent: bytes, idle: int) -> bytes:
        """Equal rates: copy what is whole, go bit by bit where an error moved the receiver."""
        out, done, end = [], 0, 10 * len(sent)
        total = end + idle
        if self._prefix or self._low:
            done = self._window(sent, out, -len(self._prefix), total)
            if done:
                self.affected.append((0, done - 1))
        while self._error < total:
            char, bit = divmod(self._error, 10)
            hit = self._error
            if hit >= end or bit == 0 or bit == 9:
                first = min(char, len(sent))
                out.append(sent[done:first])
                done = self._window(sent, out, hit if hit >= end else first * 10, total)
                self.affected.append((first, min(max(first, done - 1), len(sent))))
                continue
            octet = sent[char]
            while self._error < char * 10 + 9 and self._error - char * 10 > 0:
                octet ^= 1 << (self._error - char * 10 - 1)
                self._error += 1 + self._gap()
            if self._error < char * 10 + 10:            # the stop bit too: undo, take the slow way
                out.append(sent[done:char])
                flips = octet ^ sent[char]
                done = self._window(sent, out, char * 10, total, flips)
                self.affected.append((char, max(char, done - 1)))
                continue
            out.append(sent[done:char])
            out.append(bytes((octet,)))
            self.affected.append((char, char))
            done = char + 1
        out.append(sent[done:])
        self._error -= total
        return b"".join(out)

    def _window(self, sent: bytes, out: list, at: int, total: int, flips: int = 0) -> int:
        """The receiver bit by bit from `at` until it stands at a character's beginning again.

        `flips`: data bits of the first character whose errors were drawn already.  Returns the
        character it stands at.
        """
        end, levels, base = 10 * len(sent), [], at
        prefix = self._prefix if at < 0 else []
        if flips:
            octet = sent[at // 10] ^ flips
            levels = [0] + [octet >> n & 1 for n in range(8)]

        def level(position: int) -> int:
            while position - base >= len(levels):
                here = base + len(levels)
                if here < 0:
                    levels.append(prefix[here])         # from the call before, errors included
                    continue
                char, bit = divmod(here, 10)
                if here >= end or bit == 9:
                    value = 1
                else:
                    value = sent[char] >> (bit - 1) & 1 if bit else 0
                if here == self._error:
                    value ^= 1
                    self._error += 1 + self._gap()
                levels.append(value)
            return levels[position - base]

        begun = self._low or at < 0
        while True:
            if begun and not self._low and 0 <= at <= end and at % 10 == 0 and self._error >= at:
                if base + len(levels) <= at:            # in step again, nothing drawn ahead
                    self._prefix = []
                    return at // 10
            begun = True
            if at >= total:
                self._prefix = []
                return len(sent)
            if self._low:
                self._low = not level(at)
                at += self._low
                continue
            if level(at):
                at += 1
                continue
            if at + 10 > total:
                level(total - 1)
                self._prefix = levels[at - base:]
                return len(sent)
            octet = sum(level(at + 1 + n) << n for n in range(8))
            out.append(bytes((octet,)))
            self._low = not level(at + 9)
            at += 10

    def _misread(self, sent: bytes, idle: int, step: float) -> bytes:
        """A receiver whose bit lasts `step` bits of the sender."""
        levels = self._prefix
        for octet in sent:
            levels += (0, octet & 1, octet >> 1 & 1, octet >> 2 & 1, octet >> 3 & 1,
                       octet >> 4 & 1, octet >> 5 & 1, octet >> 6 & 1, octet >> 7, 1)
        levels += [1] * idle
        new = 10 * len(sent) + idle
        while self._error < new:
            levels[len(levels) - new + self._error] ^= 1
            self._error += 1 + self._gap()
        self._error -= new
        out, at, count = bytearray(), 0, len(levels)
        while True:
            try:
                if self._low:
                    at = levels.index(1, at)
                    self._low = False
                start = levels.index(0, at)
            except ValueError:                          # the line stays as it is
                self._prefix = []
                return bytes(out)
            if int(start + 9.5 * step) >= count:
                self._prefix = levels[start:]
                return bytes(out)
            at = start + 1
            if levels[int(start + 0.5 * step)]:         # too short for a start bit
                continue
            octet = 0
            for n in range(8):
                octet |= levels[int(start + (n + 1.5) * step)] << n
            out.append(octet)
            at = int(start + 9.5 * step)
            self._low = not levels[at]
