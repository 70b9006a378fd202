"""One attempt to join a Wi-Fi network. Loaded for it (rarely.py)."""

import asyncio

from micropython import const

_LOOK = const(500)  # ms between two looks at the radio
_PATIENCE = const(40)  # looks: 20 s for the association and an address
_STALE = const(20)  # looks: 10 s, in which the radio would have told a new failure

# What the radio's status says while it is not connected; the numbers are those of the ESP32.
_IDLE = const(1000)  # below it has given up, above it is at it, or done
_PERFORMANCE = const(1)  # PM_: sleeps between two beacons of its network
_AWAKE = const(0)


async def join(link, ssid, password, fixed, owner=None) -> bool:
    """Join with the radio of a Wifi. True as soon as there is an address.

    False if the radio was given to somebody else meanwhile; OSError in words if it did not work.
    owner: for whom it is done, as link.owner has it.
    """
    wlan = link.wlan
    link.trying = True
    try:
        if link.shared:
            wlan.active(True)
            wlan.disconnect()  # the access point's guests stay
            await asyncio.sleep_ms(_LOOK)
        else:
            wlan.active(False)  # a radio started afresh is the cure for one that is stuck
            wlan.active(True)
        # We try again, with growing pauses; the radio would without any.
        power_management = _AWAKE if link.shared else _PERFORMANCE
        wlan.config(reconnects=0, pm=power_management, txpower=link.power)
        fixed = static(fixed)
        if fixed[0]:
            wlan.ifconfig(fixed)
        elif not wlan.ipconfig("dhcp4"):
            wlan.ipconfig(dhcp4=True)
        stale = wlan.status()  # the ESP32 keeps telling the last failure until it is connected
        wlan.connect(ssid, password or None)
        looks = 0
        while not wlan.isconnected():
            if link.owner is not owner:
                return False
            status = wlan.status()
            failed = status < _IDLE and status != stale
            if failed or (looks >= _STALE and status < _IDLE and not _associated(wlan)):
                raise OSError(_words(status))
            if looks >= _PATIENCE:
                who = "no address" if _associated(wlan) else "no answer"
                raise OSError(f"{who} from the network")
            looks += 1
            await asyncio.sleep_ms(_LOOK)
        if fixed[3] and not fixed[0]:
            import network

            network.ipconfig(dns=fixed[3])
        return True
    finally:
        link.trying = False


def static(fixed) -> tuple:
    """(address, netmask, router, name server) for ifconfig() of those four settings.

    Of a static address only: the rest has defaults, a network of 24 bits whose router is number 1
    and knows names.
    """
    address, netmask, router, dns = fixed
    if address:
        netmask = netmask or "255.255.255.0"
        router = router or address[: address.rfind(".")] + ".1"
        dns = dns or router
    return address, netmask, router, dns


def _associated(wlan) -> bool:
    """Whether it is in the network, if without an address."""
    try:
        return wlan.status("rssi") < 0
    except OSError:
        return False


def _words(status) -> str:
    if status in (15, 202, 204):
        return "wrong password"
    if status in (201, 212):
        return "network not found"
    if status in (210, 211):
        return "network not found with this security: does it want a password?"
    return f"radio status {status}"
