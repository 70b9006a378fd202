"""The history as JSON and as CSV."""

import os

from books import utc
from portal import Gateway, get, make

from firmware.config import Config
from firmware.cost import Cost
from firmware.history import History
from firmware.link.clock import Clock

UNIX = 946684800
_NOW = utc("H2601201530")
_count = 0


class Ledger:
    def __init__(self, history):
        self.history = history


class Books:
    cost = None

    def __init__(self, history):
        self.ledger = Ledger(history)


def _gateway(prices="", subscription="", **settings):
    """A gateway with an empty history, on 2026-01-20 at half past three in the afternoon."""
    global _count
    _count += 1
    os.mkdir(f"export{_count}")
    config = Config("export.json")
    config.update(settings)
    found = Gateway()
    found.config = lambda: config
    found.clock = Clock(lambda: 0)
    found.clock.set(_NOW, "ntp")
    found.history = History(found.clock, f"export{_count}")
    found.books = Books(found.history)
    if prices:
        found.books.cost = Cost(None, prices, subscription)
    return found


def _day(gateway, text, flags=0, **energies):
    """Write a day of the history."""
    gateway.history.day(gateway.clock.day(utc(text + "1200")), flags, list(energies.items()))


def _fill(gateway, minutes, start=_NOW):
    for minute in range(minutes):
        gateway.history.minute(start // 60 - minutes + minute, 100 + minute % 50, True)


async def test_the_last_hour():
    gateway = _gateway()
    _fill(gateway, 90)
    answer = await get(make(gateway), "/api/history")
    told = answer.json
    assert told["kind"] == "minute" and told["step"] == 60 and "off" not in told
    assert len(told["rows"]) in (60, 61) and answer.longest <= 1024
    assert told["rows"][-1] == [UNIX + _NOW - 60, 100 + 89 % 50]
    assert told["rows"][0][0] <= UNIX + _NOW - 3540


async def test_a_span_and_a_step():
    gateway = _gateway()
    _fill(gateway, 90)
    start = UNIX + _NOW - 3600
    app = make(gateway)
    url = f"/api/history?kind=minute&from={start}&to={start + 1800}&step=600"
    told = (await get(app, url)).json
    assert told["step"] == 600 and [row[0] for row in told["rows"]] == [
        start, start + 600, start + 1200]
    told = (await get(app, f"/api/history?kind=ten&from={start}&to={start + 3600}")).json
    assert told["step"] == 600 and len(told["rows"]) == 6
    told = (await get(app, f"/api/history?kind=minute&from={start}&to=4000000000")).json
    assert len(told["rows"]) == 60  # what is asked of the future is not there
    told = (await get(app, "/api/history?kind=minute&from=1000000000&to=1000003600")).json
    assert told["rows"] == []


async def test_questions_that_make_no_sense():
    app = make(_gateway())
    for query, key, allowed in (
        ("kind=hour", "kind", "minute, ten, day"), ("kind=", "kind", "minute, ten, day"),
        ("from=x", "from", ".."), ("from=-1", "from", ".."), ("to=1.5", "to", ".."),
        ("to=99999999999999999999", "to", ".."), ("from=0", "from", ".."),
        ("step=0", "step", "60..2678400 s"), ("step=month", "step", "60..2678400 s"),
        ("kind=ten&step=60", "step", "600..2678400 s"),
        ("kind=day&step=0", "step", "1..366 days or month"),
        ("kind=day&step=year", "step", "1..366 days or month"),
        (f"from={UNIX + 1000}&to={UNIX + 500}", "from", "before"),
    ):
        for path in ("/api/history?", "/api/history.csv?"):
            answer = await get(app, path + query)
            told = answer.json
            assert answer.status == 400 and told["key"] == key, query
            assert allowed in told["allowed"] and key in told["error"]
    answer = await get(app, "/api/history.csv?separator=x")
    assert answer.status == 400 and answer.json["key"] == "separator"


async def test_without_the_model_there_is_no_history():
    app = make()
    told = (await get(app, "/api/history?kind=day&step=month")).json
    assert told == {"kind": "day", "step": "month", "off": True, "rows": []}
    assert (await get(app, "/api/history.csv")).text == "time;mean_va\r\n"
    text = (await get(app, "/api/history.csv?kind=day&separator=,")).text
    assert text == "day,withdrawn_wh,cost_eur,earned_eur,doubt\r\n"


async def test_days_with_their_energy_and_cost():
    gateway = _gateway(prices="hc=0,1828 hp=0,2516 injected=0,13", subscription="15,50")
    _day(gateway, "H260117", 0, hc=5000, hp=7000)
    _day(gateway, "H260118", 2, hc=4000)
    _day(gateway, "H260119", 1, hc=1000, injected=10_000)
    told = (await get(make(gateway), "/api/history?kind=day")).json
    at = UNIX + utc("H2601170000")
    # 5 kWh at 18.28, 7 at 25.16 cents, and 15.50 euros over 31 days: 50 cents
    assert told["rows"] == [
        [at, 0, {"hc": 5000, "hp": 7000}, 318, 0],
        [at + 86400, 2, {"hc": 4000}, 123, 0],
        [at + 2 * 86400, 1, {"hc": 1000, "injected": 10_000}, 68, 130],
    ]
    told = (await get(make(gateway), f"/api/history?kind=day&step=2&from={at}")).json
    assert told["step"] == 2 and told["rows"] == [
        [at, 2, {"hc": 9000, "hp": 7000}, 441, 0],
        [at + 2 * 86400, 1, {"hc": 1000, "injected": 10_000}, 68, 130],
    ]


async def test_a_cost_that_is_not_known():
    gateway = _gateway(prices="hc=0,1828")
    _day(gateway, "H260118", 0, hc=4000)
    _day(gateway, "H260119", 0, hc=4000, hp=1, injected=5)
    rows = (await get(make(gateway), "/api/history?kind=day")).json["rows"]
    assert [row[3:] for row in rows] == [[73, None], [None, None]]
    gateway.books.cost = None
    rows = (await get(make(gateway), "/api/history?kind=day")).json["rows"]
    assert [row[3:] for row in rows] == [[None, None], [None, None]]


async def test_months():
    gateway = _gateway(prices="1=0,20", subscription="31")
    for day in ("H251230", "H251231", "H260101", "H260102"):
        _day(gateway, day, 0, **{"1": 1000})
    start = UNIX + utc("H2512010000")
    told = (await get(make(gateway), f"/api/history?kind=day&step=month&from={start}")).json
    assert told["step"] == "month" and told["rows"] == [
        [UNIX + utc("H2512010000"), 0, {"1": 2000}, 240, None],
        [UNIX + utc("H2601010000"), 0, {"1": 2000}, 240, None],
    ]


async def test_a_table_of_powers():
    gateway = _gateway()
    change = utc("H2510260200")  # the hour that came before comes again
    _fill(gateway, 120, change + 3600)
    url = f"/api/history.csv?from={UNIX + change - 3600}&to={UNIX + change + 3600}&step=1800"
    answer = await get(make(gateway), url)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="winky-0a01ff-minute.csv"')
    assert answer.text == (
        "time;mean_va\r\n"
        "2025-10-26T02:00:00+02:00;115\r\n2025-10-26T02:30:00+02:00;128\r\n"
        "2025-10-26T02:00:00+01:00;125\r\n2025-10-26T02:30:00+01:00;121\r\n"), answer.text


async def test_a_table_of_days():
    gateway = _gateway(prices="hc=0,1828 hp=0,2516 injected=0,13")
    _day(gateway, "H260118", 0, hc=5000, hp=7000)
    _day(gateway, "H260119", 3, hc=400, injected=10_000)
    app = make(gateway)
    assert (await get(app, "/api/history.csv?kind=day&separator=;")).text == (
        "day;withdrawn_wh;hc_wh;hp_wh;injected_wh;cost_eur;earned_eur;doubt\r\n"
        "2026-01-18;12000;5000;7000;0;2,68;0,00;\r\n"
        "2026-01-19;400;400;0;10000;0,07;1,30;shared missed\r\n")
    text = (await get(app, "/api/history.csv?kind=day&separator=,")).text
    assert "2026-01-18,12000,5000,7000,0,2.68,0.00,\r\n" in text
    assert "2026-01-19,400,400,0,10000,0.07,1.30,shared missed\r\n" in text


async def test_a_long_history_takes_no_more_memory():
    gateway = _gateway()
    _fill(gateway, 1440)
    app = make(gateway)
    start = UNIX + _NOW - 86400
    from portal import Sink, request

    class Counting(Sink):
        """Keeps nothing but the number of lines."""

        lines = 0

        async def awrite(self, data):
            self.longest = max(self.longest, len(data))
            self.lines += bytes(data).count(b"\n")

    sink = Counting()
    reply = await app.dispatch_request(
        request(app, "GET", f"/api/history.csv?kind=minute&from={start}"))
    await reply.write(sink)
    assert sink.lines == 3 + 2 + 1 + 1440 and sink.longest <= 1024, sink.lines
