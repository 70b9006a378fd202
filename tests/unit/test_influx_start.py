"""InfluxDB: where requests go, as whom, and what a refusal means."""

from influx_settings import SETTINGS

from firmware.publish import address, influx_start


class Made:
    """An Influx before it was prepared."""

    books = None


def influx(**changes):
    settings = dict(SETTINGS)
    settings.update(changes)
    made = Made()
    influx_start.prepare(made, settings, "winky-a1b2c3")
    return made


def test_tags_and_names_are_escaped():
    made = influx(site="my house, 2=3\\", influx_measurement="a b", influx_tags="é=1 2,b=c=d")
    assert made.series == (
        "a\\ b,device=winky-a1b2c3,site=my\\ house\\,\\ 2\\=3/,é=1\\ 2,b=c\\=d").encode()


def test_tags():
    assert influx_start.tags("") == []
    assert influx_start.tags("a=1, b = two ") == [("a", "1"), ("b", "two")]
    for wrong in ("a", "a=", "=1", "a=1,", "device=x", "period=1", "time=2", "site=x"):
        try:
            influx_start.tags(wrong)
        except ValueError:
            continue
        raise AssertionError(wrong)


def test_where_to():
    for changes, path, credentials in (
        ({}, "/write?db=house&precision=s", None),
        ({"influx_database": "a b/é"}, "/write?db=a%20b%2F%C3%A9&precision=s", None),
        ({"influx_database": ""}, "/write?precision=s", None),
        ({"influx_user": "zoé", "influx_password": "a:b"}, "/write?db=house&precision=s",
         "Basic em/DqTphOmI="),
        ({"influx_token": "t-1=="}, "/write?db=house&precision=s", "Bearer t-1=="),
        ({"influx_bucket": "b", "influx_org": "my org", "influx_token": "t-1=="},
         "/api/v2/write?org=my%20org&bucket=b&precision=s", "Token t-1=="),
        ({"influx_url": "http://192.0.2.7:8086/db/"}, "/db/write?db=house&precision=s", None),
        ({"influx_url": "http://192.0.2.7:8086/insert/0/influx/write"},
         "/insert/0/influx/write?db=house&precision=s", None),
    ):
        head = influx(**changes).head.decode().split("\r\n")
        assert head[0] == f"POST {path} HTTP/1.1" and head[1] == "Host: 192.0.2.7:8086"
        assert head[-1] == ""
        given = [line for line in head if line.startswith("Authorization: ")]
        assert given == ([f"Authorization: {credentials}"] if credentials else [])
    assert influx(influx_token="abcdefgh").secret == b"abcdefgh"


def test_addresses():
    for url, parts in (
        ("http://nas", ("nas", 80, False, "")),
        ("https://nas/", ("nas", 443, True, "")),
        ("http://nas.local:8086/a/b?c=d", ("nas.local", 8086, False, "/a/b?c=d")),
    ):
        assert address.valid(url) and address.parts(url) == parts
    for url in ("nas", "nas:8086", "ftp://nas", "http://", "http:///x", "http://nas:", "://x",
                "http://nas:x", "http://nas:0", "http://nas:70000", "http://?x"):
        assert not address.valid(url), url
    assert b"Host: nas\r\n" in address.head(("nas", 443, True), "/", b"x")
    assert b"Host: nas:80\r\n" in address.head(("nas", 80, True), "/", b"x")


def test_what_a_refusal_means():
    made, bucket = influx(), influx(influx_bucket="b")
    assert "token" in influx_start.meaning(made, 401)
    assert "may not write" in influx_start.meaning(made, 403)
    assert "database" in influx_start.meaning(made, 404)
    assert "bucket" in influx_start.meaning(bucket, 404)
    assert "neither InfluxDB" in influx_start.meaning(made, 200)
    assert influx_start.meaning(made, 500) == influx_start.meaning(made, 400) == ""
