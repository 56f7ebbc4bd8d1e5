"""Long recordings with known events, to test a model as a stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, order=True)
class Event:
    """Something to be found: it lasts from ``start`` to ``end``, in seconds of the recording."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, eq=False)
class LongRecording:
    """Raw samples ``x`` [n] or [n, axes] at ``rate`` a second, and what happens in them. ``tolerance``: seconds behind
    an event's end within which it still counts as found. ``description``: what it was made of, in a line."""

    x: np.ndarray
    rate: float
    events: tuple[Event, ...]
    tolerance: float
    description: str

    @property
    def seconds(self) -> float:
        return len(self.x) / self.rate
