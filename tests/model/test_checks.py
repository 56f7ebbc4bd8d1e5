"""Float and hybrid models are refused with the operator and the remedy; integer ones are taken."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.builder import ModelBuilder
from modelgen.generate import models

from toolchain.errors import BadInput
from toolchain.model.checks import require_int8
from toolchain.model.reader import load_model, read_model

pytestmark = pytest.mark.unit


def refusal(m: ModelBuilder) -> str:
    with pytest.raises(BadInput) as caught:
        require_int8(read_model(m.build(), "net"))
    assert "representative_dataset" in caught.value.hint and "TFLITE_BUILTINS_INT8" in caught.value.hint
    return caught.value.message


def dense(m: ModelBuilder, x: int, weights: np.ndarray, scale: float | None, out: str) -> int:
    w = m.constant(weights, scale)
    y = m.tensor((1, 2), 0.1 if out == "int8" else None, dtype=out)
    m.op("FULLY_CONNECTED", [x, w, None], [y])
    return y


def test_float_model() -> None:
    m = ModelBuilder()
    x = m.input((1, 3), dtype="float32")
    m.output(dense(m, x, np.ones((2, 3), np.float32), None, "float32"))
    assert refusal(m) == "net is a float model: operator 0 (FULLY_CONNECTED), tensor 0 'input0' is float32"


def test_hybrid_model() -> None:
    m = ModelBuilder()
    x = m.input((1, 3), dtype="float32")
    m.output(dense(m, x, np.ones((2, 3), np.int8), 0.1, "float32"))
    message = refusal(m)
    assert "hybrid" in message and "operator 0 (FULLY_CONNECTED), tensor 0 'input0'" in message


def test_a_hybrid_model_that_begins_with_another_operator() -> None:
    """As of a Flatten or Reshape before the first layer: it is no float model."""
    m = ModelBuilder()
    x, r = m.input((1, 3), dtype="float32"), m.tensor((1, 3), dtype="float32")
    m.op("RELU", [x], [r])
    m.output(dense(m, r, np.ones((2, 3), np.int8), 0.1, "float32"))
    assert "is a hybrid model" in refusal(m) and "operator 1 (FULLY_CONNECTED)" in refusal(m)


def test_float16_weights() -> None:
    m = ModelBuilder()
    x = m.input((1, 3), dtype="float32")
    w, y = m.tensor((2, 3), dtype="float32"), m.tensor((1, 2), dtype="float32")
    m.op("DEQUANTIZE", [m.constant(np.ones((2, 3), np.float16))], [w])
    m.op("FULLY_CONNECTED", [x, w, None], [y])
    m.output(y)
    assert "float16" in refusal(m)


def test_float_operator_among_quantised_ones() -> None:
    m = ModelBuilder()
    x = m.input((1, 3), 0.1)
    a, f, g = dense(m, x, np.ones((2, 3), np.int8), 0.1, "int8"), *(m.tensor((1, 2), dtype="float32") for _ in "fg")
    y = m.tensor((1, 2), 0.1)
    m.op("DEQUANTIZE", [a], [f])
    m.op("TANH", [f], [g])
    m.op("QUANTIZE", [g], [y])
    m.output(y)
    message = refusal(m)
    assert "between quantised operators" in message and "operator 1 (DEQUANTIZE)" in message


def test_legacy_uint8() -> None:
    m = ModelBuilder()
    x, y = m.input((1, 3), 0.1, 128, dtype="uint8"), m.tensor((1, 3), 0.1, 128, dtype="uint8")
    m.op("RELU", [x], [y])
    m.output(y)
    assert "uint8" in refusal(m)


@pytest.mark.parametrize("outer", ["float32", "uint8"])
def test_other_types_at_the_edges_are_taken(outer: str) -> None:
    m = ModelBuilder()
    scale = None if outer == "float32" else 0.1
    x, y = m.input((1, 3), scale, dtype=outer), m.tensor((1, 2), scale, dtype=outer)
    q = m.tensor((1, 3), 0.1)
    m.op("QUANTIZE", [x], [q])
    m.op("DEQUANTIZE" if outer == "float32" else "QUANTIZE", [dense(m, q, np.ones((2, 3), np.int8), 0.1, "int8")], [y])
    m.output(y)
    require_int8(read_model(m.build()))


@pytest.mark.parametrize("name", ["CONV_2D", "CONV_2D (int16)", "SVDF", "CALL_ONCE", "ARG_MAX"])
def test_integer_models_are_taken(name: str) -> None:
    require_int8(read_model(models(name, 5)[-1]))


def test_shared_models_are_taken(shared_models) -> None:  # type: ignore[no-untyped-def]
    for path in shared_models.values():
        require_int8(load_model(path))
