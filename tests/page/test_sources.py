"""The pages as they are built: their size, their words in both languages, their colours."""

import gzip
import json
import re

import pytest

from tests.support.recordings import ROOT
from tools import pages
from tools.runtime.common import SetupError

LANGUAGES = ("fr", "en")
SCRIPTS = "".join(path.read_text("utf-8") for path in sorted((ROOT / "web/js").glob("*.js")))
CSS = (ROOT / "web/app.css").read_text("utf-8")


def words(language) -> dict:
    return json.loads((ROOT / f"web/words.{language}.json").read_text("utf-8"))


def described(language) -> dict:
    return json.loads((ROOT / f"web/settings.{language}.json").read_text("utf-8"))


def settings() -> list:
    """Keys of the firmware's table."""
    table = (ROOT / "firmware/settings.txt").read_text("utf-8")
    return [line.split()[0] for line in table.splitlines()]


def asked() -> tuple:
    """(keys that the scripts ask for, patterns of those that they put together)"""
    whole, patterns = set(), set()
    for call in re.findall(r"\b(?:t|has)\((.*?)\)", SCRIPTS):
        for text in re.findall(r'"([\w.]+)"', call):
            whole.add(text)
        for text in re.findall(r"`([^`]+)`", call):
            patterns.add(re.sub(r"\\\$\\\{.*?\\\}", "[^.]+", re.escape(text)))
    return whole, patterns


def test_it_is_built_the_same_each_time(tmp_path):
    sizes = [pages.build(out=tmp_path / name) for name in ("one", "two")]
    assert sizes[0] == sizes[1]
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["app.css.gz", "app.js.gz", "en.json.gz", "fr.json.gz", "index.html.gz",
                     "manifest.json", "updating.html.gz"]
    for name in names:
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert one == two
        if name.endswith(".gz"):
            assert one[4:8] == bytes(4) and not one[3]  # neither a time nor a name
            assert gzip.decompress(one)


def test_all_of_it_is_small(tmp_path, monkeypatch):
    sizes = pages.build(out=tmp_path)
    assert sum(sizes.values()) <= 60 * 1024, sizes
    on_disk = {path.name[:-3]: path.stat().st_size for path in tmp_path.glob("*.gz")}
    assert sizes == on_disk
    monkeypatch.setattr(pages, "LIMIT", 20_000)
    with pytest.raises(SetupError, match="of 20000"):
        pages.build(out=tmp_path)


def test_a_page_names_its_files_by_what_is_in_them():
    before = pages.sources()
    page = before["index.html"]
    assert len(re.findall(r"/app\.(?:css|js)\?v=[0-9a-f]{8}\"", page)) == 2
    assert f'"{pages.version(before["fr.json"])}"' in before["app.js"]


def test_what_is_left_out_changes_nothing():
    files = pages.sources()
    style, script = files["app.css"], files["app.js"]
    assert '{content:"! "}' in style and "  " not in re.sub(r'"[^"]*"', "", style)
    assert style.count("{") == CSS.count("{") == style.count("}")
    assert pages._close('a :is(b, c) { d: e; f: "; {" }') == 'a :is(b,c){d:e;f:"; {"}'
    assert not re.search(r"(?<!:)//[^/\"\n]*$", script, re.MULTILINE)
    plain = pages._plain('  a(1,  // one\n    "x // y");\n// b\nc();\n', pages._COMMENT)
    assert pages._joined(plain) == 'a(1,"x // y");c();'


