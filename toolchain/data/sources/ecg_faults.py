"""Five minutes of a real electrocardiogram that scipy carried, and the same with declared, synthetic faults."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from toolchain.data.sources import Samples
from toolchain.data.wheel_file import WheelFile
from toolchain.progress import Progress

FILE = WheelFile(
    wheel="scipy-1.11.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    wheel_sha256="530f9ad26440e85766509dbf78edcfe13ffd0ab7fec2560ee5c36ff74d6269ff",
    member="scipy/misc/ecg.dat",
    sha256="f20ad3365fb9b7f845d0e5c48b6fe67081377ee466c3a220b7f69f35c8958baf",
)
RATE = 180  # half of the recording's: two samples are added up and halved
WINDOW = 180
_HOP = 18
_PARTS = 10  # of 30 s: a window lies in one
_MILLIVOLT, _ZERO = 200, 1024  # steps of the recording's converter

_Fault = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def load(progress: Progress) -> Samples:
    """Windows int16 [n, 180] of one second at 180 Hz, in steps of 1/200 mV around 1024; class 0 as recorded, 1 faulty.

    Every window is there twice, the second time with one of `FAULTS`. A sample's group is the half minute it is of.
    Source: record 208 of the MIT-BIH Arrhythmia Database (G. Moody, R. Mark, IEEE Engineering in Medicine and Biology
    20, 2001), minutes 0 to 5, of a person with many premature ventricular beats.
    """
    with np.load(io.BytesIO(FILE.read(progress))) as stored:
        recorded = stored["ecg"].astype(np.int32)
    signal = (recorded[0::2] + recorded[1::2] + 1) // 2
    part = len(signal) // _PARTS
    starts = [p * part + at for p in range(_PARTS) for at in range(0, part - WINDOW + 1, _HOP)]
    normal = np.stack([signal[start : start + WINDOW] for start in starts])
    rng = np.random.Generator(np.random.PCG64(208))
    kinds = list(FAULTS.values())
    faulty = np.stack([kinds[i % len(kinds)](x.astype(np.float64), rng) for i, x in enumerate(normal)])
    return Samples(
        x=np.clip(np.round(np.concatenate([normal, faulty])), 0, 2047).astype(np.int16),
        y=np.repeat(np.array([0, 1]), len(normal)),
        source="MIT-BIH Arrhythmia Database, record 208, as scipy 1.11.4 ships it (scipy.misc.electrocardiogram);"
        " its faults are synthetic",
        licence="Open Data Commons Attribution 1.0 (PhysioNet); scipy BSD-3-Clause",
        groups=np.tile(np.array(starts) // part, 2),
    )


def _hum(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mains: 50 Hz of 0.3 mV."""
    phase = rng.random() * 2 * np.pi
    return x + 0.3 * _MILLIVOLT * np.sin(2 * np.pi * 50 * np.arange(WINDOW) / RATE + phase)


def _muscle(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A tense muscle: white noise of 0.2 mV."""
    return x + (rng.random((12, WINDOW)).sum(axis=0) - 6) * 0.2 * _MILLIVOLT


def _contact(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A loose electrode: three needles of 1.5 mV."""
    at = (rng.random(3) * WINDOW).astype(int)
    x[at] += np.where(rng.random(3) < 0.5, -1.5, 1.5) * _MILLIVOLT
    return x


def _saturated(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An amplifier set three times too high, whose output ends at 1.5 mV."""
    return np.clip((x - _ZERO) * 3, -1.5 * _MILLIVOLT, 1.5 * _MILLIVOLT) + _ZERO


#: What is done to a window; dealt in turn. Random numbers are drawn by ``random`` only, whose stream numpy keeps.
FAULTS: dict[str, _Fault] = {"hum": _hum, "muscle": _muscle, "contact": _contact, "saturated": _saturated}
