"""Chromium walks through the pages of a gateway that runs here, with its simulated meter."""

import re

import pytest

from tests.page.visitor import PASSWORD, House, Visitor, said

SCREENS = [(390, "fr"), (1280, "en"), (390, "en"), (1280, "fr")]
PAGES = ("now", "history/hour", "history/day", "history/month", "history/year", "health", "wall")
TEMPO = {"PHASES": "3", "PRODUCER": "1", "CONTRACT": "tempo"}

every_screen = pytest.mark.parametrize("width,language", SCREENS,
                                       ids=[f"{width}-{name}" for width, name in SCREENS])


@pytest.fixture(scope="module")
def tempo(tmp_path_factory):
    """A gateway in three phases under Tempo, whose owner has chosen a password."""
    one = House(tmp_path_factory.mktemp("tempo"), SET="model=on device_name=Garage "
                "wifi_ssid=simulated 'prices=1=0,1296 2=0,1609'", **TEMPO)
    yield one
    one.close()


@pytest.fixture(scope="module", autouse=True)
def owner(browser, tempo):
    """Who chooses the password of that gateway."""
    visitor = Visitor(browser, tempo.address, 1280, "fr")
    status, told = visitor.ask("password", {"new": PASSWORD})
    assert status == 200 and told["token"]
    visitor.leave()


def live(visitor) -> None:
    """Wait for a figure from the meter."""
    visitor.until("/\\d/.test(document.querySelector('.big')?.textContent)")


@every_screen
def test_first_contact(house, visit, width, language):
    home = house(FIRST="1", **TEMPO)
    home.run.until(r"access point: winky-1a2b3c")
    # A phone asks whether there is an internet, and is led to the page.
    visitor = visit(home, width, language, path="generate_204")
    page = visitor.page
    assert page.url.startswith(home.address) and "generate_204" not in page.url
    page.wait_for_selector(".page-setup .network")
    visitor.sound()
    visitor.shot("setup-1-network")
    page.get_by_role("radio", name=re.compile("simulated")).check()
    secret = page.get_by_label(visitor.word("wifi.password"))
    secret.fill("not-the-password")
    visitor.press("join")
    page.get_by_text(said("wrong password", language)).wait_for()
    visitor.shot("setup-1-wrong")
    secret.fill("password")
    visitor.press("join")
    page.locator(".state-line.good").wait_for()
    visitor.press("next.step")
    for text, key in (("short", "password.short"), (PASSWORD, None)):
        for field in page.locator("main input[type=password]").all():
            field.fill(text)
        visitor.shot("setup-2-password")
        visitor.press("next.step")
        if key:
            page.get_by_text(visitor.word(key)).wait_for()
    page.get_by_label(visitor.word("name.device")).fill("Grange")
    visitor.shot("setup-3-name")
    visitor.press("next.step")
    page.get_by_text(re.compile("9.600")).wait_for()
    page.locator(".value .big").wait_for()
    visitor.shot("setup-4-meter")
    visitor.press("next.step")
    page.locator("#d-mqtt_host").wait_for()
    page.get_by_label(visitor.word("model.on")).check()
    visitor.sound()
    visitor.shot("setup-5-destinations")
    visitor.press("next.step")
    visitor.shot("setup-6-done")
    visitor.press("done.restart")
    visitor.until("location.hash === '#now'")
    live(visitor)
    page.get_by_text("Grange").wait_for()
    told = {one["key"]: one["value"] for one in visitor.ask("config")[1]["settings"]}
    assert told["device_name"] == "Grange" and told["wifi_ssid"] == "simulated" and told["model"]
    assert told["wifi_password"] is True


@every_screen
def test_each_page_is_sound(tempo, visit, width, language):
    for scheme in ("light", "dark"):
        visitor = visit(tempo, width, language, scheme=scheme)
        live(visitor)
        for name in PAGES:
            visitor.open(name)
            visitor.page.wait_for_load_state("networkidle") if name in PAGES[1:5] else None
            visitor.page.wait_for_selector(".card, .board")
            visitor.page.wait_for_timeout(500)  # for the picture
            visitor.sound()
            visitor.shot(f"{name.replace('/', '-')}-{scheme}")
        visitor.page.set_viewport_size({"width": 320, "height": 640})
        for name in PAGES:
            visitor.open(name)
            visitor.page.wait_for_selector(".card, .board")
            visitor.sound()


