"""Joins the configured Wi-Fi network and stays in it."""

import asyncio

from micropython import const

_LOOK = const(500)  # ms between two looks at the radio
_PATIENCE = const(40)  # looks: 20 s for the association and an address

# What the radio's status says while it is not connected; the numbers are those of the ESP32.
_IDLE = const(1000)
_TRYING = const(1001)
_REASONS = (
    ((15, 202, 204), "wrong password"),
    ((201, 210, 211, 212), "network not found"),
    ((_IDLE, _TRYING), "no answer, or no address"),
)


class Wifi:
    """The station side of the radio; network is the module of that name, or a stand-in."""

    def __init__(self, network, ssid, password, hostname):
        self.up = asyncio.Event()
        self._network = network
        self._ssid = ssid
        self._password = password
        self._hostname = hostname
        self._wlan = network.WLAN(network.WLAN.IF_STA)

    async def run(self) -> None:
        """Join, then stay until the network is lost. OSError says in words why it did not work.

        The caller tries again, after a pause.
        """
        wlan = self._wlan
        self._network.hostname(self._hostname)  # counts only before the first address
        wlan.active(False)  # a radio started afresh is the cure for one that is stuck
        wlan.active(True)
        wlan.config(reconnects=0)  # we try again, with growing pauses; the radio would without
        try:
            wlan.connect(self._ssid, self._password or None)
            await self._joined(wlan)
            self.up.set()
            while wlan.isconnected():
                await asyncio.sleep_ms(_LOOK)
            raise OSError("network lost")
        finally:
            self.up.clear()

    async def _joined(self, wlan):
        """Return once there is an address, raise once the radio has given up."""
        status = _TRYING
        for _ in range(_PATIENCE):
            if wlan.isconnected():
                return
            status = wlan.status()
            if status < _IDLE:  # it has given up; from there on it is at it, or done
                break
            await asyncio.sleep_ms(_LOOK)
        for numbers, words in _REASONS:
            if status in numbers:
                raise OSError(words)
        raise OSError(f"radio status {status}")

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
