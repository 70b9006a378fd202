"""The log: what is kept of it, and how often the flash is written to."""

import os

from flash import Flash

from firmware.log import ERROR, INFO, WARNING, Log

_PATH = "unit-log"


class Clock:
    """Seconds since the start, and utc when it is known."""

    def __init__(self):
        self.seconds = 0
        self.utc = None

    def since(self):
        return self.seconds

    def time(self):
        return self.utc


def fresh():
    for name in os.listdir():
        if name.startswith(_PATH):
            os.remove(name)
    return again()


def again():
    clock = Clock()
    log = Log(clock.time, clock.since, _PATH)
    return log, clock


def texts(log, level=INFO):
    return [text for _, _, text in log.lines(level)]


def size():
    return sum(os.stat(name)[6] for name in os.listdir() if name.startswith(_PATH))


def test_lines_and_levels():
    log, clock = fresh()
    log.add(INFO, "started")
    clock.utc = 800000000
    log.add(WARNING, "parity errors")
    log.add(ERROR, "broker refused: é")
    assert list(log.lines()) == [
        (None, INFO, "started"),
        (800000000, WARNING, "parity errors"),
        (800000000, ERROR, "broker refused: é"),
    ]
    assert texts(log, WARNING) == ["parity errors", "broker refused: é"]
    assert texts(log, ERROR) == ["broker refused: é"]


def test_an_error_is_in_flash_at_once_and_the_rest_at_the_end():
    log, clock = fresh()
    log.add(INFO, "one")
    assert not size() and texts(again()[0]) == []
    log.add(ERROR, "two")
    assert texts(again()[0]) == ["one", "two"]
    log.add(INFO, "three")
    assert texts(again()[0]) == ["one", "two"] and texts(log) == ["one", "two", "three"]
    log.close()
    assert texts(again()[0]) == texts(log) == ["one", "two", "three"]


def test_an_error_soon_after_another_is_written_when_a_minute_is_over():
    log, clock = fresh()
    log.add(ERROR, "one")
    clock.seconds += 59
    log.add(ERROR, "two")
    log.look()
    assert texts(again()[0]) == ["one"]
    clock.seconds += 1
    log.look()
    assert texts(again()[0]) == ["one", "two"]


def test_the_last_200_lines_are_there():
    log, clock = fresh()
    for n in range(1500):
        clock.seconds += 60
        log.add(INFO, f"line {n}")
        if n % 97 == 0:
            log.close()
        if n % 211 == 0:
            log, clock = again()
            assert len(texts(log)) <= 200
    log, _ = again()
    found = texts(log)
    assert len(found) == 200
    first = int(found[0].split()[1])
    numbers = [int(text.split()[1]) for text in found]
    assert numbers == sorted(numbers) and first < 1500 and len(set(numbers)) == 200
    assert size() < 20000
    log, clock = again()
    for n in range(450):
        clock.seconds += 60
        log.add(INFO, f"more {n}")
    assert texts(log) == [f"more {n}" for n in range(250, 450)]


def test_what_is_said_again_is_counted():
    log, clock = fresh()
    for _ in range(1000):
        log.add(WARNING, "no answer")
    log.add(INFO, "connected")
    log.add(WARNING, "no answer")
    assert texts(log) == ["no answer", "(the same 999 times more)", "connected", "no answer"]
    log.add(WARNING, "no answer")
    assert texts(log, WARNING)[-1] == "(the same 1 times more)"


def test_long_lines_are_cut_and_ends_of_line_are_none():
    log, _ = fresh()
    log.add(INFO, "x" * 1000)
    log.add(INFO, "x" + "é" * 1000)
    log.add(INFO, "one\ntwo\r\nthree")
    log.close()
    long, accents, lines = texts(again()[0])
    assert long == "x" * 120 and accents == "x" + "é" * 59
    assert lines.replace("\r", "") == "one two three"


def test_a_flood_wears_the_flash_by_a_kilobyte_a_minute():
    log, clock = fresh()
    writes = []
    write, log._write = log._write, lambda: (writes.append(clock.seconds), write())
    for n in range(20000):
        clock.seconds = n // 50  # 50 lines a second, for 400 s
        log.add(ERROR if n % 2 else INFO, f"line {n}")
    assert len(writes) <= 7, writes
    clock.seconds += 60
    log.add(INFO, "the end")
    found = texts(log)
    assert found[-1] == "the end" and [text for text in found if "found no room" in text]
    kept = len([text for text in found if text.startswith("line")])
    assert kept > 20 and log.n <= 1024


def test_power_cuts():
    """After each the log goes on, and what was closed is there."""
    home = os.getcwd()
    flash = Flash(48, 512).start("/logflash", True)
    try:
        os.chdir("/logflash")
        told = 0
        for cut in range(0, 9000, 300):
            log, clock = again()
            before = texts(log)
            assert before == [f"line {n}" for n in range(told - len(before), told)][-200:]
            flash.left = cut
            for _ in range(40):
                log.add(INFO, f"line {told}")
                told += 1
                if told % 10 == 0:
                    clock.seconds += 60
                    log.close()
            flash = flash.again("/logflash")
            os.chdir("/logflash")
            found = texts(again()[0])
            told = int(found[-1].split()[1]) + 1 if found else 0
    finally:
        os.chdir("/")
        import vfs

        vfs.umount("/logflash")
        os.chdir(home)


def test_a_line_whose_end_is_missing_spoils_no_other():
    log, _ = fresh()
    log.add(ERROR, "one")
    with open(_PATH, "ab") as file:
        file.write(b"None 2 half of a li")
    log, _ = again()
    log.add(ERROR, "two")
    found = texts(log)
    assert found[0] == "one" and found[-1] == "two" and len(found) == 3
    with open(_PATH, "ab") as file:
        file.write(b"\xff\xfe\n\nNone x\nNone 2 \xff\n12")
    log, _ = again()
    log.add(ERROR, "three")
    assert texts(log)[0] == "one" and texts(log)[-1] == "three"


def test_a_flash_that_refuses_is_told():
    log = Log(lambda: None, lambda: 0, "no-such-folder/log")
    log.add(ERROR, "one")
    assert log.error is not None and texts(log) == ["one"]
    for n in range(100):
        log.add(INFO, f"line {n}" + "x" * 100)
    assert log.n <= 1024 and log.lost
