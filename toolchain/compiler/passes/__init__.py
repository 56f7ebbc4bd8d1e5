"""Rewritings of the graph before it is lowered. Each is lossless: every output keeps its value bit for bit."""

from __future__ import annotations

from collections.abc import Callable

from toolchain.compiler.passes.variables import resolve_variables
from toolchain.model.graph import Graph

PASSES: tuple[Callable[[Graph], Graph], ...] = (resolve_variables,)


def run_passes(graph: Graph) -> Graph:
    """``graph`` after every pass, in order."""
    for rewrite in PASSES:
        graph = rewrite(graph)
    return graph
