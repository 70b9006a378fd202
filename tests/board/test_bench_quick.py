"""What the cycle on the meter's power alone costs, against the whole gateway."""

import pytest

from tools.bench import quick, streams


@pytest.mark.parametrize("meter", list(streams.METERS)[::2])
def test_the_cycle_costs_less_and_waits_less_often(meter, rv32):
    found = quick.measure(meter)
    before, after = found["before"], found["after"]
    assert (before["trips"], after["trips"]) == (3, 2)
    assert sum(after["phases"].values()) < sum(before["phases"].values())
    # What runs while the radio is on and nothing else waits for it.
    assert after["phases"]["publish"] < before["phases"]["publish"] / 5
    assert after["bytes"] < 4000
    assert quick.rows({meter: found}).count("\n") > 8
