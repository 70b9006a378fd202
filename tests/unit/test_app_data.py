"""What the portal tells of the gateway and the meter: status, labels, model."""

from books import utc
from portal import Guard, Mqtt, get, make
from portal_meter import gateway
from read_meter import GROUPS

from firmware import rarely


async def test_the_status_is_the_health_and_more():
    known = gateway()
    known.mqtt = Mqtt()
    known.events = [(None, "meter_silent", {"seconds": 60}),
                    (utc("E2607210934"), "period_changed", {"from": "1", "to": "2"})]
    app = make(known)
    answer = await get(app, "/api/status")
    told = answer.json
    assert told["uptime"] == 100 and told["tasks"]["source"]["failures"] == 1
    assert told["device"] == "winky-0a01ff" and told["setup"] is True
    assert told["counters"]["frames"] == 3 and told["mqtt"]["accepted"] == 12
    assert told["frames_per_minute"] is None and told["last_frame_age"] == 0
    assert told["time"].startswith("2026-07-21T09:34:0") and told["time"].endswith("+02:00")
    assert told["time_source"] == "ntp"
    assert told["events"] == [
        {"at": None, "event": "meter_silent", "seconds": 60},
        {"at": "2026-07-21T09:34:00+02:00", "event": "period_changed", "from": "1", "to": "2"},
    ]
    assert answer.longest <= 1024


async def test_a_gateway_that_knows_nothing_yet():
    app = make()
    told = (await get(app, "/api/status")).json
    assert told["time"] is None and told["time_source"] is None and told["events"] == []
    assert told["last_frame_age"] is None and "mqtt" not in told
    assert (await get(app, "/api/labels")).json == {"mode": "standard", "age": None, "labels": []}
    assert (await get(app, "/api/meter")).json == {"meter": None, "energy": None}
    assert (await get(app, "/api/log")).json == {"lines": []}


def test_frames_are_counted_by_the_minute():
    class App:
        pace = None

    pace = rarely.load("portal.api_status").pace
    app = App()
    assert pace(app, 10, 1000) is None
    assert pace(app, 15, 6000) is None  # too short to be told
    assert pace(app, 21, 12_000) == 60
    assert pace(app, 41, 61_000) == 31
    assert pace(app, 41, 65_000) == 31  # the last figure, until enough has passed again
    assert pace(app, 41, 71_000) == 0
    assert pace(app, 0, 72_000) is None  # it began anew


async def test_the_lines_of_the_log():
    class Log:
        def lines(self, level):
            self.level = level
            yield from ((None, 2, "begun"), (123, 0, 'it said "no"'))

    known = gateway(False)
    known.log = Log()
    app = make(known)
    told = (await get(app, "/api/log")).json
    assert told == {"lines": [[None, "info", "begun"], [946684923, "error", 'it said "no"']]}
    assert known.log.level == 2
    await get(app, "/api/log?level=error")
    assert known.log.level == 0
    answer = await get(app, "/api/log?level=all")
    assert answer.status == 400 and answer.json["allowed"] == "error|warning|info"


async def test_all_labels_with_their_values():
    answer = await get(make(gateway(False)), "/api/labels")
    told = answer.json
    assert told["mode"] == "standard" and told["age"] == 0 and len(told["labels"]) == len(GROUPS)
    labels = {label["label"]: label for label in told["labels"]}
    assert [label["label"] for label in told["labels"]] == [fields[0] for fields in GROUPS]
    assert labels["EAST"] == {
        "label": "EAST", "unit": "Wh", "kind": "index", "age": 0, "value": "003971026",
    }
    assert labels["SMAXSN"]["at"] == "2026-07-21T07:34:12+02:00"
    assert "degraded" not in labels["SMAXSN"]
    assert labels["DATE"]["at"] == "2026-07-21T09:34:12+02:00" and labels["DATE"]["degraded"]
    assert labels["DATE"]["value"] == "" and labels["LTARF"]["value"] == "HEURE  PLEINE"
    assert labels["MSG1"]["value"] == 'SAY "AH" \\ OH'
    assert labels["PRM"]["value"] == "12590441986008" and labels["PRM"]["kind"] == "identity"
    assert answer.longest <= 1024


async def test_what_identifies_the_meter_is_for_its_owner():
    known, guard = gateway(), Guard()
    guard.owner = False
    app = make(known, guard)
    for path in ("/api/labels", "/api/meter", "/api/status", "/api/session"):
        answer = await get(app, path)
        for text in ("041961120162", "12590441986008", 'SAY'):
            assert not answer.holds(text), path
    for label in (await get(app, "/api/labels")).json["labels"]:
        private = label["label"] in ("PRM", "ADSC", "MSG1")
        assert label.get("private", False) is private and ("value" in label) is not private
    app.private = False  # identifiers=send
    for path in ("/api/labels", "/api/meter"):
        answer = await get(app, path)
        assert answer.holds("041961120162") and answer.holds("12590441986008"), path


async def test_the_model_and_the_figures():
    answer = await get(make(gateway()), "/api/meter")
    meter, energy = answer.json["meter"], answer.json["energy"]
    assert meter["mode"] == "standard" and meter["subscribed_va"] == 9000
    assert meter["withdrawn_wh"] == 3971026 and meter["serial"] == "041961120162"
    assert meter["maximum_va_at"] == "2026-07-21T07:34:12+02:00"
    assert energy["active_w"] == 2100 and energy["energy_today_wh"] == 1234
    assert answer.longest <= 1024
