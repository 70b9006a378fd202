"""A month in some seconds: what the books say agrees with the meter's own truth.

Tempo, three phases, a producer; two power cuts of the gateway, one of them over a midnight;
another meter; the changes of hour in March and in October. To the Wh, to the cent, to the VA.
"""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.support import month_meter, mpy_process
from tests.support.month_meter import UTC_2000, ordinal
from tools.simulator import civil

PRICES = {"1": "0.1325", "2": "0.1612", "3": "0.1499", "4": "0.1871", "5": "0.1575",
          "6": "0.70610", "injected": "0.1269"}
SUBSCRIPTION = "15.53"
SPLIT, LOST = 1, 2
_DAY_2000 = civil.datetime.date(2000, 1, 1).toordinal()

# The start; two power cuts, from to; another meter; the end.
MARCH = ("2026-03-04 17:55:00", "2026-03-11 13:20:00", "2026-03-11 16:45:00",
         "2026-03-18 21:34:00", "2026-03-19 02:10:00", "2026-03-24 10:07:00",
         "2026-04-04 09:41:00")
OCTOBER = ("2026-10-08 06:00:00", "2026-10-14 08:59:00", "2026-10-14 09:30:00",
           "2026-10-24 23:12:00", "2026-10-25 04:05:00", "2026-11-02 15:30:00",
           "2026-11-08 12:00:00")


@pytest.fixture
def month(tmp_path, request):
    """The simulated month on a runtime, (its plan, the runtime), with the gateway started."""
    plan, runtime = request.param
    request.getfixturevalue("micropython32" if runtime == "unix32" else "micropython")
    price_list = " ".join(f"{key}={price.replace('.', ',')}" for key, price in PRICES.items())
    script = mpy_process.ROOT / "tests/support/month_gateway.py"
    gateway = month_meter.Gateway(
        [*mpy_process.unix_command(runtime), str(script), price_list, SUBSCRIPTION],
        month_meter.TICKS if runtime == "unix32" else 1 << 32,
        env=mpy_process.environment(*mpy_process.module_folders()), cwd=tmp_path)
    made = month_meter.Month(plan, gateway)
    gateway.start(made.t)
    yield made
    gateway.stop()


def agree(month, report):
    """Everything the report says of this moment is what the meter's registers say."""
    assert report["utc"] + UTC_2000 == month.t
    assert report["error"] is None and report["dropped"] == 0
    days = month.days()
    today = ordinal(month.t)
    assert report["day"] == today - _DAY_2000
    month_days = {day: days[day] for day in range(today - civil.local(month.t).day + 1, today + 1)
                  if day >= ordinal(month.looks[0].t)}
    spans = {"today": {today: days[today]}, "month": month_days}
    if min(days) < today:
        spans["yesterday"] = {today - 1: days[today - 1]}
    for name, span in spans.items():
        sums = dict.fromkeys(report[name], 0)
        for energies in span.values():
            for key, wh in energies.items():
                sums[key] = sums.get(key, 0) + wh
        assert report[name] == sums, name
        cost, earned = report[f"{name}_cents"]
        assert cost == month_meter.cents(span, PRICES, SUBSCRIPTION), name
        euros = month_meter.earned(sums, {"injected": PRICES["injected"]})
        assert earned == int((euros * 100).quantize(Decimal(1), ROUND_HALF_UP)), name
    total = dict.fromkeys(report["total"], 0)
    for energies in days.values():
        for key, wh in energies.items():
            total[key] += wh
    assert report["total"] == total


@pytest.mark.parametrize("month", [(MARCH, "unix64"), (OCTOBER, "unix32")], indirect=True,
                         ids=["march", "october"])
def test_month(month):
    plan, gateway = month.plan, month.gateway

    def each():
        agree(month, gateway.report())

    month.frame()
    month.run(plan[1], each)
    month.power_cut(plan[2])
    month.run(plan[3], each)
    month.power_cut(plan[4])
    month.run(plan[5], each)
    old = month.meter.registers
    month.swap(77)
    month.run(plan[6], each)
    report = gateway.report()
    agree(month, report)
    assert report["events"] == ["meter_changed"]

    # The day ring: each day that is over, with its marks.
    first, today = ordinal(month.looks[0].t), ordinal(month.t)
    days = month.days()
    swapped, dark = ordinal(civil.epoch(plan[5])), ordinal(civil.epoch(plan[3]))
    rows = gateway.rows("day", civil.epoch(plan[0]), month.t, 1)
    assert [at for at, _, _ in rows] == [civil.utc(day) for day in range(first, today)]
    for day, (_, flags, energies) in zip(range(first, today), rows):
        assert energies == {key: wh for key, wh in days[day].items() if wh}
        lost = LOST if day in (first, swapped) else 0
        assert flags == lost | (SPLIT if day in (dark, dark + 1) else 0)
    # A third way: the registers themselves, at the ends.
    looks = month.looks
    changed = next(n for n, look in enumerate(looks) if look.meter == 2)
    for key in PRICES:
        used = looks[changed - 1].wh.get(key, 0) - looks[0].wh.get(key, 0)
        used += looks[-1].wh.get(key, 0) - looks[changed].wh.get(key, 0)
        assert report["total"].get(key, 0) == used
        assert key == "injected" or looks[changed - 1].wh.get(key, 0) == old.supplier[int(key) - 1]
    assert sum(report["total"].values()) > 100_000

    # Power: the last day by the minute, the whole month by ten minutes.
    start = month.t - 86400
    want = [[60 * m, va] for m, va in sorted(month.power.items()) if 60 * m >= start]
    assert gateway.rows("minute", start, month.t, 0) == want
    tens = {}
    for minute, va in month.power.items():
        tens.setdefault(minute // 10, []).append(va)
    want = [[600 * ten, (2 * sum(seen) + len(seen)) // (2 * len(seen))]
            for ten, seen in sorted(tens.items())]
    assert gateway.rows("ten", want[0][0], month.t, 0) == want
    assert len(want) > 30 * 144 - 60
