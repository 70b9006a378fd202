"""What happens when the simulated board gets power: boot.py, then main.py.

TICGATE_DNS_PORT: the port of the access point's name server, since 53 is not for everybody here.
"""

import os

from firmware import rarely


def _redirect(port, load):
    """load(), by which the name server comes with another port: it is loaded each time anew."""
    def redirected(name):
        module = load(name)
        if name == "link.captive_dns":
            module.PORT = port
        return module

    return redirected


if os.getenv("TICGATE_DNS_PORT"):
    rarely.load = _redirect(int(os.getenv("TICGATE_DNS_PORT")), rarely.load)

import boot  # noqa: E402, F401
import main  # noqa: E402, F401
