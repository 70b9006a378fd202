"""Whether a setting may be what somebody wants it to be. Loaded for it (rarely.py)."""

from firmware import rarely

# Beside ASCII letters and digits, what a kind of text may hold.
_OTHERS = {
    "host": ".-_:", "address": ".", "name": "-_", "labels": ",+-_.", "rule": ",+_ ",
    "prices": "=,.; \n", "amount": ",. ", "fingerprint": ": ", "url": ":/.-_~%?&=+,",
}


def check(key, value, kind, allowed, default):
    """The value in its own type (int, bool, str), from a JSON value or from text.

    kind, allowed, default: what settings.describe() says of it. ValueError says the key, the value
    given (a secret's never) and what is allowed.
    """
    if value == "" and default == "" and kind != "int":
        return value
    checked = _checked(kind, allowed, value)
    if checked is None:
        others = _OTHERS.get(kind)
        refusal = rarely.load("refusal")
        raise ValueError(refusal.of_value(key, value, kind, allowed, default, others))
    return checked


def _checked(kind, allowed, value):
    """The value in its type, or None if it is not allowed."""
    if kind == "bool":
        if value is True or value is False:
            return value
        words = ("off", "on", "false", "true", "no", "yes", "0", "1")
        return words.index(value) % 2 == 1 if value in words else None
    if kind == "choice":
        return value if value in allowed.split("|") else None
    low, high = allowed.split("..")
    if kind == "int":
        if isinstance(value, str) and len(value) < 10:
            digits = value[1:] if value[:1] == "-" else value
            value = int(value) if digits.isdigit() else None
        return value if type(value) is int and int(low) <= value <= int(high) else None
    if not isinstance(value, str):
        return None
    if kind == "labels":
        value = value.replace(" ", "")
    if not int(low) <= len(value.encode()) <= int(high):
        return None
    return value if _spelled(kind, value) and _read(kind, value) else None


def _read(kind, text) -> bool:
    """Whether those who will read it can."""
    try:
        if kind == "prices":
            return rarely.load("prices").parse(text) != {}
        if kind == "amount":
            return rarely.load("prices").amount(text) >= 0
        if kind == "url":
            return rarely.load("publish.address").valid(text)
        if kind == "tags":
            return rarely.load("publish.influx_start").tags(text) != []
        if kind == "rule":
            return rarely.load("outputs").words(text) != []
        if kind == "fingerprint":
            digits = text.replace(":", "").replace(" ", "")
            return len(digits) == 64 and int(digits, 16) > 0
        if kind == "address":
            parts = [int(part) for part in text.split(".")]
            return len(parts) == 4 and max(parts) < 256
    except ValueError:
        return False
    return True


def _spelled(kind, text) -> bool:
    """Whether every character, and the whole, is right for its kind."""
    if kind == "topic" and (text[0] in "/$" or "//" in text + "/"):
        return False
    if kind == "labels" and (text == "*" or "" in text.split(",")):
        return text == "*"
    others = _OTHERS.get(kind, "").encode()
    # By its bytes: each letter of a text would be a name, which stays in memory for good.
    before = 0
    for c in text.encode():
        if 0x30 <= c <= 0x39 or 0x41 <= c <= 0x5A or 0x61 <= c <= 0x7A:
            continue
        if others:
            if c not in others:
                return False
        elif c < 0x20 or c == 0x7F or before == 0xED and c >= 0xA0:  # half of a surrogate pair
            return False
        before = c
    return not (kind == "topic" and ("+" in text or "#" in text or " " in text))
