"""Bytes of the TIC -> groups that passed parity and checksum. The hot loop of the gateway.

The idea: a meter says nearly the same thing again in every frame. So the decoder keeps an *image*
of the frame, the raw bytes of each group that was accepted, in order of arrival, and compares what
arrives with it, sixteen bytes at a time. Equal bytes were verified when they came first: their
parity, checksum and meaning need no second look, and nothing is copied. Only a group that differs
is collected, verified and handed to the sink; when the sink accepts it, its bytes take their place
in the image.

    image   <LF>ADCO 0123...<CR><LF>OPTARIF ...<CR><LF>BASE 0000...<CR> ...
             ^entry 0            ^entry 1          ^entry 2   ^ here the meter differs: collect

After damage the decoder collects up to the end of the group and finds its place in the image again
by the label. A group whose label is not in the image is new, and room is made for it.

Historique and PME-PMI groups are separated by spaces and leave the last one out of the sum,
standard groups are separated by HT and include it (Enedis-NOI-CPT_54E). The line is read as 8N1,
so bit 7 of a character is its even parity; a source in which bit 7 is always clear (a recording,
a UART in 7E1) is recognised, and parity is then not asked for.

No byte sequence raises, and no memory is allocated after construction.
"""

from array import array

import micropython
from micropython import const

from firmware.tic import counters as count

# What _scan stops for.
_EMPTY = const(0)  # all bytes are used up
_GROUP = const(1)  # a group ended by CR
_CLOSED = const(2)  # a group ended by LF: its CR was lost, or a terminal turned it into LF
_FRAME = const(3)  # ETX: the frame is whole if STX was seen
_BROKEN = const(4)  # the frame ended without ETX
# What _scan returns: in 2 bits the alignment of the next byte in the image, then one of the codes
# above, then the number of whole frames that repeated the one before.
_CODE = const(2)
_REPEATS = const(5)

# Where the loop stands between two bytes.
_HUNT = const(0)  # no group can begin before a control character
_OPEN = const(1)  # a group may begin even if its LF is damaged
_INSIDE = const(2)  # LF seen

# Cells of the state that the viper functions share (no cell is ever negative: a viper load has no
# sign on a 64-bit machine).
_I = const(0)  # next byte of the buffer
_N = const(1)  # end of the bytes in the buffer
_P = const(2)  # position compared in the image, 0 when collecting
_G = const(3)  # entry expected next
_FLOOR = const(4)  # first entry that may still come in this frame
_COUNT = const(5)  # entries in the image
_K = const(6)  # bytes collected of the current group
_PHASE = const(7)
_NOW = const(8)  # tick of the bytes at hand
_NUMBER = const(9)  # number of the current frame
_STX = const(10)  # the frame began with STX
_BUSY = const(11)  # the frame holds something that is not a plain repetition
_DAMAGE = const(12)  # groups rejected in this frame
_PASSED = const(13)  # entries of the image that came in this frame
_PARITY = const(14)  # _UNKNOWN, _ASKED, _NONE
# Counted here, handed on by settle().
_BYTES = const(15)
_GOOD = const(16)  # repeated groups
_CUT = const(17)  # groups without their end, or malformed
_EOTS = const(18)
_FULL = const(19)  # overlong groups
_COOKED = const(20)  # groups ended by LF
_SHORT = const(21)  # whole frames in a row that lacked entries of the image
_BAD_PARITY = const(22)
_BAD_CHECKSUM = const(23)
_EPOCH = const(24)  # of the sink, when the image was learnt
_CELLS = const(25)

_UNKNOWN = const(0)
_ASKED = const(1)
_NONE = const(2)
_GONE = const(3)  # such frames until the image is learnt anew
_EVIDENCE = const(6)  # characters that must agree before the parity of the line is believed

CHUNK = const(256)
_LONGEST = const(128)  # PJOURF+1 makes the longest group: 111 characters
_ENTRIES = const(96)  # a three-phase producer sends 71 groups
_IMAGE_SIZE = const(1792)  # all labels of standard mode fill 1725

