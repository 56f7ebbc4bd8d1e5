"""Every kind of bad model file is answered with one clear BadInput."""

from __future__ import annotations

import struct
import tracemalloc

import numpy as np
import pytest
import tflite
from modelgen.builder import ModelBuilder
from modelgen.generate import models
from modelgen.strategy import every_strategy

from toolchain.errors import BadInput
from toolchain.model import schema
from toolchain.model.graph import DType
from toolchain.model.reader import load_model, read_model

pytestmark = pytest.mark.unit


def message(data: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read_model(data, "net.tflite")
    assert caught.value.exit_status == 2 and caught.value.hint
    assert "\n" not in caught.value.message and "net.tflite" in caught.value.message
    return caught.value.message


def relu(**tensor: object) -> ModelBuilder:
    """One RELU; ``tensor`` replaces fields of its output tensor."""
    m = ModelBuilder()
    x, y = m.input((1, 4), 0.1), m.tensor((1, 4), 0.1, name="out")
    m.tensors[y].update(tensor)
    m.op("RELU", [x], [y])
    m.output(y)
    return m


def dense() -> ModelBuilder:
    m = ModelBuilder()
    x, y = m.input((1, 4), 0.1), m.tensor((1, 3), 0.1)
    m.op("FULLY_CONNECTED", [x, m.constant(np.ones((3, 4), np.int8), 0.1, name="w"), None], [y])
    m.output(y)
    return m


# The file ------------------------------------------------------------------------------------------------------


def test_missing_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadInput, match=r"cannot read .*absent.tflite: No such file"):
        load_model(tmp_path / "absent.tflite")


@pytest.mark.parametrize("data", [b"", b"\x1c\0\0\0", b"PK\x03\x04" + bytes(100), bytes(1000)])
def test_not_a_model(data: bytes) -> None:
    assert "too few" in message(data) or "is not a .tflite" in message(data)


def test_every_truncation_is_refused() -> None:
    data = dense().build()
    for length in range(len(data)):
        # Padding at the end may be cut without harm; everything else must be missed.
        try:
            read_model(data[:length], "net.tflite")
        except BadInput:
            continue
        assert not any(data[length:])


def test_offset_out_of_the_file() -> None:
    data = bytearray(dense().build())
    struct.pack_into("<I", data, 0, 0xFFFFFF00)
    assert "damaged" in message(bytes(data))


def test_vector_that_claims_four_billion_entries() -> None:
    data = bytearray(dense().build())
    weights = np.ones(12, np.int8).tobytes()
    at = bytes(data).index(struct.pack("<I", 12) + weights)
    struct.pack_into("<I", data, at, 0xFFFFFFFF)
    tracemalloc.start()
    assert "claims 4294967295 entries" in message(bytes(data))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_long_name_is_cut_not_refused() -> None:
    """The names of layers that the converter fuses are joined by semicolons, and some are deep in other models."""
    model = ModelBuilder()
    source = model.input((1, 4), 0.1)
    target = model.tensor((1, 4), 0.1, name="model/layer;" * 500)
    model.op("RELU", [source], [target])
    model.output(target)
    name = read_model(model.build()).outputs[0].name
    assert len(name) == 1024 and name.startswith("model/layer;model/layer;")


def test_no_output() -> None:
    m = relu()
    m.outputs.clear()
    assert "no output" in message(m.build())


# Tensors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"shape": [1, -1]}, "tensor 1 'out' has a dynamic shape [1, -1]"),
        ({"shape": [1, 0]}, "tensor 1 'out' has no elements (shape [1, 0])"),
        ({"shape": [1] * 9}, "has 9 entries; at most 8"),
        ({"shape": [1 << 16, 1 << 16]}, "above 2 GB"),
        ({"shape": [2, 4]}, "operator 0 (RELU): its output 'out' has shape [2, 4], its inputs give [1, 4]"),
        ({"type": tflite.TensorType.STRING}, "has type STRING, which is not supported"),
        ({"type": tflite.TensorType.INT4}, "has type INT4, which is not supported"),
        ({"type": 99}, "has the unknown type 99"),
        ({"buffer": 7}, "tensor 1 'out' refers to buffer 7 of 1"),
        ({"scales": []}, "operator 0 (RELU): tensor 1 'out' is int8 without a quantisation"),
        ({"scales": [float("nan")]}, "has the scale nan"),
        ({"scales": [float("inf")]}, "has the scale inf"),
        ({"scales": [0.0]}, "has the scale 0.0"),
        ({"scales": [-0.5]}, "has the scale -0.5"),
        ({"zero_points": [200]}, "of type int8 has the zero point 200"),
        ({"zero_points": [0, 0]}, "has 1 scales but 2 zero points"),
        ({"scales": [0.1] * 3, "zero_points": [0] * 3, "axis": 1}, "of shape [1, 4] has 3 scales along axis 1"),
        ({"scales": [0.1] * 4, "zero_points": [0] * 4, "axis": 5}, "has 4 scales along axis 5"),
    ],
)
def test_bad_tensor(change: dict[str, object], text: str) -> None:
    assert text in message(relu(**change).build())


