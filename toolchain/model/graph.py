"""The model as data: typed tensors, operators, quantisation. Frozen; passes build new graphs.

Terms are those of the TensorFlow Lite schema: ``real = scale * (q - zero_point)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np


class DType(Enum):
    """Element type of a tensor; the value is the numpy name.

    RESOURCE is the handle of a variable (VAR_HANDLE), which holds no data of its own.
    """

    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    UINT8 = "uint8"
    BOOL = "bool"
    FLOAT16 = "float16"
    FLOAT32 = "float32"
    RESOURCE = "resource"

    @property
    def numpy(self) -> np.dtype[Any]:
        return np.dtype("int32" if self is DType.RESOURCE else self.value)

    @property
    def c(self) -> str:
        """C type of one element."""
        return {"float16": "uint16_t", "float32": "float", "bool": "uint8_t", "resource": "int32_t"}.get(
            self.value, f"{self.value}_t"
        )

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize


@dataclass(frozen=True)
class Quantization:
    """``scales`` are float32 values held as Python floats; one (per tensor) or one a channel along ``axis``."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def scale(self) -> float:
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        return self.zero_points[0]

    @property
    def per_channel(self) -> bool:
        return len(self.scales) > 1


@dataclass(frozen=True, eq=False)
class Tensor:
    """One value of the graph; compared by identity.

    ``data`` is the array of a constant (of ``shape``), None for an activation. ``index`` is its number in the
    ``.tflite`` subgraph (-1 for a tensor that a pass made), by which reference runners are asked for it.
    ``channels``: where a pass has removed part of the last dimension, the original numbers of what is left.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: np.ndarray | None = None
    index: int = -1
    is_variable: bool = False
    channels: tuple[int, ...] | None = None

    @property
    def elements(self) -> int:
        n = 1
        for d in self.shape:
            n *= d
        return n

    @property
    def bytes(self) -> int:
        return self.elements * self.dtype.size

    @property
    def scale(self) -> float:
        assert self.quantization is not None, self.name
        return self.quantization.scale

    @property
    def zero_point(self) -> int:
        assert self.quantization is not None, self.name
        return self.quantization.zero_point


@dataclass(frozen=True, eq=False)
class Operator:
    """One operation. ``kind`` is the schema's name (``CONV_2D``); ``options`` the fields of its options table in
    snake case, enums as their names (``{"padding": "SAME", "stride_h": 2, "fused_activation_function": "RELU"}``).
    An optional input that is absent is None.
    """

    kind: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    index: int = -1

    def input(self, i: int) -> Tensor:
        """Input ``i``, which must be present."""
        tensor = self.inputs[i]
        assert tensor is not None, f"{self.kind} has no input {i}"
        return tensor

    @property
    def output(self) -> Tensor:
        return self.outputs[0]


@dataclass(frozen=True, eq=False)
class Graph:
    """Operators in execution order. ``initializers`` are the operators of the subgraph that CALL_ONCE runs.
    ``reworked``: the file has dilated convolutions in parts that are one operator here (see `dilation`), or open shapes
    that are known here (see `open_shapes`); an interpreter that takes it literally computes something else."""

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    initializers: tuple[Operator, ...] = ()
    sha256: str = ""
    reworked: bool = False

    def consumers(self, tensor: Tensor) -> list[Operator]:
        return [op for op in self.operators if any(i is tensor for i in op.inputs)]

    def producer(self, tensor: Tensor) -> Operator | None:
        return next((op for op in self.operators if any(o is tensor for o in op.outputs)), None)
