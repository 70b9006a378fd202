"""The cable: a W5500 beneath network.LAN, for the rest of the gateway the same as Wi-Fi.

With it the station of the Wi-Fi radio is never started; the access point of the first contact
still can be opened.
"""

import asyncio

from micropython import const

from firmware.link.wifi import Wifi
from firmware.rarely import load

_LOOK = const(500)  # ms
_PATIENCE = const(20)  # looks until something is said
_CONNECTED = const(3)  # status: there is a cable, and no address yet (ETH_CONNECTED of the ESP32)


class Ethernet(Wifi):
    """lan is a network.LAN, or a stand-in; settings: as for Wifi."""

    wired = True

    def __init__(self, lan, settings):
        Wifi.__init__(self, lan, settings)
        self.ssid = "ethernet"  # a network is known

    async def run(self) -> None:
        """Stay in the network while there is one, for ever."""
        lan = self.wlan
        if self.fixed[0]:
            lan.ifconfig(load("link.attempt").static(self.fixed))
        if not lan.active():
            lan.active(True)
        looks = 0
        while True:
            if lan.isconnected():
                self.error = ""
                try:
                    await self._stay()
                except OSError as error:
                    self.error = str(error)
                looks = 0
            elif looks >= _PATIENCE:
                cable = lan.status() == _CONNECTED
                self.error = "no address from the network" if cable else "no cable plugged in"
            looks += 1
            await asyncio.sleep_ms(_LOOK)

    def status(self) -> dict:
        """{"link", "state": up or down, and while up "address"}."""
        status = {"link": "ethernet", "state": "down"}
        if self.up.is_set():
            status["state"] = "up"
            status["address"] = self.wlan.ifconfig()[0]
        return status
