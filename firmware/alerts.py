"""What somebody should be told of at once: events, each with a key and the figures that caused it.

What lasts is told twice, <name>_begins and <name>_ends {seconds that it lasted, figures now}:

    overload        by the meter's own judgement (ADPS, ADIRn, bit 7 of STGE); ends after 30 s
    overload_near   load_percent, of the phase with most, is alert_load for alert_load_seconds;
                    ends 5 % below, after a minute. PREAVIS of a PME-PMI, where power is unknown
    voltage_low     voltage_v of a phase is below alert_voltage_low, or above alert_voltage_high,
    voltage_high    for 10 s; ends 2 V within, after a minute. Standard only
    peak            a mobile peak (EJP, Tempo's and others) {number}
    injection       injected_va is alert_injection for a minute; ends below half of it, after a
                    minute. Standard only; a meter that does not count what is injected says by
                    STGE that it flows, so without figures. Our estimate (derive.py) is no alert

and what happens:

    peak_notice     {number, from, to}
    tomorrow_known  {colour}
    period_changed  {from, to, name, colour}
    meter_silent    no frame for alert_silent seconds, after there have been some {seconds}
    meter_back      {seconds}

A change counts when it was seen for 3 s at least. What is not known is left out, and unknown is no
change: a state lasts until something else is known. Nothing is told at start of what merely is:
period, colour, injection. But an overload, a voltage out of bounds, a notice and a peak are, as
they are news to somebody who has just switched on. A setting of 0 switches its alert off.
"""

from array import array

from micropython import const

from firmware import rarely
from firmware.tic import fields

# The states, by number, as causes.py has them.
_OVERLOAD = const(0)
_NEAR = const(1)
_LOW = const(2)
_HIGH = const(3)
_PEAK = const(4)
_INJECTION = const(5)
_NOTICE = const(6)
_TOMORROW = const(7)
_PERIOD = const(8)
_STATES = const(9)
_LASTING = const(6)  # of them
_START = (0, 0, 0, 0, 0, None, 0, None, None)
# s for which a new value must be seen: anything but 0, and 0, by state.
_HOLDS = b"\x03\x1e\x00\x3c\x0a\x3c\x0a\x3c\x03\x03\x3c\x3c\x03\x03\x03\x03\x03\x03"
_MARGIN = const(5)  # %
_VOLTS = const(2)
_GAP = const(30_000)  # ms without a frame, of which nothing is known
_OFTEN = const(256)  # frames between two looks for new labels
_TICKS = const(0x3FFFFFFF)


