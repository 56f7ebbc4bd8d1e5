"""A trained model on the user's own recordings: a folder of sound files for each label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain.data import model_inputs
from toolchain.data.files.sound import cut_short
from toolchain.data.own.store import Store, sha256_bytes
from toolchain.data.speech import scene
from toolchain.data.speech.recordings import SOUND_FILES, read_sound
from toolchain.errors import BadInput
from toolchain.evaluate.statistics import ClassScore, class_scores, wilson
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner
from toolchain.progress import Progress, Quiet
from toolchain.signal.settings import AudioSettings
from toolchain.train.measure import confusion_matrix

if TYPE_CHECKING:
    from toolchain.kit import Kit
    from toolchain.train import TrainedModel

#: What folders are counted under whose name is no label.
_OTHER = "unknown"


@dataclass(frozen=True)
class FolderTest:
    """The int8 model on ``samples`` files of ``folder``. ``accuracy`` with its 95 % ``interval``; ``others``: folders
    whose name is no label and that were counted as ``unknown``; ``refused``: why files were passed over;
    ``known``: how many of the samples are in the kit's own data, of which training saw most."""

    folder: str
    samples: int
    accuracy: float
    interval: tuple[float, float]
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    others: tuple[str, ...]
    refused: tuple[str, ...] = ()
    known: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def evaluate_folder(kit: Kit, trained: TrainedModel, folder: Path, progress: Progress | None = None) -> FolderTest:
    """Run the int8 model over ``folder``/<label>/*.wav (or .flac, .ogg; any rate and number of channels).

    Of a file that is longer than what the model hears at once the loudest part counts; a shorter one lies in the middle
    of silence. Folders whose name begins with ``_`` or ``.`` are left out, and a file that cannot be read is passed
    over. Raises `BadInput` for a kit that takes no sound, and a folder without recordings that can be read.
    """
    progress = progress or Quiet()
    if not isinstance(kit.signal, AudioSettings):
        raise BadInput(f"{kit.name} takes no sound", "recordings are for a kit with [signal] audio")
    found, others = _files(kit, folder)
    progress.stage("evaluate", f"{len(found)} recordings of {folder}")
    data = trained.int8_tflite.read_bytes()
    graph = read_model(data, kit.name)
    runner, quantization = reference_runner(data, graph), graph.inputs[0].quantization
    assert quantization is not None
    own = Store(kit).digests() if kit.data.source == "folder" else set()
    known, said, labels, refused = 0, [], [], []
    for done, (path, label) in enumerate(found, 1):
        try:
            sound = read_sound(path, kit.signal.rate)
        except BadInput as error:
            refused.append(error.message)
            continue
        if short := cut_short(path):
            progress.log(f"{path}: {short}")
        known += bool(own) and sha256_bytes(path.read_bytes()) in own
        labels.append(label)
        window = _window(sound, kit.signal.length)
        inputs = model_inputs(kit, window.reshape(1, *kit.input.shape), quantization)
        said.append(int(runner.run([inputs.reshape(graph.inputs[0].shape)])[0].argmax()))
        progress.update(done, len(found), "recordings")
    if not said:
        raise BadInput(f"{folder}: none of {len(found)} recordings can be read: {refused[0]}", "name another folder")
    truth, answers = np.array(labels), np.array(said)
    matrix = confusion_matrix(truth, answers, len(kit.labels))
    right = int((truth == answers).sum())
    return FolderTest(
        folder=str(folder),
        samples=len(said),
        accuracy=round(right / len(said), 6),
        interval=wilson(right, len(said)),
        classes=class_scores(matrix, kit.labels),
        confusion=tuple(tuple(row) for row in matrix.tolist()),
        others=others,
        refused=tuple(refused),
        known=known,
    )


def _files(kit: Kit, folder: Path) -> tuple[list[tuple[Path, int]], tuple[str, ...]]:
    """Each recording with the number of its label, and the folders that are no label."""
    if not folder.is_dir():
        raise BadInput(
            f"{folder}: there is no such folder", "give one that holds a folder of recordings for each label"
        )
    found, others = [], []
    for inner in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "_"))):
        if inner.name not in kit.labels:
            if _OTHER not in kit.labels:
                raise BadInput(f'{inner}: "{inner.name}" is no label', f"labels: {', '.join(kit.labels)}")
            others.append(inner.name)
        label = kit.labels.index(inner.name if inner.name in kit.labels else _OTHER)
        found += [(path, label) for path in _sounds(inner)]
    if not found:
        raise BadInput(f"{folder}: no recordings", f"expected {folder / kit.labels[-1]}/*.wav and so on")
    return found, tuple(others)


def _sounds(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SOUND_FILES and path.is_file())


def _window(sound: np.ndarray, length: int) -> np.ndarray:
    """int16 [length]: the part of ``sound`` with the most energy, or all of it between silence."""
    if len(sound) <= length:
        before = (length - len(sound)) // 2
        return scene.to_pcm(np.pad(sound, (before, length - len(sound) - before)))
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return scene.to_pcm(sound[start : start + length])
