"""Home Assistant and its like as the settings want them. Loaded at start."""

import json

import firmware
from firmware.rarely import load

_LIVE = 3000  # ms
_ALERTS = ("alert_load", "alert_voltage_low", "alert_voltage_high", "", "alert_injection", "",
           "alert_silent")


def source(gateway, settings, board):
    """The source of messages; if it is off, what was announced is taken back."""
    books = gateway.books if settings["homeassistant"] else None
    if settings["homeassistant"]:
        if not books or not settings["mqtt_meter"]:
            books = None
            gateway.say("homeassistant: off, it needs the settings model and mqtt_meter on")
    from firmware.publish.homeassistant import HomeAssistant

    base = f"{settings['mqtt_base']}/{gateway.device}"
    whole = "1" if settings["homeassistant_device"] else ""
    words = (settings["homeassistant_prefix"], whole, board.chip_id,
             _device(gateway, settings, board), base, settings["language"])
    watched = 1
    for n, key in enumerate(_ALERTS):
        if not key or settings[key]:
            watched |= 2 << n
    if books:
        print(f"homeassistant: announced under {settings['homeassistant_prefix']}/")
    return HomeAssistant(
        settings, "\n".join(words), gateway.store, books, gateway.health, watched
    )


def _device(gateway, settings, board) -> str:
    """JSON of what Home Assistant is to know of us."""
    device = {
        "ids": [board.chip_id],
        "name": settings["device_name"] or gateway.device,
        "mf": "ticgate",
        "mdl": board.profile,
        "sw": firmware.__version__,
    }
    if settings["page"]:
        port = settings["page_port"]
        port = "" if port == 80 else f":{port}"
        device["cu"] = f"http://{settings['hostname'] or gateway.device}.local{port}"
    return json.dumps(device)


def shapes(gateway, settings):
    """Iterate over the sources of messages in the shape of other programs that are on."""
    names = [name for name, key in (("tasmota", "tasmota"), ("domoticz", "domoticz_idx"))
             if settings[key]]
    if names and not gateway.books:
        gateway.say(f"{' '.join(names)}: off, the setting model has to be on")
        return
    from firmware.publish.shapes import Shape

    every = settings["meter_interval"] * 1000
    shown = load("publish.privacy").shown(settings)
    for name in names:
        if name == "tasmota":
            topic = settings["tasmota_topic"] or gateway.device
            topics = [f"/tele/{topic}/{one}".encode() for one in ("LWT", "LIVE", "SENSOR", "TIC")]
            made = Shape("publish.tasmota", topics, (0, _LIVE, every, every), gateway.store,
                         gateway.books, shown)
        else:
            made = Shape("publish.domoticz", [b"/domoticz/in"], [every], gateway.store,
                         gateway.books)
            made.idx = settings["domoticz_idx"]
        yield made
