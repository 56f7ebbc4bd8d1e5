"""Two inputs element by element: ADD, SUB, MUL, MAXIMUM, MINIMUM, PRELU, with broadcasting.

Sources: tensorflow/lite/micro/kernels/{add_common,sub_common,mul_common,prelu}.cc and
tensorflow/lite/kernels/internal/reference/{add,sub,mul,prelu}.h.
"""

from __future__ import annotations

import numpy as np

from toolchain.model import arithmetic
from toolchain.model.evaluator.linear import clamped
from toolchain.model.evaluator.registry import Values, evaluates, limits, present, unsupported
from toolchain.model.graph import DType, Operator

_LEFT_SHIFT = {DType.INT8: 20, DType.INT16: 15}


def _check(op: Operator) -> None:
    kinds = {op.input(0).dtype, op.input(1).dtype, op.output.dtype}
    if len(kinds) != 1 or not kinds <= {DType.INT8, DType.INT16}:
        raise unsupported(op, f"types {sorted(k.value for k in kinds)} are not evaluated")


@evaluates("ADD", "SUB")
def add_or_subtract(op: Operator, values: Values) -> np.ndarray:
    _check(op)
    left = _LEFT_SHIFT[op.output.dtype]
    s1, s2, out = float(op.input(0).scale), float(op.input(1).scale), float(op.output.scale)
    twice = 2 * max(s1, s2)
    real = twice / ((1 << left) * out)
    if not real < 1:
        raise unsupported(op, f"the output scale {out} is too small for input scales {s1} and {s2}")
    terms = []
    for i, scale in enumerate((s1, s2)):
        x = (present(values, i).astype(np.int64) - op.input(i).zero_point) << left
        terms.append(arithmetic.multiply_smaller_than_one(x, *arithmetic.quantize_multiplier(scale / twice)))
    total = terms[0] - terms[1] if op.kind == "SUB" else terms[0] + terms[1]
    result = arithmetic.multiply_smaller_than_one(total, *arithmetic.quantize_multiplier(real))
    return clamped(op, result + op.output.zero_point)


@evaluates("MUL")
def multiply(op: Operator, values: Values) -> np.ndarray:
    _check(op)
    a, b = (present(values, i).astype(np.int64) - op.input(i).zero_point for i in (0, 1))
    real = float(op.input(0).scale) * float(op.input(1).scale) / float(op.output.scale)
    scaled = arithmetic.multiply_by_quantized_multiplier(a * b, *arithmetic.quantize_multiplier(real))
    return clamped(op, scaled + op.output.zero_point)


@evaluates("MAXIMUM", "MINIMUM")
def extremum(op: Operator, values: Values) -> np.ndarray:
    """Of the raw numbers: all three tensors are taken to have one quantisation."""
    _check(op)
    return (np.maximum if op.kind == "MAXIMUM" else np.minimum)(present(values, 0), present(values, 1))


@evaluates("PRELU")
def prelu(op: Operator, values: Values) -> np.ndarray:
    if op.input(1).dtype is not DType.INT8 or op.input(0).dtype is not op.output.dtype:
        raise unsupported(op, "the slope is not int8 or input and output differ in type")
    x, alpha = (present(values, i).astype(np.int64) - op.input(i).zero_point for i in (0, 1))
    identity = float(op.input(0).scale) / float(op.output.scale)
    slope = float(op.input(0).scale) * float(op.input(1).scale) / float(op.output.scale)
    positive = arithmetic.multiply_by_quantized_multiplier(x, *arithmetic.quantize_multiplier(identity))
    negative = arithmetic.multiply_by_quantized_multiplier(x * alpha, *arithmetic.quantize_multiplier(slope))
    return np.clip(np.where(x >= 0, positive, negative) + op.output.zero_point, *limits(op.output))
