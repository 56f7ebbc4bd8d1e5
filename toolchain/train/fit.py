"""Building and fitting the Keras model of a kit. Runs in the training process only."""

from __future__ import annotations

import importlib.util
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from toolchain.data import Dataset, features
from toolchain.errors import BadInput
from toolchain.kit import Kit
from toolchain.progress import Progress
from toolchain.train.tensorflow import import_tensorflow


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained Keras model. ``history``: loss, accuracy, val_loss and val_accuracy, one value an epoch;
    ``best_epoch`` counts from 1 and is the one whose weights were kept."""

    model: Any
    history: dict[str, list[float]]
    best_epoch: int


def fit(kit: Kit, data: Dataset, progress: Progress) -> Fit:
    """Train the kit's model on ``data.train``, stopping by ``data.validation``.

    Equal kits give equal weights on equal machines and versions of TensorFlow, if `tensorflow.fix_order_of_sums` was
    called in this process. Raises `BadInput` when the kit's code
    fails or builds something that does not fit the kit.
    """
    import_tensorflow()
    import keras

    keras.utils.set_random_seed(kit.training.seed)

    code = _load_code(kit)
    model = _build(kit, code)
    batches = _batches(kit, data, _function(kit, code, "augment", kit.training.augment))
    steps = len(batches) * kit.training.epochs
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(kit.training.learning_rate, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=min(len(batches), 32),  # fewer returns to Python: twice as fast for small models
    )
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=kit.training.patience, restore_best_weights=True)

    def report(epoch: int, logs: dict[str, float]) -> None:
        note = f"loss {logs['loss']:.3f}, validation {100 * logs['val_accuracy']:.1f} %"
        progress.update(epoch + 1, kit.training.epochs, note)

    history = model.fit(
        batches,
        validation_data=(features(kit, data.validation.x), data.validation.y),
        epochs=kit.training.epochs,
        callbacks=[stop, keras.callbacks.LambdaCallback(on_epoch_end=report)],
        verbose=0,
    ).history
    curves = {name: [float(value) for value in history[name]] for name in sorted(history)}
    if not np.isfinite(curves["loss"]).all():
        raise kit.refuse(("training", "learning_rate"), "the loss is not a number any more", "take a smaller one")
    return Fit(model, curves, int(np.argmin(curves["val_loss"])) + 1)


def _batches(kit: Kit, data: Dataset, augment: Callable[..., np.ndarray] | None) -> Any:
    """The training samples in a new order each epoch, varied by ``augment``."""
    import keras

    x, y = features(kit, data.train.x), data.train.y
    size, rng = kit.training.batch_size, np.random.default_rng(kit.training.seed)

    class Batches(keras.utils.PyDataset):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.on_epoch_end()

        def __len__(self) -> int:
            return -(-len(x) // size)

        def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
            chosen = self.order[i * size : (i + 1) * size]
            if augment is None:
                return x[chosen], y[chosen]
            with _blame(kit):
                return augment(x[chosen], rng), y[chosen]

        def on_epoch_end(self) -> None:
            self.order = rng.permutation(len(x))

    return Batches()


def _load_code(kit: Kit) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"kit_{kit.name.replace('-', '_')}_model", kit.model_file)
    assert spec is not None and spec.loader is not None, kit.model_file
    code = importlib.util.module_from_spec(spec)
    with _blame(kit):
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
    with _blame(kit):
        model = build(kit.model_shape, len(kit.labels))
    if not isinstance(model, keras.Model):
        raise kit.refuse(("model", "function"), f"gives a {type(model).__name__}, not a keras.Model")
    try:
        shapes = [tuple(t.shape[1:]) for t in model.inputs], [tuple(t.shape[1:]) for t in model.outputs]
    except (AttributeError, ValueError, TypeError):
        raise kit.refuse(
            ("model", "function"), "builds a model whose input is not known", "begin it with keras.Input(shape)"
        ) from None
    wanted = [kit.model_shape], [(len(kit.labels),)]
    if shapes != wanted:
        text = f"builds a model from {shapes[0]} to {shapes[1]}, the kit needs {wanted[0]} to {wanted[1]}"
        raise kit.refuse(("model", "function"), text)
    return model


@contextmanager
def _blame(kit: Kit) -> Iterator[None]:
    """An error inside the kit's own code becomes `BadInput` with the line of that file."""
    file = str(kit.model_file)
    try:
        yield
    except BaseException as error:  # sys.exit() too
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        line = error.lineno if isinstance(error, SyntaxError) and error.filename == file else lines[-1:] and lines[-1]
        text = next(iter(str(error).splitlines()), "")
        raise BadInput(f"{file}:{line or 1}: {type(error).__name__}: {text}", "this is the kit's own code") from error
