"""Models that are sound but unusual in their wiring: exact, or refused in one line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from modelgen.builder import ModelBuilder
from modelgen.ops.common import int32
from modelgen.parity import assert_exact

from toolchain.compiler.compile import compile_model
from toolchain.errors import BadInput
from toolchain.model.reader import read_model

Q = (0.05, -3)
SHAPE = (2, 3)


def _add(m: ModelBuilder, a: int, b: int) -> int:
    out = m.tensor(SHAPE, 0.1, 4)
    m.op("ADD", [a, b], [out])
    return out


def _values(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(-127, 128, shape, np.int8)


def input_that_is_an_output(m: ModelBuilder) -> None:
    x = m.input(SHAPE, *Q)
    m.output(x, _add(m, x, x), x)


def inputs_that_change_places(m: ModelBuilder) -> None:
    x, y = m.input(SHAPE, *Q), m.input((4,), 0.1, 2)
    m.output(y, x)


def outputs_that_are_read_and_views_of_each_other(m: ModelBuilder) -> None:
    x = m.input(SHAPE, *Q)
    y, relu, turned = _add(m, x, x), m.tensor(SHAPE, 0.1, 4), m.tensor((3, 2), 0.1, 4)
    m.op("RELU", [y], [relu])
    m.op("RESHAPE", [relu, m.constant(int32(3, 2))], [turned], new_shape=(3, 2))
    m.output(relu, turned, y, y)


def constants_that_are_outputs(m: ModelBuilder) -> None:
    x, c = m.input(SHAPE, *Q), m.constant(_values(*SHAPE), *Q)
    m.output(c, _add(m, x, c), c)


def weights_of_two_layers_that_are_an_operand_and_an_output(m: ModelBuilder) -> None:
    x, w = m.input((1, 8), *Q), m.constant(_values(8, 8), 0.01)
    y, z, total = m.tensor((1, 8), 0.3, 4), m.tensor((1, 8), 0.2, 4), m.tensor((8, 8), 0.2, 4)
    m.op("FULLY_CONNECTED", [x, w, None], [y])
    m.op("FULLY_CONNECTED", [y, w, None], [z])
    m.op("ADD", [z, w], [total])
    m.output(total, w)


def scalars(m: ModelBuilder) -> None:
    x, one = m.input(SHAPE, *Q), m.input((), *Q)
    y = m.tensor((), 0.1, 4)
    m.op("ADD", [one, one], [y])
    m.output(_add(m, x, one), y)


def what_nobody_uses(m: ModelBuilder) -> None:
    x, nothing = m.input(SHAPE, *Q), m.tensor((5, 0), 0.1)
    m.input((4,), *Q)
    m.tensor((1 << 15, 1 << 15), 0.1)
    dead = m.tensor(SHAPE, 0.1)
    m.op("CUSTOM:unknown", [x], [dead])
    other = m.subgraph("other")
    other.op("CUSTOM:unknown", [nothing], [other.tensor((0,))])
    m.output(_add(m, x, x))


def names_that_end_comments_and_strings(m: ModelBuilder) -> None:
    for name in ("*/ é中", 'a"b\\c??/', "line\nbreak\\", ""):
        m.inputs.append(m.tensor(SHAPE, *Q, name=name or "x"))
        m.tensors[-1]["name"] = name
        m.output(_add(m, m.inputs[-1], m.inputs[-1]))
        m.tensors[-1]["name"] = name


def sums_of_scales_far_apart(m: ModelBuilder) -> None:
    """The reference's multiplier of one operand, or of the sum, is 0."""
    x, tiny, huge = m.input(SHAPE, 1.0, -3), m.input(SHAPE, 1e-12, 3), m.tensor(SHAPE, 1e12, 5)
    m.op("SUB", [x, x], [huge])
    for a, b in ((x, tiny), (tiny, x)):
        y = m.tensor(SHAPE, 1.0, 4)
        m.op("SUB", [a, b], [y])
        m.output(y)
    m.output(huge)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["generic", "cortex-m4", "cortex-m55"])
@pytest.mark.parametrize(
    "fill",
    [
        input_that_is_an_output,
        inputs_that_change_places,
        outputs_that_are_read_and_views_of_each_other,
        constants_that_are_outputs,
        weights_of_two_layers_that_are_an_operand_and_an_output,
        scalars,
        what_nobody_uses,
        names_that_end_comments_and_strings,
        sums_of_scales_far_apart,
    ],
)
def test_exact(fill: Callable[[ModelBuilder], None], target: str) -> None:
    model = ModelBuilder()
    fill(model)
    if fill is what_nobody_uses:  # which neither reference runs
        compiled = compile_model(read_model(model.build()), target)
        assert compiled.report["kernels"] == ["kit_add_s8"]
        return
    assert_exact(model.build(), target)


def softmax_of_no_slope(m: ModelBuilder) -> None:
    x, y = m.input(SHAPE, *Q), m.tensor(SHAPE, 1 / 256, -128)
    m.op("SOFTMAX", [x], [y], beta=0.0)
    m.output(y)


def product_beyond_all_shifts(m: ModelBuilder) -> None:
    x, y = m.input(SHAPE, 1e12, 0), m.tensor(SHAPE, 1e-3, 0)
    m.op("MUL", [x, x], [y])
    m.output(y)


def layer_beyond_all_shifts(m: ModelBuilder) -> None:
    x, y = m.input((1, 4), 1e12, 0), m.tensor((1, 4), 1e-3, 0)
    m.op("FULLY_CONNECTED", [x, m.constant(_values(4, 4), 1.0), None], [y])
    m.output(y)


def activation_beyond_16_bits(m: ModelBuilder) -> None:
    x, y = m.input(SHAPE, 1e-8, 0), m.tensor(SHAPE, 1e-8, 0)
    m.op("HARD_SWISH", [x], [y])
    m.output(y)


def tangent_of_next_to_nothing(m: ModelBuilder) -> None:
    x, y = m.input(SHAPE, 1e-10, 0, "int16"), m.tensor(SHAPE, 1 / 32768, 0, "int16")
    m.op("TANH", [x], [y])
    m.output(y)


def no_input(m: ModelBuilder) -> None:
    c = m.constant(_values(*SHAPE), *Q)
    m.output(_add(m, c, c))


@pytest.mark.unit
@pytest.mark.parametrize(
    ("fill", "match"),
    [
        (softmax_of_no_slope, r"layer 0 \(SOFTMAX\).*beta 0 is too small"),
        (product_beyond_all_shifts, r"layer 0 \(MUL\).*times too small"),
        (layer_beyond_all_shifts, r"layer 0 \(FULLY_CONNECTED\).*times too small"),
        (activation_beyond_16_bits, r"layer 0 \(HARD_SWISH\).*too far apart"),
        (tangent_of_next_to_nothing, r"layer 0 \(TANH\).*1e-10 is too small"),
        (no_input, "the model has no input"),
    ],
)
def test_refused(fill: Callable[[ModelBuilder], None], match: str) -> None:
    model = ModelBuilder()
    fill(model)
    with pytest.raises(BadInput, match=match) as caught:
        compile_model(read_model(model.build()), "generic")
    assert caught.value.hint
    assert "\n" not in str(caught.value)
