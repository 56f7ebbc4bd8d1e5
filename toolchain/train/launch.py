"""Training in a child process: an interruption or a crash leaves nothing half-written, and TensorFlow stays out."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from toolchain import errors
from toolchain.errors import KitError
from toolchain.kit import Kit
from toolchain.progress import Progress, Quiet
from toolchain.train.tensorflow import require_packages
from toolchain.train.trained import TrainedModel, load_trained


def train_kit(
    kit: Kit, out_dir: Path, progress: Progress | None = None, base: TrainedModel | None = None
) -> TrainedModel:
    """Train ``kit`` and leave the result in ``out_dir``, replacing what an earlier training left there.

    The folder then holds the Keras model, the float and the int8 ``.tflite``, ``metrics.json`` and the pictures (see
    `TrainedModel`). Until all of it is complete ``out_dir`` stays as it was. Pass marks are not applied here. With
    ``base``, an earlier training of the kit, its model is gone on with (pruned, weights rounded) instead of a new one.

    Raises `Missing` when a package is not installed, `BadInput` when the kit, its data or its code cannot be used,
    `KitError` when the training process dies.
    """
    progress = progress or Quiet()
    if kit.model.is_imported:
        require_packages("matplotlib")
        progress.stage("measure", f"{kit.title}, {kit.model.file} as it is")
    else:
        require_packages()
        epochs = kit.training.epochs if base is None else kit.training.refine_epochs
        progress.stage("train", f"{kit.title}, at most {epochs} epochs")
    _make(("train", kit, base), out_dir, progress)
    return load_trained(out_dir)


def quantize_model(source: Path, kit: Kit, samples_of: Kit, out_dir: Path, progress: Progress | None = None) -> None:
    """Leave ``model.tflite``, int8, and ``model_float.tflite`` in ``out_dir``, made of a float ``.tflite``,
    a Keras file (.keras, .h5) or the folder of a SavedModel.

    The model must take what ``kit`` gives and answer its labels; the ranges of its activations are measured on training
    samples of ``samples_of``. Raises as `train_kit`.
    """
    progress = progress or Quiet()
    require_packages("tensorflow")
    progress.stage("quantize", f"{source.name} to int8, with samples of {samples_of.name}")
    _make(("quantize", kit, source.absolute(), samples_of), out_dir, progress)


def _make(job: tuple[Any, ...], out_dir: Path, progress: Progress) -> None:
    out_dir = out_dir.absolute()
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    folder = out_dir.with_name(f".{out_dir.name}-{os.getpid()}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        _run((folder, *job), progress)
        _replace(folder, out_dir)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(job: tuple[Any, ...], progress: Progress) -> None:
    doing = "training"
    with tempfile.TemporaryFile() as log, _worker(log) as child:
        assert child.stdin is not None and child.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once: the log says why
            pickle.dump(job, child.stdin)
            child.stdin.flush()
        for line in child.stdout:
            kind, *values = json.loads(line)
            match kind:
                case "update":
                    progress.update(*values)
                case "log":
                    progress.log(*values)
                    doing = str(values[0])
                case "error":
                    name, message, hint = values
                    raise getattr(errors, name, KitError)(message, hint)
                case "done":
                    return
        status = child.wait()
        log.seek(0)
        said = [text.strip() for text in log.read().decode(errors="replace").splitlines() if text.strip()]
        raise _death(status, doing, said[-1] if said else "it said nothing")


def _death(status: int, doing: str, said: str) -> KitError:
    """The error for a training process that ended by itself."""
    if status >= 0:
        return KitError(f"the training process ended with status {status} while {doing}: {said}")
    with contextlib.suppress(ValueError):
        said = f"{signal.Signals(-status).name}, {said}"
    hint = "a layer that TensorFlow Lite cannot convert can end it: try LSTM and GRU with unroll=True"
    return KitError(f"the training process was killed while {doing}: {said}", hint)


@contextlib.contextmanager
def _worker(log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The child process, dead when this is left. Ctrl-C at the terminal reaches the parent only, which then ends it."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    settings: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "toolchain.train.worker"],  # -P: a keras.py in the user's folder is not ours
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
        **settings,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _replace(folder: Path, out_dir: Path) -> None:
    """Put ``folder`` where ``out_dir`` is; if that fails, what was there is put back."""
    old = folder.with_name(folder.name + "-old")
    if out_dir.exists():
        out_dir.rename(old)
    try:
        folder.rename(out_dir)
    except BaseException:
        if old.exists() and not out_dir.exists():
            old.rename(out_dir)
        raise
    shutil.rmtree(old, ignore_errors=True)
