"""Kits without data, for recordings of one's own."""

from pathlib import Path

import pytest

from toolchain.data.own.new_kit import new_kit
from toolchain.kit import Kit, load_kit


@pytest.fixture
def words(tmp_path: Path) -> Kit:
    """A kit that hears, without data."""
    return new_kit("words", load_kit("keyword"), tmp_path, own_data=True, labels=["yes", "no"])


@pytest.fixture
def gestures(tmp_path: Path) -> Kit:
    """A kit of three axes at 50 samples a second."""
    made = new_kit("gestures", load_kit("keyword"), tmp_path, own_data=True, labels=["wave", "idle"])
    text = made.path.read_text()
    start, end = text.index("[input]"), text.index("[model]")
    signal = (
        '[input]\nshape = [100, 3]\ndtype = "int16"\n\n'
        '[signal]\ntype = "motion"\naxes = 3\nwindow = 100\nhop = 25\nrate = 50.0\n\n'
    )
    made.path.write_text(text[:start] + signal + text[end:])
    return load_kit(made.path)


@pytest.fixture
def pictures(tmp_path: Path) -> Kit:
    return new_kit("pictures", load_kit("digits"), tmp_path, own_data=True, labels=["cat", "dog"])
