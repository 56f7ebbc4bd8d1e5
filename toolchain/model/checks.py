"""Is the model what a microcontroller without an FPU should run: integers from edge to edge?"""

from __future__ import annotations

from toolchain.errors import BadInput
from toolchain.model.graph import DType, Graph, Operator, Tensor

HINT = (
    "convert with full-integer quantisation: converter.optimizations = [tf.lite.Optimize.DEFAULT], "
    "converter.representative_dataset = a generator of typical inputs, "
    "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]"
)

_FLOATS = (DType.FLOAT16, DType.FLOAT32)
_QUANTIZED = (DType.INT8, DType.INT16)
_EDGES = ("QUANTIZE", "DEQUANTIZE")


def require_int8(graph: Graph) -> None:
    """Accept a graph whose operators compute with int8 (or int16) activations. Its inputs and outputs may be float32
    or uint8 when QUANTIZE and DEQUANTIZE stand at the edges.

    Raises BadInput for a float model, a hybrid one (float activations, int8 weights), float16 weights, legacy uint8,
    and float operators among quantised ones, naming the first operator and tensor at fault.
    """
    floats = [(op, tensor) for op in graph.operators if (tensor := _foreign(graph, op)) is not None]
    if floats:
        hybrid = next((pair for pair in floats if _has_int8_weights(pair[0])), floats[0])
        raise BadInput(f"{graph.name} {_describe(graph, *hybrid)}", HINT)
    if not any(_is_quantized(op) for op in graph.operators):
        raise BadInput(f"{graph.name} has no operator that computes with int8 or int16", HINT)


def _foreign(graph: Graph, op: Operator) -> Tensor | None:
    """The first tensor of ``op`` that is float or uint8 where it should be int8: anywhere but at the outer side of a
    QUANTIZE or DEQUANTIZE at the edge."""
    tensors = [t for t in (*op.inputs, *op.outputs) if t is not None]
    odd = [t for t in tensors if t.dtype in (*_FLOATS, DType.UINT8)]
    if op.kind not in _EDGES:
        return next((t for t in odd if t.data is None), odd[0] if odd else None)
    outer = (*graph.inputs, *graph.outputs)
    return next((t for t in odd if t.dtype is DType.FLOAT16 or not any(t is o for o in outer)), None)


def _has_int8_weights(op: Operator) -> bool:
    return any(t is not None and t.data is not None and t.dtype is DType.INT8 for t in op.inputs)


def _is_quantized(op: Operator) -> bool:
    activations = [t for t in (*op.inputs, *op.outputs) if t is not None and t.data is None]
    return op.kind not in _EDGES and any(t.dtype in _QUANTIZED for t in activations)


def _describe(graph: Graph, op: Operator, tensor: Tensor) -> str:
    where = f"operator {op.index} ({op.kind}), tensor {tensor.index} {tensor.name!r}"
    if tensor.dtype is DType.UINT8:
        return f"uses the old uint8 quantisation: {where}"
    constants = [t for t in op.inputs if t is not None and t.data is not None]
    if tensor.dtype is DType.FLOAT16 or any(t.dtype is DType.FLOAT16 for t in constants):
        return f"has float16 weights and computes in float: {where}"
    if _has_int8_weights(op):
        return f"is a hybrid model (int8 weights, float activations): {where} is {tensor.dtype.value}"
    if any(_is_quantized(other) for other in graph.operators):
        return f"computes in float between quantised operators: {where} is {tensor.dtype.value}"
    return f"is a float model: {where} is {tensor.dtype.value}"