def test_constant_whose_size_is_not_that_of_its_shape() -> None:
    m = dense()
    m.tensors[2]["shape"] = [3, 5]
    assert "tensor 2 'w' has 12 bytes of data, but its shape and type need 15" in message(m.build())


def test_dynamic_input_but_for_the_batch() -> None:
    m = relu()
    m.tensors[0]["signature"] = [-1, 4]
    assert read_model(m.build()).inputs[0].shape == (1, 4)
    m.tensors[0]["signature"] = [-1, -1]
    assert "input 'input0' has a dynamic shape [-1, -1]" in message(m.build())


def test_external_buffer() -> None:
    m = dense()
    m.buffers[1] = (4096, 12)
    assert "the data of tensor 2 'w' lies outside of the FlatBuffer (buffer 1)" in message(m.build())


# Operators -----------------------------------------------------------------------------------------------------


def test_operator_with_a_missing_tensor() -> None:
    m = relu()
    m.operators[0]["inputs"] = [5]
    assert "operator 0 (RELU) refers to tensor 5 of 2" in message(m.build())


def test_absent_required_input() -> None:
    m = relu()
    m.operators[0]["inputs"] = [-1]
    assert "operator 0 (RELU) lacks its input 0" in message(m.build())


def test_wrong_number_of_inputs_or_outputs() -> None:
    m = relu()
    m.operators[0]["inputs"] = [0, 0]
    assert "operator 0 (RELU) has 2 inputs instead of 1" in message(m.build())
    m = dense()
    m.operators[0]["inputs"] = [0]
    assert "has 1 inputs instead of 2 to 3" in message(m.build())


def test_use_before_definition_and_cycle() -> None:
    m = ModelBuilder()
    x, a, b = m.input((1, 4), 0.1), m.tensor((1, 4), 0.1, name="a"), m.tensor((1, 4), 0.1, name="b")
    m.op("ADD", [x, b], [a])
    m.op("RELU", [a], [b])
    m.output(b)
    text = message(m.build())
    assert "operator 0 (ADD) reads tensor 2 'b' before any operator has written it" in text and "cycle" in text


def test_output_that_nobody_writes() -> None:
    m = relu()
    m.operators.clear()
    assert "the model's output reads tensor 1 'out' before" in message(m.build())


@pytest.mark.parametrize(("target", "text"), [("x", "was written before"), ("w", "is a constant")])
def test_tensor_written_twice(target: str, text: str) -> None:
    m = ModelBuilder()
    x, y = m.input((1, 4), 0.1), m.tensor((1, 4), 0.1)
    w = m.constant(np.ones((1, 4), np.int8), 0.1)
    m.op("RELU", [x], [y])
    m.op("RELU", [y], [{"x": x, "w": w}[target]])
    m.output(y)
    assert text in message(m.build())


def test_options_of_another_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        wrong = schema.OperatorSchema("AddOptions", (2, 3), optional=(2,))
        patch.setitem(schema.OPERATORS, "FULLY_CONNECTED", wrong)
        data = dense().build()
    assert "has options of type AddOptions instead of FullyConnectedOptions" in message(data)


def conv_options(**changes: object) -> bytes:
    m = ModelBuilder()
    x, y = m.input((1, 4, 4, 2), 0.1), m.tensor((1, 4, 4, 3), 0.1)
    w = m.constant(np.ones((3, 1, 1, 2), np.int8), 0.1)
    options = {"padding": "SAME", "stride_h": 1, "stride_w": 1} | changes
    m.op("CONV_2D", [x, w, None], [y], **options)
    m.output(y)
    return m.build()


@pytest.mark.parametrize("changes", [{"stride_h": 0}, {"stride_w": -1}, {"dilation_h_factor": 0}])
def test_impossible_window(changes: dict[str, object]) -> None:
    assert "operator 0 (CONV_2D): strides" in message(conv_options(**changes))


