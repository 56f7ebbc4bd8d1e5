"""Figures of a trained model on the test samples."""

from __future__ import annotations

import numpy as np

from toolchain.model.graph import Graph, Tensor
from toolchain.model.runners import Runner


def predict(runner: Runner, graph: Graph, inputs: np.ndarray) -> np.ndarray:
    """Outputs [n, classes] in the model's integers for int8 inputs [n, *shape], one run a sample."""
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
