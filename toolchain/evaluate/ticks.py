"""Time of a model on a device, by its counter, on inputs that are always the same."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from pathlib import Path

    from toolchain.link.session import Session

RUN_SECONDS = 10.0  # no further run is begun after so long: some emulators are slow


def random_inputs(model: Path) -> list[bytes]:
    """Inputs for the model file ``model``, random with a fixed seed."""
    import numpy as np

    from toolchain.model.reader import load_model

    random = np.random.default_rng(0)
    return [random.integers(-128, 128, t.shape).astype(t.dtype.numpy).tobytes() for t in load_model(model).inputs]


def least_ticks(
    session: Session, inputs: Sequence[bytes], runs: int, progress: Progress | None = None
) -> tuple[int, list[int]]:
    """Ticks of a whole inference without profiling, and of each layer: the least of up to ``runs`` runs.

    What comes on top in the others is interrupts, and the part of a tick at which a run began.
    """
    progress = progress or Quiet()
    whole: list[int] = []
    layers: list[list[int]] = []
    started = time.monotonic()
    while len(whole) < runs and (not whole or time.monotonic() - started < RUN_SECONDS):
        whole.append(session.infer(inputs).ticks)
        layers.append([layer.ticks for layer in session.profile(inputs).layers])
        progress.update(len(whole), runs)
    return min(whole), [min(ticks) for ticks in zip(*layers, strict=True)]
