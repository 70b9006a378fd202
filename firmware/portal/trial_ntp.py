"""The test of the time server."""

from firmware.rarely import load


async def attempt(gateway, config, deadline):
    """Ask it for the time."""
    host = config.get("ntp_host")
    if not host:
        raise OSError("no time server is set")
    from firmware.link.ntp import Ntp  # in memory if there is a network

    ntp = Ntp(None, host, gateway.find)
    return f"the server answers, after {await load('link.sntp').ask(ntp)} ms"
