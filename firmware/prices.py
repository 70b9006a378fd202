"""Prices as their owner writes them: "hc=0,1828 hp=0,2516", euros per kWh by key of the period.

Decimal comma or point, five decimals at most; between two pairs a space, a semicolon or a line
end. Keys are those of Meter.periods(), and "injected" for what injected energy earns. Kept as
integers, in 1/100000 euro.
"""

from micropython import const

_DECIMALS = const(5)
_LARGEST = const(6)  # digits before the comma
_KEY = const(8)  # characters


def amount(text) -> int:
    """An amount of euros in 1/100000 euro. ValueError if it is none."""
    euros, _, rest = text.strip().replace(",", ".").partition(".")
    digits = euros + rest
    if not digits.isdigit() or len(rest) > _DECIMALS or not 0 < len(euros) <= _LARGEST:
        raise ValueError(text)
    return int(digits) * 10 ** (_DECIMALS - len(rest))


def parse(text) -> dict:
    """{key: price in 1/100000 euro per kWh}. ValueError names the pair that is none."""
    prices = {}
    for pair in text.replace(";", " ").split():
        key, _, price = pair.partition("=")
        key = key.lower()
        if not 0 < len(key) <= _KEY or key in prices:
            raise ValueError(pair)
        try:
            prices[key] = amount(price)
        except ValueError:
            raise ValueError(pair)
    return prices
