"""The energy budget: what it decides, and what it learns."""

from array import array

from firmware import settings
from firmware.power import READ, REMAIN, REST, Power
from firmware.rtcmem import (
    AFTER,
    BURST,
    CHARGING,
    CYCLES,
    DARK,
    ENERGY,
    FAILED,
    FAILURES,
    INCOME,
    LOWEST,
    PERIOD,
    READING,
    SENDING,
    SESSIONS,
    SLEEP,
    STATE,
    STAYED,
)


def budget(cells=None, **changes):
    """(Power, its cells) with the settings as they come, but for some."""
    told = {}
    for key, kind, _, text in settings.rows():
        if key.startswith("power_"):
            told[key] = settings.typed(kind, text)
    for key, value in changes.items():
        told["power_" + key] = value
    cells = cells or array("i", bytes(4 * 32))
    return Power(told, cells), cells


def paid(income, reading=250, sending=400, at=4250, **changes):
    """(period in s, readings to a session) that these mW and mJ allow at a voltage."""
    power, cells = budget(**changes)
    cells[INCOME], cells[READING], cells[SENDING] = income * 1000, reading * 1000, sending * 1000
    power.wake(0, at, 9500, False)
    power.read(at, 0)
    cells[READING], cells[SENDING] = reading * 1000, sending * 1000
    power._plan()
    return cells[PERIOD] / 1000, cells[BURST]


def test_below_the_start_threshold_there_is_no_session_and_below_stop_nothing():
    power, cells = budget()
    assert power.wake(0, 4190, 9500, False) == READ
    assert not power.sends(0, 4190, 1, 0)
    assert power.sends(0, 4700, 1, 0)
    assert power.wake(0, 3700, 9500, False) == REST and cells[STATE] & CHARGING
    # It comes back at the start threshold, not before.
    for voltage, what in ((3800, REST), (4199, REST), (4200, READ), (4100, READ), (3690, REST)):
        assert power.wake(0, voltage, 9500, False) == what, voltage
    assert cells[LOWEST] == 3690


def test_a_session_needs_the_charge_to_end_well():
    power, cells = budget(capacity=500)
    cells[SENDING] = 300_000
    assert power.sends(0, 4250, 1, 0)
    cells[SENDING] = 900_000
    assert not power.sends(0, 4250, 1, 0)
    assert power.sends(0, 4850, 1, 0)
    cells[SENDING] = 9_000_000  # more than there is room for: then with all there is
    assert not power.sends(0, 4700, 1, 0)
    assert power.sends(0, 4800, 1, 0)
    assert power.enough(3831) and not power.enough(3830)


def test_the_period_is_the_shortest_that_can_be_paid_for():
    assert paid(100) == (10, 1)
    period, readings = paid(60)  # 650 mJ cost more than 60 mW give in 10 s: two together do not
    assert (period, readings) == (10, 2)
    period, readings = paid(40)  # two together would wait for more than power_burst
    assert 17 < period < 18 and readings == 1
    assert paid(40, burst=60)[0] < 13
    assert paid(1)[0] == 300
    assert paid(1, longest=60)[0] == 60
    assert paid(1, period=20)[0] == 20  # a fixed one
    assert paid(400, shortest=4)[0] == 4
    assert paid(60, burst=0)[1] == 1


def test_more_is_spent_above_the_target_and_less_below_it():
    at = [paid(40, at=voltage)[0] for voltage in (4000, 4250, 4600)]
    assert at[0] > at[1] > at[2] >= 10
    assert paid(1, at=4950)[0] == 10  # full: what the meter could give cannot be seen


def test_what_comes_in_is_learnt_while_it_sleeps():
    power, cells = budget()
    cells[SLEEP], cells[ENERGY] = 10_000, power.energy(4200)
    power.wake(10, 4280, 9500, True)
    first = cells[INCOME]
    assert 48_000 < first < 52_000  # 1.5 F from 4.20 V to 4.28 V in 10 s: 51 mW
    cells[SLEEP], cells[ENERGY] = 10_000, power.energy(4200)
    power.wake(20, 4360, 9500, True)
    assert first < cells[INCOME] < 70_000
    before = cells[INCOME]
    cells[SLEEP], cells[ENERGY] = 1_000, power.energy(4200)
    power.wake(21, 4360, 9500, True)  # too short
    cells[SLEEP], cells[ENERGY] = 10_000, power.energy(4200)
    power.wake(31, 4360, 9500, False)  # no sleep of ours
    assert cells[INCOME] == before
    cells[SLEEP], cells[ENERGY] = 10_000, power.energy(4990)
    power.wake(31, 4990, 9500, True)  # full
    assert cells[INCOME] >= before - 10


