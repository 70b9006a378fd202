"""The files of the pages: what may be asked for, and how it is sent."""

import binascii
import os
import struct

from portal import get, make

import firmware
from firmware import rarely


def _file(name, content):
    """A file as gzip writes it, but for what is compressed."""
    try:
        os.mkdir("web")
    except OSError:
        pass
    data = b"\x1f\x8b" + content
    data += struct.pack("<II", binascii.crc32(content), len(content))
    with open(f"web/{name}.gz", "wb") as file:
        file.write(data)
    return data


async def test_files_are_sent_compressed_and_in_pieces():
    app = make()
    for name, kind in (("index.html", "text/html; charset=utf-8"),
                       ("app.css", "text/css; charset=utf-8"),
                       ("app.js", "text/javascript; charset=utf-8"),
                       ("fr.json", "application/json"), ("icon.svg", "image/svg+xml"),
                       ("x-1_2.webmanifest", "application/manifest+json")):
        data = _file(name, b"content of " + name.encode() * 300)
        answer = await get(app, "/" + name)
        assert answer.status == 200 and answer.body == data, name
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-length"] == str(len(data))
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.longest <= 1024
    answer = await get(app, "/")
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_browser_that_has_it_already():
    app = make()
    _file("app.js", b"one")
    first = await get(app, "/app.js")
    tag = first.headers["etag"]
    again = {"If-None-Match": tag}
    answer = await get(app, "/app.js", **again)
    assert answer.status == 304 and answer.body == b"" and answer.headers["etag"] == tag
    again = {"If-None-Match": f'W/"x", {tag}'}
    assert (await get(app, "/app.js", **again)).status == 304
    _file("app.js", b"two")
    answer = await get(app, "/app.js", **again)
    assert answer.status == 200 and answer.headers["etag"] != tag
    answer = await get(app, "/app.js?v=123")
    assert answer.headers["cache-control"] == "max-age=31536000, immutable"


async def test_nothing_but_the_files_of_the_folder():
    app = make()
    _file("index.html", b"index")
    with open("config.json", "w") as file:
        file.write("{}")
    with open("web/plain.txt", "w") as file:
        file.write("not compressed")
    _file("secret", b"no type")
    _file("program.py", b"no type")
    os.rename("web/program.py.gz", "web/.hidden.js.gz")
    for path in ("/config.json", "/../config.json", "/%2e%2e/config.json", "/..%2fconfig.json",
                 "/web/index.html", "/./index.html", "//index.html", "/index.html/", "/..", "/.",
                 "/plain.txt", "/secret", "/program.py", "/.hidden.js", "/index.html.gz",
                 "/index.html\\", "/index.html%00", "/nothing.js", "/a=b.js", "/é.js"):
        answer = await get(app, path)
        assert answer.status == 404 and answer.json == {"error": "no such page"}, path


async def test_without_a_folder_of_pages():
    module = rarely.load("portal.assets")
    module.FOLDER = "not-there"

    class App:
        def abort(self, status, words):
            raise ValueError(status)

    class Request:
        app, path, args, headers = App(), "/", {}, {}

    try:
        module.get(Request())
        raise AssertionError("found")
    except ValueError as error:
        assert error.args == (404,)


def test_the_pages_are_beside_the_firmware_in_a_slot_and_in_a_romfs():
    before, module = firmware.__path__, rarely.load("portal.assets")
    try:
        for path, folder in (("a/firmware", "a/web"), ("b/firmware", "b/web"), ("firmware", "web"),
                             ("/rom/firmware", "/rom/web"), ("/home/x/firmware", "web")):
            firmware.__path__ = path
            assert module.folder() == folder, path
    finally:
        firmware.__path__ = before
