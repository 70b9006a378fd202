"""The way to a server: how long it holds the loop when it does not work, and what TLS takes."""

import contextlib
import socket
import ssl
import tempfile
import time
from pathlib import Path

from tools.bench.decoding import Failed
from tools.bench.gateway import READER, Gateway, pause

_PATIENCE = 40  # s
_SETTINGS = READER | {"wifi_ssid": "simulated"}
_SERVER = "broker.example"


@contextlib.contextmanager
def _names():
    """A name server that never answers. -> settings, environment, whether it was asked"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)

        def asked():
            try:
                return server.recv(512)
            except BlockingIOError:
                return None

        environment = {"TICGATE_DNS": f"127.0.0.1:{server.getsockname()[1]}"}
        yield {"mqtt_host": _SERVER}, environment, asked


@contextlib.contextmanager
def _drops():
    """A server whose queue is full: the system drops what wants to connect."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(address)
            time.sleep(0.1)
            yield {"mqtt_port": address[1]}, {}, lambda: True
        finally:
            for filler in fillers:
                filler.close()


@contextlib.contextmanager
def _mute(**settings):
    """A server that accepts, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as clients:
        server.setblocking(False)
        heard = []

        def begun():
            with contextlib.suppress(BlockingIOError):
                client = clients.enter_context(server.accept()[0])
                client.settimeout(_PATIENCE)
                heard.append(client.recv(1))
            return heard

        yield {"mqtt_port": server.getsockname()[1], **settings}, {}, begun


CASES = {
    "names do not resolve": _names,
    "the server drops packets": _drops,
    "the server accepts and stays mute": _mute,
    "the same, with TLS": lambda: _mute(mqtt_tls=True, mqtt_fingerprint="1" * 64),
}


def stall(case: str, meter: str, frames: int = 12, speed: float = 1) -> dict:
    """{"stall": ms, the longest of the loop on the 64-bit port, "lost": bytes of the line}, while
    the meter plays so many frames and MQTT tries to connect.
    """
    with (
        CASES[case]() as (settings, environment, seen),
        Gateway(meter, speed=speed, environment=environment, **_SETTINGS | settings) as gateway,
    ):
        _until(lambda: gateway.ends and seen(), case)
        gateway.ask("worst")
        wanted = len(gateway.ends) + frames
        _until(lambda: len(gateway.ends) >= wanted, case)
        return {"stall": gateway.ask("worst")["stall"], "lost": gateway.lost()}


def _until(condition, what) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"waited in vain: {what}")
        pause(0.02)


def connecting(kind: str, meter: str, frames: int = 3, speed: float = 1) -> dict:
    """{"rest", "peak"}: bytes of heap on the 32-bit port with the reader and MQTT, at rest, and at
    most while it connects again. kind: "plain", "fingerprint" or "authority".
    """
    # Only the bench of connections needs the package that makes certificates.
    from tests.support.certificates import Authority

    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as folder:
        authority = Authority(Path(folder))
        server = authority.server("127.0.0.1")
        context, files, settings = None, {}, {}
        if kind != "plain":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(server.pem, server.key)
            settings["mqtt_tls"] = True
            if kind == "authority":
                files["ca.der"] = authority.der
            else:
                settings["mqtt_fingerprint"] = server.fingerprint
        with Gateway(meter, small=True, speed=speed, context=context, files=files,
                     **_SETTINGS | settings) as gateway:
            gateway.wait(4)
            rest = gateway.ask("stay")["heap"]
            gateway.ask("worst")
            gateway.broker.drop()
            gateway.wait(frames)
            return {"rest": rest, "peak": gateway.ask("worst")["heap"]}
