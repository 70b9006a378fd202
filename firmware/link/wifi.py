"""Joins the configured Wi-Fi network and stays in it. One attempt: attempt.py, loaded for it."""

import asyncio

from micropython import const

from firmware.rarely import load

_LOOK = const(500)  # ms between two looks at the radio
_LEASE = const(40)  # looks between two at the address: the radio is "connected" without it too


class Wifi:
    """The station side of the radio; wlan is a network.WLAN, or a stand-in.

    settings: a dict with wifi_ssid, wifi_password, wifi_power, address, netmask, router, dns.
    `error`: why it did not work the last time, in words; `found`: the networks that were seen
    last (scanning.py), None if nobody asked; `owner`: who else uses the radio now (joining.py),
    run() then keeps off it; `shared`: the access point is open, on the same radio; `wired`: it is
    a cable (ethernet.py).
    """

    wired = False

    def __init__(self, wlan, settings):
        self.up = asyncio.Event()
        self.wlan = wlan
        self.ssid = settings["wifi_ssid"]
        self.password = settings["wifi_password"]
        self.power = settings["wifi_power"]
        self.fixed = tuple(settings[key] for key in ("address", "netmask", "router", "dns"))
        self.error = ""
        self.found = self.owner = None
        self.shared = self.trying = self.ready = False

    async def run(self) -> None:
        """Join, then stay until the network is lost. OSError says in words why it did not work.

        The caller tries again, after a pause. Without a network to join it waits for one.
        """
        while True:
            if self.owner or not self.ssid:
                await asyncio.sleep_ms(_LOOK)
                continue
            try:
                if not self.ready:  # ready: joining.py has joined it already
                    await self._join()
                if self.ready:
                    self.error = ""
                    await self._stay()
            except OSError as error:
                self.error = str(error)
                raise

    async def _join(self):
        """One attempt. A coroutine of its own: run() would keep its module as long as it runs."""
        attempt = load("link.attempt").join
        self.ready = await attempt(self, self.ssid, self.password, self.fixed)

    async def _stay(self):
        """Until the network is lost, or somebody else wants the radio."""
        looks = 0
        try:
            self.up.set()
            while self.wlan.isconnected():
                if self.owner:
                    return
                await asyncio.sleep_ms(_LOOK)
                looks += 1
                if not looks % _LEASE and self.wlan.ifconfig()[0] == "0.0.0.0":
                    raise OSError("address lost")
            raise OSError("network lost")
        finally:
            self.ready = False
            self.up.clear()

    def status(self) -> dict:
        """{"link", "state": up or down, and while up "address" and "rssi" in dBm}."""
        status = {"link": "wifi", "state": "down"}
        if self.up.is_set():
            status["state"] = "up"
            status["address"] = self.wlan.ifconfig()[0]
            try:
                status["rssi"] = self.wlan.status("rssi")
            except OSError:
                pass  # the radio left the network a moment ago
        return status
