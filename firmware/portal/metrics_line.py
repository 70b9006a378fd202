"""What the broker and the line do, for metrics.py."""

import time

from firmware.portal import pieces

# Counters that are no causes of rejection.
_PLAIN = ("bytes", "frames", "frames_cut", "groups")


def series(gateway, _family):
    """The lines of each metric; _family() writes one."""
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
