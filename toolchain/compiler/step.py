"""What a lowering produces: calls of C kernels, with their constants and their wishes to the memory planner.

A lowering turns one `Operator` into steps (usually one). A step is one C call

    kernel(&params, input_0, …, output_0, …, scratch);

with ``inputs`` and ``outputs`` the tensors in the order of the C arguments (an input may be a constant tensor, written
as it is; constants that are packed, and all others, go into ``params``)
and ``scratch`` present only when ``scratch_bytes`` > 0. The kernel's C function is named like its file:
``firmware_templates/nn/<kernel>.c``; ``header`` declares it and its params struct.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolchain.model.graph import DType, Graph, Operator, Tensor


@dataclass(frozen=True, eq=False)
class Constant:
    """A static const array of the generated C. ``role`` ends its name (``weights``, ``bias``, ``multiplier``).

    ``array`` is written flat in C order with the C type of its dtype, aligned to words. Equal arrays are emitted once.
    """

    role: str
    array: np.ndarray


@dataclass(frozen=True)
class Overlap:
    """Output ``output`` may share memory with input ``input`` if it starts at most ``lead`` bytes after it:

        address(output) <= address(input) + lead

    (``lead`` 0: in place or behind; negative: the output must start at least that many bytes before the input.)
    A kernel may be given a lead only if, when it runs forward, no byte is written before its last read. This is the
    "diagonal" sharing of input and output that a row-by-row kernel permits. Without an Overlap they are disjoint.
    """

    input: int
    output: int
    lead: int


@dataclass(frozen=True, eq=False)
class Step:
    """One kernel call. ``params`` maps struct fields to ints, floats, `Constant`s, strings of C, or nested mappings
    and sequences of these; None when the kernel takes no params."""

    operator: Operator
    kernel: str
    header: str
    params: Mapping[str, Any] | None
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    struct: str = ""
    scratch_bytes: int = 0
    overlaps: tuple[Overlap, ...] = ()
    macs: int = 0

    @property
    def kind(self) -> str:
        """What it computes, in the schema's names."""
        return self.operator.kind


@dataclass(frozen=True, eq=False)
class Stripe:
    """Some rows of a chain of layers: ``steps`` on parts of their tensors, repeated ``count`` times.

    Repetition i reads ``source`` from byte ``input_offset + i * input_stride`` of the chain's input on and writes
    ``result`` to byte ``output_offset + i * output_stride`` of its output. The other tensors lie at ``offsets`` in the
    scratch of ``scratch_bytes`` bytes, and the scratch of step i at ``scratch[i]`` in it.
    """

    steps: tuple[Step, ...]
    source: Tensor
    result: Tensor
    offsets: Mapping[Tensor, int]
    scratch: Mapping[int, int]
    scratch_bytes: int
    input_offset: int
    output_offset: int
    count: int = 1
    input_stride: int = 0
    output_stride: int = 0


@dataclass(frozen=True, eq=False)
class StripedStep(Step):
    """A chain of layers as one step, computed in ``stripes`` (see `stripes`); ``kernel`` names theirs."""

    stripes: tuple[Stripe, ...] = ()

    @property
    def kind(self) -> str:
        return " + ".join(step.kind for step in self.stripes[0].steps)


@dataclass(frozen=True, eq=False)
class View:
    """The operator moves no data: ``output`` is ``input`` from byte ``offset`` on (a reshape, a leading slice)."""

    operator: Operator
    input: Tensor
    output: Tensor
    offset: int = 0


def copy_step(operator: Operator, source: Tensor, destination: Tensor) -> Step:
    """Copy ``source`` to ``destination``, which may overlap it in any way."""
    return Step(
        operator,
        "kit_copy",
        "kit_copy.h",
        {"bytes": destination.bytes},
        (source,),
        (destination,),
        overlaps=(Overlap(0, 0, source.bytes + destination.bytes),),
    )


@dataclass(frozen=True)
class Target:
    """What code is generated for. ``dsp``: Armv7E-M/Armv8-M SIMD (SMLAD, SXTB16); ``mve``: Armv8.1-M vectors.
    ``narrow``: registers of 8 bits, and constants in a program memory that data pointers do not reach; ``kernels`` are
    then those that read their constants from there and do with an ``int`` of 16 bits, all others are refused.
    ``unsigned_bytes``: bytes are loaded without their signs."""

    name: str
    dsp: bool = False
    mve: bool = False
    unsigned_bytes: bool = False
    narrow: bool = False
    kernels: frozenset[str] = frozenset()


NARROW_KERNELS = frozenset(
    {
        "kit_average_pool_s8",
        "kit_conv_s8",
        "kit_copy",
        "kit_depthwise_conv_s8",
        "kit_dequantize",
        "kit_fully_connected_s8_narrow",
        "kit_lookup_s8",
        "kit_max_pool_s8",
        "kit_quantize",
        "kit_requantize_elements",
        "kit_softmax_s8",
    }
)

TARGETS: dict[str, Target] = {
    t.name: t
    for t in (
        Target("generic"),
        Target("cortex-m0plus"),
        Target("cortex-m3"),
        Target("cortex-m4", dsp=True),
        Target("cortex-m7", dsp=True),
        Target("cortex-m33", dsp=True),
        Target("cortex-m55", dsp=True, mve=True),
        Target("rv32"),
        Target("xtensa", unsigned_bytes=True),
        Target("avr", narrow=True, kernels=NARROW_KERNELS),
    )
}


@dataclass(frozen=True, eq=False)
class Context:
    """What a lowering may ask: the whole (rewritten) graph, the target, and what to optimise for."""

    graph: Graph
    target: Target
    optimize: str = "default"  # default | speed | size | ram


Lowering = Callable[[Operator, Context], "Step | View | Sequence[Step | View]"]
LOWERINGS: dict[str, Lowering] = {}
LOWERINGS_OF_TYPE: dict[tuple[str, DType], Lowering] = {}


def lowers(*kinds: str, dtype: DType | None = None) -> Callable[[Lowering], Lowering]:
    """Register a function as the lowering of operators ``kinds``; with ``dtype`` only of those whose first output has
    that element type, which comes before the general one. A lowering raises `errors.BadInput` for a form of its
    operator that it cannot do exactly, naming layer, tensor and remedy (see `refuse`)."""

    def register(function: Lowering) -> Lowering:
        for kind in kinds:
            if dtype is None:
                assert kind not in LOWERINGS, kind
                LOWERINGS[kind] = function
            else:
                assert (kind, dtype) not in LOWERINGS_OF_TYPE, kind
                LOWERINGS_OF_TYPE[kind, dtype] = function
        return function

    return register


def lowering_of(operator: Operator) -> Lowering:
    """The lowering of ``operator``, whose kind must be registered."""
    typed = LOWERINGS_OF_TYPE.get((operator.kind, operator.outputs[0].dtype)) if operator.outputs else None
    return typed or LOWERINGS[operator.kind]
