"""The certificate of the authority through the portal: kept, told, refused, removed."""

import binascii
import os

from portal import ask, get, make, post

# Made for this test, without a key to anything. Valid until 2036-02-03 and 2099-12-31.
FIRST = """
MIIBGjCBwqADAgECAgEBMAoGCCqGSM49BAMCMA0xCzAJBgNVBAMMAkNBMB4XDTI2
MDEwMTAwMDAwMFoXDTM2MDIwMzAwMDAwMFowDTELMAkGA1UEAwwCQ0EwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQ6tQUUFVfqacQlnoqZSjfghw8+GsmPOE9nSIxi
uhk4Y40FDlbiGztxDzfWUwO6gKpq3HhE7oR5Su0c9um8Ted8oxMwETAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIDugxGe+iIzE/svNDoYawrAF62YO
qweiKIhOcMaYr74XAiBIRqBXmndgcCEhFnHdEyuyzEqAJoSNAliD3jrZ/A5JcA==
"""
FIRST_PRINT = "3e0198e72336d066ffeb8cd62dec52d4db9bc75a16e238944b6182e5a1f2930e"
SECOND = """
MIIBHjCBxKADAgECAgEBMAoGCCqGSM49BAMCMA0xCzAJBgNVBAMMAkNBMCAXDTI2
MDEwMTAwMDAwMFoYDzIwOTkxMjMxMDAwMDAwWjANMQswCQYDVQQDDAJDQTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABLxAdRRvKHIs2PhkjrmZKmev3gdeG7Z6K5uo
gSAOqVzxVtq4Ew3IO7S7+v/sYAY4lijXf7v8hD9OEVL8qNZRZ+ijEzARMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAJBdwOLvMAkcxT/WynXOK5Hw
NSnU8f3m4nHFEBqjo8xqAiEA9BdRnmXmEgPWNxK6M2XtoANsGMht9nNFzugGX3yN
/F0=
"""
SECOND_PRINT = "2578bc6843d7b5e307072fb5ec90e2ac86204653b2e7ea24cff7f91819272472"
NO_CERTIFICATE = "this is no certificate, neither PEM nor DER"


def pem(text, what="CERTIFICATE"):
    return f"-----BEGIN {what}-----{text}-----END {what}-----\n"


async def sent(body):
    """(status, what was said) of a POST."""
    answer = await ask(make(), "POST", "/api/ca", body)
    return answer.status, answer.json


def kept():
    try:
        with open("ca.der", "rb") as file:
            return file.read()
    except OSError:
        return None


async def test_a_certificate_is_kept_in_each_of_its_forms():
    der = binascii.a2b_base64(FIRST)
    told = {"fingerprint": FIRST_PRINT, "until": "2036-02-03"}
    about = "subject=/CN=CA\r\n"
    try:
        for body in (
            {"certificate": pem(FIRST)}, {"certificate": about + pem(FIRST) + "more"},
            {"certificate": FIRST}, {"certificate": FIRST.replace("\n", "")},
            pem(FIRST).encode(), pem(FIRST).replace("\n", "\r\n").encode(), der,
        ):
            assert await sent(body) == (200, told), body
            assert kept() == der
            os.remove("ca.der")
        assert await sent({"certificate": pem(SECOND)}) == (
            200, {"fingerprint": SECOND_PRINT, "until": "2099-12-31"})
        app = make()
        assert (await get(app, "/api/ca")).json["fingerprint"] == SECOND_PRINT
        assert (await ask(app, "DELETE", "/api/ca")).json == {} and kept() is None
        assert (await ask(app, "DELETE", "/api/ca")).status == 200
        assert (await get(app, "/api/ca")).json == {}
    finally:
        if kept():
            os.remove("ca.der")


async def test_what_is_no_certificate_is_refused_and_nothing_is_kept():
    der = binascii.a2b_base64(FIRST)
    key = pem(FIRST, "EC PRIVATE KEY")
    for body, words in (
        (b"", NO_CERTIFICATE),
        (b"nonsense", NO_CERTIFICATE),
        (b"0", NO_CERTIFICATE),
        (b"0\x82", NO_CERTIFICATE),
        (b"0\x03abc", NO_CERTIFICATE),
        (b"\xff\xfe" * 20, NO_CERTIFICATE),
        (der[:-1], NO_CERTIFICATE),
        (der + b"\0", NO_CERTIFICATE),
        (der[:40] + b"\xff" * 40 + der[80:], NO_CERTIFICATE),
        ({"certificate": ""}, NO_CERTIFICATE),
        ({"certificate": 5}, NO_CERTIFICATE),
        ({}, NO_CERTIFICATE),
        ({"certificate": pem("!!!!")}, NO_CERTIFICATE),
        ({"certificate": pem(FIRST[:80])}, NO_CERTIFICATE),
        ({"certificate": pem(FIRST) * 2},
         "this holds several certificates: only that of the authority"),
        ({"certificate": pem(FIRST)[:200]}, "this certificate is cut short"),
        ({"certificate": key}, "this holds a private key: that stays where it is"),
        ({"certificate": pem(FIRST) + key}, "this holds a private key: that stays where it is"),
    ):
        status, told = await sent(body)
        assert status == 400 and told["error"] == words, (body, told)
        assert kept() is None
    answer = await post(make(), "/api/ca", {"certificate": None})
    assert answer.status == 400
