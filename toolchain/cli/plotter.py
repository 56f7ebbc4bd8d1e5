"""Numbers in what a board prints, drawn in the terminal: ``temperature:21.5 light:300``, as Arduino's plotter takes."""

from __future__ import annotations

import re
from collections import deque

_PAIR = re.compile(r"([A-Za-z_][\w .%/()-]*?)\s*[:=]\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?=$|[\s,;])")
_BARE = re.compile(
    r"^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:[\s,;]+[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)*\s*$"
)


_COLOURS = ("green", "red", "blue", "orange", "magenta", "cyan", "gray")


def parse(line: str) -> dict[str, float]:
    """The named numbers of a line; of a line of nothing but numbers they are called value 1, value 2 …"""
    if _BARE.match(line):
        return {f"value {i}": float(text) for i, text in enumerate(re.split(r"[\s,;]+", line.strip()), 1)}
    return {name.strip(): float(text) for name, text in _PAIR.findall(line)}


class Plotter:
    """The last ``length`` values of each name."""

    def __init__(self, length: int = 200) -> None:
        self._length = length
        self._values: dict[str, deque[tuple[int, float]]] = {}
        self._count = 0

    def add(self, line: str) -> bool:
        """Takes the numbers of a line; whether there were any."""
        found = parse(line)
        self._count += bool(found)
        for name, value in found.items():
            self._values.setdefault(name, deque(maxlen=self._length)).append((self._count, value))
        return bool(found)

    def draw(self, width: int, height: int) -> str:
        """The curves in ``width`` columns and ``height`` lines of text with colour codes; empty without values."""
        if not self._values:
            return ""
        import plotext

        plotext.clear_figure()
        plotext.theme("clear")
        plotext.plotsize(width, height)
        for number, (name, values) in enumerate(self._values.items()):
            at, value = zip(*values, strict=True)
            plotext.plot(at, value, label=f"{name} {value[-1]:g}", color=_COLOURS[number % len(_COLOURS)])
        return str(plotext.build())
