"""Announcements to Home Assistant, and the topic alert."""

import json
import os
from time import ticks_add

from home import BASE, CHIP, HC, STANDARD, Home

from firmware.publish.payload import Full

RUNTIMES = ("unix64",)  # store, model and announcements, uncompiled, are too much for unix32

# What Home Assistant allows together: class of the device, class of the state, unit.
ALLOWED = (
    ("energy", "total_increasing", "Wh"), ("apparent_power", "measurement", "VA"),
    ("apparent_power", None, "VA"), ("power", "measurement", "W"), ("power", None, "W"),
    ("current", "measurement", "A"), ("voltage", "measurement", "V"), ("enum", None, None),
    (None, None, None), ("timestamp", None, None), ("monetary", None, "EUR"),
    ("signal_strength", "measurement", "dBm"), ("data_size", "measurement", "B"),
    (None, "measurement", "%"), (None, "total_increasing", None),
    (None, "total_increasing", "varh"),
)
NAMES = {"dev_cla", "stat_cla", "unit_of_meas", "name", "uniq_id", "stat_t", "val_tpl", "avty_t",
         "dev", "o", "ops", "ic", "exp_aft", "ent_cat", "en", "pl_on", "pl_off", "p"}


def check(one):
    """What has to be true of any of them."""
    assert set(one) <= NAMES, one
    assert one["uniq_id"].startswith(CHIP + "_") and one["name"] and "#" not in one["name"]
    assert one["val_tpl"].startswith("{") and one["val_tpl"].endswith("}")
    if "pl_on" in one:
        assert one["pl_on"] == "True" and one["pl_off"] == "False"
        assert one.get("dev_cla") in (None, "problem", "tamper")
    else:
        found = one.get("dev_cla"), one.get("stat_cla"), one.get("unit_of_meas")
        assert found in ALLOWED, found
        assert (one.get("dev_cla") == "enum") == ("ops" in one)
    instant = one.get("stat_cla") == "measurement" and one["uniq_id"][13:] != "maximum_va"
    assert ("exp_aft" in one) == instant, one
    if "ops" in one:
        assert "unknown" in one["ops"]


def test_historique():
    home = Home(language="fr", meter_interval=10)
    home.feed(HC, 12)
    home.wait()
    said = home.announced()
    for name in said:
        check(said[name])
        assert said[name]["dev"] == {"ids": [CHIP], "name": "winky"}
        assert said[name]["avty_t"] == "tic/winky-1a2b3c/status"
        assert said[name]["o"]["name"] == "ticgate"
    total = said["withdrawn_wh_hchp"]
    assert total["name"] == "Énergie soutirée" and total["uniq_id"] == CHIP + "_withdrawn_wh_hchp"
    assert total["stat_t"] == "tic/winky-1a2b3c/meter"
    assert total["val_tpl"] == "{{value_json.get('withdrawn_wh','')}}"
    assert said["period_hc_wh"]["name"] == "Index Heures creuses"
    assert said["period_hp_wh"]["val_tpl"] == "{{value_json.get('period_hp_wh','')}}"
    assert said["current_a_1"]["name"] == "Courant" and "apparent_va_1" not in said
    assert said["apparent_va"]["exp_aft"] == 40 and said["network_rssi"]["exp_aft"] == 80
    assert said["period_historique"]["ops"][:3] == ["base", "hc", "hp"]
    assert said["tic_state"]["val_tpl"] == "{{value_json.get('tic',{}).get('state','unknown')}}"
    assert said["counters_checksum"]["ent_cat"] == "diagnostic"
    assert said["overload"]["stat_t"] == "tic/winky-1a2b3c/alert"
    assert not {"peak", "injection", "voltage_low", "injected_wh", "colour", "relay_1"} & set(said)
    assert "/homeassistant/binary_sensor/40f5201a2b3c/overload/config" in home.said
    # The serial number is in none of it.
    assert "041776199277" not in json.dumps(home.said)
    assert "041776199277" not in open("announced.json").read()
    assert not home.gone() and home.source.error == ""


def test_standard_with_everything():
    home = Home(language="en")
    home.feed(STANDARD, 12)
    home.wait()
    said = home.announced()
    for name in said:
        check(said[name])
    assert said["apparent_va_3"]["name"] == "Apparent power, phase 3"
    assert said["voltage_v_2"]["name"] == "Voltage, phase 2"
    assert [said[f"period_{n}_wh"]["stat_cla"] for n in range(1, 11)] == ["total_increasing"] * 10
    assert said["period_4_wh"]["name"] == "Index Peak hours, white days"
    assert said["withdrawn_wh"]["dev_cla"] == said["injected_wh"]["dev_cla"] == "energy"
    assert said["tomorrow"]["ops"] == ["blue", "white", "red", "unknown"]
    assert said["period_standard"]["ops"] == [str(n) for n in range(1, 11)] + ["unknown"]
    assert {"peak", "peak_notice", "injection", "voltage_high", "relay_1"} <= set(said)
    assert len(said) > 60 and not home.gone()


