"""The registers of Modbus: what they hold for each kind of meter."""

from registers_of import check, places, value
from tic.meters import HISTORIQUE, INDUSTRIAL, PRODUCER, STANDARD, TEMPO, THREE


def test_pmepmi():
    check(INDUSTRIAL, mode=3, subscribed_va=120000, active_w=36000, grid_w=36000,
          period=None, period_wh=859156000, net_va=None, withdrawn_wh=None)


def test_every_place_is_its_own():
    found = sorted(address for address, _ in places().values())
    assert len(set(found)) == len(found) > 50
    assert all(b - a >= 2 for a, b in zip(found, found[1:])) and found[-1] < 400


def test_historique():
    check(HISTORIQUE, layout=1, mode=1, frames=1, phases=1, subscribed_va=9000, period=2,
          apparent_va=1170, net_va=1170, grid_w=1170, apparent_va_1=1170, apparent_va_2=None,
          current_a_1=5, voltage_v_1=None, withdrawn_wh=14524761, injected_wh=None,
          period_1_wh=6906827, period_2_wh=7617934, period_3_wh=None, active_w=None,
          overload=0, uptime=100, frame_age=0, time=None, load_percent=13)


def test_tempo_and_three_phases():
    check(TEMPO, period=4, colour=2, tomorrow=None, period_1_wh=1000000, period_6_wh=60000,
          withdrawn_wh=3810000)
    check(THREE, phases=3, period=1, current_a_1=7, current_a_2=2, current_a_3=22,
          period_1_wh=10151184, maximum_yesterday_va=None)


def test_standard():
    check(STANDARD, mode=2, period=2, subscribed_va=9000, cutoff_va=9000, voltage_v_1=236,
          period_1_wh=2296119, period_10_wh=0, maximum_va=3112, relays=0, overload=0,
          colour=None, period_wh=None)


def test_a_producer_injects_with_a_sign():
    known, registers = check(PRODUCER, net_va=13, injected_wh=500000, period=1, producer=1,
                             reactive_varh_1=None)
    known.line.say(SINSTS="00000", SINSTI="01500")
    known.ledger.derived.active_w = 0
    assert value(registers, "net_va") == value(registers, "grid_w") == -1500
    known.line.say(SINSTS="02000", SINSTI="00000")
    known.ledger.derived.active_w = 1800
    assert value(registers, "grid_w") == value(registers, "active_w") == 1800
