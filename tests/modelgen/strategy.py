"""Registry of the generators of test models: one hypothesis strategy an operator, each drawing a whole ``.tflite``.

    @strategy("CONV_2D")
    def conv(draw: Draw) -> bytes: ...

The conformance suite goes through `STRATEGIES` after `load_strategies`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
STRATEGIES: dict[str, st.SearchStrategy[bytes]] = {}
#: Forms of operators that the reader and the evaluator take and no lowering does.
NOT_LOWERED: dict[str, st.SearchStrategy[bytes]] = {}


def strategy(
    kind: str, lowered: bool = True
) -> Callable[[Callable[[Draw], bytes]], Callable[[], st.SearchStrategy[bytes]]]:
    """Register a function that draws a model with operator ``kind`` in it; ``lowered``: the compiler takes it."""

    def register(function: Callable[[Draw], bytes]) -> Callable[[], st.SearchStrategy[bytes]]:
        assert kind not in STRATEGIES and kind not in NOT_LOWERED, kind
        composite = st.composite(function)
        (STRATEGIES if lowered else NOT_LOWERED)[kind] = composite()
        return composite

    return register


def every_strategy() -> dict[str, st.SearchStrategy[bytes]]:
    """`load_strategies` and `NOT_LOWERED`."""
    return load_strategies() | NOT_LOWERED


def load_strategies() -> dict[str, st.SearchStrategy[bytes]]:
    """`STRATEGIES` after every module of ``modelgen.ops`` was imported."""
    package = importlib.import_module("modelgen.ops")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"modelgen.ops.{module.name}")
    return STRATEGIES
