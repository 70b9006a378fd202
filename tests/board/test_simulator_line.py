"""The simulated line: what a listener hears on the pty, at its rate, in its time."""

import json
import os
import random
import signal
import subprocess
import sys

import pytest

from tests.support import tic_reader
from tests.support.sim_listener import PATIENCE, Listener, wait_for
from tools.simulator import recording, wire
from tools.simulator.line import Line
from tools.simulator.meter import Meter
from tools.simulator.recording import Performance, Recording

HISTORIQUE = (b"\x02\nADCO 021862333364 @\r\nOPTARIF BASE 0\r\nISOUSC 30 9\r\nBASE 010151175  \r"
              b"\nPTEC TH.. $\r\nIINST 002 Y\r\nIMAX 090 H\r\nPAPP 00430 (\r\x03")
STANDARD = (b"\x02\nDATE\tH200214230804\t\t;\r\nLTARF\t   HC  BLANC    \t6\r"
            b"\nSMAXSN-1\tH200213085118\t09562\t \r\x03")
PMEPMI = b"\x02\nMESURES1 BT 4 SUP36 @\r\nPS 120kVA 8\r\nPTCOUR1 HPE +\r\x03"


@pytest.fixture
def play():
    """Start a line over a source; ends it when the test ends."""
    lines = []

    def start(source, **options):
        line = Line(source, **{"speed": 50, **options})
        lines.append(line)
        line.start()
        return line

    yield start
    for line in lines:
        line.stop()


def performance(*arguments, **options):
    return Performance(Meter(*arguments, **options), random.Random(1))


def ends(count):
    """True once `count` ends of frame (ETX with its parity) were heard."""
    return lambda heard: heard.count(b"\x03") >= count


def good_groups(heard):
    return tic_reader.read(heard).counters["groups"]


@pytest.mark.parametrize(("mode", "rate"), [
    ("standard", 9600), ("historique", 1200), ("pmepmi", 9600)])
def test_a_listener_at_the_right_rate_reads_whole_frames(play, mode, rate):
    line = play(performance(mode))
    heard = Listener(line.path, rate).until(ends(5))
    reading = tic_reader.read(heard)
    assert reading.parity
    assert not [cause for cause, _ in reading.rejected if cause != "cut"]
    assert sum(frame.complete for frame in reading.frames) >= 3
    assert line.lost == 0


@pytest.mark.parametrize(("mode", "rate"), [
    ("standard", 1200), ("historique", 9600), ("standard", 4800)])
def test_a_listener_at_the_wrong_rate_reads_no_group(play, mode, rate):
    line = play(performance(mode))
    heard = Listener(line.path, rate).until(800)
    assert good_groups(heard) == 0
    assert len(set(heard)) > 1


def test_nothing_is_delivered_before_a_rate_was_given_nor_counted_as_lost(play):
    line = play(performance())
    listener = Listener(line.path)
    wait_for(lambda: line.frames >= 3, "three frames that nobody hears")
    assert line.sent == line.lost == 0
    listener.rate(9600)
    listener.until(ends(1))
    os.write(listener.fd, b"closed\n")
    wait_for(lambda: not line.listening, "the end of listening")
    sent, frames = line.sent, line.frames
    wait_for(lambda: line.frames >= frames + 2, "two more frames")
    assert line.sent == sent


def test_a_new_rate_drops_what_waits(play):
    line = play(performance())
    listener = Listener(line.path, 1200)
    wait_for(lambda: line.sent > 2000, "two thousand bytes of garbage")
    os.write(listener.fd, b"rate 9600 8192\n")
    wait_for(lambda: line.listening == 9600, "the new rate")
    heard = listener.until(ends(4))
    assert good_groups(heard) > 80
    assert tic_reader.read(heard).counters["checksum"] == 0


def test_a_listener_that_does_not_read_loses_what_its_buffer_cannot_hold(play):
    line = play(performance("standard"))
    listener = Listener(line.path, 9600, 2048)
    wait_for(lambda: line.sent > 6000, "six thousand bytes")
    line.silence()
    assert line.resting.wait(PATIENCE)
    assert line.lost == line.sent - 2048
    kept = listener.until(2048)
    line.silence(False)
    assert listener.until(2048 + 3000)[2048:] != kept
    assert len(kept) == 2048
    assert line.sent - line.lost >= 2048 + 3000


def test_the_pace_is_that_of_the_rate_times_the_speed(play):
    """The line's own clock counts: seconds of the meter against bytes it sent."""
    line = play(performance("standard"))
    Listener(line.path, 9600)
    wait_for(lambda: line.frames >= 1, "a frame")
    first, begun = line.sent, line.source.meter.time
    wait_for(lambda: line.frames >= 41, "forty frames")
    seconds = line.source.meter.time - begun
    assert seconds == pytest.approx(40 * (865 * 10 / 9600 + 0.025), abs=2.5)
    assert line.sent - first > 30 * 865


