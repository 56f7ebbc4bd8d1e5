"""Shoulder exercises of ten people as a smartwatch felt them (six axes, 50 Hz), that seglearn carries."""

from __future__ import annotations

import io

import numpy as np

from toolchain.data.sources import Samples
from toolchain.data.wheel_file import WheelFile
from toolchain.errors import BadInput
from toolchain.progress import Progress

FILE = WheelFile(
    wheel="seglearn-1.2.5-py3-none-any.whl",
    wheel_sha256="ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd",
    member="seglearn/data/watch_dataset.npy",
    sha256="eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537",
)
#: Steps of an int16 for one g and one rad/s: a sensor set to ±16 g and ±2000 °/s, as the MPU-6050 counts.
PER_G = 2048
PER_RADIAN = 32768 / np.radians(2000)


def load(progress: Progress, window: int = 100, hop: int = 50) -> Samples:
    """Windows int16 [n, window, 6] (acceleration x, y, z; rotation x, y, z), one every ``hop`` samples of a recording.

    Classes in the order of the data set: pendulum, abduction, forward elevation, internal rotation, external rotation,
    trapezius extension, upright row. A sample's group is the person, 1 to 10. Source: D. Burns et al., "Shoulder
    physiotherapy exercise recognition: machine learning the inertial signals from a smartwatch", Physiological
    Measurement 39, 2018.
    """
    if hop < 1 or not 2 <= window <= 1000:
        raise BadInput(f"windows of {window} samples every {hop} cannot be cut", "at least 1, and 2 to 1000")
    # The file is a pickled dictionary, whose bytes are known: `read` has compared their hash.
    told = np.load(io.BytesIO(FILE.read(progress)), allow_pickle=True).item()
    steps = np.repeat([PER_G, PER_RADIAN], 3)
    x, y, people = [], [], []
    for recording, exercise, person in zip(told["X"], told["y"], told["subject"], strict=True):
        raw = np.clip(np.round(recording * steps), -32768, 32767).astype(np.int16)
        for start in range(0, len(raw) - window + 1, hop):
            x.append(raw[start : start + window])
            y.append(int(exercise))
            people.append(int(person))
    return Samples(
        x=np.stack(x),
        y=np.array(y),
        source="shoulder exercises, smartwatch (Burns et al., 2018), as seglearn 1.2.5 ships it (load_watch)",
        licence="BSD-3-Clause (seglearn)",
        groups=np.array(people),
    )
