"""Improv over the serial line: a browser, or Home Assistant, hands over the Wi-Fi by the cable.

By the description at improv-wifi.com/serial. A packet is IMPROV, a version, a type, a length, data
and the low byte of the sum of all that. The trial of a network is that of the pages (joining.py):
it is kept once it was joined. Loaded for a packet (rarely.py); what is to be known between two of
them is in Setup.trial.
"""

import asyncio
import sys

from micropython import const

import firmware
from firmware.rarely import load

_STATE, _ERROR, _COMMAND, _RESULT = const(1), const(2), const(3), const(4)  # types of packets
_READY, _TRYING, _JOINED = const(2), const(3), const(4)  # states
_INVALID, _UNKNOWN, _REFUSED, _HOSTNAME = const(1), const(2), const(3), const(5)  # errors
_OTHER = const(255)
_LOOK = const(100)  # ms between two looks at a trial


async def answer(gateway, packet, write) -> None:
    """Answer a packet, header and sum included. write() takes bytes."""
    if sum(packet[:-1]) & 0xFF != packet[-1]:
        _say(write, _ERROR, _INVALID)
        return
    if packet[7] != _COMMAND:
        return  # it is one of ours, come back
    data = bytes(packet[9:-1])
    if len(data) < 2 or data[1] != len(data) - 2:
        _say(write, _ERROR, _INVALID)
        return
    _say(write, _ERROR, 0)
    try:
        _do(gateway, data[0], data[2:], write)
    except _Error as error:
        _say(write, _ERROR, error.args[0])
    except Exception as error:
        print(f"Improv: {error}")
        _say(write, _ERROR, _OTHER)


class _Error(Exception):
    """Its argument is what Improv calls it."""


def _do(gateway, command, data, write):
    setup = gateway.joining
    if command == 1:
        _join(gateway, data, write)
    elif command == 2:
        state = _state(gateway)
        _say(write, _STATE, state)
        if state == _JOINED:
            _result(write, command, _addresses(gateway))
    elif command == 3:
        chip = "ESP32-" + gateway.profile[-2:].upper()
        if gateway.profile[:6] != "winky_":
            chip = sys.platform
        name = _named(gateway, "device_name", data[:0])
        _result(write, command, ("ticgate", firmware.__version__, chip, name))
    elif command == 4:
        if not setup:
            raise _Error(_OTHER)
        for ssid, rssi, security, *_ in load("link.scanning").scan(setup.link, True):
            if ssid:
                _result(write, command, (ssid, str(rssi), "NO" if security == "open" else "YES"))
        _result(write, command, ())
    elif command == 5:
        if data and not _is_hostname(data):
            raise _Error(_HOSTNAME)
        _result(write, command, (_named(gateway, "hostname", data),))
    elif command == 6:
        _result(write, command, (_named(gateway, "device_name", data),))
    else:
        raise _Error(_UNKNOWN)


def _join(gateway, data, write):
    """Begin to try a network; what comes of it is told when it is known."""
    try:
        n = data[0]
        ssid, password = data[1 : n + 1], data[n + 2 :]
        if len(ssid) != n or len(password) != data[n + 1]:
            raise _Error(_INVALID)
        ssid, password = ssid.decode(), password.decode()
    except (IndexError, ValueError):  # of UTF-8, too
        raise _Error(_INVALID)
    if not gateway.joining:
        raise _Error(_OTHER)
    try:
        gateway.joining.join(ssid, password)
    except (OSError, ValueError):  # one is being tried already; or no such name, or password
        raise _Error(_REFUSED)
    _say(write, _STATE, _TRYING)
    asyncio.create_task(_follow(gateway, gateway.joining.trial, write))


async def _follow(gateway, trial, write):
    while trial["state"] == "trying":
        await asyncio.sleep_ms(_LOOK)
    if trial["state"] == "joined":
        _say(write, _STATE, _JOINED)
        _result(write, 1, _addresses(gateway))
    else:
        _say(write, _ERROR, _REFUSED)
        _say(write, _STATE, _READY)


def _state(gateway):
    if gateway.joining and gateway.joining.trial["state"] == "trying":
        return _TRYING
    return _JOINED if gateway.link and gateway.link.up.is_set() else _READY


def _addresses(gateway):
    """Where our page is; nothing if there is none in the network."""
    config = gateway.config()
    if not config.get("page"):
        return ()
    port = config.get("page_port")
    port = "" if port == 80 else f":{port}"
    return (f"http://{gateway.link.wlan.ifconfig()[0]}{port}/",)


def _is_hostname(data):
    """Letters, digits, and hyphens between them (RFC 1123), as many as our setting takes."""
    if len(data) > 32 or 0x2D in (data[0], data[-1]):
        return False
    for code in data:
        if not (0x30 <= code <= 0x39 or 0x41 <= code & 0xDF <= 0x5A or code == 0x2D):
            return False
    return True


def _named(gateway, key, data):
    """The value of a setting, or what it is without one; data: what it is to be from now on."""
    config = gateway.config()
    if data:
        if _state(gateway) != _READY:
            raise _Error(_OTHER)  # only before it is set up
        try:
            config.update({key: data.decode()})
        except ValueError:
            raise _Error(_OTHER)
        config.save()
    return config.get(key) or gateway.device


def _result(write, command, texts):
    """The result of a command: some texts."""
    body = b""
    for text in texts:
        text = text.encode()
        body += bytes((len(text),)) + text
    _say(write, _RESULT, bytes((command, len(body))) + body)


def _say(write, kind, data):
    """Send a packet, on a line of its own; data: bytes, or the one byte."""
    if isinstance(data, int):
        data = bytes((data,))
    packet = b"IMPROV\x01" + bytes((kind, len(data))) + data
    write(b"\n%s%s\n" % (packet, bytes((sum(packet) & 0xFF,))))
