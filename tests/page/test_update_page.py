"""The page of updates: a file is sent, the gateway comes back with the new version."""

import re

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
