"""Who may do what: looked at before every request, whatever it asks for.

What it looks at is in gate.py.

Loaded with the application, and garbage with it.
"""

from firmware.rarely import load

COOKIE = "ticgate"
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


class Guard:
    """sessions: Sessions. setup(address) -> "http://192.168.4.1/" for a client at this address
    while the access point is open, else "". hostname: ours. protected: reading needs a session.
    `names`: that are ours.
    """

    def __init__(self, sessions, setup, hostname, protected):
        self.sessions = sessions
        self.protected = protected
        self.page = setup
        self.names = "localhost", hostname, hostname + ".local"

    def cookie(self, request):
        """The cookie that came with a request, None if there was none."""
        return request.cookies.get(COOKIE)

    def user(self, request) -> bool:
        """The owner asks."""
        return self.sessions.check(self.cookie(request))

    def setup(self, request) -> str:
        """In set-up mode, the address of the page; else empty."""
        return self.page(request.client_addr)

    def before(self, request):
        """An answer if the request goes no further: (object, status, headers). None: it does."""
        return load("portal.gate").before(self, request)

    def after(self, request, answer):
        """Add the headers that every answer carries. -> the answer"""
        headers = answer.headers
        headers["Content-Security-Policy"] = _CSP
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        return answer
