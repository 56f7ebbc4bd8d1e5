"""Static memory plan: where each activation and scratch buffer lies in the arena.

A buffer lives from the step that writes it to the step that last reads it. Two buffers that live at the same time lie
apart, except where the kernel between them permits its output to run over its input (`step.Overlap`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

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


def needs_by_step(problem: Problem) -> dict[int, int]:
    """Bytes that each step at which a buffer begins needs in any plan: what lives then, less what its permissions can
    save."""
    sizes = [aligned(b.size, ALIGNMENT) for b in problem.buffers]
    needs: dict[int, int] = {}
    for time in sorted({b.first for b in problem.buffers}):
        live = {i for i, b in enumerate(problem.buffers) if b.first <= time <= b.last}
        savings: dict[int, int] = {}
        for p in problem.permissions:
            if p.low in live and p.high in live:
                common = min(sizes[p.high], sizes[p.low] - max(0, -p.lead))
                savings[p.low] = savings.get(p.low, 0) + max(0, common)
        saved = sum(min(sizes[low], total) for low, total in savings.items())
        needs[time] = max(sum(sizes[i] for i in live) - saved, *(sizes[i] for i in live))
    return needs


def lower_bound(problem: Problem) -> int:
    """Bytes that no plan can do without."""
    return max(needs_by_step(problem).values(), default=0)


def place(problem: Problem, rounds: int = 1500) -> Placement:
    """Offsets for every buffer. Greedy placement in several orders, then ``rounds`` of local search over the order;
    ends as soon as the lower bound is met. The same problem gives the same plan."""
    if not problem.buffers:
        return Placement((), 0, 0)
    bound = lower_bound(problem)
    search = _Search(problem)
    buffers, indices = problem.buffers, range(len(problem.buffers))
    lows = {p.low for p in problem.permissions}
    orders = [
        sorted(indices, key=lambda i: (-buffers[i].size, buffers[i].first, i)),
        sorted(indices, key=lambda i: (-buffers[i].size, -buffers[i].first, i)),
        sorted(indices, key=lambda i: (buffers[i].first, -buffers[i].size, i)),
        sorted(indices, key=lambda i: (-buffers[i].last, -buffers[i].size, i)),
        sorted(indices, key=lambda i: (i not in lows, -buffers[i].size, -buffers[i].first, i)),
        sorted(indices, key=lambda i: (-buffers[i].size * (buffers[i].last - buffers[i].first + 1), i)),
    ]
    best_order, best, best_offsets = orders[0], -1, [0]
    for order in orders:
        offsets = search.greedy(order)
        top = search.top(offsets)
        if best < 0 or top < best:
            best_order, best, best_offsets = order, top, offsets
        if best <= bound:
            break
    order, current, offsets = best_order, best, best_offsets
    random = Random(len(buffers))
    for _ in range(rounds):
        if best <= bound:
            break
        trial = search.neighbour(order, offsets, current, random)
        trial_offsets = search.greedy(trial)
        top = search.top(trial_offsets)
        if top <= current or random.random() < 0.02:
            order, current, offsets = trial, top, trial_offsets
        if top < best:
            best, best_offsets = top, trial_offsets
    if best < bound:  # which counts whole words: the last one need not be
        bound -= ALIGNMENT - 1
    return Placement(tuple(best_offsets), best, bound)


class _Search:
    """Greedy placement of one problem in any order, with what does not depend on the order worked out once."""

    def __init__(self, problem: Problem) -> None:
        self.buffers = problem.buffers
        n = len(self.buffers)
        leads = {(p.low, p.high): p.lead for p in problem.permissions}
        # For each buffer i: (j, reach_below, reach_above), so that i must not start strictly between
        # address(j) + reach_below and address(j) + reach_above.
        self.forbidden: list[list[tuple[int, int, int]]] = [[] for _ in range(n)]
        for i, a in enumerate(self.buffers):
            for j, b in enumerate(self.buffers):
                if i == j or not live_together(a, b):
                    continue
                below, above = -a.size, b.size
                if (i, j) in leads:
                    below = max(below, leads[i, j])
                if (j, i) in leads:
                    above = min(above, -leads[j, i])
                if below < above:
                    self.forbidden[i].append((j, below, above))

    def greedy(self, order: Sequence[int]) -> list[int]:
        """The lowest possible offset of each buffer in turn."""
        offsets = [-1] * len(self.buffers)
        for i in order:
            gaps = sorted((offsets[j] + lo, offsets[j] + hi) for j, lo, hi in self.forbidden[i] if offsets[j] >= 0)
            at, alignment = 0, self.buffers[i].alignment
            for lo, hi in gaps:
                if lo >= at:
                    break
                if at < hi:
                    at = -(-hi // alignment) * alignment
            offsets[i] = at
        return offsets

    def top(self, offsets: Sequence[int]) -> int:
        """Bytes of arena that a placement needs."""
        return max(at + b.size for at, b in zip(offsets, self.buffers, strict=True))

    def neighbour(self, order: list[int], offsets: list[int], top: int, random: Random) -> list[int]:
        """An order near ``order``: a buffer that reaches the top, or one that it rests on, moves elsewhere."""
        highest = [i for i, at in enumerate(offsets) if at + self.buffers[i].size == top]
        chosen = random.choice(highest)
        if self.forbidden[chosen] and random.random() < 0.6:
            chosen = random.choice(self.forbidden[chosen])[0]
        trial = [i for i in order if i != chosen]
        trial.insert(random.randrange(len(order)), chosen)
        return trial
