"""Horodates, dates and bit fields: firmware/tic/moments.py and fields.py."""

import gc

from firmware.tic import fields, moments

# Days in each month of a year that is no leap year, kept apart from the module's own table.
MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def test_horodates_of_the_documents_are_valid():
    for horodate in (b"H081225223518", b"E260721093412", b"h000101000000", b"e991231235959"):
        assert moments.valid(horodate), horodate
    assert moments.valid(b" 200214060000")  # DPM1


def test_a_horodate_is_read_where_it_stands():
    line = b"\nSMAXSN\tE160624063000\t04321\tC\r"
    assert moments.valid(line, 8)
    assert not moments.valid(line, 7)
    assert moments.valid(memoryview(line), 8)
    assert moments.valid(bytearray(line), 8)


def test_a_horodate_that_cannot_be():
    for horodate in (
        b"",
        b"E26072109341",
        b"X260721093412",
        b"0260721093412",
        b"E260021093412",
        b"E261321093412",
        b"E260700093412",
        b"E260732093412",
        b"E260721243412",
        b"E260721096012",
        b"E260721093460",
        b"E26072109341 ",
        b"E2607210934:2",
        b"E/60721093412",
        b"EA60721093412",
        b"E26072109341\xb2",
        b"\xc5260721093412",
        b"             ",
    ):
        assert not moments.valid(horodate), horodate


def test_the_calendar_has_its_own_days_and_no_other():
    buf = bytearray(b"E000000120000")
    for year in (0, 23, 24, 26, 99):
        buf[1:3] = b"%02d" % year
        for month in range(14):
            buf[3:5] = b"%02d" % month
            last = MONTHS[month - 1] if 1 <= month <= 12 else 0
            if month == 2 and year % 4 == 0:
                last = 29
            for day in range(33):
                buf[5:7] = b"%02d" % day
                assert moments.valid(buf) == (1 <= day <= last), bytes(buf)


def test_dates_of_pmepmi():
    assert moments.valid_date(b"03/08/21 15:41:55")
    assert moments.valid_date(b"DATE 29/02/24 23:59:59 3", 5)
    for date in (
        b"29/02/23 15:41:55",
        b"31/04/21 15:41:55",
        b"03/13/21 15:41:55",
        b"03/08/21 24:00:00",
        b"03/08/21 15:60:00",
        b"03/08/21 15:41:5",
        b"03-08-21 15:41:55",
        b"03/08/21  5:41:55",
        b"03/08/21T15:41:55",
        b"03/08/21 15/41/55",
        b"203/08/21 15:30:0",
    ):
        assert not moments.valid_date(date), date


def test_iso_8601():
    assert fields.iso(b"E260721093412") == "2026-07-21T09:34:12+02:00"
    assert fields.iso(b"H081225223518") == "2008-12-25T22:35:18+01:00"
    assert fields.iso(b"h081225223518") == "2008-12-25T22:35:18+01:00"
    assert fields.iso(b" 200214060000") == "2020-02-14T06:00:00"
    assert fields.iso(memoryview(b"e260721093412")) == "2026-07-21T09:34:12+02:00"
    assert moments.iso_date(b"03/08/21 15:41:55") == "2021-08-03T15:41:55"


def test_a_clock_not_to_be_trusted():
    assert moments.degraded(b"h081225223518") and moments.degraded(b"e260721093412")
    for horodate in (b"H081225223518", b"E260721093412", b" 200214060000"):
        assert not moments.degraded(horodate)


def test_seconds_count_from_2000_in_universal_time():
    assert fields.seconds(b"H000101010000") == 0
    assert fields.seconds(b" 000101000001") == 1
    assert fields.seconds(b"H000301000000") == 60 * 86400 - 3600
    assert fields.seconds(b"H010101010000") == 366 * 86400
    # 2024-02-29T12:00:00Z is 1709208000 in Unix time, 2026-07-21T07:34:12Z is 1784619252.
    assert fields.seconds(b"H240229130000") == 1709208000 - 946684800
    assert fields.seconds(b"E260721093412") == 1784619252 - 946684800
    # The hour that autumn repeats: summer comes first.
    assert fields.seconds(b"H261025023000") - fields.seconds(b"E261025023000") == 3600


