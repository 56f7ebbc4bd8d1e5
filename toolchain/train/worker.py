"""The training process: ``python -m toolchain.train.worker``, started by `launch` only.

Standard input carries, pickled, the folder (existing, empty) to leave the result in, "train" or "quantize", and what
`run` or `foreign.quantize` takes besides; then it stays open: when it closes, the parent is gone, and this process
removes what it has written and ends. Standard output carries one JSON array a line, the name of an event and its values
(see `launch`). What TensorFlow and the kit's code print goes to standard error.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import platform
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from toolchain.data import Dataset, features, load_dataset
from toolchain.data.split import shuffled
from toolchain.errors import KitError
from toolchain.kit import Kit
from toolchain.train import trained as names

if TYPE_CHECKING:
    from toolchain.train.fit import Fit
    from toolchain.train.measure import Measured


class _Reporter:
    """A `Progress` that writes JSON lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, kind: str, *values: Any) -> None:
        self._stream.write(json.dumps([kind, *values]) + "\n")
        self._stream.flush()

    def stage(self, name: str, note: str = "") -> None:
        self.send("stage", name, note)

    def update(self, done: float, total: float, note: str = "") -> None:
        self.send("update", done, total, note)

    def log(self, text: str) -> None:
        self.send("log", text)


def main() -> None:
    report = _Reporter(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    folder, job, *said = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, args=(folder, os.dup(0)), daemon=True).start()
    nothing = os.open(os.devnull, os.O_RDONLY)  # for what a model's file asks at the keyboard nobody would answer
    os.dup2(nothing, 0)
    try:
        if job == "quantize":
            from toolchain.train.foreign import quantize

            quantize(said[0], said[1], said[2], folder, report)
        else:
            run(said[0], folder, report, said[1])
    except KitError as error:
        report.send("error", type(error).__name__, error.message, error.hint)
    except OSError as error:
        traceback.print_exc()
        report.send("error", "Missing", f"the training failed: {error.strerror or error}", "is the disk full?")
    except Exception as error:
        traceback.print_exc()
        text = next(iter(str(error).splitlines()), "")
        report.send("error", "KitError", f"the training failed: {type(error).__name__}: {text}", "")
    else:
        report.send("done")