# One block of memory, so that the viper functions take few arguments.
_RX = const(0)  # bytes as they arrive, CHUNK + 3
_IMAGE = const(260)  # raw bytes of the accepted groups, LF to CR
_GROUP_AT = const(2052)  # the group being collected, behind its LF
_START = const(2184)  # 16-bit positions of the entries in the image
_SLOTS = const(2378)  # the sink's number of each entry
_TABLE = const(2476)  # _TABLE[byte] = its 7 bits; bit 7 is set when its parity is wrong
_MEMORY = const(2732)

# What _examine answers when it is not an entry whose value differs.
_NEW = const(-1)  # no such label in the rest of the image
_AGAIN = const(-2)  # the first label of the image once more: a frame began without STX
_DONE = const(-3)  # damaged, or what the image holds already: nothing is left to do

# Fields of a group in `text`: label 0..LABEL_END, horodate, value (ends are exclusive).
LABEL_END = const(0)
HORODATE = const(1)
HORODATE_END = const(2)
VALUE = const(3)
VALUE_END = const(4)


@micropython.viper
def _scan(a: int, b: int, rx: ptr8, st: ptr32, mem: ptr8, stamps: ptr32) -> int:
    """Advances over the bytes and returns why it stopped. Called with a = the number of bytes that
    were put at rx, within mem, and b = their tick; a = 0 goes on where it stopped. (Viper keeps
    the first two locals in registers, so these two become the pointers of the comparison.)
    """
    if a:
        st[_NOW] = b
        st[_BYTES] += a
        i = int(rx) - int(mem) - _RX
        n = i + a
        st[_N] = n
    else:
        i = st[_I]
        n = st[_N]
    repeats = 0
    start = ptr16(int(mem) + _START)
    group = ptr8(int(mem) + _GROUP_AT)
    table = ptr8(int(mem) + _TABLE)
    while True:
        p = st[_P]
        if p:
            # Compare with the image: words while both sides are aligned, then bytes.
            g = st[_G]
            entries = st[_COUNT]
            left = int(start[entries]) - p
            if n - i < left:
                left = n - i
            a = int(mem) + _RX + i
            b = int(mem) + _IMAGE + p
            end = a + left
            if not ((a ^ b) & 3):
                while a & 3 and a < end and ptr8(a)[0] == ptr8(b)[0]:
                    a += 1
                    b += 1
                if not a & 3:
                    words = (end - a) >> 4
                    while words:
                        if ((ptr32(a)[0] ^ ptr32(b)[0]) | (ptr32(a)[1] ^ ptr32(b)[1])
                                | (ptr32(a)[2] ^ ptr32(b)[2]) | (ptr32(a)[3] ^ ptr32(b)[3])):
                            break
                        a += 16
                        b += 16
                        words -= 1
                    while a + 4 <= end and ptr32(a)[0] == ptr32(b)[0]:
                        a += 4
                        b += 4
            while a < end and ptr8(a)[0] == ptr8(b)[0]:
                a += 1
                b += 1
            i = a - int(mem) - _RX
            p = b - int(mem) - _IMAGE
            a = g
            if p >= int(start[g + 1]):
                now = st[_NOW]
                number = st[_NUMBER]
                slots = ptr8(int(mem) + _SLOTS)
                while a < entries and p >= int(start[a + 1]):
                    b = int(slots[a]) << 1
                    stamps[b] = now
                    stamps[b + 1] = number
                    a += 1
                st[_GOOD] += a - g
                st[_PASSED] += a - g
                st[_G] = a
                st[_FLOOR] = a
            if i == n and a < entries:
                st[_P] = p
                break
            st[_P] = 0
            b = 0
            phase = _OPEN
            if a < entries:
                first = int(start[a])
                if p > first:
                    phase = _INSIDE
                    while first + 1 + b < p:
                        group[b] = mem[_IMAGE + 1 + first + b]
                        b += 1
        else:
            b = st[_K]
            phase = st[_PHASE]
        # Collect, byte by byte, up to the end of this group. b counts its bytes.
        while i < n:
            a = int(table[mem[_RX + i]])
            v = a & 0x7F
            if v >= 0x20 or v == 0x09:
                if b == 0:
                    if phase == _HUNT:
                        i += 1
                        continue
                    if phase == _OPEN and (
                            v == 0x7F or v == 0x09 or a > 0x7F and st[_PARITY] == _ASKED):
                        # A damaged LF.
                        if v != 0x7F:
                            phase = _INSIDE
                        i += 1
                        continue
                if b < _LONGEST:
                    group[b] = mem[_RX + i]
                    b += 1
                    i += 1
                    continue
                st[_FULL] += 1
                st[_DAMAGE] += 1
                b = 0
                phase = _HUNT
                i += 1
            elif v == 0x0D:
                i += 1
                phase = _OPEN
                if b:
                    group[b] = mem[_RX + i - 1]
                    st[_K] = b
                    st[_PHASE] = phase
                    st[_I] = i
                    return _GROUP << _CODE | repeats << _REPEATS
            elif v == 0x0A:
                if b:
                    group[b] = mem[_RX + i]
                    st[_K] = b
                    st[_PHASE] = _HUNT  # the same LF is read again, as the start of a group
                    st[_I] = i
                    return _CLOSED << _CODE | repeats << _REPEATS
                i += 1
                phase = _INSIDE
                if st[_G] < st[_COUNT]:
                    st[_P] = int(start[st[_G]]) + 1
                    break
            elif v < 0x02 or v > 0x04:
                # Damage: kept in a group, so that it fails; skipped where none has begun.
                i += 1
                if (b or phase == _INSIDE) and b < _LONGEST:
                    group[b] = mem[_RX + i - 1]
                    b += 1
            else:
                if b:
                    b = 0
                    if phase == _INSIDE:
                        st[_CUT] += 1
                        st[_DAMAGE] += 1
                st[_K] = 0
                phase = _HUNT
                if v == 0x03 and st[_STX] and st[_PASSED] == st[_COUNT] and st[_PASSED] and not (
                        st[_BUSY] | st[_DAMAGE]):
                    # A whole frame without a difference: no need to leave the loop.
                    repeats += 1
                    st[_SHORT] = 0
                    st[_NUMBER] = (st[_NUMBER] + 1) & 0x3FFFFFFF
                    st[_STX] = 0
                    st[_PASSED] = 0
                    st[_G] = 0
                    st[_FLOOR] = 0
                    i += 1
                    continue
                if v == 0x04:
                    st[_EOTS] += 1
                if st[_PASSED] | st[_BUSY] | st[_DAMAGE]:
                    st[_PHASE] = phase
                    st[_I] = i if v == 0x02 else i + 1  # STX is read again, to begin a frame
                    return (_FRAME if v == 0x03 else _BROKEN) << _CODE | repeats << _REPEATS
                st[_STX] = 0
                if v == 0x02:
                    st[_STX] = 1
                    phase = _OPEN
                i += 1
        st[_K] = b
        st[_PHASE] = phase
        if i == n and not st[_P]:
            break
    st[_I] = n
    return st[_P] & 3 | repeats << _REPEATS


