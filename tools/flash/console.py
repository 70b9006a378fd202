"""What a board says after its restart, until it tells how to reach it."""

import re
import time

import serial

from tools.flash import Problem, ports

_NETWORK = "access point: WIFI:"         # the text of the QR code, after name and password
_JOINED = re.compile(r"network: joined as \S+")
_PAUSE = 0.3                             # s between two tries to open a port that is away


def follow(port: str, seconds: float = 60, line: serial.Serial | None = None) -> str:
    """Print its lines up to the one that tells of an access point or an address. -> that line

    line: the port, if it is open already; it is closed in the end.
    """
    end = time.monotonic() + seconds
    rest = b""
    board = line
    try:
        while time.monotonic() < end:
            try:
                if board is None:  # USB goes away with a restart
                    board = ports.open_port(port, timeout=0.2)
                data = board.read(max(1, board.in_waiting))
            except (serial.SerialException, OSError, Problem):
                if board:
                    board.close()
                board = None
                time.sleep(_PAUSE)
                continue
            *lines, rest = (rest + data).split(b"\n")
            for one in lines:
                text = one.decode(errors="replace").strip("\r\0 ")
                if text:
                    print(f"board: {text}", flush=True)
                if text.startswith(_NETWORK) or _JOINED.search(text):
                    return text
    finally:
        if board:
            board.close()
    raise Problem(f"the board has not told in {seconds:g} s how to reach it. Its console: "
                  f"mpremote connect {port}, then type status")
