"""Keras models to ``.tflite``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from toolchain.errors import BadInput
from toolchain.model.checks import require_int8
from toolchain.model.reader import read_model
from toolchain.train.tensorflow import import_tensorflow, silenced


def convert_int8(model: Any, samples: np.ndarray | Sequence[np.ndarray]) -> bytes:
    """Full-integer conversion: int8 input, output, weights and activations.

    ``samples``: representative real-valued inputs [n, *shape], float32; one array an input where the model has
    several. The range of each activation is measured on them, so take them from the training samples. The batch of
    the result is 1. Raises `BadInput` when the model cannot be converted or would keep a float inside.
    """
    arrays = [samples] if isinstance(samples, np.ndarray) else list(samples)
    inputs = model.inputs
    if len(arrays) != len(inputs):
        raise BadInput(f"the model has {len(inputs)} inputs, representative samples were given for {len(arrays)}")
    for tensor, array in zip(inputs, arrays, strict=True):
        if array.shape[1:] != tuple(tensor.shape[1:]) or not len(array):
            raise BadInput(
                f"representative samples are {list(array.shape)}, input {tensor.name!r} {list(tensor.shape)}"
            )
        if not np.isfinite(array).all():
            raise BadInput("a representative sample holds NaN or infinity")

    def representative() -> Iterator[list[np.ndarray]]:
        for row in zip(*arrays, strict=True):
            yield [np.asarray(value, np.float32)[np.newaxis] for value in row]

    def settings(tf: Any, converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8

    data = _convert(model, settings)
    require_int8(read_model(data))
    return data


def quantize_tflite(model: bytes, samples: np.ndarray) -> bytes:
    """Full-integer form of a float ``.tflite`` with one input; ``samples`` as in `convert_int8`.

    By the two steps of which TensorFlow's own conversion consists, on what its first one leaves. Raises `BadInput` when
    it cannot be quantised, or would keep a float inside.
    """
    tf = import_tensorflow()
    from tensorflow.lite.python.convert import mlir_quantize
    from tensorflow.lite.python.optimize.calibrator import Calibrator

    def representative() -> Iterator[list[np.ndarray]]:
        for row in samples:
            yield [np.asarray(row, np.float32)[np.newaxis]]

    with silenced(), _blamed("quantised"):
        calibrated = Calibrator(model).calibrate(representative)
        data: bytes = mlir_quantize(
            calibrated, fully_quantize=True, input_data_type=tf.int8, output_data_type=tf.int8
        )  # the type inside is int8 unless told otherwise
    require_int8(read_model(data))
    return data


def convert_float(model: Any) -> bytes:
    """Conversion without quantisation, batch 1. Raises `BadInput` when the model cannot be converted."""
    return _convert(model, lambda tf, converter: None)


def _convert(model: Any, settings: Callable[[Any, Any], None]) -> bytes:
    tf = import_tensorflow()
    import keras

    with silenced():
        # A batch that is fixed from the start: with an open one Flatten becomes SHAPE, STRIDED_SLICE and PACK.
        # Names that are given, so that Keras does not number them and equal models become equal bytes.
        inputs = [keras.Input(batch_shape=(1, *t.shape[1:]), name=f"input_{i}") for i, t in enumerate(model.inputs)]
        fixed = keras.Model(inputs, model(inputs if len(inputs) > 1 else inputs[0]), name="model")
        with _blamed("converted"):
            converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
            settings(tf, converter)
            data: bytes = converter.convert()
    return data


@contextmanager
def _blamed(done: str) -> Iterator[None]:
    """What TensorFlow raises as one line about the model."""
    try:
        yield
    except Exception as error:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise BadInput(f"the model cannot be {done}: {reason}", "use layers that TensorFlow Lite has") from error
