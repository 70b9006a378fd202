"""The TIC line: a UART, and the rate at which the meter was last read."""

from micropython import const

_RXBUF = const(8192)  # bytes: 8.5 s at 9600, longer than any known stall (DNS, scan, TLS, flash)
_TX = const(10)  # where a firmware without tx=-1 puts its unused output: free on all the profiles


class Line:
    """uart is machine.UART, or a stand-in; pin the one that receives; path a file for the rate."""

    def __init__(self, uart, pin, path="tic.last"):
        self._uart = uart
        self._pin = pin
        self._path = path
        self._rate = 0  # what the file holds

    def open(self, rate):
        """A stream at rate baud: 8N1, since the decoder checks the parity itself.

        Always UART 1: 0 is the console, 2 the low-power one. A timeout_char above 0 would let a
        read hold the interpreter. OSError or ValueError if the UART cannot be had.
        """
        options = {"baudrate": rate, "bits": 8, "parity": None, "stop": 1, "tx": -1}
        options.update(rx=self._pin, rxbuf=_RXBUF, timeout=0, timeout_char=0)
        try:
            return self._uart(1, **options)
        except ValueError:  # before MicroPython 1.28 tx could not be left out
            options["tx"] = _TX
            return self._uart(1, **options)

    def load(self) -> int:
        """The rate in baud, 0 if none is known."""
        try:
            with open(self._path) as file:
                self._rate = int(file.read(8))
        except (OSError, ValueError):  # never written, or cut while it was
            self._rate = 0
        return self._rate

    def save(self, rate) -> None:
        """Remember a rate; the flash is written only when it is another one."""
        if rate != self._rate:
            with open(self._path, "w") as file:
                file.write(str(rate))
            self._rate = rate
