"""A kit's model on a long recording with events at known times, as a stream: on this machine, or on a board."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain import pipeline
from toolchain.connection import Connection, Setup, connected, require_answer
from toolchain.data.sources import load_stream
from toolchain.data.stream import LongRecording
from toolchain.errors import BadInput
from toolchain.evaluate.checks import Check
from toolchain.evaluate.stream_score import StreamScore, announcements, score
from toolchain.model.reader import read_model
from toolchain.postprocess import Postprocessor
from toolchain.progress import Progress, Quiet
from toolchain.signal import FrontEnd
from toolchain.signal.settings import AudioSettings, ImageSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit
    from toolchain.link.session import StreamAnswer
    from toolchain.model.graph import Graph
    from toolchain.workspace import Workspace

#: Length of the recording in minutes when nobody says: false accepts are counted over most of it.
MINUTES = 30.0
#: Samples that are sent at once, in seconds.
_CHUNK = 5.0


@dataclass(frozen=True)
class Inference:
    """One inference: ``position`` samples were heard; ``output`` of the model, raw; number of the label decided for, or
    None."""

    position: int
    output: bytes
    label: int | None


@dataclass(frozen=True)
class StreamTest:
    """What was found. ``differences``: inferences in which the board's output or decision is not the one of this
    machine; ``median_time``: of front end and model together between two inferences, in ``unit``."""

    kit: str
    board: str
    emulated: bool
    port: str
    inferences: int
    differences: int
    median_time: float
    unit: str
    recording: str
    score: StreamScore
    checks: tuple[Check, ...]
    seconds: float

    @property
    def failed_checks(self) -> tuple[str, ...]:
        return tuple(check.text for check in self.checks if not check.passed)

    def as_json(self) -> dict[str, Any]:
        """The object that ``kit test --stream --json`` prints."""
        return {
            "kit": self.kit,
            "board": self.board,
            "emulated": self.emulated,
            "port": self.port,
            "inferences": self.inferences,
            "differences": self.differences,
            "median_time": self.median_time,
            "unit": self.unit,
            "recording": self.recording,
            **self.score.as_json(),
            "checks": [asdict(check) for check in self.checks],
            "failed_checks": list(self.failed_checks),
            "test_seconds": self.seconds,
        }


def run_stream_test(
    kit: Kit,
    setup: Setup,
    workspace: Workspace,
    *,
    minutes: float = MINUTES,
    progress: Progress | None = None,
) -> StreamTest:
    """Run the kit's trained model (trained if need be) on the board of ``setup`` over the long recording of the kit's
    source, and on this machine beside it. A real board is taken as it is: nothing is flashed.

    The kit's pass marks are asked for only when the recording is as long as `MINUTES`, since little is said in a short
    one. Raises `BadInput` for a kit without a front end for streams, or whose source has no long recording, and what
    the stages raise.
    """
    progress = progress or Quiet()
    require_stream(kit)
    setup = setup.located()
    board = setup.board
    require_answer(setup)
    trained = pipeline.train(kit, workspace, progress)
    model = pipeline.kit_model(kit, trained)
    recording = load_stream(kit, minutes, progress)
    built = pipeline.build(model, setup, workspace, progress=progress) if setup.emulated else None
    started = time.monotonic()
    host = host_inferences(kit, trained.int8_tflite.read_bytes(), recording.x)
    with connected(setup, built, model, progress) as device:
        progress.stage("stream", f"{recording.seconds / 60:.1f} minutes of sound on {board.name}")
        found, times, differences = [], [], 0
        for answer in _answers(device, recording, progress):
            found.append(Inference(answer.position, answer.outputs[0], answer.label))
            times.append((answer.front_ticks + answer.model_ticks) * device.per_tick)
            expected = next(host, None)
            differences += expected != found[-1]
        differences += sum(1 for _ in host)
        result = scored(kit, recording, found)
        return StreamTest(
            kit=kit.name,
            board=board.name,
            emulated=setup.emulated,
            port=device.port,
            inferences=len(found),
            differences=differences,
            median_time=statistics.median(times),
            unit=device.unit,
            recording=recording.description,
            score=result,
            checks=tuple(_checks(kit, result, differences, whole=minutes >= MINUTES)),
            seconds=round(time.monotonic() - started, 3),
        )


def _answers(device: Connection, recording: LongRecording, progress: Progress) -> Iterator[StreamAnswer]:
    """The device's inferences on the recording."""
    device.session.stream()
    chunk, total = round(_CHUNK * recording.rate), len(recording.x)
    for at in range(0, total, chunk):
        yield from device.session.samples(recording.x[at : at + chunk])
        progress.update(min(at + chunk, total), total, f"{min(at + chunk, total) / recording.rate:.0f} s heard")


def _checks(kit: Kit, found: StreamScore, differences: int, whole: bool) -> Iterator[Check]:
    marks = kit.pass_marks
    yield Check("stream parity", differences == 0, f"{differences} inferences differ from those of this machine")
    if marks.min_hit_rate is not None and whole:
        share = found.hits / found.events if found.events else 0.0
        text = f"{found.hits} of {found.events} events found, {share:.4f}, at least {marks.min_hit_rate} wanted"
        yield Check("hit rate", share >= marks.min_hit_rate, text)
    if marks.max_false_accepts_per_hour is not None and whole:
        most, rate = marks.max_false_accepts_per_hour, found.false_accepts_per_hour
        yield Check("false accepts", rate <= most, f"{rate:.1f} false accepts an hour, at most {most:g} wanted")


def require_stream(kit: Kit) -> None:
    """Raises `BadInput` for a kit that has no front end for samples as they come."""
    if kit.signal is None or isinstance(kit.signal, ImageSettings):
        raise BadInput(f"{kit.name} takes no stream of samples", "a kit with [signal] audio or motion does")


def scored(kit: Kit, recording: LongRecording, inferences: Sequence[Inference]) -> StreamScore:
    """Decisions against the recording's events.

    Labels that are in no event, such as ``silence`` and ``unknown``, are no announcement: they say that there is
    nothing.
    """
    wanted = {event.label for event in recording.events}
    said = [
        (
            i.position / recording.rate,
            kit.labels[i.label] if i.label is not None and kit.labels[i.label] in wanted else None,
        )
        for i in inferences
    ]
    return score(recording.events, announcements(said), recording.seconds, recording.tolerance)


def host_inferences(kit: Kit, int8_model: bytes, x: np.ndarray) -> Iterator[Inference]:
    """Every inference that the stream ``x`` of raw samples is due, by the C front end, our own C of the model and the C
    of post-processing, built for this machine."""
    from toolchain.compiler.compile import compile_model
    from toolchain.compiler.native import NativeModel

    graph = read_model(int8_model, kit.name)
    model = NativeModel(compile_model(graph, "generic", model_data=int8_model))
    decisions = Postprocessor(kit.postprocessing, graph.outputs[0], kit.labels).start()
    for position, window in windows(kit, graph, x):
        output = model.run([window])[0]
        yield Inference(position, output.tobytes(), decisions.decide(output).label)


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
