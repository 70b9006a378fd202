"""The registers of Modbus: the map, and their values at the moment they are asked for.

Each value is 32 bits in two registers, the high word first. What the meter does not say is
0xFFFFFFFF, or 0x80000000 for a signed value, as in SunSpec. README.md has the same map; a test
compares them.
"""

from micropython import const

from firmware.energy import MONTH, TODAY, YESTERDAY
from firmware.link.clock import UNIX
from firmware.tic import keys

# @n: the registers from n on. Else u or i, unsigned or signed, and a key; #n ends one that is
# there for 1 to n. Behind it where its value stands, in the form of tic/keys.py; without that it
# is there; ! is found below.
MAP = b"""
@0
ulayout !
umode !
uuptime !
uframes !
uframe_age !
utime !
@20
uphases
uproducer
usubscribed_va
usubscribed_w
ucutoff_va |kPCOUP
uperiod
ucolour
utomorrow
upeak_notice
upeak
uoverload
urelays |dRELAIS
@100
igrid_w !
inet_va
uapparent_va
uinjected_va
uactive_w !
uinjection_estimate_va !
uload_percent =load_percent
iapparent_va_#3
ucurrent_a_#3
uvoltage_v_#3
umaximum_va |dSMAXSN dSMAXN
umaximum_yesterday_va lPMAX|dSMAXSN-1 dSMAXN-1
@200
uwithdrawn_wh
uinjected_wh
uenergy_today_wh !
uenergy_yesterday_wh !
uenergy_month_wh !
uperiod_wh
ureactive_varh_#4 |dERQ#
@300
uperiod_1_wh dBASE dHCHC dEJPHN dBBRHCJB|dEASF01
uperiod_2_wh dHCHP dEJPHPM dBBRHPJB|dEASF02
uperiod_3_wh dBBRHCJW|dEASF03
uperiod_4_wh dBBRHPJW|dEASF04
uperiod_5_wh dBBRHCJR|dEASF05
uperiod_6_wh dBBRHPJR|dEASF06
uperiod_7_wh |dEASF07
uperiod_8_wh |dEASF08
uperiod_9_wh |dEASF09
uperiod_10_wh |dEASF10
"""
_LAYOUT = const(1)  # what has changed its place or meaning makes another
_METER = const(20)  # from here on it is the meter that has to be there
_OLD = const(60)  # s without a frame after which nothing is known of the meter

# What is a word in the model, as a number: each period as in `prices`.
_WORDS = b" base1 hc1 hp2 hn1 pm2 hcjb1 hpjb2 hcjw3 hpjw4 hcjr5 hpjr6 blue1 white2 red3"

ADDRESS = const(2)  # exceptions of the standard: there is no such register
_SILENT = const(11)  # what is behind the gateway does not answer


class Registers:
    """Of a gateway with books. look() is to be called now and then."""

    def __init__(self, gateway):
        self._gateway = gateway
        self._meter = gateway.books.meter
        self._frames = 0
        self._seen = None  # uptime at which a frame was last seen to have come

    def look(self) -> None:
        """Note whether the meter still sends."""
        frames = self._gateway.store.frames
        if frames != self._frames:
            self._frames = frames
            self._seen = self._gateway.seconds()

    def read(self, start, count, out) -> int:
        """Put the registers into out, two bytes each. -> 0, or the exception: there is no such
        register, half a value was asked for, or the meter is silent.
        """
        end, done, at, address, silent = start + count, start, 1, 0, False
        while at < len(MAP) and address < end:
            stop = MAP.find(b"\n", at)
            if MAP[at] == 0x40:
                address = int(MAP[at + 1 : stop])
                at = stop + 1
                continue
            space = MAP.find(b" ", at, stop)
            key = MAP[at + 1 : stop if space < 0 else space]
            number = last = 0
            if key[-2] == 0x23:
                number, last = 1, key[-1] - 0x30
            while number <= last:
                if start <= address < end:
                    if address != done or address + 2 > end:
                        return ADDRESS
                    if address >= _METER and self._silent():
                        silent = True
                    else:
                        value = self._value(key, at, space, number)
                        _put(out, 2 * (address - start), value, MAP[at] == 0x69)
                    done = address + 2
                address += 2
                number += 1
            at = stop + 1
        return ADDRESS if done != end else _SILENT if silent else 0

    def _age(self):
        """Seconds since a frame came; None if none has."""
        self.look()
        return None if self._seen is None else self._gateway.seconds() - self._seen

    def _silent(self):
        age = self._age()
        return age is None or age >= _OLD

    def _value(self, key, at, space, number):
        """An integer, None for what is not known."""
        if space < 0:
            value = self._key(key, number)
        elif MAP[space + 1] == 0x21:
            value = self._own(key)
        else:
            value = self._meter.read(MAP, at, number)[0]
        if isinstance(value, str):
            if value.isdigit():
                return int(value)
            found = _WORDS.find(b" %s" % value.encode())
            found += len(value) + 1
            # The digit has to follow at once: "h" is none of these words.
            if found <= len(value) or not 0x30 < _WORDS[found] < 0x3A:
                return None
            return _WORDS[found] - 0x30
        return value if value is None else int(value)

    def _key(self, key, number):
        """A value of the model by its key in tic/keys.py."""
        table = keys.TABLE
        if number:
            at = table.find(b"\n%s%d " % (key[:-2], number)) + 1
            value = self._meter.read(table, at, 0)[0] if at else None
            if value is not None:
                return value
        return self._meter.read(table, table.find(b"\n%s " % key) + 1, number)[0]

    def _own(self, key):
        """What is no value of the model."""
        gateway = self._gateway
        if key == b"layout":
            return _LAYOUT
        if key == b"mode":
            return gateway.store.mode or None
        if key == b"uptime":
            return gateway.seconds()
        if key == b"frames":
            return gateway.store.frames
        if key == b"frame_age":
            return self._age()
        if key == b"time":
            utc = gateway.utc()
            return utc and utc + UNIX
        derived, energy = gateway.books.ledger.derived, gateway.books.ledger.energy
        if key == b"injection_estimate_va":
            return derived.injection_va
        if key == b"energy_today_wh":
            return energy.wh(None, TODAY)
        if key == b"energy_yesterday_wh":
            return energy.wh(None, YESTERDAY)
        if key == b"energy_month_wh":
            return energy.wh(None, MONTH)
        active = self._key(b"minute_w", 0)
        if active is None:
            active = derived.active_w
        if key == b"active_w":
            return active
        net = self._key(b"net_va", 0)  # of grid_w
        return net if active is None or net is not None and net < 0 else active


def _put(out, at, value, signed):
    """32 bits of a value; None, or one that does not fit, is the mark of the unknown."""
    if value is None or not (-0x7FFFFFFF <= value <= 0x7FFFFFFF if signed
                             else 0 <= value < 0xFFFFFFFF):
        out[at] = 0x80 if signed else 0xFF
        out[at + 1] = out[at + 2] = out[at + 3] = 0 if signed else 0xFF
        return
    for place in (at + 3, at + 2, at + 1, at):
        out[place] = value & 0xFF
        value >>= 8
