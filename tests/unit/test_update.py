"""firmware/update.py: a new version goes into the free slot, whole or not at all."""

import os

import bundle
from bundle import FILES, Board, Source, make
from flash import Flash

from firmware import filling, manifest, migrating, slots
from firmware import update as module

RUNTIMES = ("unix64",)  # the flash in memory is larger than the heap of the board

_PLACE = "/updated"


class Place:
    """A flash with the version 0.1.0 in slot a, from which we run ("": in the root)."""

    def __init__(self, running="a", blocks=200):
        self.slot = running
        self.blocks = blocks

    def __enter__(self):
        self.flash = Flash(self.blocks, 1024).start(_PLACE, fresh=True)
        self.before = os.getcwd(), slots.running, module.load
        os.chdir(_PLACE)
        slots.running = lambda: self.slot
        known = {"slots": slots, "manifest": manifest, "migrating": migrating,
                 "filling": filling}
        module.load = filling.load = lambda name: known[name]
        put("config.json", '{"site": "here"}')
        if self.slot:
            put("app.good", self.slot)
            os.mkdir(self.slot)
            put(self.slot + "/manifest", "ticgate 1\nversion 0.1.0\n")
        return self

    def __exit__(self, *_):
        where, slots.running, module.load = self.before
        filling.load = module.load
        os.chdir(where)
        self.flash.again(_PLACE)
        import vfs

        vfs.umount(_PLACE)

    async def take(self, data, confirmed="", reading=False, **other):
        """An update by this bundle. -> the version"""
        source = data if isinstance(data, Source) else Source(data)
        return await module.Update(source, confirmed, reading, Board(**other)).run()

    async def refused(self, data, words, confirm="", begun=False, **other):
        """It is refused with these words, and all is as it was but for the free slot."""
        before = state()
        try:
            await self.take(data, **other)
        except ValueError as error:
            assert words in error.args[0], error.args
            assert error.args[1] == confirm, error.args
        else:
            raise AssertionError("it was taken")
        after = state()
        if begun:  # the free slot had to be emptied
            before = {path: data for path, data in before.items() if path[:2] != "b/"}
        assert after == before, (after.keys(), before.keys())


def put(path, text):
    with open(path, "w") as file:
        file.write(text)


def state(folder=""):
    """{path: content} of the whole flash"""
    found = {}
    for name, kind, *_ in os.ilistdir(folder or "."):
        path = f"{folder}/{name}" if folder else name
        if kind & 0x4000:
            found.update(state(path))
        else:
            with open(path, "rb") as file:
                found[path] = file.read()
    return found


async def test_a_bundle_goes_into_the_free_slot_and_is_proposed():
    for running, free in (("a", "b"), ("b", "a"), ("", "a")):
        with Place(running) as place:
            assert await place.take(make(), reading=True) == "0.2.0"
            found = state()
            for path in FILES:
                assert found[f"{free}/{path}"] == FILES[path], path
            assert found[free + "/manifest"].startswith(b"ticgate 1\nversion 0.2.0\n")
            assert found["app.try"] == free.encode() + b"l"
            assert found["config.old"] == found["config.json"]
            assert slots.version(free) == "0.2.0"
            if running:
                assert found["app.good"] == running.encode()
            assert sorted(path for path in found if path[:4] == "app.") == (
                ["app.good", "app.try"] if running else ["app.try"])


async def test_it_comes_in_pieces_of_any_size():
    for most in (1, 7, 64, 1280, 100_000):
        with Place() as place:
            assert await place.take(Source(make(), most)) == "0.2.0"
            assert state()["b/firmware/gateway.py"] == FILES["firmware/gateway.py"]


async def test_what_was_in_the_free_slot_is_gone():
    with Place() as place:
        await place.take(make())
        os.remove("app.try")
        files = {"firmware/other.py": b"x"}
        await place.take(make(files, version="0.3.0"))
        assert sorted(path for path in state() if path[0] == "b") == [
            "b/firmware/other.py", "b/manifest"]


async def test_another_kind_of_file_is_refused():
    with Place() as place:
        say = "this is no update of this gateway"
        for data in (b"\n", b"PK\x03\x04\n" + bytes(3000), bytes(5000), b"x" * 5000, b"\xff\n"):
            await place.refused(data, say)
        await place.refused(make(first="ticgate 2"), say)
        await place.refused(b"", "cut off")


async def test_another_board_is_refused():
    with Place() as place:
        await place.refused(make(), "it is for esp32c6 esp32c3, this board is esp32s3",
                            family="esp32s3")
        assert await place.take(make(), family="esp32c3") == "0.2.0"


