"""The beginning: who we are, CONNECT as umqtt writes it, and the answer of the broker.

Needed at start and once for each connection, so it is loaded for that and forgotten (rarely.py).
"""

import asyncio
from time import ticks_add, ticks_diff

import umqtt.simple as simple
from micropython import const

_LOOK = const(20)  # ms between two looks

_REFUSALS = (
    "the broker speaks another version of MQTT",
    "the broker refuses the client id",
    "the broker is not available",
    "the broker refuses the user or the password",
    "the broker does not authorise this client",
)


def introduce(config, device):
    """A client of umqtt that knows all that CONNECT says."""
    get = config.get
    client = simple.MQTTClient(
        (get("mqtt_client_id") or device).encode(),
        "",
        user=get("mqtt_user").encode() or None,
        password=get("mqtt_password").encode(),
        keepalive=get("mqtt_keepalive"),
    )
    topic = f"{get('mqtt_base')}/{device}/status".encode()
    client.set_last_will(topic, b"offline", True, get("mqtt_qos"))
    return client


def connect(client) -> bytearray:
    """The CONNECT packet of a client; a clean session unless QoS 1 wants it remembered."""
    wire = _Wire()
    module, sock = simple.socket, client.sock  # pyright: ignore[reportAttributeAccessIssue]
    simple.socket = wire  # pyright: ignore[reportAttributeAccessIssue]
    client.sock = wire  # 1.8 closes the one before
    try:
        client.connect(1 - client.lw_qos)
        return wire.packet
    finally:
        simple.socket = module  # pyright: ignore[reportAttributeAccessIssue]
        client.sock = sock


async def greet(stream, client, ticks_ms, deadline) -> None:
    """Send CONNECT and wait for its answer. OSError with words if none comes in deadline ms."""
    packet = memoryview(connect(client))
    stop = ticks_add(ticks_ms(), deadline)
    answer = bytearray(4)
    view = memoryview(answer)
    end = 0
    while end < 4:
        if packet:
            packet = packet[stream.write(packet) or 0 :]
        else:
            n = stream.readinto(view[end:])
            if n == 0:
                raise OSError("the broker closed the connection")
            end += n or 0
        if answer[: min(end, 2)] != b"\x20\x02"[:end]:  # how CONNACK begins
            raise OSError("what answers is not an MQTT broker")
        if ticks_diff(stop, ticks_ms()) <= 0:
            raise OSError("the broker does not answer")
        await asyncio.sleep_ms(_LOOK)
    code = answer[3]
    if code:
        known = code <= len(_REFUSALS)
        raise OSError(_REFUSALS[code - 1] if known else f"the broker refuses, code {code}")


class _Wire:
    """What umqtt wants of a socket, and of the module of that name; keeps what is written."""

    def __init__(self):
        self.packet = bytearray()

    def write(self, data, size=-1):
        self.packet += data if size < 0 else data[:size]

    def read(self, n):
        return b"\x20\x02\0\0"

    def socket(self, *_):
        return self

    def getaddrinfo(self, *_):
        return (("", None),)

    def connect(self, *_):
        pass

    settimeout = setblocking = close = connect
