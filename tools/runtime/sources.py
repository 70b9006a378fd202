"""The sources of MicroPython and mbedTLS, out of Debian's own source packages.

apt works here in a folder of its own, so that the machine's lists and settings stay as they are.
It verifies the archive's signature and the sums of the files; the archive is the one that this
machine uses already, in whatever mirror or proxy its owner has set up.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tools.runtime import CACHE
from tools.runtime.common import SetupError, Stamp, run, say

# (suite, components, key ring): the first MicroPython with everything the firmware uses is 1.25.
_DEBIAN = ("trixie", "main", "debian-archive-keyring")
_UBUNTU = ("resolute", "main universe", "ubuntu-archive-keyring")

_PRIVATE_APT = ("etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d", "etc/trusted.gpg.d")
_PRIVATE_STATE = ("state/lists/partial", "cache/archives/partial", "download")


def micropython_source() -> Path:
    """Folder with the unpacked sources, fetched when it is not there yet."""
    suite, components, keyring = _distribution()
    target = CACHE / f"micropython-{suite}"
    stamp = Stamp("source", suite, Path(__file__))
    if not stamp.fresh(target):
        say(f"fetching MicroPython's source package ({suite})")
        download = _download(suite, components, _keyring_file(keyring))
        _unpack(download, target)
        stamp.set()
    return target


def _distribution() -> tuple:
    words = {}
    try:
        for line in Path("/etc/os-release").read_text().splitlines():
            key, _, value = line.partition("=")
            words[key] = value.strip('"').split()
    except OSError:
        pass
    names = words.get("ID", []) + words.get("ID_LIKE", [])
    if "ubuntu" in names:
        return _UBUNTU
    if "debian" in names:
        return _DEBIAN
    raise SetupError(
        "this machine has neither MicroPython 1.25 or later on the PATH nor Debian's package "
        "tools to build it; please install MicroPython and try again"
    )


def _keyring_file(name: str) -> Path:
    for suffix in (".gpg", ".pgp"):
        path = Path("/usr/share/keyrings") / (name + suffix)
        if path.exists():
            return path
    raise SetupError(f"no /usr/share/keyrings/{name}: please install the package {name}")


def _archives() -> list:
    """Archives this machine's apt uses, the distribution's own first, security ones left out."""
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = {}
    for line in listing.stdout.splitlines():
        address, _, origin = line.partition(" ")
        if "security" not in address:
            found[address] = min(found.get(address, 1), origin not in ("Debian", "Ubuntu"))
    return sorted(found, key=found.get)


def _download(suite: str, components: str, keyring: Path) -> Path:
    base = CACHE / f"apt-{suite}"
    for folder in (*_PRIVATE_APT, *_PRIVATE_STATE):
        (base / folder).mkdir(parents=True, exist_ok=True)
    (base / "status").write_text("")
    options = [
        f"Dir::Etc={base}/etc",
        f"Dir::Etc::sourcelist={base}/etc/sources.list",
        f"Dir::Etc::sourceparts={base}/etc/sources.list.d",
        f"Dir::State={base}/state",
        f"Dir::State::status={base}/status",
        f"Dir::Cache={base}/cache",
        f"APT::Sandbox::User={'root' if os.geteuid() == 0 else ''}",
        "Acquire::Languages=none",
    ]
    apt = ["apt-get", "-q", *(word for option in options for word in ("-o", option))]
    trouble = SetupError("apt names no archive to fetch MicroPython's source package from")
    for address in _archives():
        line = f"deb-src [signed-by={keyring}] {address} {suite} {components}\n"
        (base / "etc/sources.list").write_text(line)
        try:
            run("source.log", *apt, "-o", "APT::Update::Error-Mode=any", "update")
            names = ["micropython", "mbedtls"]
            run("source.log", *apt, "source", "--download-only", *names, cwd=base / "download")
            return base / "download"
        except SetupError as error:
            trouble = error
    raise trouble


def _unpack(download: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    (target / "lib/mbedtls").mkdir(parents=True)
    main = ["--strip-components=1", "-C", target]
    run("source.log", "tar", "-xf", _newest(download, "micropython"), *main)
    tls = ["--strip-components=1", "-C", target / "lib/mbedtls", "--wildcards"]
    parts = ["*/library", "*/include"]
    run("source.log", "tar", "-xf", _newest(download, "mbedtls"), *tls, *parts)
    # The makefile only looks whether this file exists; the package leaves the submodule out.
    (target / "lib/micropython-lib").mkdir(parents=True, exist_ok=True)
    (target / "lib/micropython-lib/README.md").touch()


def _newest(download: Path, name: str) -> Path:
    return max(download.glob(f"{name}_*.orig.tar.*"), key=lambda path: path.stat().st_mtime)
