"""The owner's pages: web/ as the gzip files that the gateway serves, in .cache/web.

    index.html.gz app.css.gz app.js.gz     the page
    updating.html.gz                       what is in its place during an update
    fr.json.gz en.json.gz                  what it fetches later: labels and settings in words
    manifest.json                          {name: [bytes, sum]}, the sum for an ETag

web/js/*.js become one script in the order of their names; the words of the page itself
(web/words.*.json) go into it, as three lists: two objects would hold each key twice. So do the
keys of what it fetches later, of which the files of the languages have the words alone. A label
is told with the first letters of its modes. What the gateway says is English; web/said.fr.json
has it in French, see _patterns(). Comments, indentation, ends of lines that end nothing, and the
space around a style sheet's marks are left out, nothing else is changed.
zopfli packs them, a twentieth smaller than zlib does; it is in the project's venv, whose Python
does the work if this one has no zopfli. The same sources always give the same bytes.
`python3 -m tools.pages` prints the sizes.
"""

import functools
import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

from tools.runtime import CACHE, ROOT, VENV
from tools.runtime.common import SetupError

WEB = ROOT / "web"
OUT = CACHE / "web"
LIMIT = 60 * 1024  # bytes of all files together
LANGUAGES = ("fr", "en")
_BEGINNING = 10  # letters of a sentence that are enough, if no other begins so
# Of a script: a line, or what stands behind code and has no quotes.
_COMMENT = r"(?:^[ \t]*//|[ \t]+// (?=[^\"`\n]*$))[^\n]*$"
MODES = ("historique", "standard", "pmepmi")


