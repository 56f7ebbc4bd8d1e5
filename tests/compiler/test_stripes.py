"""Chains of layers computed a few rows at a time."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from modelgen.networks import NetworkBuilder

from toolchain.compiler.compile import CompiledModel, compile_model
from toolchain.compiler.native import NativeModel
from toolchain.compiler.program import Program, lower
from toolchain.compiler.step import TARGETS, Context, StripedStep
from toolchain.compiler.stripes import extra_work, is_chain, stripe_peaks, striped
from toolchain.model.graph import Graph
from toolchain.model.reader import load_model, read_model
from toolchain.model.runners import EvaluatorRunner

pytestmark = pytest.mark.unit


def network(seed: int) -> bytes:
    """Two to four convolutions and depthwise convolutions, with and without padding."""
    builder = NetworkBuilder(seed)
    builder.window("CONV_2D")
    for _ in range(int(builder.rng.integers(1, 4))):
        builder.window("CONV_2D" if builder.chance(0.5) else "DEPTHWISE_CONV_2D")
    return builder.build()


def compile_striped(graph: Graph, target: str, rows: int) -> CompiledModel:
    """``graph`` compiled with its longest chain striped, whether or not that saves memory."""

    def stripe_longest(program: Program, context: Context) -> Program:
        count = len(program.steps)
        ranges = [(i, j) for i in range(count) for j in range(i + 2, count + 1)]
        for i, j in sorted(ranges, key=lambda r: r[0] - r[1]):
            chain = program.steps[i:j]
            if is_chain(program, chain) and extra_work(chain, rows) < math.inf:
                steps = (*program.steps[:i], striped(chain, rows, context), *program.steps[j:])
                return replace(program, steps=steps)
        return program

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("toolchain.compiler.compile.stripe_peaks", stripe_longest)
        return compile_model(graph, target, "ram")


def assert_exact(graph: Graph, compiled: CompiledModel, seed: int, sanitize: bool = False) -> None:
    reference, native = EvaluatorRunner(graph), NativeModel(compiled, sanitize)
    rng = np.random.default_rng(seed)
    for width in (10, 128):
        inputs = [
            np.clip(t.zero_point + rng.integers(-width, width, t.shape), -128, 127).astype(np.int8)
            for t in graph.inputs
        ]
        np.testing.assert_array_equal(native.run(inputs)[0], reference.run(inputs)[0])


@pytest.mark.slow
@settings(max_examples=25)
@given(seed=st.integers(0, 100_000), target=st.sampled_from(["generic", "cortex-m4"]), rows=st.integers(1, 4))
def test_striped_networks_are_exact(seed: int, target: str, rows: int) -> None:
    graph = read_model(network(seed))
    assert_exact(graph, compile_striped(graph, target, rows), seed)


def test_random_networks_are_striped_and_keep_to_their_memory() -> None:
    compiled = [(s, compile_striped(read_model(network(s)), "generic", 1)) for s in range(8)]
    striped_ones = [(s, c) for s, c in compiled if any(isinstance(step, StripedStep) for step in c.layers)]
    assert len(striped_ones) >= 4
    for seed, model in striped_ones[:2]:
        assert_exact(read_model(network(seed)), model, seed, sanitize=True)


def test_every_number_of_rows_covers_the_output(shared_models) -> None:
    """The repetitions of all stripes write each row of the output once, in order, and read inside the input."""
    graph = load_model(shared_models["vww"])
    context = Context(graph, TARGETS["generic"], "ram")
    chain = lower(graph, context).steps[:4]
    for rows in (1, 2, 3, 5, 24):
        step = striped(chain, rows, context)
        end = 0
        for stripe in step.stripes:
            for i in range(stripe.count):
                assert stripe.output_offset + i * stripe.output_stride == end
                end += stripe.result.bytes
                start = stripe.input_offset + i * stripe.input_stride
                assert start >= 0 and start + stripe.source.bytes <= chain[0].inputs[0].bytes
        assert end == chain[-1].outputs[0].bytes


@pytest.mark.slow
def test_vww_fits_in_thirty_thousand_bytes_for_little_more_work(shared_models) -> None:
    compiled = compile_model(load_model(shared_models["vww"]), "cortex-m4")
    plain = compile_model(load_model(shared_models["vww"]), "cortex-m4", "speed")
    assert compiled.arena_bytes <= 30_000 < plain.arena_bytes
    assert compiled.report["macs"] <= 1.02 * plain.report["macs"]
    native, sanitized = NativeModel(compiled), NativeModel(compiled, sanitize=True)
    value = [np.random.default_rng(0).integers(-128, 128, (1, 96, 96, 3)).astype(np.int8)]
    np.testing.assert_array_equal(native.run(value)[0], sanitized.run(value)[0])


def test_nothing_is_striped_without_a_chain() -> None:
    program = Program(read_model(network(1)), (), (), {})
    assert stripe_peaks(program, Context(program.graph, TARGETS["generic"], "ram")) is program
