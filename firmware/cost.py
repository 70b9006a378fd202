"""What the energy costs, by the owner's prices: exact integers, rounded once, to the cent.

A sum is unknown (None) while a period that counted energy in it has no price. Prices are those
set now, also for energy of last week. The subscription is shared out by day: a day costs its part
of the month, 1/28 to 1/31 of it, today the whole of its part; days before the first look cost
nothing. What injection earns (the price "injected") is told apart and never deducted.
"""

from micropython import const

from firmware import rarely
from firmware.energy import INJECTED, MONTH, YESTERDAY
from firmware.link.clock import calendar

_DAY = const(86400)
_CENT = const(1_000_000)  # of 1e-8 euro: Wh times 1/100000 euro per kWh


class Cost:
    """prices, subscription: texts of the settings (prices.py); ValueError if they are wrong.

    `prices`: {key: 1/100000 euro per kWh}; `subscription`: 1/100000 euro a month.
    """

    def __init__(self, energy, prices, subscription=""):
        self._energy = energy
        read = rarely.load("prices")
        self.prices = read.parse(prices)
        self.subscription = read.amount(subscription) if subscription else 0

    def hour(self, period, watts):
        """What an hour costs at this power in this period, in 1/100000 euro, energy alone.

        VA for watts give the most that it can cost.
        """
        price = self.prices.get(period)
        return None if price is None or watts is None else (watts * price + 500) // 1000

    def cents(self, span):
        """Cost in TODAY, YESTERDAY or MONTH of energy.py, in cents."""
        energy = self._energy
        if energy.day is None or span == YESTERDAY and energy.before is None:
            return None
        total = 0
        for key in energy.rows:
            if key != INJECTED:
                wh = energy.wh(key, span)
                if wh and key not in self.prices:
                    return None
                total += wh and wh * self.prices[key]
        last = energy.day - (span == YESTERDAY)
        day = calendar(last * _DAY)[2]
        days = min(last + 1 - energy.clock.day(energy.since), day if span == MONTH else 1)
        following = last + 1 - day + 31  # beyond the end of the month, by three days at most
        length = 31 - calendar(following * _DAY)[2] + 1
        total = total * length + self.subscription * 1000 * days
        return (total + length * _CENT // 2) // (length * _CENT)

    def earned(self, span):
        """What injection earned in that span, in cents."""
        wh, price = self._energy.wh(INJECTED, span), self.prices.get(INJECTED)
        return None if wh is None or price is None else (wh * price + _CENT // 2) // _CENT
