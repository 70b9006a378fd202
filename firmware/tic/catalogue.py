"""Every label of every mode: kind, alphabet, width, unit. Meanings are in web/labels.*.json.

The tables are modules of their own, labels_*.py, so that only what the meter at hand needs is in
memory. Each line of a table is `LABEL code unit`. The code is a letter for the kind, one for the
alphabet, the width in characters (`-17`: at most 17) and marks:

    kind      I index    P instantaneous    M maximum    R register    T text    A identity
    alphabet  d digits    h hexadecimal    c code    b capitals, digits, spaces    x text
              n signed decimal number    q number with its unit (of PME-PMI)    t date of PME-PMI
    marks     h horodated    ! part of the contract: a change is confirmed over several frames
              ^ sent only while an overload lasts    ~ sent once, so never held back
              % power of one phase, bounded by the subscription
"""

from micropython import const

UNKNOWN = const(0)
HISTORIQUE = const(1)
STANDARD = const(2)
PMEPMI = const(3)
MODES = ("unknown", "historique", "standard", "pmepmi")

# Kinds: the first letter of a code.
INDEX = const(0x49)  # I
INSTANT = const(0x50)  # P
MAXIMUM = const(0x4D)  # M
REGISTER = const(0x52)  # R
TEXT = const(0x54)  # T
IDENTITY = const(0x41)  # A

# Marks, as bits.
AT_MOST = const(1)
DATED = const(2)
CONTRACT = const(4)
OVERLOAD = const(8)
ONCE = const(16)
PHASE = const(32)
MARKS = b"-h!^~%"

_NAMES = (
    "firmware.tic.labels_historique",
    "firmware.tic.labels_standard",
    "firmware.tic.labels_pmepmi",
)
_tables = [b"", None, None, None]


def table(mode: int) -> bytes:
    """The lines of a mode; loaded when it is asked for first."""
    lines = _tables[mode]
    if lines is None:
        lines = _tables[mode] = __import__(_NAMES[mode - 1], None, None, ("TABLE",)).TABLE
    return lines


def find(mode: int, label: bytes) -> int:
    """Position of a label's code in table(mode), -1 when the mode has no such label."""
    at = table(mode).find(b"\n" + label + b" ")
    return at + len(label) + 2 if at >= 0 else -1


def mode_of(label: bytes, standard: bool, likely: int) -> int:
    """The mode that has this label, `likely` first; `standard`: the separators were HT."""
    if (likely == STANDARD) == standard and find(likely, label) >= 0:
        return likely
    if standard:
        return STANDARD if find(STANDARD, label) >= 0 else UNKNOWN
    if find(HISTORIQUE, label) >= 0:
        return HISTORIQUE
    # No Linky becomes a PME-PMI: what it does not know is not looked for there.
    return PMEPMI if likely != HISTORIQUE and find(PMEPMI, label) >= 0 else UNKNOWN
