"""Name servers of this machine that say what a test wants, right or wrong (MicroPython).

Names knows nothing of names: it serves as a time server, too.
"""

import asyncio
import errno
import random
import socket

A, CNAME = 1, 5


class Names:
    """Answers each question with the packets of reply(query); None or (): silence."""

    def __init__(self, reply):
        self.asked = []
        self.reply = reply
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        while True:
            port = random.randrange(20000, 60000)
            try:
                self.socket.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
                break
            except OSError as error:
                assert error.errno == errno.EADDRINUSE
        self.server = f"127.0.0.1:{port}"

    async def __aenter__(self):
        self.task = asyncio.create_task(self.run())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        self.socket.close()

    async def run(self):
        while True:
            await asyncio.sleep_ms(1)
            try:
                query, sender = self.socket.recvfrom(600)
            except OSError:
                continue
            self.asked.append(query)
            for reply in self.reply(query) or ():
                self.socket.sendto(reply, sender)


def spelt(name):
    """The labels of a name."""
    return b"".join([bytes((len(label),)) + label for label in name.split(b".")]) + b"\0"


def record(owner, value, kind=None):
    """One record: an address (text), or a name (bytes) that it leads to."""
    if isinstance(value, str):
        value, kind = bytes([int(number) for number in value.split(".")]), kind or A
    elif kind is None:
        value, kind = spelt(value), CNAME
    owner = owner if owner[:1] == b"\xc0" else spelt(owner)
    return owner + bytes((0, kind, 0, 1, 0, 0, 0, 60, 0, len(value))) + value


def reply(query, *records, code=0, flags=0x80):
    """A right answer, but for what is changed."""
    end = query.find(b"\0", 12) + 5
    head = query[:2] + bytes((0x81 | flags, 0x80 | code, 0, 1, 0, len(records), 0, 0, 0, 0))
    return head + query[12:end] + b"".join(records)
