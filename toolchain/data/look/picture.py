"""A kit's data in one picture: samples by class, lengths, and some of each class as people know them."""

from __future__ import annotations

import io
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain.data.look.survey import Survey, seconds
from toolchain.drawing import save
from toolchain.drawing import shown as as_text
from toolchain.errors import Missing
from toolchain.signal import AudioSettings, ImageSettings, MotionSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit

DPI = 110
_COLUMNS = {True: 6, False: 12}  # of what is sampled over time, of pictures
_MOST_CLASSES = 12
_MOST_LINES = 14
_BLUE, _ORANGE, _MUTED = "#2a6fb0", "#c65d10", "#59636e"
_FRAME, _HOP, _MOST_FRAMES = 0.025, 0.010, 300  # of a spectrogram: seconds, and columns of a long one
_FLOOR = 80  # dB below the loudest bin that are shown


def draw(found: Survey, with_list: bool) -> bytes:
    """PNG. ``with_list``: with what is odd in words below. Raises `Missing` without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise Missing("pictures need matplotlib, which is not installed", 'pip install "tinyml-kit[train]"') from None
    kit, shown = found.kit, found.classes[:_MOST_CLASSES]
    lines = [line for odd in found.odd for line in wrap(odd.text, 150, initial_indent="- ", subsequent_indent="  ")]
    lines = lines[:_MOST_LINES] + ["…"] * (len(lines) > _MOST_LINES) if with_list else []
    heights = [0.6 + 0.2 * len(shown), 0.95 * len(shown), 0.18 * (len(lines) + 2) if lines else 0.01]
    figure: Any = Figure(figsize=(11, sum(heights) + 0.6), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=heights)
    _bars(found, top)
    _examples(found, middle, len(shown))
    if lines:
        bottom.text(0.01, 0.98, as_text("\n".join(["Odd:", *lines])), va="top", fontsize=9, parse_math=False)
    total = sum(c.samples for c in found.classes)
    figure.suptitle(f"{kit.title}: {total:,} samples of {len(found.classes)} classes", parse_math=False)
    stream = io.BytesIO()
    save(figure, stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()


def _bars(found: Survey, figure: Any) -> None:
    """Samples by class, and beside it how long the recordings are, or of how many people or recordings they are."""
    classes = found.classes[:_MOST_CLASSES]
    places, labels = range(len(classes)), [c.label for c in classes]
    lengths = [seconds(found.kit, len(unit)) for unit in found.units] if found.kit.data.source == "folder" else []
    own = bool(lengths) and None not in lengths
    groups = found.groups is not None
    left, *others = figure.subplots(1, 2 if own or groups else 1, squeeze=False)[0]
    bars = left.barh(places, [c.samples for c in classes], color=_BLUE, height=0.7)
    left.bar_label(bars, fmt="{:,.0f}", padding=2, fontsize=8)
    left.set_xlabel("samples", fontsize=9)
    if own:
        others[0].hist(lengths, bins=30, color=_ORANGE)
        others[0].set_xlabel("seconds of a recording", fontsize=9)
        others[0].set_ylabel("recordings", fontsize=9)
    elif groups:
        bars = others[0].barh(places, [c.groups or 0 for c in classes], color=_ORANGE, height=0.7)
        others[0].bar_label(bars, fmt="{:,.0f}", padding=2, fontsize=8)
        others[0].set_xlabel("people, voices or recordings they are of", fontsize=9)
        others[0].set_yticks([])
        others[0].invert_yaxis()
    left.set_yticks(places, labels, fontsize=9, parse_math=False)
    left.invert_yaxis()
    for axes in (left, *others):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        axes.margins(x=0.12)


def _examples(found: Survey, figure: Any, rows: int) -> None:
    columns = _COLUMNS[_over_time(found.kit)]
    grid = figure.subplots(rows, columns, squeeze=False)
    for c in range(rows):
        chosen = _spread(found, c, columns)
        for column, axes in enumerate(grid[c]):
            axes.set_xticks([])
            axes.set_yticks([])
            if column >= len(chosen):
                axes.axis("off")
                if column == 0:
                    axes.text(0, 0.5, f"{found.classes[c].label}: none", fontsize=9, parse_math=False)
                continue
            i = chosen[column]
            _draw(found.kit, found.units[i], axes)
            axes.set_title(as_text(_title(found, i)), fontsize=7, color=_MUTED, pad=2, parse_math=False)
            if column == 0:
                axes.set_ylabel(
                    found.classes[c].label, fontsize=9, rotation=0, ha="right", va="center", parse_math=False
                )


def _spread(found: Survey, c: int, wanted: int) -> list[int]:
    """Up to ``wanted`` of a class, of as many groups as there are."""
    members = np.flatnonzero(found.y == c)
    first = np.arange(len(members))
    if found.groups is not None:
        _, first = np.unique(found.groups[members], return_index=True)
    chosen = members[np.sort(first)]
    if len(chosen) < wanted:
        rest = np.setdiff1d(members, chosen)
        chosen = np.concatenate([chosen, rest[_even(len(rest), wanted - len(chosen))]])
    return [int(i) for i in np.sort(chosen[_even(len(chosen), wanted)])]


def _even(count: int, wanted: int) -> np.ndarray:
    """At most ``wanted`` indices below ``count``, evenly apart."""
    return np.unique(np.linspace(0, count - 1, min(wanted, count)).round().astype(int)) if count else np.zeros(0, int)


def _title(found: Survey, i: int) -> str:
    if found.kit.data.source == "folder":
        return found.names[i].rpartition("/")[2][: 24 if _over_time(found.kit) else 12]
    return f"of {found.groups[i]}"[:24] if found.groups is not None else ""


def _draw(kit: Kit, unit: np.ndarray, axes: Any) -> None:
    signal, shape = kit.signal, kit.input.shape
    if (length := seconds(kit, len(unit))) is not None:
        axes.set_xlabel(f"{length:.1f} s", fontsize=6, color=_MUTED, labelpad=1)
    if isinstance(signal, AudioSettings):
        sound = unit.reshape(-1)
        axes.imshow(
            spectrogram(sound, signal.rate), aspect="auto", origin="lower", cmap="magma", interpolation="nearest"
        )
    elif isinstance(signal, MotionSettings):
        axes.plot(unit.reshape(-1, signal.axes), linewidth=0.6)
    else:
        sample = unit[0] if unit.shape[1:] == shape else unit
        if isinstance(signal, ImageSettings) or (len(shape) == 3 and shape[2] in (1, 3)) or _is_grey(kit):
            axes.imshow(_picture(sample), cmap="gray", interpolation="nearest")
        else:
            axes.plot(sample.reshape(len(sample), -1), linewidth=0.6)


def _picture(sample: np.ndarray) -> np.ndarray:
    """A picture with values 0 to 1; two bytes a pixel are RGB565, drawn by their brightness."""
    if sample.ndim == 3 and sample.shape[2] == 2:
        return sample.astype(float).mean(axis=2)
    squeezed = sample[..., 0] if sample.ndim == 3 and sample.shape[2] == 1 else sample
    low, high = float(squeezed.min()), float(squeezed.max())
    return (squeezed.astype(float) - low) / max(high - low, 1e-9)


def spectrogram(sound: np.ndarray, rate: int) -> np.ndarray:
    """Power [frequencies, frames] in dB, at most `_FLOOR` below the loudest: 25 ms under a Hann window every 10 ms,
    farther apart in a long recording."""
    length = max(2, round(_FRAME * rate))
    padded = np.pad(sound.astype(np.float32) / 32768, (0, max(0, length - len(sound))))
    hop = max(round(_HOP * rate), len(padded) // _MOST_FRAMES, 1)
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(length), axis=1)) ** 2
    decibels = 10 * np.log10(power.T + 1e-12)
    shown: np.ndarray = np.maximum(decibels, decibels.max() - _FLOOR)
    return shown


def _over_time(kit: Kit) -> bool:
    return isinstance(kit.signal, AudioSettings | MotionSettings)


def _is_grey(kit: Kit) -> bool:
    return kit.input.dtype == "uint8" and len(kit.input.shape) == 2
