"""A second reading of TIC, written for the tests from the documents and sharing no firmware code.

It is slow, holds a whole recording in memory and explains itself; the firmware is none of that.
read() does the framing and the checksum, which is what `RAW=1 make decode` does; sieve() then
applies the tables of the documents, as simply as they can be written down.

The rules of read(), with what the documents leave open decided here:
- a group stands between LF and CR. One of the two may be damaged or lost: a group that follows a
  CR or STX directly, or that ends at the next LF, counts when all else is right. (So does every
  group of a source whose CR a terminal turned into LF, called "cooked".)
- STX, ETX or EOT before the end of a group: the group is cut, and counted as such;
- nothing at all between two control characters is nothing;
- a group whose last separator is HT is a standard one, and its sum includes that separator; else
  the separator is a space, which the sum leaves out (historique, PME-PMI);
- characters of 0x20 to 0x7E and separators only: anything else makes the group malformed;
- a frame begins at STX and ends at ETX, EOT or the next STX, and is none when nothing was in it.
  It is complete when it had its STX and its ETX, else cut;
- bit 7 is the even parity when hardly a byte of the source contradicts it, and then asked of
  every byte of a group. Otherwise it was stripped, and a byte that has it set is malformed.
"""

import collections
import datetime
import re

STX, ETX, EOT, LF, CR = b"\x02", b"\x03", b"\x04", b"\n", b"\r"
_ODD = bytes(bin(byte).count("1") & 1 for byte in range(256))
_STRIP = bytes(byte & 0x7F for byte in range(256))
_NEVER = bytes(byte for byte in range(256) if not 0x20 <= byte & 0x7F < 0x7F and byte != 9)

Group = collections.namedtuple("Group", "label horodate value")


class Frame:
    """The good groups of one frame in their order, and whether it was whole."""

    def __init__(self, began: bool = False):
        self.groups = []
        self.began = began
        self.complete = False
        self.empty = True


class Reading:
    """Frames, number of events by cause, and what was learnt of the source.

    counters: groups (good ones), parity, format, checksum, cut, eot, frames, frames_cut. Of those
    that are no group, unclosed counts once more the ones without a CR, unopened those without LF.
    rejected: (cause, bytes) of each piece that is no group.
    """

    def __init__(self):
        self.frames = []
        self.counters = collections.Counter()
        self.cooked = False
        self.parity = False
        self.rejected = []

    @property
    def groups(self) -> list:
        """Every good group of the recording in order of arrival."""
        return [group for frame in self.frames for group in frame.groups]


def carries_parity(data: bytes) -> bool:
    """True when bit 7 is the even parity: nearly every byte has an even number of ones.

    In a source stripped to seven bits about half the bytes have an odd one.
    """
    return bool(data) and sum(_ODD[byte] for byte in data) < len(data) / 5


def read(data: bytes) -> Reading:
    """Framing and checksum of a whole recording."""
    reading = Reading()
    reading.parity = carries_parity(data)
    plain = data.translate(_STRIP) if reading.parity else data
    reading.cooked = CR not in plain and LF in plain
    frame = Frame()
    before, start = b"", 0
    for place in re.finditer(rb"[\x02\x03\x04\n\r]", plain):
        at, mark = place.start(), place.group()
        if at > start and before in (LF, CR, STX):
            odd = reading.parity and any(_ODD[byte] for byte in data[start:at])
            _piece(reading, frame, before, plain[start:at], mark, odd)
        if mark in (STX, ETX, EOT):
            reading.counters["eot"] += mark == EOT
            _close(reading, frame, mark)
            frame = Frame(mark == STX)
        before, start = mark, at + 1
    _close(reading, frame, b"")
    return reading


def _close(reading, frame, mark):
    """End of a frame that was one."""
    if not frame.empty:
        frame.complete = frame.began and mark == ETX
        reading.counters["frames" if frame.complete else "frames_cut"] += 1
        reading.frames.append(frame)


def _piece(reading, frame, before, text, mark, odd):
    """Judge what stands between two control characters, `before` and `mark`."""
    if before != LF:
        text = text.lstrip(_NEVER).removeprefix(b"\t")  # what was LF, perhaps
    if not text or mark not in (CR, LF) and before != LF:
        return
    group, cause = parse(text)
    if mark not in (CR, LF):
        cause = "cut"
    elif odd:
        cause = "parity"
    frame.empty = False
    if cause:
        reading.counters[cause] += 1
        reading.counters["unopened"] += before != LF
        reading.counters["unclosed"] += before == mark == LF and not reading.cooked
        reading.rejected.append((cause, text))
    else:
        reading.counters["groups"] += 1
        frame.groups.append(group)