def test_what_is_spent_is_learnt_from_the_voltage():
    power, cells = budget()
    cells[INCOME] = 100_000
    power.wake(0, 4300, 9500, True)
    power.read(4290, 1500)
    assert 200_000 < cells[READING] < 220_000  # 64 mJ, and 150 that came in meanwhile
    power.tries(2)
    power.sent(4250, 700)
    assert 300_000 < cells[SENDING] < 340_000
    assert (cells[SESSIONS], cells[FAILED], cells[CYCLES]) == (1, 0, 1)


def test_pauses_grow_with_failures_and_end_with_a_success():
    power, cells = budget()
    pauses = []
    now = 0
    for _ in range(12):
        assert power.sends(now, 4700, 5, now)
        power.tries(now, 0)
        pauses.append(cells[AFTER] - now)
        assert not power.sends(now + 1, 4700, 5, now)
        now = cells[AFTER]
    assert pauses[:4] == [60, 120, 240, 480] and pauses[-1] == 3600
    power.read(4300, 1000)
    assert cells[PERIOD] == 60_000  # and readings become rare
    power.tries(now, 255)
    assert cells[AFTER] - now > 3600 * 6 // 5
    power.sent(4300, 1000)
    assert (cells[FAILURES], cells[AFTER]) == (0, 0)


def test_readings_wait_for_each_other_but_not_too_long():
    power, cells = budget()
    cells[BURST], cells[PERIOD] = 3, 10_000
    assert not power.sends(100, 4700, 2, 90)
    assert power.sends(100, 4700, 3, 80)
    assert power.sends(100, 4700, 1, 70)  # the next would be too late
    assert power.sends(100, 4700, 1, 99, True)  # no room for more
    assert not power.sends(100, 4700, 0, 70)


def test_without_power_at_the_meter_it_only_waits():
    power, cells = budget()
    assert power.wake(0, 4800, 4900, True) == REST and cells[STATE] & DARK
    pauses = []
    for _ in range(4):
        pauses.append(power.rest(0, 4800, 100))
        power.wake(0, 4800, 0, True)
    assert pauses == [600_000, 1_200_000, 1_200_000, 1_200_000]
    assert power.wake(0, 4800, 6900, True) == REST
    assert power.wake(0, 4800, 7000, True) == READ
    power.wake(0, 3650, None, True)
    assert not cells[STATE] & DARK  # a board that cannot tell
    assert power.wake(0, 4800, None, True) == READ


def test_how_long_it_sleeps():
    power, cells = budget()
    cells[PERIOD] = 10_000
    assert power.rest(0, 4250, 1650) == 8000
    assert power.rest(0, 4250, 20_000) == 500
    cells[STATE] = CHARGING
    cells[INCOME] = 100_000
    assert power.rest(0, 3700, 100) == 30_000  # 2.96 J are there in 30 s
    cells[INCOME] = 20_000
    assert 140_000 < power.rest(0, 3700, 100) < 155_000
    cells[INCOME] = 1
    assert power.rest(0, 3700, 100) == 300_000
    assert power.rest(0, 3600, 100) == 300_000
    assert cells[SLEEP] == 300_000


def test_a_long_stay_once_a_day_with_a_full_capacitor_or_by_the_button():
    day = 24 * 3600
    power, cells = budget()
    cells[STAYED] = 1000
    assert power.wake(1000 + day - 1, 4900, 9500, True) == READ
    assert power.wake(1000 + day, 4600, 9500, True) == READ
    cells[PERIOD] = 10_000
    assert power.rest(1000 + day, 4600, 650) == 19_000  # it saves for it
    assert power.wake(1000 + day, 4700, 9500, True) == REMAIN
    assert cells[STAYED] == 1000 + day
    assert power.wake(1010 + day, 4700, 9500, True) == READ
    # It does not wait for ever, and not at all for somebody at the button.
    assert power.wake(1000 + 2 * day + 3601, 4300, 9500, True) == REMAIN
    assert power.wake(1000 + 2 * day + 3700, 4300, 9500, True, True) == REMAIN
    assert power.wake(1000 + 2 * day + 3700, 4100, 9500, True, True) == READ
    power, cells = budget(stay_every=0)
    assert power.wake(10 * day, 4990, 9500, True) == READ