def build(web: Path = WEB, out: Path = OUT) -> dict:
    """Write all files, those that changed only. -> {name: bytes}; SetupError above the limit."""
    out.mkdir(parents=True, exist_ok=True)
    texts = sources(web)
    before, manifest = _before(out), {}
    how = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    for name, text in texts.items():
        origin = hashlib.sha256(f"{how}{text}".encode()).hexdigest()[:12]
        manifest[name] = before.get(name)
        if not manifest[name] or manifest[name][2] != origin or not (out / f"{name}.gz").exists():
            if not importlib.util.find_spec("zopfli"):
                return _elsewhere(web, out)
            packed = pack(text.encode())
            manifest[name] = [len(packed), hashlib.sha256(packed).hexdigest()[:12], origin]
            _renew(out / f"{name}.gz", packed)
    _renew(out / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
    for path in out.iterdir():
        if path.name != "manifest.json" and path.name.removesuffix(".gz") not in manifest:
            path.unlink()
    sizes = {name: size for name, (size, _, _) in manifest.items()}
    if sum(sizes.values()) > LIMIT:
        raise SetupError(f"the pages take {sum(sizes.values())} bytes of {LIMIT}: {sizes}")
    return sizes


def _before(out: Path) -> dict:
    """What was built last: the manifest."""
    try:
        found = json.loads((out / "manifest.json").read_bytes())
        return {name: told for name, told in found.items() if len(told) == 3}
    except (OSError, ValueError):
        return {}


def _elsewhere(web: Path, out: Path) -> dict:
    """build() by the venv's Python."""
    if Path(sys.prefix) == VENV:
        raise SetupError("zopfli is missing in .cache/venv: python3 -m tools.runtime venv-run")
    done = subprocess.run([VENV / "bin/python", "-m", "tools.pages", web, out], cwd=ROOT,
                          capture_output=True, text=True)
    if done.returncode:
        raise SetupError((done.stderr or done.stdout).strip())
    return {name: size for name, (size, _, _) in _before(out).items()}


def sources(web: Path = WEB) -> dict:
    """{name: text} of what is packed."""
    read = {path.name: path.read_text("utf-8") for path in sorted(web.rglob("*.*"))}
    words = {language: json.loads(read[f"words.{language}.json"]) for language in LANGUAGES}
    scripts = [path.name for path in sorted((web / "js").glob("*.js"))]
    files = {
        "app.css": _close(_plain(read["app.css"], r"/\*.*?\*/")),
    }
    for language in LANGUAGES:
        told = json.loads(read[f"labels.{language}.json"])
        told.update(json.loads(read[f"settings.{language}.json"]))
        named, later = _parted(told)
        if f"said.{language}.json" in read:
            later["said"] = _patterns(json.loads(read[f"said.{language}.json"]))
        files[f"{language}.json"] = _json(later)
    versions = {language: version(files[f"{language}.json"]) for language in LANGUAGES}
    script = "".join(_joined(_plain(read[name], _COMMENT)) for name in scripts)
    keys = sorted(words[LANGUAGES[0]])
    lists = _json([keys, *[[words[one].get(key) for key in keys] for one in LANGUAGES]])
    files["app.js"] = (f'"use strict";(() => {{\nconst WORDS = (([keys, ...all]) => '
                       f"Object.fromEntries({_json(LANGUAGES)}.map((one, n) => [one, "
                       f"Object.fromEntries(keys.map((key, at) => [key, all[n][at]]))])))"
                       f"({lists});\n"
                       f"const VERSION = {_json(versions)};\nconst KEYS = {_json(named)};\n"
                       f"{script}}})();\n")
    page, updating = (
        _plain(read[name], r"<!--.*?-->") for name in ("index.html", "updating.html"))
    for name in ("app.css", "app.js"):
        page = page.replace(f'"/{name}"', f'"/{name}?v={version(files[name])}"')
    return {"index.html": page, "updating.html": updating, **files}


def _parted(told: dict) -> tuple:
    """(the keys, the same in each language; the words in their order, the settings' in that of
    their sections)
    """
    named = {"labels": [], "sections": []}
    words = {"groups": told["groups"], "labels": [], "sections": [], "settings": []}
    for label, (group, meaning) in told["labels"].items():
        letters = "".join(mode[0] for mode in modes() if label in modes()[mode])
        named["labels"].append([label, group, letters])
        words["labels"].append(meaning)
    for section in told["sections"]:
        words["sections"].append({key: section.pop(key) for key in ("name", "about")})
        named["sections"].append(section)
        for key in section["keys"] + section.get("more", []):
            words["settings"].append(told["settings"][key])
    return named, words


def _patterns(said: dict) -> dict:
    """{regular expression: what it is in another language}; {} stands for anything.

    A sentence without {} is known by its beginning, as far as no other begins so.
    """
    found = {}
    for sentence, ours in said.items():
        for length in range(_BEGINNING, 0 if "{}" in sentence else len(sentence)):
            begins = [other for other in said if other.startswith(sentence[:length])]
            if begins == [sentence]:
                sentence = sentence[:length] + "{}"
                break
        found[re.sub(r"[][\\^$.*+?()|]", r"\\\g<0>", sentence).replace("{}", "(.*)")] = ours
    return found


@functools.cache
def modes() -> dict:
    """{mode: its labels}, from the firmware's catalogue."""
    found = {}
    for mode in MODES:
        lines = (ROOT / f"firmware/tic/labels_{mode}.py").read_text("utf-8").splitlines()
        start = lines.index('TABLE = b"""') + 1
        found[mode] = [line.split()[0] for line in lines[start : lines.index('"""', start)]]
    return found


def version(text: str) -> str:
    """A word that changes with the text: what a browser has under it, it may keep for good."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def pack(data: bytes) -> bytes:
    """gzip without a name, a time or a system in it."""
    import zopfli.gzip

    return zopfli.gzip.compress(data)


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _plain(text: str, comment: str) -> str:
    """Without comments, indentation and empty lines."""
    text = re.sub(comment, "", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def _joined(script: str) -> str:
    """Without the ends of lines at which no statement can end."""
    return re.sub(r"(?<=[{([,;])\n", "", script)


def _close(style: str) -> str:
    """Without the space around the marks of a style sheet, but for what is in quotes."""
    parts = style.split('"')
    parts[::2] = [re.sub(r"\s*([{};,])\s*|(?<=:) ", r"\1", part) for part in parts[::2]]
    return '"'.join(parts).replace(";}", "}")


def _renew(path: Path, content: bytes) -> None:
    """Write a file in one step, unless it is the same already."""
    if path.exists() and path.read_bytes() == content:
        return
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def main() -> int:
    """Build, and print the sizes."""
    try:
        sizes = build(*map(Path, sys.argv[1:]))
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    for name, size in sizes.items():
        print(f"{size:6} {name}")
    print(f"{sum(sizes.values()):6} of {LIMIT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
