"""The page of updates: a file is sent, the gateway comes back with the new version."""

import http.client
import json
import re

from tests.page.test_browser import live
from tests.page.visitor import PASSWORD, said
from tools import dist
from tools.runtime import ROOT

OLD = re.search(r'"(.*)"', (ROOT / "firmware/__init__.py").read_text().splitlines()[-1])[1]


def test_a_file_is_sent_and_the_new_version_answers(house, visit, tmp_path):
    older = dist.build("simulator", version="0.0.1", out=tmp_path)
    newer = dist.build("simulator", version="0.9.0", out=tmp_path)
    visitor = visit(house(TICGATE_MINUTE="2", STATE=str(tmp_path / "state")), 390, "fr")
    page = visitor.page
    assert visitor.ask("password", {"new": PASSWORD})[0] == 200
    visitor.open("settings/update")
    page.get_by_text(visitor.word("update.now", version=OLD)).wait_for()
    visitor.press("update.send")
    page.get_by_text(visitor.word("update.choose")).wait_for()
    page.locator("#bundle").set_input_files(str(ROOT / "README.md"))
    visitor.press("update.send")
    page.get_by_text(said("this is no update of this gateway", "fr")).wait_for()
    visitor.shot("settings-update")
    visitor.sound()
    page.locator("#bundle").set_input_files(str(older))
    visitor.press("update.send")
    page.get_by_text(visitor.word("update.older")).wait_for()
    page.locator("dialog[open]").get_by_role("button", name=visitor.word("cancel")).click()
    page.locator("#bundle").set_input_files(str(newer))
    visitor.press("update.send")
    words = visitor.word("update.trial", version="0.9.0")
    page.get_by_text(words).or_(page.get_by_text(visitor.word("update.now", version="0.9.0"))
                                ).first.wait_for()
    assert visitor.ask("update")[1]["slot"] == "a"
    assert visitor.ask("session")[1]["user"] is True
    visitor.shot("settings-updated")


class Sender:
    """Somebody else who sends an update from the network, half of it; until close()."""

    def __init__(self, address, bundle):
        self._host = address.split("/")[2]
        client = self._client()
        client.request("POST", "/api/login", json.dumps({"password": PASSWORD}),
                       {"Content-Type": "application/json"})
        answer = client.getresponse()
        token = json.loads(answer.read())["token"]
        self._client = client = self._client()
        client.putrequest("POST", "/api/update")
        client.putheader("Cookie", answer.getheader("Set-Cookie").partition(";")[0])
        client.putheader("X-Token", token)
        client.putheader("Content-Length", len(bundle))
        client.endheaders(bundle[: len(bundle) // 2])

    def _client(self):
        return http.client.HTTPConnection(self._host, timeout=30)

    def close(self):
        self._client.close()


def test_the_pages_of_others_wait_for_it_and_come_back(house, visit, tmp_path):
    bundle = dist.build("simulator", version="0.9.0", out=tmp_path).read_bytes()
    visitor = visit(house(STATE=str(tmp_path / "state")), 390, "fr")
    page = visitor.page
    assert visitor.ask("password", {"new": PASSWORD})[0] == 200
    live(visitor)
    with page.expect_response(_feed(503)):
        sender = Sender(visitor.address, bundle)  # the feed is cut, and cannot be had again
    visitor.open("health")
    going = visitor.word("update.going", percent="").partition("(")[0]
    page.get_by_text(going).first.wait_for()
    visitor.shot("updating")
    visitor.sound()
    with page.expect_response(_feed(503)):
        visitor.open("now")
    with page.expect_response(_feed(200)):  # without a hand
        sender.close()
    live(visitor)


def _feed(status):
    """Whether an answer is that of the live feed, with this status."""
    return lambda answer: answer.url.endswith("/api/live") and answer.status == status
