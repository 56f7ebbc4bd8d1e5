"""A model on a device as a runner whose intermediate tensors are compared by CRC."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from toolchain.compiler.compile import CompiledModel
from toolchain.compiler.native import outputs_by_layer
from toolchain.errors import DeviceError
from toolchain.model.graph import Tensor
from toolchain.model.runners import check_inputs

if TYPE_CHECKING:
    from toolchain.link.session import Session


class BoardModel:
    """The firmware at the other end of ``session``, which holds ``compiled``, as a `compare.LayeredRunner`.

    With ``layers`` the device makes the CRC-32 of what each layer wrote, in the inference itself. Where it is that of
    the bytes expected, so are the bytes; where not, or where a tensor is not just what its layer wrote (the second
    output of a layer, the whole of a concatenation in place), the inference is run again up to that layer and the
    arena is read. For that, a model with state is brought to the state it had by all inputs since the last reset.
    """

    name = "board"

    def __init__(self, session: Session, compiled: CompiledModel, layers: bool) -> None:
        self._session = session
        self._compiled = compiled
        self._layers = layers
        # Views follow the tensor that their layer writes, which is therefore known when they are asked for.
        self._layer_of: dict[int, tuple[int, Tensor]] = {
            t.index: (number - 1, t)
            for number, tensors in enumerate(outputs_by_layer(compiled))
            for t in tensors
            if t.index >= 0
        }
        self._channels = {t.index: t.channels for t in compiled.plan.offsets}
        self._stateful = any(t.is_variable for t in compiled.plan.offsets)
        self._state = [t for _, t in self._layer_of.values() if compiled.program.root(t)[0].is_variable]
        self._earlier: list[list[bytes]] = []
        self._inputs: list[bytes] = []
        self._crcs: list[int] = []
        self._known: dict[int, list[tuple[int, bytes]]] = {}
        self.compared = "every byte"
        if layers:
            self.compared = "outputs: every byte; other tensors: CRC-32 made on the device, bytes where it differs"

    def reset(self) -> None:
        """Put the model's state to its start."""
        self._session.reset_state()
        self._earlier, self._inputs = [], []

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One inference. Raises BadInput for inputs that are not the graph's, and what the link raises."""
        graph = self._compiled.graph
        offsets = self._compiled.plan.offsets
        if self._stateful and self._inputs:
            self._earlier.append(self._inputs)
        self._inputs = [array.tobytes() for array in check_inputs(graph, inputs)]
        before = [(offsets[t], data) for t, data in zip(graph.inputs, self._inputs, strict=True)]
        if self._layers:
            before += [(offsets[t], self._session.read_arena(offsets[t], t.bytes)) for t in self._state]
            profile = self._session.profile(self._inputs)
            self._crcs, result = [layer.crc32 for layer in profile.layers], profile.result
            if len(self._crcs) != len(self._compiled.layers):
                raise DeviceError(
                    f"the device ran {len(self._crcs)} layers, the model compiles to {len(self._compiled.layers)}",
                    "the firmware was built with other options: build and flash it again",
                )
        else:
            result = self._session.infer(self._inputs)
        self._known = {-1: before}
        return [_value(t, data) for t, data in zip(graph.outputs, result.outputs, strict=True)]

    def tensors(self) -> list[int]:
        """Indices of the tensors that can be compared, in the order of computation."""
        return list(self._layer_of)

    def channels(self, index: int) -> tuple[int, ...] | None:
        """Original numbers of the channels of tensor ``index`` that are left, None when all are."""
        return self._channels.get(index)

    def unequal(self, index: int, expected: np.ndarray) -> np.ndarray | None:
        """The value of tensor ``index`` in the last inference if its bytes are not those of ``expected``, else None."""
        layer, tensor = self._layer_of[index]
        start, right = self._compiled.plan.offsets[tensor], expected.tobytes()
        got = self._bytes(layer, start, tensor.bytes)
        if got is None and self._written(layer) == (start, tensor.bytes) and zlib.crc32(right) == self._crcs[layer]:
            got = right
            self._known.setdefault(layer, []).append((start, right))
        if got is None:
            got = self._fetch(layer, start, tensor.bytes)
            self._known.setdefault(layer, []).append((start, got))
        return None if got == right else _value(tensor, got)

    def _written(self, layer: int) -> tuple[int, int] | None:
        """What the CRC of ``layer`` covers: offset and bytes, as the generated table of layers says."""
        if layer < 0:
            return None
        first = self._compiled.layers[layer].outputs[0]
        return self._compiled.plan.offsets[first], first.bytes

    def _bytes(self, layer: int, start: int, count: int) -> bytes | None:
        """Bytes of the arena behind ``layer`` that are known already."""
        for offset, data in self._known.get(layer, []):
            if offset <= start and start + count <= offset + len(data):
                return data[start - offset : start - offset + count]
        return None

    def _fetch(self, layer: int, start: int, count: int) -> bytes:
        """Bytes of the arena behind ``layer``, by another inference that is stopped there."""
        self._restore()
        self._session.infer(self._inputs, stop_after=layer)
        data = self._session.read_arena(start, count)
        if self._stateful:
            self._restore()
            self._session.infer(self._inputs)
        return data

    def _restore(self) -> None:
        """Bring the state to what it was before the last inference."""
        if self._stateful:
            self._session.reset_state()
            for data in self._earlier:
                self._session.infer(data)


def _value(tensor: Tensor, data: bytes) -> np.ndarray:
    return np.frombuffer(data, tensor.dtype.numpy).reshape(tensor.shape)
