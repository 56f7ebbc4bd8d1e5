"""The same samples through the device and the reference, answer by answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from toolchain.evaluate.results import DeviceTest, Latency, Parity
from toolchain.progress import Progress, Quiet


@dataclass(frozen=True, eq=False)
class Expected:
    """Samples and what is expected of them.

    ``inputs`` are as the model takes them [n, …], ``labels`` class numbers [n], ``outputs`` what ``reference`` answers
    [n, …] with their quantisation, ``float_classes`` what the float model says [n], or None.
    """

    inputs: np.ndarray
    labels: np.ndarray
    outputs: np.ndarray
    reference: str
    scale: float
    zero_point: int
    float_classes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def save(self, path: Path) -> None:
        """Write everything to an ``.npz``."""
        arrays = {name: getattr(self, name) for name in self.__dataclass_fields__}
        np.savez(path, allow_pickle=False, **{name: value for name, value in arrays.items() if value is not None})

    @staticmethod
    def load(path: Path) -> Expected:
        """What `save` wrote."""
        with np.load(path) as stored:
            return Expected(
                stored["inputs"],
                stored["labels"],
                stored["outputs"],
                str(stored["reference"]),
                float(stored["scale"]),
                int(stored["zero_point"]),
                stored.get("float_classes"),
            )

    def first(self, count: int | None) -> Expected:
        """The first ``count`` samples (all when None, or when there are fewer)."""
        floats = None if self.float_classes is None else self.float_classes[:count]
        return replace(
            self,
            inputs=self.inputs[:count],
            labels=self.labels[:count],
            outputs=self.outputs[:count],
            float_classes=floats,
        )


#: Runs the bytes of one input on a device: the bytes of the output and the ticks the inference took.
Infer = Callable[[bytes], tuple[bytes, int]]


def run_device_test(
    infer: Infer, expected: Expected, unit: str, per_tick: float, progress: Progress | None = None
) -> DeviceTest:
    """Run every sample of ``expected`` through ``infer``. One tick is ``per_tick`` of ``unit``.

    Whatever ``infer`` raises (`errors.DeviceError`) ends the test.
    """
    progress = progress or Quiet()
    right = wrong_bytes = greatest = 0
    latencies: list[float] = []
    for i in range(len(expected)):
        data, ticks = infer(expected.inputs[i].tobytes())
        output = np.frombuffer(data, expected.outputs.dtype).astype(np.int64)
        difference = np.abs(output - expected.outputs[i].reshape(-1))
        wrong_bytes += bool(difference.any())
        greatest = max(greatest, int(difference.max(initial=0)))
        right += int(output.argmax()) == int(expected.labels[i])
        latencies.append(ticks * per_tick)
        progress.update(i + 1, len(expected), f"{right}/{i + 1} right, {wrong_bytes} unlike {expected.reference}")
    return DeviceTest(
        samples=len(expected),
        accuracy_float=None if expected.float_classes is None else _accuracy(expected.float_classes, expected.labels),
        accuracy_host=_accuracy(expected.outputs.reshape(len(expected), -1).argmax(axis=1), expected.labels),
        accuracy_device=round(right / len(expected), 6),
        parity=Parity(expected.reference, len(expected), wrong_bytes, greatest),
        latency=Latency.of(latencies, unit),
    )


def _accuracy(classes: Sequence[int] | np.ndarray, labels: np.ndarray) -> float:
    return round(float(np.mean(np.asarray(classes) == labels)), 6)
