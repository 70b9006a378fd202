"""The registers of Modbus: what they hold for each kind of meter, and what is refused."""

from portal_meter import Figures, gateway
from tic.meters import HISTORIQUE, INDUSTRIAL, PRODUCER, STANDARD, TEMPO, THREE, Line

from firmware.local.registers import MAP, Registers

ADDRESS, SILENT = 2, 11
UNKNOWN, UNKNOWN_SIGNED = 0xFFFFFFFF, 0x80000000


class Gateway:
    """What registers ask for, around a meter on its line."""

    def __init__(self, groups):
        self.line = Line(groups)
        self.store = self.line.store
        self.books = self
        self.meter = self.line.meter
        self.ledger = Figures()
        self.ledger.derived.active_w = None
        self.uptime = 100

    def seconds(self):
        return self.uptime

    def utc(self):
        return None


def places():
    """{key: (address, signed)}; of a key with #n those with _1 to _n."""
    found, address = {}, None
    for line in MAP.decode().strip().split("\n"):
        if line[0] == "@":
            address = int(line[1:])
            continue
        key = line.split(" ")[0][1:]
        name, mark, last = key.partition("#")
        for n in range(1, int(last) + 1) if mark else (0,):
            found[name + str(n) if n else name] = address, line[0] == "i"
            address += 2
    return found


def value(registers, key):
    """What a register says, None for unknown."""
    address, signed = places()[key]
    out = bytearray(4)
    wrong = registers.read(address, 2, out)
    assert not wrong, (key, wrong)
    found = out[0] << 24 | out[1] << 16 | out[2] << 8 | out[3]
    if found == (UNKNOWN_SIGNED if signed else UNKNOWN):
        return None
    return found - (1 << 32) if signed and found >> 31 else found


def check(groups, **expected):
    known = Gateway(groups)
    registers = Registers(known)
    for key, wanted in expected.items():
        assert value(registers, key) == wanted, (key, value(registers, key))
    return known, registers


def test_every_place_is_its_own():
    found = sorted(address for address, _ in places().values())
    assert len(set(found)) == len(found) > 50
    assert all(b - a >= 2 for a, b in zip(found, found[1:])) and found[-1] < 400


def test_historique():
    check(HISTORIQUE, layout=1, mode=1, frames=1, phases=1, subscribed_va=9000, period=2,
          apparent_va=1170, net_va=1170, grid_w=1170, apparent_va_1=1170, apparent_va_2=None,
          current_a_1=5, voltage_v_1=None, withdrawn_wh=14524761, injected_wh=None,
          period_1_wh=6906827, period_2_wh=7617934, period_3_wh=None, active_w=None,
          overload=0, uptime=100, frame_age=0, time=None, load_percent=13)


def test_tempo_and_three_phases():
    check(TEMPO, period=4, colour=2, tomorrow=None, period_1_wh=1000000, period_6_wh=60000,
          withdrawn_wh=3810000)
    check(THREE, phases=3, period=1, current_a_1=7, current_a_2=2, current_a_3=22,
          period_1_wh=10151184, maximum_yesterday_va=None)


def test_standard():
    check(STANDARD, mode=2, period=2, subscribed_va=9000, cutoff_va=9000, voltage_v_1=236,
          period_1_wh=2296119, period_10_wh=0, maximum_va=3112, relays=0, overload=0,
          colour=None, period_wh=None)


def test_a_producer_injects_with_a_sign():
    known, registers = check(PRODUCER, net_va=13, injected_wh=500000, period=1, producer=1,
                             reactive_varh_1=None)
    known.line.say(SINSTS="00000", SINSTI="01500")
    known.ledger.derived.active_w = 0
    assert value(registers, "net_va") == value(registers, "grid_w") == -1500
    known.line.say(SINSTS="02000", SINSTI="00000")
    known.ledger.derived.active_w = 1800
    assert value(registers, "grid_w") == value(registers, "active_w") == 1800


def test_pmepmi():
    check(INDUSTRIAL, mode=3, subscribed_va=120000, active_w=36000, grid_w=36000,
          period=None, period_wh=859156000, net_va=None, withdrawn_wh=None)


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
