"""What the gateway knows of itself, for metrics.py."""


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
