"""Files through the firmware's front end, model and post-processing, and what the host makes of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import native_firmware
import numpy as np
import pytest
import streaming
from stream_kits import kit_of

from toolchain.board.descriptor import load_board
from toolchain.connection import Connection
from toolchain.emulate import start
from toolchain.emulate.pty_process import PtyProcess
from toolchain.errors import BadInput
from toolchain.kit import InputSpec, Kit
from toolchain.link.session import Session
from toolchain.model.reader import read_model
from toolchain.postprocess import PostprocessingSettings, Postprocessor
from toolchain.stream.answers import Answer
from toolchain.stream.inputs import Feed, Piece, open_input
from toolchain.stream.live import Live

SMOOTH = PostprocessingSettings(
    smoothing="moving_average", length=3, threshold=0.35, hysteresis=0.05, debounce=1, ignored=("two",)
)
VOTE = PostprocessingSettings(smoothing="majority_vote", length=4, threshold=0.3)


def kit_for(kind: str, folder: Path, labels: tuple[str, ...] = streaming.LABELS) -> Kit:
    signal = streaming.SETTINGS[kind]
    shape = InputSpec(shape=signal.raw_shape, dtype=signal.raw_dtype)
    return kit_of(folder, "digits").model_copy(
        update={"name": kind, "labels": labels, "signal": signal, "input": shape}
    )


@contextmanager
def native(kind: str, folder: Path, settings: PostprocessingSettings) -> Iterator[Connection]:
    """The firmware as a process, under sanitizers."""
    program = streaming.native(kind, folder, "-O1", *native_firmware.SANITIZE, postprocessing=settings)
    with PtyProcess([program]) as process, Session.open(process.port) as session:
        yield Connection(process.port, "us", 1e6 / session.info.tick_hz, session)
        process.check()


@contextmanager
def emulated(kind: str, folder: Path, settings: PostprocessingSettings) -> Iterator[Connection]:
    board = load_board("mps2-an386").as_emulated()
    firmware = streaming.firmware(kind, board.name, folder, postprocessing=settings)
    with start(board, firmware.elf) as emulator, Session.open(emulator.port, board.baud) as session:
        yield Connection(emulator.port, emulator.unit, 1.0, session)


PLACES = [
    pytest.param(native, marks=pytest.mark.slow, id="native"),
    pytest.param(emulated, marks=pytest.mark.emulator, id="mps2-an386"),
]


def check(answers: list[Answer], kind: str, samples: np.ndarray, settings: PostprocessingSettings) -> None:
    """Each answer is what the host's own front end, model and post-processing say."""
    host = Postprocessor(settings, read_model(streaming.model(kind)).outputs[0], streaming.LABELS).start()
    expected = streaming.expected(kind, samples).outputs
    assert len(answers) == len(expected) > 5
    for answer, output in zip(answers, expected, strict=True):
        values = np.frombuffer(output, np.int8)
        decision = host.decide(values)
        label = None if decision.label is None else streaming.LABELS[decision.label]
        assert (answer.decision, answer.score) == (label, round(decision.score, 6))
        assert answer.scores == tuple(np.round((values.astype(float) + 128) / 256, 6))
        assert answer.latency > 0


@pytest.mark.parametrize("place", PLACES)
def test_sound_of_another_rate_and_two_channels(place, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    pytest.importorskip("soxr")
    t = np.arange(44_100) / 44_100
    left = 0.4 * np.sin(2 * np.pi * (300 + 900 * t) * t) * (t % 0.2 < 0.1)
    soundfile.write(tmp_path / "a.wav", np.stack([left, left[::-1]], 1), 44_100)
    kit = kit_for("audio", tmp_path)
    notes: list[str] = []
    samples = np.concatenate([p.samples for p in open_input(str(tmp_path / "a.wav"), kit, notes.append).pieces])
    with place("audio", tmp_path, SMOOTH) as connection:
        feed = open_input(str(tmp_path / "a.wav"), kit, notes.append)
        answers = list(Live(connection, kit, "", feed).answers(None))
    check(answers, "audio", samples, SMOOTH)
    assert len({a.decision for a in answers}) >= 2 and None in {a.decision for a in answers}
    assert notes[0] == "a.wav: 2 channels averaged, 44,100 Hz resampled to 16,000 Hz"
    assert answers[0].input.startswith("a.wav 0.") and answers[-1].number == len(answers)


@pytest.mark.slow
def test_motion_of_a_csv_and_a_folder_that_begins_anew_with_each_file(tmp_path: Path) -> None:
    kit = kit_for("raw", tmp_path)
    samples = streaming.raw_samples("raw", 300)
    folder = tmp_path / "walks"
    for label in ("one", "three"):
        (folder / label).mkdir(parents=True)
        np.savetxt(folder / label / "a.csv", samples, "%d", delimiter=",")
    with native("raw", tmp_path, VOTE) as connection:
        answers = list(Live(connection, kit, "", open_input(str(folder), kit, print)).answers(None))
        np.save(tmp_path / "short.npy", samples[:10])
        short = Live(connection, kit, "", open_input(str(tmp_path / "short.npy"), kit, print))
        assert len(list(short.answers(None))) == 1
        with pytest.raises(BadInput, match=r"nothing: no answer came of it"):
            list(Live(connection, kit, "", Feed("nothing", iter([Piece(samples[:10], "few")]))).answers(None))
    half = len(answers) // 2
    for part, truth in ((answers[:half], "one"), (answers[half:], "three")):
        check(part, "raw", samples, VOTE)
        assert {a.truth for a in part} == {truth}


@pytest.mark.slow
def test_pictures_keep_their_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.stream.live.now", lambda: 0.0)  # what takes time here is not what is tested
    kit = kit_for("image", tmp_path)
    samples = streaming.raw_samples("image", 8)
    with native("image", tmp_path, VOTE) as connection:
        feed = Feed("pictures", iter([Piece(picture, "picture") for picture in samples]))
        slept: list[float] = []
        live = Live(connection, kit, "ab", feed)
        check(list(live.answers(slept.append)), "image", samples, VOTE)
        assert slept == pytest.approx(0.25 * np.arange(1, 9), abs=1e-9)  # nobody slept: ever further ahead
        assert (live.heading.kit, live.heading.board, live.heading.labels) == ("image", "host", streaming.LABELS)
        endless = itertools.cycle(samples)
        assert connection.session.samples(next(endless))
