"""Two inputs element by element: ADD, SUB, MUL, MAXIMUM, MINIMUM, PRELU, with broadcasting.

Sources: tensorflow/lite/micro/kernels/{add_common,sub_common,mul_common,prelu}.cc and
tensorflow/lite/kernels/internal/reference/{add,sub,mul,prelu}.h.
"""

from __future__ import annotations

import numpy as np

from toolchain.model import arithmetic
from toolchain.model.evaluator.linear import clamped
from toolchain.model.evaluator.registry import Values, evaluates, present, unsupported
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
