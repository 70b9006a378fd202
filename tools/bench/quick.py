"""From reset to the last byte sent: the cycle of firmware/quick against the whole gateway."""

import json
import subprocess
import tempfile
from pathlib import Path

from tools.bench import modules, streams
from tools.bench.decoding import Failed, compile_target, compiled, mirrored
from tools.runtime import MICROPYTHON, ROOT, mpy, rv32

_WHOLE = ("firmware.gateway firmware.assembly firmware.config firmware.publish.mqtt"
          " firmware.publish.greeting firmware.link.clock firmware.portal.server").split()
_BEFORE = ("imports", "settings", "decoding", "connect", "publish")
_AFTER = ("imports", "settings", "RTC memory, decision", "decoding", "keeping",
          "imports of a session", "connect", "composing, while Wi-Fi joins", "publish")
_SETTINGS = {"wifi_ssid": "house", "wifi_password": "password", "mqtt_host": "192.0.2.1",
             "board": "winky_c6"}


def _asleep() -> str:
    """asleep.json, as prepare.py writes it."""
    code = f"""
import machine
from firmware.board import Board
from firmware.config import Config
from firmware.quick.prepare import prepare
config = Config("nowhere.json")
config.update({_SETTINGS!r})
prepare(config, Board(config, machine), "winky-1a2b3c", 1)
print(open("asleep.json").read())
"""
    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as folder:
        done = subprocess.run(
            [str(MICROPYTHON), "-c", code], cwd=folder, text=True, capture_output=True,
            env={"MICROPYPATH": f"{ROOT}/tools/simulator/board:{ROOT}:{ROOT}/lib:.frozen"},
            check=False)
    if done.returncode:
        raise Failed(done.stdout + done.stderr)
    return done.stdout.strip().splitlines()[-1]


def measure(meter: str) -> dict:
    """{"before" or "after": {"phases": {phase: instructions}, "trips", "bytes", "files",
    "prompt"}}; prompt: from reset to the interpreter being ready, which is the same for both"""
    found = {}
    for which in ("before", "after"):
        with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as name:
            folder = Path(name)
            files = dict(compiled(mpy.BOARD))
            files["quick.mpy"] = compile_target("quick.py", folder, mpy.BOARD)
            files["umqtt/simple.mpy"] = mirrored(mpy.BOARD) / "lib/umqtt/simple.mpy"
            files["firmware/settings.txt"] = ROOT / "firmware/settings.txt"
            for file, content in (("asleep.json", _asleep().encode()),
                                  ("frames.bin", streams.changing(meter, 4))):
                (folder / file).write_bytes(content)
                files[file] = folder / file
            image = folder / "image"
            image.write_bytes(mpy.romfs(files))
            loaded = [name for name in _WHOLE if not modules.bundler().within(
                modules.bundler().paths[name])]
            code = f"import quick\nquick.main({which!r}, '/rom/', {loaded!r})\n"
            done = rv32.run(code, image=image, timeout=120)
        if done.status:
            raise Failed(done.output + done.error)
        found[which] = json.loads(done.output.splitlines()[-1])
    return found


def rows(meters: dict) -> str:
    """A Markdown table of measure() by meter: thousands of instructions."""
    lines = [["", *(f"{meter}, {which}" for meter in meters for which in ("before", "after"))]]
    lines.append(["---"] + ["---:"] * (len(lines[0]) - 1))
    for phase in dict.fromkeys(_AFTER + _BEFORE):
        lines.append([phase, *(_thousands(found[which]["phases"].get(phase))
                               for found in meters.values() for which in ("before", "after"))])
    lines.append(["**all**", *(_thousands(sum(found[which]["phases"].values()))
                               for found in meters.values() for which in ("before", "after"))])
    lines.append(["files of the firmware that are loaded", *(
        str(found[which]["files"]) for found in meters.values() for which in ("before", "after"))])
    lines.append(["round trips until the first reading is accepted",
                  *(str(found[which]["trips"]) for found in meters.values()
                    for which in ("before", "after"))])
    lines.append(["bytes sent", *(str(found[which]["bytes"]) for found in meters.values()
                                  for which in ("before", "after"))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _thousands(number) -> str:
    return "" if number is None else f"{number / 1000:,.0f} k".replace(",", " ")


if __name__ == "__main__":
    print(rows({meter: measure(meter) for meter in streams.METERS}))
