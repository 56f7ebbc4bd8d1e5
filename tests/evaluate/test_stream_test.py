"""A stream on this machine: which windows the model sees, and what of its decisions counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from toolchain.data.stream import Event, LongRecording
from toolchain.errors import BadInput
from toolchain.evaluate.stream_test import Inference, require_stream, scored, windows
from toolchain.kit import load_kit
from toolchain.model.graph import DType, Quantization, Tensor
from toolchain.signal import FrontEnd

pytestmark = pytest.mark.unit


@dataclass
class _Graph:
    inputs: tuple[Tensor, ...]


def test_windows_are_a_stride_apart_and_those_of_the_whole_window_front_end() -> None:
    kit = load_kit("keyword")
    assert kit.signal is not None
    quantization = Quantization((0.02,), (-3,))
    graph = _Graph((Tensor("in", (1, *kit.model_shape), DType.INT8, quantization),))
    x = np.random.default_rng(0).integers(-9999, 9999, 3 * 16000).astype(np.int16)
    made = list(windows(kit, graph, x))  # type: ignore[arg-type]
    positions = [position for position, _ in made]
    assert np.diff(positions).tolist() == [4000] * (len(made) - 1)
    assert positions[-1] + 4000 > len(x)
    frames = kit.model_shape[0]
    length = 512 + (frames - 1) * 400
    assert positions[0] == length <= kit.input.shape[0]
    front_end = FrontEnd(kit.signal, quantization)
    for position, window in made:
        assert (window[0] == front_end.quantized(x[position - length : position])).all()
    assert not list(windows(kit, graph, x[: length - 1]))  # type: ignore[arg-type]


def test_labels_that_are_no_event_announce_nothing() -> None:
    kit = load_kit("keyword")
    recording = LongRecording(np.zeros(160000, np.int16), 16000, (Event(2.0, 2.5, "yes"),), 1.25, "")
    said = [(1, "unknown"), (2.75, "yes"), (3.0, "yes"), (4, "silence"), (5, None), (6, "no"), (9, "yes")]
    found = scored(
        kit,
        recording,
        [Inference(int(t * 16000), b"", None if w is None else kit.labels.index(w)) for t, w in said],
    )
    assert (found.hits, found.misses, found.repeats) == (1, 0, 0)
    assert [d.label for d in found.false_accepts] == ["yes"], "no is in no event of this recording"


def test_a_kit_without_samples_as_they_come_is_refused() -> None:
    with pytest.raises(BadInput, match="digits takes no stream"):
        require_stream(load_kit("digits"))
