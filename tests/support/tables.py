"""pytest plugin: tables that tests fill are printed at the end, whichever process made them."""

import pytest

_TABLES = pytest.StashKey[list]()


def keep(config, name: str, lines: list) -> None:
    """Have lines printed at the end of the run, under a name."""
    config.stash.setdefault(_TABLES, []).append((name, [str(line) for line in lines]))


def pytest_sessionfinish(session):
    """A process of several hands its tables to the one that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["tables"] = session.config.stash.get(_TABLES, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """A process has ended; one that crashed has no output."""
    for name, lines in getattr(node, "workeroutput", {}).get("tables", []):
        keep(node.config, name, lines)


def pytest_terminal_summary(terminalreporter, config):
    """Print them all."""
    for name, lines in sorted(config.stash.get(_TABLES, [])):
        if lines:
            terminalreporter.section(name, sep="-")
            for line in lines:
                terminalreporter.line(line)
