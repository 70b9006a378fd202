"""What Home Assistant makes of our announcements: its own MQTT integration between two runs."""

import json
import shutil
import subprocess
import time

import pytest

from tests.service.test_mqtt_mosquitto import Mosquitto
from tests.support.sim_run import Run
from tools.runtime.python_env import HOMEASSISTANT, homeassistant_version

DEVICE_FORM = homeassistant_version() >= (2024, 11)


class HomeAssistant:
    """The process in which it runs, from `with` to its end."""

    def __init__(self, port, folder):
        folder.mkdir(exist_ok=True)
        (folder / "configuration.yaml").touch()
        self._command = [
            HOMEASSISTANT / "bin/python", "tests/homeassistant/probe.py", str(port), str(folder)
        ]
        self._log = folder / "log"
        self.logged = []

    def __enter__(self):
        with self._log.open("ab") as log:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                self._command, stdin=pipe, stdout=pipe, stderr=log, text=True
            )
        assert self._process.stdout.readline() == "ready\n", self._log.read_text()
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def look(self):
        """All entities, by what follows the chip in their unique ids."""
        self._process.stdin.write("?\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        self.logged += told["logged"]
        self.devices = told["devices"]
        return told["entities"]

    def until(self, condition):
        """The entities, as soon as the condition is true of them."""
        for _ in range(300):
            entities = self.look()
            try:
                if condition(entities):
                    return entities
            except (KeyError, ValueError, TypeError):
                pass  # not there yet, or unknown
            time.sleep(0.2)
        raise AssertionError({key: entities[key]["state"] for key in entities})


@pytest.fixture
def house(tmp_path):
    """A broker and Home Assistant; house(**variables) starts the gateway: a Run."""
    runs = []
    with Mosquitto(tmp_path) as broker, HomeAssistant(broker.port, tmp_path / "ha") as home:

        def start(wish="", **variables):
            settings = "homeassistant=on meter_interval=10 ntp_host= page=off ap_after=0 " + wish
            runs.append(Run(
                f"ha{len(runs)}-{tmp_path}", BROKER=f"127.0.0.1:{broker.port}", SPEED="5",
                STATE=str(tmp_path / "state"), SET=settings, **variables,
            ))
            return runs[-1]

        start.home = home
        try:
            yield start
        finally:
            for run in runs:
                run.end()
                run.clean()


def _number(entity):
    return float(entity["state"])


def _energy(entity):
    """It fits the Energy dashboard; Wh."""
    found = entity["attributes"]
    assert found["device_class"] == "energy" and found["state_class"] == "total_increasing"
    assert found["unit_of_measurement"] == "Wh" and not entity["disabled"]
    return _number(entity)


@pytest.mark.skipif(not shutil.which("mosquitto", path="/usr/sbin:/usr/bin"), reason="no broker")
def test_sensors_come_and_go_with_the_mode(house):
    home = house.home
    run = house("language=fr device_name=Linky", MODE="historique", CONTRACT="hchp", PHASES="1")
    found = home.until(lambda all: all["uptime"]["state"] != "unknown"
                       and _number(all["withdrawn_wh_hchp"]) and _number(all["apparent_va"])
                       and all["overload"]["state"] == "off")
    total = _energy(found["withdrawn_wh_hchp"])
    assert total == _energy(found["period_hc_wh"]) + _energy(found["period_hp_wh"]) > 1e6
    assert found["withdrawn_wh_hchp"]["id"] == "sensor.linky_energie_soutiree"
    assert found["period_hc_wh"]["name"] == "Index Heures creuses"
    assert found["period_historique"]["state"] in ("hc", "hp")
    assert found["apparent_va"]["attributes"]["unit_of_measurement"] == "VA"
    assert found["network_rssi"]["category"] == "diagnostic"
    assert found["counters_checksum"]["category"] == "diagnostic"
    assert found["counters_eot"]["disabled"] and home.devices == ["Linky"]
    run.end()
    found = home.until(lambda all: all["apparent_va"]["state"] == "unavailable")
    assert {one["state"] for one in found.values()} <= {"unavailable", None}
    run = house("language=en", MODE="standard", CONTRACT="tempo", PHASES="3", PRODUCER="1")
    # Another meter, too: its indexes are other entities.
    found = home.until(lambda all: _number(all["injected_wh_2"]) and _number(all["voltage_v_3"])
                       and "period_hc_wh" not in all and all["relay_1"]["state"] != "unknown"
                       and all["uptime"]["state"] != "unavailable"
                       and all["period_standard"]["state"] in "123456")
    assert "withdrawn_wh_hchp" not in found and _energy(found["withdrawn_wh_2"]) > 1e6
    assert all(_energy(found[f"period_{n}_wh_2"]) for n in range(1, 7))
    assert found["colour"]["state"] in ("blue", "white", "red")
    assert found["tomorrow"]["state"] in ("blue", "white", "red", "unknown")
    # Its MQTT sensors took no notice of options yet in 2024.3.
    if DEVICE_FORM:
        assert found["period_standard"]["attributes"]["options"][0] == "1"
    assert found["voltage_v_3"]["name"] == "Voltage, phase 3"
    run.end()
    home.until(lambda all: all["apparent_va"]["state"] == "unavailable")
    assert home.logged == []


@pytest.mark.skipif(not DEVICE_FORM, reason="the form of one device came with 2024.11")
def test_the_form_of_one_device(house):
    home = house.home
    run = house("language=en", MODE="historique", CONTRACT="hchp", PHASES="1")
    home.until(lambda all: _number(all["apparent_va"]) and "counters_eot" in all)
    run.end()
    run = house("homeassistant_device=on", MODE="historique", CONTRACT="tempo", PHASES="3")
    found = home.until(lambda all: _number(all["apparent_va"]) and "active_w" in all
                       and _number(all["withdrawn_wh_tempo_2"]) and "period_hc_wh" not in all
                       and all["overload"]["state"] == "off")
    keys = "hcjb hpjb hcjw hpjw hcjr hpjr".split()
    periods = [_energy(found[f"period_{key}_wh_2"]) for key in keys]
    assert len(periods) == 6 and sum(periods) == _energy(found["withdrawn_wh_tempo_2"])
    assert "counters_eot" in found and len(home.devices) == 1
    run.end()
    run = house("homeassistant_device=on", MODE="historique", CONTRACT="base", PHASES="1")
    home.until(lambda all: _number(all["withdrawn_wh_base_3"]) and "period_hcjb_wh" not in all)
    run.end()
    run = house("homeassistant=off", MODE="historique", CONTRACT="base", PHASES="1")
    # What its owner never enabled stays in its registry; and it clears the topics that we have
    # cleared once more, by itself, and hears of it.
    home.until(lambda all: [one["disabled"] for one in all.values()].count(False) == 0)
    assert [one for one in home.logged if "No device components to cleanup" not in one] == []
