"""Which kernel a convolution or fully connected layer gets, where the quick ones would not be exact."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.builder import ModelBuilder
from modelgen.parity import assert_exact

from toolchain.compiler.compile import compile_model
from toolchain.compiler.lower.convolution import Channels
from toolchain.compiler.lower.dsp import dot_stream, separable
from toolchain.errors import BadInput
from toolchain.model.reader import read_model

pytestmark = pytest.mark.unit


def dense(
    weights: np.ndarray,
    bias: np.ndarray,
    zero_point: int = -128,
    output_scale: float = 1.0,
    weight_scale: float | list[float] = 2.0**-6,
) -> bytes:
    """FULLY_CONNECTED of one row; input scale 1."""
    outputs, inputs = weights.shape
    model = ModelBuilder()
    x = model.input((1, inputs), 1.0, zero_point)
    w = model.constant(weights.astype(np.int8), weight_scale)
    b = model.constant(bias.astype(np.int32), weight_scale)
    y = model.tensor((1, outputs), output_scale, 3)
    model.op("FULLY_CONNECTED", [x, w, b], [y], fused_activation_function="NONE")
    model.output(y)
    return model.build()


def kernel(data: bytes, target: str = "cortex-m4") -> str:
    return compile_model(read_model(data), target).layers[0].kernel


def one_pair(first: int, second: int, taps: int, bias: int = 0) -> Channels:
    weights = np.repeat([[first], [second]], taps, axis=1).astype(np.int64)
    return Channels(weights, np.array([0, bias]), np.full(2, 1 << 30), np.full(2, -8))


def test_second_channel_of_a_pair_is_proved_to_fit_24_bits() -> None:
    # 255 * 127 * taps is the largest sum with input zero point -128: 8,387,715 for 259 taps, 8,420,100 for 260.
    assert separable(one_pair(127, 127, 259), -128)
    assert not separable(one_pair(127, 127, 260), -128)
    assert separable(one_pair(127, 0, 5000), -128)  # the first one may be as large as it likes
    assert separable(one_pair(127, 127, 259, bias=892), -128)
    assert not separable(one_pair(127, 127, 259, bias=893), -128)


def test_pair_that_does_not_fit_its_halfword_is_refused() -> None:
    assert separable(one_pair(-128, -127, 4), 0)
    assert not separable(one_pair(-1, -128, 4), 0)  # -128 * 256 - 1


def test_stream_holds_pairs_in_the_order_of_the_loop() -> None:
    weights = np.arange(1, 9).reshape(2, 4)
    stream = dot_stream(Channels(weights, np.array([10, 20]), np.full(2, 1 << 30), np.array([-1, -4])), 0)
    assert stream is not None
    start = [10, 10 + 256 * 20]
    inputs = [(1 + 256 * 5) | (3 + 256 * 7) << 16, (2 + 256 * 6) | (4 + 256 * 8) << 16]
    assert stream.view(np.uint32).tolist() == [*start, *inputs, 0 | 3 << 8, 1 << 31, 1 << 31]


@pytest.mark.parametrize(("taps", "expected"), [(256, "kit_fully_connected_s8_dsp"), (264, "kit_conv_s8")])
def test_layer_with_large_sums_stays_exact(taps: int, expected: str) -> None:
    data = dense(np.full((5, taps), 127), np.zeros(5), output_scale=2.0**9)
    assert kernel(data) == expected
    assert_exact(data, "cortex-m4")


def test_layer_with_a_left_shift_stays_exact() -> None:
    data = dense(np.full((5, 8), 3), np.arange(5), output_scale=2.0**-7)
    assert kernel(data) == kernel(data, "cortex-m55") == "kit_conv_s8"
    assert kernel(data, "xtensa") == "kit_conv_s8_unsigned"
    for target in ("generic", "cortex-m4", "cortex-m55", "xtensa"):
        assert_exact(data, target)


@pytest.mark.parametrize("scale", [2.0**-6, 2.0**-40])
def test_channel_that_does_not_depend_on_the_input(scale: float) -> None:
    """All weights 0 and a large bias, or a multiplier that rounds to 0: the output is a constant."""
    weights = np.tile(np.arange(-4, 4), (6, 1))
    weights[2] = 0
    bias = np.array([0, 1, 1 << 30, 3, 4, 5])
    data = dense(weights, bias, weight_scale=[2.0**-6, 2.0**-6, scale, 2.0**-6, scale, 2.0**-6])
    assert kernel(data) == "kit_fully_connected_s8_dsp"
    for target in ("generic", "cortex-m4", "cortex-m55", "xtensa"):
        assert_exact(data, target)


def test_table_of_vectors_is_short_when_all_channels_have_one_scale() -> None:
    random = np.random.default_rng(3)
    for scales, words in ((2.0**-6, 8 + 8), ([0.01 + 0.001 * c for c in range(6)], 8 + 16)):
        data = dense(random.integers(-127, 128, (6, 20)), random.integers(-500, 500, 6), weight_scale=scales)
        step = compile_model(read_model(data), "cortex-m55").program.steps[0]
        assert step.params["table"].array.size == words
        assert_exact(data, "cortex-m55")


def test_weights_of_unsigned_bytes_lie_in_the_order_of_the_loop() -> None:
    """A block of four channels, input by input, with 128 added; zeros fill up the inputs, and the channels too."""
    weights = np.array([[1, 2, -128, 4, 5], [6, 7, 8, 9, 127]])
    params = compile_model(read_model(dense(weights, np.array([3, 4]))), "xtensa").program.steps[0].params
    rows = [[129, 134, 0, 0], [130, 135, 0, 0], [0, 136, 0, 0], [132, 137, 0, 0], [133, 255, 0, 0], *[[0] * 4] * 3]
    assert params["weights"].array.view(np.uint8).reshape(-1, 4).tolist() == rows
    # The input zero point is -128: 128 a weight is added for it and taken off for the excess.
    assert params["channels"].array[:4].tolist() == [3, 4, 0, 0]


def test_layer_whose_sums_can_overflow_is_refused_by_name() -> None:
    data = dense(np.ones((4, 8)), np.array([0, 0, (1 << 31) - 1, 0]))
    with pytest.raises(BadInput, match=r"layer 0 \(FULLY_CONNECTED\).*32 bits"):
        compile_model(read_model(data), "generic")


@pytest.mark.parametrize(
    ("size", "channels", "stride", "target", "expected"),
    [
        ((3, 3), 8, 1, "generic", "kit_depthwise_conv_s8_3x3"),
        ((3, 3), 12, 2, "generic", "kit_depthwise_conv_s8_3x3"),
        ((3, 3), 6, 1, "generic", "kit_depthwise_conv_s8"),
        ((3, 3), 8, 1, "xtensa", "kit_depthwise_conv_s8_3x3_unsigned"),
        ((3, 3), 12, 2, "xtensa", "kit_depthwise_conv_s8_3x3_unsigned"),
        ((3, 3), 8, 1, "cortex-m4", "kit_depthwise_conv_s8_3x3_dsp"),
        ((1, 5), 8, 1, "cortex-m4", "kit_depthwise_conv_s8_row_dsp"),
        ((1, 4), 12, 2, "cortex-m4", "kit_depthwise_conv_s8_row_dsp"),
        ((1, 5), 6, 1, "cortex-m4", "kit_depthwise_conv_s8_dsp"),
        ((2, 5), 8, 2, "cortex-m4", "kit_depthwise_conv_s8_dsp"),
    ],
)
@pytest.mark.parametrize("biased", [True, False])
def test_depthwise_kernel_by_its_size(
    size: tuple[int, int], channels: int, stride: int, target: str, expected: str, biased: bool
) -> None:
    random = np.random.default_rng(1)
    model = ModelBuilder()
    x = model.input((2, 4, 29, channels), 0.5, -7)
    scales = [0.02 + 0.001 * c for c in range(channels)]
    w = model.constant(random.integers(-127, 128, (1, *size, channels)).astype(np.int8), scales, axis=3)
    bias = model.constant(biased * random.integers(-2000, 2000, channels, np.int32), [0.5 * s for s in scales])
    y = model.tensor((2, -(-4 // stride), -(-29 // stride), channels), 6.0, 9)
    options = {"padding": "SAME", "stride_h": stride, "stride_w": stride, "depth_multiplier": 1}
    model.op("DEPTHWISE_CONV_2D", [x, w, bias], [y], **options)
    model.output(y)
    data = model.build()
    step = compile_model(read_model(data), target).program.steps[0]
    assert step.kernel == expected
    assert target in ("generic", "xtensa") or (step.params["channels"] is not None) == biased  # zeros take no flash
    assert_exact(data, target)


@pytest.mark.parametrize(
    ("sizes", "expected"), [((1, 1), "kit_conv_s8_1x1_dsp"), ((1, 3), "kit_conv_s8_dsp"), ((3, 1), "kit_conv_s8_dsp")]
)
def test_pointwise_kernel_only_in_models_without_others(sizes: tuple[int, int], expected: str) -> None:
    random = np.random.default_rng(2)
    model = ModelBuilder()
    x = model.input((1, 5, 3, 8), 0.5, 3)
    for size in sizes:
        w = model.constant(random.integers(-127, 128, (8, size, size, 8)).astype(np.int8), 0.01, axis=0)
        bias = model.constant(random.integers(-2000, 2000, 8).astype(np.int32), 0.005)
        y = model.tensor((1, 5, 3, 8), 0.5, 3)
        model.op("CONV_2D", [x, w, bias], [y], padding="SAME", stride_h=1, stride_w=1)
        x = y
    model.output(y)
    data = model.build()
    layers = compile_model(read_model(data), "cortex-m4").layers
    assert {layer.kernel for layer in layers} == {expected}
    assert_exact(data, "cortex-m4")
