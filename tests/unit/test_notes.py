"""What is kept for the next start."""

import os

from firmware.notes import Notes

_PATH = "unit-notes.json"


def _wrote(text):
    with open(_PATH, "w") as file:
        file.write(text)


def test_notes_last_and_only_whole_ones_count():
    try:
        os.remove(_PATH)
    except OSError:
        pass
    notes = Notes(_PATH)
    assert notes.load() == {}
    notes.save({"known": {"1": "HEURE CREUSE"}, "days": {}})
    assert Notes(_PATH).load() == {"known": {"1": "HEURE CREUSE"}, "days": {}}
    with open(_PATH) as file:
        whole = file.read()
    for n in range(len(whole)):
        _wrote(whole[:n])
        assert notes.load() == {}, n
    for text in ("[1]\n", "7\n", "null\n", "\0" * 40, "{\n"):
        _wrote(text)
        assert notes.load() == {}, text
    assert notes.error is None


def test_a_flash_that_refuses_is_told():
    notes = Notes("no-such-folder/notes.json")
    notes.save({})
    assert notes.error is not None and notes.load() == {}
