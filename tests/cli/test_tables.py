"""Tables for people: what stands in them."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console, RenderableType

from tests.evaluate.example import example_test
from toolchain.cli import tables
from toolchain.cli.stream import _sentence
from toolchain.evaluate.bench import Bench, LayerTime
from toolchain.evaluate.device import Tally
from toolchain.evaluate.results import Memory
from toolchain.stream.answers import Answer

pytestmark = pytest.mark.unit


def drawn(table: RenderableType) -> str:
    text = io.StringIO()
    Console(file=text, width=160).print(table)
    return text.getvalue()


def test_layers_are_followed_by_what_they_come_to() -> None:
    layers = (LayerTime(0, "CONV_2D", "a", "conv", 100, 1234.0), LayerTime(1, "SOFTMAX", "b", "kit_softmax_s8", 0, 9.0))
    result = Bench(
        "m", "", "mps2-an386", "default", "instructions", 1300.0, 100, Memory(15377, 6524, 2176, 1216), layers
    )
    lines = drawn(tables.bench(result, layers=True)).splitlines()
    assert lines[1].index("12.34") + 5 == lines[2].index("–") + 1 == len(lines[0].rstrip())  # to the right
    said = drawn(tables.bench(result, layers=False))
    assert "1,300" in said and "15,377 B" in said and "\n".join(lines).rstrip().endswith(said.rstrip())


def test_the_accuracy_of_very_few_samples_comes_with_its_interval() -> None:
    result = example_test()
    assert "(120 test samples)" in drawn(tables.deployment(result))
    few = replace(result, test=replace(result.test, samples=3, interval=(0.4385, 1.0)))
    assert "(3 of 120 test samples, 95 % interval 43.9 % to 100.0 %)" in drawn(tables.deployment(few))


def test_an_answer_without_a_decision_names_what_scores_most() -> None:
    answer = Answer(1, 0.5, "0.5 s", None, None, 0.61, 12_345.0, (0.1, 0.6, 0.3))
    assert _sentence(answer, ("no", "yes", "up"), "us") == "0.5 s: – 0.61 (no decision, yes scores most) 12,345 µs"
    assert _sentence(answer, (), "us") == "0.5 s: – 0.61 (no decision) 12,345 µs"
    assert _sentence(replace(answer, scores=(0.5,) * 9), ("normal", "fault"), "us").endswith("(no decision) 12,345 µs")
    assert "(no decision, it is up)" in _sentence(replace(answer, truth="up"), ("no", "yes", "up"), "us")
    assert _sentence(replace(answer, decision="yes"), ("no", "yes", "up"), "us") == "0.5 s: yes 0.61 12,345 µs"


def test_slow_samples_are_told_to_be_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    result, now = example_test(), [0.0]
    monkeypatch.setattr("toolchain.evaluate.device.time.monotonic", lambda: now[0])
    tally = Tally(result.expected)
    tally.done, now[0] = 3, 258.0
    assert tally.note().endswith(", 86 s a sample")
    now[0] = 1.0
    assert tally.note().endswith("unlike tflite-micro")
