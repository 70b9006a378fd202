"""A simulated board on a simulated cable, for mpremote, `make flash` and `make deploy`.

    python -m tools.simulator.usb.board [folder]    prints the port: a pty

The folder keeps its flash from one run to the next. The board is repl.py beside this file; it
starts anew after each reset, until Ctrl-C.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import tty
from pathlib import Path

from tools.runtime import LIB, MICROPYTHON, ROOT

_BOARD = ROOT / "tools/simulator/board"
_REPL = Path(__file__).with_name("repl.py")
# A process of its own starts the board's lives. A fork here would have a copy of the port for a
# moment, if this process has it open, and so keep the lock on it after it was closed: "busy".
# The status of a life that ended tells what reset_cause() will say in the next.
_LIVES = """
export TICGATE_CAUSE=1 TICGATE_RAW=
while :; do
    "$@"
    case $? in
        64) TICGATE_CAUSE=2 TICGATE_RAW= ;;
        65) TICGATE_CAUSE=4 TICGATE_RAW= ;;
        66) TICGATE_CAUSE=3 TICGATE_RAW= ;;
        68) TICGATE_CAUSE=5 TICGATE_RAW=1 ;;  # a soft reset
        *) exit ;;
    esac
done
"""


class UsbBoard:
    """`port`: what to connect to. settings go into the environment of the board."""

    def __init__(self, folder: Path, micropython: Path = MICROPYTHON, **settings: str):
        environment = dict(
            os.environ, TICGATE_STATE=f"/pc{folder}", TICGATE_FLASH=str(folder / "flash.bin"),
            TICGATE_WIFI="real", MICROPYPATH=f"{_BOARD}:{LIB}:.frozen", **settings)
        self._master, self._slave = os.openpty()  # one end is kept open, so that the other lives
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._lives = subprocess.Popen(
            ["sh", "-c", _LIVES, "board", str(micropython), "-X", "heapsize=4M", str(_REPL)],
            stdin=self._master, stdout=self._master, stderr=self._master, cwd=folder,
            env=environment, start_new_session=True)
        self._ended = False

    def unplug(self) -> None:
        """The cable is pulled, and so the power is gone."""
        if self._ended:
            return
        self._ended = True
        with contextlib.suppress(ProcessLookupError):  # of the board, too
            os.killpg(self._lives.pid, signal.SIGKILL)
        self._lives.wait()
        os.close(self._slave)
        os.close(self._master)

    def wait(self) -> None:
        """Until the board is gone."""
        self._lives.wait()

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
