"""GET, POST and DELETE /api/ca: the certificate of the authority that vouches for our servers.

It is pasted or uploaded, as PEM or DER, and kept in flash as DER; it counts from the next
connection on. There is one for all destinations.
"""

import binascii
import hashlib
import os

import tls

from firmware.rarely import load

_BEGIN = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"
_BESIDE = "ca.tmp"
_MINE = b"\xa0"  # of X.509: the version, which may be left out


def get(request):
    """{"fingerprint": SHA-256, "until": date}, empty if there is none."""
    try:
        with open(load("publish.securing").CA, "rb") as file:
            return _about(file.read())
    except OSError:
        return {}


def post(request):
    """Keep what is in the body: PEM or DER as they are, or {"certificate": PEM, or DER in base64}.
    """
    abort = request.app.abort
    body = request.body
    if request.content_length and not body:
        abort(413, "too much for one request")
    if body[:1] == b"{":
        given = load("portal.body").read(request).get("certificate")
        body = given.encode() if isinstance(given, str) else b""
    try:
        der = _der(bytes(body))
        # Whether it can be used, those who will use it say.
        tls.SSLContext(tls.PROTOCOL_TLS_CLIENT).load_verify_locations(der)
        told = _about(der)
    except (ValueError, IndexError) as error:
        words = str(error)
        abort(400, words if words[:4] == "this" else "this is no certificate, neither PEM nor DER")
    try:
        with open(_BESIDE, "wb") as file:
            file.write(der)
        os.rename(_BESIDE, load("publish.securing").CA)
    except OSError as error:
        abort(503, f"the flash does not take it ({error}): nothing changed")
    return told


def delete(request):
    """Forget it."""
    try:
        os.remove(load("publish.securing").CA)
    except OSError:
        pass  # there was none
    return {}


def _der(body) -> bytes:
    """The certificate in what was sent. ValueError in words if there is none, or more than one."""
    if body[:1] == b"\x30":
        return body
    text = str(body, "utf-8")
    if "PRIVATE KEY" in text:
        raise ValueError("this holds a private key: that stays where it is")
    if _BEGIN in text:
        if text.count(_BEGIN) > 1:
            raise ValueError("this holds several certificates: only that of the authority")
        text = text[text.find(_BEGIN) + len(_BEGIN) :]
        if _END not in text:
            raise ValueError("this certificate is cut short")
        text = text[: text.find(_END)]
    return binascii.a2b_base64(text.strip())


def _about(der) -> dict:
    if _behind(der, 0) != len(der):
        raise ValueError
    return {"fingerprint": hashlib.sha256(der).digest().hex(), "until": _until(der)}


def _until(der) -> str:
    """The last day on which it is valid, "2035-12-31" (RFC 5280, 4.1)."""
    at = _inside(der, _inside(der, 0))
    if der[at : at + 1] == _MINE:
        at = _behind(der, at)
    for _ in range(3):  # number, algorithm, issuer
        at = _behind(der, at)
    at = _behind(der, _inside(der, at))  # valid from
    text = str(der[_inside(der, at) : _behind(der, at)], "utf-8")
    if len(text) == 13:  # two digits for the year
        text = ("20" if text < "5" else "19") + text
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"


def _inside(der, at) -> int:
    """Where what is in the element at `at` begins."""
    size = der[at + 1]
    return at + 2 + (size & 0x7F if size & 0x80 else 0)


def _behind(der, at) -> int:
    """Where the element at `at` ends."""
    start = _inside(der, at)
    size = der[at + 1]
    if size & 0x80:
        size = int.from_bytes(der[at + 2 : start], "big")
    if start + size > len(der):
        raise ValueError
    return start + size
