"""The same bytes on emulated boards as in training, and what they cost."""

from __future__ import annotations

from pathlib import Path

import device
import motions
import numpy as np
import pytest
import sounds

from toolchain.board.application import Application
from toolchain.board.build import Identity, build_firmware
from toolchain.board.descriptor import load_board
from toolchain.compiler.compile import compile_model
from toolchain.emulate import start
from toolchain.link.session import Session
from toolchain.model.graph import Quantization
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner
from toolchain.pipeline import front_end_files
from toolchain.signal import AudioSettings, FrontEnd, ImageSettings, MotionSettings

pytestmark = pytest.mark.emulator

INT8 = Quantization((0.4,), (100,))
KEYWORD = AudioSettings()

#: Instructions for one second of sound on a Cortex-M4; measured 1.78, 1.90, 2.20 and 3.49 million.
COSTS = [
    (KEYWORD, 1.9e6),
    (AudioSettings(coefficients=13, pre_emphasis=0.97), 2.0e6),
    (AudioSettings(energy="magnitude"), 2.3e6),
    (AudioSettings(fft=1024, window_ms=40.0), 3.5e6),
]


def check(front: FrontEnd, samples: np.ndarray, board: str, out: Path) -> device.Ran:
    ran = device.run(front, samples, board, out)
    assert np.array_equal(ran.whole, front.quantized(samples).reshape(-1))
    assert ran.stream is None or np.array_equal(ran.stream, ran.whole)
    return ran


@pytest.mark.parametrize(("settings", "most"), COSTS)
def test_sound_on_a_cortex_m4(settings: AudioSettings, most: float, tmp_path: Path) -> None:
    ran = check(FrontEnd(settings, INT8), sounds.speech_like(1.0, 20000), "mps2-an386", tmp_path)
    assert len(ran.whole) == 49 * settings.columns
    assert ran.cost < most


@pytest.mark.slow
def test_a_keyword_window_in_the_whole_firmware_of_a_cortex_m4(tmp_path: Path, shared_models: dict[str, Path]) -> None:
    """One second of sound on the serial line, MFCCs and a DS-CNN, then a stride more. Measured in millions of
    instructions: front end 2.05, then 0.50 a stride; model 3.41."""
    data = shared_models["kws"].read_bytes()
    graph, settings = read_model(data), AudioSettings(coefficients=10)
    board = load_board("mps2-an386").as_emulated()
    compiled = compile_model(graph, board.target)
    application = Application("app", front_end=front_end_files(settings, compiled))
    built = build_firmware(board, compiled, Identity("kws", graph.sha256), tmp_path, application=application)
    sound = sounds.speech_like(1.3, 20000)
    with start(built.board, built.elf) as emulator, Session.open(emulator.port, board.baud) as session:
        first = session.stream().first
        answers = session.samples(sound)

        def cost(ticks: int) -> float:
            return emulator.ticks_to_latency(ticks, session.info.tick_hz)

        whole, stride = answers[0], answers[1]
        assert [a.position for a in answers] == [first, first + settings.stride]
        assert cost(whole.front_ticks) < 2.3e6 and cost(stride.front_ticks) < 0.6e6
        assert cost(whole.model_ticks) < 4e6
    front, reference = FrontEnd(settings, graph.inputs[0].quantization), reference_runner(data, graph)
    for answer in answers:
        features = front.quantized(sound[answer.position - first : answer.position])
        assert answer.outputs[0] == reference.run([features.reshape(graph.inputs[0].shape)])[0].tobytes()


@pytest.mark.parametrize("board", ["mps2-an386", "esp32c3", "esp32"])
@pytest.mark.parametrize("features", ["spectral", "raw"])
def test_motion_on_boards(features: str, board: str, tmp_path: Path) -> None:
    if board.startswith("esp"):
        pytest.importorskip("labwired")
    s = MotionSettings(axes=6, window=100, hop=50, features=features)
    ran = check(FrontEnd(s, INT8), motions.swing(200, 6, 8000), board, tmp_path)
    assert not board.startswith("mps2") or ran.cost < 3 * 110e3  # measured: 99 thousand a window


@pytest.mark.parametrize("board", ["mps2-an386", "esp32c3", "esp32"])
def test_pictures_on_boards(board: str, tmp_path: Path) -> None:
    if board.startswith("esp"):
        pytest.importorskip("labwired")
    s = ImageSettings(source=(60, 80), size=(48, 48), format="rgb565_swapped")
    pixels = np.random.default_rng(4).integers(0, 256, (60, 80, 2)).astype(np.uint8)
    ran = check(FrontEnd(s, Quantization((1.0,), (-128,))), pixels, board, tmp_path)
    assert not board.startswith("mps2") or ran.cost < 48 * 48 * 235  # measured: 216 a pixel


@pytest.mark.parametrize("board", ["mps2-an385", "esp32c3", "esp32"])
def test_sound_on_other_boards(board: str, tmp_path: Path) -> None:
    if board.startswith("esp"):
        pytest.importorskip("labwired")
    check(FrontEnd(KEYWORD, INT8), sounds.speech_like(0.1, 20000), board, tmp_path)
