"""Random small models of one operator each, for conformance tests.

`CASES` maps a name (the operator's kind, with ``/int16`` for the 16x8 form) to a function from a numpy random
generator to the bytes of a ``.tflite``. Shapes, strides, padding, channel counts, zero points (the ends of the range
among them) and scales (giving shifts of both signs) vary; most outputs are not saturated for inputs spread about the
zero point, as `random_inputs` gives them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from modelgen.builder import ModelBuilder
from toolchain.model.graph import DType, Graph

Rng = np.random.Generator
Case = Callable[[Rng], bytes]
CASES: dict[str, Case] = {}

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


def case(*names: str) -> Callable[[Callable[[Rng, str, bool], bytes]], Callable[[Rng, str, bool], bytes]]:
    """Register a function of (generator, kind, int16?) under ``names``."""

    def register(function: Callable[[Rng, str, bool], bytes]) -> Callable[[Rng, str, bool], bytes]:
        for name in names:
            kind, _, form = name.partition("/")
            CASES[name] = lambda rng, kind=kind, wide=form == "int16": function(rng, kind, wide)  # type: ignore[misc]
        return function

    return register


def random_inputs(graph: Graph, rng: Rng, width: float | None = None) -> list[np.ndarray]:
    """Inputs spread by ``width`` steps about the zero point (None: over the whole range of the type)."""
    arrays = []
    for tensor in graph.inputs:
        if tensor.dtype in (DType.FLOAT16, DType.FLOAT32):
            arrays.append(rng.normal(0, 3 if width is None else width / 30, tensor.shape).astype(tensor.dtype.numpy))
            continue
        if tensor.dtype is DType.BOOL:
            arrays.append(rng.random(tensor.shape) < 0.5)
            continue
        info = np.iinfo(tensor.dtype.numpy)
        if width is None:
            values = rng.integers(info.min, info.max + 1, tensor.shape)
        else:
            spread = width * (1 if info.bits == 8 else 200)
            middle = tensor.zero_point if tensor.quantization else 0
            values = np.clip(np.round(rng.normal(middle, spread, tensor.shape)), info.min, info.max)
        arrays.append(values.astype(tensor.dtype.numpy))
    return arrays


def pick(rng: Rng, *choices: object) -> object:
    return choices[int(rng.integers(len(choices)))]


def size(rng: Rng, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def scale(rng: Rng, low: float = -9, high: float = 1) -> float:
    return float(np.float32(2.0 ** rng.uniform(low, high)))


def zero(rng: Rng, wide: bool = False) -> int:
    """A zero point: the ends of the range often; always 0 for int16."""
    return 0 if wide else int(pick(rng, -128, 127, 0, size(rng, -128, 127), size(rng, -20, 20)))  # type: ignore[call-overload]


def dtype(wide: bool) -> str:
    return "int16" if wide else "int8"


def shape4(rng: Rng, most: int = 7, channels: int = 9) -> tuple[int, int, int, int]:
    return (size(rng, 1, 2), size(rng, 1, most), size(rng, 1, most), size(rng, 1, channels))


def any_shape(rng: Rng, ranks: Sequence[int] = (1, 2, 3, 4)) -> tuple[int, ...]:
    return tuple(size(rng, 1, 6) for _ in range(int(rng.choice(ranks))))


def int8_array(rng: Rng, shape: Sequence[int], low: int = -127) -> np.ndarray:
    return rng.integers(low, 128, shape).astype(np.int8)


class Weighted:
    """Scales, weights and bias of an operator with ``taps`` products an output."""

    def __init__(
        self, rng: Rng, m: ModelBuilder, shape: Sequence[int], axis: int, taps: int, wide: bool, biased: float = 0.8
    ) -> None:
        self.s_in = scale(rng, -9, 0) / (200 if wide else 1)
        per_channel = bool(rng.random() < 0.7)
        channels = shape[axis]
        self.scales = np.array([scale(rng, -10, -3) for _ in range(channels if per_channel else 1)], np.float32)
        self.weights = m.constant(int8_array(rng, shape), scale=self.scales, axis=axis)
        spread = math.sqrt(taps) * 73 * 40 * (200 if wide else 1)
        self.bias: int | None = None
        if rng.random() < biased:
            bias = np.round(rng.normal(0, spread / 2, channels))
            bias = bias.astype(np.int64 if wide else np.int32)
            self.bias = m.constant(bias, scale=self.scales * self.s_in, axis=0)
        self.s_out = float(self.s_in * np.median(self.scales) * spread / (40 * (200 if wide else 1))) * scale(
            rng, -1, 2
        )


def windowed(rng: Rng, h: int, w: int, kh: int, kw: int, dilate: bool = True) -> dict[str, object]:
    """Padding, strides and dilation that leave at least one output."""
    dh, dw = (size(rng, 1, 3), size(rng, 1, 3)) if dilate and rng.random() < 0.3 else (1, 1)
    fits = h >= (kh - 1) * dh + 1 and w >= (kw - 1) * dw + 1
    options: dict[str, object] = {
        "padding": "VALID" if fits and rng.random() < 0.5 else "SAME",
        "stride_h": size(rng, 1, 3),
        "stride_w": size(rng, 1, 3),
    }
    return options | ({"dilation_h_factor": dh, "dilation_w_factor": dw} if dilate else {})


def outputs_of(n: int, kernel: int, stride: int, dilation: int, padding: str) -> int:
    return -(-n // stride) if padding == "SAME" else -(-(n - (kernel - 1) * dilation) // stride)


def window_shape(o: dict, h: int, w: int, kh: int, kw: int) -> tuple[int, int]:
    dh, dw = o.get("dilation_h_factor", 1), o.get("dilation_w_factor", 1)
    return (
        outputs_of(h, kh, o["stride_h"], dh, o["padding"]),
        outputs_of(w, kw, o["stride_w"], dw, o["padding"]),
    )


@case("CONV_2D", "CONV_2D/int16")
def conv(rng: Rng, kind: str, wide: bool) -> bytes:
    b, h, w, c = shape4(rng, 8)
    kh, kw, out = size(rng, 1, 4), size(rng, 1, 4), size(rng, 1, 9)
    o = windowed(rng, h, w, kh, kw)
    m = ModelBuilder()
    k = Weighted(rng, m, (out, kh, kw, c), 0, kh * kw * c, wide)
    x = m.input((b, h, w, c), k.s_in, zero(rng, wide), dtype(wide))
    y = m.tensor((b, *window_shape(o, h, w, kh, kw), out), k.s_out, zero(rng, wide), dtype(wide))
    m.op(kind, [x, k.weights, k.bias], [y], fused_activation_function=pick(rng, *ACTIVATIONS), **o)
    m.output(y)
    return m.build()


@case("DEPTHWISE_CONV_2D", "DEPTHWISE_CONV_2D/int16")
def depthwise(rng: Rng, kind: str, wide: bool) -> bytes:
    b, h, w, c = shape4(rng, 8)
    kh, kw, multiplier = size(rng, 1, 4), size(rng, 1, 4), int(pick(rng, 1, 1, 2, 3))  # type: ignore[call-overload]
    o = windowed(rng, h, w, kh, kw)
    m = ModelBuilder()
    k = Weighted(rng, m, (1, kh, kw, c * multiplier), 3, kh * kw, wide, biased=1)  # the reference needs a bias
    x = m.input((b, h, w, c), k.s_in, zero(rng, wide), dtype(wide))
    y = m.tensor((b, *window_shape(o, h, w, kh, kw), c * multiplier), k.s_out, zero(rng, wide), dtype(wide))
    m.op(
        kind,
        [x, k.weights, k.bias],
        [y],
        depth_multiplier=multiplier,
        fused_activation_function=pick(rng, *ACTIVATIONS),
        **o,
    )
    m.output(y)
    return m.build()


@case("FULLY_CONNECTED", "FULLY_CONNECTED/int16")
def dense(rng: Rng, kind: str, wide: bool) -> bytes:
    rows, depth, out = size(rng, 1, 4), size(rng, 1, 40), size(rng, 1, 17)
    m = ModelBuilder()
    k = Weighted(rng, m, (out, depth), 0, depth, wide)
    if wide and len(k.scales) > 1:  # the reference takes per-channel scales with int8 only
        m.tensors[k.weights].update(scales=k.scales[:1].tolist(), zero_points=[0])
    x = m.input((rows, depth), k.s_in, zero(rng, wide), dtype(wide))
    y = m.tensor((rows, out), k.s_out, zero(rng, wide), dtype(wide))
    m.op(kind, [x, k.weights, k.bias], [y], fused_activation_function=pick(rng, *ACTIVATIONS))
    m.output(y)
    return m.build()


@case("TRANSPOSE_CONV", "TRANSPOSE_CONV/int16")
def transpose_conv(rng: Rng, kind: str, wide: bool) -> bytes:
    b, h, w, c = shape4(rng, 5)
    kh, kw, out = size(rng, 1, 4), size(rng, 1, 4), size(rng, 1, 6)
    sh, sw = size(rng, 1, 3), size(rng, 1, 3)
    same = bool(rng.random() < 0.5)
    oh = h * sh if same else h * sh + max(kh - sh, 0)
    ow = w * sw if same else w * sw + max(kw - sw, 0)
    m = ModelBuilder()
    k = Weighted(rng, m, (out, kh, kw, c), 0, kh * kw * c, wide, biased=1 if wide else 0.8)  # the reference needs one
    shape = m.constant(np.array([b, oh, ow, out], np.int32))
    x = m.input((b, h, w, c), k.s_in, zero(rng, wide), dtype(wide))
    y = m.tensor((b, oh, ow, out), k.s_out, zero(rng, wide), dtype(wide))
    inputs = [shape, k.weights, x] + ([] if k.bias is None else [k.bias])
    m.op(kind, inputs, [y], padding="SAME" if same else "VALID", stride_h=sh, stride_w=sw)
    m.output(y)
    return m.build()


@case("AVERAGE_POOL_2D", "AVERAGE_POOL_2D/int16", "MAX_POOL_2D", "MAX_POOL_2D/int16")
def pool(rng: Rng, kind: str, wide: bool) -> bytes:
    b, h, w, c = shape4(rng, 9)
    kh, kw = size(rng, 1, min(h, 4)), size(rng, 1, min(w, 4))
    o = windowed(rng, h, w, kh, kw, dilate=False)
    q = (scale(rng), zero(rng, wide), dtype(wide))
    m = ModelBuilder()
    x, y = m.input((b, h, w, c), *q), m.tensor((b, *window_shape(o, h, w, kh, kw), c), *q)
    m.op(kind, [x], [y], filter_height=kh, filter_width=kw, fused_activation_function=pick(rng, *ACTIVATIONS), **o)
    m.output(y)
    return m.build()


def broadcast_shapes(rng: Rng) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shapes of two inputs and the output."""
    out = any_shape(rng, (2, 3, 4))
    style = rng.random()
    if style < 0.5:
        return out, out, out
    cut = tuple(1 if rng.random() < 0.5 else d for d in out)
    if style < 0.7:
        cut = (1,) * (len(out) - 1) + (out[-1],)
    return (out, cut, out) if rng.random() < 0.5 else (cut, out, out)


