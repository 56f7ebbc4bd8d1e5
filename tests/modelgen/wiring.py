"""Random graphs: operators of all kinds on any earlier tensors, which are read by several, or by nobody, are outputs,
views of each other, and kept in variables. What the memory planner and the passes have to get right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from modelgen.builder import ModelBuilder

MOST_ELEMENTS = 400


@dataclass(frozen=True)
class Value:
    """An int8 tensor of the model."""

    tensor: int
    shape: tuple[int, ...]
    scale: float
    zero_point: int

    @property
    def elements(self) -> int:
        return int(np.prod(self.shape))


class Wiring:
    """Appends operators that read any of ``values``."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.model = ModelBuilder()
        self.values: list[Value] = []
        for _ in range(self.number(1, 3)):
            shape = tuple(self.number(1, 6) for _ in range(self.number(1, 4)))
            scale, zero_point = float(self.rng.uniform(0.02, 0.1)), self.number(-20, 20)
            self.values.append(Value(self.model.input(shape, scale, zero_point), shape, scale, zero_point))

    def number(self, lowest: int, highest: int) -> int:
        return int(self.rng.integers(lowest, highest + 1))

    def any(self, fits: Callable[[Value], bool] = lambda _: True) -> Value | None:
        """A value that ``fits``, more likely a late one; None when there is none."""
        found = [v for v in self.values if fits(v)]
        return found[int(len(found) * self.rng.random() ** 0.6)] if found else None

    def add(
        self,
        kind: str,
        inputs: Sequence[int | None],
        shape: Sequence[int],
        scale: float,
        zero_point: int,
        **options: object,
    ) -> None:
        """An operator with one output."""
        tensor = self.model.tensor(shape, scale, zero_point)
        self.model.op(kind, inputs, [tensor], **options)
        self.values.append(Value(tensor, tuple(shape), scale, zero_point))

    def ints(self, *values: int) -> int:
        return self.model.constant(np.array(values, np.int32))

    def unary(self) -> None:
        x = self.any()
        assert x is not None
        kind = str(self.rng.choice(["RELU", "QUANTIZE", "LOGISTIC", "LEAKY_RELU"]))
        scale, zero_point = (1 / 256, -128) if kind == "LOGISTIC" else (x.scale, self.number(-20, 20))
        options = {"alpha": 0.2} if kind == "LEAKY_RELU" else {}
        self.add(kind, [x.tensor], x.shape, scale, zero_point, **options)

    def binary(self) -> None:
        x = self.any()
        assert x is not None
        y = self.any(lambda v: v.shape == x.shape or v.shape == x.shape[-1:])
        assert y is not None
        kind = str(self.rng.choice(["ADD", "SUB", "MUL", "MAXIMUM"]))
        if kind == "MAXIMUM":
            if (y.scale, y.zero_point) == (x.scale, x.zero_point):
                self.add(kind, [x.tensor, y.tensor], x.shape, x.scale, x.zero_point)
            return
        scale = x.scale * y.scale * 40 if kind == "MUL" else max(x.scale, y.scale)
        pair = [x.tensor, y.tensor]
        if x.shape == y.shape and self.number(0, 1):
            pair.reverse()
        self.add(kind, pair, x.shape, scale, self.number(-20, 20))

    def view(self) -> None:
        x = self.any()
        assert x is not None
        if self.number(0, 1):
            shape = tuple(int(s) for s in self.rng.permutation(x.shape))
        else:
            shape = (1, x.elements) if self.number(0, 1) else (x.elements, 1, 1)
        self.add("RESHAPE", [x.tensor, self.ints(*shape)], shape, x.scale, x.zero_point, new_shape=shape)

    def part(self) -> None:
        x = self.any()
        assert x is not None
        begin = [self.number(0, n - 1) for n in x.shape]
        size = [self.number(1, n - b) for n, b in zip(x.shape, begin, strict=True)]
        self.add("SLICE", [x.tensor, self.ints(*begin), self.ints(*size)], size, x.scale, x.zero_point)

    def parts(self) -> None:
        x = self.any(lambda v: any(n % 2 == 0 for n in v.shape))
        if x is None:
            return
        axis = int(self.rng.choice([i for i, n in enumerate(x.shape) if n % 2 == 0]))
        shape = tuple(n // 2 if i == axis else n for i, n in enumerate(x.shape))
        halves = [self.model.tensor(shape, x.scale, x.zero_point) for _ in range(2)]
        self.model.op("SPLIT", [self.model.constant(np.int32(axis)), x.tensor], halves, num_splits=2)
        self.values += [Value(t, shape, x.scale, x.zero_point) for t in halves]

    def joined(self) -> None:
        x = self.any(lambda v: v.elements <= MOST_ELEMENTS // 3)
        if x is None:
            return
        alike = [
            y
            for y in (self.any(lambda v: (v.shape, v.scale, v.zero_point) == (x.shape, x.scale, x.zero_point)), x)
            if y is not None
        ]
        if len(x.shape) < 4 and self.number(0, 1):
            axis = self.number(0, len(x.shape))
            shape = (*x.shape[:axis], len(alike), *x.shape[axis:])
            self.add(
                "PACK", [v.tensor for v in alike], shape, x.scale, x.zero_point, axis=axis, values_count=len(alike)
            )
            return
        axis = self.number(0, len(x.shape) - 1)
        shape = tuple(n * len(alike) if i == axis else n for i, n in enumerate(x.shape))
        self.add("CONCATENATION", [v.tensor for v in alike], shape, x.scale, x.zero_point, axis=axis)

    def turned(self) -> None:
        x = self.any()
        assert x is not None
        order = [int(i) for i in self.rng.permutation(len(x.shape))]
        self.add("TRANSPOSE", [x.tensor, self.ints(*order)], [x.shape[i] for i in order], x.scale, x.zero_point)

    def padded(self) -> None:
        x = self.any(lambda v: v.elements <= MOST_ELEMENTS // 8)
        if x is None:
            return
        amounts = self.rng.integers(0, 2, (len(x.shape), 2)).astype(np.int32)
        shape = [n + int(a.sum()) for n, a in zip(x.shape, amounts, strict=True)]
        self.add("PAD", [x.tensor, self.model.constant(amounts)], shape, x.scale, x.zero_point)

    def layer(self) -> None:
        """A convolution or a pool, as wide as its input."""
        x = self.any(lambda v: len(v.shape) == 4)
        if x is None:
            return
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
        if self.number(0, 2) == 0:
            kind = str(self.rng.choice(["AVERAGE_POOL_2D", "MAX_POOL_2D"]))
            self.add(kind, [x.tensor], x.shape, x.scale, x.zero_point, filter_height=2, filter_width=3, **options)
            return
        kernel, channels = self.number(1, 3), x.shape[3]
        if self.number(0, 1):
            outputs, axis = self.number(1, 9), 0
            weights = self.rng.integers(-127, 128, (outputs, kernel, kernel, channels), np.int8)
        else:
            outputs, axis = channels, 3
            weights = self.rng.integers(-127, 128, (1, kernel, kernel, channels), np.int8)
            options["depth_multiplier"] = 1
        kind = "CONV_2D" if axis == 0 else "DEPTHWISE_CONV_2D"
        taps = weights.size // outputs
        constants = [
            self.model.constant(weights, [0.01] * outputs, axis=axis),
            self.model.constant(self.rng.integers(-500, 500, outputs, np.int32), [0.01 * x.scale] * outputs),
        ]
        shape = (*x.shape[:3], outputs)
        self.add(
            kind, [x.tensor, *constants], shape, x.scale * 0.5 * float(np.sqrt(taps)), self.number(-20, 20), **options
        )

    def dense(self) -> None:
        x = self.any(lambda v: len(v.shape) == 2)
        if x is None:
            return
        outputs = self.number(1, 9)
        weights = self.rng.integers(-127, 128, (outputs, x.shape[1]), np.int8)
        bias = self.model.constant(self.rng.integers(-500, 500, outputs, np.int32), 0.01 * x.scale)
        inputs = [x.tensor, self.model.constant(weights, 0.01), bias]
        self.add("FULLY_CONNECTED", inputs, (x.shape[0], outputs), x.scale * 0.5 * float(np.sqrt(x.shape[1])), 3)

    def kept(self) -> None:
        """A variable that is read before or after it is assigned, or both."""
        x = self.any()
        assert x is not None
        handle, order = self.model.variable(f"kept{len(self.values)}"), self.number(0, 2)
        if order != 1:
            self.add("READ_VARIABLE", [handle], x.shape, x.scale, x.zero_point)
        self.model.op("ASSIGN_VARIABLE", [handle, x.tensor], [])
        if order != 0:
            self.add("READ_VARIABLE", [handle], x.shape, x.scale, x.zero_point)

    def build(self) -> bytes:
        kinds = [
            self.unary, self.binary, self.binary, self.view, self.part, self.parts, self.joined, self.turned,
            self.padded, self.layer, self.layer, self.dense, self.kept,
        ]  # fmt: skip
        for _ in range(self.number(2, 12)):
            kinds[self.number(0, len(kinds) - 1)]()
        chosen = [int(self.rng.integers(len(self.values))) for _ in range(self.number(0, 2))]
        self.model.output(*(self.values[i].tensor for i in (*chosen, -1)))
        return self.model.build()


def random_wiring(seed: int) -> bytes:
    """A ``.tflite`` of a few operators, wired at random."""
    return Wiring(seed).build()
