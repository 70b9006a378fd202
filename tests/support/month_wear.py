"""How fast the books wear the flash: run by MicroPython, with tests/unit on its path.

Days of energy and power are written to LittleFS on a flash of 2 MB, half of it in use by other
files, as on a board. Prints, as JSON: erases a day, the most that one block of 4 KB was erased in
that time, and the years after which the block that is erased most reaches its 100 000 cycles
(what makers of NOR flash promise), if it goes on like that.
"""

import json
import sys

from books import Books, Meter, utc
from flash import Flash

from firmware.history import History

_BLOCKS = 512
_CYCLES = 100_000


def main(days):
    flash = Flash(_BLOCKS, 4096).start("/wear", fresh=True)
    for number in range(_BLOCKS // 2):
        with open(f"/wear/other{number}", "wb") as file:
            file.write(bytes(4000))
    meter = Meter(hcjb=0, hpjb=0, hcjw=0, hpjw=0, hcjr=0, hpjr=0)
    meter.injected_wh = 0
    made = Books(meter, utc("H2601010000"), "/wear/history")
    made.energy.history = kept = History(made.clock, "/wear/history")
    before = list(flash.erases)
    keys = sorted(meter.wh)
    for minute in range(days * 1440):
        made.look(60, injected=minute % 3, **{keys[minute // 360 % 6]: 7})
        kept.minute(made.now // 60 - 1, minute % 5000, True)
    assert kept.error is None and kept.dropped == 0
    erases = [now - old for now, old in zip(flash.erases, before)]
    print(json.dumps({"days": days, "erases_a_day": sum(erases) // days, "most": max(erases),
                      "years": _CYCLES * days // max(erases) // 365}))


main(int(sys.argv[1]))
