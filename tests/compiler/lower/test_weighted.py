"""Convolution, depthwise convolution and fully connected layers equal the device reference on every target."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from modelgen.builder import ModelBuilder
from modelgen.ops.conv import conv
from modelgen.ops.depthwise_conv import depthwise_conv
from modelgen.ops.fully_connected import fully_connected
from modelgen.parity import assert_exact

from toolchain.compiler.compile import compile_model
from toolchain.compiler.lower.convolution import blocked, forward_lead
from toolchain.compiler.native import NativeModel
from toolchain.model.reader import read_model

pytestmark = pytest.mark.slow

TARGETS = ("generic", "cortex-m4", "cortex-m55", "xtensa", "avr")
few = settings(max_examples=8)


@pytest.mark.parametrize("target", TARGETS)
@few
@given(data=conv())
def test_conv(target: str, data: bytes) -> None:
    assert_exact(data, target)


@pytest.mark.parametrize("target", TARGETS)
@few
@given(data=depthwise_conv())
def test_depthwise_conv(target: str, data: bytes) -> None:
    assert_exact(data, target)


@pytest.mark.parametrize("target", TARGETS)
@few
@given(data=fully_connected())
def test_fully_connected(target: str, data: bytes) -> None:
    assert_exact(data, target)


@pytest.mark.parametrize(
    ("size", "stride", "expected"),
    [((3, 4), 1, [36, 66, 11, 11, 86, 111, 11, 11, 11, 11, 11, 11]), ((4, 4), 2, [36, 11, 11, 11])],
)
def test_padding_behind_the_input_of_a_pointwise_convolution(
    size: tuple[int, int], stride: int, expected: list[int]
) -> None:
    """The kernel meets zero points there, and only the bias is left; output and input may be of one size."""
    model = ModelBuilder()
    x, padded = model.input((1, 2, 2, 4), 0.5, 7), model.tensor((1, *size, 4), 0.5, 7)
    amounts = np.array([(0, 0), (0, size[0] - 2), (0, size[1] - 2), (0, 0)], np.int32)
    model.op("PAD", [x, model.constant(amounts)], [padded])
    w = model.constant(np.array([[20, -20, 40, 10]], np.int8).reshape(1, 1, 1, 4), 0.5, axis=0)
    bias = model.constant(np.array([40], np.int32), 0.25)
    shape = (1, *(-(-n // stride) for n in size), 1)
    y = model.tensor(shape, 5.0, 9)
    model.op("CONV_2D", [padded, w, bias], [y], padding="VALID", stride_h=stride, stride_w=stride)
    model.output(y)
    value = np.array([[17, 7, 7, 37], [17, 7, 17, 57], [7, 7, 37, 37], [57, 57, 57, 7]], np.int8)
    for target in TARGETS:
        (got,) = NativeModel(compile_model(read_model(model.build()), target)).run([value.reshape(1, 2, 2, 4)])
        assert got.reshape(-1).tolist() == expected


def test_columns_of_padding_beside_a_single_column() -> None:
    """Not a convolution along one column, although input and kernel are one column wide."""
    model = ModelBuilder()
    x, padded = model.input((1, 2, 1, 2), 0.5, 7), model.tensor((1, 2, 3, 2), 0.5, 7)
    model.op("PAD", [x, model.constant(np.array([(0, 0), (0, 0), (0, 2), (0, 0)], np.int32))], [padded])
    w = model.constant(np.array([40, 80], np.int8).reshape(1, 1, 1, 2), 0.5, axis=3)
    bias = model.constant(np.array([64, -64], np.int32), 0.25)
    y = model.tensor((1, 2, 3, 2), 16.0, 0)
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1, "depth_multiplier": 1}
    model.op("DEPTHWISE_CONV_2D", [padded, w, bias], [y], **options)
    model.output(y)
    value = np.array([27, 47, 67, 87], np.int8).reshape(1, 2, 1, 2)
    for target in TARGETS:
        (got,) = NativeModel(compile_model(read_model(model.build()), target)).run([value])
        assert got.reshape(6, 2).tolist() == [[14, 49], [1, -1], [1, -1], [39, 99], [1, -1], [1, -1]]


def test_blocked_interleaves_four_outputs_and_leaves_the_rest() -> None:
    weights = np.arange(10).reshape(5, 2)
    assert blocked(weights).tolist() == [0, 2, 4, 6, 1, 3, 5, 7, 8, 9]


def test_forward_lead_is_the_tightest_step() -> None:
    # Step 1 ends at byte 8 while step 2 still reads from byte 2: the output must start 6 bytes before the input.
    assert forward_lead(np.array([0, 6, 2]), np.array([4, 8, 12])) == -10
    assert forward_lead(np.array([0, 6, 12]), np.array([0, 4, 8])) == 0
