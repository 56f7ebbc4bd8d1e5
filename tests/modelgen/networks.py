"""Random small networks of several operators, with what the passes look for: dead and unread channels, padding and
activations as operators of their own, branches, identities."""

from __future__ import annotations

import numpy as np

from modelgen.builder import ModelBuilder


class NetworkBuilder:
    """Appends operators to a model at random scales; `shape` is that of the current tensor."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.model = ModelBuilder()
        size = int(self.rng.integers(4, 9))
        self.shape: tuple[int, ...] = (1, size, size, int(self.rng.integers(1, 9)))
        self.scale, self.zero_point = 0.05, int(self.rng.integers(-20, 20))
        self.tensor = self.model.input(self.shape, self.scale, self.zero_point)

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def _next(self, shape: tuple[int, ...], scale: float, zero_point: int) -> int:
        self.shape, self.scale, self.zero_point = shape, scale, zero_point
        return self.model.tensor(shape, scale, zero_point)

    def _weights(self, shape: tuple[int, ...], axis: int) -> tuple[list[int], float]:
        """Weights with dead outputs and unread inputs, biases of both signs; their tensors and the output scale."""
        rng, outputs = self.rng, shape[axis]
        weights = rng.integers(-127, 128, shape).astype(np.int8)
        moved = np.moveaxis(weights, axis, 0)
        moved[rng.random(outputs) < 0.4] = 0
        if axis == 0:
            weights[..., rng.random(shape[-1]) < 0.2] = 0
        scales = 0.01 * rng.uniform(0.5, 1.5, outputs).astype(np.float32)
        spread = np.sqrt(weights.size / outputs) * 127 * 40
        bias = rng.integers(-int(spread), int(spread) + 1, outputs).astype(np.int32)
        tensors = [
            self.model.constant(weights, scales, axis=axis),
            self.model.constant(bias, np.float32(self.scale) * scales),
        ]
        return tensors, float(spread * self.scale * 0.01 / 64)

    def window(self, kind: str) -> None:
        """A convolution, perhaps with a PAD before and a RELU after it."""
        if self.chance(0.4):
            self.pad()
        n, height, width, channels = self.shape
        kernel = int(self.rng.choice([k for k in (1, 2, 3) if k <= min(height, width)]))
        stride = int(self.rng.integers(1, 3))
        padding = "SAME" if self.chance(0.5) else "VALID"
        out = [-(-s // stride) if padding == "SAME" else -(-(s - kernel + 1) // stride) for s in (height, width)]
        outputs = channels if kind == "DEPTHWISE_CONV_2D" else int(self.rng.integers(1, 14))
        shape, axis = (
            ((1, kernel, kernel, outputs), 3) if kind != "CONV_2D" else ((outputs, kernel, kernel, channels), 0)
        )
        constants, scale = self._weights(shape, axis)
        source = self.tensor
        zero_point = -128 if self.chance(0.5) else int(self.rng.integers(-128, 100))
        self.tensor = self._next((n, *out, outputs), scale, zero_point)
        activation = str(self.rng.choice(["NONE", "RELU", "RELU6"]))
        options = {"padding": padding, "stride_h": stride, "stride_w": stride, "fused_activation_function": activation}
        if kind == "DEPTHWISE_CONV_2D":
            options["depth_multiplier"] = 1
        self.model.op(kind, [source, *constants], [self.tensor], **options)
        if self.chance(0.4):
            self.activation()

    def pad(self) -> None:
        amounts = np.array([[0, 0], *self.rng.integers(0, 3, (2, 2)).tolist(), [0, 0]], np.int32)
        source, shape = self.tensor, tuple(s + int(a.sum()) for s, a in zip(self.shape, amounts, strict=True))
        self.tensor = self._next(shape, self.scale, self.zero_point)
        if self.chance(0.7):
            self.model.op("PAD", [source, self.model.constant(amounts)], [self.tensor])
            return
        value = self.zero_point if self.chance(0.6) else int(self.rng.integers(-128, 128))
        constant = self.model.constant(np.array([value], np.int8), self.scale, self.zero_point)
        self.model.op("PADV2", [source, self.model.constant(amounts), constant], [self.tensor])

    def activation(self) -> None:
        source, kind = self.tensor, str(self.rng.choice(["RELU", "RELU6"]))
        self.tensor = self._next(self.shape, self.scale, self.zero_point)
        self.model.op(kind, [source], [self.tensor])

    def pool(self) -> None:
        n, height, width, channels = self.shape
        kind = "MAX_POOL_2D" if self.chance(0.5) else "AVERAGE_POOL_2D"
        size, source = min(2, height, width), self.tensor
        self.tensor = self._next((n, -(-height // 2), -(-width // 2), channels), self.scale, self.zero_point)
        options = {"filter_height": size, "filter_width": size, "stride_h": 2, "stride_w": 2, "padding": "SAME"}
        self.model.op(kind, [source], [self.tensor], fused_activation_function="NONE", **options)

    def residual(self) -> None:
        """A 1x1 convolution beside the current tensor, added to it."""
        branch, scale, zero_point, shape = self.tensor, self.scale, self.zero_point, self.shape
        constants, _ = self._weights((shape[-1], 1, 1, shape[-1]), 0)
        other = self._next(shape, scale, zero_point)
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": "NONE"}
        self.model.op("CONV_2D", [branch, *constants], [other], **options)
        self.tensor = self._next(shape, scale * 1.5, zero_point)
        self.model.op("ADD", [branch, other], [self.tensor], fused_activation_function="NONE")
        if self.chance(0.5):
            self.activation()

    def fully_connected(self) -> None:
        """Flatten, then one or two dense layers."""
        elements = int(np.prod(self.shape))
        source = self.tensor
        self.tensor = self._next((1, elements), self.scale, self.zero_point)
        self.model.op("RESHAPE", [source, self.model.constant(np.array([1, elements], np.int32))], [self.tensor])
        for _ in range(int(self.rng.integers(1, 3))):
            source, inputs = self.tensor, self.shape[1]
            outputs = int(self.rng.integers(1, 12))
            constants, scale = self._weights((outputs, inputs), 0)
            self.tensor = self._next((1, outputs), scale, int(self.rng.integers(-128, 100)))
            activation = str(self.rng.choice(["NONE", "RELU"]))
            self.model.op("FULLY_CONNECTED", [source, *constants], [self.tensor], fused_activation_function=activation)

    def build(self) -> bytes:
        self.model.output(self.tensor)
        return self.model.build()


def random_network(seed: int) -> bytes:
    """A ``.tflite`` of two to five blocks, then perhaps dense layers."""
    network = NetworkBuilder(seed)
    blocks = [
        lambda: network.window("CONV_2D"),
        lambda: network.window("DEPTHWISE_CONV_2D"),
        network.pool,
        network.residual,
    ]
    network.window("CONV_2D")
    for _ in range(int(network.rng.integers(1, 5))):
        blocks[int(network.rng.choice(4, p=[0.4, 0.3, 0.15, 0.15]))]()
    if network.chance(0.6):
        network.fully_connected()
    return network.build()
