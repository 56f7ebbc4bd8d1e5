"""The folder of a trained model, and the figures that need no training."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from toolchain.errors import BadInput, Missing
from toolchain.kit import load_kit
from toolchain.train import load_trained, train_kit
from toolchain.train.measure import confusion_matrix
from toolchain.train.tensorflow import silenced

pytestmark = pytest.mark.unit

FILES = (
    "model.keras",
    "model_float.tflite",
    "model_int8.tflite",
    "learning_curve.png",
    "confusion_float.png",
    "confusion_int8.png",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_bytes(name.encode())
    digest = hashlib.sha256(b"model_int8.tflite").hexdigest()
    (tmp_path / "metrics.json").write_text(json.dumps({"model_sha256": digest, "accuracy_host": 0.5}))
    return tmp_path


def test_a_complete_folder_is_read(folder: Path) -> None:
    trained = load_trained(folder)
    assert trained.metrics["accuracy_host"] == 0.5
    assert {p.name for p in (trained.keras, trained.float_tflite, trained.int8_tflite, *trained.pictures)} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadInput, match=f"{name} is missing"):
        load_trained(folder)


def test_a_changed_model_and_unreadable_metrics_are_refused(folder: Path) -> None:
    (folder / "model_int8.tflite").write_bytes(b"another")
    with pytest.raises(BadInput, match=r"not the model that metrics\.json was measured on"):
        load_trained(folder)
    (folder / "metrics.json").write_text("{")
    with pytest.raises(BadInput, match="no trained model here"):
        load_trained(folder)
    with pytest.raises(BadInput, match="no trained model here"):
        load_trained(folder / "nowhere")


def test_without_tensorflow_the_command_to_install_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Missing, match="tensorflow") as caught:
        train_kit(load_kit("digits"), tmp_path / "out")
    assert caught.value.hint == 'pip install "tinyml-kit[train]"'
    assert list(tmp_path.iterdir()) == []


def test_confusion_rows_are_the_truth() -> None:
    matrix = confusion_matrix(np.array([0, 0, 1, 2]), np.array([0, 2, 1, 2]), 3)
    assert matrix.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]


def test_silenced_drops_what_any_code_writes_and_gives_the_streams_back(capfd: pytest.CaptureFixture[str]) -> None:
    with silenced():
        os.write(1, b"noise from C")
        os.write(2, b"noise from C")
        print("noise from Python")
    os.write(1, b"kept\n")
    out, err = capfd.readouterr()
    assert out == "kept\n"
    assert err == ""


def test_importing_the_package_imports_no_tensorflow() -> None:
    code = "import sys, toolchain.train; sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'matplotlib')))"
    subprocess.run([sys.executable, "-c", code], check=True)
