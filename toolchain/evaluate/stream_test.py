"""A kit's model on a long recording with events at known times, as a stream: on this machine, or on a board."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain import pipeline
from toolchain.data.sources import load_stream
from toolchain.data.stream import LongRecording
from toolchain.errors import BadInput
from toolchain.evaluate.stream_score import StreamScore, announcements, score
from toolchain.model.reader import read_model
from toolchain.postprocess import Postprocessor
from toolchain.progress import Progress, Quiet
from toolchain.signal import FrontEnd
from toolchain.signal.settings import AudioSettings, ImageSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit
    from toolchain.model.graph import Graph
    from toolchain.workspace import Workspace

#: Length of the recording in minutes when nobody says: as long as false accepts must be counted over at least.
MINUTES = 30.0


@dataclass(frozen=True, eq=False)
class HostAnswer:
    """One inference: ``position`` samples were heard; ``output`` of the model, raw; number of the label decided for, or
    None."""

    position: int
    output: np.ndarray
    label: int | None


@dataclass(frozen=True)
class StreamTest:
    """What was found. ``where``: ``host``, or the board."""

    kit: str
    where: str
    inferences: int
    recording: str
    score: StreamScore
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {
            "kit": self.kit,
            "where": self.where,
            "inferences": self.inferences,
            "recording": self.recording,
            **self.score.as_json(),
            "test_seconds": self.seconds,
        }


def run_stream_test(
    kit: Kit, workspace: Workspace, *, minutes: float = MINUTES, progress: Progress | None = None
) -> StreamTest:
    """Run the kit's trained model (trained if need be) over its source's long recording on this machine.

    Raises `BadInput` for a kit without a front end for streams, or whose source has no long recording.
    """
    progress = progress or Quiet()
    require_stream(kit)
    trained = pipeline.train(kit, workspace, progress)
    recording = load_stream(kit, minutes, progress)
    started = time.monotonic()
    progress.stage("stream", f"{recording.seconds / 60:.1f} minutes, {len(recording.events)} events")
    answers = []
    for answer in host_answers(kit, trained.int8_tflite.read_bytes(), recording.x):
        answers.append(answer)
        if len(answers) % 100 == 0:
            progress.update(answer.position, len(recording.x), f"{len(answers)} inferences")
    found = scored(kit, recording, [(answer.position, answer.label) for answer in answers])
    seconds = round(time.monotonic() - started, 3)
    return StreamTest(kit.name, "host", len(answers), recording.description, found, seconds)


def require_stream(kit: Kit) -> None:
    """Raises `BadInput` for a kit that has no front end for samples as they come."""
    if kit.signal is None or isinstance(kit.signal, ImageSettings):
        raise BadInput(f"{kit.name} takes no stream of samples", "a kit with [signal] audio or motion does")


def scored(kit: Kit, recording: LongRecording, decisions: list[tuple[int, int | None]]) -> StreamScore:
    """Decisions (samples heard, number of the label or None), one an inference, against the recording's events.

    Labels that are in no event, such as ``silence`` and ``unknown``, are no announcement: they say that there is
    nothing.
    """
    wanted = {event.label for event in recording.events}
    said = [
        (position / recording.rate, kit.labels[label] if label is not None and kit.labels[label] in wanted else None)
        for position, label in decisions
    ]
    return score(recording.events, announcements(said), recording.seconds, recording.tolerance)


def host_answers(kit: Kit, int8_model: bytes, x: np.ndarray) -> Iterator[HostAnswer]:
    """Every inference that the stream ``x`` of raw samples is due, by the C front end, our own C of the model and the C
    of post-processing, built for this machine."""
    from toolchain.compiler.compile import compile_model
    from toolchain.compiler.native import NativeModel

    graph = read_model(int8_model, kit.name)
    model = NativeModel(compile_model(graph, "generic", model_data=int8_model))
    decisions = Postprocessor(kit.postprocessing, graph.outputs[0], kit.labels).start()
    for position, window in windows(kit, graph, x):
        output = model.run([window])[0].reshape(-1)
        yield HostAnswer(position, output, decisions.decide(output).label)


def windows(kit: Kit, graph: Graph, x: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each input of the model in the stream ``x``, with the number of samples heard by then: the first when there are
    enough, the next ones a stride further each, at the end of the frame that completes it."""
    assert kit.signal is not None and not isinstance(kit.signal, ImageSettings)
    tensor, signal = graph.inputs[0], kit.signal
    if len(x) < (signal.length if isinstance(signal, AudioSettings) else signal.window):
        return
    made = FrontEnd(signal, tensor.quantization).quantized(x)
    due = 0
    for number in range(len(made)):
        position = signal.window + number * signal.hop
        if not isinstance(signal, AudioSettings):
            yield position, made[number].reshape(tensor.shape)
        elif number + 1 >= signal.frames and position >= due:
            due = position + signal.stride
            yield position, made[number + 1 - signal.frames : number + 1].reshape(tensor.shape)
