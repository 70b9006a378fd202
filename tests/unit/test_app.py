"""The door of the portal: what answers which path, and how it says what is wrong."""

import json

from portal import Gateway, Guard, ask, get, make, post, request

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
