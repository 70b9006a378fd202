"""For the tests of the portal: a gateway of stand-ins, and requests without a socket."""

import io
import json

from fake_store import FakeStore
from microdot import Request

from firmware.config import Config
from firmware.portal import app as module

HOST = "192.168.4.1"


class Sessions:
    """Sessions with one password, which cost no time."""

    def __init__(self):
        self.set = True
        self.password = "long enough"
        self.error = None
        self.out = []

    async def login(self, password):
        await self.verify(password)
        return "c" * 32, "t" * 32

    async def verify(self, password):
        if self.error:
            raise self.error
        if password != self.password:
            raise ValueError("wrong password")

    async def choose(self, new, old=None):
        if self.set:
            await self.verify(old)
        if not isinstance(new, str) or len(new) < 8:
            raise ValueError("a password has 8 characters or more")
        self.password, self.set = new, True
        return "c" * 32, "t" * 32

    def logout(self, cookie):
        self.out.append(cookie)

    def token(self, cookie):
        return cookie.replace("c", "t")


class Guard:
    """Lets everybody in."""

    protected = False
    asked = refusal = None

    def __init__(self):
        self.sessions = Sessions()
        self.owner = True

    def before(self, request):
        self.asked = request.path
        return self.refusal

    def after(self, request, answer):
        answer.headers["X-Seen"] = "yes"
        return answer

    def user(self, request):
        return self.owner

    def setup(self, request):
        return "http://192.168.4.1/"

    def cookie(self, request):
        return "c" * 32


class Store(FakeStore):
    """A store of labels that the test puts: label, value, horodate, kind, unit."""

    def __init__(self, mode=2):
        super().__init__()
        self.mode = mode
        self.counters.counts = {
            "bytes": 1000, "frames": 7, "frames_cut": 1, "groups": 90, "checksum": 2}
        self.old = 300  # ms

    def put(self, label, value, horodate=None, kind="P", unit=b""):
        super().put(label, value, horodate, ord(kind), unit)

    def age(self, slot, now):
        return self.old


class Mqtt:
    connected, accepted = True, 12

    def status(self):
        return {"connected": True, "accepted": 12, "error": ""}


class Gateway:
    """What the handlers ask the gateway for."""

    device = "winky-0a01ff"
    clock = books = link = joining = log = mqtt = find = None
    uploads = ()

    def __init__(self, path="portal.json"):
        self.path = path
        self.store = Store()
        self.events = []
        self.done = []

    def config(self):
        return Config(self.path).load()

    def facts(self):
        yield "version", "0.1.0"
        yield "board", "winky_c6"
        yield "uptime", 100
        yield "reset", "power_on"
        yield "tic", {"state": "reading"}
        yield "memory", {"heap_used": 1000}
        yield "tasks", {"source": {"failures": 1, "error": "x", "idle": 0}}

    def restart(self):
        self.done.append("restart")

    def factory(self):
        self.done.append("factory")


class Sink:
    """Where Microdot writes an answer; every piece is looked at."""

    def __init__(self):
        self.data = []
        self.longest = 0
        self._head = True
        self._room = 0

    async def awrite(self, data):
        self.longest = max(self.longest, len(data))
        if self._head:
            self.data.append(bytes(data))
            self._head = data != b"\r\n"
        elif not self._room or len(data) > self._room:
            self.data.append(bytearray(data))
            self._room = 512 - len(data)
        else:  # small ones together: each takes memory
            self.data[-1].extend(data)
            self._room -= len(data)


class Connection:
    feed = False


class Answer:
    """`status`, `headers` (lower case), `body`, `text`, `json`; `longest` of the pieces."""

    def __init__(self, sink):
        at = sink.data.index(b"\r\n")
        lines = b"".join(sink.data[:at]).decode().strip().split("\r\n")
        self.pieces = sink.data[at + 1 :]
        self.status = int(lines[0].split()[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        self.longest = sink.longest

    @property
    def body(self):
        return b"".join(self.pieces)

    @property
    def text(self):
        return self.body.decode()

    def holds(self, text):
        """Whether a text is in it; without a copy of the whole."""
        before = b""
        for piece in self.pieces:
            before = before[-len(text) :] + piece
            if text.encode() in before:
                return True
        return False

    @property
    def json(self):
        return json.load(Pieces(self.pieces))


class Pieces(io.IOBase):
    """A file of pieces: a long one may find no room as a whole."""

    def __init__(self, pieces):
        self._left = [memoryview(piece) for piece in pieces]

    def readinto(self, buffer):
        while self._left and not len(self._left[0]):
            self._left.pop(0)
        if not self._left:
            return 0
        n = min(len(buffer), len(self._left[0]))
        buffer[:n] = self._left[0][:n]
        self._left[0] = self._left[0][n:]
        return n


def make(gateway=None, guard=None):
    """The application over stand-ins."""
    gateway = gateway or Gateway()
    config = gateway.config()
    keys = ("device_name", "site", "identifiers", "page_port")
    return module.make(gateway, guard or Guard(), {key: config.get(key) for key in keys})


def request(app, method, url, body=None, headers=None):
    """A request; body: an object, or bytes as they are."""
    kept = {"Host": HOST}
    kept.update(headers or {})
    data = b""
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kept["Content-Length"] = str(len(data))
        kept["Content-Type"] = "application/json"
    connection = Connection()
    return Request(app, ("192.168.4.2", 40000), method, url, "1.0", kept, body=data,
                   sock=(connection, connection))


async def ask(app, method, url, body=None, headers=None):
    """The answer to a request."""
    asked = request(app, method, url, body, headers)
    reply = await app.dispatch_request(asked)
    sink = Sink()
    await reply.write(sink)
    return Answer(sink)


async def get(app, url, **headers):
    return await ask(app, "GET", url, None, headers)


async def post(app, url, body=None):
    return await ask(app, "POST", url, body if body is not None else {})
