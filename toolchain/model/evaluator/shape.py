"""Operators that only move data."""

from __future__ import annotations

import numpy as np

from toolchain.model.evaluator.registry import Values, evaluates, present, unsupported
from toolchain.model.graph import Operator


@evaluates("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
def reshape(op: Operator, values: Values) -> np.ndarray:
    x = present(values, 0)
    if x.size != op.output.elements:
        raise unsupported(op, f"{x.size} elements do not fit shape {list(op.output.shape)}")
    return x.reshape(op.output.shape)
