"""One life of a gateway that the meter alone feeds: wake, read, now and then send, sleep.

live() ends in deep sleep, which is a restart; it returns when the whole gateway is to run.
"""

import gc
import os
import sys
import time

import machine
from micropython import const

import firmware
from firmware.line import Line
from firmware.power import READ, REMAIN, Power
from firmware.quick.marks import Marks
from firmware.quick.reading import Reader
from firmware.quick.readings import Readings
from firmware.rarely import load
from firmware.rtcmem import (
    AFTER,
    AWAKE,
    BURST,
    CHARGING,
    CLOCK,
    CYCLES,
    DARK,
    FAILED,
    FAILURES,
    FLASH,
    INCOME,
    LEASED,
    LOWEST,
    MISSED,
    PERIOD,
    READING,
    SENDING,
    SESSIONS,
    SHIFT,
    SLEEP,
    SPILLED,
    STARTS,
    STATE,
    STAY,
    STAYED,
    Memory,
)
from firmware.supply import checksum

_UNIX = const(946684800)
_LOOK = const(200)  # ms between two looks at the charge
_CRASHED = const(60_000)  # ms to sleep after what nobody foresaw
_BITE = const(60_000)  # ms until the watchdog ends a session that hangs
_FAR = const(3600)  # s
_FRESH = const(600)  # s for which the clock is left alone
_AT_ONCE = const(10)  # ms
_SLOW = const(80_000_000)  # Hz: Wi-Fi wants no less
_FAST = const(160_000_000)
_FEW = const(2)  # readings that are not worth a block of flash
_ROOM = const(400)  # bytes


def live(supply) -> None:
    """supply: a Supply that is alone."""
    began = time.ticks_ms()
    if checksum() != supply.told["checksum"]:
        _renew(supply)
    memory = Memory(machine.RTC())
    cells = memory.cells
    cells[STARTS] += 1
    if cells[STATE] & STAY:
        cells[STATE] &= ~STAY
        cells[SLEEP] = 0
        memory.save()
        return
    try:
        ms = Cycle(supply, memory, began).run()
    except Exception as error:
        sys.print_exception(error)
        cells[FAILURES] += 1
        _prove(False)
        ms = cells[SLEEP] = _CRASHED
    memory.save()
    machine.deepsleep(ms)  # a reset would count as a restart (boot.py), a wake does not


def _prove(works):
    """A new version has delivered something, or has failed: three failures, and boot.py takes the
    one before.
    """
    if "app.try" in os.listdir():
        slots = load("slots")
        if works:
            slots.accept()
        else:
            slots.failed()


def _renew(supply):
    """The settings have changed."""
    from firmware.board import Board
    from firmware.config import Config

    config = Config().load()
    board = Board(config, machine)
    device = config.get("mqtt_device") or f"winky-{board.chip_id[-6:]}"
    load("quick.prepare").prepare(config, board, device, checksum())
    machine.deepsleep(_AT_ONCE)


def utc() -> int:
    """Seconds since 2000 of the clock that runs through deep sleep, right or wrong."""
    return int(time.time()) - (_UNIX if time.gmtime(0)[0] == 1970 else 0)


def _speed(hertz):
    """Of the processor, which waits most of the time while it reads."""
    try:
        machine.freq(hertz)
    except ValueError:
        pass  # a chip without it


def _labels(names):
    return [name.encode() for name in names or ()]


def set_clock(now) -> None:
    """Set that clock."""
    year, month, day, hour, minute, second, weekday = time.gmtime(
        now + (_UNIX if time.gmtime(0)[0] == 1970 else 0)
    )[:7]
    machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))


