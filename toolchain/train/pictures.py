"""Learning curve and confusion matrices as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from toolchain.drawing import save

DPI = 120


def draw_learning_curve(history: dict[str, list[float]], best_epoch: int, title: str, path: Path) -> None:
    """Loss, and accuracy where there is one, by epoch for training and validation samples, with the epoch that was
    kept marked."""
    curves = [("loss", "loss", 1), ("accuracy", "accuracy (%)", 100)][: 2 if "accuracy" in history else 1]
    figure = _figure(4.5 * len(curves), 3.8)
    epochs = np.arange(1, len(history["loss"]) + 1)
    for axes, (name, label, factor) in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
        axes.plot(epochs, factor * np.array(history[name]), color="#1f77b4", label="training")
        axes.plot(epochs, factor * np.array(history[f"val_{name}"]), color="#d95f02", label="validation")
        axes.axvline(best_epoch, color="#777777", linestyle=":", label=f"kept: epoch {best_epoch}")
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.suptitle(title, parse_math=False)
    save(figure, path, dpi=DPI)


def draw_confusion(matrix: np.ndarray, labels: tuple[str, ...], title: str, path: Path) -> None:
    """Counts by true class (rows) and answer (columns), coloured by the share of the row; zeros are left blank."""
    n = len(labels)
    side = max(4.2, 1.6 + 0.42 * n)
    figure = _figure(side, side)
    axes = figure.subplots()
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(matrix):
        color = "white" if share[row, column] > 0.5 else "black" if row == column else "#b30000"
        axes.text(column, row, str(matrix[row, column]), ha="center", va="center", color=color, fontsize=9)
    turned = 90 if max(map(len, labels)) > 3 else 0
    axes.set_xticks(range(n), labels, rotation=turned, parse_math=False)
    axes.set_yticks(range(n), labels, parse_math=False)
    axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.6)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("answer of the model")
    axes.set_ylabel("true class")
    axes.set_title(title, parse_math=False)
    save(figure, path, dpi=DPI)


def _figure(width: float, height: float) -> Any:
    """A figure of its own, in inches, outside pyplot's global state: no display is needed."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")
