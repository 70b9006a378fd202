"""The heap with all destinations on: MQTT over TLS, Home Assistant, InfluxDB, and the pages."""

import http.server
import ssl
import tempfile
import threading
from pathlib import Path

from tools.bench import gateway

_CALM = 30  # frames, after which Home Assistant has been told of everything


class Database(http.server.ThreadingHTTPServer):
    """Takes whatever is written to it; `written`: how often it did."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Taker)
        self.written = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Taker(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """204, as InfluxDB says."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.written += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Nothing to say."""


def heap(meter: str) -> dict:
    """What gateway.pages() finds then. What TLS takes outside of Python's heap is not in it."""
    # Only the bench of connections needs the package that makes certificates.
    from tests.support.certificates import Authority

    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as folder, Database() as database:
        server = Authority(Path(folder)).server("127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server.pem, server.key)
        found = gateway.pages(
            meter, frames=_CALM, context=context,
            mqtt_tls=True, mqtt_fingerprint=server.fingerprint, homeassistant=True,
            influx_url=database.url, influx_database="tic", influx_interval=2,
        )
        if not database.written:
            raise gateway.Failed("nothing was written to the database")
        return found
