"""The bench's own pieces, and those of its figures that are exact and promised.

Instructions are counted by QEMU and heap by the runtime: the same in each run.
"""

import json
import socket
import subprocess

import pytest

from tools.bench import decoding, gateway, links, modules, streams, table
from tools.bench.listener import Listener
from tools.runtime import MICROPYTHON32_BOARD

METERS = list(streams.METERS)
STANDARD = [meter for meter in METERS if streams.METERS[meter][0] == "standard"]
CASES = ("repeated", "noise", "heap, repeated", "heap, changed")


@pytest.fixture(scope="session")
def costs(rv32):
    """What decoding costs on RV32."""
    return decoding.measure(cases=CASES, frames=40)


@pytest.fixture
def listener():
    """A broker that only listens."""
    listener = Listener()
    yield listener
    listener.close()


@pytest.mark.parametrize("meter", STANDARD)
def test_a_repeated_byte_costs_less_than_in_the_best_cpp_decoder(costs, meter):
    assert 10 < costs[meter]["repeated"]["per_byte"] < 75


@pytest.mark.parametrize("meter", METERS)
def test_finding_its_place_again_after_damage_is_cheap(costs, meter):
    assert costs[meter]["noise"]["per_byte"] <= 150


@pytest.mark.parametrize("meter", METERS)
def test_repeated_frames_take_no_heap_and_changed_ones_their_own_bytes(costs, meter):
    assert costs[meter]["heap, repeated"]["per_frame"] == 0
    assert costs[meter]["heap, changed"]["per_frame"] < 64


def test_a_count_repeats_exactly(rv32):
    one = {"meters": STANDARD[:1], "cases": ("repeated", "first, stored"), "frames": 6}
    assert decoding.measure(**one) == decoding.measure(**one)


def test_the_streams_are_the_same_for_ever_and_change_as_they_should():
    for meter in METERS:
        same, changing = streams.same(meter, 3), streams.changing(meter, 3)
        assert changing == streams.changing(meter, 3)
        assert same.count(b"\x03") == changing.count(b"\x03") == 3 + streams.WARM_UP
        assert len(set(same.split(b"\x03")[:-1])) == 1
        assert len(set(changing.split(b"\x03")[:-1])) > 1
        noisy = streams.noisy(meter, 3, 1e-3, repeat=True)
        assert noisy != same
        assert len(noisy) == pytest.approx(len(same), rel=0.02)


def test_each_module_comes_after_those_it_imports():
    others, order = modules.order()
    assert "asyncio" in others
    assert "machine" in others
    assert order.index("firmware") < order.index("firmware.tic")
    assert order.index("firmware.tic") < order.index("firmware.books")
    assert order.index("firmware.gateway") < order.index("firmware.books")
    assert order.index("firmware.gateway") < order.index("firmware.assembly")
    assert set(order) == set(modules.sizes())


def test_heap_of_each_module_and_of_the_parts(micropython32, rv32):
    taken, parts = modules.heap32()
    assert set(taken) == {*modules.order()[1], "names", "asyncio"}
    assert min(taken.values()) > 0
    assert parts["Gateway"] >= parts["Store"] + parts["Source"] + parts["Mqtt"] > 0
    native = modules.native(taken)
    assert 2000 < native["firmware.gateway"] < modules.sizes()["firmware.gateway"]
    assert native["firmware.books"] == 0


ONCE = """
import gc, sys
from firmware import supervisor
import firmware.assembly
import firmware.publish.mqtt, firmware.publish.link, socket
def load(name):
    sys.modules["firmware." + name].ballast = bytearray(20000)
for name in ("assembly", "board", "config"):
    load(name)
gc.collect()
before = gc.mem_alloc()
async def run(self):
    gc.collect()
    print(gc.mem_alloc() - before)
supervisor.Supervisor.run = run
from firmware.gateway import start
start()
"""


