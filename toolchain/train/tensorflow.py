"""TensorFlow, imported late and kept quiet."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType

from toolchain.errors import Missing

INSTALL = 'pip install "tinyml-kit[train]"'


def require_packages(*names: str) -> None:
    """Raise `Missing` unless the packages that training imports are installed. Imports nothing."""
    for name in names or ("tensorflow", "matplotlib"):
        if importlib.util.find_spec(name) is None:
            raise Missing(f"training needs {name}, which is not installed", INSTALL)


def import_tensorflow() -> ModuleType:
    """The module ``tensorflow`` with its logs off. Raises `Missing` when it is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN picks other kernels on other processors, and with them other roundings.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    try:
        import tensorflow
    except ImportError as error:
        raise Missing(f"TensorFlow cannot be imported: {error}", INSTALL) from None
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    module: ModuleType = tensorflow
    return module


def fix_order_of_sums() -> None:
    """Make equal computations round equally. For a process of its own, before TensorFlow has computed anything."""
    tf = import_tensorflow()
    # The number of threads decides how sums are divided, so it does not follow the machine.
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Drop what is written to the process's standard output and error, by C++ code too, while this is entered."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(fd) for fd in (1, 2)]
    with (
        open(os.devnull, "w") as sink,
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
        warnings.catch_warnings(),
    ):
        try:
            warnings.simplefilter("ignore")
            for fd in (1, 2):
                os.dup2(sink.fileno(), fd)
            yield
        finally:
            for fd, old in zip((1, 2), kept, strict=True):
                os.dup2(old, fd)
                os.close(old)