def test_they_are_paced_and_come_after_the_first_frames():
    home = Home()
    home.feed(HC, 7)
    assert not home.announced()
    home.wait(1000)
    assert not home.announced()
    home.feed(HC, 2)
    home.order.clear()
    for _ in range(20):
        home.now += 10
        home.say(home.now)
    assert 3 <= len(home.order) <= 4


def test_without_a_line_health_is_announced():
    home = Home()
    home.wait(19000)
    assert not home.said
    home.wait()
    assert {"uptime", "network_rssi", "counters_parity"} <= set(home.announced())
    assert not {"withdrawn_wh", "apparent_va", "period"} & set(home.announced())
    before = len(home.order)
    home.wait()
    assert len(home.order) == before
    home.feed(HC, 12)
    home.wait()
    assert "period_hc_wh" in home.announced() and not home.gone()


def test_once_only_unless_home_assistant_starts_or_the_connection_is_new():
    home = Home()
    home.feed(HC, 12)
    home.wait()
    home.said = {}
    home.feed(HC, 60)
    assert not home.announced() and "alert" in home.said
    home.source.heard(b"offline")
    home.feed(HC)
    assert not home.announced()
    home.source.heard(b"online")
    home.wait()
    assert "apparent_va" in home.announced()
    home.said = {}
    home.source.renew()
    home.feed(HC, 12)
    home.wait()
    assert "apparent_va" in home.announced()


def test_all_is_announced_to_a_connection_that_is_new_after_days():
    home = Home()
    home.feed(HC, 12)
    home.wait()
    home.said = {}
    home.now += (ticks_add(0, -1) >> 1) + 60_000  # half the period of ticks, and a minute
    home.source.renew()
    home.feed(HC, 12)
    home.wait()
    assert "apparent_va" in home.announced()


def test_another_contract_or_mode_takes_back_what_is_gone():
    home = Home()
    home.feed(HC, 12)
    home.wait()
    home.said = {}
    home.feed(BASE, 60)
    home.wait()
    assert home.gone() == ["period_hc_wh", "period_hp_wh", "withdrawn_wh_hchp"]
    assert {"period_base_wh", "withdrawn_wh_base"} <= set(home.announced())
    home.said = {}
    home.feed(STANDARD, 60)
    home.wait()
    assert home.gone() == ["period_base_wh", "period_historique", "withdrawn_wh_base"]
    assert {"withdrawn_wh", "injected_wh", "voltage_v_3"} <= set(home.announced())
    kept = json.load(open("announced.json"))["ids"].split()
    assert "1s/withdrawn_wh" in kept and "1s/period_base_wh" not in kept
    assert len(set(kept)) == len(kept)


def test_what_is_silent_is_not_taken_back():
    home = Home()
    home.feed(HC, 12)
    home.wait()
    home = Home(fresh=False)  # a restart
    home.feed([one for one in HC if one[0] != "HCHC"], 12)
    home.wait()
    assert not home.gone()
    assert "1s/period_hc_wh" in open("announced.json").read()
    home = Home(fresh=False)
    home.wait()
    assert not home.gone() and "1s/period_hc_wh" in open("announced.json").read()


def test_another_meter_has_other_indexes():
    home = Home()
    home.feed(HC, 12)
    home.wait()
    home = Home(fresh=False)
    home.feed(HC, 12, ADCO=("041776199278",))
    home.wait()
    assert home.gone() == ["period_hc_wh", "period_hp_wh", "withdrawn_wh_hchp"]
    said = home.announced()
    assert {"period_hc_wh_2", "withdrawn_wh_hchp_2", "apparent_va"} <= set(said)
    assert said["period_hc_wh_2"]["val_tpl"] == "{{value_json.get('period_hc_wh','')}}"


def test_off_takes_all_back():
    home = Home()
    home.feed(HC, 12)
    home.wait()
    count = len(home.announced())
    home = Home(fresh=False, on=False)
    home.wait()
    assert len(home.gone()) == count and not home.announced() and "alert" not in home.said
    home = Home(fresh=False, on=False)
    home.wait()
    assert not home.said


