"""Ports of 127.0.0.1 that nobody else gets: two programs that choose at once choose differently.

A port that was only found free can be another's when it is bound at last. So it is claimed: with a
lock on one byte of a file that all our programs know, which ends with the process. And it lies
below those that the system gives to who connects, or who asks for any.
"""

import fcntl
import functools
import os
import random
import socket

_RANGE = range(20000, 30000)
_TRIES = 1000
_mine = set()  # what this process claims: a lock does not hold off its own process


def free_port(usual: int = 0, kind: int = socket.SOCK_STREAM) -> int:
    """`usual` if nobody has it, else another; it stays this process's until that ends.

    kind: SOCK_STREAM (TCP) or SOCK_DGRAM (UDP). OSError when there is none.
    """
    if usual and _claim(usual, kind):
        return usual
    for port in random.SystemRandom().sample(_RANGE, _TRIES):  # a test's seed is not ours
        if _claim(port, kind):
            return port
    raise OSError("no free port on 127.0.0.1")


@functools.cache
def _file() -> int:
    """The file of the locks; where TMPDIR leads is not the same for all of us."""
    return os.open(f"/tmp/ticgate-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)


def _claim(port, kind) -> bool:
    """Whether the port is ours from now on."""
    if port in _mine:
        return False
    try:
        fcntl.lockf(_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            fcntl.lockf(_file(), fcntl.LOCK_UN, 1, port)
            return False
    _mine.add(port)
    return True
