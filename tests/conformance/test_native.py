"""Generated models of every operator on this machine, under the sanitizers, in the packing of every kind of target."""

from __future__ import annotations

import re

import pytest
from conformance.cases import batched, cases, model_of
from conformance.program import batch, describe, run_on_host
from modelgen.strategy import every_strategy, load_strategies

pytestmark = pytest.mark.slow

#: One of each kind: portable C, the DSP extension, vectors, bytes without signs. The others differ in name only.
TARGETS = ("generic", "cortex-m4", "cortex-m55", "xtensa")
MOST_IN_A_PROGRAM = 250


def test_operator_is_exact(kind: str) -> None:
    for _, some in batched(cases(kind), MOST_IN_A_PROGRAM):
        built = set()
        for target in TARGETS:
            one = batch(kind, some, target, checked=True)
            if one.digest in built:
                continue
            built.add(one.digest)
            found = run_on_host([one])
            assert not found, f"{kind} for {target}: {describe(found, some)}"


def test_evaluator_is_exact(kind: str) -> None:
    differ = [case for case in cases(kind) if case.evaluator is not None]
    assert not differ, f"{len(differ)} differ, the first in inference {differ[0].evaluator}: {differ[0]}"


def test_a_wrong_answer_is_reported() -> None:
    made = cases("ADD")[-3:]
    wrong = made[1].mutated(run=2, output=0, byte=0)
    found = run_on_host([batch("ADD", [made[0], wrong, made[2]], "generic", checked=True)])
    assert list(found) == [wrong.name]
    assert f"bad {wrong.name}: run 2 output 0 byte 0: got " in found[wrong.name]


def test_a_kernel_that_strays_is_reported() -> None:
    """One layer is permitted half of its tensors only: the sanitizer says so, and in which case."""
    made = cases("RELU")
    large = max(made, key=lambda case: case.graph.inputs[0].bytes)
    assert large.graph.inputs[0].bytes >= 32
    one = batch("RELU", [made[0], large], "generic", checked=True)
    permitted = re.compile(rf"(?<={large.name}_regions\[\] = ).*")
    assert permitted.search(one.files[one.source])
    one.files[one.source] = permitted.sub("{{0, 0, 16}};", one.files[one.source])
    found = run_on_host([one])
    assert list(found) == [large.name]
    assert "AddressSanitizer" in found[large.name]


def test_a_printed_model_can_be_had_again() -> None:
    case = cases("ADD")[0]
    assert model_of(str(case).split()[-1]) == case.data


@pytest.mark.parametrize("form", sorted(every_strategy().keys() - load_strategies().keys()))
def test_evaluator_is_exact_where_nothing_is_lowered(form: str) -> None:
    differ = [case for case in cases(form) if case.evaluator is not None]
    assert not differ, f"{len(differ)} differ, the first in inference {differ[0].evaluator}: {differ[0]}"
