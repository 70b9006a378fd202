"""Finds the address of a name without holding the loop: one question over UDP (RFC 1035).

getaddrinfo() waits for the answer, and everything with it. Here the name servers are asked in
turn until one of them answers, for IPv4 addresses only. A name in .local is asked of whoever it
belongs to, by multicast DNS (RFC 6762, 5.1: a one-shot question), and of the name servers between
times: some routers know such names.

Loaded when a name is to be looked up (rarely.py).
"""

import asyncio
import os
import select
import socket
from time import ticks_add, ticks_diff

from micropython import const

_LOOK = const(20)  # ms between two looks
_AGAIN = const(1200)  # ms for an answer until the next one is asked
_DEADLINE = const(5000)  # ms
_LONGEST = const(512)  # bytes of an answer: RFC 1035, 2.3.4
_CHAIN = const(8)  # names that lead to another, one after the other
_HEAD = const(12)  # bytes of a message before its question
_A = const(1)
_CNAME = const(5)
_A_IN = b"\0\x01\0\x01"
_MULTICAST = "224.0.0.251:5353"
_UNKNOWN = const(3)  # "no such name", of the response codes


async def find(host, servers, ticks_ms, deadline=_DEADLINE, multicast=_MULTICAST) -> str:
    """The address of a host, "192.0.2.7"; an address is given back as it is.

    servers: addresses, "192.0.2.1", or "192.0.2.1:5300" if the port is not 53; the first is asked
    first. OSError in words if there is no answer within `deadline` ms, or none that helps.
    """
    if _numeric(host):
        return host
    name = host.lower().encode()
    if name[-1:] == b".":
        name = name[:-1]
    if name == b"localhost":
        return "127.0.0.1"
    local = name[-6:] == b".local"
    targets = [multicast] if local else []
    for server in servers:
        if server not in targets and server != "0.0.0.0":
            targets.append(server)
    if not targets:
        raise OSError("no name server is known")
    targets = [_address(target) for target in targets]
    stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        stream.setblocking(False)
        stop = ticks_add(ticks_ms(), deadline)
        for _ in range(_CHAIN):
            found = await _ask(stream, name, targets, local, ticks_ms, stop)
            if not found:
                break
            if isinstance(found, str):
                return found
            name = found
        raise OSError(f"name not found: {host}")
    finally:
        stream.close()


def _numeric(host) -> bool:
    """Whether it is no name but an address."""
    digits = "0123456789."
    return not host.strip(digits + "abcdefABCDEF:" if ":" in host else digits)


def _address(server):
    host, _, port = server.partition(":")
    return socket.getaddrinfo(host, int(port or 53))[0][-1]


async def _ask(stream, name, targets, local, ticks_ms, stop):
    """The address (str), another name to ask for (bytes), or None: there is none."""
    question = b""
    for label in name.split(b"."):
        if not 0 < len(label) < 64:
            return None
        question += bytes((len(label),)) + label
    # A new number each time: it proves that it is us whom somebody answers.
    query = os.urandom(2) + b"\x01\0\0\x01\0\0\0\0\0\0" + question + b"\0" + _A_IN
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    sent, due, reached = 0, ticks_ms(), False
    while True:
        now = ticks_ms()
        if ticks_diff(stop, now) <= 0:
            if local:
                return None
            what = "the name server does not answer" if reached else "no way to the name server"
            raise OSError(what)
        if ticks_diff(due, now) <= 0:
            try:
                stream.sendto(query, targets[sent % len(targets)])
                reached = True
            except OSError:
                pass  # the next one
            sent += 1
            due = ticks_add(now, _AGAIN)
        for _ in poll.ipoll(0):
            found = _heard(stream, query, name, targets, local)
            if found or found is None and not local:
                return found
            # It does not want to, or does not know: the next one, but each of them only once.
            if found == b"" and sent < len(targets):
                due = now
        await asyncio.sleep_ms(_LOOK)


def _heard(stream, query, name, targets, local):
    """What has come: as _read() has it; False, too, if it is damaged or from a stranger."""
    try:
        answer, sender = stream.recvfrom(_LONGEST)
        if local or sender in targets:
            return _read(answer, query, name)
    except (OSError, IndexError, ValueError):
        pass
    return False


def _read(answer, query, name):
    """What an answer says: an address (str), another name (bytes), None: there is no such name;
    b"": it does not help, False: it is not for us. IndexError or ValueError: it is damaged.
    """
    if len(answer) < _HEAD or answer[:2] != query[:2] or answer[2] & 0xF8 != 0x80:
        return False
    at = _HEAD
    if answer[5]:
        asked, at = _name(answer, at)
        if answer[4] or answer[5] > 1 or asked != name or answer[at : at + 4] != _A_IN:
            return False
        at += 4
    code = answer[3] & 15
    if code:
        return None if code == _UNKNOWN else b""
    known = {}
    for _ in range(answer[6] << 8 | answer[7]):
        owner, at = _name(answer, at)
        kind = answer[at] << 8 | answer[at + 1]
        size = answer[at + 8] << 8 | answer[at + 9]
        at += 10
        if at + size > len(answer):
            raise ValueError
        if kind == _A and size == 4:
            known.setdefault(owner, ".".join([str(octet) for octet in answer[at : at + 4]]))
        elif kind == _CNAME:
            known[owner] = _name(answer, at)[0]
        at += size
    found = name
    for _ in range(_CHAIN):
        if isinstance(found, str) or found not in known:
            break
        found = known[found]
    if found != name:
        return found
    return b"" if answer[2] & 2 else None  # it was too long for a packet: another may say less


def _name(message, at) -> tuple:
    """(the name at `at` in lower case, where what follows it begins)"""
    name, after = b"", 0
    while True:
        size = message[at]
        if not size:
            return name[1:].lower(), after or at + 1
        if size < 64:
            name += b"." + message[at + 1 : at + 1 + size]
            at += 1 + size
        else:
            after = after or at + 2
            size = (size & 0x3F) << 8 | message[at + 1]
            if message[at] < 0xC0 or size >= at:
                raise ValueError  # a pointer leads back, or it would never end
            at = size
        if len(name) > 255:
            raise ValueError
