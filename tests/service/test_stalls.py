"""The whole gateway, while the way to its broker does not work: the meter loses not one byte."""

import pytest

from tools.bench import links, streams


@pytest.mark.parametrize("case", links.CASES)
def test_no_byte_of_the_meter_is_lost(case, table, micropython):
    found = links.stall(case, list(streams.METERS)[0], frames=10, speed=8)
    table.append(f"mqtt, {case}: longest stall of the loop {found['stall']:.1f} ms, "
                 f"{found['lost']} bytes of the meter lost")
    assert found["lost"] == 0
