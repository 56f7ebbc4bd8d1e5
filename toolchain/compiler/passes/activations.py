"""RELU and RELU6 after an operator that can clamp become its fused activation."""

from __future__ import annotations

from dataclasses import replace

from toolchain.compiler.passes.rewrite import same_quantization
from toolchain.model.graph import DType, Graph, Operator

_CLAMPING = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "AVERAGE_POOL_2D", "MAX_POOL_2D"}


def fuse_activations(graph: Graph) -> Graph:
    """Merge an int8 RELU or RELU6 into the operator before it where nothing else reads the value between them and
    both sides of the activation have one quantisation."""
    producers = {t: op for op in graph.operators for t in op.outputs}
    fused: dict[Operator, Operator] = {}
    gone: set[Operator] = set()
    for op in graph.operators:
        if op.kind not in ("RELU", "RELU6"):
            continue
        x = op.input(0)
        producer = producers.get(x)
        if producer is None or producer.kind not in _CLAMPING or x in graph.outputs or len(graph.consumers(x)) != 1:
            continue
        if producer.options.get("fused_activation_function", "NONE") != "NONE":
            continue
        if x.dtype is not DType.INT8 or not same_quantization(x, op.output):
            continue
        options = {**producer.options, "fused_activation_function": op.kind}
        fused[producer] = replace(producer, options=options, outputs=op.outputs)
        gone.add(op)
    operators = tuple(fused.get(op, op) for op in graph.operators if op not in gone)
    return replace(graph, operators=operators)
