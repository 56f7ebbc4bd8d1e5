"""The compiler from a graph to running C, on operators made for the test."""

from __future__ import annotations

import subprocess
from random import Random

import numpy as np
import pytest
from modelgen.networks import random_network

from toolchain.compiler.compile import compile_model
from toolchain.compiler.host_build import host_compiler
from toolchain.compiler.native import NativeModel
from toolchain.compiler.step import LOWERINGS, Context, Overlap, Step, View
from toolchain.errors import BadInput, KitError
from toolchain.model.graph import DType, Graph, Operator, Quantization, Tensor
from toolchain.model.reader import read_model

pytestmark = pytest.mark.unit


def tensor(name: str, shape: tuple[int, ...], index: int) -> Tensor:
    return Tensor(name, shape, DType.INT8, Quantization((0.5,), (3,)), index=index)


@pytest.fixture
def copy_ops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operators TEST_COPY (a kernel) and TEST_VIEW (no data moved)."""

    def lower_copy(op: Operator, _context: Context) -> Step:
        params = {"bytes": op.output.bytes}
        return Step(
            op, "kit_copy", "kit_copy.h", params, (op.input(0),), op.outputs, overlaps=(Overlap(0, 0, 1 << 20),)
        )

    monkeypatch.setitem(LOWERINGS, "TEST_COPY", lower_copy)
    monkeypatch.setitem(LOWERINGS, "TEST_VIEW", lambda op, _context: View(op, op.input(0), op.output))


def chain() -> Graph:
    a, b, c, d = (
        tensor(n, s, i) for i, (n, s) in enumerate([("a", (2, 6)), ("b", (2, 6)), ("c", (12,)), ("d", (12,))])
    )
    operators = (
        Operator("TEST_COPY", (a,), (b,), index=0),
        Operator("TEST_VIEW", (b,), (c,), index=1),
        Operator("TEST_COPY", (c,), (d,), index=2),
    )
    return Graph("chain", (a,), (d,), operators)


def test_generated_code_runs_and_shows_its_tensors(copy_ops: None) -> None:
    compiled = compile_model(chain(), "generic")
    model = NativeModel(compiled)
    value = np.arange(-6, 6, dtype=np.int8).reshape(2, 6)
    (out,) = model.run([value])
    assert np.array_equal(out, value.reshape(-1))
    assert model.tensors() == [0, 1, 2, 3]
    assert np.array_equal(model.tensor(2), value.reshape(-1))
    with pytest.raises(BadInput, match="int8"):
        model.run([value.astype(np.int16)])


def test_a_tensor_beyond_any_microcontroller_is_refused() -> None:
    a, b = tensor("a", (4, 4), 0), tensor("huge", (1 << 12, (1 << 12) + 1), 1)
    graph = Graph("g", (a,), (b,), (Operator("RESIZE_NEAREST_NEIGHBOR", (a,), (b,), index=3),))
    with pytest.raises(BadInput, match=r"layer 3 \(RESIZE_NEAREST_NEIGHBOR\): tensor 'huge'.*16,781,312 bytes"):
        compile_model(graph, "generic")


def test_same_graph_gives_the_same_bytes(copy_ops: None) -> None:
    assert compile_model(chain(), "generic").files == compile_model(chain(), "generic").files


def test_unknown_operator_is_refused_by_name_layer_and_tensor() -> None:
    a, b = tensor("a", (4,), 0), tensor("odd output", (4,), 1)
    graph = Graph("g", (a,), (b,), (Operator("FFT_3D", (a,), (b,), index=7),))
    with pytest.raises(BadInput, match=r"FFT_3D \(layer 7, output 'odd output'\)"):
        compile_model(graph, "generic")


@pytest.mark.parametrize("standard", [["-std=c11"], ["-x", "c++", "-std=c++17"]])
def test_one_line_build_without_warnings(copy_ops: None, tmp_path, standard: list[str]) -> None:
    compiled = compile_model(chain(), "generic", prefix="kws", model_data=b"TFL3data")
    for name, text in compiled.files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "use.c").write_text('#include "kws.h"\n#include "kws_data.h"\nint use(void) { return kws_data[0]; }\n')
    sources = [str(p) for p in tmp_path.glob("*.c")]
    command = [*host_compiler(), *standard, "-Wall", "-Wextra", "-Werror", "-O2", "-c", *sources]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_damaged_models_are_refused_or_compiled() -> None:
    """Whatever the reader lets through, the compiler takes or refuses in words."""
    random = Random(1)
    compiled = refused = 0
    for _ in range(150):
        data = bytearray(random_network(random.randrange(40)))
        for _ in range(random.choice((1, 1, 2))):
            data[random.randrange(len(data))] = random.randrange(256)
        try:
            compile_model(read_model(bytes(data)), "generic")
            compiled += 1
        except KitError as error:
            assert error.message and "\n" not in error.message
            refused += 1
    assert compiled > 20 and refused > 20


def test_ctrl_c_while_layers_are_looked_at_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between layers the generated C calls Python, whose errors ctypes would print and forget."""
    graph = read_model(random_network(1))
    model = NativeModel(compile_model(graph, "generic"))
    inputs = [np.zeros(t.shape, t.dtype.numpy) for t in graph.inputs]
    layers: list[int] = []

    def interrupted(layer: int, arena: np.ndarray) -> None:
        layers.append(layer)
        if layer == 0:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(model, "_after_layer", interrupted)
        model.run(inputs)
    assert layers == [-1, 0]  # nothing ran behind it
    assert len(model.run(inputs)) == len(graph.outputs)
