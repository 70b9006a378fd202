"""MQTT over TLS, against mosquitto with certificates of our own."""

import socket
import subprocess

import pytest

from tests.support.certificates import Authority
from tests.support.mosquitto import Mosquitto, Subscriber, needed
from tests.support.publishing import Publishing
from tools.simulator.ports import free_port

pytestmark = needed
NAME = "broker.example"


class Secure(Mosquitto):
    """A broker that speaks TLS on `port`; on `plain` it can be watched."""

    def __init__(self, folder, server, *lines):
        self.plain = free_port()
        super().__init__(
            folder, f"certfile {server.pem}", f"keyfile {server.key}", *lines,
            f"listener {self.plain} 127.0.0.1", "allow_anonymous true")
        self.ports.append(self.plain)


def publishing(port, flash, host=NAME, tls="", **options):
    """The destination; its broker is on loopback, whatever its name."""
    return Publishing(port, folder=flash, tls=tls, names={NAME: "127.0.0.1"}, mqtt_host=host,
                      **{"deadline": 3000, **options})


def words(port, flash, **options):
    """Why there is no connection."""
    with publishing(port, flash, **options) as publisher:
        status = publisher.until(lambda s: s["failures"] or s["connected"])
        assert not status["connected"]
        publisher.stop()
        return status["error"]


@pytest.mark.parametrize("runtime", ["unix64", "unix32"])
def test_our_authority_signed_it(tmp_path, flash, authority, runtime):
    with (
        Secure(tmp_path, authority.server(NAME, "127.0.0.1")) as broker,
        Subscriber(broker.plain) as seen,
        publishing(broker.port, flash, runtime=runtime, mqtt_qos=1) as publisher,
    ):
        publisher.tell("frame", 1234, 21849106)
        seen.wait(lambda: seen.payloads("frame"))
        publisher.tell("frame", 1235, 21849107)
        seen.wait(lambda: len(seen.payloads("label/EAST")) == 2)
        status = publisher.status()
        assert status["connected"] and status["error"] == ""
        broker.stop()
        publisher.until(lambda s: s["failures"])
        broker.start()
        status = publisher.until(lambda s: s["connected"])
        assert status["connects"] == 2
        publisher.stop()
    with Secure(tmp_path, authority.server(NAME, "127.0.0.1")) as broker:
        with publishing(broker.port, flash, host="127.0.0.1", runtime=runtime) as publisher:
            publisher.until(lambda s: s["connected"])  # an address in its certificate
            publisher.stop()


def test_certificates_that_are_refused(tmp_path, flash, authority):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    for server, what in (
        (other.server(NAME), "is not signed by our CA"),
        (authority.server(NAME, begin=-9, end=-2), "has expired"),
        (authority.server(NAME, begin=2), "is not valid yet, or the time here is wrong"),
        (authority.server("other.example"), "is for another name than broker.example"),
    ):
        with Secure(tmp_path, server) as broker, Subscriber(broker.plain) as seen:
            assert words(broker.port, flash) == f"the server's certificate {what}"
            assert not seen.lines  # nothing was said


def test_a_fingerprint_is_enough_or_refused(tmp_path, flash, authority):
    (tmp_path / "other").mkdir()
    server = Authority(tmp_path / "other").server("other.example", begin=-9, end=-2)
    (flash / "ca.der").unlink()
    spelt = ":".join(server.fingerprint.upper()[n : n + 2] for n in range(0, 64, 2))
    with Secure(tmp_path, server) as broker:
        for fingerprint in (server.fingerprint, spelt):
            with publishing(broker.port, flash, tls=fingerprint) as publisher:
                publisher.until(lambda s: s["connected"])
                publisher.stop()
        said = words(broker.port, flash, tls="0" * 64)
        assert said.endswith("has another fingerprint: " + server.fingerprint)


def test_no_authority_and_a_damaged_one(flash):
    (flash / "ca.der").write_bytes(b"0\x82\x01\x01nonsense")
    assert words(9, flash) == "the CA certificate is damaged: give it again"
    (flash / "ca.der").unlink()
    assert words(9, flash) == (
        "TLS needs a CA certificate or the server's fingerprint: neither is set")


def test_the_server_speaks_no_tls(tmp_path, flash):
    with Mosquitto(tmp_path) as broker:
        assert words(broker.port, flash).startswith("cut in the TLS handshake: no TLS on this")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert words(port, flash, deadline=300) == "no answer to the TLS handshake in time"
        with publishing(port, flash) as publisher:
            for _ in range(2):  # the first was the attempt above
                client, _ = listener.accept()
                client.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            status = publisher.until(lambda s: s["failures"])
            assert status["error"] == "the server does not speak TLS on this port"
            client.close()


def test_a_server_that_wants_a_certificate_of_ours(tmp_path, flash, authority):
    lines = f"cafile {authority.pem}", "require_certificate true"
    with Secure(tmp_path, authority.server(NAME), *lines) as broker:
        # Depending on whether its alert comes before the end of the connection.
        assert words(broker.port, flash) in (
            "the server refuses the TLS handshake",
            "cut in the TLS handshake: no TLS on this port, or the server wants a certificate of"
            " ours",
            "connection cut")


def test_the_broker_speaks_tls_and_we_do_not(tmp_path, flash, authority):
    with Secure(tmp_path, authority.server(NAME)) as broker:
        assert words(broker.port, flash, tls=None) in (
            "the broker closed the connection", "connection cut",
            "what answers is not an MQTT broker")


def test_user_and_password_over_tls(tmp_path, flash, authority):
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "me", "secret"], check=True)
    passwords.chmod(0o644)
    lines = f"password_file {passwords}", "allow_anonymous false", "per_listener_settings true"
    with Secure(tmp_path, authority.server(NAME), *lines[::-1]) as broker:
        given = {"mqtt_user": "me", "mqtt_password": "secret"}
        with publishing(broker.port, flash, **given) as publisher:
            publisher.until(lambda s: s["connected"])
            publisher.stop()
        assert "authorise" in words(broker.port, flash, mqtt_user="me", mqtt_password="wrong")
