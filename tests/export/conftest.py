"""Projects made of a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.export.projects import BOARDS, IDENTITY, Export, compiled
from toolchain.board.build import Identity
from toolchain.board.descriptor import load_board
from toolchain.export import Exported, export_project


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """``export(sdk)``, or with another board: a project in a folder of its own."""

    def make(sdk: str, board_name: str = "", labels: tuple[str, ...] = IDENTITY.labels) -> Exported:
        board = load_board(board_name or BOARDS[sdk])
        identity = Identity(IDENTITY.kit, IDENTITY.model_sha256, labels)
        return export_project(compiled(board.target), identity, board, sdk, tmp_path / f"{sdk}-project")

    return make
