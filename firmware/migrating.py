"""What an update does to the settings, and what undoes it. Loaded for the moment.

config.json takes care of itself: a version keeps what it does not know, and takes the default for
what it cannot use. Where a newer version wants more than that (a setting with another name, a file
in another form), it adds a step here, which runs once, before the settings are read.
"""

import os

import firmware
from firmware.rarely import load

_OLD = "config.old"  # the settings as the version before had them
_NOTE = "app.ran"  # the version that ran last
# (version in which the step came, function without arguments), the oldest first. Each leaves
# either what was there or what it makes of it, whenever the power goes, and may be run again.
_STEPS = ()


def keep() -> None:
    """Before an update: a copy of the settings. OSError if there is no room for it."""
    try:
        with open("config.json", "rb") as file, open("config.tmp", "wb") as copy:
            data = file.read(512)
            while data:
                copy.write(data)
                data = file.read(512)
    except OSError as error:
        if error.errno != 2:  # there are none yet
            raise
        return
    os.rename("config.tmp", _OLD)


def back() -> None:
    """After an update that went back: the settings as they were before it, if they were kept."""
    try:
        os.rename(_OLD, "config.json")
    except OSError:
        pass


def run(steps=_STEPS) -> None:
    """The steps between the version that ran last and this one."""
    try:
        with open(_NOTE) as file:
            before = file.read(20).strip()
    except (OSError, ValueError):
        before = ""
    if before == firmware.__version__:
        return
    if load("slots").read("app.bad"):
        back()
    for version, step in steps:
        if _numbers(before) < _numbers(version) <= _numbers(firmware.__version__):
            step()
    with open("app.tmp", "w") as file:
        file.write(firmware.__version__)
    os.rename("app.tmp", _NOTE)


def _numbers(version):
    try:
        return [int(one) for one in version.split(".")]
    except ValueError:
        return []