def parse(text: bytes) -> tuple:
    """(Group, None) of what stands between LF and CR, or (None, "format" or "checksum")."""
    standard = text[-2:-1] == b"\t"
    allowed = rb"[\t\x20-\x7e]{4,}" if standard else rb"[\x20-\x7e]{4,}"
    if not re.fullmatch(allowed, text):
        return None, "format"
    body, check = (text[:-1] if standard else text[:-2]), text[-1]
    fields = text[:-2].split(b"\t") if standard else text[:-2].split(b" ", 1)
    if text[-2] not in b"\t " or not fields[0] or len(fields) not in (2, 3):
        return None, "format"
    if (sum(body) & 0x3F) + 0x20 != check:
        return None, "checksum"
    fields = [field.decode("ascii") for field in fields]
    return Group(fields[0], fields[1] if len(fields) == 3 else None, fields[-1]), None


# The tables of 02E v4 (historique, PME-PMI) and 54E v3 (standard): labels, whether a horodate
# goes with them, the form of the value. Where one width only is right it is the third field.
_TABLE = (
    ("ADCO ADSC ADS", False, 12, r"\d+"),
    ("OPTARIF", False, 4, r"BASE|HC\.\.|EJP\.|BBR[(-?]"),
    ("ISOUSC", False, 2, r"\d+"),
    ("BASE HCHC HCHP EJPHN EJPHPM", False, 9, r"\d+"),
    ("BBRHCJB BBRHPJB BBRHCJW BBRHPJW BBRHCJR BBRHPJR", False, 9, r"\d+"),
    ("PEJP", False, 2, r"\d+"),
    ("PTEC", False, 4, r"(TH|HC|HP|HN|PM)\.\.|H[CP]J[BWR]"),
    ("DEMAIN", False, 4, r"----|BLEU|BLAN|ROUG"),
    ("IINST IINST1 IINST2 IINST3 ADPS ADIR1 ADIR2 ADIR3", False, 3, r"\d+"),
    ("IMAX IMAX1 IMAX2 IMAX3", False, 3, r"\d+"),
    ("PAPP PMAX", False, 5, r"\d+"),
    ("HHPHC", False, 1, r"[ACDEY]"),
    ("MOTDETAT", False, 6, r"[0-9A-F]+"),
    ("PPOT", False, 2, r"[0-9A-F]+"),
    ("VTIC PREF PCOUP NTARF NJOURF NJOURF+1", False, 2, r"\d+"),
    ("DATE", True, 0, r""),
    ("NGTF LTARF MSG2", False, 16, r"[ -_a-~]+"),
    ("MSG1", False, 32, r"[ -_a-~]+"),
    ("EAST EAIT ERQ1 ERQ2 ERQ3 ERQ4 EASD01 EASD02 EASD03 EASD04", False, 9, r"\d+"),
    ("EASF01 EASF02 EASF03 EASF04 EASF05", False, 9, r"\d+"),
    ("EASF06 EASF07 EASF08 EASF09 EASF10", False, 9, r"\d+"),
    ("IRMS1 IRMS2 IRMS3 URMS1 URMS2 URMS3 RELAIS", False, 3, r"\d+"),
    ("SINSTS SINSTS1 SINSTS2 SINSTS3 SINSTI SINST1", False, 5, r"\d+"),
    ("SMAXSN SMAXSN1 SMAXSN2 SMAXSN3 SMAXN SMAXIN", True, 5, r"\d+"),
    ("SMAXSN-1 SMAXSN1-1 SMAXSN2-1 SMAXSN3-1 SMAXN-1 SMAXIN-1", True, 5, r"\d+"),
    ("CCASN CCASN-1 CCAIN CCAIN-1", True, 5, r"\d+"),
    ("UMOY1 UMOY2 UMOY3", True, 3, r"\d+"),
    ("STGE", False, 8, r"[0-9A-F]+"),
    ("DPM1 FPM1 DPM2 FPM2 DPM3 FPM3", True, 2, r"\d+"),
    ("PRM", False, 14, r"\d+"),
    ("PJOURF+1 PPOINTE", False, 98, r"(([0-9A-F]{8}|NONUTILE)( |$)){11}"),
    ("MESURES1 MESURES2 MODE PREAVIS TRAME", False, None, r"[A-Z0-9 ]+"),
    ("PREAVIS1 PREAVIS2 ETATDYN1 ETATDYN2", False, None, r"[A-Z0-9 -]+"),
    ("TDYN1CD TDYN1CF TDYN1FD TDYN1FF", False, None, r"[0-9/]{8} [0-9:]{8}-[A-Z]+"),
    ("TDYN2CD TDYN2CF TDYN2FD TDYN2FF", False, None, r"[0-9/]{8} [0-9:]{8}-[A-Z]+"),
    ("TARIFDYN", False, None, r"ACTIF|INACTIF"),
    ("CONFIG", False, None, r"CONSO|PROD"),
    ("PTCOUR1 PTCOUR2", False, None, r"P|M|JA|H[HPCD]|[HP][PC][HED]|HC[HED]"),
    ("DATE DATEPA1 DATEPA2 DATEPA3 DATEPA4 DATEPA5 DATEPA6", False, None, "date"),
    ("DebP DebP-1 FinP-1 DebP_2 DebP-1_2 FinP-1_2", False, None, "date"),
    ("EA_s EA_i", False, None, r"\d+Wh"),
    ("ER+_s ER-_s ER+_i ER-_i", False, None, r"\d+varh"),
    ("EAPP_s EAPP_i", False, None, r"\d+VAh"),
    ("PA1_s PA2_s PA3_s PA4_s PA5_s PA6_s PA1MN", False, None, r"\d+T?kW"),
    ("PA1_i PA2_i PA3_i PA4_i PA5_i PA6_i", False, None, r"\d+T?kW"),
    ("EAP_s EAP_i EAP-1_s EAP-1_i EAP_s2 EAP-1_s2", False, None, r"\d+kWh"),
    ("EaP_s EaP_i EaP-1_s EaP-1_i EaP_s2 EaP-1_s2", False, None, r"\d+kWh"),
    ("ER+P_s ER-P_s ER+P_i ER-P_i", False, None, r"\d+kvarh"),
    ("ER+P-1_s ER-P-1_s ER+P-1_i ER-P-1_i", False, None, r"\d+kvarh"),
    ("PS PMAX_s PMAX_i", False, None, r"\d+k(W|VA)"),
    ("TGPHI_s TGPHI_i", False, None, r"-?\d+[.,]\d+"),
)
TABLE = {}
for _labels, _horodated, _width, _form in _TABLE:
    for _label in _labels.split():
        TABLE.setdefault(_label, []).append((_horodated, _width, _form))

