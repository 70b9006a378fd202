"""Runs in MicroPython: the name server's parser, on packets made here from a seed.

argv: seed, number of packets. Prints how many were answered, refused and dropped; what is wrong
with an answer ends it.
"""

import random
import sys

from firmware.link.captive_dns import answer

_OURS = b"\xc0\xa8\x04\x01"
_RIGHT = (
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07captive\x05apple\x03com\x00\x00\x01\x00\x01",
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x01a\x00\x00\x1c\x00\x01"
    b"\x00\x00\x29\x10\x00\x00\x00\x80\x00\x00\x00",
)


def packet():
    """A right question with a few bytes damaged, cut or doubled; or nothing but chance."""
    if random.randrange(4):
        made = bytearray(random.choice(_RIGHT))
        for _ in range(random.randrange(5)):
            made[random.randrange(len(made))] = random.choice(
                (0, 1, 12, 63, 64, 128, 192, 255, random.getrandbits(8)))
        if not random.randrange(3):
            made = made[: random.randrange(len(made) + 1)]
        if not random.randrange(5):
            made += made
        return bytes(made)
    return bytes(random.getrandbits(8) for _ in range(random.randrange(120)))


def main(seed, count) -> None:
    random.seed(seed)
    answered = refused = dropped = 0
    for _ in range(count):
        query = packet()
        reply = answer(query, _OURS)
        if reply is None:
            dropped += 1
            continue
        code = reply[3] & 15
        right = reply[:2] == query[:2] and reply[2] & 0x80 and len(reply) <= len(query) + 16
        if code:
            refused += 1
            right = right and len(reply) == 12 and code in (1, 4)
        else:
            answered += 1
            size = len(reply) - 16 * reply[7]
            right = right and reply[12:size] == query[12:size] and reply[7] in (0, 1)
            right = right and (not reply[7] or reply[-4:] == _OURS)
        if not right:
            raise ValueError(f"{query.hex()} -> {reply.hex()}")
    print(answered, refused, dropped)


main(int(sys.argv[1]), int(sys.argv[2]))