def test_custom_and_unknown_operators_are_read_by_name() -> None:
    m = ModelBuilder()
    x, y, z = m.input((1, 4), 0.1), m.tensor((1, 4), 0.1), m.tensor((1, 4), 0.1)
    m.op("CUSTOM:Mine", [x], [y])
    m.op("CUMSUM", [y], [z])
    m.output(z)
    assert [op.kind for op in read_model(m.build()).operators] == ["CUSTOM:Mine", "CUMSUM"]


# Subgraphs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [-1, 0, 1])
def test_call_once_of_no_subgraph(number: int) -> None:
    m = relu()
    m.op("CALL_ONCE", [], [], init_subgraph_index=number)
    assert f"CALL_ONCE refers to subgraph {number} of 1" in message(m.build())


def test_call_once_within_call_once() -> None:
    m = relu()
    init = m.subgraph("init")
    init.op("CALL_ONCE", [], [], init_subgraph_index=1)
    m.op("CALL_ONCE", [], [], init_subgraph_index=1)
    assert "itself has a CALL_ONCE" in message(m.build())


# What is read --------------------------------------------------------------------------------------------------


class _Slots:
    """Stands for a table: records the slot that a generated accessor asks for."""

    Pos = 0

    def __init__(self) -> None:
        self.asked: list[int] = []

    def Offset(self, offset: int) -> int:
        self.asked.append((offset - 4) // 2)
        return 0


@pytest.mark.parametrize("table", sorted(schema.OPTIONS))
def test_option_tables_are_those_of_the_generated_schema(table: str) -> None:
    """Slots and defaults of our declaration against the classes that the FlatBuffers compiler made."""
    generated = getattr(tflite, table)()
    for slot, field in enumerate(schema.OPTIONS[table]):
        if not field.name:
            continue
        accessor = "".join(part[:1].upper() + part[1:] for part in field.name.split("_"))
        generated._tab = slots = _Slots()
        if field.type == "ints":
            assert getattr(generated, accessor + "Length")() == 0
        else:
            default = getattr(generated, accessor)()
            assert (default or field.default) == field.default
        assert slots.asked == [slot], f"{table}.{field.name}"


def test_operators_that_are_declared_exist_in_the_schema() -> None:
    assert set(schema.OPERATORS) <= set(schema.BUILTIN_CODES.values())
    assert {o.options for o in schema.OPERATORS.values()} - {""} == set(schema.OPTIONS)
    assert set(schema.OPTIONS) <= set(schema.OPTION_TABLES.values())
    assert set(DType.__members__) <= set(schema.TENSOR_TYPES.values())


@pytest.mark.parametrize("name", sorted(every_strategy()))
def test_generated_models_are_read_alike_twice(name: str) -> None:
    data = models(name, 5)[-1]
    first, second = read_model(data), read_model(data)
    assert first.sha256 == second.sha256
    assert [(o.kind, o.options) for o in first.operators] == [(o.kind, o.options) for o in second.operators]


def flatten(m: ModelBuilder, x: int) -> int:
    """What the converter makes of a Flatten layer with an open batch; returns the target shape."""
    at = [m.constant(np.array([v], np.int32)) for v in (0, 1, 1)]
    shape, batch, target = m.tensor((3,), dtype="int32"), m.tensor((), dtype="int32"), m.tensor((2,), dtype="int32")
    m.op("SHAPE", [x], [shape], out_type="INT32")
    m.op("STRIDED_SLICE", [shape, *at], [batch], shrink_axis_mask=1)
    m.op("PACK", [batch, m.constant(np.array(-1, np.int32))], [target], values_count=2)
    return target


def test_arithmetic_on_shapes_becomes_constants() -> None:
    m = ModelBuilder()
    x, y = m.input((2, 3, 4), 0.1), m.tensor((2, 12), 0.1)
    m.op("RESHAPE", [x, flatten(m, x)], [y])
    m.output(y)
    graph = read_model(m.build())
    (reshape,) = graph.operators
    assert reshape.kind == "RESHAPE" and reshape.index == 3
    assert reshape.input(1).data is not None and reshape.input(1).data.tolist() == [2, -1]


def test_arithmetic_on_shapes_that_is_an_output_stays() -> None:
    m = ModelBuilder()
    x = m.input((2, 3, 4), 0.1)
    m.output(flatten(m, x))
    assert [op.kind for op in read_model(m.build()).operators] == ["PACK"]