@case("ADD", "ADD/int16", "SUB", "SUB/int16", "MUL", "MUL/int16", "MAXIMUM", "MINIMUM")
def binary(rng: Rng, kind: str, wide: bool) -> bytes:
    a, b, out = broadcast_shapes(rng)
    s1 = scale(rng, -8, 0)
    s2 = s1 * scale(rng, -4, 4)
    m = ModelBuilder()
    options: dict[str, object] = {"fused_activation_function": pick(rng, *ACTIVATIONS)}
    s_out = max(s1, s2) * scale(rng, -1, 3)
    if kind == "MUL":
        s_out = s1 * s2 * (6000 if wide else 40) * scale(rng, -2, 2)
    z1, z2, z3 = (zero(rng, wide) for _ in range(3))
    if kind in ("MAXIMUM", "MINIMUM"):
        options, s2, s_out, z2, z3 = {}, s1, s1, z1, z1
    x = m.input(a, s1, z1, dtype(wide))
    if rng.random() < 0.3:
        info = np.iinfo(dtype(wide))
        other = m.constant(rng.integers(info.min, info.max + 1, b).astype(dtype(wide)), s2, z2)
    else:
        other = m.input(b, s2, z2, dtype(wide))
    y = m.tensor(out, s_out, z3, dtype(wide))
    m.op(kind, [x, other], [y], **options)
    m.output(y)
    return m.build()


