"""TLS over a connection: whom we talk to, proven before anything is said.

Proof is a certificate that our CA signed, valid now and for the name we asked for, or one with the
SHA-256 fingerprint that the owner gave, whoever signed it. Loaded for a connection and forgotten
(rarely.py); what TLS itself needs lives outside Python's heap.

The module tls is that of ports with mbedTLS, which the board's ssl stands on too. The handshake
goes on with each read and write, in steps that are computations in C, 0.1 to 0.5 s each on the
board. The stream is handed over as soon as the certificate has been believed: mbedTLS itself lets
nothing out before the rest of the handshake is done, a write is just not taken until then.
"""

import asyncio
import errno
import hashlib
from time import ticks_add, ticks_diff

import tls
from micropython import const

CA = "ca.der"  # one certificate, in DER

_LOOK = const(20)  # ms between two steps

_OBJECTION = const(-0x3000)  # "fatal error" of X.509

# What mbedTLS says of a certificate that it does not trust; the first that is found counts.
_VERDICTS = (
    ("expired", "the server's certificate has expired"),
    ("future", "the server's certificate is not valid yet, or the time here is wrong"),
    ("trusted CA", "the server's certificate is not signed by our CA"),
    ("Common Name", "the server's certificate is for another name than {}"),
)
_CUT = "cut in the TLS handshake: no TLS on this port, or the server wants a certificate of ours"
_NO_TLS = "the server does not speak TLS on this port"
_REFUSED = "the server refuses the TLS handshake"
_FULL = "no memory for TLS"
_FAULTS = {
    -0x7200: _NO_TLS,  # a record that is none: plain text
    -0x7280: _CUT,
    errno.ECONNRESET: _CUT,
    32: _CUT,  # EPIPE
    -0x7780: _REFUSED,  # an alert
    -0x6E00: _REFUSED,
    -0x6E80: "the server speaks too old a TLS",
    -0x7F00: _FULL,
    -0x2880: _FULL,
    errno.ENOMEM: _FULL,
}


async def prepare(dialler) -> tuple:
    """(context, proof) for handshake(), before there is a connection. OSError if there is no way.

    proof is a list: when the certificate has been seen there is "" in it, or its fingerprint if
    that is the wrong one. A CA's certificate can be judged only when the time is known: that is
    waited for.
    """
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    wanted = dialler.tls.replace(":", "").replace(" ", "").lower()
    proof = []

    def judge(certificate, depth):
        """Called with each certificate of the chain; 0: no objection."""
        if depth:
            return 0
        found = hashlib.sha256(certificate).digest().hex() if wanted else ""
        proof.append("" if found == wanted else found)
        return 0 if found == wanted else _OBJECTION

    context.verify_callback = judge  # pyright: ignore[reportAttributeAccessIssue]
    if wanted:
        mode = tls.CERT_OPTIONAL  # whoever signed it
    else:
        mode = tls.CERT_REQUIRED
        _trust(context)
        stop = ticks_add(dialler.ticks_ms(), dialler.deadline)
        while dialler.clock and dialler.clock.utc() is None:
            if ticks_diff(stop, dialler.ticks_ms()) <= 0:
                raise OSError("the time is not known yet, and certificates are valid for a time")
            await asyncio.sleep_ms(_LOOK)
    context.verify_mode = mode  # pyright: ignore[reportAttributeAccessIssue]
    return context, proof


def _trust(context):
    try:
        with open(CA, "rb") as file:
            context.load_verify_locations(file.read())
    except OSError:
        raise OSError("TLS needs a CA certificate or the server's fingerprint: neither is set")
    except ValueError:
        raise OSError("the CA certificate is damaged: give it again")


async def handshake(dialler, prepared, stream, host):
    """The encrypted stream over a connected one. OSError in words, and the caller closes it."""
    context, proof = prepared
    secured = None
    try:
        secured = context.wrap_socket(stream, server_hostname=host, do_handshake_on_connect=False)
        first = bytearray(1)
        stop = ticks_add(dialler.ticks_ms(), dialler.deadline)
        while not proof:
            if secured.readinto(first) is not None:
                raise OSError(-0x7280)
            if ticks_diff(stop, dialler.ticks_ms()) <= 0:
                raise OSError("no answer to the TLS handshake in time")
            await asyncio.sleep_ms(_LOOK)
        # Or this module would stay as long as the connection.
        context.verify_callback = None  # pyright: ignore[reportAttributeAccessIssue]
        return secured
    except ValueError as error:
        words = _verdict(str(error), host)
    except OSError as error:
        words = fault(error.args[0])
        if proof and proof[0]:
            words = "the server's certificate has another fingerprint: " + proof[0]
    if secured:
        secured.close()
    raise OSError(words)


def _verdict(said, host):
    for sign, words in _VERDICTS:
        if sign in said:
            return words.format(host)
    return "the server's certificate is refused: " + said.strip().replace("\n", ", ")[:80]


def fault(number):
    """Words for the number of an OSError that came through TLS."""
    if isinstance(number, str):
        return number
    if -256 < number < 0:  # of the socket below
        number = -number
    return _FAULTS.get(number) or (number if number >= 0 else f"TLS error {-number:x}")
