"""The table of settings, and the file that survives whatever happens to it."""

import gc
import os

from firmware import config as module
from firmware import rarely, settings
from firmware.config import Config

_FOLDER = "unit-config"


def _fresh():
    """The path of a settings file in an empty folder."""
    try:
        os.mkdir(_FOLDER)
    except OSError:
        for name in os.listdir(_FOLDER):
            os.remove(f"{_FOLDER}/{name}")
    return f"{_FOLDER}/config.json"


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)


def _read(path):
    with open(path) as file:
        return file.read()


def _refused(call, *args):
    """The message of the ValueError that call(*args) must raise."""
    try:
        call(*args)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"not refused: {args}")


# The table


def test_every_line_of_the_table_makes_sense():
    keys = list(settings.keys())
    assert len(keys) == len(set(keys)) and keys == sorted(keys)
    for key in keys:
        kind, allowed, default = settings.describe(key)
        kinds = "bool choice int text secret host address topic name labels prices amount rule"
        kinds += " url tags fingerprint"
        assert kind in kinds.split(), key
        if kind in ("bool", "choice"):
            assert default in allowed.split("|"), key
        else:
            low, high = allowed.split("..")
            assert int(low) <= int(high), key
        if default:
            assert settings.check(key, default) == settings.default(key), key
        else:
            assert settings.default(key) == "" == settings.check(key, ""), key


def test_a_new_gateway_has_the_defaults():
    """Which they are the README says: test_readme.py."""
    config = Config(_fresh()).load()
    assert config.problems == []
    kinds = {"int": int, "bool": bool}
    for key in config.keys():
        kind, _, text = config.describe(key)
        value = config.get(key)
        assert type(value) is kinds.get(kind, str), key
        assert value == (text == "on" if kind == "bool" else type(value)(text)), key


def test_json_values_and_text_give_the_same():
    for key, value, text in (
        ("mqtt_port", 8883, "8883"),
        ("tic_rx", 7, "7"),
        ("tic_rx", -1, "-1"),
        ("mqtt_frame", False, "off"),
        ("mqtt_frame", False, "false"),
        ("mqtt_labels", True, "on"),
        ("mqtt_labels", True, "1"),
        ("publish_when", "change", "change"),
        ("mqtt_host", "broker.lan", "broker.lan"),
        ("mqtt_host", "fe80::1", "fe80::1"),
        ("mqtt_base", "house/tic", "house/tic"),
        ("wifi_ssid", "L'été à la mer", "L'été à la mer"),
        ("address", "192.0.2.255", "192.0.2.255"),
        ("output_1", "relay_1+spare, period_hc", "relay_1+spare, period_hc"),
        ("prices", "1=0.1 injected=0,1269;2=1", "1=0.1 injected=0,1269;2=1"),
        ("subscription", "15,53", "15,53"),
        ("labels", "PAPP,PJOURF+1,SMAXSN1-1,EaP-1_s2", "PAPP, PJOURF+1, SMAXSN1-1, EaP-1_s2"),
    ):
        assert settings.check(key, value) == value, key
        checked = settings.check(key, text)
        assert checked == value and type(checked) is type(value), key


def test_wrong_values_are_refused():
    for key, values in (
        (
            "mqtt_port",
            (0, 65536, -1, "0", "65536", "", "12a", " 1883", "1e3", "0x10", "--5", "-", 1.0),
        ),
        ("mqtt_port", (None, True, False, [], {}, "9" * 400, 10**30, "1_000")),
        ("mqtt_frame", (None, 0, 1, 2, "", "ON", "maybe", [], {})),
        ("publish_when", (None, "", "never", "frame|interval", "Frame", 1)),
        ("mqtt_host", ("http://broker", "a b", "x" * 129, 5, None, "é", "a\n")),
        ("mqtt_base", ("", "/tic", "tic/", "a//b", "a+b", "#", "$SYS", "a b", "x" * 65, "a\0b")),
        ("mqtt_device", ("a/b", "a b", "x" * 33, "é", "a.b")),
        ("device_name", ("x" * 33, "é" * 17, "a\x00", "a\nb", "a\x7f", "\ud800", 1, None, ["a"])),
        ("address", ("192.0.2", "192.0.2.256", "192.0.2.7.1", "192.0..7", "a.b.c.d", "1.2.3.-4")),
        ("output_2", ("relay", "relay_9", "relay_1+", "spare relay_1", "period_", ",")),
        ("prices", (" ", ";", "hc", "hc=", "hc=0,1 hc=0,2", "hc=-1", "hc=0,123456")),
        ("prices", ("é=1", "hc=0,1\t", "x" * 9 + "=1", "a=1 " * 65, 0.1, {}, None)),
        ("subscription", (" ", "15,53 €", "-1", "1,2,3", "1e3", "12345678", 15.53, 15, None)),
        ("site", ("x" * 33, "a\nb", 7)),
        ("wifi_password", ("short", "x" * 64, "1234567\n", 12345678)),
        (
            "labels",
            ("", " ", ",", "PAPP,", "PAPP,,ADPS", "*,PAPP", "A;B", "A\nB", "x" * 1537, None),
        ),
    ):
        for value in values:
            _refused(settings.check, key, value)


