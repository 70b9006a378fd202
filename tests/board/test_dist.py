"""`make dist` and `make board`: what goes onto a board, and the file it is updated with."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

from tools import board, dist, romfs, slot
from tools.runtime import ROOT, mpy
from tools.runtime.common import SetupError, which
from tools.signing import PUBLIC


def build(family, out, **options):
    """-> (lines of the manifest, {path: content}) of a bundle, which is checked on the way"""
    data = dist.build(family, out=out, **options).read_bytes()
    end = data.index(b"\n", data.index(b"\nsignature ") + 1) + 1
    lines = data[:end].decode().splitlines()
    found, at = {}, end
    for path, size, digest in slot.files(data[:end]):
        found[path] = data[at : at + size]
        assert hashlib.sha256(found[path]).hexdigest() == digest
        at += size
    assert at == len(data) and sum(map(len, found.values())) == int(lines[4].split()[1])
    return lines, found


def test_the_same_sources_give_the_same_bytes(tmp_path):
    """By processes whose sets have another order, from nothing, whatever the clock says."""
    makers = []
    for seed in "12":
        project = tmp_path / f"project {seed}"
        project.mkdir()
        for name in ("firmware", "lib", "web", "tools", "boot.py", "main.py"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
            copy(ROOT / name, project / name)
            os.utime(project / name, (int(seed) * 1e9, int(seed) * 1e9))
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(project), "FAMILY": "",
               "KEY": "", "VERSION": "3.2.1"}
        maker = subprocess.Popen([sys.executable, "-m", "tools.dist"], cwd=project, env=env)
        makers.append((maker, project / ".cache/dist/ticgate-3.2.1-esp32c6.bundle"))
    assert [maker.wait() for maker, _ in makers] == [0, 0]
    copies = [path.read_bytes() for _, path in makers]
    assert copies[0] == copies[1]


def test_a_bundle_for_a_board_holds_compiled_modules_and_packed_pages(tmp_path):
    lines, found = build("esp32c6", tmp_path)
    assert lines[:4] == ["ticgate 1", "version 0.1.0", "family esp32c6 esp32c3", "mpy 6 3 11"]
    assert lines[-1] == "signature "
    assert {path.rpartition(".")[2] for path in found} <= {"mpy", "gz", "txt"}
    assert found["web/index.html.gz"] == (ROOT / ".cache/web/index.html.gz").read_bytes()
    assert found["firmware/gateway.mpy"][:2] == b"M\x06" and "lib/microdot.mpy" in found
    assert list(tmp_path.iterdir()) == [tmp_path / "ticgate-0.1.0-esp32c6.bundle"]


def test_text_files_of_the_firmware_come_along(tmp_path):
    _, found = build("simulator", tmp_path)
    for path in (ROOT / "firmware").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert found[path.relative_to(ROOT).as_posix()] == path.read_bytes()


def test_a_version_can_be_chosen(tmp_path):
    lines, found = build("simulator", tmp_path, version="1.20.3")
    assert lines[1] == "version 1.20.3" and lines[3] == "mpy 0 0 0"
    assert b'__version__ = "1.20.3"\n' in found["firmware/__init__.py"]
    lines, found = build("esp32c6", tmp_path, version="1.20.3")
    assert b"1.20.3" in found["firmware/__init__.mpy"] and len(found["firmware/__init__.mpy"]) < 60
    with pytest.raises(SetupError, match="VERSION=1.2: not possible"):
        dist.build("simulator", version="1.2", out=tmp_path)
    with pytest.raises(SetupError, match=r"FAMILY=c6: not possible. Allowed: esp32c6 \|"):
        dist.build("c6", out=tmp_path)


@pytest.mark.skipif(not which("openssl"), reason="no openssl")
def test_a_signature_is_one_that_openssl_accepts(tmp_path):
    def openssl(*arguments, **options):
        return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, **options)

    key = tmp_path / "release.pem"
    openssl("genrsa", "-out", key, "3072", check=True)
    lines, found = build("simulator", tmp_path, key=key)
    signed = "".join(f"{line}\n" for line in lines[:-1]).encode()
    (tmp_path / "signature").write_bytes(bytes.fromhex(lines[-1].split()[1]))
    openssl("rsa", "-in", key, "-pubout", "-out", tmp_path / "public.pem", check=True)
    checked = ["dgst", "-sha256", "-verify", tmp_path / "public.pem", "-signature",
               tmp_path / "signature"]
    assert openssl(*checked, input=signed).returncode == 0
    assert openssl(*checked, input=signed.replace(b"0.1.0", b"0.1.1")).returncode != 0
    assert lines[5].startswith(f"file {PUBLIC} ")
    modulus = openssl("rsa", "-in", key, "-noout", "-modulus", check=True).stdout
    assert int(found[PUBLIC], 16) == int(modulus.partition(b"=")[2], 16)
    again, _ = build("simulator", tmp_path, key=key)
    assert again == lines


def test_keys_that_the_board_cannot_use_are_refused(tmp_path):
    for options, words in ((["1024"], "1024 bits"), (["-3", "2048"], "exponent")):
        key = tmp_path / "weak.pem"
        subprocess.run(["openssl", "genrsa", "-out", key, *options], capture_output=True)
        with pytest.raises(SetupError, match=words):
            dist.build("simulator", key=key, out=tmp_path)
    key.write_text("no key")
    with pytest.raises(SetupError, match="openssl rsa"):
        dist.build("simulator", key=key, out=tmp_path)


def test_a_board_gets_its_application_in_slot_a(tmp_path, monkeypatch):
    monkeypatch.setattr(board, "OUT", tmp_path / "board")
    size = board.build()
    names = sorted(path.name for path in (tmp_path / "board").iterdir())
    assert names == ["a", "app.good", "boot.py", "main.py"]
    assert (tmp_path / "board/app.good").read_text() == "a"
    manifest = (tmp_path / "board/a/manifest").read_bytes()
    files = slot.files(manifest)
    assert size > sum(one for _, one, _ in files)
    for path, _, digest in files:
        content = (tmp_path / "board/a" / path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
    for name in ("boot.py", "main.py"):
        assert not mpy.compile_file(ROOT / name, tmp_path / "x.mpy", mpy.BOARD, name)


def test_a_romfs_image_holds_the_application(tmp_path, run_mpy):
    image = romfs.build("esp32c6", tmp_path)
    assert image.name.endswith("-esp32c6.romfs")
    code = f"""
import os, sys, vfs
vfs.mount(vfs.VfsRom(open({str(image)!r}, "rb").read()), "/rom")
sys.path[:] = ["/rom", "/rom/lib", ".frozen"]
import firmware
print(firmware.__path__, firmware.__version__, sorted(os.listdir("/rom")), os.listdir("/rom/lib"))
assert "index.html.gz" in os.listdir("/rom/web")
"""
    said = run_mpy(code=code).stdout
    version = image.name.split("-")[1]
    assert said == f"/rom/firmware {version} ['firmware', 'lib', 'web'] ['microdot.mpy']\n"
