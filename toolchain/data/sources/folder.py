"""The user's own recordings in the kit's folder ``data``, cut into windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from toolchain.data.own.store import FOLDER, Store
from toolchain.data.sources import Samples
from toolchain.errors import BadInput

if TYPE_CHECKING:
    from toolchain.kit import Kit


def load(kit: Kit, overlap: float = 0.0) -> Samples:
    """Every window of every recording, with the recording's group.

    Windows of long recordings overlap by the part ``overlap`` (0 to 0.9). A recording shorter than one window is put
    into the middle of one, silence (zero) around it.
    """
    if not 0 <= overlap <= 0.9:
        raise kit.refuse(("data", "settings", "overlap"), f"is {overlap:g}, it should be 0 to 0.9")
    store = Store(kit)
    entries = store.entries()
    windows, classes, groups = [], [], []
    for entry in entries:
        cut = cut_windows(store.read(entry), kit.input.shape, overlap)
        windows.append(cut)
        classes += [kit.labels.index(entry.label)] * len(cut)
        groups += [entry.group] * len(cut)
    if not windows:
        raise BadInput(
            f"{store.folder} holds no recording of {', '.join(kit.labels)}",
            f"kit data import FILE … --kit {kit.folder} puts them there",
        )
    return Samples(
        x=np.concatenate(windows),
        y=np.array(classes, np.int64),
        source=f"{len(entries)} recordings in {kit.name}/{FOLDER}",
        licence="the user's own",
        groups=np.array(groups),
    )


def cut_windows(recording: np.ndarray, shape: tuple[int, ...], overlap: float) -> np.ndarray:
    """Windows [n, *shape] of a recording [samples, …]; of samples [n, *shape] those samples."""
    if recording.shape[1:] == shape:
        return recording
    length = shape[0]
    if len(recording) < length:
        whole = np.zeros(shape, recording.dtype)
        start = (length - len(recording)) // 2
        whole[start : start + len(recording)] = recording.reshape(-1, *shape[1:])
        return whole[np.newaxis]
    step = max(1, round(length * (1 - overlap)))
    starts = range(0, len(recording) - length + 1, step)
    return np.stack([recording[start : start + length].reshape(shape) for start in starts])
