"""The README says of the settings, and of the registers of Modbus, what their tables say."""

from firmware import settings
from firmware.local.registers import MAP

RUNTIMES = ("unix64",)  # where the sources are, and so the README, rather than compiled copies


def _rows(wanted="## Settings", begin="| `"):
    """key -> cells of its row in a chapter of README.md"""
    rows, chapter = {}, ""
    with open(settings.__file__.rsplit("/", 2)[0] + "/README.md") as file:
        for line in file:
            if line.startswith("## "):
                chapter = line.strip()
            if chapter == wanted and line.startswith(begin):
                cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
                rows[cells[0].strip("`")] = cells
    return rows


def test_the_table_of_settings_is_the_real_one():
    rows = _rows()
    for key in settings.keys():
        assert key in rows, f"README.md has no row for {key}"
        kind, allowed, default = settings.describe(key)
        assert rows[key][1] == kind, key
        assert rows[key][2].replace(" / ", "|") == allowed, key
        assert rows[key][3].strip("`") == default, key
        assert len(rows[key]) == 5, key
    assert set(rows) == set(settings.keys())


def test_the_map_of_modbus_is_the_real_one():
    told = set()
    for cells in _rows("## Modbus TCP", "| ").values():
        first, _, last = cells[0].partition("–")
        if not first.isdigit():
            continue
        assert len(cells) == 5 and cells[2] in ("u32", "i32"), cells
        key = cells[1].strip("`")
        for n in range(1, (int(last or first) - int(first)) // 2 + 2):
            name = key.replace("_n", f"_{n}") if last else key
            told.add((int(first) + 2 * n - 2, name, cells[2][0]))
    real, address = set(), 0
    for line in MAP.decode().strip().split("\n"):
        if line[0] == "@":
            address = int(line[1:])
            continue
        name, mark, last = line.split(" ")[0][1:].partition("#")
        for n in range(1, int(last) + 1) if mark else ("",):
            real.add((address, f"{name}{n}", line[0]))
            address += 2
    assert told == real, (told - real, real - told)
