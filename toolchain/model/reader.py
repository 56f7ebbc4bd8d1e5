"""``.tflite`` bytes → `Graph`. Whatever the bytes are, the answer is a sound graph or one `BadInput`.

A graph from here is sound in this sense: every tensor an operator names exists and has a static shape without zeros, a
constant's bytes fit its shape, operators come after what they read and write each tensor once, operators of
`schema.OPERATORS` have as many inputs and outputs as their kind takes and outputs of the shapes that follow from inputs
and options (see `shapes`), and int8/int16 tensors are quantised with finite positive scales and zero points in range.
Which types an operator takes is the business of whoever lowers or runs it. Arithmetic on shapes is folded into
constants (see `folding`), so that operators may be fewer than in the file; they keep their number.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from toolchain.errors import BadInput
from toolchain.model.dilation import join_dilated
from toolchain.model.flatbuffer import Malformed, Table
from toolchain.model.folding import folded
from toolchain.model.graph import DType, Graph, Operator, Quantization, Tensor
from toolchain.model.open_shapes import settled
from toolchain.model.schema import BUILTIN_CODES, DTYPES, ENUMS, MANY, OPERATORS, OPTION_TABLES, OPTIONS, TENSOR_TYPES
from toolchain.model.shapes import Mismatch, check_shapes

MAX_BYTES = 2 << 30
"""Most bytes that all tensors of a model may have together."""

_MAX_RANK = 8
_SCALES = 1e-30, 1e30
_DAMAGED = "the file is damaged or not a TensorFlow Lite model: export or download it again"
_CONVERT = "convert the model again with fixed shapes, keras.Input(shape, batch_size=1), and full-integer quantisation"


def load_model(path: Path | str) -> Graph:
    """Read a ``.tflite`` file. Raises BadInput when it cannot be read or is not sound."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", "give the path of a .tflite file") from error
    return read_model(data, path.name)


def read_model(data: bytes, name: str = "model") -> Graph:
    """The graph of a ``.tflite``. ``name`` is what messages call it. Raises BadInput when it is not sound."""
    name = name.encode(errors="replace").decode()  # of a file whose name is not UTF-8
    if len(data) < 8:
        raise BadInput(f"{name} has {len(data)} bytes, too few for a .tflite", _DAMAGED)
    if data[4:8] != b"TFL3":
        raise BadInput(f"{name} is not a .tflite: bytes 4 to 7 are {data[4:8]!r} instead of b'TFL3'", _DAMAGED)
    if len(data) >= MAX_BYTES:
        raise BadInput(f"{name} has {len(data):,} bytes, more than the 2 GB a .tflite may have", _CONVERT)
    try:
        return join_dilated(_Model(data, name).graph())
    except Malformed as error:
        raise BadInput(f"{name} is damaged: {error}", _DAMAGED) from error


