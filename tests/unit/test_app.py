"""The door of the portal: what answers which path, and how it says what is wrong."""

import asyncio
import json
import time

from portal import Gateway, Guard, Sessions, ask, get, make, post, request

from firmware import rarely


async def test_a_path_that_does_not_exist():
    app = make()
    for path in ("/api/nothing", "/api/", "/api/status:", "/api/session%00", "/api/statu",
                 "/api/ ", "/api//status", "/api/__init__", "/api/app"):
        answer = await get(app, path)
        assert answer.status == 404 and answer.json["error"], path
    answer = await get(app, "/" + "a" * 2000)
    assert answer.status == 404 and answer.json["error"] == "no such page"


async def test_a_method_that_is_not_for_it():
    app = make()
    for method, path in (("POST", "/api/status"), ("GET", "/api/restart"), ("PUT", "/"),
                         ("POST", "/app.js"), ("DELETE", "/api/config"), ("OPTIONS", "/"),
                         ("__CLASS__", "/api/status")):
        answer = await ask(app, method, path)
        assert answer.status == 405 and method[:8] in answer.json["error"], (method, path)
        assert answer.headers["content-type"].startswith("application/json")


async def test_the_guard_is_asked_first_and_last():
    guard = Guard()
    app = make(guard=guard)
    for path in ("/", "/api/status", "/metrics", "/api/nothing"):
        answer = await get(app, path)
        assert guard.asked == path
        assert answer.headers["x-seen"] == "yes", path
    guard.refusal = {"error": "log in first"}, 401
    answer = await get(app, "/api/config")
    assert answer.status == 401 and answer.json == {"error": "log in first"}
    assert answer.headers["x-seen"] == "yes"


async def test_head_is_get_without_a_body():
    app = make()
    answer = await ask(app, "HEAD", "/api/status")
    assert answer.status == 200 and answer.body == b""


async def test_what_breaks_says_nothing_of_itself():
    class Broken(Gateway):
        def config(self):
            raise OSError("a secret reason")

    app = make()
    app.gateway = Broken()
    answer = await get(app, "/api/config")
    assert answer.status == 500 and answer.json == {"error": "Internal server error"}
    assert answer.headers["x-seen"] == "yes"


async def test_no_memory_is_told():
    class Small(Gateway):
        def config(self):
            raise MemoryError()

    app = make()
    app.gateway = Small()
    answer = await get(app, "/api/config")
    assert answer.status == 503 and "memory" in answer.json["error"]


async def test_too_much_is_refused():
    app = make()
    asked = request(app, "POST", "/api/config", b"{}")
    asked.content_length = 10_000_000
    answer = await app.dispatch_request(asked)
    assert answer.status_code == 413 and json.loads(answer.body)["error"] == "Payload too large"
    answer = await app.dispatch_request(None)
    assert answer.status_code == 400 and json.loads(answer.body)["error"] == "Bad request"


async def test_bodies_that_are_no_object():
    app = make()
    for body in (b"", b"{", b"[]", b"1", b"null", b'"a"', b"{'a': 1}", b'{"a":1', b'{"a":1}}',
                 b'{"a":1,}', b'{"a" 1}', b'{"a"::1}', b'{,"a":1}', b'{"a":1 "b":2}', b'{"a":}',
                 b"{1:2}", b'{"a":[1,]}', b'{"a":[1 2]}', b'{"a":"b}', b'{"a":"b\\"}', b"\xff\xfe",
                 b'{"a":\xff}', b'{"a":"\xff"}', b"{}{}", b'{"a":truth}', b'{"a":--1}', b'{:}',
                 b'{"a":{"b":1]}', bytes(range(256)), b"{" * 500, b"[" * 500 + b"]" * 500):
        answer = await ask(app, "POST", "/api/config", body)
        assert answer.status == 400, body
        assert answer.json == {"error": "the body has to be one JSON object"}, body


async def test_bodies_that_are_one():
    read = rarely.load("portal.body").read
    app = make()
    for found in ({}, {"a": 1}, {"a": [1, 2, {"b": []}, [[]]], "c": {}},
                  {"a": -1.5e3, "b": True, "c": None, "d": 'quoted "\\ \u00e9'}):
        for text in (json.dumps(found), " \r\n" + json.dumps(found).replace(",", " ,\t") + "\n"):
            assert read(request(app, "POST", "/", text.encode())) == found, text
        assert read(request(app, "POST", "/", bytes(json.dumps(found).encode()))) == found


