"""Who made the meter, when, and what it is: the serial number, taken apart.

12 digits: maker 2, year 2, type 2, number 6 (Euridis list CCTTV304A v3.04; the types of Linky from
Enedis-NOI-CPT_54E). Of a number whose first six digits were changed, as in many published logs,
this says what can be and leaves the rest out. Loaded for a moment, when the serial number is new.
"""

_MAKERS = "01crouzet 02sagemcom 03itron 04landis_gyr 05sauter 06itron 07maec 08enerdis "
_TYPES = (
    "60linky_mono_60_g1 61linky_mono_60_g3 62linky_mono_90_g1 63linky_tri_60_g1 "
    "64linky_mono_60_g3 65linky_mono_90_g3 67linky_mono_90_pilot 68linky_tri_60_pilot "
    "70linky_mono_60_g3 71linky_tri_60_g3 75linky_mono_90_g3 76linky_tri_60_g3 07ice 10cje "
    "34ice_4q 36pmepmi 09blue_tri 26blue_tri 30blue_tri "
)


def describe(serial) -> tuple:
    """(maker's key, year, key of the type), None for what it can not be."""
    two = int(serial[2:4])
    year = 2000 + two if two < 50 else 1900 + two if two >= 90 else None
    return _word(_MAKERS, serial[0:2]), year, _word(_TYPES, serial[4:6])


def _word(words, code):
    """The word that stands behind a code of two digits."""
    at = words.find(str(code, "ascii"))
    # The digits inside a word are followed by a space or by _, never by a letter.
    while at >= 0 and not "a" <= words[at + 2] <= "z":
        at = words.find(str(code, "ascii"), at + 1)
    return words[at + 2:words.find(" ", at)] if at >= 0 else None
