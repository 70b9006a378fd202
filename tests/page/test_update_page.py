"""The page of updates: a file is sent, the gateway comes back with the new version."""

import http.server
import re
import threading

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
    why = said("this is no update of this gateway", "fr")
    page.get_by_text(why, exact=True).wait_for()
    page.get_by_text(visitor.word("update.refused", words=why)).wait_for()
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


def _feed(status):
    """Whether an answer is that of the live feed, with this status."""
    return lambda answer: answer.url.endswith("/api/live") and answer.status == status


class Shop(http.server.ThreadingHTTPServer):
    """A web server with a bundle, of which it sends half, and the rest when `paid`; `sells`: it
    does that, and does not close the connection.
    """

    def __init__(self, bundle):
        super().__init__(("127.0.0.1", 0), _Seller)
        self.bundle, self.paid, self.sells = bundle, threading.Event(), True
        self.url = f"http://127.0.0.1:{self.server_port}/new.bundle"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.paid.set()
        self.shutdown()
        self.server_close()


class _Seller(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        """The bundle; who looks at its beginning goes away."""
        bundle = self.server.bundle
        self.send_response(200)
        self.send_header("Content-Length", str(len(bundle)))
        self.end_headers()
        half = len(bundle) // 2
        try:
            self.wfile.write(bundle[:half])
            self.server.paid.wait(60)
            if self.server.sells:
                self.wfile.write(bundle[half:])
        except OSError:
            pass

    def log_message(self, *_):
        """Nothing to say."""


def test_all_see_how_far_it_is_and_what_becomes_of_it(house, visit, tmp_path):
    bundle = dist.build("simulator", version="0.9.0", out=tmp_path).read_bytes()
    owner = visit(house(TICGATE_MINUTE="2", STATE=str(tmp_path / "state")), 390, "fr")
    page = owner.page
    with Shop(bundle) as shop:
        assert owner.ask("password", {"new": PASSWORD})[0] == 200
        assert owner.ask("config", {"update_url": shop.url})[0] == 200
        other = visit(owner, 390, "en")
        live(other)
        owner.open("settings/update")
        owner.press("update.look")
        install = page.get_by_role("button", name=owner.word("update.fetch", version="0.9.0"))
        with other.page.expect_response(_feed(503)):
            # Its feed is cut, and cannot be had again when it asks, in some seconds.
            install.click()
            far = page.get_by_text(re.compile(r"^ [3-6]\d\xa0%$"))
            far.wait_for()
            owner.shot("settings-updating")
            owner.sound()
            newcomer = visit(owner, 1280, "en", path="#health")
        other.page.goto(f"{owner.address}#history")
        for one in (newcomer, other):
            for words in ("Une mise à jour s’installe", "An update is being installed"):
                one.page.get_by_text(words).wait_for()
            one.page.get_by_text(re.compile(r"^[3-6]\d %$")).wait_for()
            one.shot("updating")
            one.sound()
        shop.sells = False
        shop.paid.set()
        why = owner.word("update.refused", words=said("the server closed the connection", "fr"))
        page.get_by_text(why).wait_for()
        assert not far.is_visible()
        owner.shot("settings-refused")
        for one, name in (newcomer, "health"), (other, "history"):  # without a hand
            one.page.get_by_role("heading", name=one.word(name), level=1).wait_for()
        shop.sells = True
        install.click()
        words = owner.word("update.trial", version="0.9.0")
        page.get_by_text(words).or_(page.get_by_text(owner.word("update.now", version="0.9.0"))
                                    ).first.wait_for()
        assert owner.ask("update")[1]["refused"] == ""
