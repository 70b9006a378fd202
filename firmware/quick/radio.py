"""One short stay in the Wi-Fi network: no scan, no DHCP and no DNS while what is known is fresh.

Everything here waits in small steps, looks at the charge in each, and gives up with an OSError in
words when it runs out of charge or of time.
"""

import socket
import time

from micropython import const

from firmware.rarely import load
from firmware.rtcmem import CHANNEL, FAILURES, LEASED

_STEP = const(5)  # ms between two looks
_JOIN = const(8000)  # ms for the association, and an address if there is none
_LEASE = const(4 * 3600)  # s for which an address is used without asking again
_LONGEST = const(12_000)  # ms for a connection, or for a request and its answer
_IDLE = const(1000)  # a status below it: the radio has given up
_AFRESH = const(3)  # failures in a row, with this try, from which nothing known is trusted
_UNDONE = (115, 119, 112)  # EINPROGRESS, of Linux and of lwIP


class Radio:
    """wlan: network.WLAN of the station; going(): whether there is the charge to go on."""

    def __init__(self, wlan, told, memory, going, ticks_ms=time.ticks_ms):
        self._wlan = wlan
        self._told = told
        self._memory = memory
        self._going = going
        self._ticks_ms = ticks_ms

    def wait(self, ready, ms, words):
        """Until ready() gives something, which is returned. OSError(words) after ms."""
        began = self._ticks_ms()
        while True:
            found = ready()
            if found:
                return found
            if not self._going():
                raise OSError("no charge left for the network")
            if time.ticks_diff(self._ticks_ms(), began) > ms:
                raise OSError(words)
            time.sleep_ms(_STEP)

    def start(self, now) -> None:
        """Begin to join the network; now: s since 2000. What else there is to do can be done
        while it does.
        """
        wlan, told, memory = self._wlan, self._told, self._memory
        cells = memory.cells
        if cells[FAILURES] >= _AFRESH:
            memory.bssid = memory.lease = memory.mqtt = memory.influx = memory.post = b""
        wlan.active(True)
        wlan.config(reconnects=0, pm=wlan.PM_NONE, txpower=told["wifi_power"])
        if memory.lease and now - cells[LEASED] > _LEASE:
            memory.lease = b""
        fixed = told["fixed"] or memory.lease.decode()
        self._asks = not fixed
        if fixed:
            wlan.ifconfig(tuple(fixed.split(",")))
        if cells[CHANNEL]:
            try:
                wlan.config(channel=cells[CHANNEL])  # where its search begins, with luck
            except (OSError, ValueError):
                pass
        self._stale = wlan.status()
        known = {"bssid": memory.bssid} if memory.bssid else {}
        wlan.connect(told["wifi_ssid"], told["wifi_password"] or None, **known)

    def join(self, now) -> None:
        """Wait until it has joined. OSError in words."""
        wlan, memory = self._wlan, self._memory
        self.wait(self._joined, _JOIN, "no answer from the network")
        if self._asks:
            memory.lease = ",".join(wlan.ifconfig()).encode()
            memory.cells[LEASED] = now
        memory.cells[CHANNEL] = wlan.config("channel")

    def _joined(self) -> bool:
        wlan = self._wlan
        if wlan.isconnected():
            return True
        status = wlan.status()
        if status < _IDLE and status != self._stale:
            raise OSError(f"the network cannot be joined, status {status}")
        return False

    def learn(self) -> None:
        """Look for the access point we are in, so that the next time none is looked for."""
        told, best = self._told, None
        for found in self._wlan.scan():
            if found[0] == told["wifi_ssid"].encode() and (not best or found[3] > best[3]):
                best = found
        if best:
            self._memory.bssid = bytes(best[1])
            self._memory.cells[CHANNEL] = best[2]

    async def find(self, name, host) -> str:
        """The address of the destination `name`, remembered. OSError in words."""
        memory = self._memory
        address = getattr(memory, name).decode() or host
        if not address.replace(".", "").isdigit():
            servers = [self._wlan.ifconfig()[3]]
            address = await load("link.resolver").find(host, servers, self._ticks_ms)
            setattr(memory, name, address.encode())
        return address

    async def dial(self, name, host, port, tls):
        """A connected non-blocking stream to it; tls: as of a Dialler. OSError in words."""
        from firmware.publish.link import Dialler

        address = await self.find(name, host)
        first = socket.getaddrinfo(address, port, 0, socket.SOCK_STREAM)[0]
        dialler = Dialler(self._ticks_ms, None, _JOIN, tls)
        known = ((host, port), (first[:3], first[-1]))
        dialler.known = known  # type: ignore[assignment]
        return await dialler.open(host, port)

    def open(self, host, port):
        """A connected non-blocking stream to the broker, or one that is about to be. OSError in
        words.
        """
        told = self._told
        if told["mqtt_tls"]:
            return self.run(self.dial("mqtt", host, port, told["mqtt_fingerprint"]))
        address = self._memory.mqtt.decode() or host
        if not address.replace(".", "").isdigit():
            address = self.run(self.find("mqtt", host))
        first = socket.getaddrinfo(address, port, 0, socket.SOCK_STREAM)[0]
        stream = socket.socket()
        try:
            stream.setblocking(False)
            stream.connect(first[-1])
        except OSError as error:
            if error.errno not in _UNDONE:
                stream.close()
                raise OSError(f"the broker cannot be reached ({error})")
        return stream

    def run(self, coroutine):
        """Its result. OSError in words if it takes too long, or if the charge runs out before."""
        import asyncio

        async def guarded():
            task = asyncio.create_task(coroutine)
            began = self._ticks_ms()
            while not task.done():
                await asyncio.sleep_ms(_STEP)
                if not self._going():
                    task.cancel()
                    raise OSError("no charge left for the network")
                if time.ticks_diff(self._ticks_ms(), began) > _LONGEST:
                    task.cancel()
                    raise OSError("no answer in time")
            return await task

        try:
            return asyncio.run(guarded())
        finally:
            asyncio.new_event_loop()

    def close(self) -> None:
        """The radio off, whatever state it is in."""
        try:
            self._wlan.active(False)
        except OSError:
            pass
