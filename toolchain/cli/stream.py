"""Answers of a board, live: bars of the labels on a terminal, a line an answer elsewhere, until Ctrl-C."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from toolchain.cli.output import Output

if TYPE_CHECKING:
    import numpy as np

    from toolchain.pipeline import Deployment

_PAUSE = 0.25  # seconds between two answers: fast enough to be live, slow enough to read
_BAR = 30


@dataclass(frozen=True)
class Answer:
    """What the device said of test sample ``sample``: a score 0 to 1 for each label."""

    sample: int
    scores: np.ndarray
    said: str
    truth: str
    latency: str


def show(output: Output, deployment: Deployment, count: int | None) -> None:
    """Stream ``count`` answers, or until Ctrl-C when None."""
    answers = itertools.islice(_answers(deployment), count)
    try:
        if output.console.is_terminal and not output.quiet:
            _bars(output, deployment, answers)
        else:
            for a in answers:
                mark = "right" if a.said == a.truth else f"wrong, it is {a.truth}"
                output.console.print(f"sample {a.sample}: {a.said} {a.scores.max():.2f} ({mark}) {a.latency}")
    except KeyboardInterrupt:
        output.note("stopped")


def _answers(deployment: Deployment) -> Iterator[Answer]:
    expected, labels = deployment.expected, deployment.model.labels
    unit = {"us": "µs"}.get(deployment.test.latency.unit, deployment.test.latency.unit)
    for sample in itertools.cycle(range(len(expected))):
        started = time.monotonic()
        scores, taken = deployment.answer(sample)
        yield Answer(
            sample, scores, labels[int(scores.argmax())], labels[int(expected.labels[sample])], f"{taken:,.0f} {unit}"
        )
        time.sleep(max(0.0, _PAUSE - (time.monotonic() - started)))


def _bars(output: Output, deployment: Deployment, answers: Iterator[Answer]) -> None:
    right = 0
    with Live(console=output.console, refresh_per_second=10, transient=False) as live:
        for number, answer in enumerate(answers, 1):
            right += answer.said == answer.truth
            table = Table.grid(padding=(0, 1))
            for label, score in zip(deployment.model.labels, answer.scores, strict=False):
                best = label == answer.said
                style = ("green" if best and label == answer.truth else "red" if best else "dim") + (
                    " bold" if best else ""
                )
                table.add_row(Text(label, style), Text("█" * round(_BAR * float(score)), style), f"{score:.2f}")
            heading = Text(f"sample {answer.sample}, which is {answer.truth}: the board says {answer.said}", "bold")
            footer = Text(f"{right} of {number} right, {answer.latency} each; Ctrl-C ends", "dim")
            live.update(Group(heading, table, footer))
