"""Runs in MicroPython: the gateway as watch.py watches it, and a UART by the board's clock.

A meter that plays by the clock of the PC would be late or early, since the board's runs as
clock.c makes it run. So the line hands over its bytes with the length of each rest, without a
pace (line.py), and what has come by now is worked out here.
"""

import os
import sys
import time

import machine

_BYTE = 10000  # what a byte takes, in thousandths of the time of a bit
_LONGEST = 100000  # ms between two looks that can be reckoned with


class UART:
    """The receiver of machine.UART, with its buffer: what finds that full is lost and counted."""

    read = lost = 0  # bytes so far

    def __init__(self, id, baudrate=0, bits=8, parity=None, stop=1, tx=None, rx=None, rxbuf=0,
                 timeout=0, timeout_char=0):
        self._rate = baudrate
        self._most = rxbuf * _BYTE
        self._head = bytearray(4)
        self._piece = 0  # bytes that the line has yet to send before it rests
        self._rest = 0  # ms
        self._credit = 0  # time that has passed, for which nothing was read
        self._then = time.ticks_ms()
        self._file = open(os.getenv("TICGATE_PTY"), "rb")

    def told(cls=None) -> dict:
        """For watch.py, of the class."""
        return {"read": UART.read, "lost": UART.lost}

    def deinit(self) -> None:
        """Nobody listens any more."""
        self._file.close()

    def readinto(self, buf):
        """As that of machine.UART with timeout=0; makes no garbage."""
        now = time.ticks_ms()
        self._credit += min(_LONGEST, time.ticks_diff(now, self._then)) * self._rate
        self._then = now
        while self._credit > self._most:  # what came last is gone; here it is what came first
            n = self._take(bytearray(64))
            UART.lost += n or 0
        n = self._take(buf)
        UART.read += n or 0
        return n

    def _take(self, buf):
        if not self._piece:
            rest = self._rest * self._rate
            if self._credit < rest + _BYTE:
                return None
            self._credit -= rest
            head = self._head
            if self._file.readinto(head) < 4:  # the pipe takes pieces whole, or is gone
                self._end()
            self._piece = head[0] << 8 | head[1]
            self._rest = head[2] << 8 | head[3]
        n = min(self._credit // _BYTE, self._piece, len(buf))
        if not n:
            return None
        n = self._file.readinto(buf, n)
        if not n:
            self._end()
        self._piece -= n
        self._credit -= n * _BYTE
        return n

    def _end(self) -> None:
        print("the line has ended")
        sys.exit()


machine.UART = UART
sys.path.pop(0)
__import__("watch")
