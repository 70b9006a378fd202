"""The simulated UART: the pty that TICGATE_PTY names, read without ever waiting.

The line at the other end is told at which rate we listen ("rate 1200 8192": the second is
our buffer, a line of text) and does the
rest: garbage at a wrong rate, parity in bit 7, bytes lost when nobody reads.
"""

import errno
import io
import os
import select
import termios

_VTIME, _VMIN = 5, 6            # places in the list of control characters, Linux
_GET_FILENO, _POLL, _CLOSE = 10, 3, 4


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
        self._file = open(path, "r+b")
        self._fd = self._file.fileno()
        settings = termios.tcgetattr(self._fd)
        if settings[6][_VMIN] or settings[3]:
            termios.setraw(self._fd)
            settings = termios.tcgetattr(self._fd)
            settings[6][_VMIN] = settings[6][_VTIME] = 0
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
        return any(event & select.POLLIN for _, event in self._poll.poll(0))

    def readinto(self, buf, nbytes=None):
        """Number of bytes put into buf, at most nbytes; None when there are none."""
        if nbytes is not None:
            buf = memoryview(buf)[:nbytes]
        return self._file.readinto(buf) or None

    def read(self, nbytes=-1):
        """At most nbytes, or all that is there; None when there is nothing."""
        if nbytes is not None and nbytes >= 0:
            return self._file.read(nbytes) or None
        out = b""
        while True:
            part = self._file.read(256)
            if not part:
                return out or None
            out += part

    def readline(self):
        """Up to the end of a line or of what is there; None when there is nothing."""
        out = b""
        while not out.endswith(b"\n"):
            part = self._file.read(1)
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
