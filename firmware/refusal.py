"""What is wrong with a setting, in words. Imported only when something is: words cost memory."""

_EXAMPLES = {
    "address": "an address such as 192.0.2.7",
    "amount": "euros, such as 15,53",
    "fingerprint": "the SHA-256 of a certificate, 64 hexadecimal digits",
    "prices": "euros per kWh by period, such as hc=0,1828 hp=0,2516 injected=0,1269",
    "tags": "tags such as floor=2,house=lyon (not device, site, period, time)",
    "url": "an address such as http://192.0.2.7:8086",
    "rule": "relay_1 to relay_8, period_<key> and spare, joined by + (and) or , (or)",
}


def of_key(key, keys) -> str:
    """The message for a key that is none of keys."""
    near = _nearest(key, keys) if isinstance(key, str) and len(key) < 24 else ""
    hint = f", did you mean {near}?" if near else ""
    return f"{_shown(key)}: no such setting{hint}"


def of_value(key, value, kind, allowed, default, others) -> str:
    """The message for a value that is not allowed; the value of a secret is not in it.

    kind, allowed and default are those of the setting; others the characters that its kind allows
    beside letters and digits, None if it allows all.
    """
    given = "the value given (secret)" if kind == "secret" else _shown(value)
    if kind in ("bool", "choice"):
        words = allowed.replace("|", ", ")
    else:
        low, high = allowed.split("..")
        if kind == "int":
            words = f"a whole number from {low} to {high}"
        else:
            what = "an MQTT topic" if kind == "topic" else "text"
            if kind in _EXAMPLES:
                what = _EXAMPLES[kind]
            elif others:
                what = f"letters, digits and {others}"
            words = f"{what}, {low} to {high} bytes" + ("" if default else ", or nothing")
    return f"{key}: {given} is not allowed, only {words}"


def _shown(value) -> str:
    """A value that came from outside, short enough for a message."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _nearest(key, keys) -> str:
    """The key at most two letters (put in, left out or changed) away, "" if there is none."""
    best, least = "", min(3, len(key) // 2)
    for other in keys:
        row = list(range(len(other) + 1))
        for i, letter in enumerate(key, 1):
            corner, row[0] = row[0], i
            for j in range(len(other)):
                change = corner + (letter != other[j])
                corner = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, corner + 1)
        if row[-1] < least:
            best, least = other, row[-1]
    return best