def test_the_first_page_needs_six_requests(tempo, visit):
    visitor = visit(tempo)
    live(visitor)
    visitor.until("document.querySelector('.health')?.textContent.length > 10")
    visitor.page.wait_for_timeout(1500)
    asked = [url for url in visitor.requests if not url.endswith("/api/live")]
    assert len(asked) <= 6, asked
    again = len(visitor.requests)
    visitor.page.reload()
    live(visitor)
    kept = [url for url in visitor.requests[again:] if "?v=" in url]
    sizes = visitor.page.evaluate("performance.getEntriesByType('resource')"
                                  ".map((entry) => [entry.name, entry.transferSize])")
    assert kept and all(not size for url, size in sizes if "?v=" in url), sizes


def test_the_curve_moves(tempo, visit):
    visitor = visit(tempo)
    live(visitor)
    curve = "document.querySelector('.page-now svg.curve')"
    visitor.until(f"{curve}?.dataset.points > 3")
    before = visitor.page.evaluate(f"{curve}.querySelector('.line').getAttribute('d')")
    count = visitor.page.evaluate(f"Number({curve}.dataset.points)")
    visitor.until(f"{curve}.dataset.points > {count + 2}")
    assert visitor.page.evaluate(f"{curve}.querySelector('.line').getAttribute('d')") != before
    # The value under the finger, and under the arrow keys.
    box = visitor.page.locator(".page-now svg.curve").bounding_box()
    visitor.page.mouse.move(box["x"] + box["width"] - 4, box["y"] + 60)
    visitor.page.wait_for_selector("svg.curve .here")
    readout = visitor.page.locator(".page-now .readout")
    assert re.search(r"\d.*VA.* \d\d:\d\d", readout.inner_text())
    visitor.page.mouse.move(1, 1)
    visitor.page.locator("svg.curve").focus()
    visitor.page.keyboard.press("ArrowLeft")
    visitor.page.wait_for_selector("svg.curve .here")
    assert readout.get_attribute("aria-live") == "polite"


@every_screen
def test_expert(tempo, visit, width, language):
    visitor = visit(tempo, width, language)
    live(visitor)
    visitor.page.get_by_label(visitor.word("expert")).check()
    rows = visitor.page.locator("table.labels tbody tr")
    rows.first.wait_for()
    everything = rows.count()
    assert everything > 30
    visitor.page.get_by_label(visitor.word("labels.find")).fill("urms")
    assert rows.count() == 3 and "236" not in rows.first.locator("th").inner_text()
    assert visitor.page.locator("table.phases tbody tr").count() >= 3
    assert visitor.page.get_by_text(visitor.word("reg.cutoff")).count() == 1
    visitor.sound()
    visitor.shot("expert")


def test_the_language_can_be_switched(tempo, visit):
    visitor = visit(tempo, 390, "fr")
    live(visitor)
    assert visitor.page.locator("html").get_attribute("lang") == "fr"
    visitor.page.get_by_role("button", name="English").click()
    visitor.page.get_by_role("link", name="History").wait_for()
    assert visitor.page.locator("html").get_attribute("lang") == "en"
    visitor.page.reload()
    visitor.page.get_by_role("link", name="History").wait_for()


@pytest.mark.parametrize("width,language", SCREENS[:2])
def test_login_lock_out_and_logout(tempo, visit, width, language):
    visitor = visit(tempo, width, language, path="#settings/mqtt")
    error = visitor.page.locator("dialog .error")
    visitor.password("not the password")
    visitor.until("document.querySelector('dialog .error').textContent")
    assert error.inner_text() == visitor.word("password.wrong")
    locked = re.compile(visitor.word("wait", span=".*").replace("'", "."))
    for _ in range(8):
        visitor.password("nor this")
        visitor.until("document.querySelector('dialog .error').textContent")
        if locked.match(error.inner_text()):
            break
    assert locked.match(error.inner_text()), "never locked out"
    assert visitor.page.locator("dialog button.main").is_disabled()
    visitor.shot("locked-out")
    visitor.page.wait_for_selector("dialog button.main:enabled")
    for _ in range(8):  # what was typed while it was locked may have lengthened it
        visitor.password(PASSWORD)
        visitor.page.wait_for_selector("dialog button.main:enabled, .panel form")
        if visitor.page.locator(".panel form").count():
            break
    visitor.page.wait_for_selector(".panel form")
    assert visitor.ask("session")[1]["user"] is True
    visitor.shot("settings-mqtt")
    visitor.sound()
    visitor.press("logout")
    visitor.page.wait_for_selector(".page-now")
    assert visitor.ask("session")[1]["user"] is False
    assert visitor.ask("config", {"site": "nobody"})[0] == 401
