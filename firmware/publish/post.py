"""Readings as JSON by HTTP POST, to an address of the owner's, over upload.py.

A reading is the object of the topic `meter`, or `frame`, with its time and who sends it in front.
One object a request; with post_batch above 1 a list of objects. When the answer to a request
was lost it is sent again: who counts can tell by `device` and `time`.
"""

import json

from firmware.link.clock import calendar
from firmware.publish.payload import Full, Writer
from firmware.publish.upload import Upload
from firmware.rarely import load


class Post(Upload):
    """device: a member; books: the meter understood (books.py), or None. The rest: see Upload."""

    def __init__(self, settings, device, books, *rest):
        batch = settings["post_batch"]
        super().__init__(batch, *rest)
        self._books = books if settings["post_body"] == "meter" else None
        self._size = 1024  # bytes, of a reading
        self.most = batch
        if batch > 1:
            self.edges = b"[", b",", b"]"
        address = load("publish.address")
        *server, path = address.parts(settings["post_url"])
        self.server = tuple(server)
        self.secret = settings["post_token"].encode()
        name = settings["post_header"]
        # What is usual there, for who gives the bare token.
        bare = self.secret and name.lower() == "authorization" and b" " not in self.secret
        credentials = b"Bearer " + self.secret if bare else self.secret
        self.head = address.head(
            self.server, path or "/", b"application/json", credentials, name.encode()
        )
        who = {"device": device, "site": settings["site"]}
        if not settings["site"]:
            who.pop("site")
        self._who = json.dumps(who)[:-1].encode() + b","

    def reading(self, now):
        """An object without its time."""
        while True:
            writer = Writer(bytearray(self._size))
            try:
                if self._books:
                    done = self._books.write(b"meter", writer, self._who, self._policy.shown)
                else:
                    done = writer.frame(self._store, self._policy, now, self._who)
                return memoryview(writer.buffer)[: writer.at] if done else None
            except Full:
                self._size += 512

    def dated(self, body, utc):
        """ISO 8601, UTC."""
        return b'{"time":"%04d-%02d-%02dT%02d:%02d:%02dZ",' % calendar(utc)[:6], body[1:]

    def takes(self, status):
        """Any success."""
        return 200 <= status < 300

    def meaning(self, status):
        """Nothing is known of a server of the owner's."""
        return ""
