"""The generated C on this machine: built with the host's compiler, called through ctypes or as a checked program."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from toolchain.compiler.compile import CompiledModel
from toolchain.compiler.host_build import load_library
from toolchain.compiler.sanitized import SanitizedProcess
from toolchain.errors import BadInput, KitError
from toolchain.model.graph import Tensor
from toolchain.model.runners import check_inputs

# Called after layer i (-1: after the inputs were written) with the bytes of the arena.
AfterLayer = Callable[[int, np.ndarray], None]
_HOOK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint)


class Machine(Protocol):
    """Something that runs the generated functions."""

    def reset(self) -> None:
        """Call ``<prefix>_init``. Raises KitError for a status that is not KIT_OK."""

    def invoke(self, inputs: Sequence[tuple[int, np.ndarray]], after: AfterLayer) -> None:
        """Write the bytes of each input at its offset, run one inference, show the arena after each layer."""


class NativeModel:
    """A compiled model as a `Runner`. Arrays go in and come out with the shapes and types of the graph's tensors.

    ``sanitize``: run under AddressSanitizer and UndefinedBehaviorSanitizer in a process of its own, in which each
    layer may touch only its own inputs, outputs and scratch; a violation raises KitError with the report.
    """

    name = "native"
    compared = "every byte"

    def __init__(self, compiled: CompiledModel, sanitize: bool = False) -> None:
        self._compiled = compiled
        self._machine: Machine = SanitizedProcess(compiled) if sanitize else _Library(compiled)
        self._captured: dict[int, np.ndarray] = {}
        self._outputs: list[np.ndarray] = []
        self._by_layer = outputs_by_layer(compiled)
        self._channels = {t.index: t.channels for t in compiled.plan.offsets}
        self.reset()

    def reset(self) -> None:
        """Put the model's state (variables) to its start."""
        self._machine.reset()

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One inference. Raises BadInput when the number, shape or type of the inputs is not the graph's."""
        graph, offsets = self._compiled.graph, self._compiled.plan.offsets
        arrays = check_inputs(graph, inputs)
        self._captured = {}
        writes = [(offsets[t], a.reshape(-1).view(np.uint8)) for t, a in zip(graph.inputs, arrays, strict=True)]
        self._machine.invoke(writes, self._after_layer)
        return self._outputs

    def tensor(self, index: int) -> np.ndarray:
        """Value of tensor ``index`` of the ``.tflite`` as it was when its layer had run in the last inference; only
        its `channels` where a pass removed some. Raises BadInput for one that does not exist after the passes."""
        if index not in self._captured:
            raise BadInput(f"tensor {index} does not exist after the passes", f"one of {sorted(self._captured)}")
        return self._captured[index]

    def tensors(self) -> list[int]:
        """Indices that `tensor` knows after a run, in the order of computation."""
        return list(self._captured)

    def channels(self, index: int) -> tuple[int, ...] | None:
        """Original numbers of the channels of tensor ``index`` that are left, None when all are."""
        return self._channels.get(index)

    def unequal(self, index: int, expected: np.ndarray) -> np.ndarray | None:
        """`tensor` if its bytes are not those of ``expected``, else None."""
        value = self.tensor(index)
        return None if value.tobytes() == expected.tobytes() else value

    def _after_layer(self, layer: int, arena: np.ndarray) -> None:
        for t in self._by_layer[layer + 1]:
            if t.index >= 0:
                self._captured[t.index] = self._value(t, arena)
        if layer + 2 == len(self._by_layer):
            self._outputs = [self._value(t, arena) for t in self._compiled.graph.outputs]

    def _value(self, tensor: Tensor, arena: np.ndarray) -> np.ndarray:
        offset = self._compiled.plan.offsets[tensor]
        return arena[offset : offset + tensor.bytes].copy().view(tensor.dtype.numpy).reshape(tensor.shape)


class _Library:
    """The model in this process."""

    def __init__(self, compiled: CompiledModel) -> None:
        library = load_library(compiled.files)
        self._init = getattr(library, f"{compiled.prefix}_init")
        self._init.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        self._invoke = getattr(library, f"{compiled.prefix}_invoke")
        self._invoke.argtypes = [ctypes.c_void_p, ctypes.c_size_t, _HOOK, ctypes.c_void_p]
        self._memory = np.zeros(compiled.arena_bytes + 15, np.uint8)
        skip = -self._memory.ctypes.data % 16
        self._arena = self._memory[skip : skip + compiled.arena_bytes]

    def reset(self) -> None:
        _check(self._init(self._arena.ctypes.data, self._arena.size))

    def invoke(self, inputs: Sequence[tuple[int, np.ndarray]], after: AfterLayer) -> None:
        for offset, data in inputs:
            self._arena[offset : offset + data.size] = data
        after(-1, self._arena)

        raised: list[BaseException] = []

        def hook(_user: object, layer: int) -> int:
            try:
                after(layer, self._arena)
            except BaseException as error:  # ctypes would print it and go on, a Ctrl-C too
                raised.append(error)
            return len(raised)

        status = self._invoke(self._arena.ctypes.data, self._arena.size, _HOOK(hook), None)
        if raised:
            raise raised[0]
        _check(status)


def _check(status: int) -> None:
    if status != 0:
        raise KitError(f"the generated model returned {status}", "this is a defect of the compiler; report it")


def outputs_by_layer(compiled: CompiledModel) -> list[list[Tensor]]:
    """Tensors (then views) whose value is whole once layer i - 1 has run; at 0 those that are there before any."""
    program = compiled.program
    result: list[list[Tensor]] = [list(compiled.graph.inputs), *(list(step.outputs) for step in compiled.layers)]
    written = {program.root(t)[0]: i for i, outputs in enumerate(result) for t in outputs}
    for tensor, (root, _) in program.views.items():
        i = written.get(root, 0) if not root.is_variable else 0
        if root.data is None and tensor not in result[i]:
            result[i].append(tensor)
    return result
