"""The live line: what a subscriber sees at the broker, a line of text for each frame published."""

import asyncio
import json
import time

from . import broker

_POWERS = ("SINSTS", "PAPP", "SINST1")
_INDEXES = ("EAST", "BASE")
_PARTS = (("HCHC", "HCHP"), ("EJPHN", "EJPHPM"),
          ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"))
_NOT_REJECTED = ("bytes", "frames", "frames_cut", "groups")
_PATIENCE = 15                  # s without a frame at the broker before that is said


def describe(frame: dict) -> str:
    """Mode, power and index of a frame as it was published; empty where it does not say."""
    if "EAP_s" in frame or "MESURES1" in frame:
        return f"{'pmepmi':<10} {frame.get('PA1MN', ''):>9}  {frame.get('EAP_s', ''):>12}"
    mode = "standard" if "EAST" in frame or "SINSTS" in frame else "historique"
    power = next((frame[name] for name in _POWERS if name in frame), "")
    if frame.get("SINSTI"):
        power = -frame["SINSTI"]
    index = next((frame[name] for name in _INDEXES if name in frame), "")
    for parts in _PARTS:
        if all(name in frame for name in parts):
            index = sum(frame[name] for name in parts)
    return f"{mode:<10} {power:>6} VA  {index:>9} Wh"


def health(gateway: dict) -> str:
    """Groups good and rejected by cause, from the topic gateway, and when it said so."""
    if "power" in gateway:              # of a gateway that sleeps
        power = gateway["power"]
        return (f"{power['capacitor_mv']} mV, {power['income_mw']} mW come in, {power['readings']}"
                f" readings in {power['sessions'] + 1} sessions, {power['failed']} failed")
    counters = gateway.get("counters", {})
    causes = {name: n for name, n in counters.items() if n and name not in _NOT_REJECTED}
    named = ", ".join(f"{n} {name}" for name, n in causes.items())
    return (f"{counters.get('groups', 0)} groups good, {sum(causes.values())} rejected"
            f"{f' ({named})' if named else ''} at {time.strftime('%H:%M:%S')}")


class Live:
    """Watches one device's topics.  `line` is a dict that holds the line's last report."""

    def __init__(self, settings: dict, device: str, line: dict, say=print):
        self._settings, self._line, self._say = settings, line, say
        self._topics = f"{settings['mqtt_base']}/{device}"
        self._health, self._seen = "", 0.0

    async def run(self) -> None:
        """Watch until cancelled; a broker that goes away is tried again."""
        told = ""
        while True:
            try:
                await self._watch()
            except OSError as problem:
                if str(problem) != told:
                    told = str(problem)
                    self._say(f"no live lines: {told}")
            await asyncio.sleep(2)

    async def patience(self) -> None:
        """Says so when the meter sends and nothing arrives."""
        self._seen = time.monotonic()
        while True:
            await asyncio.sleep(1)
            if time.monotonic() - self._seen > _PATIENCE:
                self._seen = time.monotonic()
                self._say(f"{time.strftime('%H:%M:%S')}  no frame at the broker for "
                          f"{_PATIENCE} s; the meter has sent {self._line.get('n', 0)}")

    async def _watch(self) -> None:
        settings = self._settings
        async for topic, payload in broker.subscribe(
                settings["mqtt_host"], settings["mqtt_port"], f"{self._topics}/#",
                settings["mqtt_user"], settings["mqtt_password"]):
            name = topic[len(self._topics) + 1:]
            if name == "frame":
                self._seen = time.monotonic()
                lost = self._line.get("lost", 0)
                frame = json.loads(payload)
                taken = f" of {frame['time']}" if "time" in frame else ""
                self._say(f"{time.strftime('%H:%M:%S')}  {describe(frame)}{taken}  "
                          f"{lost} bytes lost; {self._health}")
            elif name == "gateway":
                self._health = health(json.loads(payload))
            elif name in ("status", "event"):
                self._say(f"{time.strftime('%H:%M:%S')}  {name}: {payload.decode()}")