def test_texts_are_measured_in_bytes_and_can_be_emptied():
    assert settings.check("wifi_ssid", "é" * 16) == "é" * 16
    _refused(settings.check, "wifi_ssid", "é" * 16 + "x")
    assert settings.check("wifi_password", "x" * 63) == "x" * 63
    assert settings.check("wifi_password", "") == ""


def test_messages_name_the_key_the_value_and_what_is_allowed():
    message = _refused(settings.check, "mqtt_port", "70000")
    assert message == "mqtt_port: '70000' is not allowed, only a whole number from 1 to 65535"
    message = _refused(settings.check, "publish_when", 7)
    assert message == "publish_when: 7 is not allowed, only frame, interval, change"
    message = _refused(settings.check, "prices", "hc=cheap")
    assert message == (
        "prices: 'hc=cheap' is not allowed, only euros per kWh by period, such as hc=0,1828 "
        "hp=0,2516 injected=0,1269, 1 to 256 bytes, or nothing"
    )
    message = _refused(settings.check, "subscription", "much")
    assert message.endswith("only euros, such as 15,53, 1 to 16 bytes, or nothing")
    message = _refused(settings.check, "mqtt_device", "a/b")
    assert "mqtt_device: 'a/b'" in message and "1 to 32 bytes, or nothing" in message
    assert len(_refused(settings.check, "mqtt_host", "!" * 5000)) < 200


def test_the_value_of_a_secret_is_never_shown():
    for key in settings.keys():
        if "password" in key:
            assert settings.describe(key)[0] == "secret", key
            for value in ("hush\n" * 99, "hu\x01sh", 4711, ["hush"]):
                message = _refused(settings.check, key, value)
                assert key in message and "hu" not in message and "4711" not in message


def test_an_unknown_key_is_named_with_its_neighbour():
    assert _refused(settings.check, "mqtt_prot", 1) == (
        "'mqtt_prot': no such setting, did you mean mqtt_port?"
    )
    assert "did you mean wifi_ssid?" in _refused(settings.check, "wifi_sid", "x")
    assert "mean mqtt_port?" in _refused(settings.check, "\nmqtt_port", 1)
    for key in ("nonsense", "", "mqtt_port int", "int", "1883", None, 7, "k" * 900):
        message = _refused(settings.check, key, 1)
        assert "no such setting" in message and "mean" not in message and len(message) < 80
    _refused(settings.default, "nonsense")


# Changing settings


def test_update_changes_all_or_nothing():
    config = Config(_fresh())
    message = _refused(
        config.update, {"mqtt_host": "a", "mqtt_qos": 1, "mqtt_port": "x", "labels": "PAPP"}
    )
    assert message.startswith("mqtt_port")
    assert config.get("mqtt_host") == "" and config.get("mqtt_qos") == 0
    assert not config.save()
    assert config.update({"mqtt_host": "a", "mqtt_qos": "1", "mqtt_port": "1884"})
    assert (config.get("mqtt_host"), config.get("mqtt_qos"), config.get("mqtt_port")) == (
        "a",
        1,
        1884,
    )
    assert not config.update({"mqtt_qos": 1})
    config.set("mqtt_qos", 0)
    assert config.get("mqtt_qos") == 0


def test_the_file_is_written_only_when_something_changed():
    path = _fresh()
    config = Config(path).load()
    assert not config.save() and os.listdir(_FOLDER) == []
    config.set("mqtt_port", 1883)  # the default
    assert not config.save()
    config.set("mqtt_port", 1884)
    assert config.save() and not config.save()
    assert os.listdir(_FOLDER) == ["config.json"]
    again = Config(path).load()
    assert again.get("mqtt_port") == 1884 and not again.save()
    again.set("mqtt_port", "1883")
    assert again.save()
    assert _read(path) == "{}\n" and Config(path).load().get("mqtt_port") == 1883


