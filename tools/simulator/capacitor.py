"""The supercapacitor of `make run POWER=supercap`: what the board's ADC sees, and when it is off.

The same assumptions as `make energy` (tools/energy/assumptions.txt). The current is told by what
the board does: it sleeps, it runs, or its radio is on (network.py leaves the file radio.on).
"""

import asyncio
import json
import time
from pathlib import Path

ASSUMPTIONS = Path(__file__).resolve().parents[1] / "energy/assumptions.txt"
_STEP = 0.05                    # s between two looks
_DIVIDERS = {1: 2.0, 3: 2.0, 5: 5.7}            # of the Winky C6, by pin
_LINE_MV = 9500


def assumptions() -> dict:
    """{name: value}"""
    lines = [line.split() for line in ASSUMPTIONS.read_text("utf-8").splitlines()]
    return {words[0]: float(words[1]) for words in lines if words and words[0] != "#"}


class Capacitor:
    """folder: the board's flash, where adc.txt is kept up to date; changes: of the assumptions,
    and capacity (F), volts (at start), usb (1: the cable is in). The file power.json there, such
    as {"supply_mw": 0}, changes them while it runs.
    """

    def __init__(self, folder: str, **changes):
        self._a = {"capacity": 1.5, "volts": 4.3, "usb": 0, **assumptions(), **changes}
        self._folder = Path(folder)
        self.volts = self.lowest = self._a["volts"]
        self.running = False            # the firmware's process is there
        self._told = ""
        self._then = time.monotonic()
        self.step()

    @property
    def off(self) -> bool:
        """Too low for the regulator."""
        return self.volts * 1000 < self._a["regulator_floor_mv"]

    def _milliamperes(self) -> float:
        a = self._a
        if not self.running:
            return (a["sleep_ua"] + a["board_sleep_ua"]) / 1000
        return a["wifi_join_ma"] if (self._folder / "radio.on").exists() else a["read_ma"]

    def step(self) -> None:
        """Up to now."""
        now, a = time.monotonic(), self._a
        try:
            told = (self._folder / "power.json").read_text()
            if told != self._told:
                a.update(json.loads(told))
                self._told = told
        except (OSError, ValueError):
            pass                        # there is none, or it is just being written
        passed, self._then = now - self._then, now
        watts = a["supply_mw"] / 1000 * a["charger_efficiency"]
        leak = (a["capacitor_leak_ua"] + a["regulator_quiescent_ua"]) / 1e6
        drawn = 0 if a["usb"] else (self._milliamperes() / 1000 + leak) * self.volts
        joules = a["capacity"] / 2 * self.volts ** 2 + (watts - drawn) * passed
        full = a["capacitor_full_mv"] / 1000
        self.volts = min(full, (2 * max(0.0, joules) / a["capacity"]) ** 0.5)
        self.lowest = min(self.lowest, self.volts)
        at = {1: 5000 if a["usb"] else 0, 3: self.volts * 1000,
              5: _LINE_MV if a["supply_mw"] else 0}
        text = ",".join(f"{pin}={mv / _DIVIDERS[pin]:.0f}" for pin, mv in at.items())
        beside = self._folder / "adc.tmp"
        beside.write_text(text)
        beside.replace(self._folder / "adc.txt")

    async def run(self, gone) -> None:
        """For ever; gone() is called when the board loses its power."""
        while True:
            self.step()
            if self.running and self.off:
                gone()
            await asyncio.sleep(_STEP)

    async def back(self) -> None:
        """Until the regulator starts again."""
        while self.volts * 1000 < self._a["regulator_start_mv"]:
            await asyncio.sleep(_STEP)