def test_another_prefix_or_form_takes_all_back_first():
    home = Home()
    home.feed(HC, 12)
    home.wait()
    count = len(home.announced())
    home = Home(fresh=False, homeassistant_device=True)
    home.feed(HC, 12)
    home.wait()
    first = [topic for topic in home.order if topic != "alert"]
    assert len(home.gone()) == count and "/device/" not in first[count - 1]
    assert "/device/" in first[count]
    home = Home(fresh=False, homeassistant_prefix="ha")
    home.feed(HC, 12)
    home.wait()
    assert len([one for one in home.gone() if one.startswith(CHIP)]) == len(home.gone()) > 5
    assert len([topic for topic in home.said if topic.startswith("/ha/sensor/")]) > 20


def test_the_form_of_one_device():
    names = {"mqtt_base": "b" * 64, "mqtt_device": "d" * 32, "device_name": "é" * 16}
    home = Home(homeassistant_device=True, meter_interval=3600, **names)
    home.feed(STANDARD, 2500)
    home.wait()
    found, topics = {}, set()
    for topic in home.said:
        if topic[0] == "/":
            one = home.said[topic]
            assert topic.startswith(f"/homeassistant/device/{CHIP}_")
            assert one["dev"]["ids"] == [CHIP] and one["o"]["name"] == "ticgate"
            assert one["avty_t"].endswith("/status")
            topics.add(one["stat_t"].split("/")[-1])
            for key in one["cmps"]:
                assert key not in found
                found[key] = one["cmps"][key]
                check(found[key])
                assert found[key]["p"] in ("sensor", "binary_sensor")
                assert "stat_t" not in found[key]
    assert topics == {"meter", "energy", "alert", "gateway"}
    assert len(found) > 60
    # What the outbox takes, with QoS 1.
    assert home.longest + 11 + 32 < 3648, home.longest


def test_the_form_of_one_device_takes_back_single_ones():
    home = Home(homeassistant_device=True)
    home.feed(HC, 12)
    home.wait()
    home.said = {}
    home.feed(BASE, 60)
    home.wait()
    group = home.announced()[CHIP + "_1"]["cmps"]
    assert group["period_hc_wh"] == {"p": "sensor"} and len(group["period_base_wh"]) > 3
    home.said = {}
    home.source.heard(b"online")
    home.wait()
    assert "period_hc_wh" not in home.announced()[CHIP + "_1"]["cmps"]


def test_alerts_are_said_again_after_days_of_silence():
    home = Home()
    home.feed(HC, 20)
    home.wait()
    home.said = {}
    home.now += (ticks_add(0, -1) >> 1) + 60_000
    home.feed(HC, 2)
    assert "alert" in home.said


def test_alerts():
    home = Home(alert_load_seconds=2)
    home.feed(HC, 10)
    home.wait()
    assert home.said["alert"] == {"overload": False, "overload_near": False, "meter_silent": False}
    home.said = {}
    home.feed(HC, 10, PAPP=("09500",))
    assert home.said["alert"] == {"overload": False, "overload_near": True, "meter_silent": False}
    home.books.alerts.silent = True
    home.wait(100)
    assert home.said["alert"]["meter_silent"] is True
    home.source.watched = 1
    home.source.renew()
    home.feed(HC, 1)
    assert home.said["alert"] == {"overload": False}


def test_no_room_means_again():
    home = Home()
    home.feed(HC, 9)
    for _ in range(10):
        home.now += 50
        topic = home.source.topic(home.now)
        if topic and topic[0] == 0x2F:
            break
    assert topic[0] == 0x2F

    class Small:
        def write(self, data):
            raise Full

    for _ in range(3):
        try:
            home.source.write(topic, Small(), b"{")
            raise AssertionError("it has no room")
        except Full:
            pass
        home.now += 50
        assert home.source.topic(home.now) == topic
    home.wait()
    assert len(home.announced()) > 20


def test_a_flash_that_refuses_is_told():
    home = Home()
    os.mkdir("announced.json.tmp")
    try:
        home.feed(HC, 12)
        home.wait()
        assert home.source.error and not home.announced()
        home.source.renew()
    finally:
        os.rmdir("announced.json.tmp")
    home.feed(HC, 12)
    home.wait()
    assert home.announced()


def test_the_words_of_the_meter_change_no_name():
    home = Home()
    home.feed(STANDARD, 12)
    home.wait()
    assert home.announced()["period_2_wh"]["name"] == "Index Heures pleines, jours bleus"
    home.said = {}
    home.feed(STANDARD, 60)
    home.wait()
    assert not home.announced() and list(home.said) == ["alert"]
