"""The commands of the console. Loaded for one of them (rarely.py)."""

import asyncio
import json

from firmware.rarely import load

_HELP = """\
status                what the gateway knows of itself
log [LEVEL]           the last lines; error or warning: those alone
settings [WORD]       what differs from the defaults; those with WORD in their key; all
get KEY, set KEY VALUE      a setting; what is set counts after a restart
scan                  the Wi-Fi networks around
restart
factory yes           restart with nothing of the owner left: settings, passwords, history
stop                  stop the gateway, as Ctrl-C does; then this is MicroPython's prompt"""
_LEVELS = ("error", "warning", "info")


async def run(gateway, line) -> None:
    """Do what a line of bytes says, and print what there is to say. Nothing wrong with it goes
    further than that.
    """
    try:
        words = line.decode().split(None, 2) + ["", "", ""]
        for answer in _answers(gateway, *words[:3]):
            print(answer)
            await asyncio.sleep_ms(0)
    except (OSError, ValueError) as error:
        print(error)
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


def _answers(gateway, command, key, value):
    """The lines that answer a command; it is done between them."""
    if command == "help":
        yield _HELP
    elif command == "status":
        yield from _status(gateway)
    elif command == "log":
        yield from _log(gateway, key)
    elif command in ("settings", "get"):
        yield from _settings(gateway.config(), key, command == "get")
    elif command == "set":
        config = gateway.config()
        config.set(key, value.strip())
        config.save()
        yield "kept; it counts after a restart"
    elif command == "scan":
        if not gateway.link:
            raise OSError("there is no radio")
        for ssid, rssi, security, *_ in load("link.scanning").scan(gateway.link, True):
            yield f"{rssi} dBm  {security:10}  {ssid}"
    elif command == "restart":
        yield "in a second"
        gateway.restart()
    elif command == "factory":
        if key != "yes":
            raise ValueError("factory yes: forgets settings, passwords and history, for good")
        yield "in a second"
        gateway.factory()
    elif command in ("stop", "repl"):
        yield "stopped; a watchdog that runs already restarts the board"
        raise KeyboardInterrupt
    elif command:
        raise ValueError(f"{command[:20]}: no such command; help tells which there are")


def _status(gateway):
    yield f"device: {gateway.device}"
    for key, value in gateway.facts():
        yield f"{key}: {json.dumps(value)}"
    yield f"counters: {json.dumps(gateway.store.counters.all())}"
    if gateway.mqtt:
        yield f"mqtt: {json.dumps(gateway.mqtt.status())}"


def _log(gateway, level):
    level = level or "info"
    if level not in _LEVELS or not gateway.log:
        raise ValueError("log error, log warning or log" if gateway.log else "there is no log")
    for utc, found, text in gateway.log.lines(_LEVELS.index(level)):
        yield f"{_time(utc)} {_LEVELS[found]}: {text}"


def _time(utc):
    """2026-11-29 20:00:00, UTC."""
    if utc is None:
        return "-"
    from firmware.link.clock import calendar

    year, month, day, hour, minute, second, _ = calendar(utc)
    return f"{year}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second:02d}"


def _settings(config, word, one):
    """A setting, or several of them; of a secret only whether it is set."""
    if one:
        config.describe(word)  # ValueError tells what may have been meant
    for key, kind, allowed, default, value in config.rows():
        wanted = key == word if one else word == "all" or (word in key if word else None)
        if kind == "bool":
            value = "on" if value else "off"
        if wanted is None:
            wanted = str(value) != default
        if kind == "secret":
            value = "(set)" if value else "(none)"
        if wanted:
            yield f"{key} = {value}   ({kind}, {allowed})" if one else f"{key} = {value}"
    if not one:
        yield from config.problems
