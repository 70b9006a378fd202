"""Where the server is: what stays in memory between two connections (see dialling.py)."""

import socket

from firmware.rarely import load


class Dialler:
    """Opens connections to one server at a time, and remembers where its name leads.

    find(name): await it for the address, see link/resolver.py; None: addresses only. deadline is
    in ms, for each step. tls: None for a plain connection, else the SHA-256 fingerprint of the
    server's certificate, or "" for one that our CA signed, which clock (a Clock, or None) is
    needed for: see securing.py. network is the socket module or a stand-in in a test.
    """

    def __init__(
        self, ticks_ms, find=None, deadline=10000, tls=None, clock=None, network=socket
    ):
        self.ticks_ms = ticks_ms
        self.find = find
        self.deadline = deadline
        self.tls = tls
        self.clock = clock
        self.network = network
        self.known = (None, None)  # (host, port), and its ((family, type, protocol), address)
        self.failures = 0

    def open(self, host, port):
        """Await it: a connected non-blocking stream. OSError if there is none in time."""
        return load("publish.dialling").open(self, host, port)
