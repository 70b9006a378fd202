"""What the gateway and the line do, for metrics.py."""

import time

from firmware.rarely import load

# Counters that are no causes of rejection.
_PLAIN = ("bytes", "frames", "frames_cut", "groups")


def series(gateway, _family):
    """The lines of each metric; _family() writes one."""
    health = gateway.health()
    words = f'version="{health["version"]}",board="{health["board"]}"'
    yield from _family("ticgate_info", "gauge", "The firmware.", [(words, 1)])
    yield from _family("ticgate_uptime_seconds", "counter", "Since the start.",
                       [("", health["uptime"])])
    memory = health["memory"]
    yield from _family("ticgate_memory_bytes", "gauge", "Memory by kind.",
                       [(f'kind="{key}"', memory[key]) for key in sorted(memory)])
    tasks = health["tasks"]
    yield from _family("ticgate_task_failures_total", "counter", "Failures by task.",
                       [(f'task="{key}"', tasks[key]["failures"]) for key in sorted(tasks)])
    rssi = health.get("network", {}).get("rssi")
    yield from _family("ticgate_wifi_rssi_dbm", "gauge", "Strength of the network.", [("", rssi)])
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
    age = load("portal.api_status").age(gateway.store, time.ticks_ms())
    yield from _family("tic_last_frame_age_seconds", "gauge", "Since the meter said something.",
                       [("", age)])