async def test_another_format_of_modules_is_refused():
    with Place() as place:
        for ours in ((5, 3, 11), (6, 2, 11), (6, 3, 10)):
            await place.refused(make(), "it is for .mpy 6.3.11, this MicroPython has", mpy=ours)
        assert await place.take(make(mpy="0 0 0"), mpy=(7, 0, 0)) == "0.2.0"
    with Place() as place:
        assert await place.take(make(mpy="6 0 0"), mpy=(6, 2, 3)) == "0.2.0"  # no native code


async def test_an_older_version_wants_a_confirmation():
    with Place() as place:
        for version in ("0.2.1", "0.10.0", "1.0.0"):
            await place.refused(make(), f"version 0.2.0 is older than {version}", "older",
                                version=version)
        assert await place.take(make(), "older", version="1.0.0") == "0.2.0"
        os.remove("app.try")
        assert await place.take(make(), version="0.2.0") == "0.2.0"  # the same once more


async def test_a_truncated_bundle_is_refused_wherever_it_ends():
    data = make()
    begins = data.index(b"signature") + 11
    with Place() as place:
        for end in list(range(1, begins, 97)) + [begins - 1]:
            await place.refused(data[:end], "cut off")
        for end in list(range(begins, len(data), 331)) + [len(data) - 1]:
            await place.refused(data[:end], "cut off", begun=True)


async def test_an_altered_bundle_is_refused_wherever_it_was():
    data = make(private=True)
    begins = data.index(b"signature")
    body = data.index(b"\n", begins) + 1
    with Place() as place:
        for at in list(range(0, begins, 53)) + list(range(begins + 12, body - 1, 50)):
            altered = bytearray(data)
            altered[at] ^= 1
            before = state()
            try:
                await place.take(bytes(altered), key=bundle.KEY)
            except ValueError:
                pass
            else:
                raise AssertionError(f"byte {at}")
            assert state() == before
        for at in range(body, len(data), 211):
            altered = bytearray(data)
            altered[at] ^= 1
            await place.refused(bytes(altered), "was altered", begun=True, key=bundle.KEY)
        assert await place.take(data, key=bundle.KEY) == "0.2.0"


async def test_more_or_less_than_the_manifest_says_is_refused():
    with Place() as place:
        await place.refused(make() + b"x", "more in the file", begun=True)
        await place.refused(make(bytes="17"), "damaged")
        await place.refused(make({}), "damaged")


async def test_a_signature_is_asked_for_where_there_is_a_key():
    with Place() as place:
        await place.refused(make(), "not signed", "unsigned", key=bundle.KEY)
        assert await place.take(make(), "unsigned", key=bundle.KEY) == "0.2.0"
        os.remove("app.try")
        good = bundle.sign(bundle.head().encode())
        for wrong in ("00", "ff" * 128, good[:-1], good + "0", f"{int(good, 16) ^ 1:x}", "é"):
            for confirmed in ("", "unsigned older"):
                await place.refused(make(signature=wrong), "its signature is wrong",
                                    confirmed=confirmed, key=bundle.KEY)
        assert await place.take(make(signature="00")) == "0.2.0"  # nobody to ask whose it is


def test_signatures_of_openssl_are_read():
    """RSA 2048, over the text "ticgate\\n", by `openssl dgst -sha256 -sign`."""
    from hashlib import sha256

    digest = sha256(b"ticgate\n").digest()
    assert manifest.signed(digest, _SIGNATURE, _MODULUS)
    assert not manifest.signed(sha256(b"ticgate").digest(), _SIGNATURE, _MODULUS)
    assert not manifest.signed(digest, b"%x" % (int(_SIGNATURE, 16) + _MODULUS), _MODULUS)


async def test_paths_that_lead_elsewhere_are_refused():
    with Place() as place:
        for path in ("boot.py", "main.py", "/firmware/x.py", "firmware", "firmware/", "../x",
                     "web/../boot.py", "firmware//x", "firmware/./x", "config.json", "history/x",
                     "firmware/x y", "firmware/\u00e9", "firmware/" + "x" * 80, "a/firmware/x"):
            await place.refused(make({path: b"x"}), "damaged")


async def test_a_manifest_that_makes_no_sense_is_refused():
    lines = bundle.head().split("\n")
    wrong = []
    for at in range(1, 6):
        wrong.append(lines[:at] + lines[at + 1 :])  # a line is missing
        wrong.append(lines[:at] + ["nonsense"] + lines[at + 1 :])
    for version in ("1.2", "1.2.x", "", "1.2.3.4", "-1.0.0", "99999.0.0"):
        wrong.append([lines[0], "version " + version] + lines[2:])
    wrong.append(lines[:5] + ["file firmware/x.py ten " + "0" * 64])
    wrong.append(lines[:5] + ["file firmware/x.py 10 00"])
    wrong.append(lines[:4] + ["bytes -1"] + lines[5:])
    wrong.append(lines[:5] + [f"file firmware/{n}.py 0 {'0' * 64}" for n in range(401)])
    with Place() as place:
        for one in wrong:
            await place.refused(make(lines="\n".join(one).rstrip("\n") + "\n"), "damaged")


