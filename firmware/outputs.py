"""Outputs of the board that follow the meter: its relays, its tariff, and power to spare.

All off by default; imported when the first one is switched on. An output is on while its rule
holds. A rule is what `output_<n>` says, with "+" for and, "," for or ("+" binds first):

    relay_1 .. relay_8    the meter's contact, or virtual contact 1 to 7, is closed; standard only
    period_<key>          that period counts now, "period_hc,period_hcjb" (keys: tic/model.py)
    spare                 the load is not too high: off as soon as it has been at output_shed_at %
                          of what is subscribed for output_shed_seconds, on again once it has been
                          at output_spare_at % or less for output_least (and below shed_at)

A rule for a water heater off peak that gives way: "relay_1+spare".

An output stays as it is for output_least seconds at least, also after a start, when it is off:
a motor must not be switched on at once after it was. Only shedding does not wait. What is unknown
leaves an output as it is, for ten minutes; then it is off, as it is without a gateway.
"""

from micropython import const

_LOST = const(600_000)  # ms without a frame, or without what the rule asks for
_TICKS = const(0x3FFFFFFF)


def words(rule) -> list:
    """A rule as [[words that must all hold] of which one list must]; ValueError names a word that
    is none.
    """
    ways = [way.split("+") for way in rule.replace(" ", "").split(",")]
    for way in ways:
        for word in way:
            kind, _, rest = word.partition("_")
            if kind == "relay" and rest in "12345678" and len(rest) == 1:
                continue
            if kind == "period" and rest or word == "spare":
                continue
            raise ValueError(f"{word!r} is not relay_1 to relay_8, period_<key> or spare")
    return ways


class Outputs:
    """Call look() at each end of frame, idle() every second or so.

    rules: by output its number, the text of its rule, and a function that is called with 1 or 0
    and drives its pin (a machine.Pin, which the caller has made, off). tell: told of
    "output_changed"
    {output: its number, on: bool, rule}. ValueError: a rule that is none.
    """

    def __init__(self, meter, rules, tell, settings, now):
        self._meter = meter
        self._tell = tell
        self._least = settings["output_least"] * 1000
        self._shed_at = settings["output_shed_at"]
        self._spare_at = min(settings["output_spare_at"], self._shed_at - 1)
        self._shed_after = settings["output_shed_seconds"] * 1000
        self._outputs = []
        for number, rule, drive in rules:
            self._outputs.append(Output(number, rule, drive, now))
        self._spare = None
        self._since = now  # the load was last as _spare says
        self._at = now

    def look(self, now, load) -> None:
        """A frame has ended at tick `now`; load: % of what is subscribed, None if unknown."""
        self._at = now
        self._room(now, load)
        for output in self._outputs:
            on = self._holds(output.ways)
            if on is not None:
                output.known = now
            self._drive(output, on, now)

    def idle(self, now) -> None:
        """No frame is needed to call this."""
        for output in self._outputs:
            self._drive(output, None, now)

    def off(self) -> None:
        """All outputs off, now: before a restart."""
        for output in self._outputs:
            output.drive(0)

    def _room(self, now, load):
        """Is there power to spare?"""
        if load is None:
            self._since = now
            return
        if self._spare is None:
            self._spare = load < self._shed_at
            self._since = now
        wait = self._shed_after if self._spare else self._least
        other = load >= self._shed_at if self._spare else load <= self._spare_at
        if not other:
            self._since = now
        elif (now - self._since) & _TICKS >= wait:
            self._spare = not self._spare
            self._since = now

    def _holds(self, ways):
        """Whether a rule holds, None if that is not known."""
        unknown = False
        for way in ways:
            holds = True
            for word in way:
                one = self._word(word)
                if one is None and holds:
                    holds = None
                elif one is False:
                    holds = False
            if holds:
                return True
            unknown = unknown or holds is None
        return None if unknown else False

    def _word(self, word):
        meter = self._meter
        if word == "spare":
            return self._spare
        if word[0] == "r":
            relays = meter.sent(b"RELAIS")
            return None if relays is None else int(relays) >> int(word[6:]) - 1 & 1 == 1
        period = meter.period
        return None if period is None else period == word[7:]

    def _drive(self, output, on, now):
        if on is None:
            if (now - output.known) & _TICKS < _LOST:
                return
            on = False
            output.known = (now - _LOST) & _TICKS  # the ticks begin again
        # What sheds does not wait, what is shed comes back only after its time.
        shed = output.sheds and self._spare is False and not on
        passed = (now - output.since) & _TICKS
        if output.rested or passed >= self._least:
            output.rested = True
        if on != output.on and (output.rested or shed):
            output.on = on
            output.since = now
            output.rested = not self._least
            output.drive(1 if on else 0)
            self._tell("output_changed", {"output": output.number, "on": on, "rule": output.rule})


class Output:
    """One pin and its rule."""

    def __init__(self, number, rule, drive, now):
        self.number = number
        self.rule = rule
        self.ways = words(rule)
        self.sheds = "spare" in rule
        self.drive = drive
        self.on = False
        self.since = now  # when it was last switched
        self.rested = False  # long enough ago; the ticks begin again, so it is kept
        self.known = now  # when its rule was last known
        drive(0)
