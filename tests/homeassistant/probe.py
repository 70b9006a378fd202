"""Home Assistant itself with its MQTT integration, connected to a broker: probe.py PORT FOLDER.

Runs in a venv of its own. Says "ready", and for each line on standard input one line of JSON:
what is registered, what the states are, what was logged as wrong since the last time.
"""

import asyncio
import inspect
import json
import logging
import sys

from homeassistant import bootstrap, config_entries, core, loader
from homeassistant.helpers import device_registry, entity_registry

LOGGED = []
# What MQTT can do besides, and wants packages for, is none of our business.
_OTHERS = ("homeassistant.setup", "homeassistant.loader")


class _Keep(logging.Handler):
    def emit(self, record):
        if record.name not in _OTHERS:
            LOGGED.append(f"{record.levelname} {record.name}: {record.getMessage()}")


async def _start(port, folder):
    hass = core.HomeAssistant(folder)
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    await hass.config_entries.async_initialize()
    hass.config.components |= {"http", "file_upload"}  # asked for, and not needed
    made = {
        "domain": "mqtt", "title": "broker", "data": {"broker": "127.0.0.1", "port": int(port)},
        "source": "user", "version": 1, "minor_version": 1, "options": {}, "unique_id": None,
        "discovery_keys": {}, "subentries_data": None,
    }
    known = inspect.signature(config_entries.ConfigEntry.__init__).parameters
    entry = config_entries.ConfigEntry(**{key: made[key] for key in made if key in known})
    await hass.config_entries.async_add(entry)
    setter = getattr(hass, "set_state", None)  # so since 2024
    setter(core.CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    return hass


def _tell(hass):
    found = {}
    for entity in entity_registry.async_get(hass).entities.values():
        state = hass.states.get(entity.entity_id)
        found[entity.unique_id.partition("_")[2]] = {
            "id": entity.entity_id,
            "name": entity.original_name,
            "category": entity.entity_category and entity.entity_category.value,
            "disabled": entity.disabled,
            "state": state and state.state,
            "attributes": dict(state.attributes) if state else {},
        }
    devices = device_registry.async_get(hass).devices.values()
    logged = LOGGED[:]
    del LOGGED[:]
    return {"entities": found, "devices": [one.name for one in devices], "logged": logged}


async def _main(port, folder):
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger().addHandler(_Keep(logging.WARNING))
    hass = await _start(port, folder)
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(_tell(hass), default=str), flush=True)
    await hass.async_stop(force=True)


asyncio.run(_main(*sys.argv[1:]))
