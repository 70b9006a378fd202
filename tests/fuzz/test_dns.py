"""The access point's name server: no packet makes it fail, and no answer is longer than it may be.

Seeded: a run repeats. 60,000 packets; 600,000 with `make fuzz`.
"""

import os

import pytest

from tests.support.mpy_process import ROOT

PACKETS = 300_000 if os.environ.get("FUZZ") == "long" else 30_000


@pytest.mark.parametrize("runtime", ["unix64", "unix32"])
def test_no_packet_is_too_much_for_the_name_server(runtime, run_mpy, capsys):
    done = run_mpy(ROOT / "tests/fuzz/dns_target.py", 20260721, PACKETS, runtime=runtime,
                   timeout=600)
    answered, refused, dropped = map(int, done.stdout.split())
    with capsys.disabled():
        print(f"\n  {runtime}: {answered} packets answered, {refused} refused, {dropped} dropped")
    assert answered + refused + dropped == PACKETS
    assert min(answered, refused, dropped) > PACKETS // 20
