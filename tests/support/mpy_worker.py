"""A process that runs test functions (mpy_runner.py), and the verdicts read from its output."""

import collections
import os
import re
import select
import signal
import subprocess
import time

_HEAD = re.compile("\x1e\x1dmpy (\\w+) [^\n]*\n")  # as mpy_runner.py writes it
_GRACE = 2  # seconds to tell where it hangs, and to end after the last verdict

# kind: "pass", "fail" or "skip"; output: what it printed; detail: traceback or reason
Verdict = collections.namedtuple("Verdict", "kind output detail")


class Worker:
    """One process, from its start to the verdict on its last function."""

    def __init__(self, command: list, env: dict, cwd, interruptible: bool):
        self._interruptible = interruptible
        self._text = ""
        self._loaded = False
        self._broken = None  # the module did not load: the verdict on all of its functions
        self.ended = False
        # A group of its own, so that Ctrl-C goes to pytest only and nothing outlives close().
        self._process = subprocess.Popen(
            command, env=env, cwd=cwd, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    def close(self) -> None:
        """End the process and all that it started."""
        self.ended = True
        if self._process.stdout.closed:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.stdout.close()
        self._process.wait()

    def verdict(self, name: str, timeout: float, last: bool) -> Verdict:
        """The verdict on the function that is next; on the last one it covers the end, too."""
        if not self._loaded:
            self._load(time.monotonic() + timeout, timeout)
        if self._broken:
            return self._broken
        kind, text = self._report(time.monotonic() + timeout)
        output = ""
        if kind == "start":
            output = text
            kind, text = self._report(time.monotonic() + timeout)
        if kind in ("late", "gone"):
            return self._stuck(kind, output + text, f"running {name}", timeout)
        if last and kind == "pass":
            end, more = self._report(time.monotonic() + _GRACE)
            if end != "end" or not self._ends():
                return Verdict("fail", output + more, f"{self._how()} after {name}\n")
        return Verdict(kind, output, text)

    def _load(self, deadline: float, timeout: float) -> None:
        """Wait until the module is imported; when that fails, so do all of its functions."""
        self._loaded = True
        kind, output = self._report(deadline)
        if kind in ("late", "gone"):
            self._broken = self._stuck(kind, output, "importing the test file", timeout)
            self.ended = False  # a new process would end in the same way
        elif self._peek() in ("fail", "skip"):
            kind, text = self._report(deadline)
            self._broken = Verdict(kind, output, text)

    def _stuck(self, kind: str, output: str, what: str, timeout: float) -> Verdict:
        """The process hangs, or has ended: both are held against what it was doing."""
        if kind == "gone":
            detail = f"{self._how()} while {what}\n"
        else:
            detail = f"still {what} after {timeout:g} s\n"
            if self._interruptible:
                detail += self._where()
        self.close()
        return Verdict("fail", output, detail)

    def _ends(self) -> bool:
        """It has said all, and now ends as it should."""
        try:
            return self._process.wait(_GRACE) == 0
        except subprocess.TimeoutExpired:
            return False

    def _how(self) -> str:
        status = self._process.poll()
        if status is None:
            return "the process did not end"
        if status < 0:
            return f"the process was ended by {signal.Signals(-status).name}"
        return f"the process ended with status {status}"

    def _where(self) -> str:
        """Interrupt a function that hangs: its traceback tells where."""
        os.killpg(self._process.pid, signal.SIGINT)
        kind, text = self._report(time.monotonic() + _GRACE)
        return text if kind == "fail" else ""

    def _report(self, deadline: float) -> tuple:
        """(kind, text) of the next report: complete once another one begins, or at the end.

        ("late", text so far) at the deadline; ("gone", text) when the process has ended.
        """
        while True:
            head = _HEAD.search(self._text)
            following = _HEAD.search(self._text, head.end()) if head else None
            if following:
                return self._take(head, following.start())
            left = max(0, deadline - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                return "late", self._take(head)[1]
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                self._process.wait()
                return self._take(head) if head else ("gone", self._take(head)[1])
            self._text += data.decode(errors="replace")

    def _take(self, head: re.Match | None, end: int | None = None) -> tuple:
        """(kind, text) of the report that begins with head, or of text that has none."""
        text = self._text[head.end() if head else 0 : end]
        self._text = self._text[end:] if end else ""
        return head[1] if head else "", text

    def _peek(self) -> str:
        """Kind of the report that has begun after the one taken last."""
        head = _HEAD.match(self._text)
        return head[1] if head else ""
