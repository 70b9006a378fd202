"""The conductor of `make run`: meter, line, broker, and the firmware on the simulated board.

Everything it starts ends with it: on Ctrl-C, on SIGTERM, when the firmware ends, and by itself
when the conductor is killed (the line sees its standard input close, the firmware its pty).
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools import pages  # noqa: E402
from tools.simulator import broker, settings, time_server  # noqa: E402
from tools.simulator.capacitor import Capacitor  # noqa: E402
from tools.simulator.live import Live  # noqa: E402
from tools.simulator.ports import free_port  # noqa: E402

BOARD = ROOT / "tools/simulator/board"
CHIP = "40f5201a2b3c"
# Ports, if they are free: of the broker, of the pages, of what others may read.
BROKER, PAGE, MODBUS, RAW_TIC = 1883, 8080, 5020, 6638
_RESTARTS = {64: "2", 65: "4", 66: "3"}         # status: what reset_cause() will say


class Problem(Exception):
    """Why it cannot run, in words."""


def runtime() -> str:
    """The MicroPython to use: TICGATE_MICROPYTHON, an argument, or the one that make set up."""
    path = os.environ.get("TICGATE_MICROPYTHON") or (sys.argv[1] if sys.argv[1:] else None)
    if path is None:
        from tools.runtime import MICROPYTHON

        path = str(MICROPYTHON)
    if not os.access(path, os.X_OK):
        raise Problem(f"{path} is not a MicroPython that can be started (`make run` makes one)")
    return path


class Conductor:
    """All the parts of one run."""

    def __init__(self, options, micropython: str, state: str):
        self.options, self.micropython, self.state = options, micropython, state
        self.report = {}                # the line's last report
        self.status = 0                 # how the conductor ends
        self._line = self._firmware = self._broker = self._clock = None
        self.capacitor = Capacitor(state) if options.power == "supercap" else None
        self._environment = dict(
            os.environ, TICGATE_STATE=state, TICGATE_ID=CHIP, TICGATE_SPEED=f"{options.speed:g}",
            TICGATE_DNS_PORT=str(free_port(kind=socket.SOCK_DGRAM)),
            MICROPYPATH=f"{BOARD}:{ROOT}:{ROOT}/lib:.frozen")
        if options.first:
            self._environment.setdefault("TICGATE_WIFI", "real")

    async def run(self) -> int:
        """Start everything, wait for the firmware's end, stop everything. -> exit status"""
        try:
            host, port = await self._start_broker()
            if self.capacitor:
                self._clock, self._time = await time_server.start()
            known = self._configure(host, port)
            await self._start_line()
            device = known["mqtt_device"] or f"winky-{CHIP[-6:]}"
            print(f"MQTT broker on {known['mqtt_host']}:{known['mqtt_port']}, "
                  f"topics {known['mqtt_base']}/{device}/#", flush=True)
            print(f"meter: {self._what()}; board's flash: {self.state}", flush=True)
            print(f"page: http://127.0.0.1:{known['page_port']}/; what is typed here goes to the "
                  "board's console: help", flush=True)
            self._listen()
            live = Live(known, device, self.report, lambda text: print(text, flush=True))
            tasks = [asyncio.create_task(task) for task in (
                live.run(), live.patience(), self._follow_line(), self._firmware_life(),
                *self.more(known))]
            if self.capacitor:
                tasks.append(asyncio.create_task(self.capacitor.run(self._power_cut)))
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                pending = tasks
                while pending:  # before Python 3.12, wait_for() may miss that it was cancelled
                    for task in pending:
                        task.cancel()
                    _, pending = await asyncio.wait(pending, timeout=1)
                await asyncio.gather(*tasks, return_exceptions=True)
            return self.status
        finally:
            await self._stop()

    def more(self, known: dict) -> list:
        """Further tasks, which are not to end, for settings that are known now."""
        return []

    def settings(self) -> list:
        """Further settings, [(key, value)], which SET may change."""
        return []

    def _what(self) -> str:
        o = self.options
        if o.file:
            return f"recording {o.file}"
        return (f"{o.mode}, contract {o.contract}, {o.phases} phase{'s' * (o.phases > 1)}"
                f"{', producer' * o.producer}")

    async def _start_broker(self) -> tuple:
        if self.options.broker:
            return self.options.broker
        port = free_port(BROKER)
        self._broker = await broker.start(port)
        return "127.0.0.1", port

    def _configure(self, host: str, port: int) -> dict:
        """The settings and the pages into the board's flash; the firmware itself checks them.

        No time server is asked: the time is that of the simulated meter.
        """
        web = Path(self.state) / "web"
        web.unlink(missing_ok=True)
        web.symlink_to(pages.OUT)
        pairs = [("mqtt_host", host), ("mqtt_port", str(port)), ("ntp_host", ""),
                 ("page_port", str(free_port(PAGE)))]
        pairs += [("modbus_port", str(free_port(MODBUS))),
                  ("raw_tic_port", str(free_port(RAW_TIC)))]
        if not self.options.first:
            pairs.append(("wifi_ssid", "simulated"))
        if self.capacitor:
            pairs += [("power", "supercap"), ("board", "winky_c6"), ("power_stay_every", "0"),
                      ("ntp_host", f"127.0.0.1:{self._time}")]
        pairs += self.settings() + self.options.set
        done = subprocess.run([self.micropython, str(ROOT / "tools/simulator/configure.py")],
                              input=json.dumps(pairs), text=True, capture_output=True,
                              cwd=self.state, env=self._environment)
        if done.returncode == 2:
            raise Problem(f"SET: {done.stderr.strip()}")
        if done.returncode:
            raise Problem(f"the firmware's settings cannot be used:\n{done.stderr}")
        return json.loads(done.stdout)

    async def _start_line(self) -> None:
        """The line is a process of its own, so that nothing disturbs its pace."""
        self._line = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tools.simulator.line", cwd=ROOT, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ready = await self._line.stdout.readline()
        if not ready:
            raise Problem("the line did not start")
        self._environment["TICGATE_PTY"] = json.loads(ready)["pty"]

    async def _follow_line(self) -> None:
        while True:
            words = await self._line.stdout.readline()
            if not words:
                raise Problem("the line ended")
            self.report.update(json.loads(words))

    def _listen(self) -> None:
        """What is typed here is typed on the board's console, unless the terminal is another's."""
        try:
            if not os.isatty(0) or os.tcgetpgrp(0) == os.getpgrp():
                asyncio.get_running_loop().add_reader(0, self._typed)
        except OSError:
            pass  # there is nothing that can be waited for, such as /dev/null

    def _typed(self) -> None:
        words = os.read(0, 4096)
        if not words:
            asyncio.get_running_loop().remove_reader(0)
        elif self._firmware and self._firmware.returncode is None:
            self._firmware.stdin.write(words)

    async def _firmware_life(self) -> None:
        """Start the firmware, again after each reset and sleep, until it ends for good."""
        cause = "1"
        while True:
            self._firmware = await asyncio.create_subprocess_exec(
                self.micropython, str(BOARD / "power_on.py"), cwd=self.state,
                env=dict(self._environment, TICGATE_CAUSE=cause), process_group=0,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if self.capacitor:
                self.capacitor.running = True
            async for words in self._firmware.stdout:
                print(f"board: {words.decode(errors='replace').rstrip()}", flush=True)
            status = await self._firmware.wait()
            self._line.stdin.write(b"detach\n")
            if self.capacitor:
                self.capacitor.running = False
                (Path(self.state) / "radio.on").unlink(missing_ok=True)
                if self.capacitor.off:
                    await self.capacitor.back()
                    cause = "1"
                    continue
            if status not in _RESTARTS:
                print(f"the firmware ended with status {status}", flush=True)
                self.status = 1
                return
            cause = _RESTARTS[status]
            await asyncio.sleep(self._sleep() if status == 65 else 0.3)

    def _power_cut(self) -> None:
        """The capacitor is empty: nothing but the flash keeps what it holds."""
        print(f"board: brown-out at {self.capacitor.volts:.2f} V", flush=True)
        self.capacitor.running = False
        self._firmware.kill()
        (Path(self.state) / "rtc.bin").unlink(missing_ok=True)

    def _sleep(self) -> float:
        """Seconds that the board wanted to sleep; one second for a sleep without end."""
        note = Path(self.state) / "sleep.ms"
        try:
            return (int(note.read_text()) or 1000) / 1000 / self.options.speed
        except (OSError, ValueError):
            return 1.0
        finally:
            note.unlink(missing_ok=True)

    async def _stop(self) -> None:
        if self._firmware and self._firmware.returncode is None:
            self._firmware.kill()               # a board's power is cut, nobody asks it
            await self._firmware.wait()
        if self._line:
            if self._line.returncode is None:
                self._line.stdin.write(b"quit\n")
                try:
                    words = (await asyncio.wait_for(self._line.communicate(), 5))[0]
                    end = json.loads(words.splitlines()[-1])
                    print(f"the meter sent {end['frames']} frames; of the {end['bytes']} bytes "
                          f"the board could have read, {end['lost']} were lost", flush=True)
                except (TimeoutError, ValueError, IndexError, KeyError):
                    self._line.kill()
                    await self._line.wait()
        if self._broker:
            await self._broker.shutdown()
        if self._clock:
            self._clock.close()


async def conduct(options, micropython: str, state: str, kind) -> int:
    """Run until the end or a signal. -> exit status, 0 when it was stopped"""
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, me.cancel)
    try:
        return await kind(options, micropython, state).run()
    except asyncio.CancelledError:
        return 0


def main(kind=Conductor) -> int:
    """`make run`."""
    temporary = None
    try:
        options = settings.read(os.environ)
        settings.source(options)
        micropython = runtime()
        if options.state:
            os.makedirs(options.state, exist_ok=True)
        else:
            temporary = tempfile.mkdtemp(prefix="ticgate-")
        return asyncio.run(conduct(options, micropython, options.state or temporary, kind))
    except (settings.Wrong, Problem) as problem:
        print(problem, file=sys.stderr)
        return 2
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