def _end_with_parent(folder: Path, pipe: int) -> None:
    """Wait until the parent's end of ``pipe``, once standard input, closes, whatever ended it; leave nothing behind."""
    # Not by sys.stdin, whose lock this thread would hold when Python ends, which then aborts.
    while os.read(pipe, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def run(kit: Kit, folder: Path, report: _Reporter, base: names.TrainedModel | None) -> None:
    """Train, convert, measure and draw; `launch.train_kit` tells what is in the folder then.

    With folds there is a training for each; the model that is kept is the first one's, and only that is gone on with
    from ``base``. A model that was trained elsewhere is only measured.
    """
    if kit.model.is_imported:
        from toolchain.train.imported import take

        return take(kit, folder, report)
    from toolchain.train.convert import convert_float
    from toolchain.train.novelty import measure_novelty
    from toolchain.train.pictures import draw_confusion, draw_learning_curve
    from toolchain.train.tensorflow import fix_order_of_sums

    seconds: dict[str, float] = {}

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        seconds[stage] = round(seconds.get(stage, 0.0) + time.perf_counter() - start, 3)

    with timed("fit"):
        fix_order_of_sums()
    folds = (kit.data.folds or 1) if base is None else 1
    data, fitted, int8, measured = _train_once(kit, report, timed, 0, base)
    with timed("convert"):
        fitted.model.save(folder / names.KERAS)
        (folder / names.INT8_TFLITE).write_bytes(int8)
        (folder / names.FLOAT_TFLITE).write_bytes(convert_float(fitted.model))
    figures = {"float": measured.float, "int8": measured.int8}
    with timed("draw"):
        draw_learning_curve(
            fitted.history, fitted.best_epoch, f"{kit.title}: learning curve", folder / names.LEARNING_CURVE
        )
        for which, file in (("float", names.CONFUSION_FLOAT), ("int8", names.CONFUSION_INT8)):
            title = f"{kit.title}, {which}: {100 * figures[which].accuracy:.1f} % of {len(data.test)} test samples"
            draw_confusion(figures[which].confusion, kit.labels, title, folder / file)

    results = [_fold_result(data, measured)]
    for fold in range(1, folds):
        fold_data, _, _, fold_measured = _train_once(kit, report, timed, fold)
        results.append(_fold_result(fold_data, fold_measured))

    metrics = {
        "kit": kit.name,
        "labels": kit.labels,
        "accuracy_float": measured.float.accuracy,
        "accuracy_host": measured.int8.accuracy,
        "int8_runner": measured.runner,
        "confusion_float": measured.float.confusion.tolist(),
        "confusion_int8": measured.int8.confusion.tolist(),
        "samples": {"train": len(data.train), "validation": len(data.validation), "test": len(data.test)},
        "epochs": len(fitted.history["loss"]),
        "best_epoch": fitted.best_epoch,
        "history": fitted.history,
        "parameters": fitted.model.count_params(),
        "weights_bytes": measured.weights_bytes,
        "model_bytes": len(int8),
        "model_sha256": hashlib.sha256(int8).hexdigest(),
        "training_key": kit.training_key(),
        "data": vars(data.provenance),
        "seconds": seconds,
        "versions": _versions(),
    }
    if folds > 1:
        metrics["cross_validation"] = cross_validation(results)
    if kit.task == "anomaly":
        metrics |= {
            "threshold_float": measured.float.threshold,
            "threshold_int8": measured.int8.threshold,
            "auc_float": measured.float.auc,
            "auc_int8": measured.int8.auc,
        }
    if kit.novelty is not None:
        report.log("clusters of what training saw")
        with timed("novelty"):
            clusters, metrics["novelty"] = measure_novelty(kit, data)
            np.savez(folder / names.CLUSTERS, **vars(clusters))
    (folder / names.METRICS).write_text(json.dumps(metrics, indent=1) + "\n")


def _train_once(
    kit: Kit,
    report: _Reporter,
    timed: Callable[[str], AbstractContextManager[None]],
    fold: int,
    base: names.TrainedModel | None = None,
) -> tuple[Dataset, Fit, bytes, Measured]:
    """One training, with the samples of fold ``fold`` left out of it, and what came of it."""
    from toolchain.train.convert import convert_int8
    from toolchain.train.fit import fit
    from toolchain.train.measure import measure

    if kit.data.folds:
        report.log(f"fold {fold + 1} of {kit.data.folds}")
    with timed("load"):
        data = load_dataset(kit, report, fold)
    with timed("fit"):
        fitted = fit(kit, data, report, base)
    report.log("converting to int8")
    with timed("convert"):
        chosen = shuffled(len(data.train), kit.data.split_seed)[: kit.quantization.representative_samples]
        int8 = convert_int8(fitted.model, features(kit, data.train.x[chosen]))
    report.log(f"measuring on {len(data.test)} test samples")
    with timed("measure"):
        measured = measure(kit, fitted.model, int8, data)
    return data, fitted, int8, measured


def _fold_result(data: Dataset, measured: Measured) -> dict[str, Any]:
    groups = [] if data.test.groups is None else np.unique(data.test.groups).tolist()
    return {
        "test_samples": len(data.test),
        "test_groups": groups if len(groups) <= 20 else len(groups),
        "accuracy_float": measured.float.accuracy,
        "accuracy_int8": measured.int8.accuracy,
    }


def cross_validation(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation (of the sample) over the folds, and what each gave."""
    said: dict[str, Any] = {}
    for name in ("accuracy_float", "accuracy_int8"):
        values = [result[name] for result in results]
        said |= {name: float(np.mean(values)), f"{name}_deviation": float(np.std(values, ddof=1))}
    return {**said, "folds": results}


def _versions() -> dict[str, str]:
    import keras
    import tensorflow

    modules = {module.__name__: module.__version__ for module in (np, tensorflow, keras)}
    return {"python": platform.python_version(), "machine": platform.machine(), **modules}


if __name__ == "__main__":
    main()
