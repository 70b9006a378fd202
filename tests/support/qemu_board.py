"""MicroPython for RISC-V in QEMU, its serial line on a pty, as a board for the real mpremote."""

import os
import subprocess
import tty
from pathlib import Path

from mpremote.transport_serial import SerialTransport

from tools.flash.device import Device
from tools.runtime import RV32_FIRMWARE, VENV

_FLASH = Path(__file__).with_name("qemu_flash.py")


class QemuBoard:
    """`with QemuBoard() as board`. It has a flash in memory, which a soft reset would lose."""

    def __enter__(self):
        # A pty of our own: one that QEMU makes (-serial pty) is many times slower.
        self._ends = os.openpty()
        tty.setraw(self._ends[1])
        self.port = os.ttyname(self._ends[1])
        self._qemu = subprocess.Popen(
            ["qemu-system-riscv32", "-machine", "virt", "-bios", "none", "-display", "none",
             "-monitor", "none", "-chardev", "stdio,id=cable,signal=off", "-serial",
             "chardev:cable", "-semihosting", "-kernel", str(RV32_FIRMWARE)],
            stdin=self._ends[0], stdout=self._ends[0])
        self.mpremote("run", str(_FLASH))
        return self

    def __exit__(self, *_):
        self._qemu.kill()
        self._qemu.wait()
        for end in self._ends:
            os.close(end)

    def mpremote(self, *words: str) -> str:
        """A call of mpremote; the board goes on where it was. -> what it prints"""
        done = subprocess.run(
            [str(VENV / "bin/mpremote"), "connect", self.port, "resume", *words],
            text=True, capture_output=True, timeout=300)
        if done.returncode:
            raise AssertionError(f"mpremote {' '.join(words)[:80]}: {done.stdout}{done.stderr}")
        return done.stdout

    def device(self) -> Device:
        """The same board for `make deploy`."""
        transport = SerialTransport(self.port, timeout=5)
        transport.enter_raw_repl(soft_reset=False)
        return Device(transport)
