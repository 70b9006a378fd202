"""What outlives deep sleep: the one list of what the 2048 bytes of RTC memory hold.

They survive deep sleep and every reset, and nothing survives without power, so whatever is found
has to prove itself: layout, length and checksum. What does not is forgotten.

    0  "T", number of the layout     2  bytes in all     4  CRC-32 of all behind it
    8  the cells, 32 bits each       then texts, each behind its length: BSSID, lease, servers
       then the readings that wait (readings.py), to the end
"""

from array import array
from binascii import crc32

from micropython import const

_LAYOUT = const(2)
_SIZE = const(2048)
_HEAD = const(8)
_TEXTS = ("bssid", "lease", "mqtt", "influx", "post")

# The cells. Energy in uJ, power in uW, voltage in mV, times in s since 2000 unless it says ms.
STARTS = const(0)  # starts since the power came
STATE = const(1)  # what goes on: the bits below
INCOME = const(2)  # what the meter gives, less what sleep takes
READING = const(3)  # what it costs to read a frame,
SENDING = const(4)  # and a session on Wi-Fi; 0: not known yet
ENERGY = const(5)  # in the capacitor, when it fell asleep,
SLEEP = const(6)  # for so many ms; 0: it did not
PERIOD = const(7)  # ms from one reading to the next
BURST = const(8)  # readings to one session
FAILURES = const(9)  # sessions in a row that failed
AFTER = const(10)  # no session before that time
STAYED = const(11)  # when it last stayed for long
CLOCK = const(12)  # when the clock was last set; 0: never
FIRST = const(13)  # time of the first reading that waits
LAST = const(14)  # and of the last
CHANNEL = const(15)
LEASED = const(16)  # when the address was given
RATE = const(17)  # of the line; its sign: negative without parity
MODE = const(18)  # of the meter, as in tic.catalogue
# Counts since the power came.
CYCLES = const(19)
SESSIONS = const(20)
FAILED = const(21)
MISSED = const(22)  # cycles without a whole reading
LOWEST = const(23)  # mV at the capacitor
SPILLED = const(24)  # readings that were thrown away for want of room
AWAKE = const(25)  # ms of the last session
KEPT = const(26)  # 1: the first reading was delivered
NIGHT = const(27)  # wakes in a row without power from the meter
FLASH = const(28)  # readings in flash,
SKIP = const(29)  # of which so many are delivered
SHIFT = const(30)  # by how much the clock was wrong when the power came
MARKS = const(31)  # three of each destination: marks.py
NOTED = const(40)  # SPILLED when they were looked at last
_CELLS = const(42)

# Bits of STATE.
CHARGING = const(1)  # below the stop threshold, and not back above the start threshold
TOLD = const(2)  # the broker keeps "online"
STAY = const(4)  # the next start is a long stay
DARK = const(8)  # the meter has no power


class Memory:
    """rtc: machine.RTC(), or a stand-in. `fresh`: nothing was kept, so the power had gone."""

    def __init__(self, rtc):
        self._rtc = rtc
        self.cells = array("i", bytes(4 * _CELLS))
        self.bssid = self.lease = self.mqtt = self.influx = self.post = b""
        self.readings = bytearray()
        self.fresh = not self._load(bytes(rtc.memory()))

    def _load(self, data) -> bool:
        if len(data) < _HEAD or data[0] != 0x54 or data[1] != _LAYOUT:
            return False
        end = int.from_bytes(data[2:4], "little")
        if end > len(data) or crc32(data[_HEAD:end]) != int.from_bytes(data[4:8], "little"):
            return False
        at = _HEAD + 4 * _CELLS
        self.cells = array("i", data[_HEAD:at])
        for name in _TEXTS:
            n = data[at] + 1
            setattr(self, name, data[at + 1 : at + n])
            at += n
        self.readings = bytearray(data[at:end])
        return True

    def room(self) -> int:
        """Bytes free for readings."""
        return _SIZE - len(self._head()) - _HEAD - len(self.readings)

    def _head(self) -> bytearray:
        head = bytearray(self.cells)
        for name in _TEXTS:
            text = getattr(self, name)
            head.append(len(text))
            head += text
        return head

    def save(self) -> None:
        """Keep it all."""
        body = self._head() + self.readings
        n = _HEAD + len(body)
        head = bytes((0x54, _LAYOUT)) + n.to_bytes(2, "little")
        self._rtc.memory(head + crc32(body).to_bytes(4, "little") + body)
