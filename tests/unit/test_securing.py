"""TLS before there is a connection: what it needs, and the words when that is missing."""

import binascii
import os
import time

from test_app_ca import FIRST

from firmware.publish import securing
from firmware.publish.link import Dialler


class Clock:
    """A clock that knows the time after so many looks."""

    def __init__(self, looks):
        self.looks = looks

    def utc(self):
        self.looks -= 1
        return None if self.looks >= 0 else 838_000_000


async def words(tls="", clock=None, authority=None, deadline=100):
    """Why it cannot be prepared, "" if it can."""
    if authority is not None:
        with open(securing.CA, "wb") as file:
            file.write(authority)
    try:
        await securing.prepare(Dialler(time.ticks_ms, None, deadline, tls, clock))
        return ""
    except OSError as error:
        return str(error)
    finally:
        if authority is not None:
            os.remove(securing.CA)


async def test_an_authority_needs_the_time_and_waits_for_it():
    der = binascii.a2b_base64(FIRST)
    assert await words(authority=der) == ""  # no clock here: the board's own has to do
    clock = Clock(3)
    assert await words(authority=der, clock=clock, deadline=5000) == "" and clock.looks == -1
    assert await words(authority=der, clock=Clock(1000)) == (
        "the time is not known yet, and certificates are valid for a time")


async def test_a_fingerprint_needs_nothing():
    clock = Clock(1000)
    assert await words("ab" * 32, clock) == "" and clock.looks == 1000


async def test_neither_is_refused():
    neither = "TLS needs a CA certificate or the server's fingerprint: neither is set"
    assert await words() == neither
    assert await words(authority=b"") == "the CA certificate is damaged: give it again"


def test_faults_have_words():
    for number in (-0x7200, -0x7280, -0x7780, 104, -104, 32, 12):
        assert " " in securing.fault(number), number
    assert securing.fault(-0x6600) == "TLS error 6600"
    assert securing.fault(-110) == 110 and securing.fault("as it is") == "as it is"
