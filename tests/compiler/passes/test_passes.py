"""Every pass keeps every value that it leaves in the graph, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from modelgen.builder import ModelBuilder
from modelgen.networks import random_network

from toolchain.compiler.passes import run_passes
from toolchain.compiler.passes.activations import fuse_activations
from toolchain.compiler.passes.constants import fold_constants
from toolchain.compiler.passes.dead_channels import remove_dead_channels
from toolchain.compiler.passes.identities import remove_identities
from toolchain.compiler.passes.padding import fuse_padding
from toolchain.model.graph import Graph, Operator
from toolchain.model.reader import read_model
from toolchain.model.runners import EvaluatorRunner

pytestmark = pytest.mark.unit


def with_pads(graph: Graph) -> Graph:
    """Explicit padding undone, for the evaluator, which does not know it: a PAD before each convolution with it."""
    operators: list[Operator] = []
    for op in graph.operators:
        if "explicit_padding" in op.options:
            top, left, bottom, right = op.options["explicit_padding"]
            n, height, width, channels = op.input(0).shape
            padded = replace(op.input(0), shape=(n, top + height + bottom, left + width + right, channels), index=-1)
            amounts = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
            constant = replace(op.input(0), shape=(4, 2), data=amounts, index=-1)
            operators.append(Operator("PAD", (op.inputs[0], constant), (padded,)))
            op = replace(op, inputs=(padded, *op.inputs[1:]))
        operators.append(op)
    return replace(graph, operators=tuple(operators))


def assert_same_values(before: Graph, after: Graph, seed: int) -> None:
    """Outputs and every tensor that is left are those of ``before``, on inputs of several widths."""
    first, second = EvaluatorRunner(before), EvaluatorRunner(with_pads(after))
    rng = np.random.default_rng(seed)
    for width in (3, 30, 128):
        inputs = [
            np.clip(t.zero_point + rng.integers(-width, width + 1, t.shape), -128, 127).astype(np.int8)
            for t in before.inputs
        ]
        for expected, got in zip(first.run(inputs), second.run(inputs), strict=True):
            np.testing.assert_array_equal(got, expected)
        for op in after.operators:
            for t in op.outputs:
                if t.index >= 0:
                    expected = first.tensor(t.index)
                    expected = expected if t.channels is None else expected[..., list(t.channels)]
                    np.testing.assert_array_equal(second.tensor(t.index), expected)


@pytest.mark.parametrize(
    "rewrite", [fuse_activations, remove_dead_channels, fuse_padding, remove_identities, fold_constants, run_passes]
)
@settings(max_examples=30)
@given(seed=st.integers(0, 100_000))
def test_pass_is_lossless_on_random_networks(rewrite, seed: int) -> None:
    graph = read_model(random_network(seed))
    assert_same_values(graph, rewrite(graph), seed)


def weights_bytes(graph: Graph) -> int:
    return sum(t.bytes for op in graph.operators for t in op.inputs if t is not None and t.data is not None)


def test_vww_loses_most_of_its_weights(shared_models) -> None:
    graph = read_model(shared_models["vww"].read_bytes())
    pruned = remove_dead_channels(graph)
    assert weights_bytes(graph) > 208_000 and weights_bytes(pruned) < 36_000


def conv_of(m: ModelBuilder, x: int, weights: np.ndarray, bias: list[int], out: tuple[int, ...], **options) -> int:
    y = m.tensor(out, 0.5, -100)
    w = m.constant(weights.astype(np.int8), 0.01)
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1, "fused_activation_function": "RELU"} | options
    m.op("CONV_2D", [x, w, m.constant(np.array(bias, np.int32), 0.0005)], [y], **options)
    return y


@pytest.mark.parametrize(("padding", "bias", "kept"), [("VALID", 9000, 4), ("SAME", -9000, 4), ("SAME", 90000, 8)])
def test_constant_channel_is_folded_where_every_tap_sees_it(padding: str, bias: int, kept: int) -> None:
    """A positive bias makes a constant above the zero point, which a padded reader does not see at its borders."""
    rng = np.random.default_rng(0)
    m = ModelBuilder()
    x = m.input((1, 5, 5, 3), 0.05, 1)
    first = rng.integers(1, 127, (8, 1, 1, 3))
    first[4:] = 0
    h = conv_of(m, x, first, [0] * 4 + [bias] * 4, (1, 5, 5, 8))
    size = 3 if padding == "VALID" else 5
    m.output(conv_of(m, h, rng.integers(1, 127, (4, 3, 3, 8)), [0] * 4, (1, size, size, 4), padding=padding))
    graph = read_model(m.build())
    pruned = remove_dead_channels(graph)
    assert pruned.operators[0].output.shape[-1] == kept
    assert pruned.operators[1].input(1).shape == (4, 3, 3, kept)
    assert_same_values(graph, pruned, 1)


def test_unread_channels_of_a_dense_layer_go() -> None:
    m = ModelBuilder()
    x = m.input((1, 6), 0.05, 1)
    h, y = m.tensor((1, 12), 0.5, -100), m.tensor((1, 3), 0.5, 0)
    second = np.ones((3, 12), np.int8)
    second[:, [0, 2, 4, 6]] = 0
    m.op("FULLY_CONNECTED", [x, m.constant(np.full((12, 6), 5, np.int8), 0.01), None], [h])
    m.op("FULLY_CONNECTED", [h, m.constant(second, 0.01), None], [y])
    m.output(y)
    graph = read_model(m.build())
    pruned = remove_dead_channels(graph)
    assert pruned.operators[0].output.channels == (1, 3, 5, 7, 8, 9, 10, 11)
    assert_same_values(graph, pruned, 0)


def test_padding_with_another_value_stays() -> None:
    m = ModelBuilder()
    x = m.input((1, 4, 4, 2), 0.05, 7)
    padded = m.tensor((1, 6, 6, 2), 0.05, 7)
    amounts = m.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    m.op("PADV2", [x, amounts, m.constant(np.array([8], np.int8), 0.05, 7)], [padded])
    m.output(conv_of(m, padded, np.ones((4, 3, 3, 2)), [0] * 4, (1, 4, 4, 4)))
    assert [op.kind for op in fuse_padding(read_model(m.build())).operators] == ["PADV2", "CONV_2D"]


def test_padding_is_fused_and_named() -> None:
    m = ModelBuilder()
    x = m.input((1, 4, 4, 2), 0.05, 7)
    padded = m.tensor((1, 5, 7, 2), 0.05, 7)
    m.op("PAD", [x, m.constant(np.array([[0, 0], [1, 0], [2, 1], [0, 0]], np.int32))], [padded])
    m.output(conv_of(m, padded, np.ones((4, 3, 3, 2)), [0] * 4, (1, 3, 5, 4)))
    (op,) = fuse_padding(read_model(m.build())).operators
    assert op.options["explicit_padding"] == (1, 2, 0, 1)


def test_identities_become_reshapes() -> None:
    m = ModelBuilder()
    x = m.input((1, 4, 1, 2), 0.05, 7)
    turned, same, other = (
        m.tensor((4, 1, 1, 2), 0.05, 7),
        m.tensor((4, 1, 1, 2), 0.05, 7),
        m.tensor((4, 1, 1, 2), 0.1, 7),
    )
    m.op("TRANSPOSE", [x, m.constant(np.array([1, 0, 2, 3], np.int32))], [turned])
    m.op("QUANTIZE", [turned], [same])
    m.op("QUANTIZE", [same], [other])
    m.output(other)
    graph = remove_identities(read_model(m.build()))
    assert [op.kind for op in graph.operators] == ["RESHAPE", "RESHAPE", "QUANTIZE"]


def test_operators_on_constants_are_evaluated() -> None:
    m = ModelBuilder()
    x = m.input((1, 4), 0.05, 7)
    flat, y = m.tensor((1, 4), 0.05, 7), m.tensor((1, 4), 0.2, 7)
    constant = m.constant(np.array([[[1, 2], [3, 4]]], np.int8), 0.05, 7)
    m.op("RESHAPE", [constant, m.constant(np.array([1, 4], np.int32))], [flat])
    m.op("ADD", [x, flat], [y])
    m.output(y)
    graph = read_model(m.build())
    folded = fold_constants(graph)
    assert [op.kind for op in folded.operators] == ["ADD"]
    assert_same_values(graph, folded, 0)
