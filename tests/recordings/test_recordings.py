"""Every shared recording: `make decode` against the independent reader of tests/support.

--raw shows framing and checksum alone: groups, their order, their frames and the counters must be
the same. Without it the third sieve takes part: what it drops is counted, and is something that
the tables forbid, that hindsight doubts, or that was held back as the line shows damage. Nothing
is dropped from a clean recording.
"""

import json

import pytest

from tests.support import tic_reader
from tests.support.recordings import ROOT, recordings

EXPECTED = json.loads((ROOT / "tests/recordings/expectations.json").read_text("utf-8"))
SIEVE = ("unknown_label", "width", "alphabet", "backwards", "jump", "identity")


@pytest.fixture(scope="module")
def read():
    """Reads a recording once for all tests of this file."""
    known = {}

    def reader(path):
        if path not in known:
            known[path] = tic_reader.read(path.read_bytes())
        return known[path]

    return reader


@pytest.fixture
def decode(run_mpy):
    """Runs tools/decode.py on a recording: (rows of frames, counters)."""

    def run(path, raw):
        done = run_mpy(ROOT / "tools/decode.py", *(["--raw"] if raw else []), path)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        frames, last = rows[:-1], rows[-1]
        assert [row["frame"] for row in frames] == list(range(1, len(frames) + 1))
        assert set(last) == {"counters"} and not done.stderr
        return frames, last["counters"]

    return run


def groups_of(row):
    return [tic_reader.Group(*group) for group in row["groups"]]


@pytest.mark.parametrize("path", recordings())
def test_framing_and_checksum_agree(path, read, decode):
    reading = read(path)
    frames, counters = decode(path, raw=True)
    # Frames in which no group passed may or may not be shown: they hold nothing to compare.
    shown = [groups_of(row) for row in frames if row["groups"]]
    assert shown == [frame.groups for frame in reading.frames if frame.groups]
    expected = reading.counters
    assert counters["bytes"] == path.stat().st_size
    assert counters["groups"] == expected["groups"]
    assert counters["checksum"] == expected["checksum"]
    assert counters["format"] == expected["format"] + expected["cut"]
    assert counters["parity"] == expected["parity"] == 0
    assert counters["eot"] == expected["eot"]
    assert counters["frames"] == expected["frames"]
    assert sum(counters[cause] for cause in SIEVE) == 0


@pytest.mark.parametrize("path", recordings())
def test_the_mode_is_told_by_the_content(path, decode):
    frames, _ = decode(path, raw=False)
    modes = {"his": "historique", "std": "standard", "pme": "pmepmi"}
    # The first frame of a recording may be a scrap that belongs to any mode.
    assert {row["mode"] for row in frames[-3:]} == {modes[path.name[:3]]}


@pytest.mark.parametrize("path", recordings())
def test_the_third_sieve_drops_what_is_wrong_and_nothing_else(path, read, decode):
    reading = read(path)
    frames, counters = decode(path, raw=False)
    kept = [group for row in frames for group in groups_of(row)]
    dropped = missing(reading.groups, kept)
    forbidden = {at for at, group in enumerate(reading.groups) if tic_reader.judge(group)}
    doubtful = tic_reader.suspects(reading)
    assert forbidden <= set(dropped)
    for at in set(dropped) - forbidden - set(doubtful):
        # On a line that shows damage what has changed is held back until it came again.
        assert damaged(reading), f"{reading.groups[at]} is true"
        new = changed(reading.groups, at, dropped) or at in twice(reading)
        assert new, f"{reading.groups[at]} is nothing new"
    assert sum(counters[cause] for cause in SIEVE) == len(dropped)
    assert counters["groups"] == len(kept)
    causes = [tic_reader.judge(reading.groups[at]) for at in forbidden]
    assert counters["unknown_label"] == causes.count("unknown_label")
    assert counters["width"] + counters["alphabet"] <= len(forbidden) - counters["unknown_label"]


def damaged(reading) -> bool:
    return any(reading.counters[cause] for cause in ("checksum", "format", "cut", "parity"))


def changed(groups, at, dropped) -> bool:
    """Whether a group says something else than the last one with its label that was kept."""
    earlier = set(range(at)) - set(dropped)
    same = [groups[k] for k in sorted(earlier) if groups[k].label == groups[at].label]
    return bool(same) and same[-1] != groups[at]


def twice(reading) -> set:
    """Positions of groups whose label came before in their frame: two frames that ran together,
    or the second block of an industrial meter.
    """
    found, at = set(), 0
    for frame in reading.frames:
        seen = set()
        for group in frame.groups:
            if group.label in seen:
                found.add(at)
            seen.add(group.label)
            at += 1
    return found


def missing(every, kept) -> list:
    """Positions in `every` that `kept`, which must be a part of it in the same order, lacks."""
    positions, rest = [], iter(kept)
    wanted = next(rest, None)
    for at, group in enumerate(every):
        if group == wanted:
            wanted = next(rest, None)
        else:
            positions.append(at)
    assert wanted is None, f"{wanted} was never sent, or not then"
    return positions


@pytest.mark.parametrize("path", recordings())
def test_figures_on_record(path, read):
    """The reader's own figures, so that a change of its rules shows."""
    reading = read(path)
    assert figures(reading) == EXPECTED[path.name]


def figures(reading) -> dict:
    """What expectations.json holds of a recording."""
    causes = [tic_reader.judge(group) for group in reading.groups]
    found = {name: count for name, count in sorted(reading.counters.items()) if count}
    found.update((cause, causes.count(cause)) for cause in sorted(set(causes)) if cause)
    found["labels"] = len({g.label for g, cause in zip(reading.groups, causes) if not cause})
    found["doubtful"] = len(tic_reader.suspects(reading))
    return found
