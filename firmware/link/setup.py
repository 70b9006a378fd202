"""When the access point opens, and the trial of a network that the owner asks for.

What stays in memory of the first contact; the rest is loaded while it is needed: access_point.py
and captive_dns.py while it is open, joining.py for a trial.
"""

import asyncio

from firmware.rarely import load


class Setup:
    """link: the Wifi; ap: network.WLAN of the access point; name: what that is called.

    settings: a dict with ap_after, ap_open, ap_password; config(): the settings, freshly loaded.
    `access_point`: the AccessPoint while it is open, else None; `asked`: set to have it opened;
    `trial`: {"state": idle, trying, joined or failed, "ssid", "words", "address"} of the network
    tried last, for the page to read when the owner's phone is back.
    """

    def __init__(self, link, ap, name, settings, config):
        self.link = link
        self.ap = ap
        self.name = name
        self.password = None if settings["ap_open"] else settings["ap_password"]
        self.config = config
        self.access_point = None
        self.asked = False
        self.trial = {"state": "idle"}
        self._after = settings["ap_after"] * 60

    async def run(self) -> None:
        """Open the access point when it is needed: at once if no network is known, after ap_after
        minutes without one, and when asked. ap_after 0: only when asked.
        """
        away = 0  # s
        while True:
            away = 0 if self.link.up.is_set() else away + 1
            if self.asked or (self._after and (away >= self._after or not self.link.ssid)):
                try:
                    self.access_point = load("link.access_point").AccessPoint(self)
                    await self.access_point.run()
                finally:
                    self.access_point = None
                    self.asked = False
                away = 0
            await asyncio.sleep(1)

    def open(self) -> None:
        """Have the access point opened, or kept open for some more minutes."""
        self.asked = True

    def join(self, ssid, password="", **fixed) -> None:
        """Begin to try a network; what comes of it is in `trial`.

        fixed: address, netmask, router, dns; those that are not given are empty. ValueError in
        words if one of all these cannot be, OSError if a trial is going on.
        """
        load("link.joining").begin(self, ssid, password, fixed)
