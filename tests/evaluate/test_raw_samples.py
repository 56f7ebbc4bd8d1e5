"""Test, profile and reports of a kit with a front end: raw samples go to the device, which does the whole work."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import streaming

from toolchain import pipeline
from toolchain.board.descriptor import load_board
from toolchain.cli import evaluation_tables
from toolchain.connection import Setup, connected
from toolchain.data import Dataset, Provenance, Split
from toolchain.emulate.pty_process import PtyProcess
from toolchain.errors import DeviceError
from toolchain.evaluate import reference
from toolchain.evaluate.device import Expected
from toolchain.evaluate.junit import junit_xml
from toolchain.evaluate.kit_test import KitTest, run_kit_test
from toolchain.evaluate.report import report_html
from toolchain.kit import Kit
from toolchain.train import TrainedModel
from toolchain.workspace import Workspace

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

SAMPLES = 12


def prepare(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """The kit, with a model that needs no training and random samples."""
    kit = streaming.kit(kind, folder)
    assert kit.signal is not None
    count = SAMPLES if kind == "image" else SAMPLES * kit.input.shape[0]
    x = streaming.raw_samples(kind, count).reshape(SAMPLES, *kit.input.shape)
    part = Split(x, np.arange(SAMPLES) % len(streaming.LABELS))
    data = Dataset(part, part, part, kit.labels, Provenance("made up", "none", "00"))
    monkeypatch.setattr(reference, "load_dataset", lambda kit: data)
    int8 = streaming.model(kind)
    (folder / "model_int8.tflite").write_bytes(int8)
    (folder / "model_float.tflite").write_bytes(streaming.float_model(kind))
    curve = [0.1, 0.2]
    metrics = {
        "model_sha256": hashlib.sha256(int8).hexdigest(), "accuracy_float": 1.0, "accuracy_host": 1.0,
        "int8_runner": "none", "best_epoch": 1, "epochs": 2, "parameters": 10, "weights_bytes": 10, "model_bytes": 99,
        "samples": {"train": 1, "validation": 1, "test": SAMPLES},
        "history": dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), curve),
    }  # fmt: skip
    monkeypatch.setattr(pipeline, "train", lambda *_: TrainedModel(folder, metrics))
    return kit


def run(kit: Kit, board: str, folder: Path, samples: int = SAMPLES, **more: object) -> KitTest:
    setup = Setup(load_board(board), emulated=True)
    return run_kit_test(kit, setup, Workspace(folder / "build"), samples=samples, workers=1, **more)


@pytest.mark.parametrize(
    ("board", "kind"),
    [
        ("host", "audio"),
        *(("mps2-an386", kind) for kind in streaming.SETTINGS),
        ("esp32", "audio"),
        ("esp32c3", "motion"),
        ("esp32c3", "image"),
    ],
)
def test_the_device_does_the_whole_work(kind: str, board: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if board.startswith("esp"):
        pytest.importorskip("labwired")
    kit = prepare(kind, tmp_path, monkeypatch)
    result = run(kit, board, tmp_path, 2 if board.startswith("esp") else SAMPLES)
    said = json.loads(json.dumps(result.as_json()))
    assert said["parity"]["mismatches"] == said["parity"]["max_abs_diff"] == 0
    front, model = said["front_end_latency"], said["latency"]
    assert said["whole_latency"]["p50"] == pytest.approx(front["p50"] + model["p50"], rel=0.1)
    assert front["unit"] == model["unit"]
    assert 0 < front["p50"] <= front["p95"] <= front["max"]
    memory = said["memory"]
    assert memory["flash_bytes"] > memory["front_end_flash_bytes"] > 0
    around = streaming.front_end(kind)
    assert around.ram_bytes - 128 <= memory["front_end_ram_bytes"] <= memory["static_ram_bytes"]
    if board == "mps2-an386":
        assert memory["front_end_ram_bytes"] <= around.ram_bytes + 128


def test_a_profile_and_the_reports_show_the_front_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = prepare("audio", tmp_path, monkeypatch)
    result = run(kit, "mps2-an386", tmp_path, profile=True)
    assert result.profile is not None and result.test.front_end_latency is not None
    assert result.profile.front_end == pytest.approx(result.test.front_end_latency.p50, rel=0.05)
    assert "front end" in report_html(result)
    properties = ElementTree.fromstring(junit_xml(result).partition("?>")[2]).iter("property")
    assert {p.get("name"): p.get("value") for p in properties}["front_end_latency_p95"] == str(
        result.test.front_end_latency.p95
    )
    for shown in (evaluation_tables.tested(result), evaluation_tables.profiled("audio", "mps2-an386", result.profile)):
        assert "front end" in as_text(shown)


def as_text(shown: object) -> str:
    from rich.console import Console

    console = Console(width=160, record=True, file=io.StringIO())
    console.print(shown)
    return console.export_text()


def test_answers_of_raw_samples_are_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = prepare("motion", tmp_path, monkeypatch)
    first = run(kit, "host", tmp_path, 5)
    second = run(kit, "host", tmp_path, SAMPLES, resume=True)
    assert (first.resumed, second.resumed) == (0, 5)
    assert second.test.front_end_latency is not None


def test_what_is_expected_keeps_the_raw_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = prepare("image", tmp_path, monkeypatch)
    whole = reference.expect(kit, streaming.model("image"), streaming.float_model("image"))
    whole.save(tmp_path / "e.npz")
    again = Expected.load(tmp_path / "e.npz").first(3)
    assert np.array_equal(again.sent, reference.load_dataset(kit).test.x[:3])
    assert len(again.inputs) == 3


def test_a_stride_is_other_firmware_and_the_same_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = prepare("audio", tmp_path, monkeypatch)
    assert kit.signal is not None
    often = kit.model_copy(update={"signal": kit.signal.model_copy(update={"stride_ms": 10.0})})
    first, second = (run(each, "host", tmp_path, 1) for each in (kit, often))
    assert first.built is not None and second.built is not None
    assert first.built.build_id != second.built.build_id
    assert often.training_key() == kit.training_key()


def test_a_board_with_another_front_end_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is the same; the stride, the filters or the front end itself may not be."""
    kit = prepare("motion", tmp_path, monkeypatch)
    assert kit.signal is not None
    board = load_board("host")
    model = pipeline.kit_model(kit, pipeline.train(kit, Workspace(tmp_path / "build")))
    other = replace(model, signal=kit.signal.model_copy(update={"hop": 9}))
    bare = replace(model, signal=None)

    def connect(built: pipeline.Model, wanted: pipeline.Model) -> None:
        firmware = pipeline.build(built, Setup(board, emulated=True), Workspace(tmp_path / "build"))
        with (
            PtyProcess([firmware.elf]) as device,
            connected(Setup(board, port=device.port), None, wanted) as found,
        ):
            raw = np.zeros(kit.input.shape, np.int16).tobytes()
            assert found.infer(raw).front_ticks is not None

    connect(model, model)
    with pytest.raises(DeviceError, match=r"other settings of \[signal\]"):
        connect(other, model)
    with pytest.raises(DeviceError, match="has no front end"):
        connect(bare, model)
