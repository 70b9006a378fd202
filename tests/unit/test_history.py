"""History: what is written and read again, what the clock and the power do to it."""

import gc
import os
import sys

from books import Books, Meter, utc
from flash import Flash

from firmware import rarely
from firmware.energy import TODAY, TOTAL
from firmware.history import DAY, MINUTE, TEN, History
from firmware.link.clock import Clock

TIMEOUT = 300
_BIG = sys.maxsize > 1 << 32  # the 32-bit runtime has the board's heap

_START = utc("H2601200100") // 60
_count = 0


def history(folder=None):
    """A history, in a folder of its own."""
    global _count
    if folder is None:
        _count += 1
        folder = f"history{_count}"
        os.mkdir(folder)
    return History(Clock(lambda: 0), folder)


def power(minute):
    """The power of a minute: anything that is not regular."""
    return minute * 7919 % 9000 - 1000


def fill(kept, first, last, placed=True):
    for minute in range(first, last):
        kept.minute(minute, power(minute), placed)


def rows(kept, kind, first, last, step=0):
    """[(minute, VA)] of a span of minutes."""
    return [(at // 60, va) for at, va in kept.rows(kind, first * 60, last * 60, step)]


def means(first, last, unit, start=None):
    """The same by calculation: means of the minutes from first to last, one by one."""
    for begin in range(first // unit * unit if start is None else start, last, unit):
        total = count = 0
        for minute in range(max(first, begin), min(last, begin + unit)):
            total += power(minute)
            count += 1
        yield begin, (2 * total + count) // (2 * count)


def expected(first, last, unit=1):
    return list(means(first, last, unit))


def same(kept, kind, first, last, unit):
    """Whether the rows of a span are those calculated, without gathering them."""
    want = means(first, last, unit)
    for at, va in kept.rows(kind, first * 60, last * 60, 0):
        if (at // 60, va) != next(want):
            return False
    return next(want, None) is None


def test_every_minute_is_there():
    kept = history()
    fill(kept, _START, _START + 2000)
    assert same(kept, MINUTE, _START, _START + 2000, 1)
    assert same(kept, MINUTE, _START + 71, _START + 1995, 1)
    assert rows(kept, MINUTE, _START + 3000, _START + 4000) == []
    assert rows(kept, MINUTE, _START - 90, _START + 1) == expected(_START, _START + 1)
    assert kept.dropped == 0 and kept.error is None


def test_every_ten_minutes_are_there_for_sixty_days():
    kept = history()
    last = _START + 75 * 1440
    fill(kept, _START, last)
    assert same(kept, TEN, last - 61 * 1440, last, 10)
    assert same(kept, MINUTE, last - 1440, last, 1)
    # And no more than that: old files are removed.
    letters = [name[0] for name in os.listdir(kept.folder)]
    assert letters.count("m") == 3 and letters.count("t") == 10


def test_what_is_pending_is_there_too():
    kept = history()
    fill(kept, _START + 5, _START + 77)
    assert kept.count == 17
    assert rows(kept, MINUTE, _START, _START + 99) == expected(_START + 5, _START + 77)
    assert rows(kept, TEN, _START, _START + 99) == expected(_START + 5, _START + 77, 10)
    assert rows(kept, MINUTE, _START + 70, _START + 75) == expected(_START + 70, _START + 75)


def test_rows_of_any_step():
    kept = history()
    fill(kept, _START, _START + 400)
    for step in (2, 7, 60, 1000):
        found = rows(kept, MINUTE, _START + 3, _START + 400, step * 60)
        assert found == list(means(_START + 3, _START + 400, step, _START + 3)), step
    hours = rows(kept, TEN, _START, _START + 400, 3600)
    assert [at for at, _ in hours] == list(range(_START, _START + 400, 60))


def test_big_powers_and_missing_minutes():
    kept = history()
    values = [0, 1, -1, 16383, 16384, 16400, -16400, 36000, -36000, 250_000, -300_000, None, 5]
    for minute in range(30):
        kept.minute(_START + minute, values[minute] if minute < len(values) else None, True)
    assert kept.count == 0
    found = dict(rows(kept, MINUTE, _START, _START + 30))
    assert [found.get(_START + n) for n in range(13)] == [
        0, 1, -1, 16383, 16384, 16400, -16400, 36000, -36000, 249_984 + 16, -278_512, None, 5]
    assert len(found) == 12
    tens = rows(kept, TEN, _START, _START + 30)
    assert [at for at, _ in tens] == [_START, _START + 10]


def test_a_pause_leaves_a_gap():
    kept = history()
    fill(kept, _START, _START + 12)
    fill(kept, _START + 20, _START + 45)
    fill(kept, _START + 500, _START + 530)
    want = (expected(_START, _START + 12) + expected(_START + 20, _START + 45)
            + expected(_START + 500, _START + 530))
    assert rows(kept, MINUTE, _START, _START + 600) == want


def test_before_the_clock_is_known():
    kept = history()
    fill(kept, 100, 117, False)
    assert rows(kept, MINUTE, 0, _START + 99) == []
    kept.first += _START - 100
    kept.placed = True
    kept.minute(_START + 17, 4242, True)
    found = rows(kept, MINUTE, _START, _START + 99)
    assert found[:17] == [(_START + n, power(100 + n)) for n in range(17)]
    assert found[17:] == [(_START + 17, 4242)]
    # More than fits: the last half hour stays.
    kept = history()
    fill(kept, 0, 100, False)
    assert kept.dropped == 70 and kept.count == 30 and kept.first == 70
    kept.first += _START
    kept.placed = True
    fill(kept, _START + 100, _START + 130)
    found = rows(kept, MINUTE, _START, _START + 200)
    assert found == [(_START + n, power(n if n < 100 else _START + n)) for n in range(70, 130)]
    kept = history()
    fill(kept, 0, 10, False)
    kept.flush()
    assert kept.dropped == 10 and kept.count == 0


def test_the_clock_jumps():
    kept = history()
    fill(kept, _START, _START + 40)
    kept.first += 3  # it was three minutes behind: of what is written nothing changes
    fill(kept, _START + 43, _START + 60)
    found = rows(kept, MINUTE, _START, _START + 70)
    assert found[:30] == expected(_START, _START + 30)
    assert found[30:40] == [(_START + n + 3, power(_START + n)) for n in range(30, 40)]
    assert found[40:] == expected(_START + 43, _START + 60)
    fill(kept, _START + 50, _START + 70)  # it goes back: what was there first stays
    found = rows(kept, MINUTE, _START, _START + 70)
    assert found[40:] == expected(_START + 43, _START + 70)
    fill(kept, _START + 9_000_000, _START + 9_000_031)  # far away, and back again
    fill(kept, _START + 70, _START + 90)
    assert rows(kept, MINUTE, _START, _START + 90)[40:] == expected(_START + 43, _START + 90)


def test_files_of_a_wrong_time_go_first():
    kept = history()
    fill(kept, 200_000, 200_030)
    fill(kept, _START, _START + 1440)
    fill(kept, _START + 1440, _START + 2880)
    names = sorted(name for name in os.listdir(kept.folder) if name[0] == "m")
    assert names == [f"m{_START // 720 + n}" for n in (1, 2, 3)]


    kept = history()
    fill(kept, _START + 900_000, _START + 900_030)
    fill(kept, _START, _START + 2160)
    names = sorted(name for name in os.listdir(kept.folder) if name[0] == "m")
    assert names == [f"m{_START // 720 + n}" for n in (0, 1, 2)]


def test_a_batch_over_the_end_of_a_file():
    kept = history()
    end = (_START // 10_080 + 1) * 10_080  # of a file of minutes, and of one of ten minutes
    begin = end - 17
    fill(kept, 0, 30, False)
    kept.first, kept.placed = begin, True
    kept.flush()
    found = rows(kept, MINUTE, begin, begin + 99)
    assert found == [(begin + n, power(n)) for n in range(30)]
    tens = rows(kept, TEN, begin - 10, begin + 99)
    assert [at for at, _ in tens] == [end - 20, end - 10, end, end + 10]
    names = [name for name in os.listdir(kept.folder) if name[0] == "t"]
    assert len(names) == 2


def test_days():
    kept = history()
    first = utc("E2607010800") // 86400
    for day in range(first, first + 2000):
        energies = [("hcjb", day % 977), ("hpjb", day % 13 * 1000), ("injected", 0)]
        kept.day(day, day % 5 == 0, energies)
    clock = kept.clock
    last = first + 2000
    day = last - 1827  # five years
    for row in kept.rows(DAY, clock.midnight(day), clock.midnight(last), 1):
        sums = {"hcjb": day % 977, "hpjb": day % 13 * 1000}
        assert row == (clock.midnight(day), day % 5 == 0,
                       {key: sums[key] for key in sums if sums[key]})
        day += 1
    assert day == last
    assert len(os.listdir(kept.folder)) == 30


def test_days_added_up():
    kept = history()
    first = utc("H2601010800") // 86400
    for day in range(first, first + 120):
        kept.day(day, 2 if day == first + 40 else 0, [("1", 10), ("2", day - first)])
    clock = kept.clock
    begin, end = clock.midnight(first), clock.midnight(first + 120)
    months = list(kept.rows(DAY, begin, end, 0))
    assert [clock.local(at)[:3] for at, _, _ in months] == [
        (2026, 1, 1), (2026, 2, 1), (2026, 3, 1), (2026, 4, 1)]
    assert [flags for _, flags, _ in months] == [0, 2, 0, 0]
    assert [sums["1"] for _, _, sums in months] == [310, 280, 310, 300]
    assert [sums["2"] for _, _, sums in months] == [sum(range(31)), sum(range(31, 59)),
                                                    sum(range(59, 90)), sum(range(90, 120))]
    weeks = list(kept.rows(DAY, begin, begin + 20 * 86400, 7))
    assert [(at, sums["1"]) for at, _, sums in weeks] == [
        (begin, 70), (begin + 7 * 86400, 70), (begin + 14 * 86400, 60)]
    middle = list(kept.rows(DAY, begin + 5 * 86400 + 7, begin + 7 * 86400, 1))
    assert [sums["2"] for _, _, sums in middle] == [5, 6]


def test_a_day_that_is_written_again_counts_once():
    kept = history()
    first = utc("H2601010800") // 86400
    for day in (0, 1, 2, 1, 2, 3):
        kept.day(first + day, 0, [("1", 100 + day if kept.dropped else 7)])
        if day == 2:
            kept.dropped = 1
    kept.dropped = 0
    found = list(kept.rows(DAY, kept.clock.midnight(first), kept.clock.midnight(first + 9), 1))
    assert [sums["1"] for _, _, sums in found] == [7, 101, 102, 103]


def test_rows_take_constant_memory():
    kept = history()
    last = _START + (60 if _BIG else 20) * 1440
    fill(kept, _START, last)
    del_me = bytearray(100)
    most = 0
    gc.collect()
    before = gc.mem_alloc()
    for n, _ in enumerate(kept.rows(TEN, _START * 60, last * 60, 0)):
        if n % 100 == 0:
            gc.collect()
            most = max(most, gc.mem_alloc() - before)
    assert len(del_me) and n > 2500 and most < (16000 if _BIG else 8000), most


def test_rows_survive_that_the_ring_goes_on():
    kept = history()
    minute = _START + 2 * 1440 + 25
    fill(kept, _START, minute)
    end = minute + 1440
    count = before = 0
    for at, va in kept.rows(MINUTE, (end - 2 * 1440) * 60, end * 60, 0):
        count += 1
        assert before < at and va == power(at // 60)
        before = at
        if minute < end and count % 2:
            kept.minute(minute, power(minute), True)
            minute += 1
    assert count > 1400


def test_a_block_cut_at_any_byte_costs_no_other():
    kept = history()
    fill(kept, _START, _START + 90)
    path = f"{kept.folder}/m{_START // 720}"
    with open(path, "rb") as file:
        whole = file.read()
    assert len(whole) == 3 * 66
    for size in range(2 * 66, 3 * 66):
        with open(path, "wb") as file:
            file.write(whole[:size])
        again = history(kept.folder)
        assert rows(again, MINUTE, _START, _START + 90) == expected(_START, _START + 60)
        fill(again, _START + 90, _START + 150)
        assert rows(again, MINUTE, _START, _START + 200) == (
            expected(_START, _START + 60) + expected(_START + 90, _START + 150))


def test_a_damaged_byte_costs_one_block():
    kept = history()
    fill(kept, _START, _START + 90)
    path = f"{kept.folder}/m{_START // 720}"
    with open(path, "rb") as file:
        whole = file.read()
    want = expected(_START, _START + 90)
    for at in range(len(whole)):
        with open(path, "wb") as file:
            file.write(whole[:at] + bytes((whole[at] ^ 0x21,)) + whole[at + 1 :])
        block = at // 66 * 30
        assert rows(kept, MINUTE, _START, _START + 90) == want[:block] + want[block + 30 :]


def test_the_flash_refuses():
    kept = history("/no/such/place")
    fill(kept, _START, _START + 60)
    kept.day(9000, 0, [("1", 5)])
    assert isinstance(kept.error, OSError) and kept.dropped == 5
    assert rows(kept, MINUTE, _START, _START + 90) == []


def test_a_sleep_keeps_what_is_pending():
    made = Books(Meter(_1=1000), utc("H2601201007"), "sleeping")
    days = rarely.load("days")
    kept = history("sleeping")
    start = made.now // 60
    for minute in range(17):
        made.look(60, _1=3)
        kept.minute(start + minute, power(start + minute), True)
    asleep = days.suspend(made.energy, kept)
    assert len(asleep) < 1024
    for damage in (0, 30, len(asleep) - 1):
        torn = asleep[:damage] + b"#" + asleep[damage + 1 :]
        again = history("sleeping")
        days.resume(Books(Meter(_1=1), made.now, "elsewhere").energy, again, torn)
        assert damage == 0 or damage == 30 or again.count == 0
    made.start()
    again = history("sleeping")
    days.resume(made.energy, again, asleep)
    assert made.energy.wh("1", TODAY) == 48  # the first look counts nothing
    assert rows(again, MINUTE, start, start + 99) == rows(kept, MINUTE, start, start + 99)
    fill(again, start + 18, start + 30)
    assert rows(again, MINUTE, start, start + 99) == (
        expected(start, start + 17) + expected(start + 18, start + 30))
    days.resume(made.energy, history("sleeping"), b"")


def live(flash, made, kept, minutes):
    """Some minutes of the books, or less if the power goes."""
    for _ in range(minutes):
        minute = made.now // 60
        try:
            made.look(60, _1=13)
        except OSError:
            assert flash.dead
        if flash.dead:
            return
        kept.minute(minute, power(minute), True)


def reborn(made):
    """The gateway starts again. -> its history"""
    made.start()
    made.energy.history = kept = history("/cut/history")
    return kept


def test_a_power_cut_at_any_write():
    """LittleFS on a flash that loses power at every few bytes it writes, over a midnight."""
    flash = Flash(*((64, 4096) if _BIG else (90, 256))).start("/cut", fresh=True)
    made = Books(Meter(_1=1000), utc("H2601202300"), "/cut/history")
    first = made.now // 60
    live(flash, made, reborn(made), 30)
    gc.collect()
    before = bytes(flash.data)
    written = cuts = 0
    while True:
        flash = flash.again("/cut")
        flash.data[:] = before
        flash = flash.again("/cut")
        made.meter.wh["_1"] = 1000 + 13 * 30
        made.now = (first + 30) * 60
        kept = reborn(made)
        flash.left = written = written + (23 if _BIG else 11)
        live(flash, made, kept, 64)
        if not flash.dead:
            break
        cuts += 1
        stopped = made.now // 60
        flash = flash.again("/cut")
        kept = reborn(made)
        # Nothing but the half hour that was not yet written is missing, and nothing is wrong.
        found = rows(kept, MINUTE, first, first + 99)
        assert found == expected(first, first + 30 * (len(found) // 30))
        assert first + len(found) >= stopped - 31  # it is noticed a minute later
        made.look(60)
        assert made.energy.wh("1", TOTAL) == made.meter.wh["_1"] - 1013
        while made.now < utc("H2601210200"):
            made.look(60, _1=13)
        days = list(kept.rows(DAY, utc("H2601200000"), utc("H2601220000"), 1))
        assert [at for at, _, _ in days] == [utc("H2601200000")]
        used = days[0][2]["1"]
        assert used + made.energy.wh("1", TODAY) == made.meter.wh["_1"] - 1013
        assert 13 * 57 < used < 13 * 61
    assert cuts > 300, cuts