def test_every_setting_survives_the_file():
    config = Config(_fresh())
    values = {}
    for key in config.keys():
        kind, allowed, default = config.describe(key)
        if kind == "bool":
            values[key] = default == "off"
        elif kind == "choice":
            values[key] = allowed.split("|")[-1]
        elif kind == "int":
            values[key] = int(allowed.split("..")[1])
        elif kind in ("text", "secret"):
            values[key] = 'é"\\ {}: \t'.replace("\t", "'")
        else:
            values[key] = {
                "name": "value-1", "prices": "hc=0,1828 hp=0,2516", "amount": "15,53",
                "address": "192.0.2.7", "rule": "relay_1+spare,period_hc",
                "fingerprint": "0F:" * 31 + "0f",
                "url": "https://192.0.2.7:8086/x?y=z", "tags": "floor=2,house=é",
            }.get(kind, "VALUE")[: int(allowed.split("..")[1])]
    for part in (0, 1):  # all at once are too much for the small heap
        gc.collect()
        path, found = _fresh(), 0
        some = {key: value for n, (key, value) in enumerate(values.items()) if n & 1 == part}
        config = Config(path)
        assert config.update(some) and config.save()
        config = None
        again = Config(path).load()
        assert again.problems == []
        for key, value in again.items():
            if key in some:
                found += 1
                assert some[key] == value, key
        assert found == len(some)


# What a file may hold


def test_what_is_not_understood_is_reported_and_kept():
    path = _fresh()
    _write(
        path,
        '{"mqtt_port": 99999, "later": {"a": [1, null, "é"]}, "mqtt_qos": 1,'
        ' "wifi_password": "tiny", "mqtt_frame": "perhaps"}',
    )
    config = Config(path).load()
    assert (config.get("mqtt_qos"), config.get("mqtt_port")) == (1, 1883)
    assert config.get("mqtt_frame") is True and config.get("wifi_password") == ""
    report = "\n".join(config.problems)
    assert len(config.problems) == 4 and "99999" in report and "later" in report
    assert "tiny" not in report
    config.set("mqtt_host", "broker")
    config.set("mqtt_frame", True)  # the owner's word replaces what was kept
    assert config.save()
    stored = module.json.loads(_read(path))
    assert stored == {
        "mqtt_port": 99999,
        "later": {"a": [1, None, "é"]},
        "mqtt_qos": 1,
        "wifi_password": "tiny",
        "mqtt_host": "broker",
    }


def test_a_damaged_file_is_set_aside():
    path = _fresh()
    whole = '{\n"mqtt_host": "broker",\n"mqtt_port": 1884\n}\n'
    damaged = [whole[:n] for n in range(len(whole) - 1)]
    damaged += ["[1]", '"x"', "7}", "null", whole + "x", whole + whole, "\0" * 40, whole + "\0"]
    damaged += ["[" * 900 + "}", '{"a":' * 300 + "}"]
    for text in damaged:
        for name in os.listdir(_FOLDER):
            os.remove(f"{_FOLDER}/{name}")
        _write(path, text)
        config = Config(path).load()
        assert config.get("mqtt_host") == "" and len(config.problems) == 1, text[:40]
        assert "damaged" in config.problems[0] and os.listdir(_FOLDER) == ["config.bad"], text[:40]
        assert _read(f"{_FOLDER}/config.bad") == text
        config.set("mqtt_host", "new")
        assert config.save() and Config(path).load().get("mqtt_host") == "new"


def test_a_file_too_long_to_be_ours_is_set_aside():
    path = _fresh()
    with open(path, "w") as file:
        file.write('{"mqtt_qos": 1')
        for _ in range(100):
            file.write(" " * 99 + "\n")
        file.write("}")
    config = Config(path).load()
    assert config.get("mqtt_qos") == 0 and "too long" in config.problems[0]
    assert os.listdir(_FOLDER) == ["config.bad"]


def test_bytes_that_are_no_text_are_damage():
    path = _fresh()
    with open(path, "wb") as file:
        file.write(b'{"mqtt_host": "\xff\xfe"}')
    config = Config(path).load()
    assert config.get("mqtt_host") == "" and len(config.problems) == 1
    assert os.listdir(_FOLDER) == ["config.bad"]


def test_what_is_known_to_be_allowed_is_not_looked_at_again():
    path = _fresh()
    _write(path, '{"mqtt_port": 0, "mqtt_host": "a b", "mqtt_qos": "1", "nonsense": 1}')
    asked = []
    module.load = asked.append
    try:
        config = Config(path).load(True)
    finally:
        module.load = rarely.load
    assert asked == []
    assert config.get("mqtt_port") == 0 and config.get("mqtt_host") == "a b"
    # Another type would surprise whoever asks for it.
    assert config.get("mqtt_qos") == 0 and set(config.kept) == {"mqtt_qos", "nonsense"}
    assert "restart" in config.problems[0] and "nonsense" in config.problems[1]
    assert len(Config(path).load().problems) == 3


def test_a_folder_in_the_way_is_reported():
    path = _fresh()
    os.mkdir(path)
    config = Config(path).load()
    os.rmdir(path)
    assert len(config.problems) == 1 and config.get("mqtt_port") == 1883


# Power cuts


