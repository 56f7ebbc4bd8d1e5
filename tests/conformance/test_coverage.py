"""The suite tests what it claims: every operator has models, and the models have what goes wrong in kernels."""

from __future__ import annotations

import functools
from collections import Counter

import pytest
from conformance.cases import CHOICE, COUNT, cases
from conformance.coverage import features, operators
from modelgen.generate import models
from modelgen.strategy import load_strategies

from toolchain.compiler.program import load_lowerings
from toolchain.compiler.step import LOWERINGS, LOWERINGS_OF_TYPE
from toolchain.model.reader import read_model
from toolchain.model.runners import TflmRunner

pytestmark = pytest.mark.slow

COVERED = """
CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED AVERAGE_POOL_2D MAX_POOL_2D ADD SUB MUL MAXIMUM MINIMUM RELU
RELU6 RELU_N1_TO_1 LEAKY_RELU PRELU HARD_SWISH LOGISTIC TANH SOFTMAX LOG_SOFTMAX MEAN SUM REDUCE_MAX PAD PADV2
MIRROR_PAD CONCATENATION RESHAPE EXPAND_DIMS SQUEEZE TRANSPOSE SLICE STRIDED_SLICE SPLIT SPLIT_V PACK UNPACK GATHER
ARG_MAX QUANTIZE DEQUANTIZE RESIZE_NEAREST_NEIGHBOR RESIZE_BILINEAR SPACE_TO_DEPTH DEPTH_TO_SPACE BATCH_MATMUL
L2_NORMALIZATION SVDF UNIDIRECTIONAL_SEQUENCE_LSTM CALL_ONCE VAR_HANDLE ASSIGN_VARIABLE READ_VARIABLE
"""
COVERED_INT16 = """
CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED ADD SUB MUL SOFTMAX AVERAGE_POOL_2D MAX_POOL_2D
"""

INPUT_ZERO = {"input zero point -128", "input zero point 127"}
OUTPUT_ZERO = {"output zero point -128", "output zero point 127"}
ZERO = INPUT_ZERO | OUTPUT_ZERO
TIES = {"right shift", "negative tie", "positive tie"}
ROUNDING = TIES | {"left shift"}
FUSED = {"NONE", "RELU", "RELU6", "RELU_N1_TO_1"}
CHANNELS = {"channels in fours", "channels not in fours"}
POOL = {"SAME", "VALID", "stride h", "stride w", "batch"} | FUSED | CHANNELS
WINDOW = POOL | {"dilation h", "dilation w", "window", "scales by channel", "one scale", "more than 8 channels"}
BIAS = {"bias", "no bias"}
BINARY = {"broadcast", "constant", "two inputs"} | CHANNELS

