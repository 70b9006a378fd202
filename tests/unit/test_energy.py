"""Energy by day and period: what is counted when, and what a mishap does to it."""

import os

from books import Books, Meter, utc

from firmware import rarely
from firmware.energy import CLOCK, INJECTED, LOST, MONTH, SPLIT, TODAY, TOTAL, YESTERDAY

_count = 0


def books(start="H2601201000", **indexes):
    """New books, in a folder of their own, that have looked once."""
    global _count
    _count += 1
    indexes = indexes or {"_1": 100_000, "_2": 2_000_000}
    made = Books(Meter(**indexes), utc(start), f"books{_count}")
    made.look(0)
    return made


def spans(made, key=None):
    return [made.energy.wh(key, span) for span in (TODAY, YESTERDAY, MONTH, TOTAL)]


def day(text):
    return (utc(text) + 7200) // 86400


def test_the_first_look_counts_nothing():
    made = books()
    assert spans(made) == [0, None, 0, 0]
    assert made.energy.wh("1", TODAY) == 0 and made.energy.wh("7", TODAY) is None
    assert made.energy.flags == LOST and made.energy.since == utc("H2601201000")
    assert made.energy.wh(INJECTED, TODAY) is None


def test_by_period_day_and_month():
    made = books("H2601301000")
    made.until("H2601302359", _1=1200, _2=3400)
    assert made.diary.days == [] and made.energy.day == day("H2601300000")
    made.look(60, _2=7)
    assert made.diary.days == [(day("H2601300000"), LOST, {"1": 1200, "2": 3407})]
    assert spans(made) == [0, 4607, 4607, 4607]
    made.until("H2602010000", _1=500)
    assert spans(made, "1") == [0, 500, 0, 1700]
    made.until("H2602010100", _1=20)
    assert spans(made, "1") == [20, 500, 20, 1720]
    assert spans(made, "2") == [0, 0, 0, 3407]
    assert made.energy.flags == 0 and made.energy.before == 0
    made.until("H2602020030", _1=230)
    assert spans(made, "1")[2:] == [250, 1950]
    assert spans(made)[3] == 5357


def test_injection_is_apart():
    made = books()
    made.meter.injected_wh = 5000
    made.look()
    made.look(60, injected=40, _1=3)
    assert spans(made, INJECTED) == [40, None, 40, 40]
    assert made.energy.wh(None, TODAY) == 3
    made = books()
    made.meter.injected_wh = 5  # this index was not hidden: it begins where it is
    made.look()
    assert made.energy.wh(INJECTED, TODAY) == 0


def test_midnight_is_exact_when_a_look_falls_on_it():
    made = books("H2601202359")
    made.look(60, _1=5)
    assert made.energy.day == day("H2601210000")
    assert made.diary.days[0][2] == {"1": 5, "2": 0}
    assert made.energy.wh("1", TODAY) == 0


def test_over_a_midnight_by_time():
    made = books("H2601202359")
    made.pass_time(57)
    made.energy.look(made.meter, made.now)
    made.look(10, _1=100)
    assert made.diary.days == [(day("H2601200000"), LOST, {"1": 30, "2": 0})]
    assert made.energy.wh("1", TODAY) == 70
    assert made.energy.flags == 0  # some seconds are not worth a mark


def test_days_of_23_and_25_hours():
    for text, hours in (("H2603282355", 23), ("E2610242355", 25)):
        made = books(text)
        made.until(text[:7] + "2359")
        made.look(60)
        begin = made.energy.day
        for _ in range(hours * 60):
            assert made.energy.day == begin
            made.look(60, _1=1)
        assert made.energy.day == begin + 1
        assert made.diary.days[1] == (begin, 0, {"1": hours * 60, "2": 0})


def test_a_restart_loses_nothing():
    made = books()
    made.until("H2601201530", _1=700)
    made.pass_time(0, _1=50)
    made.start()
    assert made.energy.day == day("H2601200000")  # of the file
    made.look(300, _1=9)
    assert spans(made, "1") == [759, None, 759, 759]
    made.until("H2601210100", _2=100)
    made.start()
    made.look()
    assert spans(made, "1") == [0, 759, 759, 759]
    assert spans(made, "2")[0] + spans(made, "2")[1] == 100
    assert len(made.diary.days) == 1 and made.energy.flags == 0


