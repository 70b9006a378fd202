"""The test of MQTT."""

import time

from firmware.rarely import load


async def attempt(gateway, config, deadline):
    """Log in at the broker, under a name of its own beside the connection there may be."""
    host = config.get("mqtt_host")
    if not host:
        raise OSError("no broker is set")
    greeting = load("publish.greeting")
    client = greeting.introduce(config, gateway.device)
    client.client_id = client.client_id[:18] + b"-test"
    client.lw_topic = None
    client.lw_qos = 0
    dialler = load("publish.making").dialler("mqtt", gateway, dict(config.items()), deadline)
    stream = await dialler.open(host, config.get("mqtt_port"))
    try:
        await greeting.greet(stream, client, time.ticks_ms, deadline)
        stream.write(b"\xe0\x00")
    finally:
        stream.close()
    words = "the broker takes us" + (" as " + config.get("mqtt_user") if client.user else "")
    return words if dialler.tls is None else words + ", encrypted"
