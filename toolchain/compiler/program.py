"""A graph lowered: the steps in order, the tensors that are views of others, and the planner's problem made of them."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import toolchain.compiler.lower as lower_package
from toolchain.compiler.lower.common import refuse
from toolchain.compiler.passes.variables import RESOLVED
from toolchain.compiler.plan import ALIGNMENT, Buffer, Permission, Plan, Problem, place
from toolchain.compiler.step import LOWERINGS, Context, Step, Target, View, copy_step, lowering_of
from toolchain.errors import BadInput
from toolchain.model.graph import Graph, Operator, Tensor


@dataclass(frozen=True, eq=False)
class Program:
    """Steps of the initialisers, then those of the inference. ``views`` maps a tensor to the one whose memory it
    shares and the byte at which it starts there; chains of views are resolved. ``external`` tensors lie elsewhere and
    are not planned."""

    graph: Graph
    init_steps: tuple[Step, ...]
    steps: tuple[Step, ...]
    views: dict[Tensor, tuple[Tensor, int]] = field(default_factory=dict)
    external: frozenset[Tensor] = frozenset()

    def root(self, tensor: Tensor) -> tuple[Tensor, int]:
        """The tensor that owns the memory of ``tensor``, and the byte in it at which ``tensor`` starts."""
        return self.views.get(tensor, (tensor, 0))


@functools.cache
def load_lowerings() -> None:
    """Import every module of `toolchain.compiler.lower`, which registers what it can lower."""
    for module in pkgutil.iter_modules(lower_package.__path__):
        importlib.import_module(f"{lower_package.__name__}.{module.name}")


def refuse_unknown(operators: Iterable[Operator]) -> None:
    """Raise BadInput naming the operators that no lowering takes, before any work is done."""
    unknown = [op for op in operators if op.kind not in LOWERINGS]
    if not unknown:
        return
    places = ", ".join(f"{op.kind} (layer {op.index}, output '{op.output.name}')" for op in unknown[:3])
    more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
    raise BadInput(
        f"no kernel for {places}{more}",
        f"build the model from supported operators: {', '.join(sorted({*LOWERINGS, *RESOLVED}))}",
    )


def lower(graph: Graph, context: Context) -> Program:
    """Every operator of ``graph`` as steps and views. Raises BadInput for an operator that cannot be lowered."""
    load_lowerings()
    refuse_unknown([*graph.initializers, *graph.operators])
    views: dict[Tensor, tuple[Tensor, int]] = {}

    def lowered(operators: Sequence[Operator]) -> tuple[Step, ...]:
        steps: list[Step] = []
        for op in operators:
            result = lowering_of(op)(op, context)
            for item in [result] if isinstance(result, (Step, View)) else result:
                if isinstance(item, View):
                    root, offset = views.get(item.input, (item.input, 0))
                    views[item.output] = root, offset + item.offset
                else:
                    _refuse_unported(item, context.target)
                    steps.append(item)
        return tuple(steps)

    init_steps, steps = lowered(graph.initializers), lowered(graph.operators)
    outputs = list(graph.outputs)
    for i, tensor in enumerate(outputs):  # a constant output must be put where outputs lie
        if views.get(tensor, (tensor, 0))[0].data is not None:
            outputs[i] = replace(tensor, data=None)
            op = graph.producer(tensor) or Operator("CONSTANT", (tensor,), (outputs[i],))
            steps += (copy_step(op, tensor, outputs[i]),)
            _refuse_unported(steps[-1], context.target)
    return Program(replace(graph, outputs=tuple(outputs)), init_steps, steps, views)


def _refuse_unported(step: Step, target: Target) -> None:
    """Raise BadInput for a kernel, or a constant operand, that a narrow target cannot do."""
    if not target.narrow:
        return
    if step.kernel not in target.kernels:
        raise refuse(
            step.operator,
            f"its kernel {step.kernel} is not made for {target.name}, whose constants are in a memory of their own",
            f"build the model from others, or use another board; there are kernels for {target.name}: "
            f"{', '.join(sorted(target.kernels))}",
        )
    for tensor in step.inputs:
        if tensor.data is not None:
            raise refuse(
                step.operator, f"{target.name} reads no constant operand", "compute it with a layer's weights", tensor
            )


@dataclass(frozen=True)
class _Needs:
    """What is to be placed: tensors with their lives [first, last] in steps, then scratch by number of step."""

    life: dict[Tensor, list[int]]
    scratch: dict[int, int]
    problem: Problem


def memory_problem(program: Program) -> Problem:
    """The planner's problem for ``program``."""
    return _needs(program).problem


