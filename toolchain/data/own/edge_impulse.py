"""Files of Edge Impulse: its data acquisition format (JSON or CBOR) and the ``info.labels`` of an exported data set.

Sources: docs.edgeimpulse.com, "Data acquisition format" (``protected``, ``signature``, ``payload`` with
``interval_ms``, ``sensors`` of ``name`` and ``units``, ``values``) and "Exported data": ``info.labels`` version 1 lists
``files`` with ``path``, ``category`` and ``label`` of ``type`` and ``label``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from toolchain.errors import BadInput, Missing

INFO = "info.labels"


@dataclass(frozen=True, eq=False)
class Acquired:
    """``values`` float64 [n, sensors] at ``rate`` samples a second of the sensors ``names``."""

    values: np.ndarray
    rate: float
    names: tuple[str, ...]


def read_acquisition(path: Path) -> Acquired:
    """A ``.json`` or ``.cbor`` of the data acquisition format. The signature is not checked: keys are not with us.

    Raises BadInput for another content, Missing without the library for CBOR."""
    said = _decoded(path)
    payload = said.get("payload") if isinstance(said, dict) else None
    if not isinstance(payload, dict) or not {"interval_ms", "sensors", "values"} <= payload.keys():
        raise BadInput(f"{path}: not of Edge Impulse's data acquisition format", "it has payload.values and the like")
    sensors = payload["sensors"]
    if not isinstance(sensors, list) or not all(isinstance(sensor, dict) for sensor in sensors):
        raise BadInput(f"{path}: payload.sensors is no list of sensors")
    names = tuple(str(sensor.get("name", "?")) for sensor in sensors)
    try:
        values = np.asarray(payload["values"], np.float64)
        interval = float(payload["interval_ms"])
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"{path}: payload.values or interval_ms are no numbers") from None
    if not 1e-3 <= interval <= 1e9:
        raise BadInput(f"{path}: interval_ms is {interval:g}", "it is the time from a sample to the next")
    if values.ndim == 1 and len(names) == 1:
        values = values[:, np.newaxis]
    if values.ndim != 2 or values.shape[1] != len(names) or not len(values):
        raise BadInput(f"{path}: values of shape {list(values.shape)} for {len(names)} sensors")
    return Acquired(values, 1000.0 / interval, names)


def _decoded(path: Path) -> Any:
    data = path.read_bytes()
    if path.suffix.lower() == ".cbor":
        try:
            import cbor2
        except ImportError:
            raise Missing("CBOR files need cbor2, which is not installed", 'pip install "tinyml-kit[train]"') from None
        try:
            return cbor2.loads(data)
        except Exception as error:  # its tags make dates, fractions, IP addresses …, each with errors of its own
            raise BadInput(f"{path}: no CBOR: {error}") from None
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: no JSON: {error}") from None


def read_info(path: Path) -> dict[Path, str]:
    """The label of each file that ``info.labels`` lists. Raises BadInput for another content."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        files = said["files"]
        found = {path.parent / str(file["path"]): file["label"] for file in files}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: no list of labels: {error!r}", "it is the info.labels of an export") from None
    return {file: str(label["label"]) for file, label in found.items() if isinstance(label, dict) and "label" in label}
