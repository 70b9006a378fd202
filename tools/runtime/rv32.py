"""Run a script on MicroPython for RISC-V, in QEMU, over the raw REPL on its serial port.

    python3 -m tools.runtime.rv32 [-r image] [-t seconds] [--no-icount] (-c code | script) [arg...]

The image is a ROMFS (see mpy.py), placed in memory and mounted as /rom, first in sys.path.
With -icount the machine's clock is its instruction counter, so that each run is the same run.
Exit status: 0; 1 when the script raised; 2 when it did not end in time or QEMU died.
"""

import argparse
import collections
import os
import select
import subprocess
import sys
import time
from pathlib import Path

from tools.runtime import RV32_FIRMWARE

_IMAGE_ADDRESS = 0x82000000  # in the virt machine's memory, behind the firmware's own
_RAW_REPL, _RAW_PASTE, _END = b"\x01", b"\x05A\x01", b"\x04"

# What a script did: its output and traceback as text, and the exit status described above.
Done = collections.namedtuple("Done", "output error status")


class Stopped(Exception):
    """QEMU ended, or the script did not."""


def run(source: str, *args: str, image: Path | None = None, icount: bool = True,
        timeout: float = 60, write=None) -> Done:
    """Run source text with sys.argv = ["", *args]; write(bytes) gets the output as it comes."""
    output = []
    prepare = f"import sys\nsys.argv[:] = {['', *args]!r}\n"
    if image:
        prepare += (
            "import uctypes, vfs\n"
            f"vfs.mount(vfs.VfsRom(uctypes.bytearray_at({_IMAGE_ADDRESS}, "
            f"{image.stat().st_size})), '/rom')\n"
            "sys.path[:] = ['/rom', '.frozen']\n"
        )
    machine = _Machine(image, icount, time.monotonic() + timeout)
    try:
        machine.start()
        error = machine.execute(prepare, output.append)
        error = error or machine.execute(source, write or output.append)
        status = 1 if error else 0
    except Stopped as stopped:
        error, status = f"{stopped}\n".encode(), 2
    finally:
        machine.close()
    return Done(b"".join(output).decode(errors="replace"), error.decode(errors="replace"), status)


class _Machine:
    """QEMU with its serial port on a pipe."""

    def __init__(self, image: Path | None, icount: bool, deadline: float):
        command = [
            "qemu-system-riscv32", "-machine", "virt",
            "-bios", "none", "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-semihosting", "-kernel", str(RV32_FIRMWARE),
        ]
        if icount:
            command += ["-icount", "shift=0"]
        if image:
            command += ["-device", f"loader,file={image},addr={_IMAGE_ADDRESS:#x},force-raw=on"]
        self._deadline = deadline
        self._pending = b""
        self._qemu = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def close(self) -> None:
        """End QEMU."""
        self._qemu.kill()
        self._qemu.communicate()

    def start(self) -> None:
        """Wait for the prompt and turn to the raw REPL."""
        self._until(b">>> ")
        self._qemu.stdin.write(_RAW_REPL)
        self._until(b"raw REPL; CTRL-B to exit\r\n>")

    def execute(self, source: str, write) -> bytes:
        """Run source; write() gets its output. -> the traceback, b"" when there was none"""
        self._send(source.encode())
        self._until(_END, write)
        error = self._until(_END)
        self._until(b">")
        return error

    def _send(self, code: bytes) -> None:
        """Raw-paste mode: the machine grants a number of bytes at a time."""
        self._qemu.stdin.write(_RAW_PASTE)
        self._until(b"R\x01")
        while len(self._pending) < 2:
            self._fill()
        window = int.from_bytes(self._pending[:2], "little")
        self._pending = self._pending[2:]
        granted, sent = window, 0
        while sent < len(code):
            while self._pending or not granted:
                if not self._pending:
                    self._fill()
                answer, self._pending = self._pending[:1], self._pending[1:]
                if answer == b"\x01":
                    granted += window
                elif answer == _END:  # it does not want the rest: a syntax error
                    sent = len(code)
                    granted = 1
            chunk = code[sent : sent + granted]
            self._qemu.stdin.write(chunk)
            sent += len(chunk)
            granted -= len(chunk)
        self._qemu.stdin.write(_END)
        self._until(_END)

    def _fill(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0 or not select.select([self._qemu.stdout], [], [], left)[0]:
            raise Stopped("the script did not end in time")
        data = os.read(self._qemu.stdout.fileno(), 65536)
        if not data:
            raise Stopped(f"QEMU ended with status {self._qemu.wait()}")
        self._pending += data

    def _until(self, mark: bytes, write=None) -> bytes:
        """Read up to a mark. -> what came before it, unless write() took that already"""
        while mark not in self._pending:
            if write:
                # A CR stays: its LF may be still to come.
                end = len(self._pending) - self._pending.endswith(b"\r")
                if end:
                    write(self._pending[:end].replace(b"\r\n", b"\n"))
                    self._pending = self._pending[end:]
            self._fill()
        before, self._pending = self._pending.split(mark, 1)
        before = before.replace(b"\r\n", b"\n")
        if write and before:
            write(before)
        return before


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def main() -> int:
    """The command described above."""
    parser = argparse.ArgumentParser(prog="rv32", description=__doc__.splitlines()[0])
    parser.add_argument("-r", "--image", type=Path, help="ROMFS image, mounted as /rom")
    parser.add_argument("-t", "--timeout", type=float, default=60, help="seconds")
    parser.add_argument("--no-icount", action="store_true", help="real time: faster, not exact")
    parser.add_argument("-c", dest="code", help="run this text instead of a file")
    parser.add_argument("args", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.code is None:
        if not options.args:
            parser.error("no script")
        options.code = Path(options.args.pop(0)).read_text()
    done = run(
        options.code, *options.args, image=options.image, icount=not options.no_icount,
        timeout=options.timeout, write=_write,
    )
    sys.stderr.write(done.error)
    return done.status


if __name__ == "__main__":
    sys.exit(main())
