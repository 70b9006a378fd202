"""What a board is, and its TIC line, over a stand-in for the machine module."""

import os

from firmware.board import Board, profile_of
from firmware.config import Config
from firmware.line import Line


class Machine:
    """The parts of the machine module that a board uses; notes how they were used."""

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5

    def __init__(self, tx_optional=True, cause=1):
        self.uarts = []
        self._tx_optional = tx_optional
        self._cause = cause

    def UART(self, number, **options):
        if options["tx"] < 0 and not self._tx_optional:
            raise ValueError("invalid pin")
        self.uarts.append((number, options))
        return self.uarts[-1]

    def reset_cause(self):
        return self._cause

    def unique_id(self):
        return b"\x40\x4c\xca\x0a\x01\xff"


def _board(machine=None, name="ESP32C6 module with ESP32C6", **changes):
    config = Config("nowhere.json")
    config.update(changes)
    return Board(config, machine or Machine(), name)


def test_the_profile_follows_the_chip_unless_it_is_set():
    for name, profile in (
        ("ESP32C6 module with ESP32C6", "winky_c6"),
        ("Seeed Studio XIAO ESP32C6 with ESP32-C6", "winky_c6"),
        ("ESP32-C3 module with ESP32-C3", "winky_c3"),
        ("Generic ESP32S3 module with ESP32S3", "generic"),
        ("linux [GCC 12.2.0] version", "generic"),
        ("", "generic"),
    ):
        assert profile_of(name) == profile, name
        assert _board(name=name).profile == profile
    assert _board(board="winky_c3").profile == "winky_c3"
    assert _board(board="generic").profile == "generic"


def test_every_profile_of_the_settings_has_its_pins():
    for profile in Config().describe("board")[1].split("|")[1:]:
        board = _board(board=profile)
        assert board.pin("tic") >= 0 and board.pin("button") >= 0
        pins = [board.pin(name) for name in ("tic", "led", "button", "usb", "capacitor", "line")]
        used = [pin for pin in pins if pin >= 0]
        assert len(used) == len(set(used)) and 10 not in used  # the unused output


def test_the_pins_of_the_winky_boards():
    c6 = _board(board="winky_c6")
    assert [c6.pin(n) for n in ("tic", "led", "button")] == [4, 2, 9]
    assert [c6.pin(n) for n in ("usb", "capacitor", "line")] == [1, 3, 5]
    c3 = _board(board="winky_c3")
    assert [c3.pin(n) for n in ("tic", "led", "button")] == [3, 2, 9]
    assert _board(board="winky_c3", tic_rx=7).pin("tic") == 7
    assert _board(board="winky_c3", tic_rx=0).pin("tic") == 0
    assert _board(board="winky_c3", tic_rx=7).pin("led") == 2


def test_the_line_is_opened_as_eight_bits_without_parity():
    machine = Machine()
    uart = Line(machine.UART, 4).open(9600)
    assert machine.uarts == [uart]
    assert uart == (
        1,
        {
            "baudrate": 9600,
            "bits": 8,
            "parity": None,
            "stop": 1,
            "tx": -1,
            "rx": 4,
            "rxbuf": 8192,
            "timeout": 0,
            "timeout_char": 0,
        },
    )


def test_a_firmware_that_insists_on_an_output_gets_a_free_pin():
    line = Line(Machine(tx_optional=False).UART, 8)
    for rate in (1200, 9600):
        _, options = line.open(rate)
        assert (options["baudrate"], options["tx"], options["rx"]) == (rate, 10, 8)


def test_an_impossible_receive_pin_is_an_error():
    def no_pin(number, **options):
        raise ValueError("invalid pin")

    try:
        Line(no_pin, 99).open(1200)
    except ValueError as error:
        assert str(error) == "invalid pin"
    else:
        raise AssertionError("no error")


def test_the_chip_tells_who_and_why():
    assert _board().chip_id == "404cca0a01ff"
    words = [_board(Machine(cause=n)).reset_cause() for n in range(7)]
    assert words == "unknown power_on hard watchdog deep_sleep soft unknown".split()


def test_the_last_rate_is_written_only_when_it_changes():
    path = "unit-tic.last"
    for text in (None, "", "x", "9600\n", "1200"):
        if text is None:
            if path in os.listdir():
                os.remove(path)
        else:
            with open(path, "w") as file:
                file.write(text)
        assert Line(None, 4, path).load() == (int(text) if text and text != "x" else 0), text
    rate = Line(None, 4, path)
    rate.load()
    os.remove(path)
    rate.save(1200)
    assert path not in os.listdir()
    rate.save(9600)
    assert Line(None, 4, path).load() == 9600
    os.remove(path)


def test_own_pins_come_first_and_a_pin_can_be_left_out():
    board = _board(board="winky_c6", pin_led=8, pin_button=-2, pin_capacitor=0)
    assert [board.pin(n) for n in ("led", "button", "capacitor", "usb")] == [8, -1, 0, 1]


def test_a_pin_that_is_wanted_twice_is_told():
    assert _board(board="winky_c6").clashes() == []
    words = _board(board="winky_c6", pin_led=4).clashes()
    assert words == ["pin 4 is wanted twice, for tic and for led"]
