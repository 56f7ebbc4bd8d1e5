"""Which post-processing is chosen, and that it decides as it will on the device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from toolchain.cli.evaluation_tables import tuned
from toolchain.data.stream import Event, LongRecording
from toolchain.errors import BadInput
from toolchain.evaluate import stream_tune
from toolchain.evaluate.stream_score import Decided, StreamScore
from toolchain.evaluate.stream_test import Inference
from toolchain.evaluate.stream_tune import Candidate, Tuning, tune
from toolchain.kit import Kit, load_kit
from toolchain.model.graph import DType, Quantization, Tensor
from toolchain.postprocess import PostprocessingSettings
from toolchain.workspace import Workspace

pytestmark = pytest.mark.unit


def _candidate(hits: int, false_accepts: int, delay: float = 0.5, **settings: object) -> Candidate:
    score = StreamScore(3700, 1.0, {"yes": (hits, 9)}, (Decided(1.0, "yes"),) * false_accepts, (delay,) * hits, 0)
    return Candidate(PostprocessingSettings.model_validate(settings), score)


def _tuning(candidates: Sequence[Candidate], most: float = 2.0) -> Tuning:
    return Tuning("words", "an hour", most, _candidate(1, 1), tuple(candidates))


def test_the_most_hits_with_few_enough_false_accepts_are_chosen() -> None:
    few, more, slow, many = _candidate(3, 0), _candidate(5, 2), _candidate(5, 2, 0.9), _candidate(9, 3)
    for order in ((few, more, slow, many), (many, slow, more, few)):
        assert _tuning(order).chosen == more
    assert _tuning((few, more, many), most=1.9).chosen == few
    assert _tuning((more, many), most=1.9).chosen is None


def test_only_what_no_other_beats_is_shown() -> None:
    few, beaten, more, worse, most = (_candidate(*n) for n in ((3, 0), (3, 1), (5, 2), (4, 2), (9, 30)))
    assert _tuning((most, worse, more, beaten, few)).best == (few, more, most)


def test_the_table_says_what_to_write() -> None:
    from rich.console import Console

    settings = {"threshold": 0.8, "smoothing": "moving_average", "length": 3, "ignored": ["silence"]}
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(tuned(_tuning((_candidate(5, 2, **settings), _candidate(2, 0, threshold=0.9)))))
    shown = console.export_text()
    assert "5 of 9" in shown and "500 ms" in shown and "moving average of 3" in shown
    lines = [line.strip() for line in shown.splitlines()]
    assert {"[postprocessing]", 'smoothing = "moving_average"', "length = 3", "threshold = 0.8"} <= set(lines)
    assert 'ignored = ["silence"]' in lines
    assert [line.endswith("chosen") for line in lines if " of 9 " in line] == [False, True, False]


def test_all_but_threshold_and_smoothing_stay_as_the_kit_has_them() -> None:
    kept = PostprocessingSettings(debounce=7, hysteresis=0.2, ignored=("a",), smoothing="moving_average", length=9)
    tried = list(stream_tune._settings(kept))
    assert len(set(tried)) == len(tried) > 50
    assert {(s.debounce, s.hysteresis, s.ignored) for s in tried} == {(7, 0.2, ("a",))}


def test_settings_decide_on_what_the_model_said(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A model that says "yes" for one answer of the word and for two of something else, not so surely."""
    kit = load_kit("keyword")
    yes, unknown = kit.labels.index("yes"), kit.labels.index("unknown")
    outputs = np.full((40, len(kit.labels)), -128, np.int8)
    outputs[:, unknown] = 127
    for at, score in ((10, 100), (11, 100), (12, 100), (30, 60)):
        outputs[at, yes], outputs[at, unknown] = score, -score
    recording = LongRecording(np.zeros(40 * 4000, np.int16), 16000, (Event(2.2, 2.6, "yes"),), 1.25, "made up")
    heard = [Inference(4000 * i, row.tobytes(), None) for i, row in enumerate(outputs)]
    monkeypatch.setattr(stream_tune, "load_stream", lambda kit, minutes, progress, part: recording)
    monkeypatch.setattr(stream_tune, "host_inferences", lambda *_: iter(heard))
    (tmp_path / "model").write_bytes(b"")
    trained = type("Trained", (), {"int8_tflite": tmp_path / "model"})
    monkeypatch.setattr(stream_tune.pipeline, "train", lambda *_: trained)
    output = Tensor("out", (1, len(kit.labels)), DType.INT8, Quantization((1 / 256,), (-128,)))
    monkeypatch.setattr(stream_tune, "read_model", lambda *_: type("Graph", (), {"outputs": (output,)}))
    result = tune(kit, Workspace(tmp_path), minutes=1)
    by_settings = {(c.settings.smoothing, c.settings.length, c.settings.threshold): c.score for c in result.candidates}
    plain = by_settings["none", 3, 0.6]
    assert (plain.hits, len(plain.false_accepts)) == (1, 1)
    smooth = by_settings["moving_average", 3, 0.6]
    assert (smooth.hits, len(smooth.false_accepts)) == (1, 0)
    assert by_settings["none", 3, 0.95].hits == 0
    assert result.chosen is not None and result.chosen.score.hits == 1 and not result.chosen.score.false_accepts
    said = result.as_json()
    assert said["chosen"]["settings"]["ignored"] == ["silence", "unknown"] and said["chosen"]["hits"] == 1
    assert len(said["candidates"]) == len(result.candidates) and said["present"]["hits"] == 0


@pytest.mark.parametrize(("name", "text"), [("digits", "takes no stream"), ("anomaly", "no long recording|no stream")])
def test_a_kit_without_a_stream_is_refused_before_training(name: str, text: str, monkeypatch, tmp_path) -> None:
    def train(kit: Kit, *_: object) -> None:
        pytest.fail("trained first")

    monkeypatch.setattr(stream_tune.pipeline, "train", train)
    with pytest.raises(BadInput, match=text):
        tune(load_kit(name), Workspace(tmp_path))
