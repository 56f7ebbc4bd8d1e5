"""What the lowerings refuse, and how they say it; geometry that the memory plan relies on."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.builder import ModelBuilder
from modelgen.ops.common import int32

from toolchain.compiler.compile import compile_model
from toolchain.compiler.lower.common import Window, collapse
from toolchain.compiler.lower.movement import affine
from toolchain.errors import BadInput
from toolchain.model.reader import read_model

pytestmark = pytest.mark.unit


def refused(model: ModelBuilder, match: str) -> None:
    with pytest.raises(BadInput, match=match) as caught:
        compile_model(read_model(model.build()), "generic")
    assert caught.value.hint


def model_of(kind: str, x: tuple, y: tuple, constants: tuple = (), **options: object) -> ModelBuilder:
    model = ModelBuilder()
    inputs = [model.input(*x), *(model.constant(c) for c in constants)]
    out = model.tensor(*y, name="result")
    model.op(kind, inputs, [out], **options)
    model.output(out)
    return model


def test_refusal_names_layer_operator_and_tensor() -> None:
    model = model_of("LOGISTIC", ((1, 4), 0.1, 0), ((1, 4), 0.1, 0))
    refused(model, r"layer 0 \(LOGISTIC\), tensor 'result': the output must have scale 1/256")


def test_the_hint_lists_what_the_compiler_takes_before_anything_is_lowered_too() -> None:
    with pytest.raises(BadInput, match=r"no kernel for CUMSUM \(layer 0, output 'result'\)") as caught:
        compile_model(
            read_model(model_of("CUMSUM", ((1, 4), 0.1, 0), ((1, 4), 0.1, 0), (int32(1),)).build()), "generic"
        )
    listed = caught.value.hint.removeprefix("build the model from supported operators: ").split(", ")
    assert {"ADD", "CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"} <= set(listed)
    assert listed == sorted(listed)


@pytest.mark.parametrize(
    ("kind", "y", "match"),
    [
        ("SOFTMAX", ((1, 4), 1 / 256, 0), "zero point -128"),
        ("TANH", ((1, 4), 1 / 128, 5), "zero point 0"),
        ("RELU", ((1, 4), None, 0, "float32"), "float32 is not supported"),
    ],
)
def test_quantisations_of_activations(kind: str, y: tuple, match: str) -> None:
    options = {"beta": 1.0} if kind == "SOFTMAX" else {}
    refused(model_of(kind, ((1, 4), 0.1, 0), y, **options), match)


def test_pooling_refuses_to_rescale() -> None:
    options = {"padding": "VALID", "stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2}
    refused(model_of("MAX_POOL_2D", ((1, 4, 4, 2), 0.1, 0), ((1, 2, 2, 2), 0.2, 0), **options), "quantisation")


def test_transpose_refuses_what_is_no_permutation() -> None:
    refused(model_of("TRANSPOSE", ((2, 3), 0.1), ((2, 3), 0.1), (int32(1, 1),)), "no permutation")


def test_concatenation_refuses_a_fused_activation() -> None:
    model = model_of("CONCATENATION", ((2, 3), 0.1), ((2, 3), 0.1), axis=0, fused_activation_function="RELU")
    refused(model, "fused activation")


def test_collapse_merges_what_is_walked_as_one() -> None:
    assert collapse([2, 3, 4], [12, 4, 1], [0, 0, 1]).tolist() == [[6, 4, 0], [4, 1, 1]]
    assert collapse([1, 1], [1, 1]).tolist() == [[1, 1]]


def test_affine_finds_base_and_strides() -> None:
    numbers = np.arange(24).reshape(2, 3, 4)
    assert affine(numbers[:, ::-1, 1:3]) == (9, [12, -4, 1])
    assert affine(numbers[:, [0, 2, 1]]) is None


def test_window_lead() -> None:
    """2x2 windows of stride 2 run ahead of the output; a 3x3 window with padding reads behind it."""
    halved = Window(4, 4, 2, 2, 2, 2, 2, 2, 0, 0)
    assert halved.channelwise_lead(1, 8) == 0
    same = Window(4, 4, 4, 4, 3, 3, 1, 1, 1, 1)
    assert same.channelwise_lead(1, 8) == -5 * 8
