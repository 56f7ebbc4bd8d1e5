"""Which ``[postprocessing]`` suits a kit: hits and false accepts of many on a recording of the validation part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain import pipeline
from toolchain.data.sources import load_stream
from toolchain.evaluate.stream_score import StreamScore
from toolchain.evaluate.stream_test import Inference, host_inferences, require_stream, scored
from toolchain.model.reader import read_model
from toolchain.postprocess import PostprocessingSettings, Postprocessor
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.data.stream import LongRecording
    from toolchain.kit import Kit
    from toolchain.workspace import Workspace

#: Length of the recording in minutes when nobody says: at two false accepts an hour, there are two to be counted.
MINUTES = 60.0
_THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_LENGTHS = (2, 3, 4, 5, 7, 9)


@dataclass(frozen=True)
class Candidate:
    """What settings made of the recording."""

    settings: PostprocessingSettings
    score: StreamScore

    @property
    def order(self) -> tuple[float, ...]:
        """The least is the best: most hits, then fewest false accepts, then the shortest delay."""
        return -self.score.hits, len(self.score.false_accepts), self.score.median_delay or 0.0

    @property
    def said(self) -> dict[str, Any]:
        """The keys of ``[postprocessing]`` that differ from their defaults, and the length of any smoothing."""
        given = self.settings.model_dump(mode="json", exclude_defaults=True)
        return given if self.settings.smoothing == "none" else {**given, "length": self.settings.length}

    def as_json(self) -> dict[str, Any]:
        return {"settings": self.said, **self.score.as_json()}


@dataclass(frozen=True)
class Tuning:
    """``candidates``: all that were tried. ``present``: the kit's own. ``chosen``: the most hits with at most
    ``most_false_accepts`` an hour, or None."""

    kit: str
    recording: str
    most_false_accepts: float
    present: Candidate
    candidates: tuple[Candidate, ...]

    @property
    def chosen(self) -> Candidate | None:
        fitting = [c for c in self.candidates if c.score.false_accepts_per_hour <= self.most_false_accepts]
        return min(fitting, key=lambda candidate: candidate.order, default=None)

    @property
    def best(self) -> tuple[Candidate, ...]:
        """Those than which no other has more hits without more false accepts; the fewest false accepts first."""
        kept: list[Candidate] = []
        for one in sorted(self.candidates, key=lambda c: (len(c.score.false_accepts), *c.order)):
            if not kept or one.score.hits > kept[-1].score.hits:
                kept.append(one)
        return tuple(kept)

    def as_json(self) -> dict[str, Any]:
        """The object that ``kit tune --json`` prints."""
        chosen = self.chosen
        return {
            "kit": self.kit,
            "recording": self.recording,
            "most_false_accepts_per_hour": self.most_false_accepts,
            "present": self.present.as_json(),
            "chosen": chosen and chosen.as_json(),
            "best": [candidate.as_json() for candidate in self.best],
            "candidates": [candidate.as_json() for candidate in self.candidates],
        }


def tune(
    kit: Kit,
    workspace: Workspace,
    *,
    minutes: float = MINUTES,
    most_false_accepts: float = 2.0,
    progress: Progress | None = None,
) -> Tuning:
    """Let the kit's trained model (trained if need be) hear a long recording of the validation part on this machine,
    and decide by many settings. Thresholds and smoothing differ, what else the kit says stays.

    Raises `BadInput` for a kit without a front end for streams, or whose source has no long recording, and what the
    stages raise.
    """
    progress = progress or Quiet()
    require_stream(kit)
    recording = load_stream(kit, minutes, progress, "validation")
    trained = pipeline.train(kit, workspace, progress)
    progress.stage("stream", f"{recording.seconds / 60:.1f} minutes of the validation part, on this machine")
    model = trained.int8_tflite.read_bytes()
    heard = []
    for inference in host_inferences(kit, model, recording.x):
        heard.append(inference)
        progress.update(inference.position, len(recording.x), f"{inference.position / recording.rate:.0f} s heard")
    settings = list(_settings(kit.postprocessing))
    output = read_model(model, kit.name).outputs[0]
    candidates = []
    for done, one in enumerate(settings, 1):
        decided = _decided(heard, Postprocessor(one, output, kit.labels), output.dtype.numpy)
        candidates.append(Candidate(one, scored(kit, recording, decided)))
        progress.update(done, len(settings), "settings")
    present = Candidate(kit.postprocessing, scored(kit, recording, heard))
    return Tuning(kit.name, _described(recording), most_false_accepts, present, tuple(candidates))


def _described(recording: LongRecording) -> str:
    return f"{recording.seconds / 60:.1f} minutes of the validation part: {recording.description}"


def _settings(kept: PostprocessingSettings) -> Iterator[PostprocessingSettings]:
    """What is tried: ``kept`` with other thresholds and smoothing."""
    same = kept.model_dump(exclude={"smoothing", "length", "threshold"})
    for threshold in _THRESHOLDS:
        yield PostprocessingSettings(**same, threshold=threshold)
        for length in _LENGTHS:
            yield PostprocessingSettings(**same, threshold=threshold, smoothing="moving_average", length=length)


def _decided(heard: Sequence[Inference], decisions: Postprocessor, dtype: np.dtype[Any]) -> list[Inference]:
    """``heard`` as other settings decide."""
    stream = decisions.start()
    return [Inference(i.position, i.output, stream.decide(np.frombuffer(i.output, dtype)).label) for i in heard]
