"""Shoulder exercises of ten people as a smartwatch felt them (six axes, 50 Hz), that seglearn carries."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from toolchain.data.sources import Samples
from toolchain.data.split import divide, shuffled
from toolchain.data.stream import Event, LongRecording
from toolchain.data.wheel_file import WheelFile
from toolchain.errors import BadInput
from toolchain.progress import Progress

if TYPE_CHECKING:
    from toolchain.kit import Kit

FILE = WheelFile(
    wheel="seglearn-1.2.5-py3-none-any.whl",
    wheel_sha256="ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd",
    member="seglearn/data/watch_dataset.npy",
    sha256="eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537",
)
#: Steps of an int16 for one g and one rad/s: a sensor set to ±16 g and ±2000 °/s, as the MPU-6050 counts.
PER_G = 2048
PER_RADIAN = 32768 / np.radians(2000)
RATE = 50
_REST = 10 * RATE


def load(progress: Progress, window: int = 100, hop: int = 50) -> Samples:
    """Windows int16 [n, window, 6] (acceleration x, y, z; rotation x, y, z), one every ``hop`` samples of a recording.

    Classes in the order of the data set: pendulum, abduction, forward elevation, internal rotation, external rotation,
    trapezius extension, upright row. A sample's group is the person, 1 to 10. Source: D. Burns et al., "Shoulder
    physiotherapy exercise recognition: machine learning the inertial signals from a smartwatch", Physiological
    Measurement 39, 2018.
    """
    if hop < 1 or not 2 <= window <= 1000:
        raise BadInput(f"windows of {window} samples every {hop} cannot be cut", "at least 1, and 2 to 1000")
    x, y, people = [], [], []
    for raw, exercise, person in _recordings(progress):
        for start in range(0, len(raw) - window + 1, hop):
            x.append(raw[start : start + window])
            y.append(exercise)
            people.append(person)
    return Samples(
        x=np.stack(x),
        y=np.array(y),
        source="shoulder exercises, smartwatch (Burns et al., 2018), as seglearn 1.2.5 ships it (load_watch)",
        licence="BSD-3-Clause (seglearn)",
        groups=np.array(people),
    )


def load_stream(
    minutes: float, part: str, kit: Kit, progress: Progress, window: int = 100, hop: int = 50
) -> LongRecording:
    """The exercises of the people of ``part`` of the kit's data, one after another; between them the watch lies still.

    As many as begin within ``minutes``, in an order drawn by the kit's seed.
    """
    samples = load(progress, window, hop)
    assert samples.groups is not None
    chosen = divide(kit, samples)[0 if part == "test" else 1]
    people = set(samples.groups[chosen].tolist())
    recordings = [said for said in _recordings(progress) if said[2] in people]
    pieces, events, at = [], [], 0
    for number in shuffled(len(recordings), kit.data.split_seed):
        raw, exercise, _ = recordings[number]
        if at >= minutes * 60 * RATE:
            break
        events.append(Event(at / RATE, (at + len(raw)) / RATE, kit.labels[exercise]))
        pieces += [raw, np.repeat(raw[-1:] * np.array([1, 1, 1, 0, 0, 0], np.int16), _REST, axis=0)]
        at += len(raw) + _REST
    described = f"exercises of people {sorted(people)}, with {_REST // RATE} s between them in which nothing moves"
    return LongRecording(np.concatenate(pieces), RATE, tuple(events), window / RATE, described)


def _recordings(progress: Progress) -> Iterator[tuple[np.ndarray, int, int]]:
    """Each recording, int16 [n, 6], with the number of its exercise and of its person."""
    # The file is a pickled dictionary, whose bytes are known: `read` has compared their hash.
    told = np.load(io.BytesIO(FILE.read(progress)), allow_pickle=True).item()
    steps = np.repeat([PER_G, PER_RADIAN], 3)
    for recording, exercise, person in zip(told["X"], told["y"], told["subject"], strict=True):
        raw = np.clip(np.round(recording * steps), -32768, 32767).astype(np.int16)
        yield raw, int(exercise), int(person)
