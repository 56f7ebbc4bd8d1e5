"""A model's generated code, here or on a board, against the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolchain.compiler.compare import CompareResult, LayeredRunner, compare_model
from toolchain.compiler.native import NativeModel
from toolchain.connection import Setup, connected
from toolchain.evaluate.board_model import BoardModel
from toolchain.model.reader import read_model
from toolchain.pipeline import Model, build, compile_to_c
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.workspace import Workspace


def compare_on_host(
    model: Model, target: str, *, count: int, seed: int, layers: bool = False, optimize: str = "default"
) -> CompareResult:
    """The C generated for ``target``, built for this machine, against the reference over ``count`` inputs.

    Raises BadInput for a model that cannot be compiled, Missing without a C compiler.
    """
    compiled = compile_to_c(model, target, optimize)
    return _compare(model, NativeModel(compiled), count, seed, layers)


def compare_on_board(
    model: Model,
    setup: Setup,
    workspace: Workspace,
    *,
    count: int,
    seed: int,
    layers: bool = False,
    progress: Progress | None = None,
) -> CompareResult:
    """The firmware of the board of ``setup`` with the model in it, against the reference over ``count`` inputs.

    Raises what building, flashing and the link raise.
    """
    progress = progress or Quiet()
    setup = setup.located()
    built = build(model, setup, workspace, progress=progress)
    compiled = compile_to_c(model, setup.board.target, setup.optimize)
    with connected(setup, built, model, progress) as connection:
        progress.stage("compare", f"{count} inputs on {setup.board.name}")
        return _compare(model, BoardModel(connection.session, compiled, layers), count, seed, layers)


def _compare(model: Model, tested: LayeredRunner, count: int, seed: int, layers: bool) -> CompareResult:
    data = model.path.read_bytes()
    return compare_model(data, read_model(data, model.name), tested, count, seed, layers)
