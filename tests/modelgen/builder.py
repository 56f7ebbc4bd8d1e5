"""Builds small ``.tflite`` files from a description, for tests.

    m = ModelBuilder()
    x = m.input((1, 8, 8, 3), scale=0.05, zero_point=-3)
    w = m.constant(weights, scale=[0.01] * 16, axis=0)            # int8 array of shape (16, 3, 3, 3)
    b = m.constant(bias, scale=[0.0005] * 16)                     # int32
    y = m.tensor((1, 4, 4, 16), scale=0.1, zero_point=4)
    m.op("CONV_2D", [x, w, b], [y], padding="SAME", stride_h=2, stride_w=2, fused_activation_function="RELU6")
    m.output(y)
    data = m.build()

Tensors are numbers (their index in the subgraph; None as an input is an absent one). Options have the names of the
schema in snake case, enums are given by name. Nothing is validated: a test may build what a reader must refuse.
A second subgraph, for CALL_ONCE, is `ModelBuilder.subgraph`:

    init = m.subgraph("init")
    init.op("ASSIGN_VARIABLE", [init.variable("state"), init.constant(zeros, scale=0.1)], [])
    m.op("CALL_ONCE", [], [], init_subgraph_index=init.number)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np

from toolchain.model.schema import BUILTIN_CODES, ENUMS, OPERATORS, OPTION_TABLES, OPTIONS, TENSOR_TYPES, Field

Scales = float | Sequence[float] | np.ndarray | None

_CODES = {name: code for code, name in BUILTIN_CODES.items()}
_TYPES = {name: code for code, name in TENSOR_TYPES.items()}
_TABLES = {name: code for code, name in OPTION_TABLES.items()}
_ENUM_CODES = {key: {name: code for code, name in names.items()} for key, names in ENUMS.items()}


class SubgraphBuilder:
    """Tensors and operators of one subgraph."""

    def __init__(self, model: ModelBuilder, number: int, name: str) -> None:
        self._model = model
        self.number = number
        self.name = name
        self.tensors: list[dict[str, Any]] = []
        self.operators: list[dict[str, Any]] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []

    def tensor(
        self,
        shape: Sequence[int],
        scale: Scales = None,
        zero_point: int | Sequence[int] = 0,
        dtype: str = "int8",
        *,
        axis: int = 0,
        data: np.ndarray | None = None,
        name: str = "",
        is_variable: bool = False,
        signature: Sequence[int] | None = None,
    ) -> int:
        """A tensor that an operator writes (or a constant, with ``data``). ``dtype`` is the name in the schema in any
        case (``int8``, ``float32``, ``resource``); a sequence of scales makes it per channel along ``axis``."""
        scales = [] if scale is None else np.atleast_1d(np.asarray(scale, np.float32)).tolist()
        zero_points = list(zero_point) if isinstance(zero_point, Sequence) else [zero_point] * len(scales)
        self.tensors.append(
            {
                "shape": [int(d) for d in shape],
                "type": _TYPES[dtype.upper()],
                "buffer": 0 if data is None else self._model.add_buffer(data.tobytes()),
                "name": name or f"t{self.number}_{len(self.tensors)}",
                "scales": scales,
                "zero_points": zero_points,
                "axis": axis,
                "is_variable": is_variable,
                "signature": signature,
            }
        )
        return len(self.tensors) - 1

    def input(self, shape: Sequence[int], scale: Scales = None, zero_point: int = 0, dtype: str = "int8") -> int:
        """A tensor that is the next input of the subgraph."""
        self.inputs.append(self.tensor(shape, scale, zero_point, dtype, name=f"input{len(self.inputs)}"))
        return self.inputs[-1]

    def output(self, *tensors: int) -> None:
        """Make ``tensors`` the next outputs of the subgraph."""
        self.outputs.extend(tensors)

    def constant(
        self, data: Any, scale: Scales = None, zero_point: int | Sequence[int] = 0, *, axis: int = 0, name: str = ""
    ) -> int:
        """A constant tensor with shape and type of the array ``data``."""
        array = np.ascontiguousarray(data)
        shape = np.shape(data)
        return self.tensor(shape, scale, zero_point, array.dtype.name, axis=axis, data=array, name=name)

    def variable(self, name: str) -> int:
        """A VAR_HANDLE operator for the resource variable ``name``; returns its handle."""
        handle = self.tensor((1,), dtype="resource", name=f"{name}_handle")
        self.op("VAR_HANDLE", [], [handle], shared_name=name)
        return handle

    def op(self, kind: str, inputs: Sequence[int | None], outputs: Sequence[int], **options: Any) -> None:
        """Append an operator; ``kind`` as in the schema, or ``CUSTOM:name``."""
        self.operators.append(
            {
                "kind": kind,
                "inputs": [-1 if i is None else i for i in inputs],
                "outputs": list(outputs),
                "options": options,
            }
        )


class ModelBuilder(SubgraphBuilder):
    """A model; itself the builder of its main subgraph."""

    def __init__(self, name: str = "main") -> None:
        self.buffers: list[bytes | tuple[int, int]] = [b""]  # bytes, or offset and size of an external buffer
        self.subgraphs: list[SubgraphBuilder] = [self]
        super().__init__(self, 0, name)

    def subgraph(self, name: str) -> SubgraphBuilder:
        """A further subgraph."""
        self.subgraphs.append(SubgraphBuilder(self, len(self.subgraphs), name))
        return self.subgraphs[-1]

    def add_buffer(self, data: bytes) -> int:
        """Append the bytes of a constant; returns their number."""
        self.buffers.append(data)
        return len(self.buffers) - 1

    def build(self) -> bytes:
        """The bytes of the ``.tflite``."""
        writer = _Writer()
        kinds = list(dict.fromkeys(op["kind"] for sub in self.subgraphs for op in sub.operators))
        codes = writer.offsets([writer.operator_code(kind) for kind in kinds])
        subgraphs = writer.offsets([writer.subgraph(sub, kinds) for sub in self.subgraphs])
        buffers = writer.offsets([writer.buffer(data) for data in self.buffers])
        return writer.finish(
            [("u32", 0, 3), ("offset", 1, codes), ("offset", 2, subgraphs), ("offset", 4, buffers)], slots=8
        )


class _Writer:
    """Tables of the schema, written bottom up; every method returns an offset."""

    def __init__(self) -> None:
        self._b = flatbuffers.Builder(1024)

    def table(self, fields: Sequence[tuple[str, int, Any]], slots: int) -> int:
        b = self._b
        put = {
            "i8": b.PrependInt8Slot,
            "u8": b.PrependUint8Slot,
            "bool": b.PrependBoolSlot,
            "i32": b.PrependInt32Slot,
            "u32": b.PrependUint32Slot,
            "u64": b.PrependUint64Slot,
            "f32": b.PrependFloat32Slot,
            "offset": b.PrependUOffsetTRelativeSlot,
        }
        b.ForceDefaults(True)  # what equals the default is written too: readers must not depend on its absence
        b.StartObject(slots)
        for kind, slot, value in fields:
            if value is not None:
                put[kind](slot, value, 0)
        return b.EndObject()

    def vector(self, values: Sequence[Any], dtype: str) -> int:
        return self._b.CreateNumpyVector(np.asarray(values, dtype))

    def offsets(self, offsets: Sequence[int]) -> int:
        self._b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._b.PrependUOffsetTRelative(offset)
        return self._b.EndVector()

    def operator_code(self, kind: str) -> int:
        name, _, custom = kind.partition(":")
        code = _CODES[name]
        text = self._b.CreateString(custom) if custom else None
        return self.table([("i8", 0, min(code, 127)), ("offset", 1, text), ("i32", 2, 1), ("i32", 3, code)], 4)

    def buffer(self, data: bytes | tuple[int, int]) -> int:
        if isinstance(data, tuple):
            return self.table([("u64", 1, data[0]), ("u64", 2, data[1])], 3)
        if not data:
            return self.table([], 3)
        self._b.StartVector(1, len(data), 16)
        self._b.head -= len(data)
        self._b.Bytes[self._b.head : self._b.head + len(data)] = data
        self._b.vectorNumElems = len(data)
        return self.table([("offset", 0, self._b.EndVector())], 3)

    def quantization(self, tensor: dict[str, Any]) -> int | None:
        if not tensor["scales"]:
            return None
        scales = self.vector(tensor["scales"], "<f4")
        zero_points = self.vector(tensor["zero_points"], "<i8")
        return self.table([("offset", 2, scales), ("offset", 3, zero_points), ("i32", 6, tensor["axis"])], 7)

    def tensor(self, tensor: dict[str, Any]) -> int:
        shape = self.vector(tensor["shape"], "<i4")
        name = self._b.CreateString(tensor["name"])
        quantization = self.quantization(tensor)
        signature = None if tensor["signature"] is None else self.vector(tensor["signature"], "<i4")
        return self.table(
            [
                ("offset", 0, shape),
                ("i8", 1, tensor["type"]),
                ("u32", 2, tensor["buffer"]),
                ("offset", 3, name),
                ("offset", 4, quantization),
                ("bool", 5, tensor["is_variable"]),
                ("offset", 7, signature),
                ("bool", 8, True),
            ],
            10,
        )

    def options(self, name: str, values: dict[str, Any]) -> int:
        fields = OPTIONS[name]
        unknown = set(values) - {f.name for f in fields}
        assert not unknown, f"{name} has no {sorted(unknown)}"
        entries = [self._option(f, slot, values[f.name]) for slot, f in enumerate(fields) if f.name in values]
        return self.table(entries, len(fields))

    def _option(self, field: Field, slot: int, value: Any) -> tuple[str, int, Any]:
        if field.type in _ENUM_CODES:
            return "i8", slot, _ENUM_CODES[field.type][value]
        if field.type == "ints":
            return "offset", slot, self.vector(value, "<i4")
        if field.type == "string":
            return "offset", slot, self._b.CreateString(value)
        return {"int": "i32", "float": "f32", "bool": "bool"}[field.type], slot, value

    def operator(self, op: dict[str, Any], kinds: Sequence[str]) -> int:
        schema = OPERATORS.get(op["kind"])
        kind = options = None
        if schema and schema.options:
            kind, options = _TABLES[schema.options], self.options(schema.options, op["options"])
        inputs, outputs = self.vector(op["inputs"], "<i4"), self.vector(op["outputs"], "<i4")
        return self.table(
            [
                ("u32", 0, kinds.index(op["kind"])),
                ("offset", 1, inputs),
                ("offset", 2, outputs),
                ("u8", 3, kind),
                ("offset", 4, options),
            ],
            14,
        )

    def subgraph(self, sub: SubgraphBuilder, kinds: Sequence[str]) -> int:
        tensors = self.offsets([self.tensor(t) for t in sub.tensors])
        operators = self.offsets([self.operator(op, kinds) for op in sub.operators])
        inputs, outputs = self.vector(sub.inputs, "<i4"), self.vector(sub.outputs, "<i4")
        name = self._b.CreateString(sub.name)
        return self.table([("offset", i, v) for i, v in enumerate((tensors, inputs, outputs, operators, name))], 5)

    def finish(self, fields: Sequence[tuple[str, int, Any]], slots: int) -> bytes:
        self._b.Finish(self.table(fields, slots), b"TFL3")
        return bytes(self._b.Output())