@micropython.viper
def _examine(text: ptr8, st: ptr32, mem: ptr8, stamps: ptr32, fields: ptr16) -> int:
    """Verifies the collected group, writes it as 7-bit text with its fields, and finds the entry
    of the image that has its label, from _FLOOR on. Damage is counted here, and a mere repetition
    stamped.
    """
    bad = 0  # the cell that counts what is wrong
    group = ptr8(int(mem) + _GROUP_AT)
    table = ptr8(int(mem) + _TABLE)
    k = st[_K]
    total = 0
    wrong = 0  # characters whose parity is wrong
    high = 0  # characters with bit 7 set
    control = 0
    tabs = 0
    tab1 = 0
    tab2 = 0
    space = 0
    i = 0
    while i < k:
        c = int(group[i])
        high += c >> 7
        c = int(table[c])
        wrong += c >> 7
        c &= 0x7F
        total += c
        text[i] = c
        if c <= 0x20:
            if c == 0x20:
                if not space:
                    space = i
            elif c == 0x09:
                tabs += 1
                if tabs == 1:
                    tab1 = i
                elif tabs == 2:
                    tab2 = i
            else:
                control = 1
        elif c == 0x7F:
            control = 1
        i += 1
    parity = st[_PARITY]
    separator = k - 2
    if wrong and high:
        bad = _CUT if parity == _NONE else _BAD_PARITY
    elif wrong and parity == _ASKED and wrong < _EVIDENCE:
        bad = _BAD_PARITY
    elif control or k < 4 or high and parity == _NONE and high < _EVIDENCE:
        bad = _CUT
    elif int(text[0]) <= 0x20 or int(text[separator]) != (0x09 if tabs else 0x20):
        bad = _CUT
    elif tabs == 1 or tabs > 3 or not tabs and space >= separator:
        bad = _CUT
    else:
        if not tabs:
            total -= 0x20
        checksum = int(text[k - 1])
        if ((total - checksum) & 0x3F) + 0x20 != checksum:
            bad = _BAD_PARITY if wrong and parity == _ASKED else _BAD_CHECKSUM
    if bad:
        st[bad] += 1
        st[_DAMAGE] += 1
        st[_K] = 0
        if st[_G] < st[_COUNT]:
            st[_G] += 1  # it may have been the expected entry, or not
        return _DONE
    if wrong:
        if wrong >= _EVIDENCE:
            st[_PARITY] = _NONE
    elif high >= _EVIDENCE:
        st[_PARITY] = _ASKED
    label = tab1 if tabs else space
    fields[LABEL_END] = label
    fields[VALUE] = label + 1
    fields[VALUE_END] = separator
    fields[HORODATE] = 0
    fields[HORODATE_END] = 0
    if tabs == 3:
        fields[HORODATE] = tab1 + 1
        fields[HORODATE_END] = tab2
        fields[VALUE] = tab2 + 1
    # The place: the label and its separator are the same.
    start = ptr16(int(mem) + _START)
    entries = st[_COUNT]
    floor = st[_FLOOR]
    g = floor
    while True:
        if g >= entries:
            if floor == 0 or entries == 0:
                return _NEW
            g = 0
        first = _IMAGE + 1 + int(start[g])
        i = 0
        while i <= k and mem[first + i] == group[i]:
            i += 1
        if i > label:
            if g < floor:
                i = (int(mem[_SLOTS]) << 1) + 1
                return _AGAIN if stamps[i] == st[_NUMBER] else _NEW
            if i <= k or first + i != _IMAGE + int(start[g + 1]):
                return g
            i = int(mem[_SLOTS + g]) << 1
            stamps[i] = st[_NOW]
            stamps[i + 1] = st[_NUMBER]
            st[_GOOD] += 1
            st[_PASSED] += 1
            st[_G] = g + 1
            st[_FLOOR] = g + 1
            st[_K] = 0
            return _DONE
        if g < floor:
            return _NEW
        g += 1