_INDEXES = re.compile(r"BASE|HC..|EJPHP?N?M?|BBR.*|EA[A-Za-z+-].*|E[Aa]P.*|ER[Q+-].*")
_SINCE_MARK = re.compile(r"(EA|ER[+-]|EAPP)_[si]")  # these begin again every ten minutes


def judge(group: Group) -> str:
    """"" when the tables allow the group by itself, else unknown_label, width or alphabet."""
    causes = set()
    for horodated, width, form in TABLE.get(group.label, ()):
        if horodated != (group.horodate is not None) or horodated and not _time(group.horodate):
            causes.add("alphabet")
        elif width is not None and len(group.value) != width:
            causes.add("width")
        elif form == "date":
            if _date(group.value, "%d/%m/%y %H:%M:%S"):
                return ""
            causes.add("alphabet")
        elif not re.fullmatch(form, group.value):
            causes.add("alphabet")
        else:
            return ""
    return min(causes, default="unknown_label")


def _time(horodate):
    return horodate[:1] in tuple("HEhe ") and _date(horodate[1:], "%y%m%d%H%M%S")


def _date(text, form):
    try:
        # strptime is lax about the number of digits: writing it again is the check of the width.
        return datetime.datetime.strptime(text, form).strftime(form) == text
    except ValueError:
        return False


def suspects(reading: Reading) -> dict:
    """What hindsight finds doubtful among the groups that judge() allows: {position: why}.

    Positions are those of reading.groups. An index is doubtful when the one before is higher or
    the one after is lower; a serial number when it is not the usual one of the recording; a phase
    power when it passes any house connection. A gateway that decides as the groups arrive may
    refuse these and no others.
    """
    found = {}
    by_label = collections.defaultdict(list)
    for position, group in enumerate(reading.groups):
        if not judge(group):
            by_label[group.label].append((position, group.value))
    for label, samples in by_label.items():
        if _INDEXES.fullmatch(label) and not _SINCE_MARK.fullmatch(label):
            numbers = [int(re.match(r"\d+", value).group()) for _, value in samples]
            for i, (position, _) in enumerate(samples):
                before = numbers[i - 1] if i else numbers[i]
                after = numbers[i + 1] if i + 1 < len(numbers) else numbers[i]
                if before > numbers[i] or numbers[i] > after:
                    found[position] = "index"
        elif label in ("ADCO", "ADSC", "ADS", "PRM"):
            usual = collections.Counter(value for _, value in samples).most_common(1)[0][0]
            found.update((position, "identity") for position, value in samples if value != usual)
        elif re.fullmatch(r"SINSTS[123]", label):
            found.update((position, "power") for position, value in samples if value > "30000")
    return found
