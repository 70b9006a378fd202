"""The composition: readings that wait for a broker, and a secret that is made when needed."""

from house import House


def test_readings_wait_for_a_broker_if_the_owner_wants_it_and_there_is_a_clock():
    for settings, wanted in (
        ({"ntp_host": "time"}, (4096, ("backlog_mqtt", 256 << 10))),
        ({"ntp_host": "time", "backlog_memory": 2048, "backlog_flash": 0}, (2048, None)),
        ({"ntp_host": "time", "mqtt_backlog": False}, None),
        ({"ntp_host": "time", "mqtt_frame": False}, None),
        ({"ntp_host": ""}, None),
    ):
        with House(mqtt_host="broker", **settings) as house:
            house.build()
            found = house.gateway.mqtt.backlog
            if wanted:
                assert found[1] is house.gateway.clock
                found = found[0], found[2]
            assert found == wanted, settings
            house.gateway.close()
            assert house.gateway.mqtt.closed


def test_the_salt_of_the_stand_ins_is_made_once():
    with House(identifiers="hash") as house:
        house.build()
        salt = house.config.get("identifiers_salt")
        assert len(salt) == 20
        house.build()
        assert house.config.get("identifiers_salt") == salt
    with House() as house:
        house.build()
        assert house.config.get("identifiers_salt") == ""
