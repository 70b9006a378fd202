"""boot.py: which application is started, whatever is in the flash."""

import os
import sys

import firmware

FILES = ("app.good", "app.try", "app.bad", "app.starts")
_PLACE = "boot"


class Machine:
    """Says why the board started; notes the watchdog that was started."""

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5

    def __init__(self, cause):
        self.cause = cause
        self.timeout = 0

    def reset_cause(self):
        return self.cause

    def WDT(self, timeout):
        self.timeout = timeout


def source():
    """The text of boot.py: beside the firmware, or where the compiled copies of it come from."""
    root = firmware.__file__.rsplit("/", 2)[0]
    for path in (root + "/boot.py", root + "/../../../boot.py"):
        try:
            with open(path) as file:
                return file.read()
        except OSError:
            pass
    raise OSError("boot.py")


_SOURCE = compile(source(), "boot.py", "exec")


def start(cause=1):
    """-> (folders that it put into sys.path, ms of the watchdog)"""
    before, modules = list(sys.path), sys.modules.get("machine")
    sys.modules["machine"] = machine = Machine(cause)
    names = {}
    try:
        exec(_SOURCE, names)
        found = sys.path[: len(sys.path) - len(before)]
    finally:
        sys.path[:] = before
        if modules:
            sys.modules["machine"] = modules
        else:
            del sys.modules["machine"]
    left = [name for name in names if name not in ("os", "sys", "machine", "name")]
    assert [name for name in left if name[:2] != "__"] == [], left
    return found, machine.timeout


def slot(cause=1):
    """The slot that it starts; "" for the root."""
    return (start(cause)[0] or [""])[0]


class Flash:
    """A folder with these slots whole ("/": the root), and these files."""

    def __init__(self, slots, **files):
        self.slots = slots
        self.files = files

    def __enter__(self):
        try:
            os.mkdir(_PLACE)
        except OSError:
            pass
        self.before = os.getcwd()
        os.chdir(_PLACE)
        for name in self.slots:
            os.mkdir("firmware" if name == "/" else name)
            if name != "/":
                with open(name + "/manifest", "w") as file:
                    file.write("ticgate 1\n")
        for name in self.files:
            write("app." + name, self.files[name])
        return self

    def __exit__(self, *_):
        for name in FILES:
            try:
                os.remove(name)
            except OSError:
                pass
        for name in self.slots:
            if name != "/":
                try:
                    os.remove(name + "/manifest")
                except OSError:
                    pass
            os.rmdir("firmware" if name == "/" else name)
        os.chdir(self.before)


def write(name, text):
    with open(name, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def read(name):
    try:
        with open(name) as file:
            return file.read()
    except OSError:
        return None


def test_the_good_slot_comes_first_in_the_path():
    with Flash("ab/", good="b"):
        assert start() == (["b", "b/lib"], 0)
    with Flash("ab/", good="a\n"):
        assert start() == (["a", "a/lib"], 0)


def test_a_board_installed_in_the_root_is_started_from_there():
    with Flash("/"):
        assert start() == ([], 0)
    with Flash("a/"):  # a slot that was filled and never chosen
        assert slot() == ""


def test_a_new_slot_has_three_starts_and_a_watchdog():
    with Flash("ab", good="a", **{"try": "b"}):
        for _ in range(3):
            assert start(2) == (["b", "b/lib"], 600_000)
        assert read("app.try") == "b..."
        assert slot(2) == "a"
        assert read("app.try") is None and read("app.bad") == "b..."
        assert read("app.good") == "a"


def test_a_start_that_was_ordered_and_a_wake_from_deep_sleep_are_no_try():
    with Flash("ab", good="a", **{"try": "b"}):
        for _ in range(5):
            assert slot(2) == "b"
            with open("app.try", "a") as file:
                file.write("r")
            assert slot(4) == "b"
        assert slot(4) == "b"


def test_a_power_cut_counts_as_a_start_of_a_new_slot():
    with Flash("ab", good="a", **{"try": "b"}):
        assert [slot(1) for _ in range(5)] == ["b", "b", "b", "a", "a"]


def test_a_new_slot_that_is_not_whole_is_not_tried():
    with Flash("a", good="a", **{"try": "b"}):
        assert slot() == "a"
        assert read("app.bad") == "b"


def test_six_failures_in_a_row_start_the_other_slot_and_then_the_root():
    with Flash("ab/", good="b"):
        found = [start(3) for _ in range(18)]
        assert [(path or [""])[0] for path, _ in found] == ["b"] * 5 + ["a"] * 6 + [""] * 6 + ["b"]
        assert all(timeout for _, timeout in found)
        assert slot(3) == "b"


def test_power_off_and_on_begins_anew():
    with Flash("ab", good="b", starts="." * 8):
        assert slot(2) == "a"
        assert start(1) == (["b", "b/lib"], 0)
        assert read("app.starts") is None


def test_restarts_that_were_ordered_are_no_failures():
    with Flash("ab", good="b"):
        for _ in range(30):
            with open("app.starts", "a") as file:
                file.write("r")
            assert slot(2) == "b"
    with Flash("ab", good="b", starts="......"):
        assert slot(4) == "a" and slot(5) == "a"
        assert read("app.starts") == "......"


def test_whatever_is_in_the_files_something_that_is_there_is_started():
    rubbish = ("", "\n", "c", "aa", b"\xff\xfe", b"\x00" * 50, "." * 500, "r" * 60, "b\x00", "é")
    for slots in ("a", "b", "ab", "/", "a/", "b/", "ab/"):
        for one in rubbish:
            for two in rubbish:
                with Flash(slots, good=one, starts=two, **{"try": two}):
                    for cause in (1, 2, 4, 0):
                        assert (slot(cause) or "/") in slots, (slots, one, two, cause)


def test_nothing_there_is_the_root():
    with Flash(""):
        assert start() == ([], 0)
