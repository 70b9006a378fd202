"""The address of a destination over HTTP, and the head of requests to it. Needed at start."""

import binascii

import firmware


def parts(url) -> tuple:
    """(host, port, whether by TLS, path without a final /) of http(s)://host[:port][/path]."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    host, _, port = host.partition(":")
    secure = scheme == "https"
    return host, int(port or (443 if secure else 80)), secure, (slash + path).rstrip("/")


def valid(url) -> bool:
    """Whether parts() can read it."""
    scheme, found, rest = url.partition("://")
    host, _, port = rest.partition("/")[0].partition(":")
    if scheme not in ("http", "https") or not found or not host or "?" in host:
        return False
    return port.isdigit() and 0 < int(port) < 65536 if ":" in rest.partition("/")[0] else True


def head(server, path, kind, credentials=b"", header=b"Authorization") -> bytes:
    """A request up to its Content-Length. server: (host, port, whether by TLS)."""
    host, port, secure = server
    if port != (443 if secure else 80):
        host = f"{host}:{port}"
    agent = f"ticgate/{firmware.__version__}"
    lines = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nContent-Type: "
    text = lines.encode() + kind + b"\r\n"
    return text + header + b": " + credentials + b"\r\n" if credentials else text


def basic(user, password) -> bytes:
    """Credentials of RFC 7617."""
    return b"Basic " + binascii.b2a_base64(f"{user}:{password}".encode()).rstrip(b"\n")


def quote(text) -> str:
    """Text as a part of a query."""
    quoted = b""
    for c in text.encode():  # a letter as a text of its own would be a name, in memory for good
        plain = 0x30 <= c <= 0x39 or 0x41 <= c <= 0x5A or 0x61 <= c <= 0x7A
        quoted += bytes((c,)) if plain or c in b"-_.~" else b"%%%02X" % c
    return quoted.decode()
