"""The board behind a serial port, by way of mpremote: what it is, its files, its restart."""

import contextlib
import errno
import io
import json
import struct
from collections import namedtuple

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from tools.flash import Problem, ports

OLDEST = (1, 25)    # MicroPython that reads our .mpy files
_WAIT = 2           # s for a byte, at most
_PATIENCE = 8       # s until what runs on it has stopped
_PIECE = 1024       # bytes a write
_WATCH = 600_000    # ms: a watchdog that runs already cannot be stopped, but made patient
_PULLED = (errno.EIO, errno.ENXIO, errno.ENODEV, errno.EBADF)
_FULL = ("the board's flash is full. make flash with ERASE=1 empties it, settings and history "
         "too.")

# chip: "esp32c6"; version: (1, 29, 0); free, total: bytes of the flash's file system
Facts = namedtuple("Facts", "chip version free total")

_FACTS = """
import json, os, sys
v = os.statvfs("/")
print(json.dumps((sys.platform, getattr(sys.implementation, "_machine", ""),
                  sys.implementation.version[:3], v[0] * v[3], v[0] * v[2])))
"""
# _h(path): (bytes, SHA-256) of a file.
_DIGEST = """
import binascii, hashlib, os
def _h(p):
    b = memoryview(bytearray(2048))
    h = hashlib.sha256()
    s = 0
    with open(p, "rb") as f:
        while True:
            n = f.readinto(b)
            if not n:
                return s, h.digest()
            h.update(b[:n])
            s += n
"""
# [path, bytes, SHA-256] of every file below some folders, a line each.
_FILES = """
import json
def _l(p):
    try:
        d = os.stat(p)[0] & 0x4000
    except OSError:
        return
    if d:
        for n in os.listdir(p):
            _l(p + "/" + n)
    else:
        s, h = _h(p)
        print(json.dumps((p, s, binascii.hexlify(h).decode())))
for p in PATHS:
    _l(p)
"""


class Gone(Exception):
    """The board does not answer any more."""


class Device:
    """A board at MicroPython's raw prompt. `with Device.connect(port) as device`"""

    def __init__(self, transport: SerialTransport):
        self._transport = transport
        self._folders = set()  # that are there

    @classmethod
    def connect(cls, port: str, attempts: int = 1) -> "Device | None":
        """Stop what runs on it. -> None when it is no MicroPython that answers"""
        try:
            transport = SerialTransport(port, wait=attempts - 1, timeout=_WAIT)
        except TransportError:
            ports.open_port(port).close()  # tells why
            raise Problem(f"{port} cannot be opened. Try again.") from None
        device = cls(transport)
        for _ in range(2):  # the first may fall into a start
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    transport.enter_raw_repl(timeout_overall=_PATIENCE)
                device.run(f"import machine\nif hasattr(machine, 'WDT'): "
                           f"machine.WDT(timeout={_WATCH})", tolerant=True)
                return device
            except (TransportError, Gone):
                continue
            except (serial.SerialException, OSError) as error:
                device.close()
                raise ports.refused(port, error) from None
        device.close()
        return None

    def close(self) -> None:
        """Leave it."""
        if not self._transport:
            return
        with contextlib.suppress(OSError):
            self._transport.close()
        with contextlib.suppress(OSError):  # it gives up over RTS where there is none
            self._transport.serial.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def run(self, code: str, tolerant: bool = False) -> str:
        """What code prints there; Problem if it raises, unless that does not matter."""
        with _reachable():
            try:
                return self._transport.exec(code).decode(errors="replace")
            except TransportExecError:
                if tolerant:
                    return ""
                raise

    def facts(self) -> Facts:
        """What it is."""
        platform, machine, version, free, total = json.loads(self.run(_FACTS))
        # "ESP32C6 module with ESP32C6" up to 1.28, "... with ESP32-C6" later
        chip = (machine.split() or [platform])[-1].lower().replace("-", "")
        if platform != "esp32":
            chip = "simulator" if platform == "linux" else platform
        return Facts(chip, tuple(version), free, total)

    def files(self, *paths: str) -> dict:
        """{path: (bytes, SHA-256)} of these files, and of those in these folders."""
        text = self.run(_DIGEST + _FILES.replace("PATHS", repr(paths)))
        return {path: (size, digest) for path, size, digest in map(json.loads, text.splitlines())}

    def write(self, path: str, data: bytes, wrote) -> None:
        """A file, with its folders; wrote(bytes) as they go."""
        sent = 0

        def progress(done, _):
            nonlocal sent
            wrote(done - sent)
            sent = done

        parts = path.split("/")[:-1]
        folders = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        if not self._folders.issuperset(folders):
            self.run(f"import os\nfor p in {folders!r}:\n try:\n  os.mkdir(p)\n"
                     " except OSError: pass")
            self._folders.update(folders)
        with _reachable():
            self._transport.fs_writefile(path, data, _PIECE, progress)

    def remove(self, *paths: str) -> None:
        """Files, whether they are there or not."""
        self.run(f"import os\nfor p in {paths!r}:\n try:\n  os.remove(p)\n except OSError: pass")

    def settle(self, part: str, name: str, digest: str) -> bool:
        """Give a file its name in one step, if it has this SHA-256. -> whether it has"""
        code = (f"if binascii.hexlify(_h({part!r})[1]).decode() == {digest!r}:\n"
                f" os.rename({part!r}, {name!r})\n"
                " if hasattr(os, 'sync'): os.sync()\n print(1)")
        return bool(self.run(_DIGEST + code))

    def restart(self) -> serial.Serial:
        """Everything anew. The board is left then. -> its port, still open: opening it anew would
        throw away what the board has said by then"""
        with _reachable():
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
        line, self._transport = self._transport.serial, None
        return line


@contextlib.contextmanager
def _reachable():
    """Errors as Gone, if the cable has been pulled, or as Problem, if the board told them."""
    try:
        yield
    except TransportExecError as error:
        raise Problem(f"the board says: {error.error_output.strip().splitlines()[-1]}") from None
    except (TransportError, serial.SerialException, struct.error, IndexError) as error:
        raise Gone(str(error)) from None
    except OSError as error:  # of the port; or of the board, as mpremote reads it
        if error.errno in _PULLED:
            raise Gone(str(error)) from None
        if error.errno == errno.ENOSPC:
            raise Problem(_FULL) from None
        raise Problem(f"the board says: {error.strerror or error}") from None
