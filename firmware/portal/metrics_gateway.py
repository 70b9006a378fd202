"""What the gateway and the line do, for metrics.py."""

import time

from firmware.portal import pieces

# Counters that are no causes of rejection.
_PLAIN = ("bytes", "frames", "frames_cut", "groups")


def series(gateway, _family):
    """The lines of each metric; _family() writes one."""
    words = ""
    for key, value in gateway.facts():
        if key == "version":
            words = f'version="{value}",board="'
        elif key == "board":
            yield from _family("ticgate_info", "gauge", "The firmware.", [(f'{words}{value}"', 1)])
        elif key == "uptime":
            yield from _family("ticgate_uptime_seconds", "counter", "Since the start.",
                               [("", value)])
        elif key == "memory":
            yield from _family("ticgate_memory_bytes", "gauge", "Memory by kind.",
                               [(f'kind="{one}"', value[one]) for one in sorted(value)])
        elif key == "tasks":
            failures = [(f'task="{one}"', value[one]["failures"]) for one in sorted(value)]
            yield from _family("ticgate_task_failures_total", "counter", "Failures by task.",
                               failures)
        elif key == "network":
            yield from _family("ticgate_wifi_rssi_dbm", "gauge", "Strength of the network.",
                               [("", value.get("rssi"))])
    mqtt = gateway.mqtt
    if mqtt:
        yield from _family("ticgate_mqtt_connected", "gauge", "1: the broker is there.",
                           [("", int(mqtt.connected))])
        yield from _family("ticgate_mqtt_messages_total", "counter", "Messages a broker took.",
                           [("", mqtt.accepted)])
    counts = gateway.store.counters.all()
    for key in _PLAIN:
        yield from _family(f"tic_{key}_total", "counter", "Since the start.", [("", counts[key])])
    yield from _family("tic_group_errors_total", "counter", "Groups rejected, by cause.",
                       [(f'reason="{key}"', counts[key]) for key in sorted(counts)
                        if key not in _PLAIN])
    age = pieces.age(gateway.store, time.ticks_ms())
    yield from _family("tic_last_frame_age_seconds", "gauge", "Since the meter said something.",
                       [("", age)])
