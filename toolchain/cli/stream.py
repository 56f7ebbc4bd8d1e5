"""`kit stream`, and how `kit deploy` shows a board's answers when it is done."""

from __future__ import annotations

import functools
import io
import itertools
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import rich_click as click
from rich.console import Console, RenderableType

from toolchain.cli.options import (
    command,
    kit_argument,
    named_kit,
    scale_option,
    setup_options,
)
from toolchain.cli.output import Lines, Output
from toolchain.errors import BadInput, KitError
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.connection import Setup
    from toolchain.deployment import Deployment
    from toolchain.kit import Kit
    from toolchain.stream.answers import Answer, Heading, Recorder

_BEFORE = ("train", "compile", "build")  # stages that have nothing to do with the answers
_LONGEST_GAP = 2.0  # seconds between two answers of a replay
UNDECIDED = "–"


class Answers(Protocol):
    """Where answers come from."""

    def answers(self, sleep: Callable[[float], None] | None) -> Iterator[Answer]:
        """One after another. ``sleep`` is called between them, with 0 where there is nothing to wait for; without it
        they come as fast as they can."""
        ...


class Replay:
    """Recorded answers, at the times at which they came."""

    def __init__(self, recorded: Sequence[Answer]) -> None:
        self._recorded = recorded

    def answers(self, sleep: Callable[[float], None] | None) -> Iterator[Answer]:
        before = 0.0
        for answer in self._recorded:
            if sleep:
                sleep(min(max(0.0, answer.seconds - before), _LONGEST_GAP))
            before = answer.seconds
            yield answer


