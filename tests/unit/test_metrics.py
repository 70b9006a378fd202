"""What Prometheus is told."""

from portal import Gateway, Mqtt, get, make
from portal_meter import gateway


async def _metrics(known):
    answer = await get(make(known), "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.text
    assert answer.longest <= 1024 and text.endswith("\n")
    series, family, seen = {}, None, []
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            family = line.split()[2]
            assert family not in seen, family
            seen.append(family)
        elif line.startswith("# TYPE "):
            kind = line.split()[3]
            assert line.split()[2] == family and kind in ("gauge", "counter")
            assert (kind == "counter") == family.endswith("_total") or family.endswith("seconds")
        else:
            name, value = line.rsplit(" ", 1)
            assert name.split("{")[0] == family and name not in series, line
            series[name] = float(value)
    return series


async def test_metrics_of_the_model():
    known = gateway()
    known.mqtt = Mqtt()
    series = await _metrics(known)
    assert series['ticgate_info{version="0.1.0",board="winky_c6"}'] == 1
    assert series['ticgate_memory_bytes{kind="heap_used"}'] == 1000
    assert series['ticgate_task_failures_total{task="source"}'] == 1
    assert series["ticgate_mqtt_messages_total"] == 12 and series["tic_frames_total"] == 3
    assert series['tic_group_errors_total{reason="checksum"}'] == 0
    assert series["tic_last_frame_age_seconds"] == 0
    assert series["tic_apparent_power_voltamperes"] == 2360
    assert series["tic_injected_power_voltamperes"] == 0
    assert abs(series["tic_load_ratio"] - 0.26) < 0.001
    assert series['tic_voltage_volts{phase="1"}'] == 236
    assert series['tic_current_amperes{phase="1"}'] == 10
    assert series['tic_energy_active_import_watt_hours_total{index="1"}'] == 2296119
    assert series["tic_energy_active_export_watt_hours_total"] == 12345


async def test_metrics_of_the_labels_alone():
    series = await _metrics(gateway(False))
    assert series["tic_apparent_power_voltamperes"] == 2360
    assert series['tic_current_amperes{phase="1"}'] == 10
    assert series['tic_energy_active_import_watt_hours_total{index="EASF01"}'] == 2296119
    assert series["tic_energy_active_export_watt_hours_total"] == 12345
    assert 'tic_energy_active_import_watt_hours_total{index="EAST"}' not in series


async def test_no_stale_metrics():
    known = Gateway()
    known.store.put(b"PAPP", b"01170")
    known.store.put(b"IINST", b"005")
    known.store.put(b"BASE", b"001", None, "I", b"Wh")
    series = await _metrics(known)
    assert series["tic_apparent_power_voltamperes"] == 1170
    assert series['tic_current_amperes{phase="1"}'] == 5
    assert series['tic_energy_active_import_watt_hours_total{index="BASE"}'] == 1
    known.store.old = 61_000
    series = await _metrics(known)
    assert series["tic_last_frame_age_seconds"] == 61
    assert not [name for name in series if "power" in name or "energy" in name]