async def test_no_room_is_said_and_changes_nothing():
    with Place(blocks=90) as place:
        files = {"web/big": bytes(24_000)}
        await place.refused(make(files), "no room: 92 KB are needed")
        assert await place.take(make({"web/small": bytes(9_000)})) == "0.2.0"


async def test_what_was_installed_in_the_root_makes_room_once_a_slot_runs():
    with Place("a", blocks=150) as place:
        for name in ("firmware", "web"):
            os.mkdir(name)
            put(name + "/large", "x" * 20_000)
        await place.take(make({"web/big": bytes(40_000)}))
        assert "firmware/large" not in state() and "web/large" not in state()
    with Place("", blocks=150) as place:
        for name in ("firmware", "web"):
            os.mkdir(name)
            put(name + "/large", "x" * 20_000)
        await place.refused(make({"web/big": bytes(40_000)}), "no room")


async def test_a_sender_who_goes_away_leaves_the_free_slot_empty():
    data = make()
    with Place() as place:
        for fails in (0, 50, 400, 1500, len(data) - 1, len(data)):
            before = state()
            try:
                await place.take(Source(data, fails=fails))
            except EOFError:
                pass
            else:
                raise AssertionError(fails)
            assert state() == before


async def test_a_version_that_is_being_tried_takes_no_update():
    with Place() as place:
        put("app.try", "a.")
        await place.refused(make(), "has not proven itself")


async def test_what_a_flash_does_not_keep_is_found():
    with Place():

        class Update(module.Update):
            async def end(self):
                await super().end()
                put("b/firmware/gateway.py", "something else")

        before = state()
        try:
            await Update(Source(make()), board=Board()).run()
        except OSError as error:
            assert "firmware/gateway.py" in str(error)
        else:
            raise AssertionError("it was taken")
        assert state() == before


def test_the_chip_is_known_by_either_spelling():
    assert manifest.chip("ESP32C6 module with ESP32C6") == "esp32c6"
    assert manifest.chip("ESP32C6 module with ESP32-C6") == "esp32c6"
    assert manifest.chip("Generic ESP32S3 module with ESP32-S3") == "esp32s3"


def test_the_board_says_what_it_is():
    with Place() as place:
        board = manifest.Board("a")
        assert board.family == "simulator" and board.key == 0 and len(board.mpy) == 3
        put("a/release.pub", f"{bundle.KEY:x}\n")
        assert manifest.Board("a").key == bundle.KEY
        put("a/release.pub", "no key")
        assert manifest.Board("a").key == 0 and place.slot


_SIGNATURE = (
    "22211f8f03875dd050e44369167aa096876b4d852ea595356e1dc5a065310ff77b3f920af27fbb57"
    "8a0cbee69e4b4f8f7c3532709837f3bfb5eaf9e5fbdd24f1e61821e943a9e64385bfc1aa8e3fab1a"
    "5f621bd9191c260700b6fca4e3652fe13e5696528cc90f9a06dab99ce38816cade028f0755d45498"
    "5c8f65b69b05969f925d9a4a59df4091749e9ec19edd03efa683c5e366c3bb75f754cd93e50f824a"
    "670e18517cf52ed7162da247314f449b96b630c73d72242e573dda34adc1d159b2dca40c6dd587de"
    "836943077e7197a0a8404c5a3e4989933c6555e160328c3c23ff3b6dd7e43eead5ec37c77a43da91"
    "0275ee75477ff42983a4c1c19f8bdbbb"
)
_MODULUS = int(
    "8581853dda22d169d0a03d71aa325f30d9d42985718b2c745d38f50e67ed46baa4bc660504dd00c8"
    "cbb96f27e5e214784b4157e3f39b12884bad9ff58d4f3dd32ca69631e4c6286f3d6c78a20fac3b8e"
    "5fdac4371412777898b6e0036b74914f8d3a57ef1795d04caacc2e8be342dee48ddb0eb4532aee14"
    "be97d7023fbfc505c4dedc755e97bf8a0b90f049540f1971fed6890755df24e804fc5ba0bb18d717"
    "d6df4ab9bb1f84baced120691e6f97b632db9e39c0be70d1d267889ebaa76f24b1fd91bd4c55962f"
    "c2a2c2944c893403def974bc415c91a54fd0b44d9c2c6488b9754887a6be4bcfc2e27c11650e124c"
    "48b34d7272be994128ecda4f7dd19a23"
    , 16)
