"""Who gets what the meter says: MQTT, what goes over HTTP, and what others on the network read.

The part of the composition (assembly.py) that is about them, and forgotten with it.
"""

import os

from micropython import const

from firmware.rarely import load

_NO_DELIVERY = const(300)  # s without a message accepted by a destination that can be reached


def add_mqtt(gateway, settings, board, ticks_ms):
    """The MQTT destination, if a broker is set."""
    host, device = settings["mqtt_host"], gateway.device
    if not host:
        print("mqtt: off, mqtt_host is empty")
        return
    from firmware.publish.mqtt import Mqtt

    opener = gateway.opener(load("publish.making").dialler("mqtt", gateway, settings))
    store, source = gateway.store, gateway.source
    sources = _sources(gateway, settings)
    backlog = None
    if settings["tasmota"] or settings["domoticz_idx"]:
        sources.extend(load("publish.home").shapes(gateway, settings))
    if settings["mqtt_backlog"] and settings["mqtt_frame"] and gateway.clock:
        backlog = _backlog(gateway, settings, "mqtt")
    topics = []
    if settings["mqtt_commands"]:
        topics.append(f"{settings['mqtt_base']}/{device}/command/#".encode())
    if settings["homeassistant"] or "announced.json" in os.listdir():
        gateway.home = load("publish.home").source(gateway, settings, board)
        sources.append(gateway.home)
        topics.append(f"{settings['homeassistant_prefix']}/status".encode())
    gateway.mqtt = Mqtt(
        settings, device, store, source, opener, ticks_ms, gateway.health, sources=sources,
        topics=topics, heard=gateway.heard, backlog=backlog, pages=gateway.pages,
    )
    gateway.supervisor.add("mqtt", gateway.mqtt.run, _NO_DELIVERY, gateway.sent)
    print(f"mqtt: {settings['mqtt_base']}/{device}/ at {host}:{settings['mqtt_port']}")


def _sources(gateway, settings) -> list:
    """What else there is to say to the broker, the most important first (Messages)."""
    sources = []
    if gateway.books and settings["mqtt_meter"]:
        from firmware.publish.model import Model

        sources.append(Model(settings, gateway.store, gateway.books.write))
    return sources


def add_upload(gateway, settings, name):
    """A destination over HTTP."""
    from firmware.publish.backlog import Backlog

    backlog = Backlog(*_backlog(gateway, settings, name))
    making = load("publish.making")
    dialler = making.dialler(name, gateway, settings)
    made = making.upload(name, gateway, settings, backlog, dialler)
    made.pages = gateway.pages
    made.up = gateway.link and gateway.link.up
    gateway.supervisor.add(name, made.run, _NO_DELIVERY, made.sign)
    print(f"{name}: to {settings[name + '_url']}")
    return made


def _backlog(gateway, settings, name):
    """What a Backlog is made with: the readings that wait for a destination."""
    size = settings["backlog_flash"] << 10
    return settings["backlog_memory"], gateway.clock, (f"backlog_{name}", size) if size else None


def add_raw_tic(gateway, settings, open_uart, ticks_ms):
    """The raw TIC for others on the network. -> what the reader of the line is to open instead"""
    from firmware.local.raw_tic import RawTic

    port = settings["raw_tic_port"]
    raw = RawTic(port, gateway.read, ticks_ms, gateway.seconds)
    gateway.servers.append(("raw_tic", raw.status))
    gateway.supervisor.add("raw_tic", raw.run)
    print(f"raw_tic: port {port}")
    return raw.tap(open_uart)


def add_modbus(gateway, settings, ticks_ms):
    """Modbus TCP, which reads the model."""
    port, unit = settings["modbus_port"], settings["modbus_unit"]
    if not gateway.books:
        words = "off: it needs the setting model, which is off"
        # Not a function of ours, which would keep this module in memory.
        gateway.servers.append(("modbus", {"working": False, "error": words}.copy))
        print(f"modbus: {words}")
        return
    from firmware.local.modbus import Modbus
    from firmware.local.registers import Registers

    registers = Registers(gateway)
    modbus = Modbus(port, unit, registers, ticks_ms, gateway.seconds)
    gateway.servers.append(("modbus", modbus.status))
    gateway.supervisor.add("modbus", modbus.run)
    print(f"modbus: port {port}, unit {unit}")
