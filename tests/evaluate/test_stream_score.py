"""Decisions on a recording against the events in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.data.stream import Event
from toolchain.evaluate.stream_score import Decided, announcements, score

pytestmark = pytest.mark.unit

LABELS = st.sampled_from(["yes", "no"])
TIMES = st.integers(0, 3600).map(float)
EVENTS = st.lists(st.builds(lambda s, n, label: Event(s, s + n, label), TIMES, st.integers(1, 5), LABELS), unique=True)
DECISIONS = st.lists(st.builds(Decided, TIMES, LABELS))


def test_hits_misses_false_accepts_and_delays() -> None:
    events = [Event(10, 10.5, "yes"), Event(20, 20.5, "no"), Event(30, 30.5, "yes")]
    decisions = [
        Decided(10.75, "yes"),  # a hit, 0.25 s behind the end
        Decided(11.0, "yes"),  # the same again
        Decided(20.75, "yes"),  # the wrong word
        Decided(31.75, "yes"),  # too late
        Decided(50.0, "no"),  # nothing was said
    ]
    found = score(events, decisions, seconds=3600 + 3 * 1.5, tolerance=1.0)
    assert (found.hits, found.misses, found.repeats) == (1, 2, 1)
    assert found.delays == (0.25,)
    assert found.found == {"no": (0, 1), "yes": (1, 2)}
    assert found.false_accepts == (Decided(20.75, "yes"), Decided(31.75, "yes"), Decided(50.0, "no"))
    assert found.hours == pytest.approx(1.0)
    assert found.false_accepts_per_hour == pytest.approx(3.0)
    assert found.as_json()["hit_rate"] == 0.3333


def test_two_events_near_to_each_other_are_found_by_two_decisions() -> None:
    events = [Event(1, 1.5, "yes"), Event(2, 2.5, "yes")]
    assert score(events, [Decided(2.2, "yes"), Decided(2.4, "yes")], 10, 1.0).hits == 2


def test_nothing_in_it_and_nothing_decided() -> None:
    empty = score([], [], 7200, 1.0)
    assert (empty.events, empty.hits, empty.false_accepts_per_hour, empty.median_delay) == (0, 0, 0.0, None)
    assert empty.hours == 2.0


def test_a_label_that_stays_is_announced_once() -> None:
    answers = [(1.0, None), (1.25, "yes"), (1.5, "yes"), (1.75, "no"), (2.0, None), (2.25, "no")]
    assert announcements(answers) == [Decided(1.25, "yes"), Decided(1.75, "no"), Decided(2.25, "no")]


@given(EVENTS, DECISIONS)
def test_every_decision_counts_once_and_every_event_is_found_or_missed(
    events: list[Event], decisions: list[Decided]
) -> None:
    found = score(events, decisions, 3700, 1.0)
    assert found.hits + found.repeats + len(found.false_accepts) == len(decisions)
    assert found.hits + found.misses == len(events)
    assert all(-5 <= delay <= 1 for delay in found.delays)
    assert 0 <= found.hours <= 3700 / 3600
