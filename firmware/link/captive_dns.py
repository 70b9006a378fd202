"""The name server of the access point: every name leads to the gateway. Loaded while it is open.

One question a packet, and nothing else, is answered (RFC 1035): A with our address, any other
type with "no such record" and no answer, so that AAAA and HTTPS (RFC 9460) lead nowhere else.
"""

import select
import socket

from micropython import const

PORT = 53  # another one on a PC

_LONGEST = const(512)  # bytes of a question that are looked at: RFC 1035, 2.3.4
_PACKETS = const(8)  # answered in one go
_HEAD = const(12)  # bytes of a message before its question
_NAME = const(255)
_LABEL = const(63)
_A = const(1)
_IN = const(1)
_ANY = const(255)
_FORMERR = const(1)
_NOTIMP = const(4)
# A pointer to the name in the question, A, IN, 10 s to live, 4 bytes of address
_RECORD = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x0a\x00\x04"


class CaptiveDns:
    """Answers with `address` ("192.168.4.1") to what arrives there. OSError: port not free."""

    def __init__(self, address):
        self._octets = bytes(int(number) for number in address.split("."))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(socket.getaddrinfo(address, PORT)[0][-1])
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def poll(self) -> None:
        """Answer what has arrived. Never waits."""
        for _ in range(_PACKETS):
            for _ in self._poll.ipoll(0):
                break
            else:
                return
            try:
                query, sender = self._socket.recvfrom(_LONGEST)
                reply = answer(query, self._octets)
                if reply:
                    self._socket.sendto(reply, sender)
            except OSError:
                return  # the asker left, or there is no room: it will ask again

    def close(self) -> None:
        """Free the port."""
        self._socket.close()


def answer(query, octets):
    """The bytes to send back for those received, or None if nothing is to be said.

    octets: the four bytes of our address. A packet that is no question at all is dropped; a
    question that is not as it should be gets the head alone, with what is wrong.
    """
    if len(query) < _HEAD or query[2] & 0x80:  # QR: an answer, from nobody we have asked
        return None
    if query[2] & 0x78:
        return _head(query, _NOTIMP)
    # One question, no answer, no authority; additional records (EDNS) are nobody's business here.
    if query[4:10] != b"\x00\x01\x00\x00\x00\x00":
        return _head(query, _FORMERR)
    at = _HEAD
    while at < len(query) and query[at]:
        if query[at] > _LABEL:  # a pointer, or what has never been defined
            return _head(query, _FORMERR)
        at += query[at] + 1
    end = at + 5
    if end > len(query) or at + 1 - _HEAD > _NAME:
        return _head(query, _FORMERR)
    kind = query[at + 1] << 8 | query[at + 2]
    family = query[at + 3] << 8 | query[at + 4]
    found = kind == _A and family in (_IN, _ANY)
    reply = _head(query, 0, 1, found) + query[_HEAD:end]
    return reply + _RECORD + octets if found else reply


def _head(query, code, questions=0, answers=0):
    """The head of an answer: authoritative, recursion available, and desired if it was."""
    return query[:2] + bytes(
        (0x84 | query[2] & 1, 0x80 | code, 0, questions, 0, answers, 0, 0, 0, 0)
    )
