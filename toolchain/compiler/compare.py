"""Generated code against the device reference: inputs that tell them apart, and the comparison itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from toolchain.model.graph import Graph, Tensor
from toolchain.model.runners import Runner, reference_runner

Inputs = list[np.ndarray]

# Largest distance from the zero point, as a share of the type's range; for floats the standard deviation.
WIDTHS = (1.0, 0.5, 0.25, 0.12, 0.06, 0.03, 0.015)


class LayeredRunner(Protocol):
    """Runs one model and knows which tensors it has, which of their channels, and whether they are as expected
    (`native.NativeModel`). ``compared`` says how it knows that."""

    name: str
    compared: str

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]: ...
    def reset(self) -> None: ...
    def tensors(self) -> list[int]: ...
    def channels(self, index: int) -> tuple[int, ...] | None: ...
    def unequal(self, index: int, expected: np.ndarray) -> np.ndarray | None: ...


@dataclass(frozen=True)
class Difference:
    """The first value that differs. ``tensor`` is its number in the ``.tflite``, ``where`` the index in its shape."""

    input: int
    tensor: int
    name: str
    where: tuple[int, ...]
    got: float
    expected: float


@dataclass(frozen=True)
class CompareResult:
    """``inputs`` inferences, ``outputs`` output values compared, ``mismatches`` of them that differ, by at most
    ``max_abs_diff``. ``unsaturated``: inferences with an output value inside its type's range. ``tensors``:
    intermediate tensors compared for each input; ``first_difference`` is in the first of them that differs.
    ``compared`` says how."""

    reference: str
    inputs: int
    outputs: int
    mismatches: int
    max_abs_diff: float
    first_difference: Difference | None
    unsaturated: int
    tensors: int = 0
    compared: str = "every byte"

    @property
    def exact(self) -> bool:
        return self.mismatches == 0 and self.first_difference is None

    def to_json(self) -> dict[str, Any]:
        """As plain data, one entry a field."""
        return asdict(self)


def unsaturated(tensors: Sequence[Tensor], outputs: Sequence[np.ndarray]) -> bool:
    """Whether some output value lies inside the range of its type, where a wrong one would show."""
    for tensor, value in zip(tensors, outputs, strict=True):
        if tensor.dtype.numpy.kind == "f":
            return True
        info = np.iinfo(tensor.dtype.numpy)
        if np.any((value > info.min) & (value < info.max)):
            return True
    return False


def input_set(graph: Graph, n: int, seed: int, reference: Runner) -> list[Inputs]:
    """``n`` inputs: the ends of the range, the zero point, ramps, then random ones of several widths around the zero
    point. The widths are those whose outputs ``reference`` does not saturate, so that at least half of all inputs
    have unsaturated outputs where the model permits it. The same arguments give the same inputs."""
    rng = np.random.default_rng(seed)
    edges = _edges(graph)[: n // 4]
    useful = [w for w in WIDTHS if _share_unsaturated(graph, w, reference, seed) >= 0.5] or list(WIDTHS)
    inputs, random = list(edges), n - len(edges)
    for i in range(random):
        # Every fourth random input is of any width: saturated outputs must be right too.
        inputs.append(_random(graph, WIDTHS[i // 4 % len(WIDTHS)] if i % 4 == 3 else useful[i % len(useful)], rng))
    reference.reset()
    return inputs


def _share_unsaturated(graph: Graph, width: float, reference: Runner, seed: int, trials: int = 6) -> float:
    rng = np.random.default_rng(seed)
    reference.reset()
    return sum(unsaturated(graph.outputs, reference.run(_random(graph, width, rng))) for _ in range(trials)) / trials


def _random(graph: Graph, width: float, rng: np.random.Generator) -> Inputs:
    values = []
    for t in graph.inputs:
        if t.dtype.numpy.kind == "f":
            values.append((rng.normal(size=t.shape) * width * 2).astype(np.float32))
            continue
        info = np.iinfo(t.dtype.numpy)
        reach = max(1, round((info.max - info.min) / 2 * width)) if t.dtype.size <= 2 else 100
        zero = t.zero_point if t.quantization else 0
        low, high = max(info.min, zero - reach), min(info.max, zero + reach)
        values.append(rng.integers(low, high, t.shape, dtype=t.dtype.numpy, endpoint=True))
    return values


def _edges(graph: Graph) -> list[Inputs]:
    """All lowest, all highest, all zero point, a ramp up and a ramp down."""

    def each(integer: Any, real: float) -> Inputs:
        return [
            np.full(t.shape, real, np.float32)
            if t.dtype.numpy.kind == "f"
            else np.broadcast_to(integer(t, np.iinfo(t.dtype.numpy)), t.elements).reshape(t.shape).astype(t.dtype.numpy)
            for t in graph.inputs
        ]

    def ramp(t: Tensor, info: Any, sign: int) -> np.ndarray:
        span = info.max - info.min + 1
        return info.min + (sign * np.arange(t.elements, dtype=np.int64)) % min(span, 1 << 16)

    return [
        each(lambda t, info: info.min, -1.0),
        each(lambda t, info: info.max, 1.0),
        each(lambda t, info: t.zero_point if t.quantization else 0, 0.0),
        each(lambda t, info: ramp(t, info, 1), 0.5),
        each(lambda t, info: ramp(t, info, -1), -0.5),
    ]


def compare(
    graph: Graph,
    tested: LayeredRunner,
    reference: Runner,
    inputs: Iterable[Inputs],
    layers: bool = False,
) -> CompareResult:
    """Run ``inputs`` in order through both, from reset state, and compare every output value.

    ``layers``: compare every intermediate tensor that ``tested`` has, in the order of computation; channels that a
    pass removed are left out. The runs go on after a difference, to count them all.
    """
    tested.reset()
    reference.reset()
    count = values = mismatches = live = tensors = 0
    greatest, first = 0.0, None
    for count, given in enumerate(inputs, start=1):
        got, expected = tested.run(given), reference.run(given)
        live += unsaturated(graph.outputs, expected)
        if layers and first is None:
            tensors = len(tested.tensors())
            first = _first_in_layers(count - 1, graph, tested, reference)
        for tensor, mine, right in zip(graph.outputs, got, expected, strict=True):
            distance = np.abs(mine.astype(np.float64) - right.astype(np.float64))
            values += mine.size
            mismatches += int(np.count_nonzero(mine != right))
            greatest = max(greatest, float(distance.max(initial=0.0)))
            first = first or _difference(count - 1, graph, tensor.index, mine, right)
    return CompareResult(reference.name, count, values, mismatches, greatest, first, live, tensors, tested.compared)


def _first_in_layers(number: int, graph: Graph, tested: LayeredRunner, reference: Runner) -> Difference | None:
    for index in tested.tensors():
        channels, expected = tested.channels(index), reference.tensor(index)
        if channels is not None:
            expected = expected[..., list(channels)]
        got = tested.unequal(index, expected)
        found = None if got is None else _difference(number, graph, index, got, expected)
        if found is not None:
            return found
    return None


def _difference(number: int, graph: Graph, index: int, got: np.ndarray, expected: np.ndarray) -> Difference | None:
    wrong = np.argwhere(got.reshape(expected.shape) != expected)
    if not len(wrong):
        return None
    where = tuple(int(i) for i in wrong[0])
    tensors = (t for op in graph.operators for t in op.outputs)
    name = next((t.name for t in tensors if t.index == index), "")
    return Difference(number, index, name, where, float(got.reshape(expected.shape)[where]), float(expected[where]))


def compare_model(
    data: bytes, graph: Graph, tested: LayeredRunner, count: int, seed: int, layers: bool = False
) -> CompareResult:
    """`compare` of ``tested`` with the best reference of this machine on `input_set` of ``count`` inputs. ``graph``
    is that of ``data``, the ``.tflite``, before any pass."""
    reference = reference_runner(data, graph)
    return compare(graph, tested, reference, input_set(graph, count, seed, reference), layers)
