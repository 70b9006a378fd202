"""Day profiles and the next change of period: firmware/tic/calendar.py."""

from meters import ENOUGH, STANDARD, Line

from firmware.tic import calendar


def profile(*blocks):
    return " ".join(list(blocks) + ["NONUTILE"] * (11 - len(blocks)))


def times(*blocks):
    return [minute for minute, _ in calendar.blocks(profile(*blocks).encode())]


def at(hour, minute=0):
    return hour * 60 + minute


# Recordings: 2220, 1440 ... are decimal, 0F00 is the 15:00 at which that meter switched.
DECIMAL = "00008002", "0210C001", "08108002", "1440C001", "16408002"
HEXADECIMAL = "00008002", "0200C001", "08008002", "0F00C001", "11008002"
TEMPO = "00004001", "06004002", "22004001"


def test_decimal_hours():
    assert times(*DECIMAL) == [0, at(2, 10), at(8, 10), at(14, 40), at(16, 40)]
    assert times(*TEMPO) == [0, at(6), at(22)]
    assert times("00008001") == [0]
    assert times("00008002", "0100C001", "06008002", "1230C001", "15308002") == [
        0, at(1), at(6), at(12, 30), at(15, 30)]


def test_hexadecimal_hours():
    assert times(*HEXADECIMAL) == [0, at(2), at(8), at(15), at(17)]
    # 22:30 to 06:30: digits alone, and no time in decimal.
    assert times("0000C001", "061E8002", "161EC001") == [0, at(6, 30), at(22, 30)]
    # A time in both: only the hexadecimal one makes eight hours off peak.
    assert times("00008002", "0200C001", "08008002", "1000C001", "12008002") == [
        0, at(2), at(8), at(10), at(12)]  # eight hours either way: decimal
    assert times("00008002", "0200C001", "07008002", "0900C001", "12008002") == [
        0, at(2), at(7), at(9), at(12)]  # 5 + 3 h
    assert times("00008002", "0100C001", "06008002", "1000C001", "13008002") == [
        0, at(1), at(6), at(10), at(13)]
    assert times("00008002", "0100C001", "02008002", "0900C001", "10008002") == [
        0, at(1), at(2), at(9), at(16)]  # 1 + 1 h, or 1 + 7 h


def test_times_that_are_none():
    for blocks in (("00008001", "0000C002"), ("06008001", "05008002"), ("24008001",),
                   ("0060C001",), ("0F008001", "0E00C001"), ("0GH08001",), ("0000ZZZZ",)):
        assert times(*blocks) == [], blocks
    assert list(calendar.blocks(b"")) == []


def test_actions():
    actions = [action for _, action in calendar.blocks(profile(*HEXADECIMAL).encode())]
    assert actions == [0x8002, 0xC001, 0x8002, 0xC001, 0x8002]
    assert [calendar.index(action) for action in actions] == [2, 1, 2, 1, 2]
    assert [calendar.index(action) for action in (0xC000, 0x400B, 0x800A)] == [0, 0, 10]
    assert len(times(*[f"{hour:02}008002" for hour in range(11)])) == 11


def change(clock, plan, number="02", today="00", **changes):
    """next_change of a meter whose today has the same profile as its tomorrow."""
    line = Line(STANDARD)
    line.say(DATE=(clock, ""), PJOURF_1=profile(*plan), NTARF=number, NJOURF=today, **changes)
    line.say(times=4)
    return line.meter.next_change


def test_next_change_of_today():
    assert change("E260721093412", DECIMAL) == (at(14, 40), "1")
    assert change("E260721144000", DECIMAL, "01") == (at(16, 40), "2")
    assert change("H240104150514", HEXADECIMAL, "01") == (at(17), "2")


def test_next_change_of_tomorrow():
    assert change("E260721200000", DECIMAL) == (1440 + at(2, 10), "1")
    assert change("E260721230000", ("0000C001", "06308002", "2230C001"), "01") == (
        1440 + at(6, 30), "2")


def test_nothing_changes():
    assert change("E260721093412", ("00008001",), "01") is None
    assert change("E260721093412", ("00008001", "0600C000", "2200800F"), "01") is None


def test_a_meter_may_switch_late():
    assert change("E260721145500", DECIMAL, "02") == (at(14, 40), "1")
    assert change("E260721143000", DECIMAL, "01") is None  # it follows another profile
    assert change("E260721152000", DECIMAL, "02") is None


def test_a_day_with_another_number_is_not_known():
    assert change("E260721093412", DECIMAL, today="03") is None


def test_no_profile_no_change():
    assert Line(STANDARD).meter.next_change is None


def tempo(clock, number, stge):
    return change(clock, TEMPO, number, NGTF="     TEMPO      ", STGE=stge)


def test_tempo_in_the_evening():
    # Today white, tomorrow blue: white runs until 06:00, as in a recording.
    assert tempo("H200214230815", "03", "463A0800") == (1440 + at(6), "2")
    assert tempo("H200214120000", "04", "463A0C00") == (at(22), "3")
    # Tomorrow's colour is not known yet.
    assert tempo("H200214070000", "04", "023A0C00") == (at(22), "3")
    assert tempo("H200214230000", "03", "023A0800") == (1440 + at(6), None)


def test_tempo_before_dawn():
    # The day that runs is white until 06:00; what begins then is called tomorrow by some meters,
    # and today since midnight by others.
    assert tempo("H200215030000", "03", "463A0800") == (at(6), "2")
    assert tempo("H200215030000", "03", "013A0800") == (at(6), "2")
    assert tempo("H200215030000", "03", "033A0800") == (at(6), "6")


def test_tempo_when_the_meter_is_late():
    assert tempo("H200215060300", "03", "023A0800") == (at(6), None)


def test_mobile_peaks_have_times_of_their_own():
    peak = {"DPM1": (" 260721180000", "00"), "FPM1": (" 260721200000", "00")}
    plan = ("00008001",)
    ahead = dict(peak, STGE="103A0001", PPOINTE=profile("1800800A"))
    assert change("E260721093412", plan, "01", **ahead) == (at(18), "10")
    assert change("E260720093412", plan, "01", **ahead) == (1440 + at(18), "10")
    assert change("E260721093412", DECIMAL, **ahead) == (at(14, 40), "1")
    # A peak that begins with another period goes before it.
    assert change("E260721093412", ("00008002", "18008001"), **ahead) == (at(18), "10")
    running = dict(peak, STGE="403A2401")
    assert change("E260721183000", plan, "10", **running) == (at(20), None)
    assert change("E260721183000", plan, "10", STGE="403A2401") is None


def test_the_answer_is_renewed_every_minute_and_at_a_switch():
    line = Line(STANDARD)
    line.say(PJOURF_1=profile(*DECIMAL), times=ENOUGH)
    assert line.meter.next_change == (at(14, 40), "1")
    line.say(DATE=("E260721144001", ""))
    assert line.meter.next_change == (at(14, 40), "1")
    line.say(NTARF="01", times=2)
    assert line.meter.next_change == (at(16, 40), "2")
    model = line.model()
    assert (model["next_change_minute"], model["next_change_period"]) == (1000, "2")
