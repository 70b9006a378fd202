"""Answers in pieces of 1 KB at most, and what several of them write."""

import json
import sys
import time

from micropython import const

from firmware.rarely import load

_PIECE = const(1024)
_TURN = const(20)  # ms of work until the others have their turn

JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}


def gather(parts):
    """The texts or bytes of `parts` as memoryviews of one buffer: each has to be sent before the
    next is asked for. Empty ones give the loop a turn when `parts` takes its time.
    """
    buffer = memoryview(bytearray(_PIECE))
    at = 0
    then = time.ticks_ms()
    for part in parts:
        if isinstance(part, str):
            part = part.encode()
        if at + len(part) > _PIECE:
            part = memoryview(part)
        while at + len(part) > _PIECE:
            buffer[at:] = part[: _PIECE - at]
            part = part[_PIECE - at :]
            yield buffer
            at = 0
            then = time.ticks_ms()
        buffer[at : at + len(part)] = part
        at += len(part)
        if time.ticks_diff(time.ticks_ms(), then) > _TURN:
            yield b""
            then = time.ticks_ms()
    yield buffer[:at]


def members(items, head="{", tail="}"):
    """(key, value) of each as the text of a JSON object, a member at a time."""
    for key, value in items:
        yield head
        yield f"{json.dumps(key)}:{json.dumps(value)}"
        head = ","
    yield tail if head == "," else head + tail


def iso(clock, utc):
    """Local time with its offset, 2026-07-21T09:34:12+02:00; None for None."""
    if utc is None or not clock:
        return None
    year, month, day, hour, minute, second, _ = clock.local(utc)
    offset = clock.offset(utc) // 3600
    return f"{year}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}+{offset:02d}:00"


def event(clock, utc, key, facts) -> dict:
    """An event as the pages know it."""
    told = {"at": iso(clock, utc), "event": key}
    told.update(facts)
    return told


def borrow(name):
    """The module firmware.<name>: the one in memory, or else one for the moment."""
    return sys.modules.get("firmware." + name) or load(name)
