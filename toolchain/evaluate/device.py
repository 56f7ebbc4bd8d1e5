"""The same samples through the device and the reference, answer by answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from toolchain.data.quantize import dequantize
from toolchain.errors import DeviceError
from toolchain.evaluate.answers import Answer
from toolchain.evaluate.results import DeviceTest, Latency, Matrix, Parity
from toolchain.evaluate.statistics import wilson
from toolchain.progress import Progress, Quiet
from toolchain.train.anomaly import ANOMALY, NORMAL, area_under_curve, classes_of, reconstruction_error
from toolchain.train.measure import confusion_matrix


@dataclass(frozen=True)
class Anomalies:
    """How an autoencoder's answer becomes a class: the reconstruction error's ``threshold``, and the quantisation of
    the input that it is compared with."""

    threshold: float
    input_scale: float
    input_zero_point: int


@dataclass(frozen=True, eq=False)
class Expected:
    """Samples and what is expected of them.

    ``inputs`` are as the model takes them [n, …], ``labels`` class numbers [n], ``outputs`` what ``reference`` answers
    [n, …] with their quantisation, ``float_classes`` what the float model says [n], or None. ``anomalies`` is None for
    a classification. ``raw`` are the samples of which the device's front end makes the inputs [n, …], None where there
    is none.
    """

    inputs: np.ndarray
    labels: np.ndarray
    outputs: np.ndarray
    reference: str
    scale: float
    zero_point: int
    float_classes: np.ndarray | None = None
    anomalies: Anomalies | None = None
    raw: np.ndarray | None = None

    @property
    def sent(self) -> np.ndarray:
        """What the device is sent, one row a sample."""
        return self.inputs if self.raw is None else self.raw

    def __len__(self) -> int:
        return len(self.labels)

    def classes(self, outputs: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """Class numbers [n] that the int8 ``outputs`` [n, …] say of ``samples`` [n] (their numbers)."""
        if self.anomalies is None:
            return classes_of(outputs, outputs, None)
        return np.where(self.errors(outputs, samples) > self.anomalies.threshold, ANOMALY, NORMAL)

    def errors(self, outputs: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """Reconstruction error of an autoencoder's ``outputs``, float64 [n]."""
        assert self.anomalies is not None
        inputs = dequantize(self.inputs[samples], self.anomalies.input_scale, self.anomalies.input_zero_point)
        return reconstruction_error(dequantize(outputs, self.scale, self.zero_point), inputs)

    def save(self, path: Path) -> None:
        """Write everything to an ``.npz``."""
        arrays = {name: getattr(self, name) for name in self.__dataclass_fields__}
        arrays["anomalies"] = None if self.anomalies is None else np.array(astuple(self.anomalies), np.float64)
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
                _anomalies(stored.get("anomalies")),
                stored.get("raw"),
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
            raw=None if self.raw is None else self.raw[:count],
        )


def _anomalies(stored: np.ndarray | None) -> Anomalies | None:
    return None if stored is None else Anomalies(float(stored[0]), float(stored[1]), int(stored[2]))


#: Runs the bytes of one sample on a device: the bytes of the output, the ticks the inference took, and those of the
#: front end where there is one.
Infer = Callable[[bytes], tuple[Any, ...]]


def run_device_test(
    infer: Infer, expected: Expected, unit: str, per_tick: float, progress: Progress | None = None
) -> DeviceTest:
    """Run every sample of ``expected`` through ``infer``. One tick is ``per_tick`` of ``unit``.

    Whatever ``infer`` raises (`errors.DeviceError`) ends the test.
    """
    progress = progress or Quiet()
    answers = []
    count = Tally(expected)
    for i in range(len(expected)):
        answers.append(Answer(i, *infer(expected.sent[i].tobytes())))
        count.add(answers[-1])
        progress.update(i + 1, len(expected), count.note())
    return judge(expected, answers, unit, per_tick)


class Tally:
    """How a test that is going on stands."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._start = time.monotonic()
        self.done = self.right = self.unlike = 0

    def add(self, answer: Answer) -> None:
        """Count one more answer."""
        expected = self._expected.outputs[answer.sample]
        self.done += 1
        output = np.frombuffer(answer.output, expected.dtype)
        if output.size == expected.size:
            said = self._expected.classes(output[np.newaxis], np.array([answer.sample]))[0]
            self.right += int(said == self._expected.labels[answer.sample])
        self.unlike += answer.output != expected.tobytes()

    def note(self) -> str:
        """Words beside the progress bar, with the time that a sample takes where that is long."""
        each = (time.monotonic() - self._start) / max(self.done, 1)
        slow = f", {each:.0f} s a sample" if each >= 2 else ""
        return f"{self.right}/{self.done} right, {self.unlike} unlike {self._expected.reference}{slow}"


def judge(expected: Expected, answers: Sequence[Answer], unit: str, per_tick: float, retries: int = 0) -> DeviceTest:
    """The figures of ``answers``, one for each of some samples of ``expected``. One tick is ``per_tick`` of ``unit``.

    Raises DeviceError when an answer has not the length of the model's output.
    """
    which = np.array([answer.sample for answer in answers])
    host = expected.outputs[which].reshape(len(which), -1)
    for answer in answers:
        if len(answer.output) != host[0].nbytes:
            raise DeviceError(
                f"the device answered {len(answer.output)} bytes to sample {answer.sample}, not {host[0].nbytes}",
                "build and flash the firmware again",
            )
    device = np.stack([np.frombuffer(answer.output, host.dtype) for answer in answers])
    truth, classes = expected.labels[which], host.shape[1] if expected.anomalies is None else 2
    said, host_said = expected.classes(device, which), expected.classes(host, which)
    float_said = None if expected.float_classes is None else expected.float_classes[which]
    front = [answer.front_ticks * per_tick for answer in answers if answer.front_ticks is not None]
    model = [answer.ticks * per_tick for answer in answers]
    difference = np.abs(device.astype(np.int64) - host).max(axis=1)

    def confusion(answered: np.ndarray) -> Matrix:
        return tuple(tuple(row) for row in confusion_matrix(truth, answered, classes).tolist())

    return DeviceTest(
        samples=len(which),
        accuracy_float=None if float_said is None else _share(float_said == truth),
        accuracy_host=_share(host_said == truth),
        accuracy_device=_share(said == truth),
        auc=_auc(expected, device, which),
        interval=wilson(int((said == truth).sum()), len(which)),
        agreement=_share(said == host_said),
        parity=Parity(expected.reference, len(which), int((difference > 0).sum()), int(difference.max())),
        latency=Latency.of(model, unit),
        confusion_device=confusion(said),
        confusion_host=confusion(host_said),
        confusion_float=None if float_said is None else confusion(float_said),
        retries=retries,
        front_end_latency=Latency.of(front, unit) if front else None,
        whole_latency=Latency.of([a + b for a, b in zip(front, model, strict=True)], unit) if front else None,
    )


def _auc(expected: Expected, device: np.ndarray, which: np.ndarray) -> float | None:
    """Area under the ROC curve of an anomaly detector, None where only one kind of sample was tested."""
    anomalous = expected.labels[which] != NORMAL
    if expected.anomalies is None or anomalous.all() or not anomalous.any():
        return None
    return round(area_under_curve(expected.errors(device, which), anomalous), 6)


def _share(true: np.ndarray) -> float:
    return round(float(np.mean(true)), 6)
