"""The one table of settings: what exists, of what kind, between which bounds, with which default.

It is the file settings.txt beside this one, a line a setting, in the order of the alphabet: key,
kind, what is allowed, default (none: empty). It is read line by line, so that a setting more costs
no memory. Names and help for people live with the pages in web/; the README's table is checked
against this one by a test.

Kinds: int; bool; choice; text and secret (anything printable), host, address (IPv4), topic, name,
labels, fingerprint (of a certificate); url (publish/address.py), tags (publish/influx_start.py);
prices and amount (prices.py), rule (outputs.py). Bounds are numbers for an int, bytes of UTF-8 for
the texts. A text whose default is empty may be emptied again whatever its lower bound: a password
has eight characters, or is none.
"""

import firmware
from firmware import rarely


def rows():
    """Iterate over (key, kind, allowed, default as text) of all settings."""
    with _table() as table:
        for line in table:
            yield _cells(line)


def keys():
    """Iterate over the keys of all settings."""
    return (row[0] for row in rows())


def describe(key) -> tuple:
    """(kind, allowed, default as text) of a setting.

    ValueError names an unknown key and its nearest neighbour.
    """
    with _table() as table:
        for line in table:
            row = _cells(line)
            if row[0] == key:
                return row[1:]
    raise ValueError(rarely.load("refusal").of_key(key, keys()))


def check(key, value):
    """The value in its own type (int, bool, str): see checking.py."""
    return rarely.load("checking").check(key, value, *describe(key))


def default(key):
    """The value a setting has until its owner says otherwise."""
    kind, _, text = describe(key)
    return typed(kind, text)


def typed(kind, text):
    """A default in its type."""
    return int(text) if kind == "int" else text == "on" if kind == "bool" else text


def _table():
    return open(f"{firmware.__path__}/settings.txt")  # MicroPython's __path__ is no list


def _cells(line) -> tuple:
    key, kind, allowed, text = (line.rstrip() + " ").split(" ", 3)
    return key, kind, allowed, text.rstrip()
