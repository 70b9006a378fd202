"""Debian packages, installed only when what they bring is missing."""

import importlib.util
import os
import subprocess
import sys

from tools.runtime.common import SetupError, run, say, which

_HELLO = "#include <stdio.h>\nint main(void) { return puts(\"\") < 0; }\n"


def _compiles(*compiler: str, link: bool = True) -> bool:
    if not which(compiler[0]):
        return False
    command = [*compiler, *([] if link else ["-c"]), "-x", "c", "-", "-o", "/dev/null"]
    return subprocess.run(command, input=_HELLO, text=True, capture_output=True).returncode == 0


def _picolibc() -> bool:
    compiler = "riscv64-unknown-elf-gcc"
    return _compiles(compiler, "--specs=picolibc.specs", link=False)


# What is needed: how to see that it is there, and the packages that bring it ("a|b": the first
# that this release has).
NEEDS = {
    "compiler": (lambda: _compiles("gcc"), "gcc libc6-dev"),
    "make": (lambda: which("make"), "make"),
    "xz": (lambda: which("xz"), "xz-utils"),
    "bzip2": (lambda: which("bzip2"), "bzip2"),
    "compiler32": (lambda: _compiles("gcc", "-m32"), "gcc-multilib"),
    "compiler-rv32": (_picolibc, "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"),
    "qemu": (lambda: which("qemu-system-riscv32"), "qemu-system-riscv|qemu-system-misc"),
    "mosquitto": (lambda: which("mosquitto"), "mosquitto"),
    "mosquitto_sub": (lambda: which("mosquitto_sub"), "mosquitto-clients"),
    "influxd": (lambda: which("influxd"), "influxdb"),
    "victoria-metrics": (lambda: which("victoria-metrics"), "victoria-metrics"),
    "chromium": (lambda: which("chromium"), "chromium"),
    "openssl": (lambda: which("openssl"), "openssl"),
    "venv": (lambda: importlib.util.find_spec("ensurepip"), "python3-venv"),
}


def need(*names: str) -> None:
    """See to it that each of these is on the machine, with apt where it is not."""
    missing = [name for name in names if not NEEDS[name][0]()]
    if not missing:
        return
    wanted = [word for name in missing for word in NEEDS[name][1].split()]
    if not which("apt-get"):
        raise SetupError(
            f"missing: {', '.join(missing)}. On Debian the packages are: {_plain(wanted)}; "
            f"please install what {sys.platform} has in their place"
        )
    prefix = _as_root(wanted)
    say(f"installing with apt: {_plain(wanted)}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    try:
        _install(prefix, wanted, environment)
    except SetupError:  # no package lists yet, or lists that name versions gone since
        run("apt.log", *prefix, "apt-get", "-q", "update", env=environment)
        _install(prefix, wanted, environment)
    importlib.invalidate_caches()
    still = [name for name in missing if not NEEDS[name][0]()]
    if still:
        raise SetupError(f"still missing after installing {_plain(wanted)}: {', '.join(still)}")


def _plain(wanted: list) -> str:
    return " ".join(word.replace("|", " or ") for word in wanted)


def _as_root(wanted: list) -> list:
    if os.geteuid() == 0:
        return []
    if which("sudo"):
        # Asked for here, where the person can see it: the rest goes into a log.
        if subprocess.run(["sudo", "-v"], check=False).returncode == 0:
            return ["sudo", "env", "DEBIAN_FRONTEND=noninteractive"]
    raise SetupError(f"packages are needed; please run as root: apt-get install {_plain(wanted)}")


def _install(prefix: list, wanted: list, environment: dict) -> None:
    names = [_candidate(word) for word in wanted]
    install = ["apt-get", "-q", "-y", "--no-install-recommends", "install"]
    run("apt.log", *prefix, *install, *names, env=environment)


def _candidate(word: str) -> str:
    """The first of the alternatives that this release has; the last when apt knows none yet."""
    *first, last = word.split("|")
    for name in first:
        shown = subprocess.run(["apt-cache", "show", name], capture_output=True, check=False)
        if shown.returncode == 0 and shown.stdout:
            return name
    return last
