"""What is asked of the gateway through MQTT: <base>/<device>/command/<name>.

Loaded for each command and forgotten (rarely.py). Subscribed to only with the setting
mqtt_commands. A command that cannot be obeyed is an event, command_refused.
"""


def obey(gateway, topic, payload) -> None:
    """publish: say everything now; restart; interval: a number of seconds, kept as
    publish_interval.
    """
    name = topic[topic.rfind(b"/") + 1 :]
    try:
        if name == b"publish":
            gateway.mqtt.resend()
        elif name == b"interval":
            gateway.mqtt.resend(_keep(gateway, payload))
        elif name == b"restart":
            gateway.restart()
        else:
            raise ValueError("no such command")
        gateway.say(f"command: {name.decode()}")
    except (ValueError, OSError) as error:
        name = _shown(name)
        gateway.tell("command_refused", {"command": name, "reason": str(error)})


def _keep(gateway, payload) -> int:
    """The seconds, which are in flash now. ValueError in words if they cannot be."""
    config = gateway.config()
    config.update({"publish_interval": _shown(payload)})
    try:
        config.save()
    except OSError as error:
        raise OSError(f"the flash does not take it ({error})")
    return config.get("publish_interval")


def _shown(text) -> str:
    """The beginning of what somebody sent, to be read by people."""
    return "".join([chr(c) if 32 <= c < 127 else "?" for c in text[:20]])
