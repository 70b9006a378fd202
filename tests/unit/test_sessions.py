"""Sessions and the admin password: the slow hash, the file, waits, and what ends a session."""

import asyncio
import json
import os

from firmware.portal import password, sessions
from firmware.portal.sessions import Later, Sessions

_PATH = "unit-admin.json"
WORD, OTHER = "eight ch", "another one"


class Seconds:
    now = 1000

    def __call__(self):
        return self.now


def fresh():
    """Sessions of a new gateway."""
    for name in os.listdir():
        if name.startswith(_PATH):
            os.remove(name)
    return Sessions(Seconds(), _PATH)


class Quick:
    """Makes the hash cheap, whichever copy of the module is loaded."""

    def __init__(self):
        self.load = sessions.load

    def __call__(self, name):
        module = self.load(name)
        module.derive = derive
        return module


async def derive(text, salt, rounds=None):
    """In the place of the slow one; it gives the loop a turn as that does."""
    await asyncio.sleep_ms(0)
    rounds = rounds or 7
    return rounds, password.sha256(text + salt + bytes(rounds)).digest()


def quick(test):
    async def run():
        loader, sessions.load = sessions.load, Quick()
        try:
            await test()
        finally:
            sessions.load = loader

    return run


async def fails(asked):
    """The words of the refusal, or the seconds to wait."""
    try:
        await asked
    except (ValueError, Later) as error:
        return error.args[0]


