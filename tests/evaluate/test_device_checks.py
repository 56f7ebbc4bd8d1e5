"""Pass marks: which apply, and what they say."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.evaluate.example import example_test
from toolchain.cli import evaluation_tables
from toolchain.errors import BadInput
from toolchain.evaluate.checks import Marks, check_all, latency_limit
from toolchain.evaluate.junit import junit_xml
from toolchain.evaluate.results import Latency, Parity

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("25ms", "us", 25000),
        ("1.5 s", "us", 1.5e6),
        ("180 µs", "us", 180),
        ("7", "us", 7),
        ("7", "instructions", 7),
        ("200000 instructions", "instructions", 200000),
    ],
)
def test_limits(text, unit, value):
    assert latency_limit(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit"), [("25ms", "instructions"), ("3 instructions", "us"), ("fast", "us"), ("-1", "us"), ("", "us")]
)
def test_limits_that_cannot_be(text, unit):
    with pytest.raises(BadInput) as caught:
        latency_limit(text, unit)
    assert caught.value.hint


def verdicts(result, marks=None, whole=True, **changes):
    test = replace(result.test, **changes)
    checks = check_all(result.kit, result.trained.metrics, test, result.board, marks or Marks(), whole)
    return {check.name: check.passed for check in checks if check.asked}


def test_which_marks_apply():
    result = example_test()
    good = {"float accuracy": True, "int8 loss": True, "parity": True}
    assert verdicts(result) == {**good, "device accuracy": True}
    assert verdicts(result, whole=False) == good
    assert verdicts(result, accuracy_device=0.5) == {**good, "device accuracy": False}
    assert verdicts(result, accuracy_device=0.5, whole=False) == good
    assert verdicts(result, Marks(min_accuracy=0.4), accuracy_device=0.5, whole=False)["device accuracy"]
    assert not verdicts(result, Marks(min_accuracy=0.6), accuracy_device=0.5, whole=False)["device accuracy"]
    assert not verdicts(result, parity=Parity("reference", 4, 1, 1))["parity"]
    slow = Latency("us", 5, 25001, 30000)
    assert not verdicts(result, Marks(max_latency="25 ms"), latency=slow)["latency"]
    assert verdicts(result, Marks(max_latency="26 ms"), latency=slow)["latency"]
    assert not verdicts(result, Marks(max_latency="26 ms"), latency=slow, whole_latency=Latency("us", 5, 26001, 30000))[
        "latency"
    ]


def test_a_mark_that_asks_for_nothing_is_not_called_passed():
    result = example_test()
    marks = result.kit.pass_marks.model_copy(update={"min_float_accuracy": 0.0, "min_device_accuracy": 0.9})
    kit = result.kit.model_copy(update={"pass_marks": marks})
    checks = check_all(kit, result.trained.metrics, result.test, result.board, Marks(), whole=False)
    assert [check.text for check in checks if not check.asked] == [
        "float accuracy 1.0000 of all 360 test samples, no mark set",
        "accuracy on the device 0.9833 of 120 samples; the mark, 0.9, is for all 360",
    ]
    unasked = replace(result, checks=checks)
    assert [text.plain[0] for text in evaluation_tables.marks(checks)] == ["–", "✓", "✓", "–"]
    suite = ElementTree.fromstring(junit_xml(unasked)).find("testsuite")
    assert suite.get("skipped") == "2" and len(suite.findall("testcase/skipped")) == 2


def test_a_limit_for_this_board_in_the_kit():
    result = example_test()
    marks = result.kit.pass_marks.model_copy(
        update={"max_latency": {result.board: "1 instructions", "emulated": "9 ms"}}
    )
    kit = result.kit.model_copy(update={"pass_marks": marks})

    def latency_check(board):
        checks = check_all(kit, result.trained.metrics, result.test, board, Marks(), True)
        return [c.passed for c in checks if c.name == "latency"]

    assert latency_check(result.board) == [False]
    assert latency_check("emulated") == latency_check("third") == []  # its time is not told here; it has no limit


def test_junit():
    result = example_test()
    bad = replace(result, checks=(*result.checks[:-1], replace(result.checks[-1], passed=False, text="0.1 < 0.2 & so")))
    root = ElementTree.fromstring(junit_xml(bad))
    suite = root.find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == (str(len(bad.checks)), "1")
    failures = suite.findall("testcase/failure")
    assert [f.get("message") for f in failures] == ["0.1 < 0.2 & so"]
    assert ElementTree.fromstring(junit_xml(result)).find("testsuite/testcase/failure") is None
