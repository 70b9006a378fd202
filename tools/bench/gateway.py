"""The whole gateway on the simulated board, measured while it reads a meter and publishes."""

import functools
import http.client
import json
import os
import queue
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import dist, signing, slot
from tools.bench import modules, streams
from tools.bench.decoding import TARGET, Failed, compile_target
from tools.bench.listener import Listener
from tools.runtime import MICROPYTHON, MICROPYTHON32_BOARD, ROOT, mpy
from tools.simulator.ports import free_port

stop = threading.Event()  # set: whatever waits here gives up

# The reader and MQTT alone; the same with a clock, which the books share with the time server.
READER = {"model": False, "page": False, "ap_after": 0, "ntp_host": ""}
CLOCKED = READER | {"ntp_host": "192.0.2.1"}
USUAL = {"wifi_ssid": "simulated", "ntp_host": ""}  # as it comes, in the house's network
EVERYTHING = (
    "/", "/app.js", "/app.css", "/fr.json", "/en.json", "/api/session", "/api/status",
    "/api/meter", "/api/labels", "/api/history?kind=minute", "/api/history.csv?kind=ten",
    "/api/history.csv?kind=day", "/api/config", "/api/log", "/metrics",
)
BOOKS = CLOCKED | {"model": True, "prices": "1=0,25 base=0,25", "subscription": "15"}

_BOARD = ROOT / "tools/simulator/board"
_PATIENCE = 40  # s for anything that is waited for
_LOOKS, _BETWEEN = 5, 0.3  # s
_VARIABLES = (
    "MODE CONTRACT PHASES PRODUCER NOISE SPEED FILE SET STATE BROKER SEED SLOW FIRST"
).split()


