"""Kits to train in tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.errors import Missing
from toolchain.kit import Kit, load_kit
from toolchain.resources import resource
from toolchain.train.tensorflow import require_packages


@pytest.fixture(scope="session")
def what_training_needs() -> None:
    """Asked for without importing TensorFlow, which takes seconds of every run that only collects its tests."""
    try:
        require_packages()
    except Missing as error:
        pytest.skip(str(error))


@pytest.fixture
def make_kit(tmp_path: Path) -> Callable[..., Kit]:
    """``make_kit(code=..., training={...}, …)``: digits in a folder of its own, with other code or settings."""

    def make(code: str | None = None, **tables: dict[str, object]) -> Kit:
        folder = tmp_path / "kit"
        shutil.copytree(resource("kits") / "digits", folder)
        if code is not None:
            (folder / "model.py").write_text(code)
        kit = load_kit(folder)
        updates = {table: getattr(kit, table).model_copy(update=values) for table, values in tables.items()}
        return kit.model_copy(update=updates)

    return make
