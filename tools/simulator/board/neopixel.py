"""The simulated board's `neopixel`: the light is remembered, nobody sees it."""


class NeoPixel:
    """A chain of n lights."""

    ORDER = (1, 0, 2, 3)

    def __init__(self, pin, n, bpp=3, timing=1):
        self._shown = []
        self._next = [(0,) * bpp] * n

    def __len__(self) -> int:
        return len(self._next)

    def __setitem__(self, i, v) -> None:
        self._next[i] = v

    def __getitem__(self, i) -> tuple:
        return self._next[i]

    def fill(self, v) -> None:
        """All of them in one colour."""
        for i in range(len(self._next)):
            self._next[i] = v

    def write(self) -> None:
        """Show it."""
        self._shown = list(self._next)