@micropython.viper
def _take(entry: int, slot: int, st: ptr32, mem: ptr8, stamps: ptr32) -> int:
    """The collected group was accepted as `slot`: stamps it, puts its bytes in the place of
    `entry` and expects the next one. Returns 0, and does nothing, when the lengths differ.
    """
    start = ptr16(int(mem) + _START)
    k = st[_K]
    j = int(start[entry])
    if int(start[entry + 1]) - j != k + 2:
        return 0
    slot <<= 1
    stamps[slot] = st[_NOW]
    stamps[slot + 1] = st[_NUMBER]
    group = ptr8(int(mem) + _GROUP_AT)
    entry += 1
    st[_G] = entry
    st[_FLOOR] = entry
    entry = int(mem) + _IMAGE + j
    ptr8(entry)[0] = 0x0A
    j = 0
    while j <= k:
        entry += 1
        ptr8(entry)[0] = group[j]
        j += 1
    st[_PASSED] += 1
    st[_BUSY] = 1
    st[_K] = 0
    return 1


def _fit(entry, slot, st, mem) -> int:
    """Makes room in the image for the collected group: at `entry` if that is the slot's already,
    else before it; what follows moves, and where the slot stood before is closed. Returns the
    entry, -1 when the image is full. (Bytecode: a meter gives little reason for it.)
    """
    count = st[_COUNT]
    if entry >= count or mem[_SLOTS + entry] != slot:
        g = 0
        while g < count and mem[_SLOTS + g] != slot:
            g += 1
        if g < count:
            _stretch(mem, g, count, _start(mem, g) - _start(mem, g + 1))
            if g < entry:
                entry -= 1
            count -= 1
            while g < count:
                mem[_SLOTS + g] = mem[_SLOTS + g + 1]
                _begin(mem, g + 1, _start(mem, g + 2))
                g += 1
        if count >= _ENTRIES:
            return -1
        g = count
        while g >= entry:
            _begin(mem, g + 1, _start(mem, g))
            mem[_SLOTS + g + 1] = mem[_SLOTS + g]
            g -= 1
        mem[_SLOTS + entry] = slot
        count += 1
    more = st[_K] + 2 - (_start(mem, entry + 1) - _start(mem, entry))
    if _start(mem, count) + more > _IMAGE_SIZE:
        st[_COUNT] = st[_G] = st[_FLOOR] = 0
        return -1
    _stretch(mem, entry, count, more)
    st[_COUNT] = count
    return entry