@case("PRELU", "PRELU/int16")
def prelu(rng: Rng, kind: str, wide: bool) -> bytes:
    shape = shape4(rng, 5)
    alpha_shape = (1, 1, shape[3]) if rng.random() < 0.7 else shape[1:]
    s = scale(rng)
    m = ModelBuilder()
    x = m.input(shape, s, zero(rng, wide), dtype(wide))
    alpha = m.constant(int8_array(rng, alpha_shape, -128), scale(rng, -9, -5), zero(rng))
    y = m.tensor(shape, s * scale(rng, -1, 2), zero(rng, wide), dtype(wide))
    m.op(kind, [x, alpha], [y])
    m.output(y)
    return m.build()


@case(
    "RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH", "LOGISTIC", "TANH", "RELU/int16", "LEAKY_RELU/int16",
    "LOGISTIC/int16", "TANH/int16", "SOFTMAX", "SOFTMAX/int16", "LOG_SOFTMAX", "L2_NORMALIZATION",
)  # fmt: skip
def unary(rng: Rng, kind: str, wide: bool) -> bytes:
    shape = any_shape(rng, (2, 3, 4))
    z = zero(rng, wide)
    s = scale(rng, -8, 0)
    s_out, z_out = s * scale(rng, -1, 2), zero(rng, wide)
    options: dict[str, object] = {}
    if wide:
        s /= 100
        s_out /= 100
    if kind == "RELU6":
        s = scale(rng, -5, 0)
        s_out, z_out = s, z
    if kind == "LEAKY_RELU":
        options["alpha"] = float(pick(rng, 0.0, 0.1, 0.3, 1.5, -0.2, rng.uniform(0, 1)))  # type: ignore[arg-type]
    if kind in ("LOGISTIC", "TANH"):
        s = 2.0**-12 if wide and rng.random() < 0.5 else s
        s_out = 2.0**-15 if wide else 2.0**-8 if kind == "LOGISTIC" else 2.0**-7
        z_out = -128 if kind == "LOGISTIC" and not wide else 0
    if kind == "SOFTMAX":
        options["beta"] = float(pick(rng, 1.0, 1.0, 0.5, 2.0))  # type: ignore[arg-type]
        s_out, z_out = (2.0**-15, 0) if wide else (2.0**-8, -128)
    if kind == "LOG_SOFTMAX":
        s_out, z_out = 1 / 16, 127
    if kind == "L2_NORMALIZATION":
        s_out, z_out = 1 / 128, 0
    if kind == "HARD_SWISH":
        s_out = s * scale(rng, -1, 1)
    m = ModelBuilder()
    x = m.input(shape, s, z, dtype(wide))
    y = m.tensor(shape, s_out, z_out, dtype(wide))
    m.op(kind, [x], [y], **options)
    m.output(y)
    return m.build()


