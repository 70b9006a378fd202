"""A simulated board on a simulated cable, for mpremote, `make flash` and `make deploy`.

    python -m tools.simulator.usb.board [folder]    prints the port: a pty

The folder keeps its flash from one run to the next. The board is repl.py beside this file; it
starts anew after each reset, until Ctrl-C.
"""

import os
import subprocess
import sys
import tempfile
import threading
import tty
from pathlib import Path

from tools.runtime import LIB, MICROPYTHON, ROOT

_BOARD = ROOT / "tools/simulator/board"
_REPL = Path(__file__).with_name("repl.py")
_RESTARTS = {64: "2", 65: "4", 66: "3", 68: "5"}  # status: what reset_cause() will say
_SOFT_RESET = 68


class UsbBoard:
    """`port`: what to connect to. settings go into the environment of the board."""

    def __init__(self, folder: Path, micropython: Path = MICROPYTHON, **settings: str):
        self._folder = folder
        self._command = [str(micropython), "-X", "heapsize=4M", str(_REPL)]
        self._environment = dict(
            os.environ, TICGATE_STATE=f"/pc{folder}", TICGATE_FLASH=str(folder / "flash.bin"),
            TICGATE_WIFI="real", MICROPYPATH=f"{_BOARD}:{LIB}:.frozen", **settings)
        self._master, self._slave = os.openpty()  # one end is kept open, so that the other lives
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._board = None
        self._ended = False
        self._life = threading.Thread(target=self._live, daemon=True)
        self._life.start()

    def _live(self) -> None:
        cause, raw = "1", ""
        while not self._ended and cause:
            environment = dict(self._environment, TICGATE_CAUSE=cause, TICGATE_RAW=raw)
            self._board = subprocess.Popen(
                self._command, stdin=self._master, stdout=self._master, stderr=self._master,
                cwd=self._folder, env=environment)
            status = self._board.wait()
            cause, raw = _RESTARTS.get(status), "1" if status == _SOFT_RESET else ""

    def unplug(self) -> None:
        """The cable is pulled, and so the power is gone."""
        if self._ended:
            return
        self._ended = True
        while self._life.is_alive():  # it may have been about to start anew
            if self._board:
                self._board.kill()
            self._life.join(0.05)
        os.close(self._slave)
        os.close(self._master)

    def wait(self) -> None:
        """Until the board is gone."""
        self._life.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unplug()


def main(names: list) -> int:
    """The command."""
    with tempfile.TemporaryDirectory(prefix="ticgate-") as temporary:
        folder = Path(names[0] if names else temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        with UsbBoard(folder) as board:
            print(board.port, flush=True)
            try:
                board.wait()
            except KeyboardInterrupt:
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