def _stretch(mem, entry, count, more) -> None:
    """Makes an entry longer by so many bytes, or shorter if they are less than 0."""
    i = _IMAGE + _start(mem, entry + 1)
    end = _IMAGE + _start(mem, count)
    if more > 0:
        while end > i:
            end -= 1
            mem[end + more] = mem[end]
    else:
        while i < end:
            mem[i + more] = mem[i]
            i += 1
    while entry < count:
        entry += 1
        _begin(mem, entry, _start(mem, entry) + more)


def _start(mem, entry) -> int:
    """Where an entry begins in the image, and the one before it ends."""
    at = _START + 2 * entry
    return mem[at] | mem[at + 1] << 8


def _begin(mem, entry, at) -> None:
    entry = _START + 2 * entry
    mem[entry] = at & 0xFF
    mem[entry + 1] = at >> 8


class Decoder:
    """Feeds a sink with groups and frames.

    The sink has
    - `stamps`: array("i") of two cells a slot, written here: the tick and the frame number of the
      last arrival of each slot;
    - `group(slot, text, fields, now) -> int`: a verified group. `slot` is the sink's own number
      when this place of the frame is known, else -1. `text` holds the group in 7 bits and `fields`
      its bounds (LABEL_END ... VALUE_END; HORODATE_END is 0 without horodate). Returns the slot
      when it accepts the value, -1 when it rejects it; either way the sink counts it;
    - `frame(complete, clean, number, times)`: a frame ended: whether from STX to ETX, whether no
      group of it was rejected, and the stamp of its groups; `times` is above 1 when so many in a
      row were the same, the last of which is `number`;
    - `counters`: Counters; damage is counted here;
    - `epoch`: a number that changes when the sink begins to give slots anew.

    `room`: where to put the next bytes, up to 256 of them, before decode().

    `image=False` hands every group to the sink, repeated or not.
    """

    def __init__(self, sink, image: bool = True):
        self._sink = sink
        self._stamps = sink.stamps
        self._counters = sink.counters
        self._on_frame = sink.frame
        self._cache = image
        self._state = array("i", bytes(4 * _CELLS))
        self._mem = bytearray(_MEMORY)
        self._text = bytearray(_LONGEST)
        self._fields = array("H", bytes(10))
        for byte in range(256):
            ones = 0
            for bit in range(8):
                ones += byte >> bit & 1
            self._mem[_TABLE + byte] = (byte & 0x7F) | (ones & 1) << 7
        # Four views, so that bytes can be read to the alignment at which they will be compared.
        view = memoryview(self._mem)
        self._rooms = tuple(view[_RX + k:_RX + k + CHUNK] for k in range(4))
        self.room = self._rooms[0]
        self._state[_NUMBER] = 1

    def parity(self):
        """True when bit 7 carries the parity and is checked, False when it does not, else None."""
        return (None, True, False)[self._state[_PARITY]]

    def cooked(self) -> int:
        """How many groups ended with LF: a terminal driver changes CR to LF (or CR was lost)."""
        return self._state[_COOKED]

    def reset(self) -> None:
        """The line was opened anew: forget the image, the parity and the running frame."""
        self.settle()
        st = self._state
        number = st[_NUMBER]
        for cell in range(_CELLS):
            st[cell] = 0
        st[_NUMBER] = number

    def feed(self, data, now: int) -> None:
        """Decodes any buffer of any length (tests and tools; a UART reads into room)."""
        data = memoryview(data)
        for at in range(0, len(data), CHUNK):
            piece = data[at:at + CHUNK]
            self.room[:len(piece)] = piece
            self.decode(len(piece), now)
        self.settle()

    def decode(self, n: int, now: int) -> None:
        """Decodes the n bytes (1..256) that were put into `room` at tick `now` (ms)."""
        st = self._state
        mem = self._mem
        stamps = self._stamps
        while True:
            code = _scan(n, now, self.room, st, mem, stamps)
            if code <= 3:
                break
            n = code >> _REPEATS
            if n:
                self._on_frame(True, True, st[_NUMBER] - 1, n)
                n = 0
            what = code >> _CODE & 7
            if what == _EMPTY:
                break
            if what > _CLOSED:
                self._end_frame(what == _FRAME and st[_STX])
                continue
            place = _examine(self._text, st, mem, stamps, self._fields)
            if place == _AGAIN:
                self._end_frame(False)
                place = _examine(self._text, st, mem, stamps, self._fields)
            if place != _DONE:
                self._differs(place, what == _CLOSED)
        self.room = self._rooms[code & 3]

    def _differs(self, place: int, closed: bool) -> None:
        """A verified group that is new, or whose value is: for the sink to judge."""
        st = self._state
        stamps = self._stamps
        if closed:
            st[_COOKED] += 1
        slot = self._mem[_SLOTS + place] if place >= 0 else -1
        slot = self._sink.group(slot, self._text, self._fields, st[_NOW])
        if slot < 0:
            st[_DAMAGE] += 1
            if place >= 0:
                st[_G] = st[_FLOOR] = place + 1
        elif place < 0 or not _take(place, slot, st, self._mem, stamps):
            self._learn(place, slot)
        st[_K] = 0

    def _learn(self, place: int, slot: int) -> None:
        """A new group, or one of another length."""
        st = self._state
        stamps = self._stamps
        st[_BUSY] = 1
        if st[_EPOCH] != self._sink.epoch:
            st[_EPOCH] = self._sink.epoch
            st[_COUNT] = st[_G] = st[_FLOOR] = 0
            place = -1
        if self._cache:
            place = _fit(st[_FLOOR] if place < 0 else place, slot, st, self._mem)
            if place >= 0 and _take(place, slot, st, self._mem, stamps):
                return
        stamps[2 * slot] = st[_NOW]
        stamps[2 * slot + 1] = st[_NUMBER]

    def _end_frame(self, complete) -> None:
        st = self._state
        clean = complete and not st[_DAMAGE]
        if clean:
            st[_SHORT] = st[_SHORT] + 1 if st[_PASSED] < st[_COUNT] else 0
            if st[_SHORT] == _GONE:
                st[_COUNT] = st[_SHORT] = 0
        number = st[_NUMBER]
        st[_NUMBER] = number + 1 & 0x3FFFFFFF
        st[_STX] = st[_BUSY] = st[_DAMAGE] = st[_PASSED] = st[_G] = st[_FLOOR] = 0
        self._on_frame(bool(complete), bool(clean), number, 1)

    def settle(self) -> None:
        """Hands on to the sink's counters what the loop counted by itself."""
        st = self._state
        counters = self._counters
        counters.add(count.BYTES, st[_BYTES])
        counters.add(count.GROUPS, st[_GOOD])
        counters.add(count.FORMAT, st[_CUT])
        counters.add(count.EOT, st[_EOTS])
        counters.add(count.OVERFLOW, st[_FULL])
        counters.add(count.PARITY, st[_BAD_PARITY])
        counters.add(count.CHECKSUM, st[_BAD_CHECKSUM])
        st[_BYTES] = st[_GOOD] = st[_CUT] = st[_EOTS] = st[_FULL] = 0
        st[_BAD_PARITY] = st[_BAD_CHECKSUM] = 0
