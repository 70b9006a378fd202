"""Modbus TCP and the raw TIC of the whole gateway, read by others while a meter plays.

The meter is a recording made here, so the bytes of the line are known.
"""

import random
import re
import socket
import subprocess
import threading
import uuid

import pytest
from pymodbus.client import ModbusTcpClient

from tests.support import mpy_process
from tests.support.recordings import ROOT
from tests.support.sim_listener import wait_for
from tests.support.sim_run import Run
from tools.simulator.meter import Meter
from tools.simulator.ports import free_port

PATIENCE = 20  # s
SPEED = 5
FRAMES = 40
FIXED = {"phases": 3, "subscribed_va": 12000, "producer": 1}


def recording() -> bytes:
    """Frames of a three-phase producer, with the parity in bit 7 as a UART in 8N1 hears it."""
    meter = Meter("standard", "base", 3, True, 1, 1785000000)
    plain = b"".join(meter.encode(meter.frame_during(1.4)) for _ in range(FRAMES))
    return bytes(byte | (byte.bit_count() & 1) << 7 for byte in plain)


class House:
    """A gateway that serves both, and its line."""

    def __init__(self, folder):
        self.octets = recording()
        self.plain = bytes(byte & 127 for byte in self.octets)
        file = folder / "meter.tic"
        file.write_bytes(self.octets)
        self.modbus, self.raw = free_port(), free_port()
        self.run = Run(
            uuid.uuid4().hex, TMPDIR=str(folder), FILE=str(file), SPEED=str(SPEED),
            SET=f"modbus=on modbus_port={self.modbus} modbus_unit=7 raw_tic=on"
                f" raw_tic_port={self.raw}")

    def client(self) -> ModbusTcpClient:
        client = ModbusTcpClient("127.0.0.1", port=self.modbus, timeout=PATIENCE, retries=0)
        assert client.connect()
        return client

    def connect(self, port, data=b"") -> socket.socket:
        client = socket.create_connection(("127.0.0.1", port), PATIENCE)
        client.settimeout(PATIENCE)
        client.sendall(data)
        return client


