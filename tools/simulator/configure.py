"""Runs in MicroPython, in the folder of the board's flash: settings through the firmware's checks.

Standard input: JSON [[key, text], ...].  They are set and saved; standard output: JSON of what the
conductor has to know.  What the firmware refuses is said on standard error, status 2.
"""

import json
import sys

from firmware.config import Config


def main() -> None:
    """Set, save, tell."""
    config = Config()
    config.load()
    try:
        for key, text in json.load(sys.stdin):
            config.set(key, text)
    except ValueError as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(2)
    config.save()
    keys = ("mqtt_host", "mqtt_port", "mqtt_user", "mqtt_password", "mqtt_base", "mqtt_device",
            "page_port")
    print(json.dumps({key: config.get(key) for key in keys}))


main()
