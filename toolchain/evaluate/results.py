"""What a test on a device found: accuracy, parity, latency, memory. Frozen; `as_json` gives what `--json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Parity:
    """Device answers against those of ``reference`` for the same inputs, byte for byte.

    ``mismatches`` counts samples whose answer differs in any byte; ``max_abs_diff`` is the greatest difference of one
    element, in quantisation steps.
    """

    reference: str
    samples: int
    mismatches: int
    max_abs_diff: int


@dataclass(frozen=True)
class Latency:
    """Time of one inference. ``unit`` is ``instructions`` (counted by an emulator) or ``us`` of the device's clock."""

    unit: str
    p50: float
    p95: float

    @staticmethod
    def of(values: Sequence[float], unit: str) -> Latency:
        """Median and 95th percentile; each is a value that was measured, never one between two."""
        p50, p95 = np.percentile(np.asarray(values, np.float64), [50, 95], method="inverted_cdf")
        return Latency(unit, _number(p50), _number(p95))


@dataclass(frozen=True)
class Memory:
    """Bytes, None where not known.

    ``flash_bytes`` is the whole image less start-up and link, ``weights_bytes`` the constants in it,
    ``static_ram_bytes`` all of .data and .bss without the arena, ``stack_bytes`` the greatest use seen.
    """

    flash_bytes: int | None = None
    weights_bytes: int | None = None
    arena_bytes: int | None = None
    static_ram_bytes: int | None = None
    stack_bytes: int | None = None


@dataclass(frozen=True)
class DeviceTest:
    """The model on the device over the first ``samples`` of a test set. Accuracies are fractions of these samples;
    ``accuracy_float`` is None when the float model's answers are not at hand."""

    samples: int
    accuracy_float: float | None
    accuracy_host: float
    accuracy_device: float
    parity: Parity
    latency: Latency
    retries: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _number(value: float) -> float:
    """A whole number as an int, so that JSON shows no ``.0``; others to a thousandth."""
    return int(value) if float(value).is_integer() else round(float(value), 3)
