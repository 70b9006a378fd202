"""Who may do what: names, captive redirects, sessions, tokens, origins, headers."""

from microdot import Microdot, Request, Response

from firmware.portal.guard import Guard

JSON = "application/json"
PAGE = "http://192.168.4.1/"


class Sessions:
    """One session: cookie "c", token "t"."""

    set = True

    def check(self, cookie, token=None):
        return cookie == "c" and token in (None, "t")


class Fixture:
    """A guard, and requests to it."""

    def __init__(self, protected=False, page="", password=True):
        self.page = page
        self.asked = []
        sessions = Sessions()
        sessions.set = password
        self.guard = Guard(sessions, self.setup, "linky", protected)

    def setup(self, address):
        self.asked.append(address)
        return self.page

    def request(self, method="GET", path="/", host="192.168.1.7", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if host is not None:
            headers["Host"] = host
        return Request(Microdot(), ("192.168.4.2", 5), method, path, "1.1", headers, b"")

    def status(self, *args, **options):
        answer = self.guard.before(self.request(*args, **options))
        return answer and answer[1]

    def post(self, path, **headers):
        return self.status("POST", path, **headers)


def test_only_our_names():
    guard = Fixture()
    for host in (
        "192.168.1.7", "192.168.1.7:8080", "10.0.0.1", "localhost", "localhost:8099", "LINKY",
        "linky.local", "Linky.Local:80", "255.255.255.255",
    ):
        assert guard.status(host=host) is None, host
    for host in (
        None, "", "example.com", "192.168.1.7.example.com", "192.168.1", "192.168.1.256",
        "1.2.3.4.5", "192.168.1.7x", "-1.2.3.4", "1.2.3.", "linky.example", "[::1]",
        "0192.168.1.7", "a.linky", "192.168.1.\u0667",
    ):
        assert guard.status(host=host) == 403, host
        assert guard.status("POST", "/api/login", host=host, Content_Type=JSON) == 403
    body, _ = guard.guard.before(guard.request(host="x" * 500))
    assert len(body["error"]) < 100


def test_in_set_up_mode_every_name_leads_to_the_page():
    guard = Fixture(page=PAGE, password=False)
    for host, path in (
        ("connectivitycheck.gstatic.com", "/generate_204"),
        ("clients3.google.com", "/gen_204"),
        ("captive.apple.com", "/hotspot-detect.html"),
        ("www.msftconnecttest.com", "/connecttest.txt"),
        ("www.msftconnecttest.com", "/redirect"),
        ("detectportal.firefox.com", "/canonical.html"),
        ("nmcheck.gnome.org", "/check_network_status.txt"),
        ("192.168.4.1", "/generate_204"),
        ("example.com", "/any?thing=1"),
        (None, "/"),
    ):
        request = guard.request(path=path, host=host)
        assert guard.guard.before(request) == ("", 302, {"Location": PAGE}), host
    assert guard.asked[-1] == ("192.168.4.2", 5)
    assert guard.status(host="192.168.4.1") is None
    assert guard.status(path="/generate_2", host="192.168.4.1") is None
    assert Fixture().status(path="/generate_204") is None  # an ordinary path, not found elsewhere


def test_reading_open_and_protected():
    for path in ("/api/status", "/api/", "/api/history.csv?kind=day", "/metrics", "/api/sessions"):
        assert Fixture().status(path=path) is None
        for method in ("GET", "HEAD"):
            guard = Fixture(protected=True)
            assert guard.status(method, path) == 401, path
            assert guard.status(method, path, Cookie="ticgate=c") is None
            assert guard.status(method, path, Cookie="ticgate=x") == 401
        # Through the access point of a gateway without a password: somebody has to begin.
        assert Fixture(True, PAGE, False).status(path=path) is None
        assert Fixture(True, PAGE).status(path=path) == 401
        assert Fixture(True, "", False).status(path=path) == 401
    for path in ("/", "/app.js", "/api/session", "/api/session?x"):
        assert Fixture(protected=True).status(path=path) is None


def test_a_write_needs_the_session_and_its_token():
    guard = Fixture()
    for path in ("/api/config", "/api/password", "/api/logout", "/api/loginx", "/", "/metrics"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            assert guard.status(method, path, Content_Type=JSON) == 401
            assert guard.status(method, path, Cookie="ticgate=c", Content_Type=JSON) == 401
            assert guard.status(method, path, X_Token="t") == 401
            assert guard.status(method, path, Cookie="ticgate=c", X_Token="x") == 401
            assert guard.status(method, path, Cookie="ticgate=x", X_Token="t") == 401
            assert guard.status(method, path, Cookie="ticgate=c", X_Token="t") is None


def test_a_write_from_another_site_is_refused():
    guard, own = Fixture(), {"Cookie": "ticgate=c", "X_Token": "t"}
    for origin, expected in (
        ("http://192.168.1.7", None), ("HTTP://192.168.1.7", None), ("null", 403),
        ("https://192.168.1.7", 403), ("http://192.168.1.70", 403), ("http://192.168.1.7:81", 403),
        ("http://evil.example", 403),
    ):
        assert guard.post("/api/config", Origin=origin, **own) == expected, origin
        assert guard.post("/api/login", Origin=origin, Content_Type=JSON) == expected
    assert guard.post("/api/config", host="linky.local:8080", Origin="http://linky.local:8080",
                      **own) is None


def test_a_login_must_be_json():
    guard = Fixture()
    assert guard.post("/api/login", Content_Type=JSON) is None
    assert guard.post("/api/login", Content_Type=JSON + "; charset=utf-8") is None
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert guard.post("/api/login", Content_Type=kind) == 403
    assert guard.post("/api/login") == 403


def test_before_there_is_a_password():
    """From the network only the password can be set; through the access point all."""
    network, setup = Fixture(password=False), Fixture(page=PAGE, password=False)
    assert network.post("/api/password", Content_Type=JSON) is None
    assert setup.post("/api/password", Content_Type=JSON) is None
    for path in ("/api/join", "/api/config", "/api/login"):
        assert network.post(path, Content_Type=JSON) == 401
        assert setup.post(path, Content_Type=JSON) is None
        assert setup.post(path, X_Token="none yet") is None
        assert setup.post(path) == setup.post(path, Content_Type="text/plain") == 403
        assert setup.post(path, Content_Type=JSON, Origin="http://evil.example") == 403
    # With one, the access point gives no rights.
    assert Fixture(page=PAGE).post("/api/config", Content_Type=JSON) == 401
    assert Fixture(page=PAGE).post("/api/password", Content_Type=JSON) == 401


def test_headers_of_every_answer():
    guard = Fixture().guard
    for answer in (Response({}), Response("no", 404), Response.redirect("/")):
        headers = guard.after(None, answer).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
        for part in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
            assert part in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
    kept = Response("x", headers={"Cache-Control": "no-cache"})
    assert guard.after(None, kept).headers["Cache-Control"] == "no-cache"
