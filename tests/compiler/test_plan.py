"""The memory planner: sound on every problem, at the optimum on small ones."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.compiler.plan import Buffer, Permission, Problem, lower_bound, place, violations

pytestmark = pytest.mark.unit


@st.composite
def problems(draw: st.DrawFn, most: int = 12, unit: int = 1) -> Problem:
    """Buffers with random lives; where one begins as another ends, perhaps a permission with a lead of any sign."""
    buffers = []
    for i in range(draw(st.integers(1, most))):
        first = draw(st.integers(0, 6))
        alignment = draw(st.sampled_from([4, 8]))
        size = unit * draw(st.integers(1, 40))
        buffers.append(Buffer(f"b{i}", size, first, first + draw(st.integers(0, 4)), alignment))
    permissions = [
        Permission(low, high, draw(st.integers(-20, 20)))
        for low, a in enumerate(buffers)
        for high, b in enumerate(buffers)
        if low != high and a.first == b.last and draw(st.booleans())
    ]
    return Problem(tuple(buffers), tuple(permissions))


def overlapping(problem: Problem, offsets: tuple[int, ...]) -> bool:
    """Checked byte by byte and step by step: some byte belongs to two living buffers without permission."""
    allowed = {(p.low, p.high) for p in problem.permissions if offsets[p.low] <= offsets[p.high] + p.lead}
    for time in range(12):
        owner: dict[int, list[int]] = {}
        for i, b in enumerate(problem.buffers):
            if b.first <= time <= b.last:
                for byte in range(offsets[i], offsets[i] + b.size):
                    owner.setdefault(byte, []).append(i)
        for owners in owner.values():
            for i in owners:
                for j in owners:
                    if i < j and (i, j) not in allowed and (j, i) not in allowed:
                        return True
    return False


@settings(max_examples=150)
@given(problems())
def test_no_two_living_buffers_share_a_byte_without_permission(problem: Problem) -> None:
    placement = place(problem, rounds=100)
    assert not violations(problem, placement.offsets)
    assert not overlapping(problem, placement.offsets)
    tops = [at + b.size for at, b in zip(placement.offsets, problem.buffers, strict=True)]
    assert placement.arena_bytes == max(tops)
    assert placement.bound <= placement.arena_bytes


@settings(max_examples=60)
@given(problems(most=4, unit=4))
def test_small_problems_are_solved_as_well_as_by_every_order(problem: Problem) -> None:
    placement = place(problem)
    best = min(_by_order(problem, order) for order in permutations(range(len(problem.buffers))))
    assert placement.arena_bytes <= best


def _by_order(problem: Problem, order: tuple[int, ...]) -> int:
    """Lowest sound offset for each buffer in turn, found by trying them all."""
    offsets: dict[int, int] = {}
    for i in order:
        at = 0
        while True:
            numbers = [*sorted(offsets), i]
            part = Problem(
                tuple(problem.buffers[k] for k in numbers),
                tuple(
                    Permission(numbers.index(p.low), numbers.index(p.high), p.lead)
                    for p in problem.permissions
                    if p.low in numbers and p.high in numbers
                ),
            )
            if not violations(part, [*(offsets[k] for k in sorted(offsets)), at]):
                break
            at += 4
        offsets[i] = at
    return max(at + problem.buffers[i].size for i, at in offsets.items())


def test_violations_are_seen() -> None:
    a, b = Buffer("a", 8, 0, 1), Buffer("b", 8, 1, 2)
    assert violations(Problem((a, b)), (0, 4))
    assert not violations(Problem((a, b)), (0, 8))
    assert not violations(Problem((a, b), (Permission(1, 0, 4),)), (0, 4))
    assert violations(Problem((a, b), (Permission(1, 0, 3),)), (0, 4))
    assert violations(Problem((a,)), (2,))


def test_chain_of_in_place_steps_takes_one_buffer() -> None:
    buffers = tuple(Buffer(f"t{i}", 1000, i, i + 1) for i in range(8))
    permissions = tuple(Permission(i + 1, i, 0) for i in range(7))
    assert place(Problem(buffers, permissions)).arena_bytes == 1000


def test_diagonal_sharing_counts_in_the_bound() -> None:
    big, small = Buffer("in", 2000, 0, 1), Buffer("out", 4000, 1, 2)
    problem = Problem((big, small), (Permission(1, 0, -2000),))
    assert lower_bound(problem) == 4000
    assert place(problem).arena_bytes == 4000


def test_same_problem_gives_the_same_plan() -> None:
    buffers = tuple(Buffer(f"t{i}", 100 + 37 * i % 91, i % 5, i % 5 + i % 3) for i in range(20))
    assert place(Problem(buffers)) == place(Problem(buffers))
