"""The two slots of the application, and the files by which boot.py chooses (see there).

Loaded for the moment. Each change is one append or one renaming: the power may go at any time.
"""

import os

import firmware

_MANIFEST = "/manifest"


def running() -> str:
    """The slot we run from: "a", "b", or "" in the root of the flash (or on a PC)."""
    path = str(firmware.__path__)
    return path[0] if path[1:2] == "/" and path[0] in "ab" else ""


def free() -> str:
    """The slot that an update goes to."""
    return "b" if running() == "a" else "a"


def read(name) -> str:
    """The beginning of a file, without its end of line; empty if there is none."""
    try:
        with open(name) as file:
            return file.read(40).strip()
    except (OSError, ValueError):
        return ""


def trying() -> str:
    """What app.try says, if it is we who are tried; else empty."""
    text = read("app.try")
    return text if text and text[0] == running() else ""


def starts() -> int:
    """Restarts that nobody ordered, since all was well."""
    text = read("app.starts")
    return max(0, text.count(".") - text.count("r"))


def version(slot) -> str:
    """The version in a slot, empty if there is nothing whole in it."""
    try:
        with open(slot + _MANIFEST) as file:
            file.readline()
            return file.readline().strip().partition(" ")[2]
    except (OSError, ValueError):
        return ""


def propose(slot, reading) -> None:
    """Have boot.py try a slot that is whole. reading: that the meter is heard now, so that it
    has to be heard then. OSError if the flash does not take it.
    """
    remove("app.bad")
    with open("app.tmp", "w") as file:
        file.write(slot + "l" if reading else slot)
    os.rename("app.tmp", "app.try")


def accept() -> None:
    """The slot that is tried, if one is, is the good one from now on."""
    if not trying():
        return
    os.rename("app.try", "app.good")
    remove("app.starts")


def reject() -> None:
    """The slot that is tried is no good: the next start is that of the other one."""
    os.rename("app.try", "app.bad")


def failed() -> None:
    """What is tried did something wrong: it counts as a start."""
    if trying():
        with open("app.try", "a") as file:
            file.write(".")


def well() -> None:
    """We have worked long enough: what failed is forgotten, and this slot stays the good one."""
    slot = running()
    if read("app.good")[:1] != slot and slot:
        with open("app.tmp", "w") as file:
            file.write(slot)
        os.rename("app.tmp", "app.good")
    remove("app.starts")


def ordered(anew=False) -> None:
    """A restart that is no failure is to come; anew: and whatever failed is to be tried again."""
    if anew:
        remove("app.starts")
    try:
        with open("app.try" if trying() else "app.starts", "a") as file:
            file.write("r")
    except OSError:
        pass  # it counts as a failure then, one of three


def remove(name) -> None:
    """Remove a file if it is there."""
    try:
        os.remove(name)
    except OSError:
        pass


def facts():
    """(key, value) for the topic and the pages: what is not as usual."""
    slot = running()
    if slot:
        yield "slot", slot
    if trying():
        yield "trial", True
    elif starts():
        yield "failed_starts", starts()
    bad = read("app.bad")[:1]
    if bad in ("a", "b") and bad != slot:
        yield "went_back", version(bad) or "?"
