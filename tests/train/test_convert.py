"""Conversion: int8 throughout, or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from toolchain.errors import BadInput
from toolchain.model.checks import require_int8
from toolchain.model.graph import DType
from toolchain.model.reader import read_model
from toolchain.model.runners import LiteRtRunner
from toolchain.train import convert_float, convert_int8
from toolchain.train.tensorflow import import_tensorflow, silenced

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("what_training_needs")]


@pytest.fixture(scope="module")
def keras() -> Any:
    import_tensorflow()
    import keras

    return keras


@pytest.fixture(scope="module")
def model(keras: Any) -> Any:
    """A small convolutional model with every layer kind of the digits kit, untrained."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.DepthwiseConv2D(3, padding="same", activation="relu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return np.random.default_rng(0).random((50, 8, 8, 1), np.float32)


def test_int8_throughout_with_a_batch_of_one_and_no_shape_arithmetic(model: Any, samples: np.ndarray) -> None:
    graph = read_model(convert_int8(model, samples))
    assert [t.dtype for t in (*graph.inputs, *graph.outputs)] == [DType.INT8, DType.INT8]
    assert [t.shape for t in (*graph.inputs, *graph.outputs)] == [(1, 8, 8, 1), (1, 3)]
    assert [op.kind for op in graph.operators] == [
        "CONV_2D",
        "MAX_POOL_2D",
        "DEPTHWISE_CONV_2D",
        "AVERAGE_POOL_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]


def test_converting_again_gives_the_same_bytes(model: Any, samples: np.ndarray) -> None:
    assert convert_int8(model, samples) == convert_int8(model, samples)


def test_the_float_model_gives_what_keras_gives(model: Any, samples: np.ndarray) -> None:
    runner = LiteRtRunner(convert_float(model))
    for row in samples[:5]:
        assert np.allclose(runner.run([row[np.newaxis]])[0], model.predict(row[np.newaxis], verbose=0), atol=1e-5)


def test_several_inputs(keras: Any) -> None:
    a, b = keras.Input((4,)), keras.Input((6,))
    model = keras.Model([a, b], keras.layers.Dense(2)(keras.layers.Concatenate()([a, b])))
    rng = np.random.default_rng(1)
    graph = read_model(convert_int8(model, [rng.random((20, 4), np.float32), rng.random((20, 6), np.float32)]))
    assert sorted(t.shape for t in graph.inputs) == [(1, 4), (1, 6)]
    with pytest.raises(BadInput, match="has 2 inputs, representative samples were given for 1"):
        convert_int8(model, rng.random((20, 4), np.float32))


@pytest.mark.parametrize("bad", [np.zeros((3, 8, 8), np.float32), np.zeros((0, 8, 8, 1), np.float32)])
def test_representative_samples_that_do_not_fit(model: Any, bad: np.ndarray) -> None:
    with pytest.raises(BadInput, match="representative samples are"):
        convert_int8(model, bad)


def test_a_representative_nan_is_refused(model: Any, samples: np.ndarray) -> None:
    bad = samples.copy()
    bad[7, 0, 0] = np.nan
    with pytest.raises(BadInput, match="NaN"):
        convert_int8(model, bad)


def test_a_layer_that_has_no_int8_form_is_refused(keras: Any, samples: np.ndarray) -> None:
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, keras.ops.erf(inputs))
    with pytest.raises(BadInput, match="cannot be converted"):
        convert_int8(model, samples)


def test_a_float_model_is_refused(model: Any) -> None:
    with pytest.raises(BadInput, match="float"):
        require_int8(read_model(convert_float(model)))


def test_a_hybrid_model_is_refused(keras: Any) -> None:
    """Dynamic range: int8 weights, float activations. The layer is large enough for the converter to bother."""
    tf = import_tensorflow()
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64)])
    with silenced():
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        graph = read_model(converter.convert())
    assert DType.INT8 in {t.dtype for op in graph.operators for t in op.inputs if t is not None and t.data is not None}
    with pytest.raises(BadInput, match=r"hybrid|dynamic range"):
        require_int8(graph)
