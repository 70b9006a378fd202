"""The simulated board's modules, in MicroPython: the UART on a line, resets, memory, Wi-Fi."""

import random
import subprocess

import pytest

from tests.support import mpy_process
from tools.simulator import wire
from tools.simulator.line import Line
from tools.simulator.meter import Meter
from tools.simulator.recording import Performance

READ = """
import asyncio, machine, sys
async def main():
    rate, wanted = int(sys.argv[1]), int(sys.argv[2])
    uart = machine.UART(1, baudrate=rate, rx=4, tx=-1, rxbuf=8192, timeout=0, timeout_char=0)
    reader = asyncio.StreamReader(uart)
    room, heard = memoryview(bytearray(256)), b""
    while len(heard) < wanted:
        n = await reader.readinto(room)
        heard += bytes(room[:n or 0])
    uart.deinit()
    sys.stdout.buffer.write(heard)
asyncio.run(main())
"""
DIRECT = """
import machine, select, sys
uart = machine.UART(1, 9600, rx=machine.Pin(4))
assert uart.any() == 0 and uart.read() is None and uart.read(4) is None
assert uart.readinto(bytearray(9)) is None and uart.readline() is None
poll = select.poll()
poll.register(uart, select.POLLIN)
assert poll.poll(20) == []
print("ready")
assert sys.stdin.readline() == "playing\\n"
(stream, event), = poll.poll(20000)
assert stream is uart and event & select.POLLIN
assert uart.any()
first = uart.read(1)
assert len(first) == 1
line = b""
while not line.endswith(b"\\n"):
    line += uart.readline() or b""
more = bytearray(10)
while uart.readinto(more, 3) is None:
    pass
assert more[3:] == bytes(7)
uart.init(1200)
uart.deinit()
uart.deinit()
"""


@pytest.fixture
def line():
    """A line at 20 times its pace."""
    line = Line(Performance(Meter("standard", seed=1), random.Random(1)), 20)
    yield line
    line.stop()


def test_a_stream_reader_reads_the_uart(line, run_mpy, tmp_path):
    line.start()
    script = tmp_path / "read.py"
    script.write_text(READ)
    environment = mpy_process.environment(*mpy_process.module_folders(), TICGATE_PTY=line.path)
    done = subprocess.run([*mpy_process.unix_command("unix64"), str(script), "9600", "3000"],
                          env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    heard = wire.strip(done.stdout)
    assert wire.even(heard) == done.stdout
    assert heard.count(b"\x02\nADSC\t") >= 2
    assert line.lost == 0
    assert line.listening in (0, 9600)


@pytest.mark.parametrize("runtime", ["unix64", "unix32"])
def test_the_uart_without_a_reader(line, runtime, tmp_path):
    script = tmp_path / "direct.py"
    script.write_text(DIRECT)
    environment = mpy_process.environment(*mpy_process.module_folders(), TICGATE_PTY=line.path)
    board = subprocess.Popen([*mpy_process.unix_command(runtime), str(script)], text=True,
                             env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    try:
        assert board.stdout.readline() == "ready\n"
        line.start()
        out, _ = board.communicate("playing\n", timeout=60)
    finally:
        board.kill()
        board.wait()
    assert (board.returncode, out) == (0, "")


def test_the_uart_refuses_what_would_not_work_on_the_board(run_mpy):
    out = run_mpy(code="""
import machine
for number, options in ((7, {}), (1, {}), (1, {"rx": 4, "bits": 7, "parity": 0}), (1, {"rx": 4})):
    try:
        machine.UART(number, 9600, **options)
    except (ValueError, OSError) as error:
        print(type(error).__name__)
""").stdout
    assert out.split() == ["ValueError", "ValueError", "ValueError", "OSError"]


@pytest.mark.parametrize(("code", "status"), [
    ("machine.reset()", 64), ("machine.deepsleep(1500)", 65), ("machine.soft_reset()", 64),
    ("wdt = machine.WDT(timeout=1); time.sleep_ms(5); wdt.feed()", 66),
    ("wdt = machine.WDT(timeout=60000); wdt.feed()", 0)])
def test_the_process_ends_with_the_status_of_the_reset(code, status, run_mpy, tmp_path):
    code = f"import machine, time\nmachine.RTC().memory(b'kept')\n{code}"
    done = run_mpy(code=code, check=False, env={"TICGATE_STATE": str(tmp_path)})
    assert done.returncode == status
    again = run_mpy(code="import machine; print(machine.RTC().memory(), machine.reset_cause())",
                    env={"TICGATE_STATE": str(tmp_path), "TICGATE_CAUSE": "4"})
    assert again.stdout == "b'kept' 4\n"
    if status == 65:
        assert (tmp_path / "sleep.ms").read_text() == "1500"


def test_identity_memory_pins_and_voltages(run_mpy):
    run_mpy(code="""
import machine, esp32, neopixel
assert machine.unique_id() == b"\\x01\\x23\\x45\\x67\\x89\\xab"
assert machine.freq() == 160000000 and machine.reset_cause() == machine.PWRON_RESET
assert machine.RTC().memory() == b""
try:
    machine.RTC().memory(bytes(2049))
    raise SystemExit("too long, and kept")
except ValueError:
    pass
total, free, block, low = esp32.idf_heap_info(esp32.HEAP_DATA)[0]
assert total > free > block > 0 and low > 0
assert machine.Pin(9, machine.Pin.IN).value() == 1
led = machine.Pin(2, machine.Pin.OUT, value=1)
led.toggle()
assert led() == 0
assert machine.ADC(machine.Pin(3)).read_uv() == 2250000
assert machine.ADC(5).read_uv() == 1500000
lights = neopixel.NeoPixel(led, 2)
lights[1] = (1, 2, 3)
lights.write()
assert len(lights) == 2 and lights[1] == (1, 2, 3)
""", env={"TICGATE_ID": "0123456789ab", "TICGATE_ADC": "5=1500"})


@pytest.mark.parametrize(("mood", "status", "connected"), [
    ("", 1010, True), ("absent", 201, False), ("refused", 202, False), ("slow", 1001, False)])
def test_wifi_has_the_states_of_the_board(mood, status, connected, run_mpy):
    run_mpy(code=f"""
import network
wlan = network.WLAN(network.WLAN.IF_STA)
assert network.WLAN() is wlan and not wlan.active() and not wlan.isconnected()
try:
    wlan.connect("home", "password")
    raise SystemExit("connects without being active")
except OSError:
    pass
wlan.active(True)
wlan.config(reconnects=0)
wlan.connect("home", "password")
assert wlan.status() == {status}, wlan.status()
assert wlan.isconnected() == {connected}
assert wlan.ifconfig()[0] == ("127.0.0.1" if {connected} else "0.0.0.0")
assert wlan.config("ssid") == "home" and len(wlan.config("mac")) == 6
assert -95 < wlan.status("rssi") < -30 and wlan.scan()[0][0]
wlan.active(False)
assert not wlan.isconnected()
""", env={"TICGATE_WIFI": mood})


def test_ssl_is_there_over_tls(run_mpy):
    out = run_mpy(code="""
import ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
assert context.verify_mode == ssl.CERT_NONE
context.verify_mode = ssl.CERT_REQUIRED
print(context.verify_mode == ssl.CERT_REQUIRED, ssl.__file__)
""").stdout
    assert out.startswith("True ") and "simulator/board" in out
