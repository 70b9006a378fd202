"""RTC memory: what it keeps, what it does not believe; readings in few bytes."""

from firmware.quick.readings import Readings
from firmware.rtcmem import CLOCK, CYCLES, FIRST, INCOME, KEPT, Memory


class Rtc:
    """Keeps what a machine.RTC keeps."""

    def __init__(self, data=b""):
        self.data = data

    def memory(self, data=None):
        if data is None:
            return self.data
        assert len(data) <= 2048
        self.data = bytes(data)


def lines(index, power, *more):
    return [b"BASE\t%09d" % index, b"PAPP\t%05d" % power] + list(more)


def test_everything_comes_back():
    rtc = Rtc()
    memory = Memory(rtc)
    assert memory.fresh
    memory.cells[INCOME] = 104_000
    memory.cells[CYCLES] = 2_000_000_000
    memory.bssid = b"\x02\x00\x00\x00\x00\x01"
    memory.lease = b"192.0.2.7,255.255.255.0,192.0.2.1,192.0.2.1"
    memory.readings += b"\x06\x00\x00\x00\x00\n"
    memory.save()
    again = Memory(rtc)
    assert not again.fresh
    assert (again.cells[INCOME], again.cells[CYCLES]) == (104_000, 2_000_000_000)
    assert (again.bssid, again.lease, again.mqtt) == (memory.bssid, memory.lease, b"")
    assert again.readings == b"\x06\x00\x00\x00\x00\n"


def test_what_is_damaged_or_of_another_layout_is_forgotten():
    rtc = Rtc()
    memory = Memory(rtc)
    memory.cells[CYCLES] = 7
    memory.save()
    good = rtc.data
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x10
        assert Memory(Rtc(bytes(bad))).fresh, at
    for n in range(len(good)):
        assert Memory(Rtc(good[:n])).fresh, n
    assert not Memory(Rtc(good + b"left over from a longer one")).fresh


def kept(readings):
    return [(time, lines) for time, lines, _ in readings.each()]


def test_readings_come_out_as_they_went_in():
    memory = Memory(Rtc())
    memory.cells[CLOCK] = 1
    readings = Readings(memory)
    said = [
        (100, lines(14_460_852, 450, b"ADPS\t031")),
        (110, lines(14_460_853, 460, b"ADPS\t031")),
        (121, lines(14_460_853, 460)),  # ADPS is gone,
        (130, lines(14_460_860, 1460, b"ADPS\t031")),  # and back
        (70_000, lines(14_470_860, 1460, b"ADPS\t031", b"PEJP\t30")),  # a new label
        (70_010, [b"DATE\tH260101000000\t", b"SMAXSN\tH260101000000\t00123"]),  # another mode
        (70_020, [b"DATE\tH260101000010\t", b"SMAXSN\tH260101000000\t00124"]),
    ]
    for time, one in said:
        assert readings.add(time, one)
    assert kept(readings) == said
    assert (len(readings), readings.oldest()) == (7, 100)
    assert kept(Readings(memory)) == said


def test_what_is_delivered_goes_and_what_follows_stays():
    for count in range(6):
        memory = Memory(Rtc())
        memory.cells[CLOCK] = 1
        readings = Readings(memory)
        said = [(100 + 10 * n, lines(14_460_852 + n, 450 + n % 3)) for n in range(5)]
        for time, one in said:
            readings.add(time, one)
        count = min(count, 5)
        readings.drop(count)
        assert kept(readings) == said[count:]
        assert len(readings) == 5 - count
        assert readings.state == said[-1][1]
        # The next is still small.
        before = len(memory.readings)
        readings.add(200, lines(14_460_858, 451))
        assert len(memory.readings) - before < 20
        assert kept(readings)[-1] == (200, lines(14_460_858, 451))
        readings.drop(len(readings))
        assert kept(readings) == [] and memory.cells[KEPT] == 1
        assert kept(Readings(memory)) == []


def test_there_is_room_for_many():
    memory = Memory(Rtc())
    memory.cells[CLOCK] = 1
    readings = Readings(memory)
    house = [b"OPTARIF\tHC..", b"ISOUSC\t30", b"HCHC\t014460852", b"HCHP\t%09d", b"PTEC\tHP..",
             b"IINST\t%03d", b"IMAX\t090", b"PAPP\t%05d", b"HHPHC\tA", b"MOTDETAT\t000000"]
    count = 0
    while True:
        one = list(house)
        one[3] = house[3] % (12_506_372 + count)
        one[5] = house[5] % (2 + count % 7)
        one[7] = house[7] % (450 + 130 * (count % 7))
        if not readings.add(1000 + 10 * count, one):
            break
        count += 1
        memory.save()
    print("readings of historique in RTC memory:", count)
    assert count > 70
    assert len(readings) == count
    assert kept(readings)[-1][0] == 1000 + 10 * (count - 1)


def test_the_times_move_with_the_clock():
    memory = Memory(Rtc())
    memory.cells[CLOCK] = 1
    readings = Readings(memory)
    readings.add(5, lines(1, 2))
    readings.add(15, lines(2, 2))
    readings.shift(1000)
    readings.add(1025, lines(3, 2))
    assert [time for time, _, _ in readings.each()] == [1005, 1015, 1025]
    assert memory.cells[FIRST] == 1005
