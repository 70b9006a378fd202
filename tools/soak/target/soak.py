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
        self._ring = memoryview(bytearray(rxbuf))
        self._first = self._held = 0
        self._head = bytearray(4)
        self._piece = 0  # bytes that the line has yet to send before it rests
        self._rest = 0  # ms
        self._credit = 0  # time that has passed, and is not used up
        self._then = time.ticks_ms()
        self._file = open(os.getenv("TICGATE_PTY"), "rb")

    def told(cls=None) -> dict:
        """For watch.py, of the class."""
        return {"read": UART.read, "lost": UART.lost}

    def deinit(self) -> None:
        """Nobody listens any more."""
        self._file.close()

    def readinto(self, buf):
        """As that of machine.UART with timeout=0."""
        self._receive()
        n = min(len(buf), self._held, len(self._ring) - self._first)
        if not n:
            return None
        memoryview(buf)[:n] = self._ring[self._first : self._first + n]
        self._first = (self._first + n) % len(self._ring)
        self._held -= n
        UART.read += n
        return n

    def _receive(self) -> None:
        """What has come since the last look."""
        now = time.ticks_ms()
        passed = min(_LONGEST, time.ticks_diff(now, self._then))
        self._then = now
        self._credit += passed * self._rate
        size = len(self._ring)
        while self._credit >= _BYTE:
            if not self._piece:
                self._credit -= self._rest * self._rate
                self._fill(memoryview(self._head))
                self._piece = self._head[0] << 8 | self._head[1]
                self._rest = self._head[2] << 8 | self._head[3]
                continue
            n = min(self._credit // _BYTE, self._piece)
            self._credit -= n * _BYTE
            self._piece -= n
            while n:
                end = (self._first + self._held) % size
                room = min(size - self._held, size - end)
                if room:
                    part = min(n, room)
                    self._fill(self._ring[end : end + part])
                    self._held += part
                else:
                    part = min(n, 256)
                    self._fill(memoryview(bytearray(part)))
                    UART.lost += part
                n -= part

    def _fill(self, place) -> None:
        got = 0
        while got < len(place):
            n = self._file.readinto(place[got:])
            if not n:
                print("the line has ended")
                sys.exit()
            got += n


machine.UART = UART
sys.path[0] += "/../../bench/target"
__import__("watch")
