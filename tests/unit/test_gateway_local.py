"""What others read on the local network, as the composition puts it together."""

from house import House


def test_what_others_may_read_is_off_unless_it_is_wanted():
    with House() as house:
        assert not house.build().servers
    with House(raw_tic="on", raw_tic_port=7000, modbus="on") as house:
        gateway = house.build()
        assert "raw_tic: port 7000" in house.said
        assert "modbus: off: it needs the setting model, which is off" in house.said
        found = {name: status() for name, status in gateway.servers}
        assert not found["raw_tic"]["working"] and found["raw_tic"]["clients"] == 0
        assert found["modbus"] == {
            "working": False, "error": "off: it needs the setting model, which is off"}
        names = [task.name for task in gateway.supervisor.tasks]
        assert "raw_tic" in names and "modbus" not in names
        health = gateway.health()
        assert health["raw_tic"]["accepted"] == 0 and health["modbus"]["error"]


def test_modbus_stands_on_the_model():
    with House(model="on", modbus="on", modbus_unit=9) as house:
        gateway = house.build()
        assert "modbus: port 502, unit 9" in house.said
        assert [name for name, _ in gateway.servers] == ["modbus"]
        assert "modbus" in [task.name for task in gateway.supervisor.tasks]
        gateway.close()
