"""Models drawn from the strategies, the same ones for the same seed."""

from __future__ import annotations

import functools
from contextlib import suppress
from unittest import SkipTest

from hypothesis import HealthCheck, Phase, given, seed, settings

from modelgen.strategy import every_strategy

MOST_ROUNDS = 8


@functools.cache
def models(kind: str, count: int, number: int = 0) -> tuple[bytes, ...]:
    """``count`` different models of the strategy ``kind``; fewer when it has no more. ``number`` is the seed.

    The first models for a greater ``count`` are not those for a smaller one: the library spreads what it draws over
    the number it is asked for.
    """
    strategy = every_strategy()[kind]
    found: dict[bytes, None] = {}
    for round_number in range(MOST_ROUNDS):
        if len(found) >= count:
            break

        @seed(number * MOST_ROUNDS + round_number)
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def collect(data: bytes) -> None:
            found[data] = None
            if len(found) == count:
                raise SkipTest  # the one exception that ends the drawing at once

        with suppress(SkipTest):
            collect()
    return tuple(found)