async def test_the_hash_is_pbkdf2():
    for text, salt, rounds, expected in (
        (b"passwd", b"salt", 1,
         "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
        (b"password", b"salt", 4096,
         "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"),
    ):
        done, key = await password.derive(text, salt, rounds)
        assert done == rounds and key.hex() == expected


async def test_the_hash_holds_the_loop_in_slices_only():
    turns = [0]

    async def other():
        while True:
            turns[0] += 1
            await asyncio.sleep_ms(0)

    task = asyncio.create_task(other())
    rounds, key = await password.derive(b"x" * 64, b"y" * 16)
    task.cancel()
    assert rounds >= 2000 and len(key) == 32 and turns[0] > 50
    assert (await password.derive(b"x" * 64, b"y" * 16, rounds))[1] == key


@quick
async def test_choose_login_logout():
    admin = fresh()
    assert not admin.set and "no password" in await fails(admin.login(WORD))
    cookie, token = await admin.choose(WORD)
    assert admin.set and len(cookie) == len(token) == 32 and token == admin.token(cookie)
    second, other = await admin.login(WORD)
    assert cookie != second and token != other
    for entry in ((cookie, token), (second, other)):
        assert admin.check(*entry) and admin.check(entry[0])
    assert not admin.check(cookie, other) and not admin.check(cookie, "")
    assert not admin.check(None) and not admin.check("") and not admin.check("0" * 32)
    assert not admin.check(cookie.upper()) or cookie.isdigit()
    admin.logout(cookie)
    assert not admin.check(cookie) and admin.check(second, other)


@quick
async def test_what_a_password_may_be():
    admin = fresh()
    for bad in ("", "seven c", "x" * 65, "é" * 33, None, 12345678, [WORD], b"bytes and more"):
        assert "8 characters" in await fails(admin.choose(bad)), bad
    assert not admin.set and not admin.open
    for good in ("é" * 8, "x" * 64, "with spaces in it", '"\\\0\n{}' * 2):
        admin = fresh()
        await admin.choose(good)
        assert await fails(admin.login(good)) is None


@quick
async def test_another_password_ends_the_other_sessions():
    admin = fresh()
    first, _ = await admin.choose(WORD)
    assert await fails(admin.choose(OTHER)) == "wrong password"  # the old one is not told
    assert await fails(admin.choose(OTHER, "not it at all")) == "wrong password"
    assert admin.check(first)
    admin.seconds.now += 10
    second, _ = await admin.choose(OTHER, WORD)
    assert not admin.check(first) and admin.check(second)
    assert await fails(admin.login(WORD)) == "wrong password"
    admin.seconds.now += 10
    assert await fails(admin.verify(OTHER)) is None


@quick
async def test_wrong_passwords_cost_a_wait():
    admin = fresh()
    cookie, token = await admin.choose(WORD)
    waits = []
    for _ in range(12):
        assert await fails(admin.login(OTHER)) == "wrong password"
        wait = await fails(admin.login(WORD))  # not looked at, though it is right
        assert admin.check(cookie, token)  # whoever is in does not notice
        waits.append(wait)
        admin.seconds.now += wait - 1
        assert await fails(admin.login(WORD)) == 1
        admin.seconds.now += 1
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    admin.seconds.now += 3600 + 1  # who errs a day later does not pay for that
    assert await fails(admin.login(OTHER)) == "wrong password"
    assert await fails(admin.login(WORD)) == 1
    admin.seconds.now += 1
    assert await fails(admin.login(WORD)) is None
    assert await fails(admin.login(OTHER)) == "wrong password"
    assert await fails(admin.login(WORD)) == 1  # counted from the beginning again


@quick
async def test_one_password_at_a_time():
    admin = fresh()
    await admin.choose(WORD)
    said = await asyncio.gather(*[fails(admin.login(OTHER)) for _ in range(5)])
    assert said == ["wrong password", 1, 1, 1, 1] and admin.failures == 1
    admin.seconds.now += 5
    task = asyncio.create_task(admin.login(WORD))
    await asyncio.sleep_ms(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    assert await fails(admin.login(WORD)) is None  # one that was cut leaves the way free


@quick
async def test_two_first_visitors_do_not_both_choose():
    admin = fresh()
    said = await asyncio.gather(*[fails(admin.choose(word)) for word in (WORD, OTHER)])
    assert said == [None, 1]
    assert await fails(admin.login(WORD)) is None


@quick
async def test_four_sessions_and_twelve_hours():
    admin = fresh()
    cookies = [(await admin.choose(WORD))[0]]
    for _ in range(4):
        cookies.append((await admin.login(WORD))[0])
    assert [admin.check(cookie) for cookie in cookies] == [False, True, True, True, True]
    for _ in range(30):  # used now and then, it lasts
        admin.seconds.now += 11 * 3600
        assert admin.check(cookies[4])
    assert [admin.check(cookie) for cookie in cookies] == [False] * 4 + [True]
    admin.seconds.now += 12 * 3600 + 1
    assert not admin.check(cookies[4]) and not admin.open


@quick
async def test_a_restart_ends_no_session():
    admin = fresh()
    gone, _ = await admin.choose(WORD)
    cookie, token = await admin.login(WORD)
    admin.logout(gone)
    again = Sessions(Seconds(), _PATH)
    assert again.set and again.check(cookie, token) and not again.check(gone)
    assert await fails(again.login(WORD)) is None


@quick
async def test_the_file_opens_no_door():
    """Neither the password nor a cookie nor a token is in it."""
    admin = fresh()
    cookie, token = await admin.choose(WORD)
    with open(_PATH) as file:
        text = file.read()
    assert WORD not in text and cookie not in text and token not in text
    record = json.loads(text)
    assert sorted(record) == ["hash", "rounds", "salt", "sessions"] and len(record["salt"]) == 32
    assert not admin.check(record["sessions"][0])
    await admin.choose(WORD, WORD)
    with open(_PATH) as file:
        assert json.load(file)["salt"] != record["salt"]
    assert _PATH + ".tmp" not in os.listdir()


@quick
async def test_a_damaged_file_lets_nobody_in():
    admin = fresh()
    cookie, _ = await admin.choose(WORD)
    with open(_PATH) as file:
        whole = json.load(file)
    damaged = ["", "[]", "{}", "null", json.dumps(whole)[:-20], json.dumps(whole)[:40]]
    for key, value in (("salt", 1), ("salt", "0"), ("rounds", "1"), ("rounds", 0), ("hash", 1)):
        damaged.append(json.dumps(dict(whole, **{key: value})))
    for text in damaged:
        with open(_PATH, "w") as file:
            file.write(text)
        admin = Sessions(Seconds(), _PATH)
        assert admin.set and not admin.check(cookie), text
        assert "damaged" in await fails(admin.login(WORD)), text
        assert await fails(admin.choose(OTHER)) is not None and not admin.busy


@quick
async def test_a_flash_that_refuses_changes_nothing():
    admin = fresh()
    admin.path = "no-such-folder/admin.json"
    try:
        await admin.choose(WORD)
        raise AssertionError("it took it")
    except OSError:
        pass
    assert not admin.set and not admin.open and not admin.busy
