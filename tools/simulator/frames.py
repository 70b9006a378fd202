"""Groups to bytes: separators, the two checksums, STX and ETX (seven-bit, no parity).

Enedis-NOI-CPT_54E 5.3 (standard) and ERDF-NOI-CPT_02E (historique, PME-PMI).
"""

import functools

STX, ETX, EOT = 2, 3, 4
SP, HT = b" ", b"\t"


def checksum(covered: bytes) -> int:
    """The control character of the bytes it covers: 0x20..0x5F."""
    return (sum(covered) & 0x3F) + 0x20


@functools.lru_cache(maxsize=65536)
def group(label: str, horodate: str, data: str, standard: bool) -> bytes:
    """One group from its LF to its CR.  `horodate` is None where the label has none."""
    if standard:
        fields = [label, data] if horodate is None else [label, horodate, data]
        body = "\t".join(fields).encode("ascii") + HT
        return b"\n" + body + bytes((checksum(body), 13))
    body = f"{label} {data}".encode("ascii")
    return b"\n" + body + SP + bytes((checksum(body), 13))


def encode(frame: list, standard: bool) -> bytes:
    """A frame, list of (label, horodate or None, data), from STX to ETX."""
    return b"\x02" + b"".join([group(*fields, standard) for fields in frame]) + b"\x03"
