"""Progress: a bar on a terminal, elsewhere a line for each tenth."""

import sys

_WIDTH = 24


class Bar:
    """Of so many bytes. Used with `with`; file() for each file, add() as its bytes go."""

    def __init__(self, total: int, out=None):
        self._total, self._done = total or 1, 0
        self._out = out or sys.stdout
        self._drawn = self._out.isatty()
        self._name = ""
        self._shown = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._drawn and self._shown:
            self._out.write("\n")
            self._out.flush()

    def file(self, name: str) -> None:
        """The next file."""
        self._name = name
        self._draw()

    def add(self, count: int) -> None:
        """So many bytes more."""
        self._done += count
        self._draw()

    def _percent(self) -> int:
        return 100 * self._done // self._total

    def _draw(self) -> None:
        if not self._drawn:
            tenth = self._percent() // 10
            if tenth != self._shown:
                print(f"{self._percent():3} %  {self._name}", file=self._out, flush=True)
                self._shown = tenth
            return
        full = _WIDTH * self._done // self._total
        text = f"[{'#' * full}{'.' * (_WIDTH - full)}] {self._percent():3} %  {self._name[-40:]}"
        if text != self._shown:
            self._out.write(f"\r{text}\x1b[K")
            self._out.flush()
            self._shown = text
