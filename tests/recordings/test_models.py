"""Every shared recording: the model at its end, against models/*.json, which follow from the last
groups of the recording and the documents. Serial numbers are other people's, and are not in them.
"""

import json

import pytest

from tests.support.recordings import ROOT, recordings

MODELS = ROOT / "tests/recordings/models"
IDENTIFIERS = {"serial", "prm"}


def model(run_mpy, path, runtime) -> dict:
    """What `MODEL=1 make decode` prints."""
    done = run_mpy(ROOT / "tools/decode.py", "--model", path, runtime=runtime)
    assert not done.stderr
    assert done.stdout.count("\n") == 1
    pairs = json.loads(done.stdout, object_pairs_hook=list)
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), "a key was written twice"
    return dict(pairs)


@pytest.mark.parametrize("runtime", ["unix64", "unix32"])
@pytest.mark.parametrize("path", recordings())
def test_the_model_at_the_end(path, runtime, run_mpy):
    expected = json.loads((MODELS / f"{path.stem}.json").read_text("utf-8"))
    found = model(run_mpy, path, runtime)
    assert found == expected
    assert not IDENTIFIERS & set(found)
    assert None not in found.values()


@pytest.mark.parametrize("path", recordings())
def test_energy_by_period_is_the_whole(path):
    """Of the expected models themselves: what the periods of a Linky hold is what it withdrew."""
    expected = json.loads((MODELS / f"{path.stem}.json").read_text("utf-8"))
    if "withdrawn_wh" not in expected:
        assert expected["mode"] == "pmepmi" or "contract" not in expected
        return
    parts = [
        value for key, value in expected.items()
        if key.startswith("period_") and key.endswith("_wh")
    ]
    assert sum(parts) == expected["withdrawn_wh"]
