"""For the tests of the portal: a gateway of stand-ins around a real store and model."""

import time

from books import utc
from portal import Gateway
from read_meter import Known

from firmware.link.clock import Clock


def gateway(model=True):
    """A gateway that has read three frames of a standard meter."""
    found, known = Gateway(), Known()
    found.store = known.store
    found.clock = Clock(time.ticks_ms)
    found.clock.set(utc("E2607210934"), "ntp")
    if model:
        found.books = known.books
    return found
