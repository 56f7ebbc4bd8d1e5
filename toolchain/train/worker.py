"""The training process: ``python -m toolchain.train.worker``, started by `launch.train_kit` only.

Standard input carries, pickled, the kit and the folder (existing, empty) to leave the result in; then it stays open:
when it closes, the parent is gone, and this process removes what it has written and ends. Standard output carries one
JSON array a line, the name of an event and its values (see `launch`). What TensorFlow and the kit's code print goes to
standard error.
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from toolchain.data import features, load_dataset, model_inputs
from toolchain.data.split import shuffled
from toolchain.errors import KitError
from toolchain.kit import Kit
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner
from toolchain.train import trained as names


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
    kit, folder = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    try:
        run(kit, folder, report)
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


def _end_with_parent(folder: Path) -> None:
    """Wait until the parent's end of standard input closes, whatever ended it, and leave nothing behind."""
    # Not by sys.stdin, whose lock this thread would hold when Python ends, which then aborts.
    while os.read(0, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def run(kit: Kit, folder: Path, report: _Reporter) -> None:
    """Train, convert, measure and draw; `launch.train_kit` tells what is in the folder then."""
    from toolchain.train.convert import convert_float, convert_int8
    from toolchain.train.fit import fit
    from toolchain.train.measure import confusion_matrix, predict, weights_bytes
    from toolchain.train.pictures import draw_confusion, draw_learning_curve
    from toolchain.train.tensorflow import fix_order_of_sums

    seconds: dict[str, float] = {}

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        seconds[stage] = round(time.perf_counter() - start, 3)

    with timed("load"):
        data = load_dataset(kit)
    with timed("fit"):
        fix_order_of_sums()
        fitted = fit(kit, data, report)
        fitted.model.save(folder / names.KERAS)

    report.log("converting to int8")
    with timed("convert"):
        chosen = shuffled(len(data.train), kit.data.split_seed)[: kit.quantization.representative_samples]
        int8 = convert_int8(fitted.model, features(kit, data.train.x[chosen]))
        (folder / names.INT8_TFLITE).write_bytes(int8)
        (folder / names.FLOAT_TFLITE).write_bytes(convert_float(fitted.model))

    report.log(f"measuring on {len(data.test)} test samples")
    with timed("measure"):
        graph = read_model(int8, kit.name)
        runner, quantization = reference_runner(int8, graph), graph.inputs[0].quantization
        assert quantization is not None
        answers = {
            "float": fitted.model.predict(features(kit, data.test.x), verbose=0).argmax(axis=1),
            "int8": predict(runner, graph, model_inputs(kit, data.test.x, quantization)).argmax(axis=1),
        }
        accuracy = {which: float(np.mean(a == data.test.y)) for which, a in answers.items()}
        confusion = {which: confusion_matrix(data.test.y, a, len(kit.labels)) for which, a in answers.items()}

    with timed("draw"):
        draw_learning_curve(
            fitted.history, fitted.best_epoch, f"{kit.title}: learning curve", folder / names.LEARNING_CURVE
        )
        for which, file in (("float", names.CONFUSION_FLOAT), ("int8", names.CONFUSION_INT8)):
            title = f"{kit.title}, {which}: {100 * accuracy[which]:.1f} % of {len(data.test)} test samples"
            draw_confusion(confusion[which], kit.labels, title, folder / file)

    metrics = {
        "kit": kit.name,
        "labels": kit.labels,
        "accuracy_float": accuracy["float"],
        "accuracy_host": accuracy["int8"],
        "int8_runner": runner.name,
        "confusion_float": confusion["float"].tolist(),
        "confusion_int8": confusion["int8"].tolist(),
        "samples": {"train": len(data.train), "validation": len(data.validation), "test": len(data.test)},
        "epochs": len(fitted.history["loss"]),
        "best_epoch": fitted.best_epoch,
        "history": fitted.history,
        "parameters": fitted.model.count_params(),
        "weights_bytes": weights_bytes(graph),
        "model_bytes": len(int8),
        "model_sha256": hashlib.sha256(int8).hexdigest(),
        "training_key": kit.training_key(),
        "data": vars(data.provenance),
        "seconds": seconds,
        "versions": _versions(),
    }
    (folder / names.METRICS).write_text(json.dumps(metrics, indent=1) + "\n")


def _versions() -> dict[str, str]:
    import keras
    import tensorflow

    modules = {module.__name__: module.__version__ for module in (np, tensorflow, keras)}
    return {"python": platform.python_version(), "machine": platform.machine(), **modules}


if __name__ == "__main__":
    main()
