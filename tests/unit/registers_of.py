"""For the tests of the registers of Modbus: a meter behind them, and what they say."""

from read_meter import Figures
from tic.meters import Line

from firmware.local.registers import MAP, Registers

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


_PLACES = places()


def value(registers, key):
    """What a register says, None for unknown."""
    address, signed = _PLACES[key]
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
