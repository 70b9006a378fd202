"""What the gateway says is English; the pages say it in French: every sentence of firmware/.

Sentences are found in the sources. Those that no page shows are listed here, with the reason.
"""

import ast
import json
import re

from tests.support.recordings import ROOT
from tools import pages

SAID = json.loads((ROOT / "web/said.fr.json").read_text("utf-8"))
BUILT = json.loads(pages.sources()["fr.json"])["said"]
FIRMWARE = ROOT / "firmware"

# Parts of sentences, of which one word alone may be no sentence.
PARTS = ("reading", " as {}", ", did you mean {}?", ", or nothing", "text", "ended")

# Whole modules whose words are for others than a page.
_ELSEWHERE = {
    "board.py": "pins wanted twice: the log",
    "commands.py": "the console",
    "config.py": "what is wrong with the file: the log, and /api/config for scripts",
    "gateway.py": "the log",
    "history.py": "a table",
    "log.py": "the log",
    "outputs.py": "a rule that is none: refusal.py says it to the page",
    "portal/exchange.py": "whoever went away is told nothing",
    "portal/reading.py": "requests that no browser makes, but for those in _BROWSER",
    "portal/feed.py": "an EventSource is told nothing but that there is no feed",
    "portal/metrics_gateway.py": "Prometheus",
    "portal/metrics_line.py": "Prometheus",
    "portal/metrics_meter.py": "Prometheus",
    "publish/entities.py": "Home Assistant, in the language of its own setting",
    "quick": "the short session serves no pages",
    "safe.py": "a table",
    "supply.py": "the short session serves no pages",
    "tic/counters.py": "a table",
    "tic/identity.py": "a table",
    "tic/source.py": "the page knows the state by its key",
}
_BROWSER = ("the head of the request is too long", "a body has at most {} bytes")

# Single strings: what begins so.
_NO_SENTENCE = (
    " get_session:api_session",  # tables
    "open wep wpa",
    "version family",
    "html=text",
    "GET {} HTTP",
    "POST {} HTTP",
    " /generate_204",
    "default-src",
    "mqtt ntp",
    " energy_today_wh",
    "Iindex",
    "minute, ten, day",  # values
    "ticgate 1",
    "no such page",  # of an address typed in, which is no page of ours
    "trusted CA",  # what mbedTLS says
    "Common Name",
    "no password",  # where an access point is announced: the console
    "password {}",
    "wait {} s after",  # 429, which has words on the page that count the seconds
    "a secret is taken",  # settings of a backup that were not used: the page lists their keys
    "no such setting",
    "only as application/json",  # so are all that the page sends
    " days or month",  # the page asks for no other steps
)


def collected() -> dict:
    """{sentence with {} for what is put in: where}"""
    found = {}

    def text(node):
        """What a node is as a text, None if that is not known here."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.JoinedStr):
            return "".join(part.value if isinstance(part, ast.Constant) else "{}"
                           for part in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = text(node.left), text(node.right)
            if parts != (None, None):
                return "".join("{}" if part is None else part for part in parts)
        return None

    def walk(node, module):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("print", "say", "_say"):
                return  # the console and the log
        words = text(node)
        if words is None:
            inside = ast.iter_child_nodes(node)
        else:
            if re.search(r"[a-z]{2,}[,:]? [A-Za-z{(]|\{\}[,:]? [a-z]", words) or words in PARTS:
                found.setdefault(words, module)
            inside = [part.value for part in ast.walk(node)
                      if isinstance(part, ast.FormattedValue)]
            if isinstance(node, ast.BinOp):
                inside += [side for side in (node.left, node.right) if text(side) is None]
        for child in inside:
            walk(child, module)

    for path in sorted(FIRMWARE.rglob("*.py")):
        walk(ast.parse(path.read_text("utf-8")), path.relative_to(FIRMWARE).as_posix())
    return found


def sentences() -> list:
    """Those that a page can show."""
    return [words for words, module in collected().items() if words in _BROWSER or not (
        module in _ELSEWHERE or module.split("/")[0] in _ELSEWHERE
        or words.startswith(_NO_SENTENCE))]


def french(words) -> str:
    """As said() of web/js/01-base.js does it; AssertionError where that would leave English."""
    for pattern, ours in BUILT.items():
        found = re.fullmatch(pattern, words)
        if found:
            parts = [french(part) for part in found.groups()] if "{}" in ours else []
            return ours.replace("{}", "%s") % tuple(parts)
    assert not re.search(r"[a-z]{2}.* .*[a-z]{2}", words), words
    return words


def filled(words) -> str:
    """With something in every place: names and figures, which are in no language."""
    values = iter("Z1 Z2 Z3 Z4 Z5".split())
    return re.sub(r"\{\}", lambda _: next(values), words)


def test_sentences_are_found_in_the_sources():
    found = sentences()
    assert len(found) > 150
    for words in ("connection refused", "port {}: {}", "the file is cut off", "{}, encrypted",
                  "a whole number from {} to {}", "no address", "wrong password",
                  "the broker takes us{}", "an address such as 192.0.2.7"):
        assert words in found, words


def test_every_sentence_has_a_french_form_of_its_own():
    english = []
    for words in sentences():
        try:
            told = french(filled(words))
        except AssertionError:
            told = filled(words)
        if told == filled(words):
            english.append(words)
            continue
        for value in re.findall(r"Z\d", filled(words)):
            assert value in told, (words, told)
        if words in SAID:
            assert told == filled(SAID[words]), words
    assert english == []  # to be put into web/said.fr.json


def test_what_is_put_in_is_french_too():
    nbsp = "\u00a0"
    for english, ours in {
        "mqtt_port: 99999 is not allowed, only a whole number from 1 to 65535":
            f"mqtt_port{nbsp}: 99999 n’est pas permis, seulement un nombre entier de 1 à 65535",
        "mqtt_base: '#' is not allowed, only letters, digits and .-_:, 1 to 128 bytes, or nothing":
            f"mqtt_base{nbsp}: '#' n’est pas permis, seulement lettres, chiffres et .-_:, "
            "1 à 128 octets, ou rien",
        "mqtt_hots: no such setting, did you mean mqtt_host?":
            f"mqtt_hots{nbsp}: réglage inconnu, serait-ce mqtt_host{nbsp}?",
        "the flash does not take it ([Errno 28] ENOSPC): nothing changed":
            f"la flash ne le prend pas ([Errno 28] ENOSPC){nbsp}: rien n’a changé",
        "the broker takes us as me, encrypted": "le serveur nous accepte sous le nom me, chiffré",
        "no address from the network": "pas d’adresse du réseau",
        "port 502: in use already": f"port 502{nbsp}: déjà pris",
    }.items():
        assert french(english) == ours


def test_every_french_form_is_still_asked_for():
    known = collected()
    facts = {"command {}", "reason {}"}  # of an event, which the page puts together
    for words in set(SAID) - facts:
        pattern = re.escape(words).replace(r"\{\}", ".*")
        assert any(re.search(pattern, one) for one in known), words


def test_french_keeps_its_marks_on_the_line():
    for english, ours in SAID.items():
        assert ours.count("{}") == english.count("{}"), english
        assert not re.search(r" [:?!»]|« |'", ours), ours
