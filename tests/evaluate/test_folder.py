"""The user's own recordings: which files count as what, which part of a file is heard, what is refused."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from toolchain.cli.evaluation_tables import beside
from toolchain.data.own.importing import import_files
from toolchain.data.own.new_kit import new_kit
from toolchain.errors import BadInput
from toolchain.evaluate import folder
from toolchain.evaluate.folder import evaluate_folder
from toolchain.kit import Kit, load_kit
from toolchain.model.graph import DType, Quantization, Tensor

pytestmark = pytest.mark.unit


@dataclass
class _Trained:
    int8_tflite: Path


@dataclass
class _Graph:
    inputs: tuple[Tensor, ...]


class _LoudIsYes:
    """Answers the third class when the input is loud anywhere, else the second."""

    def run(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        return [np.eye(6, dtype=np.int8)[2 if inputs[0].max() > 0 else 1][np.newaxis]]


@pytest.fixture
def kit() -> Kit:
    return load_kit("keyword")


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kit: Kit) -> _Trained:
    """A model that says ``yes`` to what is loud."""
    shape = (1, *kit.model_shape)
    tensor = Tensor("in", shape, DType.INT8, Quantization((0.02,), (0,)))
    monkeypatch.setattr(folder, "read_model", lambda data, name: _Graph((tensor,)))
    monkeypatch.setattr(folder, "reference_runner", lambda data, graph: _LoudIsYes())
    (tmp_path / "model").write_bytes(b"")
    return _Trained(tmp_path / "model")


def record(path: Path, seconds: float, loud_from: float | None, rate: int = 16000, channels: int = 1) -> None:
    """Silence, with half a second of noise where ``loud_from`` says."""
    sound = np.zeros((round(seconds * rate), channels), "<i2")
    if loud_from is not None:
        part = sound[round(loud_from * rate) : round((loud_from + 0.5) * rate)]
        part[:] = np.random.default_rng(0).integers(-20000, 20000, part.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as stream:
        stream.setparams((channels, 2, rate, 0, "NONE", ""))
        stream.writeframes(sound.tobytes())


def test_files_of_any_rate_and_length_count_by_their_folder(kit: Kit, trained: _Trained, tmp_path: Path) -> None:
    root = tmp_path / "mine"
    record(root / "yes" / "short.wav", 0.6, 0.05)
    record(root / "yes" / "long.wav", 9.0, 7.3, rate=44100, channels=2)
    record(root / "yes" / "quiet.wav", 1.0, None)
    record(root / "bird" / "a.wav", 1.0, None, rate=8000)
    record(root / "_background_noise_" / "left_out.wav", 1.0, 0.2)
    (root / "yes" / "notes.txt").write_text("no sound")
    found = evaluate_folder(kit, trained, root)  # type: ignore[arg-type]
    assert found.samples == 4
    assert found.accuracy == 0.75
    assert found.others == ("bird",)
    assert found.confusion[2] == (0, 1, 2, 0, 0, 0)
    assert found.confusion[1] == (0, 1, 0, 0, 0, 0)
    assert found.interval[0] < 0.75 < found.interval[1]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(kit: Kit, trained: _Trained, tmp_path: Path) -> None:
    record(tmp_path / "mine" / "yes" / "b.wav", 1.0, 0.2)
    (tmp_path / "mine" / "yes" / "a.wav").write_bytes(b"no sound")
    found = evaluate_folder(kit, trained, tmp_path / "mine")  # type: ignore[arg-type]
    assert (found.samples, found.accuracy) == (1, 1.0)
    (reason,) = found.refused
    assert "a.wav: cannot be read as sound" in reason


def test_what_the_kit_was_trained_on_is_said(trained: _Trained, tmp_path: Path) -> None:
    kit = new_kit("words", load_kit("keyword"), tmp_path, own_data=True, labels=["no", "unknown", "yes"])
    record(tmp_path / "mine" / "yes" / "a.wav", 0.8, 0.1)
    import_files(kit, [tmp_path / "mine"])
    record(tmp_path / "mine" / "yes" / "b.wav", 1.0, 0.2)
    found = evaluate_folder(kit, trained, tmp_path / "mine")  # type: ignore[arg-type]
    assert (found.samples, found.known) == (2, 1)
    assert evaluate_folder(kit, trained, kit.folder / "data").known == 1  # type: ignore[arg-type]
    console = Console(file=io.StringIO(), width=200)
    console.print(beside("", found))
    assert "1 of them are in the kit's own data, of which training saw most" in console.file.getvalue()


def test_what_cannot_be_used_is_refused(kit: Kit, trained: _Trained, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no such folder"):
        evaluate_folder(kit, trained, tmp_path / "nowhere")  # type: ignore[arg-type]
    (tmp_path / "empty" / "yes").mkdir(parents=True)
    with pytest.raises(BadInput, match="no recordings"):
        evaluate_folder(kit, trained, tmp_path / "empty")  # type: ignore[arg-type]
    (tmp_path / "empty" / "yes" / "a.wav").write_bytes(b"RIFF, and nothing behind it")
    with pytest.raises(BadInput, match=r"a\.wav: cannot be read as sound"):
        evaluate_folder(kit, trained, tmp_path / "empty")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="digits takes no sound"):
        evaluate_folder(load_kit("digits"), trained, tmp_path)  # type: ignore[arg-type]
