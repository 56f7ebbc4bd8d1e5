"""A model's generated code, here or on a board, against the reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toolchain.compiler.compare import CompareResult, compare_model
from toolchain.compiler.compile import CompiledModel, compile_model
from toolchain.compiler.native import AfterLayer, NativeModel
from toolchain.connection import connected, where
from toolchain.model.reader import read_model
from toolchain.pipeline import Model, build
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.link.session import Session
    from toolchain.workspace import Workspace


class BoardMachine:
    """The generated functions on a device, as a `native.Machine`.

    With ``layers`` each inference runs once a layer, stopped behind it, and the arena is read; a model with state is
    brought to the state it had before by all inputs since the last reset.
    """

    def __init__(self, session: Session, compiled: CompiledModel, layers: bool) -> None:
        self._session = session
        self._compiled = compiled
        self._layers = layers
        self._stateful = any(tensor.is_variable for tensor in compiled.plan.offsets)
        self._history: list[list[bytes]] = []

    def reset(self) -> None:
        self._session.reset_state()
        self._history = []

    def invoke(self, inputs: Sequence[tuple[int, np.ndarray]], after: AfterLayer) -> None:
        data = [values.tobytes() for _, values in inputs]
        arena = np.zeros(self._compiled.arena_bytes, np.uint8)
        for offset, values in inputs:
            arena[offset : offset + values.size] = values
        after(-1, arena)
        last = len(self._compiled.layers) - 1
        if self._layers:
            for layer in range(last):
                self._session.infer(data, stop_after=layer)
                after(layer, np.frombuffer(self._session.read_arena(0, arena.size), np.uint8))
                self._replay()
        result = self._session.infer(data)
        for tensor, output in zip(self._compiled.graph.outputs, result.outputs, strict=True):
            offset = self._compiled.plan.offsets[tensor]
            arena[offset : offset + tensor.bytes] = np.frombuffer(output, np.uint8)
        after(last, arena)
        if self._stateful:
            self._history.append(data)

    def _replay(self) -> None:
        if self._stateful:
            self._session.reset_state()
            for data in self._history:
                self._session.infer(data)


def compare_on_host(
    path: Path, target: str, *, count: int, seed: int, layers: bool = False, optimize: str = "default"
) -> CompareResult:
    """The C generated for ``target``, built for this machine, against the reference over ``count`` inputs.

    Raises BadInput for a model that cannot be compiled, Missing without a C compiler.
    """
    data, compiled = _compiled(path, target, optimize)
    return compare_model(data, read_model(data, path.stem), NativeModel(compiled), count, seed, layers)


def compare_on_board(
    path: Path,
    board: Board,
    workspace: Workspace,
    *,
    count: int,
    seed: int,
    layers: bool = False,
    emulate: bool = True,
    port: str | None = None,
    compiler: str | None = None,
    optimize: str = "default",
    progress: Progress | None = None,
) -> CompareResult:
    """The firmware of ``board`` with the model in it, against the reference over ``count`` inputs.

    Raises what building, flashing and the link raise.
    """
    progress = progress or Quiet()
    model, place = Model.of_file(path), where(board, emulate, port)
    built = build(
        model, board, workspace, emulate=place.emulated, compiler=compiler, optimize=optimize, progress=progress
    )
    data, compiled = _compiled(path, board.target, optimize)
    with connected(place, built, model, progress) as connection:
        progress.stage("compare", f"{count} inputs on {board.name}")
        tested = NativeModel(compiled, machine=BoardMachine(connection.session, compiled, layers))
        return compare_model(data, read_model(data, path.stem), tested, count, seed, layers)


def _compiled(path: Path, target: str, optimize: str) -> tuple[bytes, CompiledModel]:
    data = path.read_bytes()
    return data, compile_model(read_model(data, path.stem), target, optimize)
