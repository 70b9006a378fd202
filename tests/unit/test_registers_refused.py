"""The registers of Modbus: what the books give, what is unknown, and what is refused."""

from portal_meter import gateway
from registers_of import Gateway, check, value
from tic.meters import STANDARD

from firmware.local.registers import Registers

ADDRESS, SILENT = 2, 11


def test_the_books_are_there():
    known = gateway()
    known.seconds = lambda: 5
    known.utc = known.clock.utc
    registers = Registers(known)
    assert value(registers, "energy_today_wh") == 1234
    assert value(registers, "active_w") == 2100
    assert value(registers, "time") > 1_700_000_000


def test_what_does_not_exist_is_refused():
    registers = Registers(Gateway(STANDARD))
    out = bytearray(250)
    for start, count in ((12, 2), (1, 2), (100, 3), (101, 1), (10, 4), (399, 2), (65535, 2),
                         (65534, 125), (320, 2), (98, 4), (100, 1)):
        assert registers.read(start, count, out) == ADDRESS, (start, count)
    assert registers.read(0, 12, out) == registers.read(20, 24, out) == 0
    assert registers.read(300, 20, out) == 0


def test_a_silent_meter_does_not_answer():
    known = Gateway(STANDARD)
    known.store.frames = 0
    registers = Registers(known)
    out = bytearray(8)
    assert registers.read(200, 2, out) == SILENT  # none has come yet
    assert value(registers, "frame_age") is None
    known.store.frames = 7
    registers.look()
    known.uptime += 59
    assert registers.read(200, 2, out) == 0 and value(registers, "frame_age") == 59
    known.uptime += 1
    assert registers.read(200, 2, out) == SILENT == registers.read(100, 4, out)
    assert registers.read(201, 2, out) == ADDRESS  # that is no register of any meter
    assert value(registers, "frames") == 7 and value(registers, "frame_age") == 60
    known.store.frames = 8
    assert registers.read(200, 2, out) == 0


def test_what_does_not_fit_is_unknown():
    known, registers = check(STANDARD)
    derived = known.ledger.derived
    for wrong in (-1, 0xFFFFFFFF, 1 << 32):
        derived.injection_va = wrong
        assert value(registers, "injection_estimate_va") is None, wrong
    derived.injection_va = 0xFFFFFFFE
    assert value(registers, "injection_estimate_va") == 0xFFFFFFFE
