"""Prices as they are written, and costs to the cent."""

from books import Books, Meter, utc

from firmware import prices
from firmware.cost import Cost
from firmware.energy import INJECTED, MONTH, TODAY, TOTAL, YESTERDAY

_count = 0


def books(start, **indexes):
    """New books that have looked once."""
    global _count
    _count += 1
    made = Books(Meter(**indexes), utc(start), f"costs{_count}")
    made.look(0)
    return made


def refused(function, text):
    try:
        function(text)
    except ValueError as error:
        return str(error)
    raise AssertionError(text)


def test_amounts():
    assert prices.amount("0,2516") == prices.amount("0.2516") == 25160
    assert prices.amount(" 12 ") == 1_200_000 and prices.amount("0") == 0
    assert prices.amount("123456,00001") == 12_345_600_001
    for text in ("", ",", ".5", "-1", "1e3", "0,123456", "1.2.3", "1,2.3", "0,25 €", "1234567",
                 "nan", "0x1", "1 2"):
        refused(prices.amount, text)


def test_price_lists():
    assert prices.parse("") == {}
    assert prices.parse("hc=0,1828 hp=0.2516") == {"hc": 18280, "hp": 25160}
    assert prices.parse("1=0,1; 10=0,2;\n INJECTED=0,04") == {
        "1": 10000, "10": 20000, "injected": 4000}
    for text in ("hc", "hc=", "=0,1", "hc=0,1 hc=0,2", "hc 0,1", "hc=0,1,hp=0,2", "ninechars=1"):
        refused(prices.parse, text)
    assert refused(prices.parse, "hc=0,1 hp=x") == "hp=x"


def test_by_period_and_rounded_once():
    made = books("H2601310900", _1=100, _2=100)
    cost = Cost(made.energy, "1=0,1828 2=0,2516")
    assert [cost.cents(span) for span in (TODAY, YESTERDAY, MONTH)] == [0, None, 0]
    made.look(60, _1=27, _2=0)
    assert cost.cents(TODAY) == 0  # 0.49356 cent
    made.look(60, _2=1)
    assert cost.cents(TODAY) == 1  # 0.51872 cent
    made.until("H2601312359", _1=3973, _2=1999)
    assert cost.cents(TODAY) == 123  # 73.12 + 50.32 cents
    made.until("H2602010100", _2=300)
    assert cost.cents(TODAY) == cost.cents(MONTH) == round(
        made.energy.wh("2", TODAY) * 0.02516)
    assert made.energy.wh("2", TODAY) + made.energy.wh("2", YESTERDAY) == 2300
    assert cost.cents(TODAY) + cost.cents(YESTERDAY) in (131, 132)


def test_half_a_cent_is_rounded_up():
    made = books("H2601310900", _1=0, _2=0)
    made.look(60, _1=100)
    assert Cost(made.energy, "1=0,1500").cents(TODAY) == 2
    assert Cost(made.energy, "1=0,1499").cents(TODAY) == 1
    assert Cost(made.energy, "1=0,25000").cents(TODAY) == 3


def test_a_period_without_a_price():
    made = books("H2601200900", _1=100, _2=100)
    cost = Cost(made.energy, "1=0,2")
    made.look(60, _1=500)
    assert cost.cents(TODAY) == 10
    made.look(60, _2=1)
    assert cost.cents(TODAY) is None and cost.cents(MONTH) is None
    assert cost.hour("1", 1000) == 20000 and cost.hour("2", 1000) is None
    assert cost.hour("1", None) is None and cost.hour(None, 1000) is None
    assert Cost(made.energy, "").cents(TODAY) is None


def test_cost_of_an_hour():
    made = books("H2601200900")
    cost = Cost(made.energy, "hp=0,2516")
    assert cost.hour("hp", 0) == 0
    assert cost.hour("hp", 1000) == 25160
    assert cost.hour("hp", 10) == 252
    assert cost.hour("hp", 36000) == 905760


def test_injection_earns_apart():
    made = books("H2601200900", _1=100)
    made.meter.injected_wh = 4000
    made.look()
    made.look(6 * 3600, injected=12_345, _1=1000)
    cost = Cost(made.energy, "1=0,2 injected=0,1269")
    assert cost.cents(TODAY) == 20 and cost.earned(TODAY) == 157
    assert cost.earned(YESTERDAY) is None and cost.earned(MONTH) == 157
    assert Cost(made.energy, "1=0,2").earned(TODAY) is None
    assert made.energy.wh(INJECTED, TOTAL) == 12_345


def test_the_subscription_is_shared_out_by_day():
    for month, length in ((1, 31), (2, 28), (4, 30), (12, 31)):
        made = books(f"{'E' if month == 4 else 'H'}26{month:02}010000", _1=0)
        cost = Cost(made.energy, "1=0,2", "15,47")
        for day in range(1, length + 1):
            made.look(3600)
            assert cost.cents(TODAY) == round(1547 / length)
            assert cost.cents(MONTH) == (2 * 1547 * day + length) // (2 * length), (month, day)
            assert cost.cents(YESTERDAY) == (None if day == 1 else round(1547 / length))
            made.look(23 * 3600)
        assert cost.cents(YESTERDAY) == round(1547 / length)
    made = books("H2802280000")
    assert Cost(made.energy, "1=0,2", "29").cents(TODAY) == 100


def test_the_subscription_of_the_first_month_begins_with_the_first_day():
    made = books("H2601301200", _1=0)
    cost = Cost(made.energy, "1=0,2", "31")
    assert cost.cents(MONTH) == 100
    made.look(86400)
    assert cost.cents(MONTH) == 200 and cost.cents(YESTERDAY) == 100
    made.look(86400)
    assert cost.cents(MONTH) == round(3100 / 28)


def test_a_yesterday_that_nobody_saw_is_unknown():
    made = Books(Meter(), utc("H2601201000"), "unseen")
    made.meter.injected_wh = 5
    made.look(0)
    cost = Cost(made.energy, "1=0,2", "12")
    assert cost.cents(YESTERDAY) is None and cost.earned(YESTERDAY) is None


def test_nothing_is_known_before_the_first_look():
    made = Books(Meter(_1=0), utc("H2601301200"), "costs")
    assert Cost(made.energy, "1=0,2", "12").cents(TODAY) is None
