"""A browser on the pages of a gateway, and what must hold on every one of them."""

import json
import re
import time
import uuid
from pathlib import Path

from playwright.sync_api import Error

from tests.support.recordings import ROOT
from tests.support.sim_run import Run

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
SHOTS = ROOT / ".cache/screenshots"
PATIENCE = 30_000  # ms
PASSWORD = "garage-2026"
LOCALES = {"fr": "fr-FR", "en": "en-GB"}

# What a page of ours may log: the browser's own line about an answer that we expect.
_EXPECTED = re.compile(r"Failed to load resource: .*(40[0139]|429|50[23]|ERR_|\(\))")


def words(language) -> dict:
    return json.loads((ROOT / f"web/words.{language}.json").read_text("utf-8"))


def said(words, language) -> str:
    """What the gateway says, as the pages put it."""
    told = json.loads((ROOT / "web/said.fr.json").read_text("utf-8"))
    return told[words] if language == "fr" else words


class House:
    """A conductor with its page. `address`: http://127.0.0.1:PORT/"""

    def __init__(self, folder, **variables):
        # The radio's moods come from the environment, and belong to this run alone.
        self.run = Run(uuid.uuid4().hex, TMPDIR=str(folder), **variables)
        try:
            self.address = self.run.until(r"page: (http://127\.0\.0\.1:\d+/)")[1]
            self.run.until(r"reading \w+ at \d+ baud")
        except BaseException:
            self.run.clean()
            raise

    def close(self) -> None:
        self.run.end()
        self.run.clean()


class Visitor:
    """A person with a screen of some width and a language. `faults`: what must not happen."""

    def __init__(self, browser, address, width, language, scheme="light", path=""):
        self.address, self.width, self.language = address, width, language
        self.words = words(language)
        self.context = browser.new_context(
            viewport={"width": width, "height": 844 if width < 900 else 860},
            locale=LOCALES[language], color_scheme=scheme, reduced_motion="reduce")
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.faults, self.requests = [], []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address + path)

    def _said(self, message):
        if message.type in ("error", "warning") and not _EXPECTED.match(message.text):
            self.faults.append(f"{message.type}: {message.text}")

    def word(self, key, **values) -> str:
        text = self.words[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def open(self, name) -> None:
        """Another of our pages."""
        self.page.goto(f"{self.address}#{name}")
        self.until(f"document.querySelector('main').className === 'page-{name.split('/')[0]}'")

    def until(self, script) -> None:
        """Wait until an expression is true. (wait_for_function() is refused by our CSP.)"""
        deadline = time.monotonic() + PATIENCE / 1000
        while not self._true(script):
            assert time.monotonic() < deadline, f"never: {script}"
            self.page.wait_for_timeout(50)

    def _true(self, script) -> bool:
        try:
            return self.page.evaluate(f"() => Boolean({script})")
        except Error as error:
            if "context was destroyed" not in str(error):
                raise
            return False  # another page is on its way

    def press(self, key, **options) -> None:
        self.page.get_by_role("button", name=self.word(key), exact=True, **options).click()

    def password(self, text) -> None:
        """Answer the dialogue that asks for it."""
        self.page.locator("dialog[open] input").fill(text)
        self.page.locator("dialog[open] button.main").click()

    def ask(self, path, body=None):
        """(status, object) of the API, as the page asks it."""
        script = """async ([path, body]) => {
            const session = await (await fetch("/api/session")).json();
            const answer = await fetch("/api/" + path, body === null ? {} : {method: "POST",
                headers: {"Content-Type": "application/json", "X-Token": session.token || ""},
                body: JSON.stringify(body)});
            return [answer.status, await answer.json()];
        }"""
        return self.page.evaluate(script, [path, body])

    def shot(self, name) -> Path:
        """Keep a picture of the whole page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}-{self.width}-{self.language}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def sound(self) -> None:
        """Nothing is wider than the screen, too small for a finger, or without a name."""
        wrong = self.page.evaluate("""() => {
            const wrong = [];
            const wide = document.documentElement.scrollWidth;
            if (wide > innerWidth) wrong.push(`the page is ${wide} wide`);
            for (const node of document.querySelectorAll("a, button, input, select, summary")) {
                if (!node.checkVisibility() || node.matches(".skip")) continue;
                const label = (node.labels && node.labels[0]) || null;
                const name = node.getAttribute("aria-label") || node.textContent.trim()
                    || (label && label.textContent.trim());
                const boxes = [node, label, node.parentNode].filter(Boolean)
                    .map((one) => one.getBoundingClientRect());
                if (!name) wrong.push(`no name: ${node.outerHTML.slice(0, 90)}`);
                const tall = node.matches("button, select, nav a, .button, summary")
                    ? boxes[0].height : Math.max(...boxes.map((box) => box.height));
                if (tall < 43.5 && !node.matches("p a, dl a")) {
                    wrong.push(`${tall} high: ${node.outerHTML.slice(0, 90)}`);
                }
            }
            if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
            const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
            if (new Set(ids).size !== ids.length) wrong.push("an id twice");
            return wrong;
        }""")
        assert not wrong, wrong

    def leave(self) -> None:
        """Go; nothing must have gone wrong."""
        self.context.close()
        assert not self.faults, self.faults
