"""Where an Influx sends to, and as whom. Needed at start, and when the server refuses."""

from firmware.rarely import load


def prepare(influx, settings, device) -> None:
    """server, head, secret, series and what is sent, from the settings."""
    address, escape = load("publish.address"), load("publish.lines").escape
    quote = address.quote
    *server, path = address.parts(settings["influx_url"])
    influx.server = tuple(server)
    bucket, database = settings["influx_bucket"], settings["influx_database"]
    influx.bucket = bool(bucket)
    if bucket:
        end = "/api/v2/write"
        query = f"org={quote(settings['influx_org'])}&bucket={quote(bucket)}&"
    else:
        end = "/write"
        query = f"db={quote(database)}&" if database else ""
    if path[-6:] != "/write":
        path += end
    token = settings["influx_token"]
    credentials = b""
    if token:
        credentials = (b"Token " if bucket else b"Bearer ") + token.encode()
    elif settings["influx_user"]:
        credentials = address.basic(settings["influx_user"], settings["influx_password"])
    influx.secret = credentials[credentials.find(b" ") + 1 :]
    path += f"?{query}precision=s"
    influx.head = address.head(influx.server, path, b"text/plain; charset=utf-8", credentials)
    series = escape(settings["influx_measurement"]) + b",device=" + escape(device)
    if settings["site"]:
        series += b",site=" + escape(settings["site"])
    for name, value in tags(settings["influx_tags"]):
        series += b"," + escape(name) + b"=" + escape(value)
    influx.series = series
    fields = settings["influx_fields"] if influx.books else "labels"
    influx.labels, influx.model = fields != "meter", fields != "labels"
    # VictoriaMetrics has numbers only, and would take a text for 0.
    influx.texts = bool(bucket or database)


def tags(text) -> list:
    """[(key, value)] of key=value,key=value. ValueError if it is something else."""
    found = []
    for pair in text.split(",") if text else ():
        name, mark, value = (part.strip() for part in pair.partition("="))
        if not name or not mark or not value or name in ("device", "site", "period", "time"):
            raise ValueError(pair)
        found.append((name, value))
    return found


def meaning(influx, status) -> str:
    """What a status says of the settings; "" if it is not about them."""
    if status == 401:
        return "the server refuses the token, or user and password"
    if status == 403:
        return "the token, or the user, may not write there"
    if status == 404:
        if influx.bucket:
            return "no such bucket or organisation, or InfluxDB 1, which wants a database instead"
        return "no such database, or the path of the address is wrong"
    if 200 <= status < 300:
        return "what answers is neither InfluxDB nor VictoriaMetrics"
    return ""
