"""From the wire to the decoder: opens the UART, finds rate and mode, tells when a frame ended.

The rate is found by trying: a rate is right when a group verifies. The one that worked last comes
first, then the other one of a Linky, then those of industrial meters (TIC.md 1). Bytes that arrive
but never verify mean a wrong rate or noise; no byte at all means a silent line.
"""

import asyncio

from micropython import const

from firmware.tic import catalogue
from firmware.tic.counters import GROUPS
from firmware.tic.decoder import CHUNK, Decoder

_USUAL = (9600, 1200)
_INDUSTRIAL = (19200, 4800, 2400)
_POLL = const(50)  # ms between two looks at the UART: 48 bytes at 9600
_SLOW_DWELL = const(1000)  # ms with bytes at 1200 to 2400 baud, several groups long
_DWELL = const(600)  # the same at the higher rates
_TURN = const(4)  # chunks in one turn of the loop at most: others may make each turn a long one
_LOST = const(4000)  # ms with bytes but without a group until the rate is searched again
_SILENT = const(3000)  # ms without a byte
_LOOK = const(1000)  # ms between two checks that groups still come
_TICKS = const(0x3FFFFFFF)  # the period of ticks
_DAY = const(86_400_000)  # ms
_HOPELESS = const(8)  # rates tried with bytes and without a group before it is called noise

_SAY = {
    "silent": "no signal on the TIC line: is the meter connected to I1 and I2?",
    "searching": "signal found, looking for its rate",
    "noise": "signal without a readable group at any rate: check the wiring and the resistor",
    "reading": "reading",
}


class Source:
    """The task that reads the meter.

    `open_uart(rate)`: a stream opened as 8N1, with readinto() that does not wait, and deinit().
    `remember`: load() and save() of the rate that worked last. `frame`: an asyncio.Event, set and
    cleared at each end of a frame, never left set: who waits for it in a loop never spins. Compare
    `store.frames` to know whether one was missed.
    """

    def __init__(self, open_uart, store, ticks_ms, remember):
        self._open_uart = open_uart
        self._store = store
        self._ticks_ms = ticks_ms
        self._remember = remember
        self._decoder = Decoder(store)
        self._uart = None
        self._rate = 0
        self._state = "searching"
        self._aged = ticks_ms()
        self.frame = asyncio.Event()

    async def run(self) -> None:
        """Reads for ever; OSError when the UART cannot be had."""
        try:
            while True:
                await self._search()
                await self._read()
        finally:
            self._close()

    def status(self) -> dict:
        """state (silent, searching, noise, reading), rate, mode, parity (True: checked, False: the
        source has none, None: not known yet), cooked (CR arrives as LF), and all that in words.
        """
        mode = catalogue.MODES[self._store.mode]
        words = _SAY[self._state]
        cooked = self._decoder.cooked() > 2
        if self._state == "reading":
            words = f"{words} {mode} at {self._rate} baud"
            if cooked:
                words += "; CR arrives as LF: a terminal driver is not in raw mode"
        return {
            "state": self._state,
            "rate": self._rate,
            "mode": mode,
            "parity": self._decoder.parity(),
            "cooked": cooked,
            "words": words,
        }

    async def _search(self) -> None:
        """Tries the rates until a group verifies."""
        last = self._remember.load()
        tried = turn = 1 if last == _USUAL[1] else 0
        if self._state == "reading":
            self._state = "searching"
        while True:
            # Three turns of the usual rates for one of the others.
            rate = _USUAL[tried & 1]
            if tried % 6 == 5:
                rate = _INDUSTRIAL[tried // 6 % len(_INDUSTRIAL)]
            elif tried == turn and last:
                rate = last
            if await self._try(rate):
                return
            tried += 1
            if tried >= _HOPELESS and self._state == "searching":
                self._state = "noise"

    async def _try(self, rate) -> bool:
        """Listens at one rate; True once a group verified there."""
        self._open(rate)
        dwell = _SLOW_DWELL if rate < 4800 else _DWELL
        counters = self._store.counters
        groups = counters.value(GROUPS)
        opened = heard = self._ticks_ms()
        silent = True
        while True:
            now = self._ticks_ms()
            if self._take(now):
                if silent:
                    silent = False
                    heard = now
                    if self._state == "silent":
                        self._state = "searching"
                self._decoder.settle()
                if counters.value(GROUPS) != groups:
                    self._state = "reading"
                    self._remember.save(rate)
                    return True
            elif silent and now - opened & _TICKS > _SILENT:
                self._state = "silent"
                return False
            if not silent and now - heard & _TICKS > dwell:
                return False
            await asyncio.sleep_ms(_POLL)

    async def _read(self) -> None:
        """Reads until groups no longer verify."""
        counters = self._store.counters
        groups = counters.value(GROUPS)
        heard = good = looked = self._ticks_ms()
        while True:
            now = self._ticks_ms()
            for _ in range(_TURN):
                n = self._take(now)
                if n != CHUNK:
                    break
            if n:
                heard = now
            elif now - heard & _TICKS > _SILENT:
                self._state = "silent"
                good = now
            if now - looked & _TICKS >= _LOOK:
                looked = now
                self._decoder.settle()
                if counters.value(GROUPS) != groups:
                    groups = counters.value(GROUPS)
                    good = now
                    self._state = "reading"
                elif now - good & _TICKS > _LOST:
                    return
            await asyncio.sleep_ms(0 if n == CHUNK else _POLL)  # a full chunk: more is waiting

    def _take(self, now) -> int:
        """Decodes what the UART holds, up to a chunk; returns its bytes."""
        store = self._store
        if now - self._aged & _TICKS > _DAY:
            self._aged = now
            store.grow_old(now)
        frames = store.frames
        n = self._uart.readinto(self._decoder.room)
        if not n:
            return 0
        self._decoder.decode(n, now)
        if store.frames != frames:
            self.frame.set()
            self.frame.clear()
        return n

    def _open(self, rate) -> None:
        if self._uart and rate == self._rate:
            return
        self._close()
        self._decoder.reset()
        self._rate = rate
        self._uart = self._open_uart(rate)

    def _close(self) -> None:
        if self._uart:
            self._uart.deinit()
            self._uart = None
