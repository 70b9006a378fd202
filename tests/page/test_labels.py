"""web/labels.*.json: what each label means, in French and in English.

The files are read by the browser whole, and on the board line by line: one label on each line.
"""

import ast
import json

import pytest

from tests.support.recordings import ROOT

LANGUAGES = ("fr", "en")


def catalogue() -> set:
    """Labels of the firmware's catalogue: the first words of the lines of its tables."""
    labels = set()
    for path in (ROOT / "firmware/tic").glob("labels_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
                lines = [line.split() for line in node.value.splitlines()]
                labels.update(line[0].decode() for line in lines if len(line) > 1)
    return labels


def load(language) -> dict:
    return json.loads((ROOT / f"web/labels.{language}.json").read_text("utf-8"))


def test_the_catalogue_is_read():
    labels = catalogue()
    assert {"ADCO", "PPOT", "ADSC", "SMAXSN3-1", "SINST1", "ADS", "EaP-1_s2"} <= labels
    assert len(labels) > 150


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_has_a_meaning(language):
    words = load(language)["labels"]
    assert catalogue() <= set(words), catalogue() - set(words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_has_a_group_that_has_a_name(language):
    words = load(language)
    assert {group for group, _ in words["labels"].values()} == set(words["groups"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_meaning_is_a_phrase_without_its_unit(language):
    for label, (_, meaning) in load(language)["labels"].items():
        assert meaning[0].isupper() and meaning == meaning.strip() and meaning[-1] != ".", label
        assert not {"Wh", "kWh", "VA", "kVA", "varh"} & set(meaning.split()), label


def test_both_languages_say_the_same_things():
    french, english = (load(language) for language in LANGUAGES)
    assert list(french["groups"]) == list(english["groups"])
    assert list(french["labels"]) == list(english["labels"])
    for label, (group, meaning) in french["labels"].items():
        assert english["labels"][label][0] == group
        # Words that are the same in both languages are few: a forgotten translation shows.
        assert english["labels"][label][1] != meaning, label


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_of_lines_finds_each_label(language):
    lines = (ROOT / f"web/labels.{language}.json").read_text("utf-8").splitlines()
    for label, entry in load(language)["labels"].items():
        (line,) = [line for line in lines if line.startswith(f'"{label}":[')]
        assert json.loads("{" + line.rstrip(",") + "}") == {label: entry}
