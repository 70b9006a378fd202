"""The access point's name server for the service test, run by MicroPython: argv[1] is its port.

It says "ready" when the port is open, and ends with its input.
"""

import asyncio
import select
import sys

from firmware.link import captive_dns


async def main() -> None:
    captive_dns.PORT = int(sys.argv[1])
    server = captive_dns.CaptiveDns("127.0.0.1")
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN | select.POLLHUP)
    print("ready")
    while not poll.poll(0):
        server.poll()
        await asyncio.sleep_ms(2)
    server.close()


asyncio.run(main())