class Gateway:
    """Meter, line, firmware and broker, from `with` to its end.

    `small`: on the 32-bit port, with compiled modules as on the board; its heap is larger than
    the board's, so that the garbage of some frames has room. context: the broker speaks TLS;
    files: {name: bytes} in the board's flash; environment: variables of the simulated board.
    """

    program = "import watch"  # what the 32-bit port runs

    def __init__(self, meter: str, small: bool = False, speed: float = 1, context=None,
                 files=None, environment=None, **settings):
        self._meter, self._small, self._speed = meter, small, speed
        self._context, self._files = context, files or {}
        self._environment = environment or {}
        self._settings = settings
        self._report = {}  # the line's last
        self.ends = []  # when each ETX had left the meter
        self._answers = queue.Queue()
        self._said = []
        self._processes = []
        self._commands = None  # what target/watch.py reads

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="ticgate-bench-")
        self.broker = Listener(self._context)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        for process in self._processes:
            process.stdin.close()
        if self._commands:
            self._commands.close()
        self.broker.close()
        self._folder.cleanup()

    def _start(self) -> None:
        env = {name: value for name, value in os.environ.items() if name not in _VARIABLES}
        env |= self._line(env)
        folder = self._folder.name
        settings = {"mqtt_host": "127.0.0.1", "mqtt_port": self.broker.port, **self._settings}
        with open(f"{folder}/config.json", "w") as file:
            json.dump(settings, file)
        for name, octets in self._files.items():
            Path(folder, name).write_bytes(octets)
        env |= {"TICGATE_STATE": folder} | self._environment
        if self._small:
            env |= modules.flash(Path(folder))
            (Path(folder) / "watch.mpy").write_bytes(_watch())
            command = [str(MICROPYTHON32_BOARD), "-X", "heapsize=256k", "-c", self.program, "-m"]
        else:
            env["MICROPYPATH"] = f"{_BOARD}:{ROOT}:{ROOT}/lib:.frozen"
            command = [str(MICROPYTHON), str(TARGET / "watch.py")]
        # Standard input is the firmware's own, its console.
        reads, writes = os.pipe()
        self._commands = os.fdopen(writes, "w", buffering=1)
        env["TICGATE_WATCH"] = f"/dev/fd/{reads}"
        self._firmware = self._popen(command, folder, env, pass_fds=(reads,))
        os.close(reads)
        self._follow(self._firmware, self._heard)

    def _line(self, env: dict) -> dict:
        """Start the meter and its line. -> what the firmware's environment says of them"""
        mode, options = streams.METERS[self._meter]
        line = self._popen(
            [sys.executable, "-m", "tools.simulator.line"], ROOT,
            env | {"MODE": mode, "SPEED": f"{self._speed:g}"} | {
                name.upper(): str(int(value) if value is True else value)
                for name, value in options.items()
            },
        )
        ready = json.loads(line.stdout.readline())
        self._follow(line, self._frame_ended)
        return {"TICGATE_PTY": ready["pty"]}

    def _popen(self, command: list, cwd, env: dict, **options):
        process = subprocess.Popen(
            command, cwd=cwd, env=env, text=True, bufsize=1, start_new_session=True,
            **options, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self._processes.append(process)
        return process

    def _follow(self, process, take) -> None:
        """Hand on each line that a process prints, until its end."""
        def read():
            for line in process.stdout:
                take(line)
            process.stdout.close()

        threading.Thread(target=read, daemon=True).start()

    def _frame_ended(self, line: str) -> None:
        now = time.monotonic()
        if '"frame"' in line:
            self.ends.append(now)
        elif '"lost"' in line:
            self._report = json.loads(line)

    def _heard(self, line: str) -> None:
        if line.startswith("@"):
            self._answers.put(json.loads(line[1:]))
        else:
            self._said.append(line)

    def ask(self, command: str) -> dict:
        """The answer of target/watch.py to a command."""
        self._commands.write(command + "\n")
        try:
            return self._answers.get(timeout=_PATIENCE)
        except queue.Empty:
            raise Failed(f"no answer to {command}:\n{''.join(self._said[-30:])}") from None

    def calm(self) -> int:
        """Bytes of heap that stay while nothing is under way, a request to a destination, say: the
        least of some looks.
        """
        looks = []
        for _ in range(_LOOKS):
            looks.append(self.ask("stay")["heap"])
            pause(_BETWEEN)
        return min(looks)

    def lost(self) -> int:
        """Stop the meter. -> bytes of the line that the board could have read, and did not"""
        line = self._processes[0]
        line.stdin.write("quit\n")
        line.stdin.flush()
        line.wait(_PATIENCE)
        deadline = time.monotonic() + _PATIENCE
        while "lost" not in self._report:
            if time.monotonic() > deadline:
                raise Failed("the line does not report")
            pause(0.02)
        return self._report["lost"]

    def names(self) -> int:
        """Names in memory, but for those of target/watch.py."""
        self.ask("names")
        counts = re.findall(r"^qstr pool:.* n_qstr=(\d+),", "".join(self._said), re.M)
        return int(counts[-1]) - int(counts[0])

    def published(self, topic: str = "/frame") -> list:
        """Messages of a topic so far."""
        return [one for one in self.broker.messages if one.topic.endswith(topic)]

    def wait(self, frames: int) -> None:
        """Until so many more frames have been published."""
        wanted = len(self.published()) + frames
        deadline = time.monotonic() + _PATIENCE + 3 * frames / self._speed
        while len(self.published()) < wanted:
            if time.monotonic() > deadline or self._firmware.poll() is not None:
                raise Failed(f"no frame at the broker:\n{''.join(self._said[-30:])}")
            pause(0.02)

    def delays(self, since: float, frames: int) -> list:
        """Milliseconds from ETX to the last byte at the broker, of frames after `since`:
        [(of the frame topic, of the last message that the frame caused)]
        """
        found = []
        ends = [end for end in self.ends if end >= since]
        for end, following in zip(ends, [*ends[1:], float("inf")], strict=True):
            caused = [m for m in self.broker.messages if end <= m.time < following]
            whole = [m.time for m in caused if m.topic.endswith("/frame")]
            if whole:
                last = max(m.time for m in caused if not m.topic.endswith("/gateway"))
                found.append(((whole[0] - end) * 1000, (last - end) * 1000))
        return found[:frames]


def pause(seconds: float) -> None:
    """Wait; Failed if that is to be given up."""
    if stop.wait(seconds):
        raise Failed("stopped")


def memory(meter: str, seconds: float = 60, **settings) -> dict:
    """Bytes of heap on the 32-bit port: garbage a frame, at rest after `seconds`, the peak until
    then; and the modules that are in memory.
    """
    with Gateway(meter, small=True, **settings) as gateway:
        gateway.wait(4)
        held = gateway.ask("hold")["heap"]
        gateway.wait(5)
        garbage = (gateway.ask("go on")["heap"] - held) / 5
        gateway.ask("stay")
        pause(seconds)
        peak = gateway.ask("worst")["heap"]
        stays = gateway.ask("stay")
    return {
        "garbage": garbage, "peak": peak, "rest": stays["heap"], "seconds": seconds,
        "modules": [name for name in stays["modules"] if name.startswith("firmware")],
    }


def rest(meter: str, seconds: float = 10, **settings) -> int:
    """Bytes of heap at rest on the 32-bit port, with these settings."""
    with Gateway(meter, small=True, **settings) as gateway:
        gateway.wait(4)
        pause(seconds)
        return gateway.ask("stay")["heap"]


@functools.cache
def _watch() -> bytes:
    """target/watch.py, compiled: so it leaves fewer names beside those of the firmware."""
    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as folder:
        return compile_target("watch.py", Path(folder), mpy.UNIX32).read_bytes()


def pages(meter: str, beside: int = 5, frames: int = 6, **options) -> dict:
    """Bytes of heap on the 32-bit port as it comes, MQTT included: at rest, with the pages open
    (and after everything was asked for once), and the peaks: while a page with its live feed is
    open and a client downloads everything, one thing after the other; while six do so at once;
    while the owner chooses a password; while an update comes, a signed one that is altered at its
    end.
    "names": how many are in memory then. frames: before all that; options: of Gateway, settings
    among them.
    """
    port = free_port()
    public, bundle = signed_bundle()
    with Gateway(meter, small=True, page_port=port, files={"release.pub": public},
                 **USUAL | options) as gateway:
        gateway.wait(frames)
        rest = gateway.calm()
        gateway.ask("worst")
        feed = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        try:
            feed.request("GET", "/api/live")
            feed.getresponse()
            for path in EVERYTHING:
                _download(port, path)
            peak = gateway.ask("worst")["heap"]
            with ThreadPoolExecutor(beside + 1) as pool:
                list(pool.map(lambda path: _download(port, path), EVERYTHING))
            crowd = gateway.ask("worst")["heap"]
            opened = gateway.calm()
            headers = choose_password(port)
            login = gateway.ask("worst")["heap"]
            update(port, bundle, headers)
            updating = gateway.ask("worst")["heap"]
        finally:
            feed.close()
        return {"rest": rest, "open": opened, "peak": peak, "crowd": crowd, "login": login,
                "update": updating, "names": gateway.names()}


def signed_bundle() -> tuple:
    """(the public half of a key of 3072 bits, a bundle signed by it, altered in its last byte)"""
    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as work:
        folder = Path(work, "slot")
        key = Path(work, "key.pem")
        subprocess.run(["openssl", "genrsa", "-out", key, "3072"], check=True, capture_output=True)
        (folder / "firmware").mkdir(parents=True)
        for n in range(40):
            (folder / f"firmware/part{n}.mpy").write_bytes(bytes((0x4D, 6, 0, n)) * 1250)
        slot.describe(folder, "simulator", "99.0.0", key)
        bundle = Path(work, "bundle")
        dist.pack(folder, bundle)
        return signing.modulus(key).encode(), bundle.read_bytes()[:-1] + b"?"


def choose_password(port: int) -> dict:
    """Be the first to choose it. -> headers of the owner"""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        client.request("POST", "/api/password", json.dumps({"new": "for the bench"}),
                       {"Content-Type": "application/json"})
        answer = client.getresponse()
        token = json.loads(answer.read())["token"]
        return {"Cookie": answer.getheader("Set-Cookie").partition(";")[0], "X-Token": token}
    finally:
        client.close()


def update(port: int, bundle: bytes, headers: dict) -> None:
    """Send an update as the owner; Failed if it is not refused at its end."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        client.request("POST", "/api/update", bundle, headers)
        answer = client.getresponse()
        words = answer.read()
        if answer.status != 400 or b"was altered" not in words:
            raise Failed(f"update: {answer.status} {words}")
    finally:
        client.close()


def _download(port: int, path: str) -> None:
    """The whole of an answer; Failed if it is none."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        if answer.status != 200:
            raise Failed(f"{path}: {answer.status}")
    finally:
        client.close()


def wear(days: int = 30, script: str = "month_wear") -> dict:
    """What tests/support/month_wear.py counts: erases a day, years that the flash lasts; or what
    flash_wear.py does.
    """
    done = subprocess.run(
        [str(MICROPYTHON), "-X", "heapsize=48M", f"tests/support/{script}.py", str(days)],
        cwd=ROOT, env=os.environ | {"MICROPYPATH": f"{ROOT}:{ROOT}/tests/unit:.frozen"},
        text=True, capture_output=True, check=False)
    if done.returncode:
        raise Failed(done.stdout + done.stderr)
    return json.loads(done.stdout)


def pace(meter: str, frames: int = 30) -> dict:
    """Milliseconds on the 64-bit port: from ETX to the broker, and the loop's longest stall."""
    with Gateway(meter, **USUAL) as gateway:
        gateway.wait(3)
        gateway.ask("worst")
        since = time.monotonic()
        gateway.wait(frames + 2)
        stall = gateway.ask("worst")["stall"]
        delays = gateway.delays(since, frames)
    if not delays:
        raise Failed("no frame could be matched with its message")
    frame, last = zip(*delays, strict=True)
    return {
        "median": statistics.median(frame), "maximum": max(frame),
        "last median": statistics.median(last), "last maximum": max(last), "stall": stall,
        "frames": len(delays),
    }
