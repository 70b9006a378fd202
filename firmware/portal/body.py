"""The object in the body of a request: strict JSON, where MicroPython's own reader is lenient.

json.loads() takes colons and commas for spaces, and a missing end for an end.
"""

import json

from micropython import const

# What may come next: a value, the first of what was opened, a key, a colon, what stands behind a
# value.
_VALUE = const(0)
_FIRST = const(1)
_KEY = const(2)
_COLON = const(3)
_AFTER = const(4)


def read(request) -> dict:
    """The object; an answer 400 says what else was sent."""
    abort = request.app.abort
    body = request.body
    if request.content_length and not body:
        abort(413, "too much for one request")
    try:
        found = json.loads(str(body, "utf-8")) if _strict(body) else None
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    return abort(400, "the body has to be one JSON object")


def text(given, key, abort, least=0, most=128) -> str:
    """A text that the object has to hold."""
    value = given.get(key, "")
    if not isinstance(value, str) or not least <= len(value.encode()) <= most:
        allowed = f"{least}..{most}"
        abort(400, {"error": f"{key}: text of {allowed} bytes", "key": key, "allowed": allowed})
    return value


def _strict(body) -> bool:
    """Whether brackets, commas and colons are where they belong."""
    ends = []  # of what is open
    state = _VALUE
    at = 0
    while at < len(body):
        c = body[at]
        at += 1
        if c in b" \t\r\n":
            continue
        if c == 0x22:
            if state >= _COLON:
                return False
            at = _behind(body, at)
            inside = ends and ends[-1] == 0x7D
            state = _COLON if inside and state != _VALUE else _AFTER
        elif c == 0x3A and state == _COLON:
            state = _VALUE
        elif c == 0x2C and state == _AFTER and ends:
            state = _KEY if ends[-1] == 0x7D else _VALUE
        elif c in b"}]" and ends and ends[-1] == c and state in (_AFTER, _FIRST):
            ends.pop()
            state = _AFTER
        elif state == _VALUE or state == _FIRST and ends[-1] == 0x5D:
            state = _AFTER
            if c in b"{[":
                ends.append(c + 2)
                state = _FIRST
            elif c not in b"-0123456789tfn":
                return False
            else:
                while at < len(body) and body[at] not in b",:]} \t\r\n":
                    at += 1
        else:
            return False
    return state == _AFTER and not ends


def _behind(body, at) -> int:
    """Where a string ends."""
    while at < len(body) and body[at] != 0x22:
        at += 2 if body[at] == 0x5C else 1
    return at + 1
