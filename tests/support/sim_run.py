"""`make run` without make: the conductor as a process, what it prints, and what it leaves."""

import os
import re
import signal
import subprocess
import sys
import threading

import psutil

from tests.support.sim_listener import PATIENCE, wait_for
from tools.runtime import ROOT

VARIABLES = ("MODE CONTRACT PHASES PRODUCER NOISE SPEED FILE SET STATE BROKER SEED SLOW"
             " FIRST POWER TICGATE_MICROPYTHON TICGATE_WIFI").split()
MARK = "TICGATE_TEST_RUN"


class Run:
    """One conductor; `lines` is what it has printed so far, both streams."""

    def __init__(self, mark: str, script="run.py", stdin=subprocess.DEVNULL, **variables: str):
        self.mark = mark
        environment = {k: v for k, v in os.environ.items() if k not in VARIABLES}
        environment.update(variables, **{MARK: mark})
        self.lines = []
        self._said = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tools/simulator" / script)], env=environment,
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._said:
                self.lines.append(line.rstrip("\n"))
                self._said.notify_all()
        with self._said:
            self._said.notify_all()

    def until(self, pattern: str) -> re.Match:
        """The first line that matches; fails with all of them when it ends or takes too long."""
        def found():
            return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)

        with self._said:
            self._said.wait_for(lambda: found() or not self._reader.is_alive(), 3 * PATIENCE)
            assert found(), f"no {pattern!r} in:\n" + "\n".join(self.lines)
            return found()

    def end(self, number: int = signal.SIGINT) -> int:
        """Send the signal and wait. -> exit status"""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        if number != signal.SIGKILL:
            self._reader.join(PATIENCE)
        return status

    def left(self) -> list:
        """The processes of this run that exist."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def nothing_left(self) -> None:
        """Wait until no process of this run exists."""
        wait_for(lambda: not self.left(), f"the end of {self.left()}")

    def clean(self) -> None:
        """Whatever happened: no process stays behind."""
        for process in self.left():
            try:
                process.kill()
            except psutil.Error:
                continue
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()
        if self.process.stdin:
            self.process.stdin.close()
