"""Frames for the tests of tic, written by TIC.md alone and sharing nothing with the firmware."""

STX = b"\x02"
ETX = b"\x03"
EOT = b"\x04"


def group(*fields, sep=None) -> bytes:
    """LF label sep [horodate sep] value sep checksum CR. The separator is HT for standard labels;
    text fields may be str.
    """
    sep = sep or b"\t"
    fields = [f if isinstance(f, bytes) else f.encode() for f in fields]
    covered = sep.join(fields)
    if sep == b"\t":
        covered += sep
    total = 0
    for code in covered:
        total += code
    tail = b"" if sep == b"\t" else sep
    return b"\n" + covered + tail + bytes([(total & 0x3F) + 0x20]) + b"\r"


def his(label, value) -> bytes:
    """A group of historique or PME-PMI."""
    return group(label, value, sep=b" ")


def frame(*groups) -> bytes:
    return STX + b"".join(groups) + ETX


def parity(data: bytes) -> bytes:
    """The same as it looks to a UART in 8N1: bit 7 makes the number of ones even."""
    out = bytearray(data)
    for i in range(len(out)):
        ones = 0
        for bit in range(7):
            ones += out[i] >> bit & 1
        out[i] |= (ones & 1) << 7
    return bytes(out)


def historique(papp="00450", index="014460852", serial="031762120162", more=()) -> bytes:
    return frame(
        his("ADCO", serial),
        his("OPTARIF", "HC.."),
        his("ISOUSC", "30"),
        his("HCHC", index),
        his("HCHP", "012506372"),
        his("PTEC", "HP.."),  # its checksum is a space
        his("IINST", "002"),
        *[his(*item) for item in more],
        his("IMAX", "090"),
        his("PAPP", papp),
        his("HHPHC", "A"),
        his("MOTDETAT", "000000"),
    )


def standard(
    sinsts="00452", index="003971026", second=20, more=(), serial="022161988996"
) -> bytes:
    return frame(
        group("ADSC", serial),
        group("VTIC", "02"),
        group("DATE", f"H2401041457{second:02d}", ""),
        group("NGTF", "H PLEINE/CREUSE "),
        group("LTARF", " HEURE  PLEINE  "),
        group("EAST", index),
        group("EASD01", "000000000"),  # its checksum is a space
        group("IRMS1", "002"),
        group("URMS1", "236"),
        group("PREF", "06"),
        group("PCOUP", "06"),
        group("SINSTS", sinsts),
        group("SMAXSN", "H240104093412", "03112"),
        group("SMAXSN1-1", "H240103093412", "03112"),  # nine characters
        *[group(*item) for item in more],
        group("STGE", "9B3A9000"),
        group("MSG1", "     PAS DE          MESSAGE    "),
        group("PRM", "12590441986008"),
        group("RELAIS", "000"),
        group("NTARF", "02"),
        group(
            "PJOURF+1",
            "00008002 0200C001 08008002 0F00C001 11008002" + 6 * " NONUTILE",
        ),
    )
