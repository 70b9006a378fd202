"""The line: plays a meter or a recording on a pseudo-terminal, at its real pace.

The pty is raw and 8N1 (a pty refuses 7E1); bytes are those that an 8N1 UART would hand over.  The
simulated UART says in the other direction which rate it listens at and how many bytes it can hold
("rate 1200 8192", a line of text) and when it stops ("closed"); while nobody listens the bytes are
gone, as on a wire.  Bytes that find its buffer full because the firmware is late are dropped and
counted: that is what was lost.

As a program it takes the variables of `make run` (settings.py), prints one JSON object a line
(ready, frame, end), and obeys lines on standard input: mode MODE, silence, speak, noise P, quit.
SIGUSR1 switches between historique and standard.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import threading
import time
import tty

from . import meter as meters
from .wire import Wire

_STEP = 0.01                    # s: bytes are handed over in steps of about this length
_ROOM = 3500                    # bytes put into the pty at most; the rest of the UART's waits here
_LATE = 0.25                    # s: after a longer stop of the whole machine, no catching up


class Line:
    """One pty and what is played on it.  `path` is the end that the firmware opens."""

    def __init__(self, source, speed: float = 1.0, noise: float = 0.0, seed: int = 1,
                 attached: bool = False, tell=None):
        """`source`: Performance or Recording; `attached`: deliver before anybody gave a rate;
        `tell`: called with a dict at each end of a frame, from the line's own thread."""
        self.source, self.speed, self.noise, self.seed = source, speed, noise, seed
        self.sent = self.lost = self.frames = 0
        self.silent = False
        self.resting = threading.Event()        # set while it is silent, after the last byte
        self._fifo, self._size = b"", 8192
        self.listening = meters.RATES[source.mode] if attached else 0
        self._tell = tell or (lambda event: None)
        self._wish = None               # mode to switch to when the frame has ended
        self._stop = False
        self._said = b""
        self._master, self._slave = pty.openpty()
        self.path = os.ttyname(self._slave)
        tty.setraw(self._slave)
        settings = termios.tcgetattr(self._slave)
        settings[6][termios.VMIN] = settings[6][termios.VTIME] = 0      # read() never waits
        termios.tcsetattr(self._slave, termios.TCSANOW, settings)
        os.set_blocking(self._master, False)
        self._wake, self._poke = os.pipe()
        os.set_blocking(self._wake, False)
        self._thread = None
        self._wired()

    def _wired(self) -> None:
        self.rate = meters.RATES[self.source.mode]
        self._wire = Wire(self.rate, self.noise, self.seed, self.source.parity)

    def start(self) -> None:
        """Play in a thread of its own."""
        self._thread = threading.Thread(target=self.play, name="line", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it and close the pty."""
        self._stop = True
        self._nudge()
        if self._thread:
            self._thread.join()
        for fd in (self._master, self._slave, self._wake, self._poke):
            os.close(fd)

    def switch(self, mode: str = "") -> None:
        """The meter goes to `mode`, or to the other one of historique and standard."""
        other = "standard" if self.source.mode == "historique" else "historique"
        self._wish = mode or other

    def silence(self, silent: bool = True) -> None:
        """Stop sending in the middle of whatever it is, or begin again."""
        self.silent = silent
        self._nudge()

    def set_noise(self, p: float) -> None:
        """From the next frame on, bit errors with probability `p`."""
        self.noise, self._wish = p, self._wish or self.source.mode

    def detach(self) -> None:
        """The listener is gone: its process ended."""
        self.listening, self._fifo = 0, b""

    def _nudge(self) -> None:
        os.write(self._poke, b".")

    def play(self) -> None:
        """Play until stop() or the end of a recording that does not loop."""
        due = time.monotonic()
        pieces = self.source.pieces(self.rate)
        while not self._stop:
            if self.silent:
                self.resting.set()
                self._wait(time.monotonic() + 60)
                self.resting.clear()
                due = time.monotonic()
                continue
            piece = next(pieces, None)
            if piece is None:
                return
            octets, rest, ended = piece
            due = self._send(octets, rest, due)
            if ended and not self._stop:
                self.frames += 1
                self._tell({"event": "frame", "n": self.frames, "mode": self.source.mode,
                            "bytes": self.sent, "lost": self.lost, **self.source.report})
            if ended and self._wish:
                wish, self._wish = self._wish, None
                if wish != self.source.mode and hasattr(self.source, "meter"):
                    self.source.meter.mode = wish
                    due += 0.5 / self.speed             # a meter does not switch in no time
                self._wired()
                pieces = self.source.pieces(self.rate)

    def _send(self, octets: bytes, rest: float, due: float) -> float:
        step = max(1, int(self.rate / 10 * self.speed * _STEP))
        for start in range(0, len(octets), step):
            part = octets[start:start + step]
            last = start + step >= len(octets)
            due = max(due, time.monotonic() - _LATE) + len(part) * 10 / self.rate / self.speed
            self._wait(due)
            if self._stop or self.silent:
                return due
            idle = int(rest * self.rate) if last else 0
            self._deliver(self._wire.carry(part, idle, self.listening))
        return due + rest / self.speed

    def _deliver(self, octets: bytes) -> None:
        """Into the UART's buffer, part of which is the pty and part ours; the surplus is lost."""
        if not self.listening:
            return
        self.sent += len(octets)
        self._fifo += octets
        over = len(self._fifo) + self._waiting() - self._size
        if over > 0:
            over = min(over, len(octets))
            self._fifo = self._fifo[:-over]
            self.lost += over
        self._pass_on()

    def _pass_on(self) -> None:
        room = _ROOM - self._waiting()
        if self._fifo and room > 0:
            try:
                written = os.write(self._master, self._fifo[:room])
            except BlockingIOError:
                written = 0
            self._fifo = self._fifo[written:]

    def _waiting(self) -> int:
        return struct.unpack("i", fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4))[0]

    def _wait(self, due: float) -> None:
        """Until `due`, hearing what the listener says meanwhile."""
        while not self._stop:
            left = due - time.monotonic()
            limit = min(left, 0.003) if self._fifo else left
            ready = select.select([self._master, self._wake], [], [], max(0, limit))[0]
            self._pass_on()
            if self._wake in ready:
                os.read(self._wake, 64)
                return
            if self._master in ready:
                self._hear(os.read(self._master, 1024))
            elif left <= 0:
                return

    def _hear(self, words: bytes) -> None:
        *lines, self._said = (self._said + words).split(b"\n")
        for words in lines:
            verb, *numbers = words.split()
            if verb == b"rate" and numbers and all(n.isdigit() and int(n) for n in numbers):
                self.listening = int(numbers[0])
                self._size = int(numbers[1]) if numbers[1:] else self._size
                self._wire.reset()
                self._flush()
            elif verb == b"closed":
                self.detach()

    def _flush(self) -> None:
        """Drop what waits in the pty, as a UART does when it is opened."""
        self._fifo = b""
        for _ in range(20):
            termios.tcflush(self._slave, termios.TCIFLUSH)
            if not self._waiting():
                return
            time.sleep(0.0005)


