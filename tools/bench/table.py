"""The figures as Markdown."""

from tools.bench import streams

# Instructions a byte of other decoders, measured in the same way (RV32 in QEMU, the same kinds of
# frames, nothing changes from frame to frame); none of them checks the parity.
PEERS = (
    ("C written by hand, one pass", (29, 29), (30, 32)),
    ("the best C++ decoder of a home automation system", (75, 77), (75, 78)),
    ("the C++ library that everybody uses", (178, 201), (172, 183)),
)

# What the heap at rest is made of.
PARTS = (
    ("code", "code of the modules"),
    ("names", "table of their names"),
    ("objects", "objects made at start"),
    ("rest of it", "tasks, connection, whatever else"),
)

# What the heap is measured with, while the pages are used; and the peaks of gateway.pages().
STATES = (
    ("pages", "as it comes (pages, Wi-Fi, model)"),
    ("everything", "everything on (MQTT over TLS, Home Assistant, InfluxDB)"),
)
_PEAKS = "peak", "crowd", "login", "update"


def rows(head: list, lines: list) -> str:
    """A Markdown table; all columns but the first are figures."""
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in (head, marks, *lines))


def figures(decoding: dict, memory: dict, pace: dict, threshold: int) -> str:
    """The table of everything that depends on the meter.

    memory[meter]: what gateway.memory() found, and bytes of each of PARTS and of "native" code.
    """
    meters = list(decoding)

    def line(words: str, cell) -> list:
        return [words, *(cell(meter) for meter in meters)]

    def heap(found: dict, state: str, part: str) -> int:
        if part == "most":
            return max(found[state][peak] for peak in _PEAKS) + found["native"]
        return found[state][part]

    lines = [
        line(words, lambda m, case=case: _instructions(decoding[m][case]))
        for words, case in (
            ("**instructions a byte** (a frame): decoder, frames repeat", "repeated"),
            ("decoder, frames of the simulated house", "changed"),
            ("decoder, frames repeat, 1 bit in 1000 wrong", "noise"),
            ("decoder, frames of the house, 1 bit in 1000 wrong", "noise, changed"),
            ("decoder, first frame", "first"),
            ("decoder and store, frames repeat", "repeated, stored"),
            ("decoder and store, frames of the house", "changed, stored"),
            ("the same, read every 50 ms instead of 256 bytes at a time", "polled"),
            ("decoder and store, first frame", "first, stored"),
        )
    ]
    lines += [line(name, lambda m, peer=peer: _peer(peer, m, decoding))
              for name, *peer in PEERS]
    lines += [
        line("**heap**, bytes a repeated frame: decoder and store",
             lambda m: f"{decoding[m]['heap, repeated']['per_frame']:.0f}"),
        line("bytes a frame of the house: decoder and store",
             lambda m: f"{decoding[m]['heap, changed']['per_frame']:.0f}"),
        line("garbage a frame of the house: reader and MQTT",
             lambda m: _bytes(memory[m]["garbage"])),
        line("reader and MQTT at rest, 32-bit port", lambda m: _bytes(memory[m]["rest"])),
        *(line(f"of it: {words}", lambda m, part=part: _bytes(memory[m][part]))
          for part, words in PARTS),
        line("at rest with native code, as on the ESP32-C6", lambda m: _bytes(
            memory[m]["rest"] + memory[m]["native"])),
        line(f"peak in {memory[meters[0]]['seconds']:.0f} s, 32-bit port "
             f"(garbage is collected every {threshold} bytes)",
             lambda m: _bytes(memory[m]["peak"])),
        line("with the model, history and alerts, at rest", lambda m: _bytes(memory[m]["books"])),
        line("of it: their share, without the clock", lambda m: _bytes(memory[m]["share"])),
        *(line(words, lambda m, state=state, part=part: _bytes(heap(memory[m], state, part)))
          for state, head in STATES for words, part in (
            (f"{head}, at rest", "rest"),
            ("the pages open, at rest", "open"),
            ("peak: a live page, and a client downloads everything", "peak"),
            ("peak: six clients at once", "crowd"),
            ("peak: the owner chooses a password, beside a live page", "login"),
            ("peak: a signed update comes, beside a live page", "update"),
            ("the highest of these with native code, as on the ESP32-C6", "most"),
            ("names in memory then", "names"))),
        line("**ms** from ETX to the end of `frame` at the broker, median (maximum) of "
             f"{pace[meters[0]]['frames']}",
             lambda m: f"{pace[m]['median']:.0f} ({pace[m]['maximum']:.0f})"),
        line("to the end of the last `label/...`",
             lambda m: f"{pace[m]['last median']:.0f} ({pace[m]['last maximum']:.0f})"),
        line("longest stall of the loop on this PC, ms", lambda m: f"{pace[m]['stall']:.1f}"),
    ]
    return rows(["", *meters], lines)


def links(stalls: dict, connected: dict) -> str:
    """The tables of the way to the broker: what links.stall() and links.connecting() found."""
    head = ["while the meter plays, and MQTT", "longest stall of the loop, ms", "TIC bytes lost"]
    mute = [[case, f"{one['stall']:.1f}", one["lost"]] for case, one in stalls.items()]
    words = {"plain": "plain", "fingerprint": "TLS, with a fingerprint",
             "authority": "TLS, with an authority"}
    heap = [[words[kind], _bytes(one["rest"]), _bytes(one["peak"])]
            for kind, one in connected.items()]
    heads = ["reader and MQTT, 32-bit port", "heap at rest", "peak while it connects again"]
    return rows(head, mute) + "\n\n" + rows(heads, heap)


def modules(sizes: dict, heap: dict, native: dict, resident: set) -> str:
    """The table of modules, the largest on the board's heap first; a star: not `resident`."""
    ours = sorted(sizes, key=lambda name: -heap[name] - native[name])
    lines = [
        [f"{name}{'' if name in resident else ' *'}",
         *map(_bytes, (sizes[name], heap[name], native[name]))]
        for name in ours
    ]
    total = [sum(part[name] for name in ours) for part in (sizes, heap, native)]
    lines.append(["all", *map(_bytes, total)])
    return rows(["module", ".mpy", "heap, 32-bit port", "native code"], lines)


def _bytes(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def _instructions(cost: dict) -> str:
    digits = 1 if cost["per_byte"] < 100 else 0
    return f"{cost['per_byte']:.{digits}f} ({cost['per_frame'] / 1000:.0f} k)"


def _peer(peer: tuple, meter: str, decoding: dict) -> str:
    low, high = peer[0 if streams.METERS[meter][0] == "standard" else 1]
    ours = decoding[meter]["repeated"]["per_byte"]
    middle = (low + high) / 2
    return f"{low}{f'-{high}' if high > low else ''} (x {middle / ours:.1f})"