def test_seconds_grow_by_a_day_every_day():
    buf = bytearray(b"H230101000000")
    before = fields.seconds(b"H221231000000")
    for year in (23, 24, 25):
        for month in range(1, 13):
            for day in range(1, 32):
                buf[1:7] = b"%02d%02d%02d" % (year, month, day)
                if moments.valid(buf):
                    now = fields.seconds(buf)
                    assert now - before == 86400, bytes(buf)
                    before = now


def test_stge_of_the_document():
    value = b"003A0001"
    assert fields.stge(value, 0, 1) == 1  # contact open
    assert fields.stge(value, 10, 4) == 0  # supplier index 1
    assert fields.stge(value, 17, 1) == 1  # standard
    assert fields.stge(value, 19, 2) == 3  # Euridis with security
    assert fields.stge(value, 21, 2) == 1  # PLC New/Lock
    value = b"463A0800"
    assert fields.stge(value, 10, 4) == 2  # supplier index 3
    assert fields.stge(value, 24, 2) == 2  # white today
    assert fields.stge(value, 26, 2) == 1  # blue tomorrow
    assert fields.stge(value, 28, 2) == 0 and fields.stge(value, 30, 2) == 1  # peak 1 now
    value = memoryview(b"9B3A9000")
    assert fields.stge(value, 24, 2) == 3 and fields.stge(value, 26, 2) == 2
    assert fields.stge(value, 28, 2) == 1 and fields.stge(value, 30, 2) == 2


def test_stge_bit_by_bit():
    for bit in range(32):
        digits = bytearray(b"00000000")
        digits[7 - bit // 4] = b"1248"[bit % 4]
        for low in range(32):
            assert fields.stge(digits, low, 1) == (1 if low == bit else 0)
    assert fields.stge(b"ffffffff", 10, 4) == 15
    assert fields.stge(b"FFFFFFFF", 31, 1) == 1


def test_local_days_and_minutes():
    assert fields.day(b"H000101000000") == 0 and fields.day(b"E000301000000") == 60
    assert fields.day(b" 260721235959") == fields.day(b"E260721000000")
    assert fields.day(b"H010101000000") - fields.day(b"H001231235959") == 1
    assert fields.minute(b"E260721093459") == 574
    assert fields.minute(b"H000101000000") == 0 and fields.minute(b"H000101235959") == 1439


def test_texts_in_their_paddings():
    assert fields.collapse(b" HEURE  PLEINE  ") == "HEURE PLEINE"
    assert fields.collapse(b"  HEURE  PLEINE ") == "HEURE PLEINE"
    assert fields.collapse(b"                ") == ""
    assert fields.collapse(b"PAS DE          MESSAGE         ") == "PAS DE MESSAGE"


def test_quantities_of_pmepmi():
    for value, number in (
        (b"35kW", 35000), (b"-0.5kW", -500), (b"0,17kW", 170), (b"1.23456kW", 1234),
        (b"2669Wh", 2669), (b"859156kWh", 859156000), (b"120kVA", 120000), (b"7TkW", 7000),
        (b"0varh", 0), (b"12.7Wh", 12), (b"-3kvarh", -3000),
    ):
        assert fields.quantity(value) == number, value


def test_checking_allocates_nothing():
    line = memoryview(b"\tE260721093412\t 03/08/21 15:41:55 003A0001")
    moments.valid(line, 1)
    moments.valid_date(line, 16)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(50):
        moments.valid(line, 1)
        moments.valid(line, 2)
        moments.valid_date(line, 16)
    after = gc.mem_alloc()
    gc.enable()
    assert after - before == 0, after - before
