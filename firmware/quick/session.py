"""One session on Wi-Fi: all destinations in one burst. Loaded in the cycles that have one."""

import sys
import time

import network
from micropython import const

from firmware.quick.radio import Radio
from firmware.rtcmem import CLOCK

_LONGEST = const(25_000)  # ms after which no request begins: the watchdog bites at 60 s
_CLOCK = const(3600)  # s between two questions to the time server


def session(told, memory, readings, cycle, marks) -> int:
    """Send what waits to the destinations that are due; the most readings that one of them took.
    OSError in words if none took any.

    cycle: with going(), more(), health(), set(utc) of the clock, and now; marks: a Marks.
    """
    began = time.ticks_ms()
    cells = memory.cells
    network.country(told["wifi_country"])
    network.hostname(told["hostname"])
    radio = Radio(network.WLAN(network.WLAN.IF_STA), told, memory, cycle.going)
    try:
        radio.start(cycle.now)
        names = marks.due(cycle.now, len(readings))
        ways = ()
        if cells[CLOCK]:  # while it joins, which is the longest part: all is put into words
            ways = [_way(name, told, readings, cells, cycle, marks) for name in names]
        radio.join(cycle.now)
        if told["ntp_host"] and cycle.now - cells[CLOCK] > _CLOCK:
            _ask(told["ntp_host"], cycle)
        ways = ways or [_way(name, told, readings, cells, cycle, marks) for name in names]
        most, trouble = 0, None

        def more(few=False):
            """Whether another request may begin; few: a usual session has as many."""
            late = time.ticks_diff(time.ticks_ms(), began) > _LONGEST
            return not late and (few or cycle.more())

        for name, way in zip(names, ways):
            if not more(True):
                break  # the next time
            taken, error = _deliver(name, way, told, radio, more)
            marks.took(name, taken)
            memory.save()  # if what follows hangs, it need not be sent again
            if error:
                marks.failed(name, cycle.now, cycle.now & 0xFF)
                print(f"{name}: {error}")
                trouble = error
            most = max(most, taken if not error or way.accepted else 0)
        if not most and trouble:
            raise trouble
        if not memory.bssid and cycle.going():
            radio.learn()
        return most
    finally:
        radio.close()


def _way(name, told, readings, cells, cycle, marks):
    """What is to be sent, put into words: a Burst or a Sending; a Failed, so that what is wrong
    with one destination, or no memory for it, is no harm to the others.
    """
    has = marks.of(name)
    try:
        if name == "mqtt":
            from firmware.quick.mqtt import Burst

            burst = Burst(told)
            burst.begin(readings, cycle.health(), has)
            return burst
        from firmware.quick.upload import Sending

        sending = Sending(name, told)
        sending.begin(readings, has, cells, cycle.going)
        return sending
    except Exception as error:
        sys.print_exception(error)
        return Failed(error)


class Failed:
    """A destination of which nothing can be sent this time."""

    accepted = False

    def __init__(self, error):
        self.error = error if isinstance(error, OSError) else OSError(str(error))


def _deliver(name, way, told, radio, more) -> tuple:
    """(readings taken, what went wrong or None)."""
    if isinstance(way, Failed):
        return 0, way.error
    if name != "mqtt":
        error = way.deliver(radio, more)
        return way.taken, error
    try:
        stream = radio.open(told["mqtt_host"], told["mqtt_port"])
        try:
            return way.deliver(radio, stream, more), None
        finally:
            stream.close()
    except OSError as error:
        return 0, error


class _Clock:
    """What sntp.py wants of a Clock."""

    def __init__(self, cycle):
        self._cycle = cycle

    def set(self, utc, source, age=0, doubtful=False):
        self._cycle.set(utc + (age + 500) // 1000)


def _ask(host, cycle):
    """The time of a server; without it the readings go out all the same."""
    import asyncio

    from firmware.link.ntp import Ntp

    try:
        asyncio.run(Ntp(_Clock(cycle), host).ask())
    except OSError as error:
        print(f"time: {error}")
