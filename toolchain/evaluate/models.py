"""One kit's model as float, as int8, pruned, and with weights that were rounded while it learned, side by side."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain import pipeline
from toolchain.connection import Setup
from toolchain.errors import Missing
from toolchain.evaluate.bench import bench
from toolchain.model.reader import load_model
from toolchain.model.runners import LiteRtRunner
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.kit import Kit
    from toolchain.train import TrainedModel
    from toolchain.workspace import Workspace

_RUNS = 50


@dataclass(frozen=True)
class Variant:
    """``accuracy`` of the test samples, and for an anomaly detector ``auc``, the area under the ROC curve; bytes of the
    weights (as built, what the compiler dropped not among them) and of the ``.tflite``; ``latency`` of one inference in
    ``unit``, ``flash_bytes`` and ``arena_bytes``, None where the model does not run."""

    name: str
    accuracy: float
    auc: float | None
    weights_bytes: int | None
    model_bytes: int
    latency: float | None
    unit: str
    flash_bytes: int | None = None
    arena_bytes: int | None = None


@dataclass(frozen=True)
class ModelComparison:
    """The variants of ``kit``'s model on ``board``, measured on ``samples`` test samples (of the first fold)."""

    kit: str
    board: str
    samples: int
    pruned: float
    variants: tuple[Variant, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that ``kit compare-models --json`` prints."""
        return asdict(self)


def compare_models(
    kit: Kit, board: Board, workspace: Workspace, *, prune: float, progress: Progress | None = None
) -> ModelComparison:
    """Train ``kit`` and go on from there: with the part ``prune`` of all channels removed, with rounded weights, both.

    Each int8 model runs on the emulated ``board``; the float one on this machine, when the board is ``host``.
    """
    progress = progress or Quiet()
    if kit.model.is_imported:
        raise kit.refuse(("model", "file"), "was trained elsewhere: there is no training to go on from")
    trained = pipeline.train(kit, workspace, progress)
    metrics = trained.metrics
    variants = [_float(trained, board.name == "host"), _int8("int8", kit, trained, board, workspace, progress)]
    changes: dict[str, dict[str, Any]] = {
        "rounded": {"quantization_aware": True},
        "pruned": {"prune_channels": prune},
        "pruned-rounded": {"quantization_aware": True, "prune_channels": prune},
    }
    for name, change in changes.items():
        training = kit.training.model_copy(update=change)
        changed = kit.model_copy(update={"name": f"{kit.name}-{name}", "training": training})
        found = pipeline.train(changed, workspace, progress, base=trained)
        variants.append(_int8(f"int8, {name.replace('-', ' and ')}", changed, found, board, workspace, progress))
    return ModelComparison(kit.name, board.name, metrics["samples"]["test"], prune, tuple(variants))


def _int8(
    name: str, kit: Kit, trained: TrainedModel, board: Board, workspace: Workspace, progress: Progress
) -> Variant:
    metrics = trained.metrics
    model = pipeline.Model(kit.name, trained.int8_tflite, metrics["model_sha256"])
    done = bench(model, Setup(board), workspace, progress)
    memory = done.memory
    return Variant(
        name, metrics["accuracy_host"], metrics.get("auc_int8"), memory.weights_bytes, metrics["model_bytes"],
        done.time, done.unit, memory.flash_bytes, memory.arena_bytes,
    )  # fmt: skip


def _float(trained: TrainedModel, on_host: bool) -> Variant:
    metrics = trained.metrics
    return Variant(
        "float", metrics["accuracy_float"], metrics.get("auc_float"), 4 * metrics["parameters"],
        trained.float_tflite.stat().st_size, _float_latency(trained) if on_host else None, "us",
    )  # fmt: skip


def _float_latency(trained: TrainedModel) -> float | None:
    """Least time of an inference of the float model on this machine in microseconds, None without a runtime for it."""
    try:
        runner = LiteRtRunner(trained.float_tflite.read_bytes())
    except Missing:
        return None
    sample = np.zeros(load_model(trained.int8_tflite).inputs[0].shape, np.float32)
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        runner.run([sample])
        times.append(time.perf_counter() - start)
    return round(1e6 * min(times), 3)
