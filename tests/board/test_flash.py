"""`make flash` and `make deploy`, with a simulated board on a pty and the real mpremote."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import serial

from tools import board
from tools.flash import Problem, bar, console, device, image, ports, transfer
from tools.flash import __main__ as command
from tools.runtime import ROOT, VENV
from tools.simulator.ports import free_port
from tools.simulator.usb.board import UsbBoard

C6 = "esp32|ESP32C6 module with ESP32-C6|1.29.0"

# What the probe waits for, and here for an access point, too: a busy PC takes longer to open it.
UNTIL = "< SECONDS * 1000"
OPEN = " or not __import__('network').WLAN(__import__('network').WLAN.IF_AP).active()"

# What esptool 5 prints, shortened, and a board that has another image from then on.
ESPTOOL = """
import pathlib, sys
with open(sys.argv[1] + "/esptool.txt", "a") as file:
    file.write(" ".join(sys.argv[2:]) + "\\n")
if "write-flash" in sys.argv:
    pathlib.Path(sys.argv[1], "pretend.txt").write_text("{image}")
elif "{chip}":
    print("Connected to {chip} on x:\\nChip type:          {chip} (QFN32) (revision v0.0)")
    print("Manufacturer: c8\\nDetected flash size: {size}")
else:
    print("A fatal error occurred: Failed to connect to Espressif device: No data received.")
    sys.exit(2)
"""


@pytest.fixture
def plug(micropython, tmp_path):
    """plug(pretend, **environment): a board; the same flash each time."""
    boards = []

    def make(pretend="", **settings):
        for one in boards:
            one.unplug()
        folder = tmp_path / "board"
        folder.mkdir(exist_ok=True)
        (folder / "pretend.txt").write_text(pretend)
        boards.append(UsbBoard(folder, **settings))
        return boards[-1]

    yield make
    for one in boards:
        one.unplug()


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A folder in the place of .cache/board that is small, and stays as a test leaves it."""
    folder = tmp_path / "small"
    for name, size in {"firmware/one.mpy": 3000, "firmware/tic/two.mpy": 5000, "manifest": 200,
                       "web/app.js.gz": 20000}.items():
        path = folder / "a" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes((n * n) & 255 for n in range(size)))
    (folder / "app.good").write_text("a")
    (folder / "main.py").write_text("print('network: joined as 192.0.2.7')\n")
    shutil.copyfile(ROOT / "boot.py", folder / "boot.py")
    monkeypatch.setattr(board, "OUT", folder)
    monkeypatch.setattr(board, "build", lambda family: 0)
    return folder


@pytest.fixture
def esptool(tmp_path):
    """esptool(chip, size): Tools whose esptool is not the real one."""
    def make(chip="ESP32-C6", size="4MB"):
        script = tmp_path / "esptool.py"
        script.write_text(ESPTOOL.format(chip=chip, size=size, image=C6))
        (tmp_path / "board").mkdir(exist_ok=True)
        return image.Tools([sys.executable, str(script), str(tmp_path / "board")])

    return make


def run(name, port, capsys, tools=None, **wanted):
    """-> (exit status, what it says)"""
    status = command.main([name], dict(wanted, PORT=port), tools)
    told = capsys.readouterr()
    return status, told.out + told.err


def content(port):
    """{path: SHA-256} of what is on the board."""
    with device.Device.connect(port) as one:
        return {path: digest for path, (_, digest) in transfer.look(one).items()}