class Alerts:
    """Call look() at each end of frame, idle() every second or so, and forget() when the meter or
    its contract was replaced.

    tell: called with key and figures of each event. `load`: % of what is subscribed that the
    phase with most draws, None if it is unknown. `silent`: meter_silent was told. `state`: of each
    by its number, see causes.py; None is unknown.
    """

    def __init__(self, store, meter, tell, settings):
        self.store = store
        self.meter = meter
        self.tell = tell
        self.load = None
        self.silent = False
        self._most = settings["alert_load"]
        self._low = settings["alert_voltage_low"]
        self._high = settings["alert_voltage_high"]
        self._injection = settings["alert_injection"]
        self._patience = settings["alert_silent"]
        self._holds = bytearray(_HOLDS)
        self._holds[2 * _NEAR] = settings["alert_load_seconds"]
        self.state = list(_START)
        self._since = array("i", bytes(4 * _STATES))  # when the state was last what it is
        self._began = array("i", bytes(4 * _STATES))
        self._epoch = -1
        self._at = 0  # tick of the last frame
        self._begun = False
        self._quiet = 0  # s of silence before _at
        self.forget()

    def forget(self) -> None:
        """Another meter, mode or contract. What lasted has ended."""
        for n in range(_LASTING):
            if self.state[n]:
                self.tell(rarely.load("causes").name(n) + "_ends", {})
        self.state[:] = _START
        # What to read, and what was read: causes.prepare() finds it.
        self.loads = []
        self.volts = self.marks = self.passing = ()
        self.fed = -1
        self._mark = None
        self._now = (None,) * 6
        self._turn = 1  # frames until labels are looked for
        self._turns = 1

    def look(self, now) -> None:
        """A frame has ended at tick `now`."""
        passed = (now - self._at) & _TICKS if self._begun else _GAP
        self._begun = True
        self._at = now
        if self.silent:
            self.silent = False
            self.tell("meter_back", {"seconds": self._quiet + passed // 1000})
            passed = _GAP  # whenever idle() looked last
        if passed >= _GAP:
            for n in range(_STATES):
                self._since[n] = now
        if self.store.epoch != self._epoch:
            self.forget()
            self._epoch = self.store.epoch
        self._turn -= 1
        if not self._turn:
            self._turn = self._turns = min(_OFTEN, 2 * self._turns)
            rarely.load("causes").prepare(self)
            self._mark = None
        self._meaning()
        self._power()

    def idle(self, now) -> None:
        """No frame is needed to call this."""
        if not self._begun or not self._patience:
            return
        seconds = (now - self._at & _TICKS) // 1000
        if self.silent:
            if seconds > 86400:  # before the ticks begin again
                self._quiet += seconds
                self._at = now
        elif seconds >= self._patience:
            self.silent = True
            self._quiet = 0
            self.tell("meter_silent", {"seconds": seconds})

    def _meaning(self):
        """What is read off texts and bits, when one of them has changed."""
        store = self.store
        mark = 0
        for label in self.passing:
            mark = 2 * mark + (store.find(label) >= 0)
        for slot in self.marks:
            mark = mark + store.changed(slot) & _TICKS
        meter = self.meter
        if mark != self._mark:
            self._mark = mark
            # Without the second mark the meter may have not said yet whether it is known.
            tomorrow = (meter.tomorrow or 0) if len(self.marks) > 1 else None
            self._now = (meter.overload, meter.peak or 0, meter.peak_notice or 0, tomorrow,
                         meter.period, meter.injecting)
        overload, peak, notice, tomorrow, period, _ = self._now
        self._watch(_OVERLOAD, overload)
        self._watch(_PEAK, peak)
        self._watch(_NOTICE, notice)
        self._watch(_TOMORROW, tomorrow)
        self._watch(_PERIOD, period)

    def _power(self):
        load = None
        for slot, whole in self.loads:
            value = self._number(slot)
            if value is not None:
                load = max(load or 0, value * 100 // whole)
        self.load = load
        if self._most:
            if load is None:
                near = self.meter.notice == "DEP" if self.passing else None
            else:
                near = self._beyond(_NEAR, load - self._most, _MARGIN)
            self._watch(_NEAR, near)
        low = high = None
        for slot in self.volts:
            value = self._number(slot)
            if value is not None:
                low = value if low is None else min(low, value)
                high = max(high or 0, value)
        if low is not None and high is not None:
            self._watch(_LOW, self._beyond(_LOW, self._low - 1 - low, _VOLTS))
            if self._high:
                self._watch(_HIGH, self._beyond(_HIGH, high - 1 - self._high, _VOLTS))
        if self._injection:
            flows, fed = self._now[5], self._number(self.fed)
            if fed is not None:
                flows = self._beyond(_INJECTION, fed - self._injection, self._injection // 2)
            self._watch(_INJECTION, flows)

    def _number(self, slot):
        store = self.store
        return fields.quantity(store.value(slot)) if slot >= 0 and store.current(slot) else None

    def _beyond(self, n, over, margin):
        """Whether a bound is passed: `over` from 0 on; still so until it is a margin below."""
        return 1 if over >= 0 else 0 if over < -margin else self.state[n]

    def _watch(self, n, value):
        """A state is seen to be `value`, None for unknown."""
        state = self.state[n]
        since = self._since[n]
        if value is None or value == state:
            pass
        elif state is None:
            self.state[n] = value
        elif (self._at - since) & _TICKS < self._holds[2 * n + (not value)] * 1000:
            return
        else:
            self.state[n] = value
            seconds = (since - self._began[n] & _TICKS) // 1000
            self._began[n] = since
            rarely.load("causes").news(self, n, state, value, seconds)
        self._since[n] = self._at