class _Cut(BaseException):
    """The power is gone. Not an Exception: nothing may catch it and go on."""


class _Files:
    """Files in memory, where each letter written, each flush and each rename is a step of its own.

    The step numbered `last` never happens. What was written stays, whether the file was closed or
    not: no file system is worse.
    """

    def __init__(self, files, last=0):
        self.files = files
        self._steps = 0
        self._last = last

    def step(self):
        self._steps += 1
        if self._steps == self._last:
            raise _Cut()

    def open(self, path, mode="r"):
        if "w" in mode:
            self.step()
            self.files[path] = ""
        elif path not in self.files:
            raise OSError(2)
        return _File(self, path)

    def rename(self, old, new):
        self.step()
        self.files[new] = self.files.pop(old)

    def stat(self, path):
        if path not in self.files:
            raise OSError(2)
        return (0,) * 6 + (len(self.files[path]),)

    def sync(self):
        self.step()


class _File:
    def __init__(self, system, path):
        self._system = system
        self._path = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self):
        return self._system.files[self._path]

    def write(self, text):
        for letter in text:
            self._system.step()
            self._system.files[self._path] += letter

    def flush(self):
        self._system.step()


def _in(system, work):
    """work(settings loaded from system); true if the power stayed."""
    names, module.os, module.open = module.os, system, system.open
    try:
        work(Config().load())
        return True
    except _Cut:
        return False
    finally:
        module.os = names
        del module.open


def _change(host, port):
    def work(config):
        config.update({"mqtt_host": host, "mqtt_port": port})
        config.save()

    return work


def test_a_cut_at_any_letter_leaves_the_old_settings_or_the_new():
    states = []

    def look(config):
        assert len(config.problems) == 1 and "later" in config.problems[0]
        states.append((config.get("mqtt_host"), config.get("mqtt_port")))

    cut = 0
    whole = False
    while not whole:
        cut += 1
        files = {"config.json": '{\n"later": 5,\n"mqtt_host": "old.lan"\n}\n'}
        whole = _in(_Files(files, cut), _change("new.lan", 1884))
        assert _in(_Files(files), look)
        assert states[-1] in (("old.lan", 1883), ("new.lan", 1884)), (cut, states[-1])
        assert _in(_Files(files), _change("third.lan", 1)) and _in(_Files(files), look)
        assert states[-1] == ("third.lan", 1), cut
    assert cut > 40 and states[0] == ("old.lan", 1883) and states[-2] == ("new.lan", 1884)


class _Flash:
    """A flash of small blocks whose power goes at the write numbered `last`, half way through it.

    After that it answers nothing but errors, without allocating: files left open are closed by the
    garbage collector.
    """

    def __init__(self, data, last=0):
        self.data = bytearray(data)
        self.size = 256
        self._last = last
        self._steps = 0

    def readblocks(self, block, buffer, offset=0):
        if self._steps == self._last > 0:
            return -5
        start = block * self.size + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        if self._steps == self._last > 0:
            return -5
        start = block * self.size + offset
        length = len(buffer)
        self._steps += 1
        if self._steps == self._last:
            length //= 2
        self.data[start : start + length] = memoryview(buffer)[:length]
        return -5 if self._steps == self._last else None

    def ioctl(self, command, argument):
        if command == 4:
            return len(self.data) // self.size
        if command == 5:
            return self.size
        return -5 if self._steps == self._last > 0 else 0


def _on(flash, work):
    """work(settings loaded from flash), in the board's own file system; true if power stayed."""
    os.mount(os.VfsLfs2(flash), "/unit-flash")
    try:
        work(Config("/unit-flash/config.json").load())
        return True
    except OSError:
        return False
    finally:
        os.umount("/unit-flash")


def test_a_cut_in_any_block_of_littlefs_leaves_the_old_settings_or_the_new():
    flash = _Flash(b"\xff" * 8192)
    os.VfsLfs2.mkfs(flash)
    states = []

    def look(config):
        assert config.problems == []
        states.append((config.get("mqtt_host"), config.get("mqtt_port")))

    assert _on(flash, _change("old.lan", 1000))
    begin = bytes(flash.data)
    cut = 0
    whole = False
    while not whole:
        cut += 1
        flash = _Flash(begin, cut)
        whole = _on(flash, _change("new.lan" * 16, 1001))
        flash = _Flash(flash.data)  # the next start
        assert _on(flash, look)
        assert states[-1] in (("old.lan", 1000), ("new.lan" * 16, 1001)), (cut, states[-1])
        assert _on(flash, _change("third.lan", 1002)) and _on(flash, look)
        assert states[-1] == ("third.lan", 1002), cut
    assert cut > 3 and ("old.lan", 1000) in states and states[-2] == ("new.lan" * 16, 1001)
