"""The part of the TensorFlow Lite schema that the reader understands, as data.

A table's fields are listed in the order of their slots, which is that of ``schema.fbs`` (schema version 3). Operators
that are not in `OPERATORS` are still read, without their options, so that they can be refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tflite

from toolchain.model.graph import DType


def enum_names(enum: type) -> dict[int, str]:
    """Number → name of a generated enum class."""
    return {value: name for name, value in vars(enum).items() if isinstance(value, int)}


ENUMS: dict[str, dict[int, str]] = {
    "padding": enum_names(tflite.Padding),
    "activation": enum_names(tflite.ActivationFunctionType),
    "type": enum_names(tflite.TensorType),
    "mirror": enum_names(tflite.MirrorPadMode),
    "weights_format": enum_names(tflite.FullyConnectedOptionsWeightsFormat),
}
BUILTIN_CODES: dict[int, str] = enum_names(tflite.BuiltinOperator)
OPTION_TABLES: dict[int, str] = enum_names(tflite.BuiltinOptions)
TENSOR_TYPES: dict[int, str] = ENUMS["type"]
DTYPES: dict[str, DType] = {d.name: d for d in DType}


@dataclass(frozen=True)
class Field:
    """``type``: int, float, bool, ints (vector of int32), string, or a key of `ENUMS`. ``name`` is empty for a slot
    that the schema has retired."""

    name: str
    type: str = "int"
    default: Any = 0


def _fields(*entries: str | tuple[str, str] | tuple[str, str, Any]) -> tuple[Field, ...]:
    return tuple(Field(e) if isinstance(e, str) else Field(*e) for e in entries)


_PADDING = ("padding", "padding")
_ACTIVATION = ("fused_activation_function", "activation")
_ASYMMETRIC = ("asymmetric_quantize_inputs", "bool", False)
_BIAS_TYPE = ("quantized_bias_type", "type")
_RETIRED = ("", "int")

OPTIONS: dict[str, tuple[Field, ...]] = {
    "AddOptions": _fields(_ACTIVATION, ("pot_scale_int16", "bool", True)),
    "ArgMaxOptions": _fields(("output_type", "type")),
    "AssignVariableOptions": (),
    "BatchMatMulOptions": _fields(("adj_x", "bool", False), ("adj_y", "bool", False), _ASYMMETRIC),
    "CallOnceOptions": _fields("init_subgraph_index"),
    "ConcatenationOptions": _fields("axis", _ACTIVATION),
    "Conv2DOptions": _fields(
        _PADDING,
        "stride_w",
        "stride_h",
        _ACTIVATION,
        ("dilation_w_factor", "int", 1),
        ("dilation_h_factor", "int", 1),
        _BIAS_TYPE,
    ),
    "DepthToSpaceOptions": _fields("block_size"),
    "DepthwiseConv2DOptions": _fields(
        _PADDING,
        "stride_w",
        "stride_h",
        "depth_multiplier",
        _ACTIVATION,
        ("dilation_w_factor", "int", 1),
        ("dilation_h_factor", "int", 1),
    ),
    "DequantizeOptions": (),
    "ExpandDimsOptions": (),
    "FullyConnectedOptions": _fields(
        _ACTIVATION, ("weights_format", "weights_format"), ("keep_num_dims", "bool", False), _ASYMMETRIC, _BIAS_TYPE
    ),
    "GatherOptions": _fields("axis", "batch_dims"),
    "HardSwishOptions": (),
    "L2NormOptions": _fields(_ACTIVATION),
    "LeakyReluOptions": _fields(("alpha", "float", 0.0)),
    "LogSoftmaxOptions": (),
    "MaximumMinimumOptions": (),
    "MirrorPadOptions": _fields(("mode", "mirror")),
    "MulOptions": _fields(_ACTIVATION),
    "PackOptions": _fields("values_count", "axis"),
    "PadOptions": (),
    "PadV2Options": (),
    "Pool2DOptions": _fields(_PADDING, "stride_w", "stride_h", "filter_width", "filter_height", _ACTIVATION),
    "QuantizeOptions": (),
    "ReadVariableOptions": (),
    "ReducerOptions": _fields(("keep_dims", "bool", False)),
    "ReshapeOptions": _fields(("new_shape", "ints", ())),
    "ResizeBilinearOptions": _fields(
        _RETIRED, _RETIRED, ("align_corners", "bool", False), ("half_pixel_centers", "bool", False)
    ),
    "ResizeNearestNeighborOptions": _fields(("align_corners", "bool", False), ("half_pixel_centers", "bool", False)),
    "SVDFOptions": _fields("rank", _ACTIVATION, _ASYMMETRIC),
    "ShapeOptions": _fields(("out_type", "type")),
    "SliceOptions": (),
    "SoftmaxOptions": _fields(("beta", "float", 0.0)),
    "SpaceToDepthOptions": _fields("block_size"),
    "SplitOptions": _fields("num_splits"),
    "SplitVOptions": _fields("num_splits"),
    "SqueezeOptions": _fields(("squeeze_dims", "ints", ())),
    "StridedSliceOptions": _fields(
        "begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask", ("offset", "bool", False)
    ),
    "SubOptions": _fields(_ACTIVATION, ("pot_scale_int16", "bool", True)),
    "TileOptions": (),
    "TransposeConvOptions": _fields(_PADDING, "stride_w", "stride_h", _ACTIVATION, _BIAS_TYPE),
    "TransposeOptions": (),
    "UnidirectionalSequenceLSTMOptions": _fields(
        _ACTIVATION,
        ("cell_clip", "float", 0.0),
        ("proj_clip", "float", 0.0),
        ("time_major", "bool", False),
        _ASYMMETRIC,
        ("diagonal_recurrent_tensors", "bool", False),
    ),
    "UnpackOptions": _fields("num", "axis"),
    "VarHandleOptions": _fields(("container", "string", ""), ("shared_name", "string", "")),
}

MANY = 256
"""The most inputs or outputs an operator may have (CONCATENATION, PACK, SPLIT …)."""


@dataclass(frozen=True)
class OperatorSchema:
    """``options``: its options table ("" for none). ``inputs``/``outputs``: fewest and most; ``optional``: positions
    of inputs that may be absent (-1) although later ones are present or counted."""

    options: str
    inputs: tuple[int, int]
    outputs: tuple[int, int] = (1, 1)
    optional: tuple[int, ...] = ()


def _operators() -> dict[str, OperatorSchema]:
    one, two, three = (1, 1), (2, 2), (3, 3)
    op = OperatorSchema
    unary = {
        "": ("RELU", "RELU6", "RELU_N1_TO_1", "LOGISTIC", "TANH"),
        "HardSwishOptions": ("HARD_SWISH",),
        "LeakyReluOptions": ("LEAKY_RELU",),
        "SoftmaxOptions": ("SOFTMAX",),
        "LogSoftmaxOptions": ("LOG_SOFTMAX",),
        "Pool2DOptions": ("AVERAGE_POOL_2D", "MAX_POOL_2D"),
        "L2NormOptions": ("L2_NORMALIZATION",),
        "QuantizeOptions": ("QUANTIZE",),
        "DequantizeOptions": ("DEQUANTIZE",),
        "SpaceToDepthOptions": ("SPACE_TO_DEPTH",),
        "DepthToSpaceOptions": ("DEPTH_TO_SPACE",),
        "SqueezeOptions": ("SQUEEZE",),
        "ReadVariableOptions": ("READ_VARIABLE",),
        "ShapeOptions": ("SHAPE",),
    }
    binary = {
        "": ("PRELU",),
        "AddOptions": ("ADD",),
        "SubOptions": ("SUB",),
        "MulOptions": ("MUL",),
        "MaximumMinimumOptions": ("MAXIMUM", "MINIMUM"),
        "ReducerOptions": ("MEAN", "SUM", "REDUCE_MAX"),
        "PadOptions": ("PAD",),
        "MirrorPadOptions": ("MIRROR_PAD",),
        "ExpandDimsOptions": ("EXPAND_DIMS",),
        "TileOptions": ("TILE",),
        "TransposeOptions": ("TRANSPOSE",),
        "GatherOptions": ("GATHER",),
        "ArgMaxOptions": ("ARG_MAX",),
        "ResizeBilinearOptions": ("RESIZE_BILINEAR",),
        "ResizeNearestNeighborOptions": ("RESIZE_NEAREST_NEIGHBOR",),
        "BatchMatMulOptions": ("BATCH_MATMUL",),
    }
    table = {kind: op(options, one) for options, kinds in unary.items() for kind in kinds}
    table |= {kind: op(options, two) for options, kinds in binary.items() for kind in kinds}
    return table | {
        "CONV_2D": op("Conv2DOptions", (2, 3), optional=(2,)),
        "DEPTHWISE_CONV_2D": op("DepthwiseConv2DOptions", (2, 3), optional=(2,)),
        "FULLY_CONNECTED": op("FullyConnectedOptions", (2, 3), optional=(2,)),
        "TRANSPOSE_CONV": op("TransposeConvOptions", (3, 4), optional=(3,)),
        "PADV2": op("PadV2Options", three),
        "CONCATENATION": op("ConcatenationOptions", (1, MANY)),
        "RESHAPE": op("ReshapeOptions", (1, 2)),
        "SLICE": op("SliceOptions", three),
        "STRIDED_SLICE": op("StridedSliceOptions", (4, 4)),
        "SPLIT": op("SplitOptions", two, (1, MANY)),
        "SPLIT_V": op("SplitVOptions", three, (1, MANY)),
        "PACK": op("PackOptions", (1, MANY)),
        "UNPACK": op("UnpackOptions", one, (1, MANY)),
        "SVDF": op("SVDFOptions", (5, 5), optional=(3,)),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": op(
            "UnidirectionalSequenceLSTMOptions", (20, 24), optional=(1, 5, 9, 10, 11, 12, 16, 17, 20, 21, 22, 23)
        ),
        "CALL_ONCE": op("CallOnceOptions", (0, 0), (0, 0)),
        "VAR_HANDLE": op("VarHandleOptions", (0, 0)),
        "ASSIGN_VARIABLE": op("AssignVariableOptions", two, (0, 0)),
    }


OPERATORS: dict[str, OperatorSchema] = _operators()