def test_an_afternoon_without_the_gateway():
    made = books()
    made.until("H2601201200")
    made.pass_time(6 * 3600, _1=8000)
    made.start()
    made.look()
    assert spans(made, "1") == [8000, None, 8000, 8000] and made.energy.flags == LOST


def test_a_night_without_the_gateway_is_shared_out():
    made = books()
    made.until("H2601212200")
    assert made.energy.flags == 0
    made.pass_time(6 * 3600 - 60, _1=1000, _2=11)
    made.start()
    made.look()
    assert made.diary.days[1] == (day("H2601210000"), SPLIT, {"1": 333, "2": 3})
    assert spans(made, "1") == [667, 333, 1000, 1000]
    assert made.energy.flags == SPLIT and made.energy.before == SPLIT


def test_a_night_in_which_nothing_was_used_is_known():
    made = books()
    made.until("H2601212200")
    made.pass_time(6 * 3600)
    made.start()
    made.look()
    assert made.energy.flags == 0 and made.energy.before == 0


def test_many_days_without_the_gateway():
    made = books("H2603251200")
    made.pass_time(10 * 86400, _1=240_000)
    made.start()
    made.look(0)
    assert [entry[0] for entry in made.diary.days] == list(range(day("H2603250000"),
                                                                 day("H2604040000")))
    # 10 times 24 hours, and the clock was put forward: it is 13:00 now.
    parts = [entry[2]["1"] for entry in made.diary.days] + [made.energy.wh("1", TODAY)]
    assert parts == [12000] + [24000] * 3 + [23000] + [24000] * 5 + [13000]
    assert made.energy.wh("1", MONTH) == sum(parts[7:])
    assert made.energy.wh("1", TOTAL) == 240_000


def test_a_season_without_the_gateway():
    made = books("H2601201200")
    made.until("H2601201300", _1=60)
    made.pass_time(200 * 86400, _1=3_100_000)
    made.start()
    made.look(0)
    days = [entry[0] for entry in made.diary.days]
    today = made.energy.day
    assert days == [day("H2601200000")] + list(range(today - 31, today))
    assert made.diary.days[0][2] == {"1": 60, "2": 0}
    parts = [entry[2]["1"] for entry in made.diary.days[1:]] + [made.energy.wh("1", TODAY)]
    assert sum(parts) == 3_100_000 and max(parts[:-1]) - min(parts[:-1]) <= 1
    assert made.energy.wh("1", TOTAL) == 3_100_060


def test_an_unknown_clock_waits():
    made = books()
    made.until("H2601201200")
    made.pass_time(3600, _1=100)
    made.start(known=False)
    assert made.clock.utc() is None
    made.pass_time(120, _1=20)
    made.clock.set(made.now, "meter")
    made.look(0)
    assert made.energy.wh("1", TODAY) == 120


def test_a_degraded_clock_that_is_behind_is_no_clock():
    made = books()
    made.until("H2601201200")
    real = made.now + 600
    made.now = utc("H1901010000")
    made.start(known=False)
    made.clock.set(made.now, "degraded")
    made.look(60, _1=10)
    made.look(60, _1=10)
    assert made.energy.day == day("H2601200000") and made.energy.wh("1", TODAY) == 0
    made.now = real
    made.clock.set(made.now, "meter")
    made.look(0)
    assert made.energy.wh("1", TODAY) == 20 and made.energy.flags == LOST


def test_a_step_renames_the_day():
    made = books("H1901010000")
    made.until("H1901010800", _1=80)
    before = made.now
    made.now = utc("H2601201000")
    rarely.load("days").step(made.energy, before, made.now)
    made.look(60, _1=1)
    assert made.energy.day == day("H2601200000") and made.diary.days == []
    assert made.energy.wh("1", TODAY) == 81 and made.energy.flags == LOST | CLOCK
    made.until("H2601210001")
    assert made.diary.days == [(day("H2601200000"), LOST | CLOCK, {"1": 81, "2": 0})]