@case("MEAN", "SUM", "REDUCE_MAX", "MEAN/int16", "SUM/int16")
def reduction(rng: Rng, kind: str, wide: bool) -> bytes:
    shape = any_shape(rng, (3, 4))
    count = size(rng, 1, 2)
    axes = sorted(rng.permutation(len(shape))[:count].tolist())
    if len(shape) == 4 and rng.random() < 0.4:
        axes = [1, 2]
    keep = bool(rng.random() < 0.5)
    out = tuple(1 if i in axes else d for i, d in enumerate(shape) if keep or i not in axes)
    s, z = scale(rng), zero(rng, wide)
    same = kind == "REDUCE_MAX" or (kind == "MEAN" and rng.random() < 0.3)
    total = math.prod(shape[a] for a in axes)
    s_out = s if same else s * scale(rng, -1, 1) * (math.sqrt(total) if kind == "SUM" else 1)
    m = ModelBuilder()
    x = m.input(shape, s, z, dtype(wide))
    axis = m.constant(np.array([a - len(shape) if rng.random() < 0.3 else a for a in axes], np.int32))
    y = m.tensor(out, s_out, z if same else zero(rng, wide), dtype(wide))
    m.op(kind, [x, axis], [y], keep_dims=keep)
    m.output(y)
    return m.build()


