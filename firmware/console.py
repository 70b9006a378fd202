"""The console on USB: lines for commands.py, and the packets of Improv between them.

Improv's packets hold 0x03, which is Ctrl-C elsewhere. So the system is told to leave it alone, and
outside of a packet it stops the gateway here, as it always did. Loaded (rarely.py) when something
was typed: while nobody types, gateway.py has a look once a second, and that is all.
"""

import asyncio
import sys
from time import ticks_diff, ticks_ms

from micropython import const

from firmware.rarely import load

_HEAD = b"IMPROV\x01"
_WHOLE = const(1000)  # ms for a packet to arrive
_LONGEST = const(600)  # bytes of a line
_CTRL_C = const(3)


def start(gateway, keys) -> None:
    """Somebody types: see to it. A terminal of Linux shows what is typed, one on USB does not."""
    reader, write = asyncio.StreamReader(sys.stdin.buffer), sys.stdout.buffer.write
    asyncio.create_task(listen(gateway, keys, reader, write, sys.platform != "linux"))


async def listen(gateway, keys, reader, write, echo) -> None:
    """Do what is typed, until nothing more is there. KeyboardInterrupt: the gateway is to stop.

    keys.poll(0): whether there is more; reader.read(1) as of asyncio; write(bytes) answers; echo:
    whether to repeat what is typed. At the end gateway.keys is keys: it is looked at again.
    """
    try:
        while await _line(gateway, reader, write, echo):
            if not keys.poll(0):
                gateway.keys = keys
                return
        # Nobody is there, and never will be.
    except Exception as error:
        sys.print_exception(error)
        gateway.keys = keys


async def _line(gateway, reader, write, echo):
    """Read until something is to be done, and do it. False when there is nobody to read from."""
    said, began = bytearray(), None  # began: the tick at which a packet did
    while True:
        typed = await reader.read(1)
        if not typed:
            return False
        if began is not None and ticks_diff(ticks_ms(), began) > _WHOLE:
            said, began = bytearray(), None
        said.extend(typed)
        code, n = typed[0], len(said)
        if began is not None:
            if n > 9 and n == said[8] + 10:
                await load("link.provisioning").answer(gateway, said, write)
                return True
        elif said[-7:] == _HEAD:
            said, began = said[-7:], ticks_ms()
        elif code == _CTRL_C:
            raise KeyboardInterrupt
        elif code in b"\r\n":
            if echo:
                write(b"\r\n")
            if n > 1:
                await load("commands").run(gateway, said[:-1])
            return True
        elif code in b"\b\x7f":
            if echo and n > 1:
                write(b"\b \b")
            said = said[:-2]
        elif n > _LONGEST:
            return True
        elif echo:
            write(typed)
