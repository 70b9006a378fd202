"""The voltage over time: as a PNG, and in the letters of a terminal. No library for it."""

import struct
import zlib
from pathlib import Path

_WIDTH, _HEIGHT = 960, 320                      # dots
_LEFT, _BOTTOM = 8, 8
_PAPER, _GRID, _INK, _STOP = (255, 255, 255), (225, 225, 225), (30, 90, 160), (200, 60, 40)
_DIGITS = {                                     # 3 x 5 dots, a row a digit of base 8
    "0": "75557", "1": "22222", "2": "71747", "3": "71717", "4": "55711", "5": "74717",
    "6": "74757", "7": "71111", "8": "75757", "9": "75717", ".": "00002", "V": "55552",
    "d": "11755", " ": "00000"}


class Canvas:
    """Dots of three bytes."""

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self._dots = bytearray(bytes(_PAPER) * (width * height))

    def bar(self, x: int, low: int, high: int, colour: tuple) -> None:
        """A column of dots, rows counted from the bottom."""
        for y in range(max(0, low), min(self.height - 1, high) + 1):
            at = ((self.height - 1 - y) * self.width + x) * 3
            self._dots[at:at + 3] = bytes(colour)

    def text(self, x: int, y: int, words: str, colour: tuple = (90, 90, 90)) -> None:
        """Words at (x, y), of the few letters there are, two dots a dot."""
        for number, letter in enumerate(words):
            for row, bits in enumerate(_DIGITS[letter]):
                for column in range(3):
                    if int(bits, 8) >> (2 - column) & 1:
                        left, low = x + number * 8 + column * 2, y + (4 - row) * 2
                        self.bar(left, low, low + 1, colour)
                        self.bar(left + 1, low, low + 1, colour)

    def save(self, path: Path) -> None:
        """As a PNG."""
        def chunk(kind: bytes, data: bytes) -> bytes:
            return (struct.pack(">I", len(data)) + kind + data
                    + struct.pack(">I", zlib.crc32(kind + data)))

        stride = self.width * 3
        rows = b"".join(b"\0" + self._dots[y * stride:(y + 1) * stride]
                        for y in range(self.height))
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
                         + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def columns(volts: list, width: int) -> list:
    """[(lowest, highest)] of as many columns, None where nothing was noted."""
    first, last = volts[0][0], volts[-1][0] + 1
    found = [None] * width
    for at, low, high in volts:
        column = (at - first) * width // (last - first)
        before = found[column]
        found[column] = (min(low, before[0]), max(high, before[1])) if before else (low, high)
    return found


def png(path: Path, volts: list, stop: float, days: float) -> None:
    """volts: [(ten minutes, lowest, highest)]; stop: the threshold, as a line."""
    low, high = 3.0, 5.2
    canvas = Canvas(_WIDTH, _HEIGHT)

    def row(voltage: float) -> int:
        return int(_BOTTOM + (voltage - low) / (high - low) * (_HEIGHT - 2 * _BOTTOM))

    for voltage in (3.0, 3.5, 4.0, 4.5, 5.0):
        for x in range(_LEFT, _WIDTH):
            canvas.bar(x, row(voltage), row(voltage), _GRID)
    for x, pair in enumerate(columns(volts, _WIDTH - _LEFT)):
        if pair:
            canvas.bar(x + _LEFT, row(pair[0]), row(pair[1]), _INK)
        canvas.bar(x + _LEFT, row(stop), row(stop), _STOP)
    for voltage in (3.0, 3.5, 4.0, 4.5, 5.0):
        canvas.text(_LEFT + 4, row(voltage) + 3, f"{voltage}V")
    canvas.text(_WIDTH - 60, 4, f"{days:g}d")
    canvas.save(path)


def letters(volts: list, stop: float, width: int = 72, height: int = 12) -> str:
    """The same in lines of text: # from the lowest to the highest of a column."""
    low, high = 3.0, 5.1
    step = (high - low) / height
    lines = []
    found = columns(volts, width)
    for number in reversed(range(height)):
        floor = low + number * step
        marks = ["#" if pair and pair[0] < floor + step and pair[1] >= floor else
                 "-" if floor <= stop < floor + step else " " for pair in found]
        lines.append(f"{floor:4.2f} V |{''.join(marks)}")
    return "\n".join(lines)