@pytest.fixture(scope="module")
def house(micropython, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"))
    try:
        house.run.until(r"tic: reading standard")
        wait_for(lambda: any(" VA " in line for line in house.run.lines), "a frame")
        yield house
        house.run.end()
        said = house.run.until(r"of the (\d+) bytes the board could have read, (\d+) were lost")
        assert int(said[1]) > 10_000 and int(said[2]) == 0
    finally:
        house.run.end()
        house.run.clean()


def places() -> list:
    """[(address, signed, key)] of the firmware's map."""
    text = (ROOT / "firmware/local/registers.py").read_text("utf-8")
    found, address = [], 0
    for line in re.search(r'MAP = b"""\n(.*?)"""', text, re.DOTALL)[1].splitlines():
        if line.startswith("@"):
            address = int(line[1:])
            continue
        key = line.split()[0][1:]
        name, mark, last = key.partition("#")
        for n in range(1, int(last) + 1) if mark else (0,):
            found.append((address, line[0] == "i", f"{name}{n}" if mark else key))
            address += 2
    return found


def number(registers, signed):
    """What two registers say, None for unknown."""
    value = registers[0] << 16 | registers[1]
    if value == (0x80000000 if signed else 0xFFFFFFFF):
        return None
    return value - (1 << 32) if signed and value >> 31 else value


def received(client, n) -> bytes:
    said = b""
    while len(said) < n:
        piece = client.recv(65536)
        if not piece:
            break
        said += piece
    return said


def read_all(client) -> dict:
    """Every value by both functions, one by one and then the blocks whole."""
    values = {}
    for address, signed, key in places():
        for read in (client.read_holding_registers, client.read_input_registers):
            answer = read(address, count=2, device_id=7)
            assert not answer.isError(), (key, answer)
            values[key] = number(answer.registers, signed)
    return values


def test_every_register_by_several_clients_at_once(house):
    found, failed = [], []

    def ask():
        try:
            with house.client() as client:
                found.append(read_all(client))
        except Exception as problem:  # a thread tells nobody
            failed.append(problem)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and len(found) == 3, failed
    for values in found:
        assert {key: values[key] for key in FIXED} == FIXED
        assert values["mode"] == 2 and values["layout"] == 1 and values["frames"] > 0
        index = values["withdrawn_wh"]
        assert b"EAST\t%09d\t" % index in house.plain
        assert b"SINSTS\t%05d\t" % values["apparent_va"] in house.plain
        assert values["injected_wh"] is not None and values["voltage_v_3"] in range(200, 260)
        assert values["period_7_wh"] is not None and values["period_wh"] is None
        assert values["frame_age"] < 10 and values["time"] > 1_700_000_000


def test_blocks_and_exceptions(house):
    with house.client() as client:
        for start, end in ((0, 12), (20, 44), (300, 320)):
            answer = client.read_input_registers(start, count=end - start, device_id=7)
            assert len(answer.registers) == end - start
        for ask, code in (
            (lambda: client.read_holding_registers(12, count=2, device_id=7), 2),
            (lambda: client.read_holding_registers(1, count=2, device_id=7), 2),
            (lambda: client.read_coils(0, count=1, device_id=7), 1),
            (lambda: client.write_register(0, 1, device_id=7), 1),
            (lambda: client.write_registers(0, [1] * 100, device_id=7), 1),
            (lambda: client.read_device_information(device_id=7), 1),
            (lambda: client.read_holding_registers(0, count=2, device_id=8), 10),
        ):
            answer = ask()
            assert answer.isError() and answer.exception_code == code, answer
        assert not client.read_holding_registers(0, count=2, device_id=0).isError()


def test_malformed_half_and_pipelined_requests(house):
    good = b"\0\1\0\0\0\6\7\3\0\0\0\2"
    dice = random.Random(5)
    with house.connect(house.modbus, good * 50) as client:
        assert received(client, 13 * 50) == b"\0\1\0\0\0\7\7\3\4\0\0\0\1" * 50
    for size in (1, 7, 12, 300, 3000):
        with house.connect(house.modbus, dice.randbytes(2) + b"\1" + dice.randbytes(size)):
            pass
    with house.connect(house.modbus, good[:9]) as half, \
            house.connect(house.modbus, b"\0\1\0\0\0\6\7\3\0\0\0\x7d\0") as wrong:
        assert received(wrong, 9)[7:] == b"\x83\2"
        half.sendall(good[9:])
        assert received(half, 13)[:6] == b"\0\1\0\0\0\7"
    with house.client() as client:
        assert read_all(client)["layout"] == 1


def test_the_raw_tic_is_that_of_the_line(house):
    clients = [house.connect(house.raw, b"AT\r\n") for _ in range(3)]
    wanted = len(house.octets) // 4
    said = [received(client, wanted) for client in clients]
    for client in clients:
        client.close()
    for data in said:
        assert len(data) >= wanted and max(data) < 128
        assert data in house.plain * 3


# Both servers with a small buffer in the system, as the board has one; the line says TOTAL bytes.
TOTAL = 60_000
_SERVERS = f"""
import asyncio, sys, time
from firmware.local.modbus import Modbus
from firmware.local.raw_tic import RawTic

def small(server):
    take = server._take
    def _take(stream):
        stream.s.setsockopt(1, 7, 4096)
        take(stream)
    server._take = _take
    return server

class Registers:
    def look(self):
        pass
    def read(self, start, count, out):
        return 0

class Line:
    said = 0
    def readinto(self, room):
        n = min(len(room), {TOTAL} - self.said)
        for i in range(n):
            room[i] = self.said + i & 255
        self.said += n
        return n

def ticks():
    return time.ticks_add(0, time.ticks_ms() * 10)

async def main(one, other):
    modbus = small(Modbus(one, 1, Registers(), ticks, lambda: 0))
    raw = small(RawTic(other, lambda: 1, ticks, lambda: 0))
    stream = raw.tap(lambda rate: Line())(9600)
    tasks = [asyncio.create_task(server.run()) for server in (modbus, raw)]
    await asyncio.sleep_ms(20)
    print("ready")
    while len(raw.open) < 2:
        await asyncio.sleep_ms(5)
    room, slowest = bytearray(256), 0
    while stream.readinto(room):
        then = time.ticks_ms()
        await asyncio.sleep_ms(0)
        await asyncio.sleep_ms(4)
        slowest = max(slowest, time.ticks_diff(time.ticks_ms(), then))
    while len(raw.open) > 1 or modbus.cut < 2:
        await asyncio.sleep_ms(5)
    print(raw.cut, modbus.cut, slowest)
    assert not any(task.done() for task in tasks)
    sys.stdin.readline()

asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.fixture
def servers(micropython, tmp_path):
    (tmp_path / "servers.py").write_text(_SERVERS)
    ports = [free_port(), free_port()]
    process = subprocess.Popen(
        [*mpy_process.unix_command("unix64"), "servers.py", *map(str, ports)], cwd=tmp_path,
        env=mpy_process.environment(*mpy_process.module_folders()), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert process.stdout.readline() == "ready\n", process.communicate()[0]
        yield process, *ports
    finally:
        process.kill()
        process.communicate()


def test_who_never_reads_is_cut_and_nobody_else_notices(servers):
    process, modbus, raw = servers

    def connect(port, room):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", port))
        return client

    mute, slow, quick = connect(modbus, 2048), connect(raw, 2048), connect(raw, 1 << 20)
    half = connect(modbus, 2048)
    half.sendall(b"\0\1\0")
    mute.setblocking(False)
    try:
        for _ in range(10_000):
            mute.send(b"\0\1\0\0\0\6\1\3\0\0\0\x7d" * 10)
    except BlockingIOError:
        pass  # it answers no more
    said = received(quick, TOTAL)
    assert said == bytes(n & 127 for n in range(TOTAL))
    assert received(half, 1) == b""  # cut
    line = process.stdout.readline()
    assert line.startswith("1 2 "), line + process.communicate("\n")[0]
    for client in (mute, half, slow, quick):
        client.close()