async def test_the_session_and_its_password():
    gateway, guard = Gateway(), Guard()
    app = make(gateway, guard)
    told = (await get(app, "/api/session")).json
    assert told == {
        "password": True, "reading": "open", "user": True, "setup": True, "name": "", "site": "",
        "device": "winky-0a01ff", "version": "0.1.0", "token": "t" * 32,
    }
    guard.owner = False
    guard.protected = True
    told = (await get(app, "/api/session")).json
    assert "token" not in told and not told["user"] and told["reading"] == "protected"
    answer = await post(app, "/api/login", {"password": "wrong"})
    assert answer.status == 401 and answer.json == {"error": "wrong password"}
    answer = await post(app, "/api/login", {"password": "long enough"})
    assert answer.json == {"token": "t" * 32}
    cookie = answer.headers["set-cookie"]
    assert "=" + "c" * 32 in cookie and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    answer = await post(app, "/api/password", {"new": "short", "old": "long enough"})
    assert answer.status == 400 and "8" in answer.json["error"]
    answer = await post(app, "/api/password", {"new": "another one", "old": "long enough"})
    assert answer.status == 200 and guard.sessions.password == "another one"
    answer = await post(app, "/api/logout")
    assert answer.json == {} and "Max-Age=0" in answer.headers["set-cookie"]
    assert guard.sessions.out == ["c" * 32]


async def test_wrong_passwords_cost_a_wait():
    class Later(Exception):
        pass

    guard = Guard()
    app = make(guard=guard)
    guard.sessions.error = Later(8)
    for path in ("/api/login", "/api/password", "/api/factory"):
        answer = await post(app, path, {"password": "x", "new": "long enough", "old": "x"})
        assert answer.status == 429 and answer.headers["retry-after"] == "8", path
        assert answer.json["seconds"] == 8
    guard.sessions.error = OSError(28)
    answer = await post(app, "/api/login", {"password": "x"})
    assert answer.status == 503 and "flash" in answer.json["error"]


async def test_restart_and_factory_state():
    gateway = Gateway()
    app = make(gateway)
    assert (await post(app, "/api/restart")).json == {"restart": True}
    assert gateway.done == ["restart"]
    assert (await post(app, "/api/factory", {"password": "wrong"})).status == 403
    assert (await post(app, "/api/factory")).status == 403
    assert gateway.done == ["restart"]
    assert (await post(app, "/api/factory", {"password": "long enough"})).status == 200
    assert gateway.done == ["restart", "factory"]


async def test_one_after_the_other():
    begun = []

    class Slow(Sessions):
        async def login(self, password):
            begun.append(password)
            while password in begun:
                await asyncio.sleep_ms(1)
            return "c" * 32, "t" * 32

    guard = Guard()
    guard.sessions = Slow()
    app = make(guard=guard)
    tasks = []
    for password in "abc":
        tasks.append(asyncio.create_task(post(app, "/api/login", {"password": password})))
    await asyncio.sleep_ms(50)
    assert begun == ["a"] and app.busy == 1 and app.waiting == 2
    app.since -= 3001  # that takes long
    await asyncio.sleep_ms(50)
    assert begun == ["a", "b"] and app.busy == 2 and app.waiting == 1
    app.since -= 3001  # and two are enough
    await asyncio.sleep_ms(50)
    assert begun == ["a", "b"]
    begun.remove("a")
    await asyncio.sleep_ms(50)
    assert begun == ["b", "c"] and app.waiting == 0
    begun.clear()
    for task in tasks:
        assert (await task).status == 200
    assert app.busy == app.waiting == 0


async def test_an_answer_holds_its_place_until_it_is_sent():
    app = make()
    reply = await app.dispatch_request(request(app, "GET", "/api/config"))
    assert app.busy == 1
    next(reply.body)
    app.waiting = 1
    reply.body._began -= 30_001
    try:
        next(reply.body)
        raise AssertionError("it goes on")
    except OSError:
        pass  # others have waited long enough
    reply.body.close()
    reply.body.close()
    assert app.busy == 0
    for method, path in (("GET", "/api/nothing"), ("PUT", "/"), ("POST", "/api/config"),
                         ("GET", "/nothing.js"), ("HEAD", "/api/status")):
        reply = await app.dispatch_request(request(app, method, path))
        if hasattr(reply.body, "close"):
            reply.body.close()
        assert app.busy == 0, path


def test_pieces_are_no_longer_than_a_kilobyte():
    gather = rarely.load("portal.pieces").gather
    parts = ["é" * 400, b"x" * 2500, "", b"y", "z" * 223, "w"]
    whole, sizes = b"", []
    for piece in gather(parts):
        whole += bytes(piece)
        if piece:
            sizes.append(len(piece))
    assert whole == ("é" * 400 + "x" * 2500 + "y" + "z" * 223 + "w").encode()
    assert max(sizes) == 1024 and sizes[:-1] == [1024] * (len(sizes) - 1)
    assert [bytes(piece) for piece in gather([])] == [b""]

    def slow():
        for _ in range(3):
            then = time.ticks_ms()
            while time.ticks_diff(time.ticks_ms(), then) < 25:
                pass
            yield b"a"

    pieces = [bytes(piece) for piece in gather(slow())]
    assert pieces == [b"", b"", b"", b"aaa"]  # the others have their turn
