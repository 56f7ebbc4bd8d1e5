"""What is drawn at every size, for any labels and scores."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from rich.cells import cell_len
from rich.console import Console

from toolchain.cli.output import Output
from toolchain.cli.stream import DeviceText
from toolchain.cli.stream_screen import Screen
from toolchain.stream.answers import Answer, Heading

pytestmark = pytest.mark.unit

LABELS = tuple(f"label {i} 日本語" for i in range(30))


def drawn(
    columns: int,
    rows: int,
    labels: Sequence[str] = LABELS,
    scores: Sequence[float] = (),
    text: Sequence[str] = (),
    smoothed: float = 0,
) -> list[str]:
    """The lines of a screen that had one answer, its score ``smoothed`` above that of its label."""
    scores = tuple(scores) or tuple(i / 100 for i in range(len(labels)))
    console = Console(file=io.StringIO(), force_terminal=True, width=columns, height=rows, color_system=None)
    screen = Screen(console, Heading("words", "host", "", "us", tuple(labels)), "a.wav", text, None)
    best = max(range(len(labels)), key=scores.__getitem__)
    screen._take(Answer(1, 0.5, "a.wav 0.1 s", None, labels[best], scores[best] + smoothed, 12.0, tuple(scores)))
    with console.capture() as caught:
        console.print(screen._draw())
    return caught.get().split("\n")[:-1]


@pytest.mark.parametrize("columns", [1, 20, 39, 80, 300])
@pytest.mark.parametrize("rows", [3, 5, 10, 24, 100])
def test_every_size_is_filled_and_no_line_is_too_long(columns: int, rows: int) -> None:
    lines = drawn(columns, rows, text=["ready", "x" * 500])
    assert len(lines) == rows and all(cell_len(line) <= columns for line in lines)
    assert sum(line.startswith("label") for line in lines) <= len(LABELS)


def test_the_best_labels_are_shown_where_not_all_have_room() -> None:
    lines = drawn(80, 12)
    shown = [line.split()[1] for line in lines if line.startswith("label")]
    assert shown == ["24", "25", "26", "27", "28", "29"] and "and 24 more" in lines


def test_a_score_that_is_not_that_of_the_bar_is_called_smoothed() -> None:
    assert drawn(80, 12, ("yes", "no"), (0.75, 0.25))[1].rstrip().endswith("yes 0.75")
    assert drawn(80, 12, ("yes", "no"), (0.75, 0.25), smoothed=-0.04)[1].rstrip().endswith("yes 0.71 smoothed")


def test_text_of_the_device_is_below() -> None:
    lines = drawn(80, 24, ("yes", "no"), text=[f"line {i}" for i in range(40)])
    rule = next(i for i, line in enumerate(lines) if line.startswith("───"))
    assert lines[rule + 1 : -1] == [f"line {i}" for i in range(40)][-len(lines[rule + 1 : -1]) :]
    assert len(lines[rule + 1 : -1]) == 16


@pytest.mark.parametrize("scores", [(-9.5, 20.0, 3.0), (0.0, 0.0, 0.0), (-5.0, -4.0, -3.0), (1.0, 0.0, 0.0)])
def test_scores_that_are_no_probabilities(scores: tuple[float, ...]) -> None:
    lines = drawn(60, 12, ("a", "b", "c"), scores)[2:5]
    bars = [line.count("█") for line in lines]
    assert all(0 <= bar <= 51 for bar in bars)
    assert (
        sorted(range(3), key=bars.__getitem__)[-1] == max(range(3), key=lambda i: (scores[i], i)) or len({*bars}) == 1
    )


def test_what_is_kept_beside_the_answers(capsys: pytest.CaptureFixture[str]) -> None:
    text = DeviceText(Output(io.StringIO(), json_wanted=False))
    text.log("a.wav: 2 channels averaged")
    with text.working():
        text.stage("train")
        text.log("1 of 12")
        text.stage("start", "esp32")
        text.log("esp32: ready")
    text.to_screen()
    text.log("esp32: a warning")
    assert list(text.lines) == ["a.wav: 2 channels averaged", "esp32: ready", "esp32: a warning"]
    said = capsys.readouterr().err
    assert "2 channels" in said and "1 of 12" in said and "esp32: ready" in said and "a warning" not in said
