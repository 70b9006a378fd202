"""Clients that misbehave, on the whole gateway of `make run`: the meter loses no byte."""

import http.client
import random
import socket
import uuid
from contextlib import ExitStack

import pytest

from tests.support.sim_listener import wait_for
from tests.support.sim_run import Run

ROUNDS = 3
PATIENCE = 20  # s


@pytest.fixture
def house(micropython, tmp_path):
    run = Run(uuid.uuid4().hex, TMPDIR=str(tmp_path), PHASES="3", PRODUCER="1")
    try:
        run.until(r"reading standard")
        yield run
    finally:
        run.end()
        run.clean()


def get(port, path) -> int:
    """The status of an answer that was read to its end."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        return answer.status
    finally:
        client.close()


def frames(run) -> int:
    """How many frames a subscriber has seen."""
    return sum(" VA " in line for line in run.lines)


def rude(port, words: bytes) -> socket.socket:
    """Somebody who says this, as far as anybody listens, and waits."""
    client = socket.create_connection(("127.0.0.1", port), PATIENCE)
    client.settimeout(1)
    try:
        client.sendall(words)
    except OSError:
        pass  # cut off, as it should be
    return client


def test_they_cost_others_time_and_the_meter_nothing(house):
    port = int(house.until(r"page: http://127\.0\.0\.1:(\d+)/")[1])
    dice = random.Random(4)
    words = {
        "silent": b"",
        "half a request": b"GET /api/status HTTP/1.1\r\nHost: 127",
        "rubbish": dice.randbytes(4000),
        "a long head": b"GET / HTTP/1.1\r\n" + b"X: %s\r\n" % (b"y" * 100_000),
        "a long body": b"POST /api/config HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                       b"Content-Length: 10000000\r\n\r\n" + bytes(200_000),
    }
    for kind, said in words.items():
        with ExitStack() as stack:
            for _ in range(ROUNDS):
                stack.enter_context(rude(port, said))
            for path in ("/", "/api/meter", "/metrics"):
                assert get(port, path) == 200, kind
            before = frames(house)
            wait_for(lambda before=before: frames(house) > before + 1, "more frames")
    house.end()
    said = house.until(r"of the (\d+) bytes the board could have read, (\d+) were lost")
    print(f"\nwhole gateway: {len(words)} kinds of clients, TIC bytes {said[1]}, lost {said[2]}")
    assert int(said[2]) == 0