def test_what_is_needed_once_leaves_no_trace_in_memory(micropython32, tmp_path):
    env = modules.flash(tmp_path)
    once = tmp_path / "once.py"
    once.write_text(ONCE)
    once.write_text(modules.bundler().text(once))
    (tmp_path / "config.json").write_text(
        json.dumps({"mqtt_host": "127.0.0.1", **gateway.READER}))
    done = subprocess.run(
        [MICROPYTHON32_BOARD, "-X", "heapsize=256k", once], env=env, cwd=tmp_path,
        capture_output=True, text=True, check=True, timeout=30,
    )
    # Three times 20000 bytes have gone, and their code; a gateway of some 16000 has come.
    assert int(done.stdout.splitlines()[-1]) < -42000


def test_the_listener_notes_each_message_and_answers(listener):
    with socket.create_connection(("127.0.0.1", listener.port), 5) as client:
        answers = client.makefile("rb")  # MSG_WAITALL does not wait for all beside a timeout
        client.sendall(b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0")
        assert answers.read(4) == b"\x20\x02\0\0"
        message = b"\x32\xd2\x01\0\x09tic/frame\0\x07" + b"x" * 197
        client.sendall(message[:1])
        client.sendall(message[1:90])
        client.sendall(message[90:] + b"\xc0\0")
        assert answers.read(6) == b"\x40\x02\0\x07\xd0\0"
    assert [(one.topic, one.size) for one in listener.messages] == [("tic/frame", len(message))]


def test_what_writes_leaves_the_flash_ten_years(micropython):
    found = gateway.wear(2, "flash_wear")
    assert len(found) == 5
    for what, erases, years in found:
        assert erases > 0 and years >= 10, what


@pytest.mark.parametrize("small", [False, True], ids=["unix64", "unix32"])
def test_a_gateway_tells_its_heap_its_stall_and_its_delays(micropython, request, small):
    if small:
        request.getfixturevalue("micropython32")
    with gateway.Gateway(METERS[0], small, speed=8, **gateway.READER) as running:
        running.wait(1)
        since = running.ends[-1]
        running.wait(3)
        worst, stays = running.ask("worst"), running.ask("stay")
        delays = running.delays(since, 2)
    assert worst["stall"] > 0
    assert (worst["heap"] > 0) == small
    assert stays["heap"] > 16_000
    assert {"firmware.gateway", "firmware.publish.mqtt"} <= set(stays["modules"])
    assert delays
    assert all(0 < frame <= last for frame, last in delays)


def test_tls_takes_little_heap_and_gives_it_back(micropython32):
    found = links.connecting("authority", METERS[0], speed=8)
    plain = links.connecting("plain", METERS[0], speed=8)
    assert 0 < found["rest"] - plain["rest"] < 4096
    assert found["peak"] < plain["peak"] + 16384


def test_the_tables_are_whole():
    cost = {"per_byte": 21.4, "per_frame": 18500.0}
    costs = {meter: dict.fromkeys(decoding.CASES, cost) for meter in METERS}
    memory = dict.fromkeys(METERS, {
        "garbage": 3200.5, "rest": 50000, "peak": 58000, "native": 9000, "seconds": 60,
        "books": 80000, "share": 23000,
        **dict.fromkeys(("pages", "everything"), {
            "rest": 90000, "open": 107000, "peak": 113000, "crowd": 117000, "login": 116000,
            "update": 118000, "names": 250}),
        **{part: 10000 for part, _ in table.PARTS}})
    pace = dict.fromkeys(METERS, {
        "median": 25.4, "maximum": 51.0, "last median": 27.0, "last maximum": 60.2,
        "stall": 3.1, "frames": 30})
    sizes = {"firmware.one": 1200, "firmware.two": 800}
    figures = table.figures(costs, memory, pace, 8192)
    listed = table.modules(sizes, sizes, sizes, {"firmware.two"})
    assert len({line.count("|") for line in figures.splitlines()}) == 1
    assert "21.4 (18 k)" in figures
    assert "75-77 (x 3.6)" in figures
    assert figures.count("as on the ESP32-C6 | 127 000 |") == 2  # of the peaks, 118 000
    assert listed.splitlines()[2:] == [
        "| firmware.one * | 1 200 | 1 200 | 1 200 |", "| firmware.two | 800 | 800 | 800 |",
        "| all | 2 000 | 2 000 | 2 000 |"]
