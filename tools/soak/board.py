"""The gateway of a soak: the bench's, on a clock of its own (clock.c)."""

import mmap
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

from tools.bench.decoding import Failed
from tools.bench.gateway import Gateway
from tools.runtime import CACHE, MICROPYTHON32_BOARD, ROOT

START = 1774647000  # Friday 2026-03-27 21:30 UTC: the clocks go forward on Sunday
_HERE = Path(__file__).parent
_FORMAT = "<qii"  # struct shared of clock.c
_LOOK = "200"  # ms of the board between two looks at its heap


class Board(Gateway):
    """speed: how many times faster the board waits than the world; work: how many times slower it
    computes than this PC; meter: (mode, contract, phases).
    """

    program = f"import sys; sys.path.insert(0, {str(_HERE / 'target')!r}); import soak"

    def __init__(self, meter: tuple, speed: int, work: int, **settings):
        super().__init__("", small=True, **settings)
        self._kind, self._pace, self._work = meter, speed, work
        self._clock = None

    def _line(self, env):
        folder = Path(self._folder.name)
        pipe = folder / "line.pipe"
        os.mkfifo(pipe)
        self._popen([sys.executable, "-m", "tools.soak.line", str(pipe),
                     *map(str, self._kind), str(START)], ROOT, env)
        clock = folder / "clock"
        clock.write_bytes(struct.pack(_FORMAT, START * 10**6, self._pace, self._work))
        with clock.open("r+b") as file:
            self._clock = mmap.mmap(file.fileno(), struct.calcsize(_FORMAT))
        env["MICROPYPATH"] = ""
        return {"TICGATE_PTY": str(pipe), "TICGATE_CLOCK": str(clock), "LD_PRELOAD": str(_made()),
                "TICGATE_WATCH_MS": _LOOK}

    @property
    def state(self) -> str:
        """The folder that is the board's flash."""
        return self._folder.name

    @property
    def alive(self) -> bool:
        """Whether the firmware runs; it is not to end, and not to restart."""
        return self._firmware.poll() is None

    @property
    def words(self) -> list:
        """What the firmware has said."""
        return self._said

    def now(self) -> float:
        """Seconds of the board since it was started."""
        while True:
            one, two = (struct.unpack_from("<q", self._clock)[0] for _ in range(2))
            if 0 <= two - one < 10**9:  # not read while it was half written
                return two / 10**6 - START

    def wait(self, seconds: float) -> None:
        """Until so many seconds have passed for the board."""
        end = self.now() + seconds
        told, at = -1.0, time.monotonic()
        while self.now() < end:
            if not self.alive:
                raise Failed("the firmware ended:\n" + "".join(self._said[-30:]))
            if self.now() > told:
                told, at = self.now(), time.monotonic()
            elif time.monotonic() - at > 60:
                raise Failed("the board's clock stands still:\n" + "".join(self._said[-30:]))
            time.sleep(min(0.05, max(0.001, (end - self.now()) / self._pace / 2)))


def _made() -> Path:
    """clock.c as a library for the 32-bit port."""
    source, made = _HERE / "clock.c", CACHE / "soak" / "clock.so"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        made.parent.mkdir(parents=True, exist_ok=True)
        fresh = made.with_suffix(f".{os.getpid()}")
        subprocess.run(["gcc", "-m32", "-O2", "-shared", "-fPIC", "-o", fresh, source], check=True)
        fresh.replace(made)
    assert MICROPYTHON32_BOARD.exists(), "make bench makes it"
    return made