class DeviceText:
    """A `Progress` for all that happens beside the answers, among it what the device prints: its lines are kept (those
    of training and building are not), and go to stderr except while there is a screen."""

    def __init__(self, output: Output) -> None:
        self.lines: deque[str] = deque(maxlen=200)
        self._output, self._before = output, False
        self.to_lines()

    def to_lines(self) -> None:
        self.target: Progress = Quiet() if self._output.quiet else Lines(self._output.stderr)

    def to_screen(self) -> None:
        self.target = Quiet()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Stages are drawn meanwhile."""
        with self._output.progress() as self.target:
            yield
        self._before = False
        self.to_lines()

    def keep(self, shown: RenderableType) -> None:
        """Keep the lines of a result, for a screen would cover them."""
        plain = Console(file=io.StringIO(), width=100)
        with plain.capture() as captured:
            plain.print(shown)
        self.lines += [line.rstrip() for line in captured.get().splitlines()]

    def stage(self, name: str, note: str = "") -> None:
        self._before = name in _BEFORE
        self.target.stage(name, note)

    def update(self, done: float, total: float, note: str = "") -> None:
        self.target.update(done, total, note)

    def log(self, text: str) -> None:
        if not self._before:
            self.lines.append(text)
        self.target.log(text)


@command()
@kit_argument
@setup_options("emulated", "port", "compiler", "optimize", required=False)
@click.option(
    "--input",
    "source",
    metavar="FILE|FOLDER|mic",
    help="What the board is fed with instead of the kit's test samples: files as of kit data import, or mic.",
)
@scale_option
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after N answers.")
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append each answer to FILE.csv or FILE.jsonl.",
)
@click.option(
    "--replay",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Show what --record wrote; no board is needed.",
)
def entry(
    output: Output,
    kit: str | None,
    setup: Setup | None,
    source: str | None,
    scale: tuple[float, ...] | None,
    count: int | None,
    record: Path | None,
    replay: Path | None,
) -> int:
    """Show a board's answers live: label bars, history, latency; p pauses, m marks, s saves, q quits.

    A board that has no sensor is fed over its link: with the kit's test samples, each of which begins a stream of sound
    or motion anew, so that smoothing has nothing to smooth, or with --input, which is one long recording. A file of a
    folder that cannot be taken is named at the end, and the exit status is 1. Where there is no terminal, or a small
    one, each answer is a line; with --json a JSON object in a line. Nothing is flashed unless you agree to it: a board
    that runs another model than the kit's is refused.

    Example: kit stream digits --board mps2-an386 --emulate
    """
    from toolchain.stream.answers import read_recording

    if replay:
        heading, recorded = read_recording(replay)
        if not recorded:
            output.note(f"{replay}: no answer was recorded")
        with _recording(record, heading) as recorder:
            if recorded or output.json_wanted:
                show(output, heading, f"replay of {replay.name}", Replay(recorded), DeviceText(output), count, recorder)
        return 0
    if setup is None:
        raise BadInput("which board?", "name it with --board NAME (kit boards lists them), or --replay a recording")
    from toolchain.connection import WrongModel
    from toolchain.deployment import running
    from toolchain.stream import inputs
    from toolchain.stream.live import Live
    from toolchain.workspace import Workspace

    chosen, text = named_kit(kit), DeviceText(output)
    feed = inputs.open_input(source, chosen, text.log, scale) if source else inputs.kit_samples(chosen)
    with ExitStack() as stack:
        open_board = functools.partial(running, chosen, setup, Workspace(), progress=text)
        with text.working():
            try:
                model, connection = stack.enter_context(open_board())
            except WrongModel as error:
                if not _agrees(output, error):
                    raise
                model, connection = stack.enter_context(open_board(flash=True))
        live = Live(connection, chosen, model.sha256, feed, model.threshold)
        recorder = stack.enter_context(_recording(record, live.heading))
        show(output, live.heading, feed.name, live, text, count, recorder)
    return output.refused(feed.refused)


def show_test_samples(output: Output, kit: Kit, deployment: Deployment, text: DeviceText, count: int | None) -> None:
    """The answers of a board that was just deployed."""
    from toolchain.stream.inputs import kit_samples
    from toolchain.stream.live import Live

    feed = kit_samples(kit)
    live = Live(deployment.connection, kit, deployment.model.sha256, feed, deployment.model.threshold)
    show(output, live.heading, feed.name, live, text, count)


def show(
    output: Output,
    heading: Heading,
    name: str,
    answers: Answers,
    text: DeviceText,
    count: int | None,
    recorder: Recorder | None = None,
) -> None:
    """Show ``count`` answers, all there are, or until Ctrl-C, and record them."""
    from toolchain.cli.stream_screen import Screen

    try:
        if Screen.fits(output):
            text.to_screen()
            screen = Screen(output.console, heading, name, text.lines, recorder)
            try:
                screen.run(answers, count)
            finally:
                text.to_lines()
            output.line(screen.summary())
        else:
            _lines(output, heading, answers, count, recorder)
    except KeyboardInterrupt:
        output.note("stopped")


def _lines(output: Output, heading: Heading, answers: Answers, count: int | None, recorder: Recorder | None) -> None:
    from toolchain.stream.answers import json_line

    if output.json_wanted:
        output.line(json_line(heading))
    sleep = time.sleep if output.on_terminal else None
    for answer in itertools.islice(answers.answers(sleep), count):
        if recorder:
            recorder.add(answer)
        output.line(json_line(answer) if output.json_wanted else _sentence(answer, heading.labels, heading.unit))


def _sentence(answer: Answer, labels: Sequence[str], unit: str) -> str:
    said = answer.decision or UNDECIDED
    if answer.truth is None:
        undecided = " (no decision)"
        if labels and len(labels) == len(answer.scores):  # of an anomaly detector they are the input rebuilt
            undecided = f" (no decision, {labels[answer.scores.index(max(answer.scores))]} scores most)"
        note = "" if answer.decision else undecided
    else:
        note = (
            " (right)" if answer.right else f" ({'wrong' if answer.decision else 'no decision'}, it is {answer.truth})"
        )
    return f"{answer.input}: {said} {answer.score:.2f}{note} {latency(answer.latency, unit)}"


def latency(value: float, unit: str) -> str:
    """A latency for people."""
    return f"{value:,.0f} {'µs' if unit == 'us' else unit}"


@contextmanager
def _recording(path: Path | None, heading: Heading) -> Iterator[Recorder | None]:
    from toolchain.stream.answers import Recorder

    if path is None:
        yield None
        return
    with Recorder(path, heading) as recorder:
        yield recorder


def _agrees(output: Output, error: KitError) -> bool:
    """Whether the user, when there is one, wants the board to be flashed."""
    if output.json_wanted or not (output.on_terminal and sys.stdin.isatty()):
        return False
    output.note(error.message)
    return click.confirm("Deploy this kit's model to it now?", err=True)
