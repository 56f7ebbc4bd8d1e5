"""Figures of a trained model on the test samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolchain.data import Dataset, Split, dequantize, features, model_inputs
from toolchain.kit import Kit
from toolchain.model.graph import Graph, Tensor
from toolchain.model.reader import read_model
from toolchain.model.runners import LiteRtRunner, Runner, reference_runner
from toolchain.train.anomaly import NORMAL, area_under_curve, choose_threshold, classes_of, reconstruction_error

#: Real-valued inputs and outputs of a model for some samples, [n, …] each.
Run = Callable[[Split], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Figures:
    """``accuracy`` is a fraction of the test samples, ``confusion`` counts (see `confusion_matrix`). For an anomaly
    detector also the ``threshold``, chosen on validation samples, and the area under the ROC curve ``auc``."""

    accuracy: float
    confusion: np.ndarray
    threshold: float | None = None
    auc: float | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """A model before and after conversion. ``runner`` ran the int8 one."""

    float: Figures
    int8: Figures
    runner: str
    weights_bytes: int


def measure(kit: Kit, model: Any, int8: bytes, data: Dataset) -> Measured:
    """Run the test samples of ``data`` through the Keras ``model`` and what it was converted to."""

    def run(part: Split) -> tuple[np.ndarray, np.ndarray]:
        inputs = features(kit, part.x)
        return inputs, model.predict(inputs, batch_size=256, verbose=0)

    return Measured(_figures(kit, run, data), *measure_int8(kit, int8, data))


def measure_int8(kit: Kit, int8: bytes, data: Dataset) -> tuple[Figures, str, int]:
    """Figures of an int8 model, the name of what ran it, and the bytes of its weights."""
    graph = read_model(int8, kit.name)
    runner = reference_runner(int8, graph)

    def run(part: Split) -> tuple[np.ndarray, np.ndarray]:
        first, last = graph.inputs[0], graph.outputs[0]
        assert first.quantization is not None
        inputs = model_inputs(kit, part.x, first.quantization)
        outputs = predict(runner, graph, inputs)
        return dequantize(inputs, first.scale, first.zero_point), dequantize(outputs, last.scale, last.zero_point)

    return _figures(kit, run, data), runner.name, weights_bytes(graph)


def measure_float(kit: Kit, model: bytes, data: Dataset) -> Figures:
    """Figures of a float ``.tflite``. Raises `Missing` when nothing that runs one is installed."""
    runner, shape = LiteRtRunner(model, reference=True), read_model(model, kit.name).inputs[0].shape

    def run(part: Split) -> tuple[np.ndarray, np.ndarray]:
        inputs = features(kit, part.x)
        return inputs, np.concatenate([runner.run([row.reshape(shape)])[0] for row in inputs])

    return _figures(kit, run, data)


def _figures(kit: Kit, run: Run, data: Dataset) -> Figures:
    inputs, outputs = run(data.test)
    threshold = auc = None
    if kit.task == "anomaly":
        rebuilt = reconstruction_error(*reversed(run(only_class(data.validation, NORMAL))))
        threshold = choose_threshold(rebuilt, kit.anomaly.false_alarms)
        auc = area_under_curve(reconstruction_error(outputs, inputs), data.test.y != NORMAL)
    said = classes_of(outputs, inputs, threshold)
    return Figures(
        float(np.mean(said == data.test.y)), confusion_matrix(data.test.y, said, len(kit.labels)), threshold, auc
    )


def only_class(part: Split, number: int) -> Split:
    """The samples of one class."""
    chosen = part.y == number
    return Split(part.x[chosen], part.y[chosen], None if part.groups is None else part.groups[chosen])


def predict(runner: Runner, graph: Graph, inputs: np.ndarray) -> np.ndarray:
    """Outputs [n, values] in the model's integers for int8 inputs [n, *shape], one run a sample."""
    shape = graph.inputs[0].shape
    return np.stack([runner.run([row.reshape(shape)])[0].reshape(-1) for row in inputs])


def confusion_matrix(truth: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Counts [classes, classes], int64: row the true class, column the answer."""
    return np.bincount(truth * classes + answers, minlength=classes * classes).reshape(classes, classes)


def weights_bytes(graph: Graph) -> int:
    """Bytes of the quantised constants: weights and biases, each tensor counted once."""
    constants: dict[int, Tensor] = {
        id(t): t
        for op in graph.operators
        for t in op.inputs
        if t is not None and t.data is not None and t.quantization is not None
    }
    return sum(t.bytes for t in constants.values())
