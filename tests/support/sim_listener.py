"""A CPython listener on the simulated line, in the place of the board's UART."""

import os
import select
import time

PATIENCE = 90                   # s; only a broken line needs that long, or a busy PC


class Listener:
    """Opens the pty as the simulated UART does and reads until it has what it wants."""

    def __init__(self, path: str, rate: int = 0, buffer: int = 8192):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.heard = b""
        if rate:
            self.rate(rate, buffer)

    def rate(self, rate: int, buffer: int = 8192) -> None:
        """Tell the line at which rate we listen."""
        os.write(self.fd, f"rate {rate} {buffer}\n".encode())

    def until(self, wanted) -> bytes:
        """Everything heard so far, once `wanted` (bytes, a length, or a function of it) is in."""
        deadline = time.monotonic() + PATIENCE
        while not self._has(wanted):
            left = deadline - time.monotonic()
            assert left > 0, f"waited in vain for {wanted!r}; heard {self.heard[-200:]!r}"
            if select.select([self.fd], [], [], left)[0]:
                self.heard += os.read(self.fd, 4096)
        return self.heard

    def _has(self, wanted) -> bool:
        if isinstance(wanted, int):
            return len(self.heard) >= wanted
        return wanted in self.heard if isinstance(wanted, bytes) else wanted(self.heard)

    def close(self) -> None:
        """Stop listening."""
        os.write(self.fd, b"closed\n")
        os.close(self.fd)


def wait_for(condition, what: str) -> None:
    """Until condition() is true: for what happens in another thread or process."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)
