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
    from toolchain.kit import Kit


def expect(
    kit: Kit, int8_model: bytes, float_model: bytes, thresholds: tuple[float | None, float | None] = (None, None)
) -> Expected:
    """Run the kit's test set through both models. ``thresholds`` are those of an anomaly detector, float and int8.

    The float model's answers are left out where no runtime for it is installed.
    """
    test = load_dataset(kit).test
    graph = read_model(int8_model, kit.name)
    runner = reference_runner(int8_model, graph)
    tensor = graph.inputs[0]
    assert tensor.quantization is not None
    inputs = model_inputs(kit, test.x, tensor.quantization).reshape(len(test), *tensor.shape[1:])
    outputs = np.concatenate([runner.run([row[np.newaxis]])[0] for row in inputs])
    try:
        floating = LiteRtRunner(float_model, reference=True)
        real = features(kit, test.x).reshape(inputs.shape)
        answers = np.concatenate([floating.run([row[np.newaxis]])[0] for row in real])
        float_classes = classes_of(answers, real, thresholds[0])
    except Missing:
        float_classes = None
    output = graph.outputs[0]
    found = None if thresholds[1] is None else Anomalies(thresholds[1], tensor.scale, tensor.zero_point)
    raw = test.x if kit.signal else None
    return Expected(inputs, test.y, outputs, runner.name, output.scale, output.zero_point, float_classes, found, raw)
