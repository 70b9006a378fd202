"""firmware/assembly.py: what the model switches on."""

import json

from house import House


def test_the_shapes_of_other_programs():
    with House(mqtt_host="broker", model="on", tasmota="on", domoticz_idx="7") as house:
        first, second = house.build().mqtt.sources[-2:]
        device = house.gateway.device.encode()
        assert first.topics[0] == b"/tele/" + device + b"/LWT" and len(first.topics) == 4
        assert second.topics == [b"/domoticz/in"] and second.idx == 7
    with House(mqtt_host="broker", tasmota="on", domoticz_idx="7") as house:
        assert house.build().mqtt.sources == []
        assert "tasmota domoticz: off, the setting model has to be on" in house.said


def test_home_assistant_needs_the_model():
    with House(mqtt_host="broker", homeassistant="on") as house:
        assert house.build().mqtt.sources[-1].books is None  # what was announced is taken back
        assert "homeassistant: off, it needs the settings model and mqtt_meter on" in house.said
    with House(mqtt_host="broker", homeassistant="on", model="on", homeassistant_prefix="ha",
               mqtt_base="home/tic", device_name='L\'"été"', alert_load="0") as house:
        mqtt = house.build().mqtt
        home = mqtt.sources[-1]
        assert home.books is house.gateway.books and mqtt.topics == [b"ha/status"]
        mqtt.heard(b"ha/status", b"online")
        assert home.told == [b"online"] and home.watched == 0xFF - 2
        words = home.words.split("\n")
        assert words[0] == "ha" and words[4] == "home/tic/" + mqtt.device and len(words) == 6
        assert json.loads(words[3])["name"] == 'L\'"été"'
    with House(mqtt_host="broker") as house:
        assert house.build().mqtt.sources == [] and house.gateway.mqtt.topics == []


def test_a_gateway_that_does_not_publish_the_model_spares_it():
    with House(mqtt_host="broker", model="on") as house:
        assert house.build().mqtt.sources == ["model"]
        assert house.gateway.books.cost is None
    with House(mqtt_host="broker", model="on", mqtt_meter="off") as house:
        assert house.build().mqtt.sources == []
        assert house.gateway.books
    with House(mqtt_host="broker") as house:
        assert house.build().mqtt.sources == []
        assert house.gateway.books is None


async def test_another_meter_is_another_contract():
    with House(model="on") as house:
        gateway = house.build()
        gateway.books.meter.learnt.known["1"] = "HEURE CREUSE"
        gateway.store.happened = [("meter_changed", {"to": "021"})]
        await house.start()
        assert gateway.books.meter.learnt.known == {}
        await house.stop()
