"""Layers run a few rows at a time, so that what lies between them never exists whole.

A chain of convolutions is computed stripe by stripe of rows of its last output. Each stripe computes the rows of the
inner tensors that it needs in scratch memory; rows that two stripes need are computed twice. This trades
multiplications for multiplications for memory, and is done where the plan has its peak.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from toolchain.compiler.passes.padding import own_padding
from toolchain.compiler.plan import ALIGNMENT, lower_bound, needs_by_step
from toolchain.compiler.program import Program, memory_problem, plan_memory
from toolchain.compiler.step import LOWERINGS, Context, Overlap, Step, Stripe, StripedStep
from toolchain.model.graph import Graph, Operator, Tensor

_KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_LONGEST = 5
_ROWS = (1, 2, 4, 8)  # of the last output, computed at a time
_FEWEST = 8  # pixels of a stripe of the last output: kernels take groups of pixels
_CALL_WORK = 300  # what one more kernel call costs, in multiplications
_PLACES = 3  # chains striped at most: after each, the peak is elsewhere


# Multiplications that a chain may cost more, as a share of the model's, by what is optimised for.
_EXTRA_WORK = {"ram": 0.5, "default": 0.02}
_LEAST_GAIN = {"ram": 0.0, "default": 0.05}  # share of the memory that must be saved to be worth the code


def stripe_peaks(program: Program, context: Context) -> Program:
    """``program`` with chains of layers at the peak of the memory plan striped, as long as that lowers the peak
    noticeably and the work that it adds is worth it: much for optimise ``ram``, little by default, none otherwise."""
    limit = _EXTRA_WORK.get(context.optimize, 0.0) * sum(s.macs for s in program.steps)
    for _ in range(_PLACES if limit else 0):
        bound = lower_bound(memory_problem(program))
        candidates = [
            (lower_bound(memory_problem(candidate)), work, candidate)
            for candidate, work in _candidates(program, context, limit)
        ]
        if not candidates:
            break
        # Within one part in a hundred of the least memory, the least work.
        enough = min(c[0] for c in candidates) * 1.01
        best, _, candidate = min((c for c in candidates if c[0] <= enough), key=lambda c: c[1::-1])
        if best >= bound * (1 - _LEAST_GAIN[context.optimize]):
            break
        program = candidate
    return program


def _candidates(program: Program, context: Context, limit: float) -> Iterator[tuple[Program, float]]:
    """Programs with one chain at the peak striped, and the work that this adds: at most ``limit`` multiplications."""
    needs = needs_by_step(memory_problem(program))
    peak = max(needs, key=lambda time: needs[time]) - len(program.init_steps)
    for first in range(max(0, peak - _LONGEST), min(peak + 1, len(program.steps))):
        for last in range(max(first + 1, peak), min(first + _LONGEST, len(program.steps))):
            chain = program.steps[first : last + 1]
            if not is_chain(program, chain):
                continue
            if any(_row_bytes(t) % ALIGNMENT for t in (chain[0].inputs[0], chain[-1].outputs[0])):
                continue  # kernels that read words want stripes that start at words
            height, width = chain[-1].outputs[0].shape[1:3]
            for rows in _ROWS:
                if rows * width < _FEWEST and context.optimize != "ram":
                    continue
                work = extra_work(chain, rows)
                if rows * 2 <= height and work <= limit:
                    steps = (*program.steps[:first], striped(chain, rows, context), *program.steps[last + 1 :])
                    yield replace(program, steps=steps), work


def is_chain(program: Program, chain: Sequence[Step]) -> bool:
    """Whether each step is a convolution of one image, and only the next one reads what it writes."""
    for i, step in enumerate(chain):
        operator = step.operator
        if operator.kind not in _KINDS or isinstance(step, StripedStep):
            return False
        if step.inputs != operator.inputs[:1] or step.outputs != operator.outputs or step.inputs[0].shape[0] != 1:
            return False
        if i + 1 < len(chain):
            output = step.outputs[0]
            readers = [s for s in program.steps if any(program.root(t)[0] is output for t in s.inputs)]
            if readers != [chain[i + 1]] or output in program.graph.outputs or chain[i + 1].inputs != (output,):
                return False
    return program.root(chain[0].inputs[0])[0].data is None


@dataclass(frozen=True)
class _Rows:
    """Rows ``first`` up to, not including, ``last`` of a tensor."""

    first: int
    last: int


def _needed(operator: Operator, rows: _Rows) -> tuple[_Rows, tuple[int, int, int, int]]:
    """The input rows that output ``rows`` of a convolution are computed from, and the padding around them."""
    top, left, _, right = own_padding(operator)
    stride = operator.options["stride_h"]
    span = (operator.input(1).shape[1] - 1) * operator.options.get("dilation_h_factor", 1) + 1
    first = rows.first * stride - top
    last = (rows.last - 1) * stride - top + span
    height = operator.input(0).shape[1]
    return _Rows(max(0, first), min(height, last)), (max(0, -first), left, max(0, last - height), right)


def _row_bytes(tensor: Tensor) -> int:
    return tensor.bytes // tensor.shape[1]


def extra_work(chain: Sequence[Step], rows: int) -> float:
    """Multiplications for the rows of inner tensors that are computed more than once, and for the further calls;
    infinite where some stripe would read nothing but padding, which no kernel can."""
    total, height = 0.0, chain[-1].outputs[0].shape[1]
    for first in range(0, height, rows):
        wanted = _Rows(first, min(first + rows, height))
        for step in reversed(chain):
            total += step.macs * (wanted.last - wanted.first) / step.outputs[0].shape[1]
            wanted, _ = _needed(step.operator, wanted)
            if wanted.first >= wanted.last:
                return math.inf
    calls = (-(-height // rows) - 1) * len(chain)
    return total - sum(step.macs for step in chain) + calls * _CALL_WORK


def striped(chain: Sequence[Step], rows: int, context: Context) -> StripedStep:
    """The steps of ``chain`` as one, ``rows`` rows of the last output at a time."""
    source, result = chain[0].inputs[0], chain[-1].outputs[0]
    height = result.shape[1]
    groups: list[tuple[tuple[object, ...], Stripe]] = []
    first_read, write_end, macs = [], [], 0
    for first in range(0, height, rows):
        operators: list[Operator] = []
        wanted = _Rows(first, min(first + rows, height))
        write_end.append(wanted.last * _row_bytes(result))
        output = _part(result, wanted)
        for step in reversed(chain):
            needed, padding = _needed(step.operator, wanted)
            x = _part(step.operator.input(0), needed)
            options = {**step.operator.options, "padding": "VALID", "explicit_padding": padding}
            operators.insert(0, replace(step.operator, inputs=(x, *step.operator.inputs[1:]), outputs=(output,)))
            operators[0] = replace(operators[0], options=options)
            output, wanted = x, needed
        first_read.append(wanted.first * _row_bytes(source))
        signature = tuple((op.input(0).shape, op.output.shape, op.options["explicit_padding"]) for op in operators)
        start_in, start_out = first_read[-1], first * _row_bytes(result)
        if groups and groups[-1][0] == signature and _continues(groups[-1][1], start_in, start_out):
            stripe = groups[-1][1]
            stripe = replace(
                stripe,
                count=stripe.count + 1,
                input_stride=start_in - stripe.input_offset if stripe.count == 1 else stripe.input_stride,
                output_stride=start_out - stripe.output_offset if stripe.count == 1 else stripe.output_stride,
            )
            groups[-1] = signature, stripe
        else:
            groups.append((signature, _stripe(operators, start_in, start_out, context)))
        macs += sum(s.macs for s in groups[-1][1].steps)
    leads = np.array(first_read[1:]) - np.array(write_end[:-1])
    stripes = tuple(stripe for _, stripe in groups)
    return StripedStep(
        operator=chain[-1].operator,
        kernel=" + ".join(step.kernel for step in chain),
        header="",
        params=None,
        inputs=(source,),
        outputs=(result,),
        scratch_bytes=max(stripe.scratch_bytes for stripe in stripes),
        overlaps=(Overlap(0, 0, int(leads.min(initial=source.bytes))),),
        macs=macs,
        stripes=stripes,
    )


def _continues(stripe: Stripe, start_in: int, start_out: int) -> bool:
    """Whether a further repetition of ``stripe`` would start there."""
    if stripe.count == 1:
        return True
    return (
        start_in == stripe.input_offset + stripe.count * stripe.input_stride
        and start_out == stripe.output_offset + stripe.count * stripe.output_stride
    )


def _part(tensor: Tensor, rows: _Rows) -> Tensor:
    return replace(tensor, shape=(1, rows.last - rows.first, *tensor.shape[2:]), index=-1)


def _stripe(operators: Sequence[Operator], start_in: int, start_out: int, context: Context) -> Stripe:
    """One stripe, with the rows of its inner tensors placed in its scratch."""
    source, result = operators[0].input(0), operators[-1].output
    steps: list[Step] = []
    for operator in operators:
        lowered = LOWERINGS[operator.kind](operator, context)
        for step in lowered if isinstance(lowered, list) else [lowered]:
            assert isinstance(step, Step), operator.kind
            steps.append(step)
    graph = Graph("stripe", (source,), (result,), tuple(operators))
    plan = plan_memory(Program(graph, (), tuple(steps), {}, external=frozenset((source, result))))
    return Stripe(
        steps=tuple(steps),
        source=source,
        result=result,
        offsets=plan.offsets,
        scratch=plan.scratch,
        scratch_bytes=plan.arena_bytes,
        input_offset=start_in,
        output_offset=start_out,
    )
