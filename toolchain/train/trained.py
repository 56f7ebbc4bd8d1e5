"""The folder that training leaves behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.errors import BadInput

KERAS = "model.keras"
FLOAT_TFLITE = "model_float.tflite"
INT8_TFLITE = "model_int8.tflite"
METRICS = "metrics.json"
LEARNING_CURVE = "learning_curve.png"
CONFUSION_FLOAT = "confusion_float.png"
CONFUSION_INT8 = "confusion_int8.png"
CLUSTERS = "novelty.npz"  # centres, mean, deviation of `novelty.Clusters`, for a kit with [novelty]


@dataclass(frozen=True)
class TrainedModel:
    """A trained kit. ``metrics`` is what ``metrics.json`` holds; among it, as fractions of the test samples,
    ``accuracy_float`` (Keras) and ``accuracy_host`` (int8 on the runner that ``int8_runner`` names).

    Of a model that was trained elsewhere there is no Keras model and no learning curve, and the float model and its
    figures (None) are there only where the kit has them."""

    folder: Path
    metrics: Mapping[str, Any]

    @property
    def thresholds(self) -> tuple[float | None, float | None]:
        """Of the reconstruction error, float and int8, when the kit's task is to find anomalies; else None twice."""
        return self.metrics.get("threshold_float"), self.metrics.get("threshold_int8")

    @property
    def keras(self) -> Path:
        return self.folder / KERAS

    @property
    def is_imported(self) -> bool:
        return bool(self.metrics.get("imported"))

    @property
    def has_float(self) -> bool:
        return not self.is_imported or self.metrics["accuracy_float"] is not None

    @property
    def float_tflite(self) -> Path:
        return self.folder / FLOAT_TFLITE

    @property
    def int8_tflite(self) -> Path:
        return self.folder / INT8_TFLITE

    @property
    def pictures(self) -> tuple[Path, ...]:
        drawn = [] if self.is_imported else [LEARNING_CURVE]
        drawn += [CONFUSION_FLOAT] if self.has_float else []
        return tuple(self.folder / name for name in (*drawn, CONFUSION_INT8))

    @property
    def files(self) -> tuple[Path, ...]:
        """All that is in the folder besides the metrics."""
        models = [] if self.is_imported else [self.keras]
        models += [self.float_tflite] if self.has_float else []
        return (*models, self.int8_tflite, *self.pictures)


def judged_accuracies(metrics: Mapping[str, Any]) -> tuple[float | None, float]:
    """Float and int8 accuracy that pass marks are about: of the test samples, or the mean over the folds. Float is None
    for a model that was trained elsewhere and came without its float model."""
    folds = metrics.get("cross_validation")
    if folds:
        return folds["accuracy_float"], folds["accuracy_int8"]
    return metrics["accuracy_float"], metrics["accuracy_host"]


def load_trained(folder: Path) -> TrainedModel:
    """The result of an earlier training. Raises `BadInput` when a file is missing or was changed since."""
    again = "train the kit again"
    try:
        metrics = json.loads((folder / METRICS).read_text())
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder}: no trained model here: {error}", again) from None
    trained = TrainedModel(folder, metrics)
    for path in trained.files:
        if not path.is_file():
            raise BadInput(f"{folder}: {path.name} is missing", again)
    if hashlib.sha256(trained.int8_tflite.read_bytes()).hexdigest() != metrics.get("model_sha256"):
        raise BadInput(f"{trained.int8_tflite}: not the model that {METRICS} was measured on", again)
    return trained
