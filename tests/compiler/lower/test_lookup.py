"""Tables of functions of one value; RELU_N1_TO_1, which the device reference does not have, against LiteRT's."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.compiler.compile import compile_model
from toolchain.compiler.lower.int16 import sigmoid_table
from toolchain.compiler.lower.resize import bilinear_positions, nearest
from toolchain.compiler.lower.softmax import interpolation_table
from toolchain.compiler.native import NativeModel
from toolchain.model.reader import read_model
from toolchain.model.runners import LiteRtRunner

pytestmark = pytest.mark.unit

EVERY = np.arange(-128, 128, dtype=np.int8)


def one_function(kind: str, x: tuple[float, int], y: tuple[float, int], **options: object) -> bytes:
    model = ModelBuilder()
    source, target = model.input((256,), *x), model.tensor((256,), *y)
    model.op(kind, [source], [target], **options)
    model.output(target)
    return model.build()


@pytest.mark.parametrize(("x", "y"), [((0.02, 3), (0.01, -20)), ((0.01, -100), (0.015, 90)), ((0.1, 0), (0.1, 0))])
def test_relu_n1_to_1_equals_litert(x: tuple[float, int], y: tuple[float, int]) -> None:
    pytest.importorskip("ai_edge_litert")
    data = one_function("RELU_N1_TO_1", x, y)
    (got,) = NativeModel(compile_model(read_model(data), "generic")).run([EVERY])
    (expected,) = LiteRtRunner(data, reference=True).run([EVERY])
    np.testing.assert_array_equal(got, expected)


def test_a_function_that_changes_nothing_is_a_view() -> None:
    compiled = compile_model(read_model(one_function("QUANTIZE", (0.1, 4), (0.1, 4))), "generic")
    assert not compiled.layers


def test_sigmoid_table_rises_to_its_end() -> None:
    table = sigmoid_table().astype(int)
    assert (table[0], table[1], table[50], table[255]) == (32768, 33451, 58280, 65535)
    assert (np.diff(table) >= 0).all()


def test_interpolation_table_of_the_exponential() -> None:
    table = interpolation_table(np.exp, -10.0, 0.0).astype(int)
    assert table.shape == (513,)
    assert table[512] == 32767  # 1.0 saturates
    assert abs(table[256] - 32768 * np.exp(-5)) <= 1


def test_positions_of_resized_pixels() -> None:
    assert nearest(4, 8, False, False).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert nearest(5, 3, True, False).tolist() == [0, 2, 4]
    assert bilinear_positions(4, 8, False, False) == (512, 0)
    assert bilinear_positions(4, 8, False, True) == (512, -256)
    assert bilinear_positions(3, 5, True, False) == (512, 0)


def test_resizing_by_whole_factors_needs_no_table() -> None:
    model = ModelBuilder()
    x, y = model.input((1, 8, 8, 4), 0.1), model.tensor((1, 16, 24, 4), 0.1)
    model.op("RESIZE_NEAREST_NEIGHBOR", [x, model.constant(np.array([16, 24], np.int32))], [y])
    model.output(y)
    compiled = compile_model(read_model(model.build()), "generic")
    assert compiled.layers[0].kernel == "kit_copy_nd"
    assert compiled.weights_bytes < 100
