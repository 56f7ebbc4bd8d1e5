"""Static memory plan: where each activation and scratch buffer lies in the arena.

A buffer lives from the step that writes it to the step that last reads it. Two buffers that live at the same time lie
apart, except where the kernel between them permits its output to run over its input (`step.Overlap`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toolchain.model.graph import Tensor

ALIGNMENT = 4


@dataclass(frozen=True)
class Buffer:
    """``size`` bytes that live in steps ``first`` to ``last``, both included."""

    name: str
    size: int
    first: int
    last: int
    alignment: int = ALIGNMENT


@dataclass(frozen=True)
class Permission:
    """Buffers that live together may nevertheless overlap if ``address(low) <= address(high) + lead``."""

    low: int
    high: int
    lead: int


@dataclass(frozen=True)
class Problem:
    """Buffers by number, and the pairs of them that may overlap."""

    buffers: tuple[Buffer, ...]
    permissions: tuple[Permission, ...] = ()


@dataclass(frozen=True)
class Placement:
    """Byte offset of each buffer, the arena's size, and the lower bound that no plan can beat."""

    offsets: tuple[int, ...]
    arena_bytes: int
    bound: int


@dataclass(frozen=True, eq=False)
class Plan:
    """Where the tensors of a model lie. ``scratch`` is by number of step; absent where a step wants none."""

    offsets: Mapping[Tensor, int]
    scratch: Mapping[int, int]
    arena_bytes: int
    bound: int
    lifetimes: Mapping[Tensor, tuple[int, int]] = field(default_factory=dict)


def aligned(value: int, alignment: int) -> int:
    """The least multiple of ``alignment`` that is not below ``value``."""
    return -(-value // alignment) * alignment


def live_together(a: Buffer, b: Buffer) -> bool:
    """Whether some step needs both."""
    return a.first <= b.last and b.first <= a.last


def violations(problem: Problem, offsets: Sequence[int]) -> list[str]:
    """What is wrong with a placement, in words; empty when it is sound. Checks pair by pair, as a test would."""
    leads = {(p.low, p.high): p.lead for p in problem.permissions}
    wrong = []
    for i, a in enumerate(problem.buffers):
        if offsets[i] < 0 or offsets[i] % a.alignment:
            wrong.append(f"{a.name} at {offsets[i]} is not aligned to {a.alignment}")
        for j in range(i):
            b = problem.buffers[j]
            if not live_together(a, b):
                continue
            if offsets[i] + a.size <= offsets[j] or offsets[j] + b.size <= offsets[i]:
                continue
            if (i, j) in leads and offsets[i] <= offsets[j] + leads[i, j]:
                continue
            if (j, i) in leads and offsets[j] <= offsets[i] + leads[j, i]:
                continue
            wrong.append(f"{a.name} at {offsets[i]} and {b.name} at {offsets[j]} overlap")
    return wrong


def _lower_bound(problem: Problem) -> int:
    """Bytes that some step needs in any plan."""
    best = 0
    for time in sorted({b.first for b in problem.buffers}):
        live = {i for i, b in enumerate(problem.buffers) if b.first <= time <= b.last}
        total = sum(problem.buffers[i].size for i in live)
        for p in problem.permissions:  # each pair may save at most the smaller of the two
            if p.low in live and p.high in live:
                low, high = problem.buffers[p.low].size, problem.buffers[p.high].size
                together = max(low + max(0, -p.lead) * 0, high + max(0, -p.lead))
                total -= max(0, low + high - max(low, together))
        best = max(best, total, *(problem.buffers[i].size for i in live))
    return best


def place(problem: Problem) -> Placement:
    """Offsets for every buffer: the best of several orders of greedy placement."""
    bound = _lower_bound(problem)
    indices = range(len(problem.buffers))
    orders = [
        sorted(indices, key=lambda i: (-problem.buffers[i].size, problem.buffers[i].first, i)),
        sorted(indices, key=lambda i: (problem.buffers[i].first, -problem.buffers[i].size, i)),
    ]
    best: tuple[int, list[int]] | None = None
    for order in orders:
        offsets = _greedy(problem, order)
        top = max((offsets[i] + problem.buffers[i].size for i in indices), default=0)
        if best is None or top < best[0]:
            best = top, offsets
    assert best is not None
    return Placement(tuple(best[1]), best[0], bound)


def _greedy(problem: Problem, order: Sequence[int]) -> list[int]:
    offsets = [-1] * len(problem.buffers)
    placed: list[int] = []
    for i in order:
        a = problem.buffers[i]
        rivals = sorted((offsets[j], problem.buffers[j].size) for j in placed if live_together(a, problem.buffers[j]))
        at = 0
        for start, size in rivals:
            if at + a.size <= start:
                break
            at = max(at, aligned(start + size, a.alignment))
        offsets[i] = at
        placed.append(i)
    return offsets
