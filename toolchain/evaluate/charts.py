"""Charts of a report as SVG text: their colours are the page's, so that they follow its light or dark theme."""

from __future__ import annotations

import importlib.util
import io
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain.drawing import save
from toolchain.errors import Missing

if TYPE_CHECKING:
    from toolchain.evaluate.profile import Profile
    from toolchain.evaluate.results import Matrix

# Stand-ins that matplotlib can draw with; each becomes the page's CSS variable of that name.
_COLOURS = {"ink": "#010203", "muted": "#040506", "line": "#070809", "blue": "#0a0b0c", "orange": "#0d0e0f",
            "red": "#101112", "paper": "#131415"}  # fmt: skip
INK, MUTED, LINE, BLUE, ORANGE, RED, PAPER = _COLOURS.values()
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: readable, searchable, in the page's font
    "font.size": 10,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": LINE,
    "legend.frameon": False,
}
_WIDTH = 4.6  # inches; on a phone the picture is shown about as large as it is drawn
_MOST_NAMED = 10  # points of a roofline that bear the number of their layer, those that take longest first
_MOST_SHOWN = 24  # classes up to which counts are written into a confusion matrix


def learning_curve(history: Mapping[str, Sequence[float]], best_epoch: int) -> str:
    """Loss and accuracy by epoch, for training and validation samples, with the epoch that was kept marked."""
    epochs = np.arange(1, len(history["loss"]) + 1)
    with _figure(_WIDTH, 4.4, "learning") as (figure, svg):
        for axes, (name, label, factor) in zip(
            figure.subplots(2, 1, sharex=True), (("loss", "loss", 1), ("accuracy", "accuracy (%)", 100)), strict=True
        ):
            axes.plot(epochs, factor * np.array(history[name]), color=BLUE, label="training")
            axes.plot(epochs, factor * np.array(history[f"val_{name}"]), color=ORANGE, label="validation")
            axes.axvline(best_epoch, color=MUTED, linestyle=":", label=f"kept: epoch {best_epoch}")
            axes.set_ylabel(label)
            axes.grid(alpha=0.6)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("epoch")
        axes.legend(fontsize=9)
    return svg()


def confusion(matrix: Matrix, labels: Sequence[str], name: str) -> str:
    """Counts by true class (rows) and answer (columns). The depth of the colour is the share of the row, red is wrong;
    zeros are left blank."""
    from matplotlib.patches import Rectangle

    counts, n = np.array(matrix), len(labels)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    longest = max(map(len, labels))
    size = max(5.0, min(10.0, 100 / n))
    with _figure(3.7, 3.7, f"confusion-{name}") as (figure, svg):
        axes = figure.subplots()
        for row, column in np.argwhere(counts):
            part, right = share[row, column], row == column
            depth = part if right else 0.2 + 0.8 * part
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=BLUE if right else RED, alpha=depth, linewidth=0)
            )
            if n <= _MOST_SHOWN:
                colour = PAPER if depth > 0.6 else INK
                axes.text(
                    column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=size - 1
                )
        axes.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), aspect="equal", xlabel="answer", ylabel="true class")
        axes.set_xticks(range(n), labels, rotation=90 if longest > 2 else 0, fontsize=size, parse_math=False)
        axes.set_yticks(range(n), labels, fontsize=size, parse_math=False)
        axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        axes.grid(which="minor", linewidth=0.5)
        axes.tick_params(which="both", length=0)
    return svg()