REQUIRED: dict[str, set[str]] = {
    "CONV_2D": WINDOW | ZERO | ROUNDING | BIAS | {"groups"},
    "CONV_2D (int16)": WINDOW - {"more than 8 channels"},
    "DEPTHWISE_CONV_2D": WINDOW | ZERO | ROUNDING | BIAS | {"depth multiplier"},
    "DEPTHWISE_CONV_2D (int16)": WINDOW - {"batch"} | {"depth multiplier"},
    "TRANSPOSE_CONV": {"SAME", "VALID", "stride h", "stride w", "scales by channel", "one scale"} | ZERO,
    "FULLY_CONNECTED": {"scales by channel", "one scale", "more than 8 channels"} | BIAS | ZERO | FUSED | CHANNELS,
    "FULLY_CONNECTED (int16)": BIAS | FUSED | CHANNELS,
    "AVERAGE_POOL_2D": POOL | ZERO,
    "AVERAGE_POOL_2D (int16)": POOL,
    "MAX_POOL_2D": POOL | ZERO,
    "MAX_POOL_2D (int16)": POOL,
    "ADD": BINARY | ZERO | FUSED | TIES,
    "ADD (int16)": BINARY,
    "SUB": BINARY | ZERO | FUSED | TIES,
    "SUB (int16)": BINARY,
    "MUL": BINARY | ZERO | FUSED | ROUNDING,
    "MUL (int16)": BINARY | FUSED,
    "MAXIMUM": BINARY,
    "MINIMUM": BINARY,
    "PRELU": ZERO | ROUNDING,
    "RELU": ZERO,
    "RELU6": INPUT_ZERO,
    "RELU_N1_TO_1": ZERO,
    "LEAKY_RELU": ZERO | ROUNDING,
    "HARD_SWISH": ZERO,
    "LOGISTIC": INPUT_ZERO,
    "TANH": INPUT_ZERO,
    "SOFTMAX": INPUT_ZERO,
    "LOG_SOFTMAX": INPUT_ZERO,
    "MEAN": ZERO | TIES | {"keep dims"},
    "SUM": ZERO | ROUNDING | {"keep dims"},
    "REDUCE_MAX": INPUT_ZERO | {"keep dims"},
    "MIRROR_PAD": {"REFLECT", "SYMMETRIC"},
    "RESIZE_NEAREST_NEIGHBOR": {"align corners", "half pixel centers"},
    "RESIZE_BILINEAR": {"align corners", "half pixel centers"},
    "PAD + CONV_2D": {"right shift", "left shift", "negative tie"},
    "PAD + DEPTHWISE_CONV_2D": {"right shift", "left shift", "negative tie"},
    "network": ROUNDING,
    "BATCH_MATMUL": ZERO | {"adj x", "adj y", "right shift", "left shift"},
    "L2_NORMALIZATION": INPUT_ZERO,
    "SVDF": ZERO | TIES,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": ZERO | {"time major"},
}
#: Share of an operator's models of which most inferences give a value inside the range of the output type.
MOSTLY_UNSATURATED = 0.5
#: What the device reference does not run (or crashes on): our evaluator answers for some or all models.
WITHOUT_REFERENCE = {
    "RELU_N1_TO_1": 0.0,
    "RELU_N1_TO_1 (int16)": 0.0,
    "DEPTHWISE_CONV_2D": 0.5,
    "DEPTHWISE_CONV_2D 1xN": 0.5,
    "DEPTHWISE_CONV_2D 3x3": 0.5,
    "DEPTHWISE_CONV_2D (int16)": 0.3,
    "PAD + DEPTHWISE_CONV_2D": 0.5,
    "TRANSPOSE_CONV": 0.4,
}


@functools.cache
def measured(kind: str) -> Counter[str]:
    """Features of `CHOICE` models, evenly spread over all."""
    made = cases(kind)
    return features(made[i * len(made) // CHOICE] for i in range(CHOICE))


def test_every_operator_has_models() -> None:
    kinds = load_strategies()
    found = Counter(name for kind in kinds for data in models(kind, CHOICE) for name in operators(read_model(data)))
    load_lowerings()
    wanted = {f"operator {kind}" for kind in {*COVERED.split(), *LOWERINGS}}
    wanted |= {f"operator {kind} int16" for kind in COVERED_INT16.split()}
    wanted |= {f"operator {kind} {dtype.value}" for kind, dtype in LOWERINGS_OF_TYPE}
    assert sorted(wanted - found.keys()) == []


def test_models_are_many_and_have_what_is_required(kind: str) -> None:
    made, found = cases(kind), measured(kind)
    assert len({case.data for case in made}) == COUNT
    assert sorted(REQUIRED.get(kind, set()) - found.keys()) == []


def test_most_answers_are_not_saturated(kind: str) -> None:
    assert measured(kind)["unsaturated"] > MOSTLY_UNSATURATED * CHOICE


def test_answers_are_those_of_the_device_reference(kind: str) -> None:
    if not TflmRunner.available():
        pytest.skip("tflite-micro is not installed")
    assert measured(kind)[f"reference {TflmRunner.name}"] >= WITHOUT_REFERENCE.get(kind, 1.0) * CHOICE


def test_what_is_required_names_strategies() -> None:
    assert REQUIRED.keys() | WITHOUT_REFERENCE.keys() <= load_strategies().keys()
