"""Joins the configured Wi-Fi network and stays in it."""

import asyncio

from micropython import const

_LOOK = const(500)  # ms between two looks at the radio
_PATIENCE = const(40)  # looks: 20 s for the association and an address

# What the radio's status says while it is not connected; the numbers are those of the ESP32.
_IDLE = const(1000)
_TRYING = const(1001)


class Wifi:
    """The station side of the radio; wlan is a network.WLAN, or a stand-in."""

    def __init__(self, wlan, ssid, password):
        self.up = asyncio.Event()
        self._wlan = wlan
        self._ssid = ssid
        self._password = password

    async def run(self) -> None:
        """Join, then stay until the network is lost. OSError says in words why it did not work.

        The caller tries again, after a pause.
        """
        wlan = self._wlan
        wlan.active(False)  # a radio started afresh is the cure for one that is stuck
        wlan.active(True)
        wlan.config(reconnects=0)  # we try again, with growing pauses; the radio would without
        wlan.connect(self._ssid, self._password or None)
        patience = _PATIENCE
        while not wlan.isconnected():
            status = wlan.status()
            if status < _IDLE or not patience:  # below it has given up, above it is at it, or done
                if status in (15, 202, 204):
                    raise OSError("wrong password")
                if status in (201, 210, 211, 212):
                    raise OSError("network not found")
                if status in (_IDLE, _TRYING):
                    raise OSError("no answer, or no address")
                raise OSError(f"radio status {status}")
            patience -= 1
            await asyncio.sleep_ms(_LOOK)
        try:
            self.up.set()
            while wlan.isconnected():
                await asyncio.sleep_ms(_LOOK)
            raise OSError("network lost")
        finally:
            self.up.clear()

    def status(self) -> dict:
        """{"link", "state": up or down, and while up "address" and "rssi" in dBm}."""
        status = {"link": "wifi", "state": "down"}
        if self.up.is_set():
            status["state"] = "up"
            status["address"] = self._wlan.ifconfig()[0]
            try:
                status["rssi"] = self._wlan.status("rssi")
            except OSError:
                pass  # the radio left the network a moment ago
        return status
