"""The model and the books of the gateway, from the frames to the topics."""

import asyncio
import gc
import json
import os

import frames
from fake_store import FakeSource

from firmware import assembly, books
from firmware.gateway import Gateway
from firmware.link.clock import Clock
from firmware.publish.payload import Writer
from firmware.settings import default, keys
from firmware.tic.decoder import Decoder
from firmware.tic.store import Store

_BUFFER = bytearray(2500)


def _frame(second):
    """A frame of a standard meter, so many seconds after 14:57."""
    return frames.frame(
        frames.group("ADSC", "022161988996"),
        frames.group("DATE", f"H24010414{57 + second // 60}{second % 60:02d}", ""),
        frames.group("NGTF", "H PLEINE/CREUSE "),
        frames.group("LTARF", " HEURE  PLEINE  "),
        frames.group("EASF02", "000001000"),
        frames.group("PREF", "06"),
        frames.group("SINSTS", "00452"),
        frames.group("NTARF", "02"),
    )



class Scene:
    """A gateway without a board and destinations, whose clock the test turns."""

    uptime = now = 0

    def __init__(self, prices="", subscription=""):
        self.gateway = gateway = Gateway("winky_c6", "power_on", 0)
        gateway.supervisor = self
        gateway.store = Store()
        self.decoder = Decoder(gateway.store)  # before the heap of the 32-bit port is in pieces
        gateway.source = FakeSource(gateway.store)
        before = assembly.machine, assembly.time, books.ticks_ms
        assembly.machine = assembly.time = self
        books.ticks_ms = self.ticks_ms
        try:
            settings = {key: default(key) for key in keys()}
            settings.update({"prices": prices, "subscription": subscription})
            gateway.clock = Clock(self.ticks_ms)
            assembly._keep(gateway, settings)
        finally:
            assembly.machine, assembly.time, books.ticks_ms = before

    def RTC(self):
        return None

    def ticks_ms(self):
        return self.now

    def add(self, name, start):
        assert name == "books"
        self.start = start

    def status(self):
        return {}

    async def frames(self, count):
        """So many frames of the meter, a second apart, while the books are kept."""
        decoder = self.decoder
        task = asyncio.create_task(self.start())
        await asyncio.sleep(0)
        for second in range(count):
            self.now += 1000
            decoder.feed(_frame(second), self.now)
            self.gateway.source.frame.set()
            self.gateway.source.frame.clear()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass

    def said(self, topic, head=b"{", identifiers=False):
        """The object of a topic, None if there is nothing to say."""
        writer = Writer(_BUFFER)
        if self.gateway.books.write(topic, writer, head, identifiers):
            return json.loads(bytes(writer.buffer[: writer.at]))


def _fresh():
    gc.collect()
    for name in ("meter.json", "history/energy"):
        try:
            os.remove(name)
        except OSError:
            pass


async def test_each_frame_goes_into_the_books():
    _fresh()
    scene = Scene("2=0,25", "31")
    gateway = scene.gateway
    assert scene.said(b"meter") is None
    assert "clock" not in gateway.health()
    await scene.frames(2)
    assert scene.gateway.clock.utc() is None  # the first frame is seldom whole
    await scene.frames(65)
    model = scene.said(b"meter", b'{"site":"a",')
    assert model["site"] == "a" and model["mode"] == "standard"
    assert model["apparent_va"] == 452 and "serial" not in model
    assert model["period_2_wh"] == 1000 and model["period"] == "2"
    assert scene.said(b"meter", identifiers=True)["serial"] == "022161988996"
    figures = scene.said(b"energy")
    assert figures["energy_today_wh"] == 0 and figures["energy_today_doubt"] is True
    assert abs(figures["cost_hour"] - 0.113) < 1e-6 and figures["cost_today"] == 1.0
    health = gateway.health()
    assert health["clock"] == "meter" and health["history"] == {"dropped": 0}
    gateway.books.ledger.history.error = OSError(28)
    assert "28" in gateway.health()["history"]["error"]


async def test_the_books_and_what_was_learnt_last_over_a_restart():
    _fresh()
    scene = Scene()
    await scene.frames(65)
    assert scene.gateway.books.meter.learnt.known == {"2": "HEURE PLEINE"}
    scene.gateway.books.ledger.close()
    rows = scene.gateway.books.ledger.energy.rows
    scene = None
    gc.collect()
    again = Scene().gateway
    assert again.books.meter.learnt.known == {"2": "HEURE PLEINE"}
    assert again.books.ledger.energy.rows == rows == {"2": [1000, 0, 0, 0, 0, 0]}
    assert again.books.cost is None
