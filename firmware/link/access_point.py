"""The access point of the first contact: a network of our own with our page in it.

Loaded while it is open. Station and access point share one radio: when the station joins, the
access point moves to its channel, and the guests lose it for a moment.
"""

import asyncio

from micropython import const

from firmware.rarely import load

_LOOK = const(40)  # ms between two looks for a question to the name server
_QUIET = const(180)  # s joined and without a guest until it closes
_LONGEST = const(1800)  # s joined, whoever is there: a phone may stay for ever
_GUESTS = const(4)
_OPEN = const(0)  # SEC_OPEN and SEC_WPA2 of network.WLAN
_WPA2 = const(3)
_SHORTEST = const(8)  # characters of a password, by WPA2


class AccessPoint:
    """Of a Setup. `address`: ours in it, None before; `guests`: whether anybody is there."""

    def __init__(self, setup):
        self.name = setup.name
        self.address = None
        self.guests = False
        self._setup = setup

    def payload(self) -> str:
        """What a phone reads out of a QR code to join, with the password in it."""
        return payload(self.name, self._setup.password)

    async def run(self) -> None:
        """Open it, answer names, and close it when it is not needed any more."""
        setup = self._setup
        ap, link = setup.ap, setup.link
        if not link.up.is_set():
            try:
                load("link.scanning").scan(link, True)  # now: it would keep guests waiting
            except OSError:
                pass  # the page will ask again
        link.shared = True
        names = None
        try:
            self.address = _open(ap, self.name, setup.password)
            password = "no password" if setup.password is None else f"password {setup.password}"
            print(f"access point: {self.name}, {password}, page http://{self.address}/")
            print(f"access point: {self.payload()}")
            try:
                names = load("link.captive_dns").CaptiveDns(self.address)
            except OSError as error:
                print(f"access point: no name server ({error}): the page must be typed in")
            await self._serve(ap, link, names)
        finally:
            if names:
                names.close()
            ap.active(False)
            link.shared = False
            link.found = None
            print("access point: closed")

    async def _serve(self, ap, link, names):
        joined = quiet = 0  # s
        while joined < _LONGEST and quiet < _QUIET:
            for _ in range(1000 // _LOOK):
                if names:
                    names.poll()
                await asyncio.sleep_ms(_LOOK)
            self.guests = ap.isconnected()
            if self._setup.asked or not link.up.is_set():
                self._setup.asked = False
                joined = quiet = 0
            joined += 1
            quiet = 0 if self.guests or not link.up.is_set() else quiet + 1


def payload(name, password) -> str:
    """The text of a Wi-Fi QR code; password None: an open network."""
    text = f"WIFI:T:{'nopass' if password is None else 'WPA'};S:{_escaped(name)};"
    if password is not None:
        text += f"P:{_escaped(password)};"
    return text + ";"


def _escaped(text) -> str:
    return "".join("\\" + letter if letter in '\\;,:"' else letter for letter in text)


def _open(ap, name, password) -> str:
    """Switch it on. -> our address in it. Never open by mistake: OSError instead."""
    if password is not None and len(password) < _SHORTEST:
        raise OSError("no password for the access point")
    options = {"ssid": name, "max_clients": _GUESTS}
    if password is None:
        options["security"] = _OPEN
    else:
        options["security"] = _WPA2
        options["key"] = password
    try:
        ap.config(**options)
    except (OSError, RuntimeError):
        pass  # some versions take it only when it is on; then it is open for a millisecond
    try:
        ap.active(True)
        ap.config(**options)
        if ap.config("ssid") != name or ap.config("security") != options["security"]:
            raise OSError("the radio did not take the access point's name and password")
    except BaseException:
        ap.active(False)
        raise
    return ap.ifconfig()[0]