def layer_times(profile: Profile) -> str:
    """A bar a layer, from the first at the top."""
    unit = {"us": "µs"}.get(profile.unit, profile.unit)
    layers = profile.layers
    with _figure(_WIDTH, 0.9 + 0.24 * max(len(layers), 3), "layers") as (figure, svg):
        axes = figure.subplots()
        rows = range(len(layers))
        axes.barh(rows, [layer.time for layer in layers], color=BLUE, height=0.7)
        axes.set_yticks(rows, [f"{layer.number} {_short(layer.op)}" for layer in layers], fontsize=8)
        axes.set_ylim(len(layers) - 0.4, -0.6)
        axes.set_xlabel(unit)
        axes.xaxis.set_major_formatter(lambda value, _: _thousands(value))
        axes.grid(axis="x", alpha=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
    return svg()


def roofline(profile: Profile) -> str:
    """MACs per unit of time over MACs a byte, one point a layer that has MACs, under the roof (Williams, Waterman and
    Patterson, "Roofline", Communications of the ACM 52, 2009)."""
    from matplotlib.ticker import LogLocator

    unit = {"us": "µs", "instructions": "instruction"}.get(profile.unit, profile.unit)
    layers = [layer for layer in profile.layers if layer.macs and layer.time > 0]
    with _figure(_WIDTH, 3.4, "roofline") as (figure, svg):
        axes = figure.subplots()
        intensity = np.array([layer.macs / max(layer.bytes, 1) for layer in layers])
        reached = np.array([layer.macs / layer.time for layer in layers])
        if layers:
            roof, slope = profile.roof.macs, profile.roof.bytes
            x = np.geomspace(min(intensity.min(), roof / slope) / 2, max(intensity.max(), roof / slope) * 2, 200)
            axes.plot(x, np.minimum(roof, slope * x), color=MUTED)
            largest = max(layer.time for layer in layers)
            sizes = [20 + 130 * layer.time / largest for layer in layers]
            axes.scatter(intensity, reached, s=sizes, color=BLUE, alpha=0.6, linewidths=0, zorder=3)
            longest = sorted(range(len(layers)), key=lambda i: -layers[i].time)[:_MOST_NAMED]
            height = 2 * max(reached.max(), roof) / min(reached.min(), roof)
            places = np.log(np.column_stack((intensity, reached))) / np.log((x[-1] / x[0], height))
            for near in _together(longest, places):
                axes.annotate(
                    ", ".join(str(layers[i].number) for i in sorted(near)),
                    (intensity[near[0]], reached[near[0]]),
                    fontsize=8,
                    color=INK,
                    xytext=(0, 7),
                    textcoords="offset points",
                    ha="center",
                    zorder=4,
                )
            axes.set(xscale="log", yscale="log")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axis.set_major_formatter(lambda value, _: f"{value:g}")
                axis.set_minor_formatter(lambda value, _: "")
        axes.set(xlabel="MACs per byte moved", ylabel=f"MACs per {unit}")
        axes.grid(alpha=0.6)
    return svg()


def _together(points: Sequence[int], places: np.ndarray) -> list[list[int]]:
    """``points`` in groups of which one label is written, as two would lie on each other: those within a few hundredths
    of the picture of a group's first. ``places`` [n, 2] are fractions of its width and height."""
    groups: list[list[int]] = []
    for point in points:
        close = (group for group in groups if (np.abs(places[group[0]] - places[point]) < (0.03, 0.06)).all())
        group = next(close, None)
        if group is None:
            groups.append([point])
        else:
            group.append(point)
    return groups


def samples(inputs: np.ndarray, classes: np.ndarray, labels: Sequence[str]) -> str:
    """The first sample of each class, as the model is given it: a picture, or lines over time."""
    shown = [(label, np.flatnonzero(classes == i)[:1]) for i, label in enumerate(labels)][:12]
    picture = inputs.ndim == 4 and inputs.shape[-1] in (1, 3) and min(inputs.shape[1:3]) > 1
    columns = min(5, len(shown))
    rows = -(-len(shown) // columns)
    with _figure(_WIDTH, rows * (1.1 if picture else 0.9), "samples") as (figure, svg):
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for axes, (label, where) in zip(grid.flat, shown, strict=False):
            axes.set_title(textwrap.fill(label, 12), fontsize=8, parse_math=False)
            for i in where:
                if picture:
                    low, high = inputs.min(), inputs.max()
                    scaled = (inputs[i].astype(float) - low) / max(float(high) - float(low), 1)
                    axes.imshow(scaled, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
                else:
                    axes.plot(inputs[i].reshape(inputs.shape[1], -1) if inputs.ndim > 2 else inputs[i], linewidth=0.7)
    return svg()


def require_matplotlib() -> None:
    """Raise `Missing` when charts cannot be drawn: to be asked before long work, since it imports nothing."""
    if importlib.util.find_spec("matplotlib") is None:
        raise Missing("the report's charts need matplotlib", "pip install 'tinyml-kit[train]'")


def on_white(svg: str) -> str:
    """A chart as a file of its own: dark on white, whatever shows it."""
    colours = {"ink": "#1b1f24", "muted": "#59636e", "line": "#d5dae0", "blue": "#2a6fb0", "orange": "#c65d10",
               "red": "#c0392b", "paper": "#ffffff"}  # fmt: skip
    style = "; ".join(f"--{name}: {value}" for name, value in colours.items())
    return svg.replace("<svg ", f'<svg style="{style}; background: #ffffff" ', 1)


def _thousands(value: float) -> str:
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k" if value >= 1e4 else f"{value:g}"


def _short(op: str) -> str:
    return op.replace("CONV_2D", "CONV").replace("FULLY_CONNECTED", "DENSE").replace("DEPTHWISE", "DW")


class _figure:
    """A figure of its own, in inches, outside pyplot's global state; the second value gives its SVG afterwards.

    Raises `Missing` without matplotlib.
    """

    def __init__(self, width: float, height: float, name: str) -> None:
        self._size, self._name = (width, height), name

    def __enter__(self) -> tuple[Any, Any]:
        require_matplotlib()
        import matplotlib
        from matplotlib.figure import Figure

        # the salt makes ids repeat from run to run and differ from figure to figure of the page
        self._context = matplotlib.rc_context({**_STYLE, "svg.hashsalt": self._name})
        self._context.__enter__()
        figure = Figure(figsize=self._size, layout="constrained")
        figure.patch.set_alpha(0)
        self._figure = figure
        return figure, lambda: self._svg

    def __exit__(self, *exception: Any) -> None:
        try:
            if exception[0] is None:
                for axes in self._figure.axes:
                    axes.patch.set_alpha(0)
                stream = io.StringIO()
                save(self._figure, stream, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
                self._svg = _themed(stream.getvalue(), self._name)
        finally:
            self._context.__exit__(*exception)


def _themed(svg: str, name: str) -> str:
    """The element alone, its ids its own, with the page's colours in place of the stand-ins."""
    svg = svg[svg.index("<svg") :]
    for variable, stand_in in _COLOURS.items():
        svg = svg.replace(stand_in, f"var(--{variable})")
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    return re.sub(r'<svg ([^>]*?)width="[^"]+" height="[^"]+"|<svg ([^>]*?)height="[^"]+"', r"<svg \1\2", svg, count=1)
