"""Building and fitting the Keras model of a kit. Runs in the training process only."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from toolchain.data import Dataset, Split, features
from toolchain.kit import Kit
from toolchain.progress import Progress
from toolchain.train.anomaly import NORMAL
from toolchain.train.batches import Batches
from toolchain.train.blame import blame
from toolchain.train.measure import only_class
from toolchain.train.refine import refine, refines
from toolchain.train.tensorflow import import_tensorflow
from toolchain.train.trained import TrainedModel


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained Keras model. ``history``: loss and val_loss, for a classification also accuracy and val_accuracy, one
    value an epoch; ``best_epoch`` counts from 1 and is the one whose weights were kept."""

    model: Any
    history: dict[str, list[float]]
    best_epoch: int


def fit(kit: Kit, data: Dataset, progress: Progress, base: TrainedModel | None = None) -> Fit:
    """Train the kit's model on ``data.train``, stopping by ``data.validation``.

    Equal kits give equal weights on equal machines and versions of TensorFlow, if `tensorflow.fix_order_of_sums` was
    called in this process. ``base`` is an earlier training of the kit to go on with instead (see `refine`). Raises
    `BadInput` when the kit's code fails or builds something that does not fit the kit.
    """
    import_tensorflow()
    import keras

    keras.utils.set_random_seed(kit.training.seed)

    code = _load_code(kit)
    model = _build(kit, code)
    batches = Batches(kit, *_pairs(kit, data.train), _function(kit, code, "augment", kit.training.augment))
    loss = "mean_squared_error" if kit.task == "anomaly" else "sparse_categorical_crossentropy"
    validation = _pairs(kit, data.validation)
    try:
        if base is None:
            curves = _train(kit, model, loss, batches.dataset(), validation, progress)
        else:
            model = keras.models.load_model(base.keras)
            curves = {name: list(values) for name, values in base.metrics["history"].items()}
        if refines(kit):
            told = _reporting(kit.training.refine_epochs, len(batches), progress)
            refine(kit, model, loss, batches.dataset(), validation, told)
    except Exception:
        if batches.failure:
            raise batches.failure from None
        raise
    return Fit(model, curves, int(np.argmin(curves["val_loss"])) + 1)


def _train(
    kit: Kit, model: Any, loss: str, batches: Any, validation: tuple[np.ndarray, np.ndarray], progress: Progress
) -> dict[str, list[float]]:
    """Train the new ``model``; the curves of `Fit`."""
    import keras

    steps, epochs = len(batches), kit.training.epochs
    rate = keras.optimizers.schedules.CosineDecay(kit.training.learning_rate, steps * epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=loss,
        metrics=[] if kit.task == "anomaly" else ["accuracy"],
        steps_per_execution=min(steps, 32),  # fewer returns to Python: twice as fast for small models
    )
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=kit.training.patience, restore_best_weights=True)
    history = model.fit(
        batches,
        validation_data=validation,
        shuffle=False,  # the batches are
        epochs=epochs,
        callbacks=[stop, _reporting(epochs, steps, progress)],
        verbose=0,
    ).history
    curves = {name: [float(value) for value in history[name]] for name in sorted(history)}
    if not np.isfinite(curves["loss"]).all():
        raise kit.refuse(("training", "learning_rate"), "the loss is not a number any more", "take a smaller one")
    return curves


def _reporting(epochs: int, batches: int, progress: Progress) -> Any:
    """A callback that tells how far the training is, within an epoch too."""
    import keras

    class Reporting(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        epoch, note = 0, ""

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            part = min(batch + 1, batches) / batches
            progress.update(round(self.epoch + part, 2), epochs, self.note)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            right, loss = logs.get("val_accuracy"), logs["val_loss"]
            validation = f"{loss:.3g}" if right is None else f"{100 * right:.1f} %"
            self.note = f"loss {logs['loss']:.3g}, validation {validation}"
            progress.update(epoch + 1, epochs, self.note)

    return Reporting()


def _pairs(kit: Kit, part: Split) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and what the model is to answer: class numbers, or for an anomaly detector normal inputs themselves."""
    if kit.task != "anomaly":
        return features(kit, part.x), part.y
    inputs = features(kit, only_class(part, NORMAL).x)
    return inputs, inputs


def _load_code(kit: Kit) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"kit_{kit.name.replace('-', '_')}_model", kit.model_file)
    assert spec is not None and spec.loader is not None, kit.model_file
    code = importlib.util.module_from_spec(spec)
    with blame(kit):
        spec.loader.exec_module(code)
    return code


def _function(kit: Kit, code: ModuleType, key: str, name: str) -> Callable[..., Any] | None:
    """Function ``name`` of the kit's code, None for no name."""
    if not name:
        return None
    function: Callable[..., Any] | None = getattr(code, name, None)
    if not callable(function):
        table = "model" if key == "function" else "training"
        raise kit.refuse((table, key), f'{kit.model.file} has no function "{name}"')
    return function


def _build(kit: Kit, code: ModuleType) -> Any:
    import keras

    build = _function(kit, code, "function", kit.model.function)
    assert build is not None
    with blame(kit):
        model = build(kit.model_shape, len(kit.labels))
    if not isinstance(model, keras.Model):
        raise kit.refuse(("model", "function"), f"gives a {type(model).__name__}, not a keras.Model")
    try:
        shapes = [tuple(t.shape[1:]) for t in model.inputs], [tuple(t.shape[1:]) for t in model.outputs]
    except (AttributeError, ValueError, TypeError):
        raise kit.refuse(
            ("model", "function"), "builds a model whose input is not known", "begin it with keras.Input(shape)"
        ) from None
    wanted = [kit.model_shape], [kit.output_shape]
    if shapes != wanted:
        text = f"builds a model from {shapes[0]} to {shapes[1]}, the kit needs {wanted[0]} to {wanted[1]}"
        raise kit.refuse(("model", "function"), text)
    return model
