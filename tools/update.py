"""`make update`: a new version for a gateway in the network.

    HOST=winky-1a2b3c.local    the gateway, host or host:port
    PASSWORD=...               of its page (asked for if it is not given)
    FILE=x.bundle              the bundle; without one it is made, for the board that is there
    KEY= VERSION=              as of make dist, if it is made
    CONFIRM="older unsigned"   what is to be taken all the same

Logs in, sends the file, and watches until the new version has proven itself, or has gone back.
"""

import getpass
import http.client
import json
import os
import sys
import time
from pathlib import Path

from tools import dist, slot
from tools.runtime.common import SetupError

_ANSWER = 60  # s for an answer
_AGAIN = 180  # s until a gateway that restarts answers
_LOOK = 2  # s
_PIECE = 4096


class Failed(Exception):
    """Why it did not work, in words."""


class Gateway:
    """The API of a gateway, for its owner."""

    def __init__(self, host: str):
        self._host = host.removeprefix("http://").rstrip("/")
        self._headers = {}

    def ask(self, method: str, path: str, body=None, kind="application/json") -> dict:
        """The answer's object; Failed with its words, OSError if there is none."""
        client = http.client.HTTPConnection(self._host, timeout=_ANSWER)
        try:
            headers = dict(self._headers, **({"Content-Type": kind} if body is not None else {}))
            client.request(method, path, body, headers)
            answer = client.getresponse()
            told = json.loads(answer.read() or b"{}")
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"no answer that makes sense: {error}") from None
        finally:
            client.close()
        if answer.status != 200:
            words = told.get("error", f"status {answer.status}")
            if told.get("confirm"):
                words += f'; CONFIRM={told["confirm"]} takes it all the same'
            raise Failed(f"{self._host}: {words}")
        cookie = answer.getheader("Set-Cookie")
        if cookie:
            self._headers = {"Cookie": cookie.partition(";")[0], "X-Token": told["token"]}
        return told

    def login(self, password: str) -> None:
        """Be the owner."""
        self.ask("POST", "/api/login", json.dumps({"password": password}))

    def send(self, bundle: Path, confirmed: list) -> dict:
        """Send a bundle, with a line of progress."""
        size = bundle.stat().st_size

        def pieces():
            sent = 0
            with bundle.open("rb") as file:
                while piece := file.read(_PIECE):
                    yield piece
                    sent += len(piece)
                    print(f"\r{sent * 100 // size:3} % of {size} bytes", end="", flush=True)
            print()

        self._headers["Content-Length"] = str(size)
        try:
            asked = "&".join(f"{word}=1" for word in confirmed)
            return self.ask("POST", f"/api/update?{asked}", pieces(), "application/octet-stream")
        finally:
            del self._headers["Content-Length"]

    def watch(self, version: str) -> None:
        """Until the new version has proven itself; Failed if it has not."""
        told, until = "", time.monotonic() + _AGAIN
        while time.monotonic() < until:
            time.sleep(_LOOK)
            try:
                state = self.ask("GET", "/api/update")
            except OSError:
                continue
            if state.get("went_back") == version:
                raise Failed(f"version {version} did not work: the gateway went back to "
                             f"{state['version']}")
            words = f"version {state['version']} answers"
            if state["version"] == version:
                if state["good"]:
                    print(f"{words}, and stays")
                    return
                words += ", and is being tried"
                until = time.monotonic() + _AGAIN
            if words != told:
                told = words
                print(words, flush=True)
        raise Failed("the gateway does not answer any more")


def bundle_for(family: str, wanted: dict) -> Path:
    """Make a bundle for the chip that a gateway says it has."""
    for name, (_, chips) in slot.FAMILIES.items():
        if family in chips.split():
            key = Path(wanted["KEY"]).expanduser() if wanted.get("KEY") else None
            return dist.build(name, key, wanted.get("VERSION") or "")
    raise Failed(f"no bundle can be made for {family}")


def main() -> int:
    """The command."""
    wanted = os.environ
    host = wanted.get("HOST")
    if not host:
        print("make update HOST=winky-1a2b3c.local [PASSWORD=...] [FILE=x.bundle]",
              file=sys.stderr)
        return 2
    try:
        gateway = Gateway(host)
        there = gateway.ask("GET", "/api/update")
        print(f"{host} runs {there['version']} on {there['family']}")
        bundle = Path(wanted["FILE"]) if wanted.get("FILE") else bundle_for(
            there["family"], wanted)
        gateway.login(wanted.get("PASSWORD") or getpass.getpass("password of the page: "))
        told = gateway.send(bundle, (wanted.get("CONFIRM") or "").split())
        print(f"version {told['version']} is there, the gateway restarts", flush=True)
        gateway.watch(told["version"])
    except (Failed, SetupError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{host}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