class _Model:
    """What the subgraphs share: buffers and operator codes."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.name = data, name
        self._root = Table.root(data)
        version = self._root.integer(0, "<I")
        if version != 3:
            raise BadInput(f"{name} has schema version {version}; only version 3 is known", _DAMAGED)
        self._codes = self._root.tables(1, "operator codes")
        self._subgraphs = self._root.tables(2, "subgraphs")
        self._buffers = self._root.tables(4, "buffers")
        self._constants: dict[tuple[int, DType], np.ndarray] = {}
        self.bytes = 0

    def fail(self, what: str, hint: str = _DAMAGED) -> BadInput:
        return BadInput(f"{self.name}: {what}", hint)

    def graph(self) -> Graph:
        if not self._subgraphs:
            raise self.fail("there is no subgraph in it")
        main = self._subgraph(0)
        if not main.inputs:
            raise self.fail("the model has no input", "what it computes is constant: there is nothing to deploy")
        if not main.outputs:
            raise self.fail("the model has no output")
        initializers: list[Operator] = []
        for op in main.operators:
            if op.kind == "CALL_ONCE":
                initializers += self._initializer(int(op.options["init_subgraph_index"])).operators
        return Graph(
            name=self.name,
            inputs=tuple(main.inputs),
            outputs=tuple(main.outputs),
            operators=tuple(main.operators),
            initializers=tuple(initializers),
            sha256=hashlib.sha256(self.data).hexdigest(),
            reworked=main.settled,
        )

    def _subgraph(self, number: int) -> _Subgraph:
        where = "" if number == 0 else f"subgraph {number}: "
        return _Subgraph(self, self._root.at(self._subgraphs[number]), where)

    def _initializer(self, number: int) -> _Subgraph:
        if not 0 < number < len(self._subgraphs):
            raise self.fail(f"CALL_ONCE refers to subgraph {number} of {len(self._subgraphs)}")
        subgraph = self._subgraph(number)
        if subgraph.inputs or subgraph.outputs:
            raise self.fail(f"subgraph {number}, which CALL_ONCE runs, has inputs or outputs")
        nested = next((op.kind for op in subgraph.operators if op.kind == "CALL_ONCE"), None)
        if nested:
            raise self.fail(f"subgraph {number}, which CALL_ONCE runs, itself has a CALL_ONCE")
        return subgraph

    def kind(self, index: int, where: str) -> str:
        if index >= len(self._codes):
            raise self.fail(f"{where} refers to operator code {index} of {len(self._codes)}")
        table = self._root.at(self._codes[index])
        code = max(table.integer(0, "<b"), table.integer(3))
        kind = BUILTIN_CODES.get(code)
        if kind is None:
            return f"UNKNOWN_{code}"
        return f"CUSTOM:{table.string(1, 'custom operator name')}" if kind == "CUSTOM" else kind

    def constant(self, index: int, dtype: DType, elements: int, where: str) -> np.ndarray | None:
        """Buffer ``index`` as a flat array, None when it is empty (an activation)."""
        if index >= len(self._buffers):
            raise self.fail(f"{where} refers to buffer {index} of {len(self._buffers)}")
        table = self._root.at(self._buffers[index])
        if table.integer(1, "<Q") > 1 or table.integer(2, "<Q") > 1:
            raise self.fail(
                f"the data of {where} lies outside of the FlatBuffer (buffer {index})",
                "export the model as one file below 2 GB, without external buffers",
            )
        raw = table.array(0, "u1", None, f"buffer {index}")
        if raw is None or not raw.size:
            return None
        if raw.size != elements * dtype.size:
            raise self.fail(
                f"{where} has {raw.size:,} bytes of data, but its shape and type need {elements * dtype.size:,}"
            )
        key = index, dtype
        if key not in self._constants:
            array = raw.view(dtype.numpy.newbyteorder("<"))
            self._constants[key] = array if array.flags.aligned else array.copy()
            self._constants[key].flags.writeable = False
        return self._constants[key]


class _Subgraph:
    """One subgraph; ``where`` begins its messages."""

    def __init__(self, model: _Model, table: Table, where: str) -> None:
        self._model, self._table, self._where = model, table, where
        self._positions = table.tables(0, "tensors")
        self._tensors: dict[int, Tensor] = {}
        self.settled = False  # whether a shape is not what the file says
        operators = table.tables(3, "operators")
        self.inputs = self._boundary(1, "inputs")
        self.outputs = self._boundary(2, "outputs")
        self._check_inputs()
        self._written = {t.index for t in self.inputs}
        read = [self._operator(i, table.at(p)) for i, p in enumerate(operators)]
        self.operators = [op for op in read if op is not None]
        self.outputs = [self._tensors[t.index] for t in self.outputs]
        for tensor in self.outputs:
            self._require_written(tensor, "the model's output")

    def fail(self, what: str, hint: str = _DAMAGED) -> BadInput:
        return self._model.fail(self._where + what, hint)

    def _boundary(self, slot: int, what: str) -> list[Tensor]:
        indices = self._table.array(slot, "<i4", MANY, what)
        return [] if indices is None else [self._tensor(int(i), f"the list of {what}") for i in indices]

    def _check_inputs(self) -> None:
        if len({id(t) for t in self.inputs}) != len(self.inputs):
            raise self.fail("the same tensor is an input twice")
        for tensor in self.inputs:
            if tensor.data is not None:
                raise self.fail(f"input {tensor.name!r} has constant data")
            signature = self._signature(tensor.index)
            # Converters leave -1 for the batch (axis 0) although the shape says 1, which is what will be compiled.
            if signature is not None and any(d < 0 for d in signature[1:]):
                raise self.fail(
                    f"input {tensor.name!r} has a dynamic shape {[int(d) for d in signature]}",
                    "give the model fixed input sizes before converting it (only the batch may be open)",
                )

    # Tensors ----------------------------------------------------------------------------------------------------

    def _tensor(self, index: int, user: str) -> Tensor:
        """The tensor of that number; ``user`` is what refers to it."""
        if not 0 <= index < len(self._positions):
            raise self.fail(f"{user} refers to tensor {index} of {len(self._positions)}")
        if index not in self._tensors:
            self._tensors[index] = self._read_tensor(index)
        return self._tensors[index]

    def _read_tensor(self, index: int) -> Tensor:
        table = self._table.at(self._positions[index])
        name = table.string(3, "tensor name") or f"tensor_{index}"
        where = f"tensor {index} {name!r}"
        shape = self._shape(table, where)
        dtype = self._dtype(table, where)
        if table.has(6):
            raise self.fail(f"{where} is sparse", "convert the model without sparsity; zeros in dense weights are fine")
        self._count(shape, dtype, where)
        data = self._model.constant(table.integer(2, "<I"), dtype, math.prod(shape), self._where + where)
        return Tensor(
            name=name,
            shape=shape,
            dtype=dtype,
            quantization=self._quantization(table, where, shape, dtype),
            data=None if data is None else data.reshape(shape),
            index=index,
            is_variable=bool(table.scalar(5, "<?", False)),
        )

    def _count(self, shape: tuple[int, ...], dtype: DType, where: str) -> None:
        self._model.bytes += math.prod(shape) * dtype.size
        if self._model.bytes > MAX_BYTES:
            raise self.fail(
                f"{where} of shape {list(shape)} brings the tensors above 2 GB", "no microcontroller holds this model"
            )

    def _signature(self, index: int) -> np.ndarray | None:
        """The shape of a tensor with -1 for what is open, None when nothing is."""
        return self._table.at(self._positions[index]).array(7, "<i4", _MAX_RANK, "shape signature")

    def _shape(self, table: Table, where: str) -> tuple[int, ...]:
        raw = table.array(0, "<i4", _MAX_RANK, f"the shape of {where}")
        shape = () if raw is None else tuple(int(d) for d in raw)
        if any(d < 0 for d in shape):
            raise self.fail(f"{where} has a dynamic shape {list(shape)}", _CONVERT)
        if 0 in shape:
            raise self.fail(f"{where} has no elements (shape {list(shape)})", _CONVERT)
        return shape

    def _dtype(self, table: Table, where: str) -> DType:
        code = table.integer(1, "<b")
        name = TENSOR_TYPES.get(code)
        if name is None:
            raise self.fail(f"{where} has the unknown type {code}")
        if name not in DTYPES:
            raise self.fail(
                f"{where} has type {name}, which is not supported", "convert with int8 weights and activations"
            )
        return DTYPES[name]

    def _quantization(self, table: Table, where: str, shape: tuple[int, ...], dtype: DType) -> Quantization | None:
        quantization = table.table(4)
        if quantization is None:
            return None
        if quantization.integer(4, "<B"):
            raise self.fail(f"{where} has a custom quantisation", _CONVERT)
        most = max(shape, default=1)
        scales = quantization.array(2, "<f4", most, f"the scales of {where}")
        if scales is None or not scales.size:
            return None
        zero_points = quantization.array(3, "<i8", most, f"the zero points of {where}")
        if zero_points is None or not zero_points.size:
            zero_points = np.zeros(scales.size, np.int64)
        if zero_points.size != scales.size:
            raise self.fail(f"{where} has {scales.size} scales but {zero_points.size} zero points")
        axis = quantization.integer(6)
        if scales.size > 1 and not (0 <= axis < len(shape) and shape[axis] == scales.size):
            raise self.fail(f"{where} of shape {list(shape)} has {scales.size} scales along axis {axis}")
        bad = scales[~((scales >= _SCALES[0]) & (scales <= _SCALES[1]))]
        if bad.size:
            raise self.fail(f"{where} has the scale {bad[0]}; a scale is positive and of a sane size", _CONVERT)
        if dtype in (DType.INT8, DType.UINT8, DType.INT16):
            limits = np.iinfo(dtype.numpy)
            outside = zero_points[(zero_points < limits.min) | (zero_points > limits.max)]
            if outside.size:
                raise self.fail(f"{where} of type {dtype.value} has the zero point {outside[0]}", _CONVERT)
        return Quantization(tuple(float(s) for s in scales), tuple(int(z) for z in zero_points), max(axis, 0))

    # Operators --------------------------------------------------------------------------------------------------

    def _require_written(self, tensor: Tensor, user: str) -> None:
        if tensor.data is None and not tensor.is_variable and tensor.index not in self._written:
            raise self.fail(
                f"{user} reads tensor {tensor.index} {tensor.name!r} before any operator has written it "
                "(the operators are out of order or form a cycle)"
            )

    def _operator(self, index: int, table: Table) -> Operator | None:
        """The operator, or None when it was folded into a constant."""
        kind = self._model.kind(table.integer(0, "<I"), f"{self._where}operator {index}")
        where = f"operator {index} ({kind})"
        inputs = tuple(self._operand(i, where) for i in self._indices(table, 1, f"the inputs of {where}"))
        outputs = tuple(self._tensor(i, where) for i in self._indices(table, 2, f"the outputs of {where}"))
        options: dict[str, Any] = {}
        if kind in OPERATORS:
            self._check_arity(kind, inputs, outputs, where)
            options = self._options(kind, table, where)
            self._check_quantized((*inputs, *outputs), where)
        for tensor in inputs:
            if tensor is not None:
                self._require_written(tensor, where)
        for tensor in outputs:
            if tensor.data is not None or tensor.is_variable or tensor.index in self._written:
                what = "is a constant" if tensor.data is not None else "was written before"
                raise self.fail(f"{where} writes tensor {tensor.index} {tensor.name!r}, which {what}")
            self._written.add(tensor.index)
        operator = Operator(kind=kind, inputs=inputs, outputs=outputs, options=options, index=index)
        try:
            operator = self._settled(operator)
            check_shapes(operator)
        except Mismatch as error:
            raise self.fail(f"{where}: {error}", _CONVERT) from error
        constant = folded(operator)
        if constant is None or any(operator.output.index == t.index for t in self.outputs):
            return operator
        self._tensors[operator.output.index] = replace(operator.output, data=constant)
        return None

    def _settled(self, op: Operator) -> Operator:
        """``op`` with shapes instead of what the file leaves open in its outputs."""
        signatures = [self._signature(t.index) for t in op.outputs]
        outputs = settled(op, [s is not None and any(d < 0 for d in s) for s in signatures])
        for old, new in zip(op.outputs, outputs, strict=True):
            if new is not old:
                self._tensors[new.index] = new
                self.settled = True
                if len(new.shape) > _MAX_RANK:
                    raise Mismatch(f"its output would have {len(new.shape)} axes, at most {_MAX_RANK} are taken")
                self._count(new.shape, new.dtype, f"tensor {new.index} {new.name!r}")
        return replace(op, outputs=outputs) if self.settled else op

    def _indices(self, table: Table, slot: int, what: str) -> list[int]:
        raw = table.array(slot, "<i4", MANY, what)
        return [] if raw is None else [int(i) for i in raw]

    def _operand(self, index: int, where: str) -> Tensor | None:
        return None if index == -1 else self._tensor(index, where)

    def _check_arity(
        self, kind: str, inputs: tuple[Tensor | None, ...], outputs: tuple[Tensor, ...], where: str
    ) -> None:
        schema = OPERATORS[kind]
        for what, count, (fewest, most) in (
            ("inputs", len(inputs), schema.inputs),
            ("outputs", len(outputs), schema.outputs),
        ):
            if not fewest <= count <= most:
                expected = f"{fewest}" if fewest == most else f"{fewest} to {most}"
                raise self.fail(f"{where} has {count} {what} instead of {expected}")
        for i, tensor in enumerate(inputs):
            if tensor is None and i not in schema.optional:
                raise self.fail(f"{where} lacks its input {i}")

    def _check_quantized(self, tensors: tuple[Tensor | None, ...], where: str) -> None:
        for tensor in tensors:
            if tensor is not None and tensor.dtype in (DType.INT8, DType.INT16) and tensor.quantization is None:
                raise self.fail(
                    f"{where}: tensor {tensor.index} {tensor.name!r} is {tensor.dtype.value} without a quantisation",
                    _CONVERT,
                )

    def _options(self, kind: str, table: Table, where: str) -> dict[str, Any]:
        """The operator's options; those of a file that has no options table are the defaults."""
        name = OPERATORS[kind].options
        code = table.integer(3, "<B")
        options = table.table(4) if code else None
        if not name or not OPTIONS[name]:
            return {}
        if options is not None and OPTION_TABLES.get(code) != name:
            found = OPTION_TABLES.get(code, f"number {code}")
            raise self.fail(f"{where} has options of type {found} instead of {name}")
        values: dict[str, Any] = {}
        for slot, field in enumerate(OPTIONS[name]):
            if field.name:
                values[field.name] = self._option(options, slot, field.type, field.default, f"{where}, {field.name}")
        return values

    def _option(self, table: Table | None, slot: int, kind: str, default: Any, where: str) -> Any:
        if kind in ENUMS:
            code = default if table is None else table.integer(slot, "<b", default)
            if code not in ENUMS[kind]:
                raise self.fail(f"{where} has the unknown value {code}")
            return ENUMS[kind][code]
        if table is None:
            return default
        if kind == "ints":
            raw = table.array(slot, "<i4", _MAX_RANK, where)
            return default if raw is None else tuple(int(v) for v in raw)
        if kind == "string":
            return table.string(slot, where)
        if kind == "float":
            value = float(table.scalar(slot, "<f", default))
            if not math.isfinite(value):
                raise self.fail(f"{where} is {value}")
            return value
        if kind == "bool":
            return bool(table.scalar(slot, "<?", default))
        return table.integer(slot, "<i", default)
