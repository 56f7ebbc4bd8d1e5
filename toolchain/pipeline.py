"""The stages from a kit to a proof on the device, as functions. Each makes its artefact in the workspace when what it is
made from has changed, and returns where it lies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolchain.errors import BadInput
from toolchain.evaluate.results import DeviceTest, Memory
from toolchain.progress import Progress, Quiet
from toolchain.workspace import Workspace, sha256_file, source_hash, versions

if TYPE_CHECKING:
    import numpy as np

    from toolchain.evaluate.device import Expected
    from toolchain.kit import Kit

#: Samples that a test on a device takes when nobody says how many: few where an emulator models the line's speed.
DEFAULT_SAMPLES = {"labwired": 20}
MOST_DEFAULT_SAMPLES = 100


@dataclass(frozen=True)
class Model:
    """An int8 model file, its name, and what its outputs are called."""

    name: str
    path: Path
    sha256: str
    labels: tuple[str, ...] = ()

    @staticmethod
    def of_file(path: Path) -> Model:
        """A ``.tflite`` that belongs to no kit. Raises BadInput when it cannot be read."""
        try:
            return Model(path.stem, path, sha256_file(path))
        except OSError as error:
            raise BadInput(f"{path}: cannot be read: {error.strerror}", "give the path of a .tflite file") from error


@dataclass(frozen=True)
class Trained:
    """A kit's models: ``folder`` holds them, the pictures and ``metrics.json``."""

    folder: Path
    model: Model
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class CompiledC:
    """A model as C sources in ``folder``; ``report`` is the compiler's, also there as ``report.json``."""

    folder: Path
    report: Mapping[str, Any]


@dataclass(frozen=True)
class Built:
    """A firmware image. ``images`` are (address, file) pairs for a flasher, ``memory`` what it takes."""

    folder: Path
    elf: Path
    images: tuple[tuple[int, Path], ...]
    memory: Memory
    firmware_sha256: str
    build_id: str
    compiler: str


@dataclass(frozen=True)
class Deployment:
    """A board that runs the model and was tested. ``session`` is open as long as `deploy`'s context is."""

    model: Model
    board: str
    emulated: bool
    port: str
    built: Built
    test: DeviceTest
    seconds: Mapping[str, float]
    expected: Expected
    infer: Callable[[np.ndarray], tuple[np.ndarray, int]] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """The object that ``kit deploy --json`` prints."""
        return {
            "kit": self.model.name,
            "board": self.board,
            "emulated": self.emulated,
            **self.test.as_json(),
            "memory": asdict(self.built.memory),
            "model_sha256": self.model.sha256,
            "firmware_sha256": self.built.firmware_sha256,
            "port": self.port,
            "seconds": dict(self.seconds),
        }


def train(kit: Kit, workspace: Workspace, progress: Progress | None = None) -> Trained:
    """Train ``kit`` and convert its model to int8, unless that was done."""
    progress = progress or Quiet()

    def make(folder: Path) -> None:
        from toolchain.train import train_kit

        trained = train_kit(kit, folder, progress)
        files = {"int8": trained.int8.name, "float": trained.float_tflite.name}
        (folder / "trained.json").write_text(json.dumps({"files": files, "metrics": trained.metrics_json()}))

    made_from = {
        "kit": kit.training_key(),
        "source": source_hash("train", "data", "kit.py"),
        "versions": versions("tensorflow", "tensorflow-cpu", "keras", "numpy", "scikit-learn"),
    }
    folder = workspace.artefact(workspace.folder(kit.name) / "model", made_from, make, progress)
    said = json.loads((folder / "trained.json").read_text())
    path = folder / said["files"]["int8"]
    return Trained(folder, Model(kit.name, path, sha256_file(path), kit.labels), said["metrics"])


def expectations(kit: Kit, trained: Trained, workspace: Workspace, progress: Progress | None = None) -> Expected:
    """The kit's test set as the model takes it, with the answers of reference and float model."""
    import numpy as np

    from toolchain.evaluate.device import Expected

    def make(folder: Path) -> None:
        from toolchain.evaluate.reference import expect

        expected = expect(kit, trained.model.path.read_bytes(), (trained.folder / "float.tflite").read_bytes())
        floats = {} if expected.float_classes is None else {"float_classes": expected.float_classes}
        np.savez(
            folder / "expected.npz", inputs=expected.inputs, labels=expected.labels, outputs=expected.outputs,
            reference=np.array(expected.reference), **floats,
        )  # fmt: skip

    made_from = {
        "model": trained.model.sha256,
        "kit": kit.training_key(),
        "source": source_hash("data", "model", "evaluate"),
        "versions": versions("tflite-micro", "ai-edge-litert", "tflite-runtime", "numpy", "scikit-learn"),
    }
    folder = workspace.artefact(workspace.folder(kit.name) / "reference", made_from, make, progress)
    with np.load(folder / "expected.npz") as stored:
        return Expected(
            stored["inputs"], stored["labels"], stored["outputs"], str(stored["reference"]), stored.get("float_classes")
        )


def compile_c(
    model: Model, target: str, optimize: str, workspace: Workspace, board: str = "", progress: Progress | None = None
) -> CompiledC:
    """The model as C for ``target``, in the folder ``c`` of the board (of the target when no board is named)."""

    def make(folder: Path) -> None:
        write_c(model, target, optimize, folder)

    made_from = {"model": model.sha256, "target": target, "optimize": optimize, "source": _compiler_source()}
    folder = workspace.artefact(workspace.folder(model.name, board or target) / "c", made_from, make, progress)
    return CompiledC(folder, json.loads((folder / "report.json").read_text()))
