"""A trial of the credentials that the owner gave, while the access point stays open.

They are kept in the settings when they have led to an address, and only then. Loaded for it.
"""

import asyncio

from micropython import const

from firmware.rarely import load

_ANSWERED = const(1000)  # ms until the page has its answer: the radio may then change its channel
_LEFT = const(1500)  # ms in which Wifi.run() lets go of the radio
_TRIES = const(2)  # a first one fails now and then with the right password
_FIXED = ("address", "netmask", "router", "dns")


def begin(setup, ssid, password, fixed) -> None:
    """See Setup.join()."""
    if setup.link.wired:
        raise OSError("the gateway is on a cable: it joins no Wi-Fi")
    if setup.trial["state"] == "trying":
        raise OSError("another network is being tried")
    if not ssid:
        raise ValueError("wifi_ssid: the name of a network is needed")
    for key in fixed:
        if key not in _FIXED:
            raise ValueError(f"{key}: no such setting here")
    changes = {key: fixed.get(key, "") for key in _FIXED}
    changes["wifi_ssid"] = ssid
    changes["wifi_password"] = password
    setup.config().update(changes)  # only to see whether they are allowed
    setup.trial = {"state": "trying", "ssid": ssid, "words": "trying", "address": None}
    asyncio.create_task(_try(setup, changes))


async def _try(setup, changes):
    """Try what `changes` says; the outcome is in setup.trial.

    A network that was joined is setup.link's from then on.
    """
    link, told = setup.link, setup.trial
    fixed = tuple(changes[key] for key in _FIXED)
    ssid, password = changes["wifi_ssid"], changes["wifi_password"]
    state, words = "failed", "given up"
    await asyncio.sleep_ms(_ANSWERED)
    link.owner = told
    try:
        await asyncio.sleep_ms(_LEFT)
        link.up.clear()
        join = load("link.attempt").join
        for left in range(_TRIES - 1, -1, -1):
            try:
                await join(link, ssid, password, fixed, told)
                break
            except OSError:
                if not left:
                    raise
        told["address"] = link.wlan.ifconfig()[0]
        link.ssid, link.password, link.fixed = ssid, password, fixed
        link.ready = True
        link.error = ""
        link.up.set()
        state = words = "joined"
        try:
            config = setup.config()
            config.update(changes)
            config.save()
        except OSError as error:
            words = f"joined, but the settings could not be kept: {error}"
    except Exception as error:
        words = str(error)
    finally:
        told["state"], told["words"] = state, words
        link.owner = None
