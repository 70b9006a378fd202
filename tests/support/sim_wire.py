"""The ten-bit wire once more, as plainly as it can be said: a list of levels, one for each bit."""


def levels(octets: bytes, idle: int = 0) -> list:
    """Start 0, eight bits LSB first, stop 1 for each byte, then `idle` bits of rest."""
    out = []
    for octet in octets:
        out.append(0)
        out.extend(octet >> n & 1 for n in range(8))
        out.append(1)
    return out + [1] * idle


def listen(line: list, step: float = 1.0) -> bytes:
    """What an 8N1 receiver hands over whose bit lasts `step` of the line's: falling edge, samples
    in the middle of its bits, and after a wrong stop bit nothing before the line is high."""
    out, at = bytearray(), 0
    while True:
        while at < len(line) and line[at] == 1:
            at += 1
        if int(at + 9.5 * step) >= len(line):
            return bytes(out)
        samples = [line[int(at + (n + 0.5) * step)] for n in range(10)]
        if samples[0]:
            at += 1
            continue
        out.append(sum(bit << n for n, bit in enumerate(samples[1:9])))
        at = int(at + 9.5 * step)
        while at < len(line) and line[at] == 0:
            at += 1
