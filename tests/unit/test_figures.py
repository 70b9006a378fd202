"""The books as flat figures."""

from books import Books, Meter, utc

from firmware.cost import Cost
from firmware.derive import Derived
from firmware.figures import figures


class Ledger:
    """What figures() reads of a ledger."""

    def __init__(self, energy):
        self.energy = energy
        self.derived = Derived()


def made(prices=""):
    books = Books(Meter(_1=0, _2=0), utc("H2601201000"), f"figures{len(prices)}")
    books.meter.period = "2"
    books.look(0)
    return books, Ledger(books.energy), Cost(books.energy, prices, "31") if prices else None


def test_what_is_unknown_is_left_out():
    books, ledger, _ = made()
    books.energy.rows = {}
    assert dict(figures(ledger, books.meter)) == {"energy_today_doubt": True}


def test_energy():
    books, ledger, _ = made()
    books.look(60, _1=5, _2=7)
    books.look(86400, _2=1000)
    found = dict(figures(ledger, books.meter))
    yesterday = found["energy_yesterday_2_wh"] - 7
    assert found == {
        "energy_today_wh": 1000 - yesterday, "energy_today_1_wh": 0, "energy_today_doubt": True,
        "energy_today_2_wh": 1000 - yesterday, "energy_yesterday_wh": 12 + yesterday,
        "energy_yesterday_1_wh": 5, "energy_yesterday_2_wh": 7 + yesterday,
        "energy_yesterday_doubt": True, "energy_month_wh": 1012, "energy_month_1_wh": 5,
        "energy_month_2_wh": 1007, "energy_total_wh": 1012, "energy_total_1_wh": 5,
        "energy_total_2_wh": 1007,
    }


def test_money():
    books, ledger, cost = made("1=0,1 2=0,25 injected=0,0001")
    books.meter.injected_wh = 0
    books.look()
    books.look(3600, _2=4000, injected=3000)
    found = dict(figures(ledger, books.meter, cost))
    assert found["cost_today"] == "2.00" and found["cost_month"] == "2.00"
    assert found["earned_today"] == "0.00" and "cost_total" not in found
    assert found["cost_hour"] == "0.12500"  # 500 VA
    ledger.derived.active_w = 3
    assert dict(figures(ledger, books.meter, cost))["cost_hour"] == "0.00075"
    books.meter.period = None
    assert "cost_hour" not in dict(figures(ledger, books.meter, cost))


def test_derived():
    books, ledger, _ = made()
    derived = ledger.derived
    for n, name in enumerate(("active_w", "power_factor", "mean_minute", "mean_ten",
                              "injection_va")):
        setattr(derived, name, n)
    found = dict(figures(ledger, books.meter))
    assert [found[key] for key in ("active_w", "power_factor", "mean_minute_va",
                                   "mean_ten_minutes_va", "injection_estimate_va")] == [
        0, 1, 2, 3, 4]
