"""The browser of the tests of the pages: Debian's Chromium, driven by playwright."""

from pathlib import Path

import pytest

from tests.page.visitor import CHROMIUM, FLAGS, House, Visitor


@pytest.fixture(scope="session")
def browser():
    """Chromium. It is no reason to skip when there is none: the pages would go untested."""
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing: apt-get install chromium"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def house(tmp_path):
    """Start a gateway with its simulated meter; it ends with the test."""
    houses = []

    def start(**variables):
        houses.append(House(tmp_path, **variables))
        return houses[-1]

    yield start
    for one in houses:
        one.close()


@pytest.fixture
def visit(browser):
    """Open a gateway's page; at the end nothing may have gone wrong in it."""
    visitors = []

    def start(house, width=390, language="fr", **options):
        visitors.append(Visitor(browser, house.address, width, language, **options))
        return visitors[-1]

    yield start
    for visitor in visitors:
        visitor.leave()
