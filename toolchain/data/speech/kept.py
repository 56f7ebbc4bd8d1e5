"""What takes long to render is rendered once: arrays in the workspace's cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from toolchain.progress import Progress
from toolchain.workspace import Workspace, source_hash, versions

_FILE = "arrays.npz"


def arrays(
    name: str, made_from: Mapping[str, Any], make: Callable[[], Mapping[str, np.ndarray]], progress: Progress
) -> dict[str, np.ndarray]:
    """What ``make`` makes from ``made_from`` (JSON values), from ``build/cache/<name>-<key>`` when it is there."""

    def write(folder: Path) -> None:
        with (folder / _FILE).open("wb") as stream:
            np.savez(stream, allow_pickle=False, **make())

    whole = {**made_from, "source": source_hash("data/speech"), "versions": versions("numpy", "scipy", "soundfile")}
    key = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:12]
    workspace = Workspace()
    folder = workspace.artefact(workspace.root / "cache" / f"{name}-{key}", whole, write, progress)
    with np.load(folder / _FILE) as stored:
        return {key: stored[key] for key in stored.files}