def test_small_steps_at_midnight():
    made = books("H2601202340")
    made.until("H2601202359", _1=19)
    before = made.now + 50
    made.now += 70  # the clock was 20 s behind
    rarely.load("days").step(made.energy, before, made.now)
    made.look(0, _1=2)
    assert made.diary.days[0][:2] == (day("H2601200000"), LOST)
    assert made.energy.day == day("H2601210000")
    before = made.now
    made.now -= 60  # no, it was not: but a day that is over stays over
    rarely.load("days").step(made.energy, before, made.now)
    made.look(30, _1=5)
    made.look(60, _1=5)
    assert made.energy.day == day("H2601210000") and len(made.diary.days) == 1
    total = made.diary.days[0][2]["1"] + made.energy.wh("1", TODAY)
    assert total == 31


def test_a_state_of_the_future_is_put_right():
    made = books("H2701200000")
    made.until("H2701200100", _1=30)
    made.now = utc("H2601201000")
    made.start()
    made.look(60, _1=5)
    made.look(60, _1=5)
    assert made.energy.day == day("H2601200000") and made.energy.flags & CLOCK
    assert made.energy.wh("1", TODAY) == 40


def test_another_meter():
    made = books()
    made.until("H2601201200", _1=120)
    made.meter.serial = b"042276123456"
    made.meter.wh = {"_1": 3, "_2": 5}
    made.look()
    assert made.energy.wh("1", TODAY) == 120 and made.energy.flags & LOST
    made.look(60, _1=4)
    assert made.energy.wh("1", TODAY) == 124 and made.energy.wh("2", TODAY) == 0


def test_another_meter_while_the_gateway_was_off():
    made = books()
    made.until("H2601211200", _1=120)
    assert made.energy.flags == 0
    made.meter.serial = b"042276123456"
    made.meter.wh = {"_1": 100_200, "_2": 2_000_300}  # as if they had only advanced
    made.start()
    made.look(600)
    assert made.energy.flags == LOST
    total = made.energy.wh(None, TODAY) + made.energy.wh(None, YESTERDAY)
    assert total == 120
    made.look(60, _1=10)
    assert made.energy.wh(None, TODAY) + made.energy.wh(None, YESTERDAY) == 130
    # The serial number is not kept in flash, only a checksum of it.
    with open(f"{made.folder}/energy") as file:
        assert "042276123456" not in file.read()


def test_a_meter_without_a_serial_number_in_this_frame():
    made = books()
    made.meter.serial = None
    made.look(60, _1=10)
    made.meter.serial = b"041776199277"
    made.look(60, _1=10)
    assert made.energy.wh("1", TODAY) == 20


def test_an_index_that_comes_into_use():
    made = books()
    made.look(60, _3=17)
    assert made.energy.wh("3", TODAY) == 17
    made.until("H2601201300")
    made.pass_time(3600, _4=900)
    made.start()
    made.look()
    assert made.energy.wh("4", TODAY) == 900
    made.look(60, _5=400_000)  # nobody draws that much in a minute: it was only not seen before
    assert made.energy.wh("5", TODAY) == 0
    made.look(60, _5=3)
    assert made.energy.wh("5", TODAY) == 3


def test_another_contract_in_historique():
    global _count
    _count += 1
    meter = Meter("historique", "hchp", hc=1000, hp=2000)
    made = Books(meter, utc("H2601201000"), f"books{_count}")
    made.look(0)
    made.look(60, hc=5, hp=7)
    meter.contract = None
    made.look(60, hc=5)  # the first frame of another contract may be cut
    meter.contract, meter.wh = "tempo", {"hcjb": 1010, "hpjb": 2007, "hcjw": 0}
    made.look()
    assert made.energy.flags & LOST
    made.look(60, hcjw=11, hcjb=1)
    assert made.energy.wh(None, TODAY) == 24
    assert made.energy.wh("hc", TODAY) == 5 and made.energy.wh("hcjw", TODAY) == 11
    meter.contract, meter.wh = "hchp", {"hc": 1011, "hp": 2007}
    made.look()
    made.look(60, hc=2)  # what counted as hcjb meanwhile is not counted twice
    assert made.energy.wh("hc", TODAY) == 7 and made.energy.wh(None, TODAY) == 26


