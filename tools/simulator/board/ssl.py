"""The simulated board's `ssl`: the unix port has only `tls`, which this clothes as the board's.

Certificates and keys are bytes in DER, or the name of a file that holds them.
"""

import tls
from tls import CERT_NONE, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER

CERT_OPTIONAL, CERT_REQUIRED = tls.CERT_OPTIONAL, tls.CERT_REQUIRED


def _bytes(source) -> bytes:
    if not isinstance(source, str):
        return source
    with open(source, "rb") as file:
        return file.read()


class SSLContext:
    """Settings of a kind of connection."""

    def __init__(self, protocol):
        self._context = tls.SSLContext(protocol)
        self._context.verify_mode = CERT_NONE

    @property
    def verify_mode(self) -> int:
        """CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED."""
        return self._context.verify_mode

    @verify_mode.setter
    def verify_mode(self, mode) -> None:
        self._context.verify_mode = mode

    def load_cert_chain(self, certfile, keyfile) -> None:
        """Our own certificate and key."""
        self._context.load_cert_chain(_bytes(certfile), _bytes(keyfile))

    def load_verify_locations(self, cafile=None, cadata=None) -> None:
        """The authority to trust."""
        self._context.load_verify_locations(_bytes(cadata if cafile is None else cafile))

    def wrap_socket(self, sock, *, server_side=False, do_handshake_on_connect=True,
                    server_hostname=None):
        """The socket, encrypted."""
        return self._context.wrap_socket(
            sock, server_side=server_side, do_handshake_on_connect=do_handshake_on_connect,
            server_hostname=server_hostname)


def wrap_socket(sock, server_side=False, key=None, cert=None, cert_reqs=CERT_NONE, cadata=None,
                server_hostname=None, do_handshake=True):
    """The socket, encrypted, with a context of its own."""
    context = SSLContext(PROTOCOL_TLS_SERVER if server_side else PROTOCOL_TLS_CLIENT)
    if cert or key:
        context.load_cert_chain(cert, key)
    if cadata:
        context.load_verify_locations(cadata=cadata)
    context.verify_mode = cert_reqs
    return context.wrap_socket(sock, server_side=server_side, server_hostname=server_hostname,
                               do_handshake_on_connect=do_handshake)
