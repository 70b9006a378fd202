"""A socket that listens, for whoever serves others on the network."""

import asyncio
import socket

from micropython import const

_QUEUE = const(8)  # connections that the system holds for us


def listen(port):
    """A socket that listens on a TCP port, non-blocking. OSError if the port cannot be had."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])
        listener.listen(_QUEUE)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def coming(listener):
    """Await it: somebody has come. So does asyncio.start_server()."""
    yield asyncio.core._io_queue.queue_read(listener)  # type: ignore
