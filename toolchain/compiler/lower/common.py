"""What the lowerings of several operator families share: refusals, quantisation checks, window geometry, walks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolchain.errors import BadInput
from toolchain.model.arithmetic import activation_range
from toolchain.model.graph import DType, Operator, Tensor

INTEGER_RANGE = {DType.INT8: (-128, 127), DType.INT16: (-32768, 32767), DType.UINT8: (0, 255)}


def refuse(operator: Operator, reason: str, remedy: str, tensor: Tensor | None = None) -> BadInput:
    """The error for a form of ``operator`` that has no exact lowering: ``raise refuse(op, reason, remedy)``.

    The message names the layer (its number in the model), the operator and the tensor concerned (default: the
    first output); ``remedy`` becomes the hint.
    """
    concerned = tensor or (operator.outputs[0] if operator.outputs else None)
    name = f", tensor '{concerned.name}'" if concerned is not None else ""
    return BadInput(f"layer {operator.index} ({operator.kind}){name}: {reason}", hint=remedy)


def require_types(operator: Operator, tensor: Tensor, *allowed: DType) -> None:
    """Refuse ``tensor`` unless its element type is one of ``allowed`` and, if integer, it carries a quantisation."""
    if tensor.dtype not in allowed:
        names = " or ".join(d.value for d in allowed)
        raise refuse(
            operator,
            f"element type {tensor.dtype.value} is not supported here, only {names}",
            "convert the model with full-integer quantisation and a representative data set",
            tensor,
        )


def require_per_tensor(operator: Operator, *tensors: Tensor) -> None:
    """Refuse tensors without one scale and one zero point for the whole tensor."""
    for tensor in tensors:
        quantization = tensor.quantization
        if quantization is None or not quantization.scales:
            raise refuse(operator, "quantisation is missing", "convert with full-integer quantisation", tensor)
        if quantization.per_channel:
            raise refuse(operator, "activations must be quantised per tensor", "re-convert the model", tensor)


def require_output(operator: Operator, steps: int, zero_point: int) -> None:
    """Refuse an output of another quantisation than scale 1 / ``steps`` and this zero point: the only one that the
    reference's kernel takes."""
    if operator.output.zero_point != zero_point or operator.output.scale != 1 / steps:
        what = f"the output must have scale 1/{steps} and zero point {zero_point}"
        raise refuse(operator, what, "re-convert the model")


def require_same_quantization(operator: Operator, *tensors: Tensor) -> None:
    """Refuse tensors that a copying operator would have to rescale (the reference kernels do not)."""
    first = tensors[0]
    for other in tensors[1:]:
        if (first.quantization is None) != (other.quantization is None):
            raise refuse(operator, "only one side is quantised", "re-convert the model", other)
        if first.quantization is None or other.quantization is None:
            continue
        if (first.scale, first.zero_point) != (other.scale, other.zero_point):
            raise refuse(
                operator,
                f"input and output differ in quantisation ({first.scale:g}, {first.zero_point} and "
                f"{other.scale:g}, {other.zero_point}), which the reference kernel does not rescale",
                "re-convert with a current converter, or put a QUANTIZE between them",
                other,
            )


def constant(operator: Operator, i: int, meaning: str) -> np.ndarray:
    """Data of input ``i``, which must be known at compile time."""
    tensor = operator.input(i)
    if tensor.data is None:
        raise refuse(operator, f"{meaning} is computed at run time", f"make the {meaning} a constant", tensor)
    return tensor.data


def bias_at(operator: Operator, i: int, size: int) -> np.ndarray:
    """Constant int32 bias, input ``i``, as int64 [size]; zeros when the operator has none."""
    tensor = operator.inputs[i] if len(operator.inputs) > i else None
    if tensor is None:
        return np.zeros(size, np.int64)
    if tensor.data is None or tensor.dtype is not DType.INT32 or tensor.elements != size:
        raise refuse(operator, f"the bias is not {size} constant int32", "re-convert the model", tensor)
    return tensor.data.reshape(size).astype(np.int64)


def output_range(operator: Operator) -> tuple[int, int]:
    """Clamping bounds of the fused activation in the output's quantisation."""
    output = operator.output
    qmin, qmax = INTEGER_RANGE[output.dtype]
    activation = operator.options.get("fused_activation_function", "NONE")
    try:
        return activation_range(activation, output.scale, output.zero_point, qmin, qmax)
    except ValueError as error:
        raise refuse(operator, str(error), "use RELU, RELU6 or a layer of its own") from error