def plan_memory(program: Program) -> Plan:
    """Place every activation and scratch buffer of ``program``. Steps are numbered with the initialisers first."""
    needs = _needs(program)
    placement = place(needs.problem)
    offsets = dict(zip(needs.life, placement.offsets, strict=False))
    for tensor, (root, offset) in program.views.items():
        if root in offsets:
            offsets[tensor] = offsets[root] + offset
    scratch = {time: placement.offsets[i] for time, i in needs.scratch.items()}
    lifetimes = {t: (first, last) for t, (first, last) in needs.life.items()}
    return Plan(offsets, scratch, placement.arena_bytes, placement.bound, lifetimes)


def _needs(program: Program) -> _Needs:
    steps = [*program.init_steps, *program.steps]
    start, end = len(program.init_steps), len(steps)
    life: dict[Tensor, list[int]] = {}

    def live(tensor: Tensor, time: int) -> None:
        root, _ = program.root(tensor)
        if root.data is not None or root in program.external:
            return
        if root.is_variable:
            life[root] = [-1, end]
            return
        span = life.setdefault(root, [time, time])
        span[0], span[1] = min(span[0], time), max(span[1], time)

    for tensor in program.graph.inputs:
        live(tensor, start - 1)
    for time, step in enumerate(steps):
        for tensor in (*step.inputs, *step.outputs):
            live(tensor, time)
    kept = {program.root(t)[0] for t in program.graph.outputs}
    for tensor in program.graph.outputs:
        live(tensor, end)

    numbers = {tensor: i for i, tensor in enumerate(life)}
    buffers = [Buffer(t.name, t.bytes, first, last, max(ALIGNMENT, t.dtype.size)) for t, (first, last) in life.items()]
    scratch: dict[int, int] = {}
    for time, step in enumerate(steps):
        if step.scratch_bytes:
            scratch[time] = len(buffers)
            buffers.append(Buffer(f"scratch of step {time}", step.scratch_bytes, time, time, 8))
    permissions: list[Permission] = []
    for time, step in enumerate(steps):
        permissions += _permissions(program, step, time, life, numbers, kept)
    return _Needs(life, scratch, Problem(tuple(buffers), tuple(permissions)))


def _permissions(
    program: Program,
    step: Step,
    time: int,
    life: dict[Tensor, list[int]],
    numbers: dict[Tensor, int],
    kept: set[Tensor],
) -> list[Permission]:
    """What the overlaps of ``step`` allow: only for an input that nothing reads later, through any view of it."""
    leads: dict[tuple[Tensor, Tensor], int] = {}
    for o, output in enumerate(step.outputs):
        out_root, out_offset = program.root(output)
        if out_root not in life or life[out_root][0] != time or out_root.is_variable:
            continue
        for root in dict.fromkeys(program.root(t)[0] for t in step.inputs):
            positions = [i for i, t in enumerate(step.inputs) if program.root(t)[0] is root]
            allowed = {x.input: x.lead for x in step.overlaps if x.output == o}
            if (
                root not in life
                or root.is_variable
                or root in kept
                or life[root][1] != time
                or any(i not in allowed for i in positions)
            ):
                continue
            leads[root, out_root] = min(allowed[i] + program.root(step.inputs[i])[1] - out_offset for i in positions)
    return [Permission(numbers[out], numbers[root], lead) for (root, out), lead in leads.items()]
