"""Shared by the tests against real servers and clients."""

import pytest


@pytest.fixture(scope="module")
def table(request):
    """Lines that are printed at the end of the module, captured or not."""
    lines = []
    yield lines
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print()
        for line in lines:
            print(line)
