"""What a device is expected to answer: a kit's test set through the reference and the float model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from toolchain.data import features, load_dataset, model_inputs
from toolchain.errors import Missing
from toolchain.evaluate.device import Anomalies, Expected
from toolchain.model.reader import read_model
from toolchain.model.runners import LiteRtRunner, reference_runner
from toolchain.train.anomaly import classes_of

if TYPE_CHECKING:
    from toolchain.data import Split
    from toolchain.kit import Kit


def expect(
    kit: Kit, int8_model: bytes, float_model: bytes | None, thresholds: tuple[float | None, float | None] = (None, None)
) -> Expected:
    """Run the kit's test set through both models. ``thresholds`` are those of an anomaly detector, float and int8.

    The float model's answers are left out where there is none, or no runtime for it is installed.
    """
    test = load_dataset(kit).test
    graph = read_model(int8_model, kit.name)
    runner = reference_runner(int8_model, graph)
    tensor = graph.inputs[0]
    assert tensor.quantization is not None
    inputs = model_inputs(kit, test.x, tensor.quantization).reshape(len(test), *tensor.shape[1:])
    outputs = np.concatenate([runner.run([row[np.newaxis]])[0] for row in inputs])
    float_classes = None if float_model is None else _float_classes(kit, float_model, test, thresholds[0])
    output = graph.outputs[0]
    found = None if thresholds[1] is None else Anomalies(thresholds[1], tensor.scale, tensor.zero_point)
    raw = test.x if kit.signal else None
    return Expected(inputs, test.y, outputs, runner.name, output.scale, output.zero_point, float_classes, found, raw)


def _float_classes(kit: Kit, model: bytes, test: Split, threshold: float | None) -> np.ndarray | None:
    try:
        runner = LiteRtRunner(model, reference=True)
    except Missing:
        return None
    shape = read_model(model, kit.name).inputs[0].shape
    real = features(kit, test.x)
    answers = np.concatenate([runner.run([row.reshape(shape)])[0] for row in real])
    return classes_of(answers, real, threshold)
