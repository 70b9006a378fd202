"""The button: what it does when, and what it does not do."""

import asyncio
import time

from firmware import button


class Press:
    """The pin, the LED, and a clock that each look moves on by 50 ms."""

    def __init__(self, *levels):
        """levels: (ms, level) in order; after the last one the button is up for a second."""
        self.levels = list(levels) + [(1000, 1)]
        self.now = time.ticks_add(0, -4000)  # the ticks begin again in between
        self.since = 0
        self.lit = []
        self.log = []

    def __call__(self):
        return self.levels[0][1] if self.levels else 1

    def led(self, on):
        if not self.lit or self.lit[-1][1] != bool(on):
            self.lit.append((self.passed, bool(on)))

    passed = 0

    def ticks_ms(self):
        return time.ticks_add(self.now, self.passed)

    async def sleep_ms(self, ms):
        self.passed += ms
        self.since += ms
        if self.since >= self.levels[0][0]:
            self.since -= self.levels.pop(0)[0]
            if not self.levels:
                raise asyncio.CancelledError
        await asyncio.sleep_ms(0)

    async def play(self):
        button.asyncio = self
        try:
            await button.watch(self, self.led, lambda: self.log.append(("open", self.passed)),
                               lambda: self.log.append(("factory", self.passed)), self.ticks_ms)
        except asyncio.CancelledError:
            pass
        finally:
            button.asyncio = asyncio
        return self.log


async def _done(*levels):
    return [what for what, _ in await Press(*levels).play()]


async def test_five_seconds_open_the_door_once():
    press = Press((500, 1), (9000, 0), (500, 1), (6000, 0))
    log = await press.play()
    assert [what for what, _ in log] == ["open", "open"]
    assert 5500 <= log[0][1] <= 5700
    lit = [(at, on) for at, on in press.lit if on]
    assert len(lit) == 2 and 5500 <= lit[0][0] <= 5700 and press.lit[-1][1] is False


async def test_less_does_nothing():
    assert await _done((500, 1), (4800, 0)) == []
    assert await _done((500, 1), (50, 0), (50, 1), (50, 0), (50, 1)) == []
    assert await _done((500, 1), *((4000, 0), (500, 1)) * 5) == []


async def test_fifteen_seconds_restore_the_factory_state_after_a_warning():
    press = Press((500, 1), (20000, 0))
    log = await press.play()
    assert [what for what, _ in log] == ["open", "factory"] and 15500 <= log[1][1] <= 15700
    blinks = [at for at, on in press.lit if on and 10500 <= at < 15600]
    assert len(blinks) > 20 and blinks[0] < 10800


async def test_let_go_during_the_warning_changes_nothing_more():
    press = Press((500, 1), (14800, 0), (2000, 1))
    assert [what for what, _ in await press.play()] == ["open"]
    assert press.lit[-1][1] is False
    assert await _done((500, 1), (8000, 0), (500, 1), (8000, 0)) == ["open", "open"]


async def test_a_contact_that_bounces():
    bouncing = ((50, 0), (50, 1)) * 3
    assert await _done((500, 1), *bouncing, (6000, 0), *bouncing) == ["open"]
    # One bad look while it is held down does not begin it anew.
    assert await _done((500, 1), (3000, 0), (50, 1), (3000, 0)) == ["open"]


async def test_a_button_that_is_stuck_from_the_start_means_nothing():
    assert await _done((60000, 0)) == []
    assert await _done((60000, 0), (500, 1), (6000, 0)) == ["open"]
