"""Decisions on a long recording against what happens in it: hits, misses, false accepts an hour, delay."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from toolchain.data.stream import Event


@dataclass(frozen=True, order=True)
class Decided:
    """``label`` was announced at ``time``, in seconds of the recording."""

    time: float
    label: str


@dataclass(frozen=True)
class StreamScore:
    """What became of ``events`` in ``seconds`` of a recording.

    ``found`` by label: hits and events. ``false_accepts``: decisions when there was nothing, or something else;
    ``hours`` is the time in which there was nothing. ``delays``: of each hit, seconds behind the event's end (negative:
    before it). ``repeats``: further decisions on what was found already.
    """

    seconds: float
    hours: float
    found: dict[str, tuple[int, int]]
    false_accepts: tuple[Decided, ...]
    delays: tuple[float, ...]
    repeats: int

    @property
    def events(self) -> int:
        return sum(events for _, events in self.found.values())

    @property
    def hits(self) -> int:
        return len(self.delays)

    @property
    def misses(self) -> int:
        return self.events - self.hits

    @property
    def false_accepts_per_hour(self) -> float:
        return len(self.false_accepts) / self.hours if self.hours else 0.0

    @property
    def median_delay(self) -> float | None:
        """Seconds; None without a hit."""
        return statistics.median(self.delays) if self.delays else None

    def as_json(self) -> dict[str, Any]:
        median, most = self.median_delay, max(self.delays, default=None)
        return {
            "seconds": round(self.seconds, 3),
            "events": self.events,
            "hits": self.hits,
            "misses": self.misses,
            "hit_rate": round(self.hits / self.events, 4) if self.events else None,
            "false_accepts": len(self.false_accepts),
            "false_accepts_per_hour": round(self.false_accepts_per_hour, 2),
            "repeats": self.repeats,
            "delay_median_s": None if median is None else round(median, 3),
            "delay_max_s": None if most is None else round(most, 3),
            "found": {label: {"hits": hits, "events": events} for label, (hits, events) in self.found.items()},
        }


def announcements(answers: Iterable[tuple[float, str | None]]) -> list[Decided]:
    """Decisions of answers (time, label or None) one behind the other: a label that stays is announced once."""
    decided, last = [], None
    for time, label in answers:
        if label is not None and label != last:
            decided.append(Decided(time, label))
        last = label
    return decided


def score(events: Sequence[Event], decisions: Sequence[Decided], seconds: float, tolerance: float) -> StreamScore:
    """A decision finds an event of its label if it comes no sooner than the event's start and no later than
    ``tolerance`` seconds behind its end; of several the first that was not found yet."""
    found: dict[Event, float] = {}
    false: list[Decided] = []
    repeats = 0
    ordered = sorted(events)
    for decision in sorted(decisions):
        fitting = [e for e in ordered if e.label == decision.label and e.start <= decision.time <= e.end + tolerance]
        new = next((e for e in fitting if e not in found), None)
        if new is not None:
            found[new] = decision.time - new.end
        elif fitting:
            repeats += 1
        else:
            false.append(decision)
    labels = sorted({event.label for event in events})
    return StreamScore(
        seconds=seconds,
        hours=max(0.0, seconds - _covered(ordered, tolerance)) / 3600,
        found={
            label: (sum(e.label == label for e in found), sum(e.label == label for e in events)) for label in labels
        },
        false_accepts=tuple(false),
        delays=tuple(found.values()),
        repeats=repeats,
    )


def _covered(ordered: Sequence[Event], tolerance: float) -> float:
    """Seconds in which there is some event, or could still be found."""
    total = until = 0.0
    for event in ordered:
        end = event.end + tolerance
        total += max(0.0, end - max(event.start, until))
        until = max(until, end)
    return total
