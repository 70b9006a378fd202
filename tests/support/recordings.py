"""Where the shared recordings are. They are other people's: read in place, never copied."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT.parent / "shared" / "captures"


def recordings() -> list:
    """A pytest parameter for each recording; where there is none, one that skips and says why."""
    found = sorted(CAPTURES.glob("*.tic"))
    if found:
        return [pytest.param(path, id=path.stem) for path in found]
    reason = "no shared recordings beside the checkout (../shared/captures)"
    return [pytest.param(None, id="none", marks=pytest.mark.skip(reason=reason))]
