"""Shared by the tests against real servers and clients."""

import pytest

from tests.support import tables


@pytest.fixture(scope="module")
def table(request):
    """Lines that are printed at the end of the run."""
    lines = []
    yield lines
    tables.keep(request.config, request.node.name, lines)