def test_another_mode():
    made = books()
    made.look(60, _1=10)
    made.meter.mode, made.meter.contract = "historique", "hchp"
    made.meter.wh = {"hc": 100_012, "hp": 2_000_000}
    made.look()
    made.look(60, hc=3)
    made.meter.mode, made.meter.wh = "unknown", {}
    made.look()
    made.meter.mode, made.meter.wh = "standard", {"_1": 100_015, "_2": 2_000_000}
    made.look()
    made.look(60, _1=4)
    assert made.energy.wh(None, TODAY) == 17


def test_an_index_out_of_bounds_must_insist():
    made = books()
    made.look(60, _1=-50_000)
    made.look(60, _1=50_010)
    assert made.energy.wh("1", TODAY) == 10 and made.energy.flags == LOST
    made.until("H2601210001")
    assert made.energy.flags == 0
    made.look(60, _1=500_000)
    for _ in range(9):
        made.look(60, _2=1)
        assert made.energy.wh("1", TODAY) == 0
    made.look(60, _1=3)
    assert made.energy.flags == LOST
    made.look(60, _1=3)
    assert made.energy.wh("1", TODAY) == 3 and made.energy.wh("2", TODAY) == 9
    made.pass_time(60, _1=-90_000)
    for _ in range(11):
        made.look(0)
    made.look(60, _1=4)
    assert made.energy.wh("1", TODAY) == 7


def test_indexes_beyond_a_small_integer():
    global _count
    _count += 1
    meter = Meter("pmepmi", "other", hph=859_148_000, hch=5_123_456_000)
    made = Books(meter, utc("H2601201000"), f"books{_count}")
    made.look(0)
    made.look(600, hch=41_000)
    made.start()
    made.look(600, hch=2000)
    assert made.energy.wh("hch", TODAY) == 43_000


def test_the_state_is_written_once_an_hour():
    made = books()
    os.remove(f"{made.folder}/energy")
    written = 0
    for _ in range(180):
        made.look(60, _1=1)
        if "energy" in os.listdir(made.folder):
            written += 1
            os.remove(f"{made.folder}/energy")
    assert written == 3


def test_a_damaged_state_is_no_state():
    made = books()
    made.until("H2601201200", _1=10)
    path = f"{made.folder}/energy"
    with open(path, "rb") as file:
        whole = file.read()
    for size in range(len(whole) - 1):
        with open(path, "wb") as file:
            file.write(whole[:size])
        made.start()
        assert made.energy.day is None
    for at in range(0, len(whole) - 1, 7):
        with open(path, "wb") as file:
            file.write(whole[:at] + bytes((whole[at] ^ 4,)) + whole[at + 1 :])
        made.start()
        assert made.energy.day is None
    with open(path, "wb") as file:
        file.write(whole)
    made.start()
    assert made.energy.day == day("H2601200000")


def test_a_state_that_cannot_be_written_leaves_the_old_one():
    made = books()
    with open(f"{made.folder}/energy", "rb") as file:
        before = file.read()
    os.mkdir(f"{made.folder}/energy.tmp")
    made.until("H2601201130", _1=10)
    with open(f"{made.folder}/energy", "rb") as file:
        assert file.read() == before
    assert isinstance(made.diary.error, OSError) and made.energy.wh("1", TODAY) == 10


def test_too_many_periods_are_not_kept():
    made = books()
    for number in range(40):
        made.look(60, **{f"p{number:02}": 1})
    assert len(made.energy.rows) == 24
    made.until("H2602010001")
    made.until("H2602020001")
    made.meter.wh = {"_1": 100_000, "_2": 2_000_000}
    made.meter.serial = b"042276123456"
    made.look()
    assert 12 <= len(made.energy.rows) <= 14