def test_nothing_is_inline_or_from_elsewhere():
    files = pages.sources()
    page = files["index.html"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/)", page)
    for text in files.values():
        assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\b|new Function", SCRIPTS)
    assert not re.search(r"setAttribute\(\s*[\"']style|\bstyle:", SCRIPTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_is_asked_for_exists(language):
    known = set(words(language))
    whole, patterns = asked()
    assert len(whole) > 150 and len(patterns) > 10
    texts = {"open", "wheel"}  # what stands in such a call without being a key
    assert {key for key in whole if "." in key or key in known or key in texts} <= known | texts
    missing = {key for key in whole if key not in known}
    # Words that a condition compares with: no keys of ours.
    assert missing <= {"month", "year", "day", "hour", "up", "silent", "searching", "new"}, missing
    for pattern in patterns:
        assert any(re.fullmatch(pattern, key) for key in known), pattern


def test_every_word_is_asked_for():
    whole, patterns = asked()
    pages_ = re.findall(r"^  (\w+): \"M", SCRIPTS, re.MULTILINE)
    for key in words("en"):
        known = key in whole or key in pages_ or key in ("wall", "setup")
        assert known or any(re.fullmatch(pattern, key) for pattern in patterns), key


def test_both_languages_have_the_same_words():
    french, english = words("fr"), words("en")
    assert list(french) == list(english)
    for key, text in french.items():
        assert text and english[key], key
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), key
        assert text.count("|") == english[key].count("|"), key


def test_french_keeps_its_marks_on_the_line():
    for key, text in {**words("fr"), **dict(enumerate(sum(described("fr")["settings"].values(),
                                                           [])))}.items():
        assert not re.search(r" [:;?!»]|« |'", text), (key, text)


@pytest.mark.parametrize("path", sorted((ROOT / "web").glob("*.json")), ids=lambda path: path.name)
def test_no_key_stands_twice(path):
    def once(pairs):
        keys = [key for key, _ in pairs]
        assert len(set(keys)) == len(keys), {key for key in keys if keys.count(key) > 1}
        return dict(pairs)

    assert json.loads(path.read_text("utf-8"), object_pairs_hook=once)


def test_the_words_that_are_fetched_later_find_their_keys():
    files = pages.sources()
    keys = json.loads(re.search(r"^const KEYS = (.*);$", files["app.js"], re.MULTILINE)[1])
    names = sum((one["keys"] + one.get("more", []) for one in keys["sections"]), [])
    for language in LANGUAGES:
        later, told = json.loads(files[f"{language}.json"]), described(language)
        assert dict(zip(names, later["settings"], strict=True)) == told["settings"]
        labels = json.loads((ROOT / f"web/labels.{language}.json").read_text("utf-8"))["labels"]
        for (label, group, modes), meaning in zip(keys["labels"], later["labels"], strict=True):
            assert labels[label] == [group, meaning] and modes, label
        for kept, ours, one in zip(keys["sections"], later["sections"], told["sections"],
                                   strict=True):
            assert {**kept, **ours} == one


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_has_a_name_a_help_and_one_place(language):
    told = described(language)
    assert set(told["settings"]) == set(settings())
    for key, (name, help_) in told["settings"].items():
        assert name[0].isupper() or name[0].isdigit(), key
        assert help_.endswith((".", "…")), key
    placed = [key for one in told["sections"] for key in one["keys"] + one.get("more", [])]
    assert sorted(placed) == sorted(settings())
    for section in told["sections"]:
        assert section["name"] and section["about"]


def test_both_languages_describe_the_same_settings():
    french, english = described("fr"), described("en")
    for one, other in zip(french["sections"], english["sections"], strict=True):
        assert {**one, "name": "", "about": ""} == {**other, "name": "", "about": ""}
    assert list(french["settings"]) == list(english["settings"])


def colours() -> list:
    """The two sets of colours: light, dark."""
    light, dark = (re.search(pattern, CSS, re.DOTALL).group(1) for pattern in (
        r":root \{(.*?)\n\}", r"scheme: dark\) \{\s+:root \{(.*?)\n  \}"))
    sets = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", text)) for text in (light, dark)]
    return [sets[0], {**sets[0], **sets[1]}]


def luminance(colour) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[at:at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4
                        for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out(scheme):
    known = colours()[scheme]
    pairs = [("on-accent", "accent"), ("card", "alarm"), ("paper", "ink")]
    for text in ("ink", "soft", "accent", "calm", "warm", "alarm", "inject"):
        pairs += [(text, ground) for ground in ("paper", "card")]
    pairs += [("soft", "faint"), ("ink", "tint"), ("soft", "tint")]
    for text, ground in pairs:
        high, low = sorted((luminance(known[text]), luminance(known[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)
