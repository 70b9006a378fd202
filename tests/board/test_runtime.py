"""The runtimes are what the tests believe they are."""

import pytest

from tools.runtime import mpy

SIZES = """
import micropython, sys
def allocates(n):
    micropython.heap_lock()
    try:
        return n + 1 < 0
    except MemoryError:
        return True
    finally:
        micropython.heap_unlock()
print(sys.maxsize == 2**31 - 1, allocates(2**30 - 2), allocates(2**30 - 1), 1e8 + 1 == 1e8)
"""
BOARD = ["True", "False", "True", "True"]

ADD = """
import micropython, rvbench
@micropython.viper
def add(a: int, b: int) -> int:
    return a + b
rvbench.count(add, 1, 2)
print(*rvbench.count(add, 3, 4))
"""


@pytest.mark.parametrize("runtime", ["unix32", "rv32"])
def test_numbers_have_the_sizes_of_the_board(run_mpy, runtime):
    assert run_mpy(code=SIZES, runtime=runtime).stdout.split() == BOARD


def test_the_32_bit_heap_is_what_the_board_has_to_spare(run_mpy):
    code = "import gc; print(gc.mem_alloc() + gc.mem_free())"
    total = int(run_mpy(code=code, runtime="unix32").stdout)
    assert 120 * 1024 < total < 128 * 1024
    assert int(run_mpy(code=code, runtime="unix32", heap="64k").stdout) < 64 * 1024


def test_instructions_on_rv32_are_counted_exactly(rv32):
    first, second = rv32(code=ADD).stdout, rv32(code=ADD).stdout
    count, result = map(int, first.split())
    assert first == second
    assert result == 7
    assert 0 < count < 1000


def test_a_script_that_raises_on_rv32_is_told_from_one_that_does_not(rv32):
    done = rv32(code="print('before')\nraise ValueError('no')\n", check=False)
    assert done.returncode == 1
    assert done.stdout == "before\n"
    assert done.stderr.endswith("ValueError: no\n")
    assert rv32(code="def (", check=False).returncode == 1


def test_a_script_that_hangs_on_rv32_is_ended(rv32):
    done = rv32(code="while True: pass", check=False, timeout=1)
    assert done.returncode == 2
    assert "did not end in time" in done.stderr


def test_a_module_is_imported_out_of_a_romfs_image(rv32, tmp_path):
    source = tmp_path / "half.py"
    source.write_text(
        "import micropython\n@micropython.viper\ndef of(n: int) -> int:\n    return n >> 1\n"
    )
    assert mpy.compile_file(source, tmp_path / "half.mpy", mpy.BOARD, "half.py") == ""
    image = tmp_path / "image"
    image.write_bytes(
        mpy.romfs({"pack/half.mpy": tmp_path / "half.mpy", "pack/words.txt": b"as they are"})
    )
    code = "from pack import half\nprint(half.of(84), open('/rom/pack/words.txt').read())"
    assert rv32(code=code, image=image).stdout == "42 as they are\n"


def test_the_compiler_names_the_file_and_the_line(tmp_path, capsys):
    source = tmp_path / "pack" / "wrong.py"
    source.parent.mkdir()
    source.write_text("x = 1\nmatch x:\n    case 1: pass\n")
    assert mpy.main([str(source.parent)]) == 1
    said = capsys.readouterr().out
    assert f'File "{source}", line 2' in said
    assert "1 modules compiled" in said


def test_a_mirror_follows_its_source(tmp_path):
    project, into = tmp_path / "project", tmp_path / "copy"
    for name, text in {"a.py": "A = 1", "gone.py": "", "data.bin": "words"}.items():
        (project / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "pack" / name).write_text(text)
    copy = mpy.mirror(project, ["pack"], mpy.UNIX32, into) / "pack"
    assert sorted(path.name for path in copy.iterdir()) == ["a.mpy", "data.bin", "gone.mpy"]
    before = (copy / "a.mpy").read_bytes()
    (project / "pack/a.py").write_text("A = 'another'")
    (project / "pack/gone.py").unlink()
    mpy.mirror(project, ["pack"], mpy.UNIX32, into)
    assert (copy / "a.mpy").read_bytes() != before
    assert sorted(path.name for path in copy.iterdir()) == ["a.mpy", "data.bin"]
