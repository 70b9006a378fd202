"""The README says of the settings what the table says."""

from firmware import settings

RUNTIMES = ("unix64",)  # where the sources are, and so the README, rather than compiled copies


def _rows():
    """key -> cells of its row in the chapter Settings of README.md"""
    rows, chapter = {}, ""
    with open(settings.__file__.rsplit("/", 2)[0] + "/README.md") as file:
        for line in file:
            if line.startswith("## "):
                chapter = line.strip()
            if chapter == "## Settings" and line.startswith("| `"):
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