@case("ARG_MAX")
def arg_max(rng: Rng, kind: str, wide: bool) -> bytes:
    shape = any_shape(rng, (2, 3, 4))
    axis = size(rng, 0, len(shape) - 1)
    m = ModelBuilder()
    x = m.input(shape, scale(rng), zero(rng))
    at = m.constant(np.array([axis], np.int32))
    y = m.tensor(tuple(d for i, d in enumerate(shape) if i != axis), dtype="int32")
    m.op(kind, [x, at], [y], output_type="INT32")
    m.output(y)
    return m.build()


@case("BATCH_MATMUL", "BATCH_MATMUL/int16")
def batch_matmul(rng: Rng, kind: str, wide: bool) -> bytes:
    rows, depth, columns = size(rng, 1, 6), size(rng, 1, 12), size(rng, 1, 6)
    batch = any_shape(rng, (1, 2))
    adj_x, adj_y = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
    s1, s2 = scale(rng, -8, 0), scale(rng, -8, 0)
    spread = math.sqrt(depth) * (70 if not wide else 14000)
    m = ModelBuilder()
    x = m.input((*batch, depth, rows) if adj_x else (*batch, rows, depth), s1, zero(rng, wide), dtype(wide))
    y = m.input((*batch, columns, depth) if adj_y else (*batch, depth, columns), s2, zero(rng, wide), dtype(wide))
    out = m.tensor((*batch, rows, columns), s1 * s2 * spread * scale(rng, -1, 1), zero(rng, wide), dtype(wide))
    m.op(kind, [x, y], [out], adj_x=adj_x, adj_y=adj_y)
    m.output(out)
    return m.build()


@case("RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR")
def resize(rng: Rng, kind: str, wide: bool) -> bytes:
    b, h, w, c = shape4(rng, 6, 4)
    oh, ow = size(rng, 1, 13), size(rng, 1, 13)
    align = bool(rng.random() < 0.4)
    q = (scale(rng), zero(rng))
    m = ModelBuilder()
    x, y = m.input((b, h, w, c), *q), m.tensor((b, oh, ow, c), *q)
    to = m.constant(np.array([oh, ow], np.int32))
    m.op(kind, [x, to], [y], align_corners=align, half_pixel_centers=not align and bool(rng.random() < 0.5))
    m.output(y)
    return m.build()


@case("QUANTIZE", "DEQUANTIZE", "DEQUANTIZE/int16")
def edge(rng: Rng, kind: str, wide: bool) -> bytes:
    shape = any_shape(rng)
    m = ModelBuilder()
    s = scale(rng, -6, 0)
    if kind == "DEQUANTIZE":
        x, y = m.input(shape, s, zero(rng, wide), dtype(wide)), m.tensor(shape, dtype="float32")
    else:
        source, target = pick(
            rng, ("float32", "int8"), ("float32", "int16"), ("int8", "int8"), ("int16", "int8"), ("int8", "int16"),
            ("int16", "int16"), ("uint8", "int8"), ("int8", "int32"),
        )  # type: ignore[misc]  # fmt: skip
        factor = {"int16": 1 / 256, "int32": 1 / 256}
        z = {"int8": zero(rng), "uint8": 128, "int16": 0, "int32": 0, "float32": 0}
        x = m.input(shape, None if source == "float32" else s * factor.get(source, 1), z[source], source)
        y = m.tensor(shape, s * scale(rng, -1, 1) * factor.get(target, 1), zero(rng) if target == "int8" else 0, target)
    m.op(kind, [x], [y])
    m.output(y)
    return m.build()


from modelgen import moves, stateful  # noqa: E402, F401  (they add their cases to CASES)
