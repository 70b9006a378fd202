"""A new version at an address of the owner's: which it is, and its bytes. Loaded for it.

The file is the bundle itself, on any web server: its second line tells the version, so that a look
takes some hundred bytes. HTTP/1.0, so that the body comes as it is; a redirection is followed.
"""

import asyncio
import time

from micropython import const

from firmware.rarely import load

_LATE = "the server does not answer"
_LOOK = const(20)  # ms between two looks
_DEADLINE = const(10_000)  # ms for anything to come
_HEAD = const(4096)  # bytes of a head at most
_JUMPS = const(3)  # redirections


async def look(gateway) -> str:
    """The version at update_url. OSError in words."""
    download = Download(gateway)
    try:
        await download.open()
        first = await download.line()
        words = (await download.line()).split()
        if first != load("manifest").FIRST.encode() or words[:1] != [b"version"]:
            raise OSError("this is no update of this gateway")
        version = words[-1].decode()
        load("manifest").older(version, "0.0.0")  # it is one
        return version
    except ValueError:
        raise OSError("this is no update of this gateway")
    finally:
        download.close()


class Download:
    """What is at update_url; readinto() as firmware/update.py wants it."""

    def __init__(self, gateway):
        self._gateway = gateway
        self._stream = None
        self._left = -1  # bytes of the body, -1: to the end of the connection

    async def open(self) -> None:
        """As far as the body. OSError in words."""
        config = self._gateway.config()
        url = config.get("update_url")
        told = {"update_url": url, "update_fingerprint": config.get("update_fingerprint")}
        config = None
        if not url:
            raise OSError("no address is set")
        for _ in range(_JUMPS + 1):
            host, port, _, path = load("publish.address").parts(url)
            dialler = load("publish.making").dialler("update", self._gateway, told)
            stream = self._stream = await self._gateway.opener(dialler)(host, port)
            request = f"GET {path or '/'} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode()
            while request:
                request = request[(await self._wait(stream.write, request)) :]
            status, place = await self._head()
            if status == 200:
                return
            self.close()
            if status not in (301, 302, 303, 307, 308) or "://" not in place:
                raise OSError(f"the server answers with {status}")
            told = {"update_url": place, "update_fingerprint": ""}
            url = place
        raise OSError("the server sends us on and on")

    async def readinto(self, view) -> int:
        """Bytes of the body that came, 0 at the end."""
        if not self._left:
            return 0
        if self._left > 0:
            view = view[: self._left]
        n = await self._wait(self._stream.readinto, view)
        if self._left > 0:
            if not n:
                raise OSError("the server closed the connection")
            self._left -= n
        return n

    async def line(self) -> bytes:
        """A short line of the body."""
        line = bytearray()
        byte = memoryview(bytearray(1))
        while len(line) < 80 and await self.readinto(byte) and byte[0] != 10:
            line.append(byte[0])
        return bytes(line)

    def close(self) -> None:
        """It is over."""
        if self._stream:
            self._stream.close()
            self._stream = None

    async def _head(self) -> tuple:
        """(status, where it sends us)"""
        byte = memoryview(bytearray(1))
        lines, line = [], bytearray()
        for _ in range(_HEAD):
            if not await self._wait(self._stream.readinto, byte):
                raise OSError("the server closed the connection")
            if byte[0] != 10:
                line.append(byte[0])
                continue
            line = bytes(line).rstrip(b"\r")
            if not line:
                break
            if not lines or line[:9].lower() in (b"location:", b"content-l", b"transfer-"):
                lines.append(line)
            line = bytearray()
        else:
            raise OSError("the server's answer has no end")
        if not lines or lines[0][:5] != b"HTTP/" or not lines[0][9:12].isdigit():
            raise OSError("what answers is not a web server")
        place, self._left = "", -1
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            name, value = name.lower(), value.strip()
            if name == b"location":
                place = value.decode()
            elif name == b"content-length" and value.isdigit():
                self._left = int(value[:9])
            elif name == b"transfer-encoding" and value.lower() != b"identity":
                raise OSError("the server does not speak HTTP/1.0")
        return int(lines[0][9:12]), place

    async def _wait(self, act, data):
        """What act(data) of a non-blocking stream gives, in time."""
        stop = time.ticks_add(time.ticks_ms(), _DEADLINE)
        while True:
            n = act(data)
            if n is not None and (n or act != self._stream.write):
                return n
            if time.ticks_diff(stop, time.ticks_ms()) <= 0:
                raise OSError(_LATE)
            await asyncio.sleep_ms(_LOOK)