def test_a_board_is_flashed_and_tells_its_access_point(plug, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(board, "OUT", tmp_path / "out")
    port = plug(TICGATE_SETTINGS=json.dumps({"page_port": free_port()})).port
    status, told = run("flash", port, capsys)
    assert status == 0, told
    lines = told.splitlines()
    assert lines[0] == f"{port}: simulator, MicroPython 1.25.0, stays"
    assert "100 %  app.good" in lines
    assert "access point: winky-1a2b3c, password " in lines[-2]
    assert lines[-1].startswith("board: access point: WIFI:T:WPA;S:winky-1a2b3c;P:")
    # The gateway runs now, and is stopped by what follows.
    probe = tmp_path / "probe.py"
    text = (ROOT / "tools/probe.py").read_text().replace("SECONDS = 120", "SECONDS = 1")
    assert UNTIL in text
    probe.write_text(text.replace(UNTIL, UNTIL + OPEN))
    done = subprocess.run([str(VENV / "bin/mpremote"), "connect", port, "run", str(probe)],
                          text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    assert "MicroPython 1.25.0" in told and "system 155204 free, block 114688" in told
    assert "board: access point: " not in told and "access point: winky-1a2b3c" in told
    assert re.search(r"\| heap at rest \| [1-9]\d{4,} \|", told)
    status, told = run("deploy", port, capsys)
    assert (status, told) == (0, "nothing to copy: the board has all of it\n")


def test_deploy_copies_what_changed_and_removes_what_is_gone(plug, small, capsys):
    port = plug().port
    assert run("deploy", port, capsys)[0] == 0
    (small / "a/firmware/one.mpy").write_bytes(b"new")
    (small / "a/firmware/tic/two.mpy").unlink()
    with device.Device.connect(port) as one:
        one.write("app.try", b"b.", lambda count: None)
    status, told = run("deploy", port, capsys)
    assert status == 0 and "2 files copied" in told     # the manifest is the other
    with device.Device.connect(port) as one:
        assert transfer.changes(small, transfer.look(one)) == ([], [])
        assert not one.files("app.try", "a/firmware/tic/two.mpy")


def test_a_cut_copy_is_told_and_the_next_run_finishes_it(plug, small, monkeypatch, capsys):
    one = plug(C6)
    assert run("deploy", one.port, capsys)[0] == 0
    (small / "a/firmware/one.mpy").write_bytes(b"new" * 1000)
    (small / "a/web/app.js.gz").write_bytes(b"new" * 7000)
    add = bar.Bar.add

    def cut(self, count):
        add(self, count)
        if self._done > 12000:
            one.unplug()

    monkeypatch.setattr(bar.Bar, "add", cut)
    status, told = run("deploy", one.port, capsys)
    assert status == 1 and "the copy was interrupted" in told and "run the same again" in told
    monkeypatch.setattr(bar.Bar, "add", add)

    one = plug(C6)
    left = content(one.port)
    assert "a/manifest" not in left     # boot.py takes this slot for none
    assert {"a/web/app.js.gz.part", "a/firmware/one.mpy", "boot.py"} <= set(left)
    status, told = run("deploy", one.port, capsys)
    assert status == 0 and "2 files copied" in told     # one.mpy is there already
    with device.Device.connect(one.port) as again:
        assert transfer.changes(small, transfer.look(again)) == ([], [])


def test_stopped_by_hand_it_says_how_to_go_on(plug, small, monkeypatch, capsys):
    def stop(self, count):
        raise KeyboardInterrupt

    monkeypatch.setattr(bar.Bar, "add", stop)
    status, told = run("deploy", plug(C6).port, capsys)
    assert status == 1 and "stopped by you" in told


def test_no_board(monkeypatch, capsys):
    status, told = run("flash", "/dev/nobody", capsys)
    assert status == 1 and "no board at /dev/nobody." in told
    monkeypatch.setattr(ports.list_ports, "comports", list)
    status, told = run("flash", "", capsys)
    assert status == 1 and "no board found. Is the cable one for data" in told


def test_two_boards(monkeypatch, capsys):
    class Port:
        def __init__(self, name, vid):
            self.device, self.vid = name, vid

    found = [Port("/dev/b", 0x303A), Port("/dev/a", 0x10C4), Port("/dev/mouse", 0x46D)]
    monkeypatch.setattr(ports.list_ports, "comports", lambda: found)
    told = run("deploy", "", capsys)[1]
    assert told.strip() == "deploy: which board? PORT=/dev/a or PORT=/dev/b"
    assert ports.find("/dev/a") == "/dev/a"


def test_a_port_that_is_busy(plug, capsys):
    port = plug().port
    with serial.Serial(port, exclusive=True):
        status, told = run("flash", port, capsys)
    assert status == 1 and f"{port} is busy: another program has it open" in told


def test_a_port_that_belongs_to_another_user():
    error = OSError(13, "Permission denied")
    assert "dialout" in str(ports.refused("/dev/ttyACM0", error))


@pytest.mark.parametrize("pretend", ["esp32|Generic ESP32 module with ESP32|1.26.0",
                                     "rp2|Raspberry Pi Pico with RP2040|1.26.0"])
def test_wrong_chip(plug, small, capsys, pretend):
    port = plug(pretend).port
    for name in ("flash", "deploy"):
        status, told = run(name, port, capsys)
        assert status == 1 and "wrong chip: this is " in told and "ESP32C6" in told
    assert content(port) == {}


def test_a_family_that_is_not_the_boards(plug, small, capsys):
    status, told = run("deploy", plug(C6).port, capsys, FAMILY="esp32s3")
    assert status == 1 and "wrong chip: this is ESP32C6, and FAMILY=esp32s3" in told


def test_old_micropython_is_refused_by_deploy_and_replaced_by_flash(
        plug, small, esptool, tmp_path, capsys):
    one = plug(C6.replace("1.29.0", "1.24.1"))
    status, told = run("deploy", one.port, capsys)
    assert status == 1 and "MicroPython 1.24.1 is too old" in told and "make flash" in told
    file = tmp_path / "image.bin"
    tools = esptool()
    tools.fetch = lambda chip: {"esp32c6": file}[chip]
    status, told = run("flash", one.port, capsys, tools)
    assert status == 0 and told.endswith("board: network: joined as 192.0.2.7\n"), told
    asked = (tmp_path / "board/esptool.txt").read_text().splitlines()
    assert asked == [f"--port {one.port} flash-id",
                     f"--port {one.port} --baud 460800 write-flash 0x0 {file}"]


def test_a_new_chip_is_erased_and_gets_the_image_that_is_given(
        plug, small, esptool, monkeypatch, tmp_path, capsys):
    file = tmp_path / "own.bin"
    port = plug().port
    assert run("flash", port, capsys, esptool(), FIRMWARE=str(file))[0] == 1  # there is none
    file.write_bytes(b"image")
    status, told = run("flash", port, capsys, esptool(), FIRMWARE=str(file), ERASE="1")
    assert status == 0 and f"{port}: esp32c6, 4 MB; writing own.bin" in told
    asked = (tmp_path / "board/esptool.txt").read_text()
    assert f"write-flash --erase-all 0x0 {file}" in asked
    status, told = run("flash", port, capsys, esptool(), FIRMWARE=str(file))
    assert status == 0 and "MicroPython 1.29.0; is replaced, files stay" in told
    asked = (tmp_path / "board/esptool.txt").read_text().splitlines()
    assert asked[-1].endswith(f"write-flash 0x0 {file}")


def test_a_chip_that_will_not_do_is_told_before_anything_is_written(plug, small, esptool, capsys):
    for chip, size, words in (("ESP32-H2", "4MB", "wrong chip: this is ESP32H2"),
                              ("ESP32-C6", "2MB", "the flash is too small: 2 MB"),
                              ("", "", "nothing that answers")):
        status, told = run("flash", "/dev/null", capsys, esptool(chip, size), ERASE="1")
        assert status == 1 and words in told


def test_what_esptool_calls_a_chip(esptool):
    for told, chip in (("ESP32-C6FH4", "esp32c6"), ("Unknown ESP32-C6", "esp32c6"),
                       ("ESP32-C61", "esp32c61"), ("ESP32-D0WD-V3", "esp32d0"),
                       ("ESP32-S3", "esp32s3"), ("ESP8266EX", "esp8266")):
        assert esptool(told, "16MB").chip("x") == (chip, 16)
    assert esptool("ESP32-C3", "Unknown").chip("x") == ("esp32c3", 0)


def test_a_flash_that_is_too_small_or_too_full(plug, small, capsys):
    status, told = run("deploy", plug(C6, TICGATE_BLOCKS="32").port, capsys)
    assert status == 1 and "the flash is too small: 128 KB for files" in told


def test_no_room():
    folder = ROOT / "firmware/link"
    with pytest.raises(Problem, match="no room: .* ERASE=1"):
        transfer.room(folder, {}, 8192, 2 << 20)
    assert transfer.room(folder, {"a/x": (1 << 20, "")}, 8192, 2 << 20) == ""
    assert "cannot be updated by its page" in transfer.room(folder, {}, 1 << 20, 240 * 1024)


def test_a_board_that_is_full_says_so(plug, small, monkeypatch, capsys):
    monkeypatch.setattr(transfer, "room", lambda *_: "")
    (small / "a/web/app.js.gz").write_bytes(os.urandom(80000))
    status, told = run("deploy", plug(C6, TICGATE_BLOCKS="16").port, capsys)
    assert status == 1 and "the board's flash is full" in told


def test_nobody_answers(monkeypatch, small, esptool, capsys):
    monkeypatch.setattr(device, "_WAIT", 0.1)
    monkeypatch.setattr(device, "_PATIENCE", 0.2)
    master, slave = os.openpty()
    try:
        status, told = run("deploy", os.ttyname(slave), capsys)
        assert status == 1 and "no MicroPython answers" in told
        # It may be a gateway with its settings: nothing is erased unasked.
        monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
        status, told = run("flash", os.ttyname(slave), capsys, esptool())
        assert status == 1 and "With ERASE=1 the board is erased" in told
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda question: "")
        status, told = run("flash", os.ttyname(slave), capsys, esptool())
        assert status == 1 and "nothing was changed" in told
        monkeypatch.setattr("builtins.input", lambda question: "y")
        status, told = run("flash", os.ttyname(slave), capsys, esptool(""))
        assert status == 1 and "Hold BOOT" in told.replace("\n", " ")
    finally:
        os.close(master)
        os.close(slave)


def test_a_board_that_tells_nothing(plug):
    with pytest.raises(Problem, match="type status"):
        console.follow(plug().port, 0.3)


def test_an_image_that_cannot_be_fetched(monkeypatch, tmp_path):
    monkeypatch.setattr(image, "_FOLDER", tmp_path)
    with pytest.raises(Problem, match="FIRMWARE=file.bin"):
        image.Tools(mpflash=["false"]).fetch("esp32c6")
    script = tmp_path / "fetch.py"
    script.write_text("import os, pathlib, sys\nassert sys.argv[1] == 'download'\n"
                      "name = f'{sys.argv[5]}-v{sys.argv[3]}.bin'\n"
                      "pathlib.Path(os.environ['MPFLASH_FIRMWARE'], name).touch()\n")
    found = image.Tools(mpflash=[sys.executable, str(script)]).fetch("esp32c6")
    assert found == tmp_path / "ESP32_GENERIC_C6-v1.29.0.bin"
    assert image.Tools(mpflash=["false"]).fetch("esp32c6") == found


def test_progress_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with bar.Bar(200) as one:
        one.file("a/x.mpy")
        one.add(50)
        one.add(150)
    drawn = capsys.readouterr().out
    assert f"\r[{'#' * 6}{'.' * 18}]  25 %  a/x.mpy" in drawn and drawn.endswith("\n")
    assert f"[{'#' * 24}] 100 %" in drawn
