"""The settings of InfluxDB, for tests of it."""

SETTINGS = {
    "influx_url": "http://192.0.2.7:8086", "influx_database": "house", "influx_bucket": "",
    "influx_org": "", "influx_token": "", "influx_user": "", "influx_password": "",
    "influx_measurement": "tic", "influx_tags": "", "influx_fields": "meter", "influx_batch": 1,
    "site": "", "labels": "*", "identifiers": "omit", "identifiers_salt": "",
    "influx_when": "frame", "influx_interval": 30, "publish_threshold": 50,
}
