"""Bytes of any kind through the decoder: no exception, and no difference made by how they come.

20 million bytes, 200 million with `make fuzz`. The comparison of decoders that
get the same bytes in different pieces is in fuzz_target.py. Damaged recordings are also given to
`make decode` and to the tests' own reader, which must find the same groups in them.
"""

import json
import os
import subprocess
import threading

import pytest

from tests.fuzz.damage import Source
from tests.support import mpy_process, tic_reader
from tests.support.recordings import ROOT

MORE = 10 if os.environ.get("FUZZ") == "long" else 1
TOTAL = 20_000_000 * MORE
RECORDINGS = 60 * MORE  # of 30,000 bytes


def test_no_bytes_upset_the_decoder(micropython):
    process = subprocess.Popen(
        [micropython, str(ROOT / "tests/fuzz/fuzz_target.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=mpy_process.environment(*mpy_process.module_folders()),
    )
    said = {}
    readers = [
        threading.Thread(target=lambda s=s, n=n: said.__setitem__(n, s.read()))
        for n, s in (("out", process.stdout), ("err", process.stderr))
    ]
    for reader in readers:
        reader.start()
    source, sent = Source(20), 0
    try:
        while sent < TOTAL:
            sent += process.stdin.write(source.block())
        process.stdin.close()
    except BrokenPipeError:
        pass  # what the target said tells why
    for reader in readers:
        reader.join()
    process.stdout.close()
    process.stderr.close()
    assert process.wait() == 0, f"after {sent} bytes: {said['out'][:5000]} {said['err']}"
    counters = json.loads(said["out"])
    assert counters["bytes"] == sent >= TOTAL
    # Every cause was met, so the test has been where it wanted to go.
    assert all(counters.values()), counters


@pytest.mark.parametrize("batch", range(6))
def test_damaged_recordings_are_read_alike(batch, run_mpy, tmp_path):
    found = 0
    for seed in range(batch, RECORDINGS, 6):
        source, data = Source(seed), b""
        while len(data) < 30_000:
            data += source.damaged(source.frames(4)) if seed % 3 else source.frames(4)
        # A recording of seven bits: with the parity the reader decides by the whole of it.
        data = bytes(byte & 0x7F for byte in data)
        path = tmp_path / "damaged.tic"
        path.write_bytes(data)
        done = run_mpy(ROOT / "tools/decode.py", "--raw", path)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        groups = [tic_reader.Group(*group) for row in rows[:-1] for group in row["groups"]]
        assert groups == tic_reader.read(data).groups, f"seed {seed}"
        assert rows[-1]["counters"]["bytes"] == len(data)
        found += len(groups)
    assert found > 1000
