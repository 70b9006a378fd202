"""The model of the meter and all that is kept over it: clock, energy, history, alerts, outputs.

Only imported with the setting "model". What happens on the line comes in by run() and heard(),
what is known goes out by the attributes and the two topics.
"""

from time import ticks_ms

from firmware.alerts import Alerts
from firmware.ledger import Ledger
from firmware.rarely import load
from firmware.tic.meter import Meter

_LEARNT = "meter.json"


class Books:
    """store, source: of firmware.tic; tell(key, facts) takes the events; pin(number) gives a
    machine.Pin that is an output, off.

    `cost`, `steps`, `outputs` are None unless the settings ask for them.
    """

    cost = steps = outputs = None

    def __init__(self, settings, store, source, clock, tell, pin):
        self._store = store
        self._source = source
        self._error = None  # what the flash said to the notes
        self.meter = Meter(store, self)
        self.ledger = Ledger(store, self.meter, clock, ticks_ms)
        self.alerts = Alerts(store, self.meter, tell, settings)
        if settings["prices"]:
            from firmware.cost import Cost

            energy = self.ledger.energy
            self.cost = Cost(energy, settings["prices"], settings["subscription"])
        if settings["steps"]:
            from firmware.steps import Steps

            self.steps = Steps(self.meter, tell, settings)
        if settings["output_1"] or settings["output_2"]:
            self.outputs = load("switches").outputs(self.meter, settings, tell, pin, ticks_ms())

    async def run(self) -> None:
        """What there is to do at each end of frame."""
        store, ended = self._store, self._source.frame
        while True:
            await ended.wait()
            if store.frames < 2:
                continue  # it is seldom whole
            self.ledger.frame()
            self.meter.learnt.look()
            now = ticks_ms()
            self.alerts.look(now)
            if self.outputs:
                self.outputs.look(now, self.alerts.load)
            if self.steps:
                self.steps.frame(now)

    # The memory of tic/learnt.py.

    def load(self) -> dict:
        """What was learnt of the meter."""
        return load("notes").read(_LEARNT)

    def save(self, learnt) -> None:
        """Keep it; a flash that refuses is told in the report."""
        self._error = load("notes").write(_LEARNT, learnt)

    def idle(self) -> None:
        """To be called each second, frames or not."""
        now = ticks_ms()
        self.alerts.idle(now)
        if self.outputs:
            self.outputs.idle(now)

    def heard(self, event) -> None:
        """An event of the store."""
        if event == "meter_changed":
            self.meter.learnt.forget()
        if event in ("meter_changed", "contract_changed"):
            self.alerts.forget()

    def write(self, topic, writer, head, identifiers) -> bool:
        """Write the object of the topic, which begins with head; false if there is none yet."""
        if topic == b"energy":
            return load("figures").write(self, writer, head)
        if self._store.mode:
            self.meter.write_json(writer, identifiers, head)
        return self._store.mode > 0

    def report(self) -> dict:
        """What is to be known of the history, for the gateway's health."""
        history = self.ledger.history
        error = history.error or self._error
        if error:
            return {"dropped": history.dropped, "error": str(error)}
        return {"dropped": history.dropped}

    def close(self) -> None:
        """Before a restart: write what is in memory, switch off what is on."""
        self.ledger.close()
        if self.outputs:
            self.outputs.off()
