"""Safe mode: after three restarts in a row that nobody ordered, the access point, the pages with
the update, and nothing else. Loaded for it.

It ends by a restart of the owner's (the page, the button, power off and on), and by itself after
an hour without a guest: the gateway tries to work again, and is back here after three failures.
"""

from micropython import const

from firmware.settings import default

_HOUR = const(3600)  # s
_FROM = const(3)  # restarts
_PATIENCE = const(6)  # restarts of a slot, as in boot.py
_WARNING = const(1)  # as in log.py
# What keeps the owner's value; everything else is as it comes, and that is off.
_KEPT = (
    " ap_open ap_password board device_name hostname identifiers identifiers_salt mqtt_base"
    " mqtt_device page_port page_reading pin_button pin_led site tic_rx update_minutes"
    " wifi_country wifi_power "
)


def wanted(starts) -> bool:
    """Whether it is time for it, after so many restarts."""
    return starts % _PATIENCE >= _FROM


def reduced(settings) -> dict:
    """The settings, with all that can be left out switched off."""
    made = {}
    for key, value in settings.items():
        made[key] = value if f" {key} " in _KEPT else default(key)
    made["model"] = False
    made["ntp_host"] = ""
    made["power"] = "usb"
    return made


class Rest:
    """In the place of a Proof."""

    def __init__(self, starts):
        self._starts = starts
        self._told = False
        self._quiet = 0  # second at which a guest was there last

    def look(self, gateway) -> bool:
        """Whether there is nothing more to look at."""
        now = gateway.supervisor.uptime
        if not self._told:
            self._told = True
            gateway.say(f"safe mode after {self._starts} restarts: access point and page only",
                        _WARNING)
        point = gateway.joining and gateway.joining.access_point
        if point and point.guests:
            self._quiet = now
        if now - self._quiet < _HOUR:
            return False
        gateway.say("safe mode: an hour without a guest, trying to work again")
        gateway.restart()
        return True