def _obey(line: Line, words: str) -> bool:
    """One command of standard input; False at the end."""
    verb, _, value = words.strip().partition(" ")
    if verb == "mode":
        line.switch(value)
    elif verb in ("silence", "speak"):
        line.silence(verb == "silence")
    elif verb == "noise":
        line.set_noise(float(value))
    elif verb == "detach":
        line.detach()
    return verb != "quit"


def main() -> int:
    """Play what the environment asks for until "quit", the end of standard input, or SIGTERM."""
    from . import settings

    try:
        options = settings.read(os.environ)
        source = settings.source(options)
    except settings.Wrong as problem:
        print(problem, file=sys.stderr)
        return 2
    lock = threading.Lock()

    def tell(event: dict) -> None:
        with lock:
            print(json.dumps(event), flush=True)

    line = Line(source, options.speed, options.noise, options.seed, tell=tell)
    signal.signal(signal.SIGUSR1, lambda *_: line.switch())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tell({"event": "ready", "pty": line.path, "mode": line.source.mode, "rate": line.rate})
    line.start()
    try:
        for words in sys.stdin:
            if not _obey(line, words):
                break
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    finally:
        line.stop()
    try:
        tell({"event": "end", "frames": line.frames, "bytes": line.sent, "lost": line.lost})
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
