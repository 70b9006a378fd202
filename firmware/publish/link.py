"""Where the server is: what stays in memory between two connections (see dialling.py)."""

import socket

from firmware.rarely import load


class Dialler:
    """Opens connections to one server at a time, and remembers where its name leads.

    find(name): await it for the address, see link/resolver.py; None: addresses only. network is
    the socket module or a stand-in in a test; deadline is in ms.
    """

    def __init__(self, ticks_ms, find=None, deadline=10000, network=socket):
        self.ticks_ms = ticks_ms
        self.find = find
        self.deadline = deadline
        self.network = network
        self.known = (None, None)  # (host, port), and its ((family, type, protocol), address)
        self.failures = 0

    def open(self, host, port):
        """Await it: a connected non-blocking socket. OSError if there is none in time."""
        return load("publish.dialling").open(self, host, port)
