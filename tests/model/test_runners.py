"""All runners keep one contract: outputs, tensors by number, state and its reset, errors."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.builder import ModelBuilder
from modelgen.generate import models
from modelgen.inputs import random_inputs

from toolchain.errors import BadInput, Missing
from toolchain.model import runners
from toolchain.model.reader import read_model
from toolchain.model.runners import EvaluatorRunner, LiteRtRunner, Runner, TflmRunner, reference_runner

pytestmark = pytest.mark.unit

RUNNERS = ["evaluator", "tflite-micro", "litert", "litert reference"]


def make(name: str, data: bytes) -> Runner:
    graph = read_model(data)
    try:
        if name == "evaluator":
            return EvaluatorRunner(graph)
        return TflmRunner(data, graph) if name == "tflite-micro" else LiteRtRunner(data, reference=" " in name)
    except Missing as error:
        pytest.skip(error.message)


def add_model() -> bytes:
    """(a + b) + b, so that there is a tensor between."""
    m = ModelBuilder()
    a, b = m.input((1, 4), 0.5, 3), m.input((1, 4), 0.25, -7)
    y, z = m.tensor((1, 4), 0.5, 1), m.tensor((1, 4), 1.0, 0)
    m.op("ADD", [a, b], [y])
    m.op("ADD", [y, b], [z])
    m.output(z, y)
    return m.build()


@pytest.mark.parametrize("name", RUNNERS)
def test_outputs_and_tensors(name: str) -> None:
    runner = make(name, add_model())
    a, b = np.array([[3, 5, -3, 103]], np.int8), np.array([[-7, -3, -7, 13]], np.int8)
    z, y = runner.run([a, b])
    assert y.tolist() == [[1, 5, -5, 111]]  # 0, 2, -3, 55 at scale 0.5, zero point 1
    assert z.tolist() == [[0, 3, -3, 60]]
    assert np.array_equal(runner.tensor(2), y) and np.array_equal(runner.tensor(0), a)
    y[...] = 0  # what was handed out is the caller's
    assert runner.run([a, b])[1].tolist() == [[1, 5, -5, 111]]


@pytest.mark.parametrize("name", RUNNERS)
@pytest.mark.parametrize("wrong", [[], [np.zeros((1, 4), np.int8)] * 3, [np.zeros((1, 5), np.int8)] * 2])
def test_inputs_that_do_not_fit(name: str, wrong: list[np.ndarray]) -> None:
    with pytest.raises(BadInput, match="model"):
        make(name, add_model()).run(wrong)


@pytest.mark.parametrize("name", RUNNERS)
def test_wrong_type_of_input(name: str) -> None:
    with pytest.raises(BadInput, match=r"is int8\[1, 4\], float32\[1, 4\] was given"):
        make(name, add_model()).run([np.zeros((1, 4), np.float32)] * 2)


@pytest.mark.parametrize("name", ["evaluator", "tflite-micro"])
@pytest.mark.parametrize("kind", ["CALL_ONCE", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"])
def test_state_is_kept_and_reset(name: str, kind: str) -> None:
    data = models(kind, 5)[-1]
    runner = make(name, data)
    inputs = random_inputs(read_model(data), np.random.default_rng(5))
    first, second = runner.run(inputs)[0], runner.run(inputs)[0]
    assert not np.array_equal(first, second)
    runner.reset()
    assert np.array_equal(runner.run(inputs)[0], first)


def test_tflm_errors_are_ours() -> None:
    if not TflmRunner.available():
        pytest.skip("tflite-micro is not installed")
    m = ModelBuilder()
    x, y = m.input((1, 4), 0.1), m.tensor((1, 4), 0.1)
    m.op("CUSTOM:Mine", [x], [y])
    m.output(y)
    with pytest.raises(BadInput, match="tflite-micro cannot run"):
        TflmRunner(m.build())


def depthwise_without_bias() -> bytes:
    m = ModelBuilder()
    x, y = m.input((1, 3, 3, 2), 0.1), m.tensor((1, 3, 3, 2), 0.1)
    w = m.constant(np.ones((1, 1, 1, 2), np.int8), 0.1, axis=3)
    m.op("DEPTHWISE_CONV_2D", [x, w, None], [y], padding="SAME", stride_h=1, stride_w=1, depth_multiplier=1)
    m.output(y)
    return m.build()


def test_the_reference_is_tflm_where_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    data = add_model()
    if TflmRunner.available():
        assert reference_runner(data, read_model(data)).name == "tflite-micro"
        awkward = depthwise_without_bias()
        assert reference_runner(awkward, read_model(awkward)).name == "evaluator"
    monkeypatch.setattr(runners.TflmRunner, "available", staticmethod(lambda: False))
    assert reference_runner(data, read_model(data)).name == "evaluator"
    with pytest.raises(Missing, match="tflite-micro is not installed"):
        TflmRunner(data)


def test_the_evaluator_names_what_it_lacks() -> None:
    m = ModelBuilder()
    x, y = m.input((1, 4), 0.1), m.tensor((1, 4), 0.1)
    m.op("CUMSUM", [x], [y])
    m.output(y)
    with pytest.raises(BadInput, match=r"operator 0 \(CUMSUM\)"):
        EvaluatorRunner(read_model(m.build()))


def test_variable_that_is_only_read_has_no_reference_value() -> None:
    model = ModelBuilder()
    handle, value = model.variable("state"), model.tensor((1, 2), 0.1, 5)
    model.op("READ_VARIABLE", [handle], [value])
    x, y = model.input((1, 2), 0.1, 5), model.tensor((1, 2), 0.1, 5)
    model.op("ADD", [x, value], [y])
    model.output(y)
    data = model.build()
    graph = read_model(data)
    with pytest.raises(BadInput, match="never assigned"):
        TflmRunner(data, graph)
    runner = reference_runner(data, graph)
    assert runner.name == EvaluatorRunner.name
    np.testing.assert_array_equal(runner.run([np.array([[7, -3]], np.int8)])[0], [[7, -3]])  # the start is a real 0
