"""What a test on a device found: accuracy, parity, latency, memory. Frozen; `as_json` gives what `--json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from toolchain.evaluate.statistics import ClassScore, class_scores


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
    max: float

    @staticmethod
    def of(values: Sequence[float], unit: str) -> Latency:
        """Median, 95th percentile and greatest; each is a value that was measured, never one between two."""
        p50, p95, most = np.percentile(np.asarray(values, np.float64), [50, 95, 100], method="inverted_cdf")
        return Latency(unit, _number(p50), _number(p95), _number(most))


@dataclass(frozen=True)
class Memory:
    """Bytes, None where not known.

    ``flash_bytes`` is the whole image less start-up and link, ``weights_bytes`` the constants in it,
    ``static_ram_bytes`` all of .data and .bss without the arena, ``stack_bytes`` the greatest use seen. What the front
    end takes is counted in these too; it is None where there is none.
    """

    flash_bytes: int | None = None
    weights_bytes: int | None = None
    arena_bytes: int | None = None
    static_ram_bytes: int | None = None
    stack_bytes: int | None = None
    front_end_flash_bytes: int | None = None
    front_end_ram_bytes: int | None = None

    def as_json(self) -> dict[str, int | None]:
        """Every figure by name; those of the front end only where there is one."""
        return {name: said for name, said in asdict(self).items() if said is not None or "front_end" not in name}


@dataclass(frozen=True)
class LinkHealth:
    """How the link fared over a test, summed over all devices: ``retries`` requests sent again, ``damaged`` what
    arrived at the host and was no frame, ``device_damaged`` what arrived so at the devices."""

    frames: int = 0
    retries: int = 0
    damaged: int = 0
    device_damaged: int = 0


Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class DeviceTest:
    """The model on the device over ``samples`` samples of a test set.

    Accuracies are fractions of these samples, ``interval`` the 95 % interval (Wilson) of the device's; ``agreement`` is
    the share of samples on which device and host say the same class. Confusion matrices: row the true class, column the
    answer. What is of the float model is None when its answers are not at hand; ``auc``, the area under the ROC curve,
    is None but for an anomaly detector. ``latency`` is of the model, ``front_end_latency`` of what makes one input of
    it from raw samples, ``whole_latency`` of both together; None where there is no front end.
    """

    samples: int
    accuracy_float: float | None
    accuracy_host: float
    accuracy_device: float
    interval: tuple[float, float]
    agreement: float
    parity: Parity
    latency: Latency
    confusion_device: Matrix
    confusion_host: Matrix
    confusion_float: Matrix | None
    retries: int = 0
    auc: float | None = None
    front_end_latency: Latency | None = None
    whole_latency: Latency | None = None

    def scores(self, labels: Sequence[str]) -> tuple[ClassScore, ...]:
        """How each class fared on the device; ``labels`` name them."""
        return class_scores(np.array(self.confusion_device), labels)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _number(value: float) -> float:
    """A whole number as an int, so that JSON shows no ``.0``; others to a thousandth."""
    return int(value) if float(value).is_integer() else round(float(value), 3)