def test_slow_meters_rest_after_each_group():
    source = Performance(Meter("standard"), random.Random(1), rest=0.021)
    pieces = [next(iterator) for iterator in [source.pieces(9600)] for _ in range(39)]
    whole = b"".join(octets for octets, _, _ in pieces[:38])
    assert tic_reader.read(whole).counters["groups"] == 38
    assert [rest for _, rest, _ in pieces[:37]] == [0.021] * 37
    assert [ended for _, _, ended in pieces[:38]] == [False] * 37 + [True]
    assert 0.0167 <= pieces[37][1] <= 0.0334
    assert pieces[38][0].startswith(b"\x02")


@pytest.mark.parametrize(("octets", "mode", "rate"), [
    (HISTORIQUE, "historique", 1200), (STANDARD, "standard", 9600), (PMEPMI, "pmepmi", 9600)])
def test_a_recording_is_recognised_and_played_as_it_is_again_and_again(play, octets, mode, rate):
    assert tic_reader.read(octets).counters["groups"] == octets.count(b"\r")
    damaged = octets[20:] + octets + b"\xff?" + octets.replace(b"0", b"1", 1)
    line = play(Recording(damaged, random.Random(1)))
    assert (line.source.mode, line.rate) == (mode, rate)
    listener = Listener(line.path, rate)
    once = listener.until(lambda heard: heard.count(damaged) >= 2)
    assert damaged + damaged in once


@pytest.mark.parametrize(("octets", "mode"), [
    (HISTORIQUE.replace(b"\r", b"\n").replace(b"\x03", b""), "historique"),
    (wire.even(PMEPMI), "pmepmi"), (b"\nBASE 010151175  \r" * 2 + STANDARD, "standard")])
def test_a_recording_from_a_cooked_terminal_or_with_its_parity_is_recognised(octets, mode):
    assert recording.recognise(octets) == mode


def test_a_recording_can_end_and_one_without_a_group_is_refused():
    pieces = list(Recording(HISTORIQUE * 2 + b"tail", random.Random(1), loop=False).pieces(1200))
    assert b"".join(octets for octets, _, _ in pieces) == HISTORIQUE * 2 + b"tail"
    assert len(pieces) == 3
    with pytest.raises(ValueError, match="no group"):
        recording.recognise(b"\x02\nADCO 021862333364 X\r\x03")


def test_the_meter_can_be_switched_to_the_other_mode_and_goes_on(play):
    line = play(performance("standard"))
    listener = Listener(line.path, 9600)
    listener.until(ends(2))
    line.switch()
    wait_for(lambda: line.rate == 1200, "historique")
    listener.rate(1200)
    listener.until(lambda heard: b"MOTDETAT" in wire.strip(heard))
    line.switch("standard")
    wait_for(lambda: line.rate == 9600, "standard")
    listener.rate(9600)
    listener.heard = b""
    listener.until(lambda heard: b"RELAIS" in wire.strip(heard))


def test_the_line_can_go_silent_in_the_middle_and_come_back(play):
    line = play(performance("standard"))
    listener = Listener(line.path, 9600)
    listener.until(ends(1))
    line.silence()
    assert line.resting.wait(PATIENCE)
    sent = line.sent
    listener.until(sent)
    assert len(listener.heard) == sent
    line.silence(False)
    listener.until(lambda heard: len(heard) > sent + 3 * 865)
    assert tic_reader.read(listener.heard[sent:]).counters["frames"] >= 1


def test_noise_can_be_switched_on(play):
    line = play(performance("standard"))
    listener = Listener(line.path, 9600)
    listener.until(ends(2))
    assert not tic_reader.read(listener.heard).counters["parity"]
    line.set_noise(0.005)
    heard = listener.until(ends(12))
    assert tic_reader.read(heard).counters["parity"] + tic_reader.read(heard).counters[
        "format"] > 10


def test_the_program_tells_obeys_and_ends():
    environment = dict(os.environ, MODE="standard", SPEED="100", CONTRACT="hchp")
    line = subprocess.Popen([sys.executable, "-m", "tools.simulator.line"], env=environment,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(line.stdout.readline())
        assert (ready["mode"], ready["rate"]) == ("standard", 9600)
        listener = Listener(ready["pty"], 9600)
        listener.until(ends(2))
        line.send_signal(signal.SIGUSR1)
        modes = (json.loads(words)["mode"] for words in line.stdout)
        assert "historique" in iter(modes)
        out, _ = line.communicate("quit\n", timeout=20)
    finally:
        line.kill()
        line.wait()
    end = json.loads(out.splitlines()[-1])
    assert end["event"] == "end" and end["frames"] > 2
    assert line.returncode == 0


def test_the_program_ends_when_its_conductor_is_gone():
    line = subprocess.Popen([sys.executable, "-m", "tools.simulator.line"],
                            env=dict(os.environ, SPEED="100"), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
    line.stdout.readline()
    line.stdout.close()
    line.stdin.close()
    assert line.wait(20) == 0
