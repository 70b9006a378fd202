"""The embedded MQTT broker (amqtt), and a small subscriber that sees what any subscriber sees."""

import asyncio
import logging


async def start(port: int):
    """A broker on 127.0.0.1 for everybody; it wants shutdown() at the end."""
    from amqtt.broker import Broker

    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    broker = Broker({
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {
            "allow_anonymous": True}},
    })
    await broker.start()
    return broker


def _field(text: str) -> bytes:
    octets = text.encode()
    return len(octets).to_bytes(2, "big") + octets


def _packet(kind: int, body: bytes) -> bytes:
    length, size = len(body), b""
    while True:
        length, part = divmod(length, 128)
        size += bytes((part | (128 if length else 0),))
        if not length:
            return bytes((kind,)) + size + body


async def _receive(reader) -> tuple:
    """(first byte, body) of one packet."""
    kind = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        part = (await reader.readexactly(1))[0]
        length |= (part & 127) << shift
        shift += 7
        if part < 128:
            return kind, await reader.readexactly(length)


async def subscribe(host: str, port: int, topics: str, user: str = "", password: str = ""):
    """Yield (topic, payload) of what is published, for ever; OSError when it cannot."""
    reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 5)
    beat = None
    try:
        flags = 0x02 | (0x80 if user else 0) | (0x40 if user and password else 0)
        body = _field("MQTT") + bytes((4, flags, 0, 30)) + _field("")
        if user:
            body += _field(user) + (_field(password) if password else b"")
        writer.write(_packet(0x10, body))
        kind, answer = await asyncio.wait_for(_receive(reader), 5)
        if kind != 0x20 or answer[1]:
            raise OSError(f"the broker refuses: {answer.hex()}")
        writer.write(_packet(0x82, b"\0\1" + _field(topics) + b"\0"))
        beat = asyncio.create_task(_beat(writer))
        while True:
            kind, body = await _receive(reader)
            if kind & 0xF0 == 0x30:
                end = 2 + int.from_bytes(body[:2], "big")
                yield body[2:end].decode(), body[end + (2 if kind & 6 else 0):]
    except (TimeoutError, asyncio.IncompleteReadError) as problem:
        raise OSError(f"the broker is gone: {problem!r}") from problem
    finally:
        if beat:
            beat.cancel()
        writer.close()


async def _beat(writer) -> None:
    while True:
        await asyncio.sleep(10)
        writer.write(b"\xc0\0")