@dataclass(frozen=True)
class Window:
    """Geometry of a two-dimensional sliding window over NHWC pixels."""

    in_h: int
    in_w: int
    out_h: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    dilation_h: int = 1
    dilation_w: int = 1

    @property
    def inside(self) -> bool:
        """Whether every tap of every window lies inside the input. Padding may also be behind the input only: a PAD
        that was merged has any amounts."""
        return all(
            pad == 0 and (out - 1) * stride + (kernel - 1) * dilation < size
            for size, out, kernel, stride, pad, dilation in (
                (self.in_h, self.out_h, self.kernel_h, self.stride_h, self.pad_h, self.dilation_h),
                (self.in_w, self.out_w, self.kernel_w, self.stride_w, self.pad_w, self.dilation_w),
            )
        )

    def starts(self, batches: int) -> np.ndarray:
        """Pixel number (over all batches) of the first pixel that is read for output pixel p or any later one."""
        y = np.maximum(np.arange(self.out_h) * self.stride_h - self.pad_h, 0)
        x = np.maximum(np.arange(self.out_w) * self.stride_w - self.pad_w, 0)
        first = (y[:, None] * self.in_w + x[None, :]).ravel()
        every = (np.arange(batches)[:, None] * (self.in_h * self.in_w) + first[None, :]).ravel()
        return np.minimum.accumulate(every[::-1])[::-1]

    def channelwise_lead(self, batches: int, channels: int, element_bytes: int = 1) -> int:
        """`Overlap.lead` of a kernel that goes through the output in order and, for an element of channel c, reads
        only channel c of its window (pooling, depthwise with multiplier 1)."""
        starts = self.starts(batches)
        return int((starts - np.arange(len(starts))).min()) * channels * element_bytes


def same_padding(size: int, out: int, kernel: int, stride: int, dilation: int = 1) -> int:
    """Rows or columns of padding before the input for SAME (the smaller half when the total is odd)."""
    return max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - size) // 2


def window_of(operator: Operator, kernel_h: int, kernel_w: int) -> Window:
    """Window of a convolution or pooling operator from its NHWC shapes and options; refuses inconsistent shapes."""
    options, x, y = operator.options, operator.input(0), operator.output
    if len(x.shape) != 4 or len(y.shape) != 4:
        raise refuse(operator, "input and output must have four dimensions (NHWC)", "reshape to NHWC", x)
    stride_h, stride_w = options["stride_h"], options["stride_w"]
    dilation_h, dilation_w = options.get("dilation_h_factor", 1), options.get("dilation_w_factor", 1)
    if min(stride_h, stride_w, dilation_h, dilation_w, kernel_h, kernel_w) < 1:
        raise refuse(operator, "stride, dilation and kernel size must be at least 1", "re-convert the model")
    pads = []
    top, left, bottom, right = options.get("explicit_padding", (0, 0, 0, 0))  # see passes.padding
    for size, out, kernel, stride, dilation, before, after in (
        (x.shape[1], y.shape[1], kernel_h, stride_h, dilation_h, top, bottom),
        (x.shape[2], y.shape[2], kernel_w, stride_w, dilation_w, left, right),
    ):
        span = (kernel - 1) * dilation + 1
        same = options["padding"] == "SAME"
        expected = -(-size // stride) if same else -(-(before + size + after - span + 1) // stride)
        if out != expected:
            raise refuse(operator, f"output size {out} does not follow from input size {size}", "re-convert the model")
        pads.append(same_padding(size, out, kernel, stride, dilation) if same else before)
    return Window(
        in_h=x.shape[1],
        in_w=x.shape[2],
        out_h=y.shape[1],
        out_w=y.shape[2],
        kernel_h=kernel_h,
        kernel_w=kernel_w,
        stride_h=stride_h,
        stride_w=stride_w,
        pad_h=pads[0],
        pad_w=pads[1],
        dilation_h=dilation_h,
        dilation_w=dilation_w,
    )


def collapse(extents: Sequence[int], *strides: Sequence[int]) -> np.ndarray:
    """Merge neighbouring dimensions that are walked as one: rows of (extent, stride of each operand), outermost
    first, int32. Dimensions of extent 1 vanish; at least one row remains."""
    rows: list[list[int]] = []
    for extent, *steps in zip(extents, *strides, strict=True):
        if extent == 1:
            continue
        if rows and all(outer == inner * extent for outer, inner in zip(rows[-1][1:], steps, strict=True)):
            rows[-1] = [rows[-1][0] * extent, *steps]
        else:
            rows.append([extent, *steps])
    return np.array(rows or [[1] + [1] * len(strides)], np.int32)


def dense_strides(shape: Sequence[int]) -> list[int]:
    """Strides in elements of a dense C-order array."""
    strides, step = [], 1
    for extent in reversed(shape):
        strides.append(step)
        step *= extent
    return strides[::-1]
