"""One session on Wi-Fi: all destinations in one burst. Loaded in the cycles that have one."""

import network
from micropython import const

from firmware.quick.radio import Radio
from firmware.rtcmem import CLOCK

_CLOCK = const(3600)  # s between two questions to the time server


def session(told, memory, readings, cycle) -> int:
    """Send what waits; how many readings were taken. OSError in words if none was.

    cycle: with going(), more(), health(), set(utc) of the clock, and now.
    """
    cells = memory.cells
    network.country(told["wifi_country"])
    network.hostname(told["hostname"])
    radio = Radio(network.WLAN(network.WLAN.IF_STA), told, memory, cycle.going)
    try:
        radio.start(cycle.now)
        from firmware.quick.mqtt import Burst

        burst = Burst(told)
        dated = cells[CLOCK] > 0
        if dated:  # while it joins, which is the longest part: all is put into words
            burst.begin(readings, cycle.health())
        radio.join(cycle.now)
        if told["ntp_host"] and cycle.now - cells[CLOCK] > _CLOCK:
            _ask(told["ntp_host"], cycle)
        if not dated:
            burst.begin(readings, cycle.health())
        taken = _deliver(burst, told, radio, cycle)
        if not memory.bssid and cycle.going():
            radio.learn()
        return taken
    finally:
        radio.close()


def _deliver(burst, told, radio, cycle) -> int:
    stream = radio.open(told["mqtt_host"], told["mqtt_port"])
    try:
        return burst.deliver(radio, stream, cycle.more)
    finally:
        stream.close()


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
