"""Runs a graph operator by operator, keeping every tensor."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Sequence

import numpy as np

from toolchain.errors import BadInput
from toolchain.model import evaluator
from toolchain.model.evaluator.registry import KERNELS, unsupported
from toolchain.model.graph import DType, Graph, Operator, Tensor


@functools.cache
def _load_kernels() -> None:
    for module in pkgutil.iter_modules(evaluator.__path__):
        importlib.import_module(f"{evaluator.__name__}.{module.name}")


class Evaluator:
    """State and values of one graph. Inputs must have the graph's shapes and types."""

    def __init__(self, graph: Graph) -> None:
        _load_kernels()
        self._graph = graph
        known = {*KERNELS, *_STATEFUL}
        for op in (*graph.operators, *graph.initializers):
            if op.kind not in known:
                raise unsupported(op, "the reference evaluator has no such operator")
        self.reset()

    def reset(self) -> None:
        """Forget all values; variables take their initial value at the next run."""
        self._values: dict[int, np.ndarray] = {}
        self._by_index: dict[int, np.ndarray] = {}
        self._resources: dict[str, np.ndarray] = {}
        self._handles: dict[int, str] = {}
        self._initialized = False
        for op in self._graph.operators:
            for tensor in op.inputs:
                if tensor is not None and tensor.is_variable:
                    self._store(tensor, _initial(tensor))

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        for tensor, array in zip(self._graph.inputs, inputs, strict=True):
            self._store(tensor, array.copy())
        for op in self._graph.operators:
            self._evaluate(op)
        return [self._load(t).copy() for t in self._graph.outputs]

    def tensor(self, index: int) -> np.ndarray:
        """Tensor ``index`` of the main subgraph as the last run left it."""
        if index not in self._by_index:
            raise BadInput(f"no operator of {self._graph.name} has written tensor {index}")
        return self._by_index[index].copy()

    def _load(self, tensor: Tensor) -> np.ndarray:
        return tensor.data if tensor.data is not None else self._values[id(tensor)]

    def _store(self, tensor: Tensor, array: np.ndarray) -> None:
        self._values[id(tensor)] = array
        self._by_index[tensor.index] = array

    def _evaluate(self, op: Operator) -> None:
        if op.kind in _STATEFUL:
            self._stateful(op)
            return
        values = [None if t is None else self._load(t) for t in op.inputs]
        result = KERNELS[op.kind](op, values)
        for tensor, array in zip(op.outputs, result if isinstance(result, list) else [result], strict=True):
            if array.shape != tensor.shape:
                raise unsupported(
                    op, f"its inputs give shape {list(array.shape)}, but {tensor.name!r} has {list(tensor.shape)}"
                )
            self._store(tensor, array.astype(tensor.dtype.numpy))

    def _stateful(self, op: Operator) -> None:
        """The operators on resource variables, and CALL_ONCE."""
        if op.kind == "CALL_ONCE":
            if not self._initialized:
                self._initialized = True
                outer = dict(self._by_index)
                for initializer in self._graph.initializers:
                    self._evaluate(initializer)
                self._by_index = outer  # tensors of the initialisers' subgraphs have numbers of their own
        elif op.kind == "VAR_HANDLE":
            self._handles[id(op.output)] = str(op.options["shared_name"])
            self._store(op.output, np.zeros(op.output.shape, op.output.dtype.numpy))
        elif op.kind == "ASSIGN_VARIABLE":
            self._resources[self._resource(op)] = self._load(op.input(1)).copy()
        else:
            shape, dtype = op.output.shape, op.output.dtype.numpy
            start = op.output.zero_point if op.output.quantization else 0
            value = self._resources.get(self._resource(op), np.full(shape, start, dtype))
            if value.shape != shape or value.dtype != dtype:
                raise unsupported(op, f"variable {self._resource(op)!r} has another shape or type than is read")
            self._store(op.output, value.copy())

    def _resource(self, op: Operator) -> str:
        handle = self._handles.get(id(op.input(0)))
        if handle is None:
            raise unsupported(op, f"input {op.input(0).name!r} is not the handle of a variable")
        return handle


_STATEFUL = ("CALL_ONCE", "VAR_HANDLE", "ASSIGN_VARIABLE", "READ_VARIABLE")


def _initial(tensor: Tensor) -> np.ndarray:
    """What tflite-micro sets a variable tensor to: its zero point if it is int8, else zero."""
    value = tensor.zero_point if tensor.dtype is DType.INT8 else 0
    return np.full(tensor.shape, value, tensor.dtype.numpy)
