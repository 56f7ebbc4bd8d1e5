"""The five MLPerf Tiny models on emulated cores: figures that must not get worse."""

from __future__ import annotations

import pytest

from toolchain.board.descriptor import load_board
from toolchain.connection import Setup
from toolchain.evaluate.bench import Bench, bench
from toolchain.pipeline import Model
from toolchain.workspace import Workspace

pytestmark = pytest.mark.emulator

GROWTH = 500
"""Bytes that the application around a model may grow by before it is noticed here."""

# Instructions and bytes of flash on the Cortex-M4.
M4 = {
    "kws": (3_600_000, 36_000),
    "ic": (14_000_000, 92_000),
    "vww": (7_000_000, 50_000),
    "ad": (300_000, 274_000),
    "sww": (1_000_000, 58_000),
}
# TensorFlow Lite Micro with CMSIS-NN on the M55, of which 0.7 is aimed at: the two that come nearest to it.
M55 = {"kws": 1_785_000, "sww": 407_000}
# Portable C needs at most this many instructions for each multiplication: RV32 on the model that needs most, Xtensa.
PORTABLE = 5.0
CONVOLUTIONAL = [("qemu-virt-rv32", "vww"), *(("qemu-lx106", name) for name in ("kws", "ic", "vww", "sww"))]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("build"))


def measured(shared_models: dict, name: str, board: str, workspace: Workspace) -> Bench:  # type: ignore[type-arg]
    return bench(Model.of_file(shared_models[name]), Setup(load_board(board)), workspace)


@pytest.mark.parametrize("name", M4)
def test_cortex_m4(shared_models, name: str, workspace: Workspace) -> None:  # type: ignore[no-untyped-def]
    found = measured(shared_models, name, "mps2-an386", workspace)
    instructions, flash = M4[name]
    assert found.time <= instructions
    assert found.memory.flash_bytes <= flash + GROWTH


@pytest.mark.parametrize("name", M55)
def test_cortex_m55(shared_models, name: str, workspace: Workspace) -> None:  # type: ignore[no-untyped-def]
    assert measured(shared_models, name, "mps3-an547", workspace).time <= 0.7 * M55[name]


@pytest.mark.parametrize(("board", "name"), CONVOLUTIONAL)
def test_portable_c(shared_models, board: str, name: str, workspace: Workspace) -> None:  # type: ignore[no-untyped-def]
    found = measured(shared_models, name, board, workspace)
    assert found.time <= PORTABLE * found.macs
