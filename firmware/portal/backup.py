"""POST /api/backup: the settings as a JSON file. POST /api/restore: take them up again.

The file holds what differs from the defaults. Secrets are in it only under a password: encrypted
with AES-128 in CBC mode, then authenticated with HMAC-SHA256 (RFC 2104), by keys made from the
password with PBKDF2-HMAC-SHA256. The admin password is in no file.
"""

import binascii
import json
import os
from hashlib import sha256

from micropython import const

import firmware
from firmware.rarely import load

_ROUNDS = const(8000)
_MOST = const(20_000)  # rounds that another gateway may have used
_CBC = const(2)
_BLOCK = const(16)
_PASSWORD = "8..64"


def post(request):
    """The file; or what it holds, taken up."""
    return _backup(request) if request.name == "backup" else _restore(request)


async def _backup(request):
    """{"password"?} -> the file."""
    app = request.app
    password = _password(load("portal.body").read(request) if request.body else {}, app.abort)
    config = app.gateway.config()
    plain, secrets = {}, {}
    for key, kind, _, default, value in config.rows():
        if _differs(value, kind, default):
            (secrets if kind == "secret" else plain)[key] = value
    parts = {
        "ticgate": "backup", "version": firmware.__version__, "device": app.gateway.device,
        "settings": plain,
    }
    if password:
        parts["secrets"] = await _seal(json.dumps(secrets).encode(), password)
    name = f'attachment; filename="{app.gateway.device}-settings.json"'
    headers = {"Content-Type": "application/json", "Content-Disposition": name}
    return _members(parts.items()), headers


def _differs(value, kind, default) -> bool:
    """Whether a setting has another value than its default."""
    return default != (("off", "on")[value] if kind == "bool" else str(value))


def _members(items):
    head = "{"
    for key, value in items:
        yield f"{head}{json.dumps(key)}:{json.dumps(value)}"
        head = ","
    yield "}"


async def _restore(request):
    """{"file", "password"?, "check"?} -> what was changed, and what could not be used."""
    abort = request.app.abort
    given = load("portal.body").read(request)
    file = given.get("file")
    if isinstance(file, str):
        try:
            file = json.loads(file) if file.rstrip()[-1:] == "}" else None
        except ValueError:
            file = None
    if not isinstance(file, dict) or file.get("ticgate") != "backup":
        abort(400, {"error": "this is no backup of a gateway", "key": "file"})
    values, sealed = file.get("settings"), file.get("secrets")
    if not isinstance(values, dict):
        abort(400, {"error": "the file has no settings", "key": "file"})
    password = _password(given, abort)
    secrets = {}
    if sealed is not None and password:
        secrets = await _open(sealed, password)
        if secrets is None:
            abort(400, {"error": "wrong password, or the file was changed", "key": "password"})
    elif sealed is None and password:
        abort(400, {"error": "the file has no secrets: no password is needed", "key": "password"})
    return _apply(request, values, secrets, given.get("check") is True)


def _apply(request, values, secrets, check):
    """Put the settings in place: all that can be used, or none."""
    config = request.app.gateway.config()
    changed, unused = [], []
    restored = "restored" if secrets else "kept"

    def put(key, value):
        try:
            if config.update({key: value}):
                changed.append(key)
        except ValueError as error:
            unused.append({"key": str(key)[:40], "error": str(error)})

    for key, kind, _, default, value in config.rows():
        if kind == "secret":
            if key in secrets:
                put(key, secrets.pop(key))
        elif key in values or key in config.kept or _differs(value, kind, default):
            put(key, values.pop(key, default))
    known = list(config.keys())
    for key in list(values) + list(secrets):
        unused.append({"key": key[:40], "error": "no such setting" if key not in known else
                       "a secret is taken from the encrypted part alone"})
    if not check:
        load("portal.changing").save(request, config)
    return {
        "changed": changed, "unused": unused, "secrets": restored,
        "restart": bool(changed) and not check,
    }


def _password(given, abort):
    """The password in the body, empty if there is none."""
    password = given.get("password")
    if password in (None, ""):
        return ""
    password = load("portal.body").text(given, "password", abort, 8, 64)
    return password


async def _seal(data, password) -> dict:
    """Encrypted and authenticated, as the file has it."""
    import cryptolib

    salt, iv = os.urandom(_BLOCK), os.urandom(_BLOCK)
    secret, proof = await _keys(password, salt, _ROUNDS)
    fill = _BLOCK - len(data) % _BLOCK
    data = cryptolib.aes(secret, _CBC, iv).encrypt(data + bytes((fill,)) * fill)
    return {
        "rounds": _ROUNDS, "salt": _text(salt), "iv": _text(iv), "data": _text(data),
        "mac": _text(_mac(proof, iv + data)),
    }


async def _open(sealed, password):
    """The secrets, None if the password is wrong or anything was changed."""
    import cryptolib

    try:
        salt, iv, data, mac = [binascii.a2b_base64(sealed[key].encode())
                               for key in ("salt", "iv", "data", "mac")]
        rounds = sealed["rounds"]
        if type(rounds) is not int or not 0 < rounds <= _MOST or len(iv) != _BLOCK:
            return None
        secret, proof = await _keys(password, salt, rounds)
        # Hashes of the two are compared, which tells nothing by the time it takes.
        if sha256(_mac(proof, iv + data)).digest() != sha256(mac).digest():
            return None
        data = cryptolib.aes(secret, _CBC, iv).decrypt(data)
        found = json.loads(data[: -data[-1]])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
    return found if isinstance(found, dict) else None


async def _keys(password, salt, rounds):
    """(key of the cipher, key of its proof)"""
    _, key = await load("portal.password").derive(password.encode(), salt, rounds)
    return sha256(b"encrypt" + key).digest()[:_BLOCK], sha256(b"prove" + key).digest()


def _mac(key, data) -> bytes:
    """HMAC-SHA256; the key has 32 bytes."""
    key = key + bytes(32)
    inner = sha256(bytes([c ^ 0x36 for c in key]) + data).digest()
    return sha256(bytes([c ^ 0x5C for c in key]) + inner).digest()


def _text(data) -> str:
    return str(binascii.b2a_base64(data), "ascii").strip()
