"""Rewritings of the graph before it is lowered. Each is lossless: every output keeps its value bit for bit."""

from __future__ import annotations

from collections.abc import Callable

from toolchain.compiler.passes.activations import fuse_activations
from toolchain.compiler.passes.constants import fold_constants
from toolchain.compiler.passes.dead_channels import remove_dead_channels
from toolchain.compiler.passes.identities import remove_identities
from toolchain.compiler.passes.padding import fuse_padding
from toolchain.compiler.passes.rewrite import remove_unused
from toolchain.compiler.passes.tiles import join_tiles
from toolchain.compiler.passes.variables import resolve_variables
from toolchain.model.graph import Graph

PASSES: tuple[Callable[[Graph], Graph], ...] = (
    resolve_variables,
    fold_constants,
    remove_unused,
    join_tiles,
    remove_identities,
    fuse_activations,
    remove_dead_channels,
    fuse_padding,
)


def run_passes(graph: Graph) -> Graph:
    """``graph`` after every pass, in order."""
    for rewrite in PASSES:
        graph = rewrite(graph)
    return graph
