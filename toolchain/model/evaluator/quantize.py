"""QUANTIZE, DEQUANTIZE. Sources: tensorflow/lite/kernels/internal/reference/{quantize,requantize,dequantize}.h."""

from __future__ import annotations

import numpy as np

from toolchain.model import arithmetic
from toolchain.model.evaluator.registry import Values, evaluates, limits, present, unsupported
from toolchain.model.graph import DType, Operator

_INTEGERS = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32)


@evaluates("QUANTIZE")
def quantize(op: Operator, values: Values) -> np.ndarray:
    x, source, target = present(values, 0), op.input(0), op.output
    if target.quantization is None or target.dtype not in _INTEGERS:
        raise unsupported(op, f"output {target.name!r} is not quantised")
    low, high = limits(target)
    if source.dtype is DType.FLOAT32:
        steps = x / np.float32(target.scale)
        rounded = np.trunc(steps + np.copysign(np.float32(0.5), steps).astype(np.float32))
        # 0.5 less an ulp must not be lifted to 1 by the addition.
        rounded = np.where(np.abs(steps) < 0.5, 0, np.where(np.abs(steps) < 2**23, rounded, steps))
        return np.clip(rounded.astype(np.float64) + target.zero_point, low, high).astype(np.int64)
    if source.quantization is None or source.dtype not in _INTEGERS:
        raise unsupported(op, f"input {source.name!r} is neither float32 nor quantised")
    real = float(source.scale) / float(target.scale)
    centred = x.astype(np.int64) - source.zero_point
    scaled = arithmetic.multiply_by_quantized_multiplier(centred, *arithmetic.quantize_multiplier(real))
    return np.clip(scaled + target.zero_point, low, high)


@evaluates("DEQUANTIZE")
def dequantize(op: Operator, values: Values) -> np.ndarray:
    source = op.input(0)
    if source.quantization is None or source.dtype not in _INTEGERS or op.output.dtype is not DType.FLOAT32:
        raise unsupported(op, f"{source.dtype.value} to {op.output.dtype.value} is not evaluated")
    centred = present(values, 0).astype(np.float64) - source.zero_point
    return (source.scale * centred).astype(np.float32)
