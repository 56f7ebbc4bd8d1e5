"""Generated models with inputs and what the device reference answers."""

from __future__ import annotations

import base64
import functools
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from modelgen.generate import models
from modelgen.inputs import sample_inputs

from toolchain.compiler.compare import unsaturated
from toolchain.errors import BadInput
from toolchain.model.graph import Graph
from toolchain.model.reader import read_model
from toolchain.model.runners import EvaluatorRunner, Runner, reference_runner

#: Models an operator that are run on this machine and on each emulated core. 40 and 8 in `make test`.
COUNT = int(os.environ.get("KIT_CASES", "40"))
EMULATED_COUNT = max(8, COUNT // 25)
#: Models an operator from which those for the cores are chosen: all in `make test`.
CHOICE = min(COUNT, 3 * max(EMULATED_COUNT, 40))
#: Operators whose kernels differ from core to core: more of them are run on the cores.
OPTIMIZED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D", "network"}
OPTIMIZED |= {"PAD + CONV_2D", "PAD + DEPTHWISE_CONV_2D", "CONV_2D 1x1", "DEPTHWISE_CONV_2D 3x3"}
OPTIMIZED |= {"DEPTHWISE_CONV_2D 1xN", "ADD", "SUB"}

Values = list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Case:
    """One model. ``runs`` are inputs and outputs of successive inferences; ``reference`` names what gave them.
    ``evaluator``: the first inference whose outputs our evaluator computes differently, None when all agree."""

    name: str
    data: bytes
    graph: Graph
    reference: str
    runs: tuple[tuple[Values, Values], ...]
    evaluator: int | None

    @property
    def unsaturated(self) -> bool:
        """Whether most of the random inputs give an output value inside the range of its type."""
        inside = [unsaturated(self.graph.outputs, outputs) for _, outputs in self.runs]
        return sum(inside) * 2 >= len(inside)

    def mutated(self, run: int, output: int, byte: int) -> Case:
        """The same model with a wrong answer: the lowest bit of one byte is flipped."""
        runs = [(inputs, [o.copy() for o in outputs]) for inputs, outputs in self.runs]
        runs[run][1][output].reshape(-1).view(np.uint8)[byte] ^= 1
        return replace(self, runs=tuple(runs))

    def __str__(self) -> str:
        """What is needed to have the model again: `model_of` reads the last word."""
        blob = base64.b85encode(zlib.compress(self.data, 9)).decode()
        options = "; ".join(f"{op.kind} {dict(op.options)}" for op in self.graph.operators)
        return f"{self.name}: {options}\nthe model: {blob}"


def model_of(blob: str) -> bytes:
    """The ``.tflite`` that `Case` printed."""
    return zlib.decompress(base64.b85decode(blob))


def same(a: Values, b: Values) -> bool:
    """Whether two lists of outputs are equal to the byte."""
    return all(x.dtype == y.dtype and x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


def outputs_of(runner: Runner, inputs: list[Values]) -> list[Values]:
    return [[np.array(o) for o in runner.run(values)] for values in inputs]


def case_of(name: str, data: bytes) -> Case:
    """The answers of the device reference (our evaluator where that cannot run the model), and whether our evaluator
    agrees."""
    graph = read_model(data)
    inputs = sample_inputs(graph.inputs, zlib.crc32(data))
    reference = reference_runner(data, graph)
    expected = outputs_of(reference, inputs)
    differs = None
    if reference.name != EvaluatorRunner.name:
        ours = outputs_of(EvaluatorRunner(graph), inputs)
        differs = next((i for i, (a, b) in enumerate(zip(expected, ours, strict=True)) if not same(a, b)), None)
    return Case(name, data, graph, reference.name, tuple(zip(inputs, expected, strict=True)), differs)


def slug(kind: str) -> str:
    """A strategy's name as a C identifier."""
    return "".join(c if c.isalnum() else "_" for c in kind.lower()).strip("_")


@functools.lru_cache(maxsize=6000)  # all of `make test`; a few operators of `make conformance`
def _case(kind: str, count: int, number: int) -> Case:
    try:
        return case_of(f"{slug(kind)}_{number}", models(kind, count)[number])
    except BadInput as error:
        error.add_note(f"model {number} of {kind}")
        raise


def cases(kind: str) -> tuple[Case, ...]:
    """The `COUNT` cases of the strategy ``kind``."""
    return tuple(_case(kind, COUNT, i) for i in range(len(models(kind, COUNT))))


def few_cases(kind: str) -> tuple[Case, ...]:
    """`EMULATED_COUNT` of them (of `OPTIMIZED` ones three times as many), evenly spread: the first are the simplest."""
    total = len(models(kind, CHOICE))
    count = min(EMULATED_COUNT * (3 if kind in OPTIMIZED else 1), total)
    return tuple(_case(kind, CHOICE, total - 1 - i * total // count) for i in range(count))


def batched(made: Sequence[Case], count: int) -> Iterator[tuple[int, Sequence[Case]]]:
    """``made`` in parts of at most ``count``, each with the number of its first."""
    for first in range(0, len(made), count):
        yield first, made[first : first + count]
