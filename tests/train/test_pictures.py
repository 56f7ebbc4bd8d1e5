"""Pictures of a training whose kit is called what nobody foresaw."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from toolchain.train.pictures import draw_confusion, draw_learning_curve

pytestmark = pytest.mark.unit


def test_names_are_no_formulas_and_need_no_font(tmp_path):
    """``$^$`` is a formula to matplotlib, and one that it refuses; no font that comes with it has a rocket."""
    name = "costs $^$ \U0001f680"
    history = {key: [0.5, 0.4] for key in ("loss", "val_loss", "accuracy", "val_accuracy")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_confusion(np.eye(2, dtype=int), (name, "b"), name, tmp_path / "confusion.png")
        draw_learning_curve(history, 1, name, tmp_path / "curve.png")
    for path in tmp_path.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 2
