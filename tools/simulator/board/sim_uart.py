"""The simulated UART: the pty that TICGATE_PTY names, read without ever waiting.

The line at the other end is told at which rate we listen and how much we can hold ("rate 1200
8192", a line of text) and does the rest: garbage at a wrong rate, parity in bit 7, bytes lost when
nobody reads.  When the line is gone, so is the board's power: the process ends.
"""

import errno
import io
import os
import select
import sys
import termios

_GET_FILENO, _POLL, _CLOSE = 10, 3, 4


def _power_off():
    print("simulated board: the line is gone, power off")
    sys.exit(0)


class UART(io.IOBase):
    """machine.UART as far as a gateway uses it; only the receiver exists."""

    INV_TX, INV_RX, INV_RTS, INV_CTS = 32, 4, 64, 8
    RTS, CTS = 1, 2
    IRQ_RX, IRQ_BREAK, IRQ_RXIDLE = 1, 2, 4096

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, tx=None, rx=None,
                 txbuf=256, rxbuf=256, timeout=0, timeout_char=0, invert=0, flow=0, rts=None,
                 cts=None):
        if id not in (0, 1, 2):
            raise ValueError(f"UART({id}) does not exist")
        if id == 1 and rx is None:
            raise ValueError("UART(1) without rx listens on GPIO9, the boot strap: give rx")
        if (bits, parity, stop) != (8, None, 1):
            raise ValueError("the gateway reads 8N1: parity is checked in software")
        path = os.getenv("TICGATE_PTY")
        if not path:
            raise OSError(errno.ENODEV)
        try:
            self._file = open(path, "r+b")
        except OSError:
            _power_off()
        self._fd = self._file.fileno()
        termios.setraw(self._fd)
        settings = termios.tcgetattr(self._fd)
        characters = settings[6]
        for place, character in enumerate(characters):
            if isinstance(character, int):          # VMIN and VTIME: read() never waits
                characters[place] = 0
        termios.tcsetattr(self._fd, termios.TCSANOW, settings)
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)
        self._rest = bytearray(64)
        self._size = rxbuf
        self.init(baudrate)

    def init(self, baudrate=115200, bits=8, parity=None, stop=1, tx=None, rx=None, txbuf=None,
             rxbuf=None, timeout=None, timeout_char=None, invert=None, flow=None, rts=None,
             cts=None) -> None:
        """Another rate; what was received so far is dropped, as on the board."""
        self._size = rxbuf or self._size
        self._file.write(f"rate {baudrate} {self._size}\n".encode())
        while self._file.readinto(self._rest):
            pass

    def deinit(self) -> None:
        """Stop listening; the object cannot be used again."""
        if self._file:
            self._file.write(b"closed\n")
            self._file.close()
            self._file = None

    def any(self) -> int:
        """1 when there is something to read (how much is not known), else 0."""
        return 1 if self._ready() else 0

    def _ready(self) -> bool:
        for _, event in self._poll.poll(0):
            if event & select.POLLHUP:
                _power_off()
            if event & select.POLLIN:
                return True
        return False

    def _read(self, function, argument):
        try:
            got = function(argument)
        except OSError:
            _power_off()
        if not got:
            self._ready()                           # ends the process if the line is gone
            return None
        return got

    def readinto(self, buf, nbytes=None):
        """Number of bytes put into buf, at most nbytes; None when there are none."""
        if nbytes is not None:
            buf = memoryview(buf)[:nbytes]
        return self._read(self._file.readinto, buf)

    def read(self, nbytes=-1):
        """At most nbytes, or all that is there; None when there is nothing."""
        if nbytes is not None and nbytes >= 0:
            return self._read(self._file.read, nbytes)
        out = b""
        while True:
            part = self._read(self._file.read, 256)
            if not part:
                return out or None
            out += part

    def readline(self):
        """Up to the end of a line or of what is there; None when there is nothing."""
        out = b""
        while not out.endswith(b"\n"):
            part = self._read(self._file.read, 1)
            if not part:
                break
            out += part
        return out or None

    def write(self, buf) -> int:
        """Goes nowhere: the meter does not listen."""
        return len(buf)

    def flush(self) -> None:
        """Nothing waits to be sent."""

    def txdone(self) -> bool:
        """Nothing waits to be sent."""
        return True

    def ioctl(self, request, argument):
        """For select.poll, which on the PC polls the descriptor itself."""
        if request == _GET_FILENO and self._file:
            return self._fd
        if request == _POLL:
            return argument & select.POLLIN if self._ready() else 0
        if request == _CLOSE:
            self.deinit()
            return 0
        return -errno.EINVAL
