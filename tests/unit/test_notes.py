"""What is kept for the next start."""

import os

from firmware import notes

_PATH = "unit-notes.json"


def _wrote(text):
    with open(_PATH, "w") as file:
        file.write(text)


def test_notes_last_and_only_whole_ones_count():
    try:
        os.remove(_PATH)
    except OSError:
        pass
    assert notes.read(_PATH) == {}
    assert not notes.write(_PATH, {"known": {"1": "HEURE CREUSE"}, "days": {}})
    assert notes.read(_PATH) == {"known": {"1": "HEURE CREUSE"}, "days": {}}
    with open(_PATH) as file:
        whole = file.read()
    for n in range(len(whole)):
        _wrote(whole[:n])
        assert notes.read(_PATH) == {}, n
    for text in ("[1]\n", "7\n", "null\n", "\0" * 40, "{\n"):
        _wrote(text)
        assert notes.read(_PATH) == {}, text


def test_a_flash_that_refuses_is_told():
    path = "no-such-folder/notes.json"
    assert isinstance(notes.write(path, {}), OSError)
    assert notes.read(path) == {}
