"""The stages from a kit to a firmware image, beside each other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.modelgen.networks import random_network
from toolchain.board import build as board_build
from toolchain.board.descriptor import load_board
from toolchain.connection import Setup
from toolchain.pipeline import Model, build
from toolchain.workspace import Workspace

pytestmark = pytest.mark.unit


def test_a_real_and_an_emulated_board_s_firmware_are_not_compiled_in_one_folder_at_once(tmp_path, monkeypatch):
    """Their object files lie in one folder, so that each is compiled once."""
    (tmp_path / "m.tflite").write_bytes(random_network(3))
    model, board, space = Model.of_file(tmp_path / "m.tflite"), load_board("mps2-an386"), Workspace(tmp_path)
    inside = []

    def note(*arguments, **options):
        inside.append("in")
        time.sleep(0.1)
        inside.append("out")
        raise InterruptedError

    monkeypatch.setattr(board_build, "build_firmware", note)
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(build, model, Setup(board, emulated=emulated), space) for emulated in (True, False)]
    assert [type(run.exception()) for run in runs] == [InterruptedError] * 2, [run.exception() for run in runs]
    assert inside == ["in", "out"] * 2
