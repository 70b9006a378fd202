"""What happens when the simulated board gets power: boot.py, then main.py.

TICGATE_DNS_PORT: the port of the access point's name server, since 53 is not for everybody here.
TICGATE_MINUTE: seconds that a minute of a new version's trial lasts.
"""

import os

import boot  # noqa: F401  the firmware is found only after it


def _redirect(port, load):
    """load(), by which the name server comes with another port: it is loaded each time anew."""
    def redirected(name):
        module = load(name)
        if name == "link.captive_dns":
            module.PORT = port
        return module

    return redirected


def _prepare():
    """Before main.py: unless the application cannot be loaded, which is for main.py to find."""
    try:
        from firmware import rarely
    except Exception:
        return
    if os.getenv("TICGATE_MINUTE"):
        from firmware import proving

        proving.MINUTE = int(os.getenv("TICGATE_MINUTE"))
    if os.getenv("TICGATE_DNS_PORT"):
        rarely.load = _redirect(int(os.getenv("TICGATE_DNS_PORT")), rarely.load)


_prepare()

import main  # noqa: E402, F401
