"""Limits of wall time that hold on any machine: stated for the one they were set on, stretched on a slower one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

#: Seconds of `_reference` on the machine that limits are stated for.
REFERENCE_SECONDS = 0.063
TRIES = 3


def least_seconds(limit: float, work: Callable[[], object]) -> float:
    """Seconds of ``work`` as the reference machine would take them, the least of up to `TRIES` runs: until one is
    within ``limit``. A machine that pauses does not do so in all of them."""
    least = float("inf")
    for _ in range(TRIES):
        before, start = _reference(), time.monotonic()
        work()
        seconds = time.monotonic() - start
        slowness = max(1.0, statistics.mean((before, _reference())) / REFERENCE_SECONDS)
        least = min(least, seconds / slowness)
        if least <= limit:
            break
    return least


def _reference() -> float:
    """Seconds of a piece of work that never changes, the median of some."""

    def once() -> float:
        start, total = time.monotonic(), 0
        for i in range(2_000_000):
            total += i % 7
        return time.monotonic() - start

    return statistics.median(once() for _ in range(5))