class Cycle:
    """began: the tick of the start. `now`: s since 2000, or a clock that was never set."""

    def __init__(self, supply, memory, began):
        self.now = utc()
        self._supply = supply
        self._told = supply.told
        self._memory = memory
        self._cells = memory.cells
        self._began = self._looked = began
        self._power = Power(self._told, memory.cells)
        self._readings = Readings(memory)
        self._marks = Marks(self._told.get("to") or ("mqtt",), memory.cells)
        self._stored = None  # a Waiting, while something is in flash
        self._fine = True

    def run(self) -> int:
        """All of it; ms to sleep."""
        cells, power = self._cells, self._power
        if self._memory.fresh:
            cells[STAYED] = self.now
        slept = machine.reset_cause() == machine.DEEPSLEEP_RESET
        pause = cells[SLEEP]
        what = power.wake(self.now, self._charge(), self._supply.read("line"), slept, self._held())
        cells[SLEEP] = 0  # until it sleeps again
        if what == REMAIN:
            return _AT_ONCE
        if cells[FLASH] or self._memory.fresh:
            self._flash()
        if what == READ:
            self._read(pause)
            if power.sends(self.now, self._charge(), *self._waiting()):
                self._send()
        elif len(self._readings) > _FEW and cells[STATE] & (CHARGING | DARK):
            self._flash().move()  # the power may go for good
        ms = power.rest(self.now, self._charge(), self._passed(self._began))
        print(f"sleep: {ms} ms, {len(self._readings)} readings wait, {self._charge()} mV")
        return ms

    def _charge(self) -> int:
        return self._supply.read("capacitor")

    def _held(self) -> bool:
        """Whether the button is held."""
        number = self._told["button"]
        return number >= 0 and not machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP)()

    def _passed(self, since) -> int:
        return time.ticks_diff(time.ticks_ms(), since)

    def going(self) -> bool:
        """Whether there is the charge to go on; it is not looked at each time."""
        if self._passed(self._looked) >= _LOOK:
            self._looked = time.ticks_ms()
            self._fine = self._power.enough(self._charge())
        return self._fine

    def _read(self, pause):
        """One reading, kept; pause: ms since the last."""
        told, cells, memory, readings = self._told, self._cells, self._memory, self._readings
        began = time.ticks_ms()
        reader = Reader(memory, readings.state, pause)
        _speed(_SLOW)
        try:
            whole = reader.take(Line(machine.UART, told["tic"]), self.going)
        finally:
            _speed(_FAST)
        lines = reader.lines(_labels(told["only"]), _labels(told["omit"])) if whole else []
        self._power.read(self._charge(), self._passed(began), whole)
        self.now = utc()
        if not lines:
            cells[MISSED] += 1
            return
        self._listen(lines)
        if not readings.add(self.now, lines):
            if not self._flash().move():
                cells[SPILLED] += len(readings)
                readings.drop(len(readings))
            readings.add(self.now, lines)
        memory.save()

    def _flash(self):
        """What is in flash, and a way to get there."""
        if not self._stored:
            from firmware.quick.waiting import Waiting

            size = self._told["backlog_flash"] * 1024
            self._stored = Waiting(self._memory, self._readings, size)
        return self._stored

    def more(self) -> bool:
        """Whether there is the charge for what has waited for long."""
        return self._power.more(self._charge())

    def _listen(self, lines):
        """What the meter says of the time, now and then."""
        if 0 <= self.now - self._cells[CLOCK] < _FRESH:
            return
        for line in lines:
            if line[:5] == b"DATE\t" and line[5] in b"HE":
                from firmware.tic.fields import seconds

                self.set(seconds(line[5:18]))

    def set(self, now) -> None:
        """Somebody knows the time. What is far off has to be said twice."""
        cells = self._cells
        step = now - utc()
        if cells[CLOCK] and abs(step) > _FAR:
            cells[CLOCK] = 0
            return
        if abs(step) > 1:
            set_clock(now)
            self._readings.shift(step)
            for cell in (AFTER, STAYED, LEASED, SHIFT):
                cells[cell] += step
            self._marks.shift(step)
            self.now += step
        cells[CLOCK] = self.now

    def _waiting(self) -> tuple:
        """How many wait for a destination that may be tried, since when, and whether there is
        hardly room for one more.
        """
        readings = self._readings
        waiting = self._stored or readings
        count = len(waiting)
        names = self._marks.due(self.now, count)
        if not names:
            return 0, self.now, False
        has = self._marks.least(names)
        full = not has and (self._memory.room() < _ROOM or self._stored is not None)
        stored = count - len(readings)
        oldest = readings.oldest(max(0, has - stored)) if len(readings) else self.now
        return count - has, oldest, full

    def _send(self):
        power, memory, readings = self._power, self._memory, self._stored or self._readings
        power.tries(self.now, self.now & 0xFF)
        memory.save()
        machine.WDT(timeout=_BITE)
        gc.collect()
        began = time.ticks_ms()
        waiting = len(readings)
        try:
            from firmware.quick.session import session

            try:
                taken = session(self._told, memory, readings, self, self._marks)
            finally:
                self._marks.drop(readings)
            print(f"session: {taken} of {waiting} readings sent")
            _prove(taken)
            if taken:
                usual = taken <= 2 * self._cells[BURST]
                power.sent(self._charge(), self._passed(began), usual)
        except OSError as error:
            _prove(False)
            print(f"session: {error}")

    def health(self) -> dict:
        """What is said of the charge."""
        cells = self._cells
        power = {
            "capacitor_mv": self._charge(),
            "lowest_mv": cells[LOWEST],
            "income_mw": cells[INCOME] // 1000,
            "reading_mj": cells[READING] // 1000,
            "session_mj": cells[SENDING] // 1000,
            "period_s": cells[PERIOD] / 1000,
            "burst": cells[BURST],
            "starts": cells[STARTS],
            "readings": cells[CYCLES],
            "sessions": cells[SESSIONS],
            "failed": cells[FAILED] - 1,
            "missed": cells[MISSED],
            "lost": cells[SPILLED],
            "session_ms": cells[AWAKE],
        }
        line = self._supply.read("line")
        if line is not None:
            power["line_mv"] = line
        return {"version": firmware.__version__, "power": power}
