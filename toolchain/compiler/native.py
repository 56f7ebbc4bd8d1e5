"""The generated C on this machine: built with the host's compiler, called through ctypes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from toolchain.compiler import c_text
from toolchain.compiler.compile import CompiledModel
from toolchain.errors import BadInput, KitError, Missing
from toolchain.model.graph import Tensor

FLAGS = ("-std=c11", "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror")
_HOOK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint)


def host_compiler() -> list[str]:
    """Command of a C compiler of this machine: $CC, gcc, cc, clang, or zig from the package ``ziglang``."""
    named = os.environ.get("CC")
    for name in (*([named] if named else []), "gcc", "cc", "clang"):
        if shutil.which(name.split()[0]):
            return name.split()
    try:
        import ziglang  # noqa: F401
    except ImportError:
        raise Missing("no C compiler on this machine", "install gcc, or the Python package ziglang") from None
    return [sys.executable, "-m", "ziglang", "cc"]


def cache_folder() -> Path:
    """Where built objects are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "tinyml-kit" / "native"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise KitError(f"the host's compiler failed: {done.stderr.strip()[:2000]}", " ".join(command))


def _digest(*parts: str) -> str:
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.encode() + b"\0")
    return sha.hexdigest()[:32]


def _once(name: str, make: Sequence[str], folder: Path, flags: Sequence[str] = ()) -> Path:
    """File ``name`` of the cache, made by a command with ``-o`` when it is not there; renamed when whole."""
    target = cache_folder() / name
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder()) as work:
            made = Path(work) / name
            _run([*make, "-o", str(made), *flags])
            made.replace(target)
    return target


def build_objects(files: dict[str, str], flags: Sequence[str] = FLAGS) -> list[Path]:
    """Object files of every ``.c`` in ``files``, each compiled once for the same text, headers and flags."""
    compiler = host_compiler()
    objects: list[Path] = []
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        for name in files:
            if name.endswith(".c"):
                texts = c_text.included(folder, name)
                digest = _digest(*compiler, *flags, *texts.keys(), *texts.values())
                objects.append(_once(f"{digest}.o", [*compiler, *flags, "-c", str(folder / name)], folder))
    return objects


def build_library(files: dict[str, str], flags: Sequence[str] = FLAGS) -> Path:
    """A shared library of every ``.c`` in ``files``."""
    objects = build_objects(files, flags)
    digest = _digest(*host_compiler(), *(o.name for o in objects))
    return _once(f"{digest}.so", [*host_compiler(), "-shared", *map(str, objects)], cache_folder())


class NativeModel:
    """A compiled model as a `Runner`. Arrays go in and come out with the shapes and types of the graph's tensors."""

    name = "native"

    def __init__(self, compiled: CompiledModel, sanitize: bool = False) -> None:
        if sanitize:
            raise NotImplementedError
        self._compiled = compiled
        library = ctypes.CDLL(str(build_library(compiled.files)))
        prefix = compiled.prefix
        self._init = getattr(library, f"{prefix}_init")
        self._init.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        self._invoke = getattr(library, f"{prefix}_invoke")
        self._invoke.argtypes = [ctypes.c_void_p, ctypes.c_size_t, _HOOK, ctypes.c_void_p]
        self._memory = np.zeros(compiled.arena_bytes + 15, np.uint8)
        skip = -self._memory.ctypes.data % 16
        self._arena = self._memory[skip : skip + compiled.arena_bytes]
        self._captured: dict[int, np.ndarray] = {}
        self._by_layer = _outputs_by_layer(compiled)
        self.capture = False
        self.reset()

    def reset(self) -> None:
        """Put the model's state (variables) to its start."""
        self._check(self._init(self._arena.ctypes.data, self._arena.size))

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One inference. Raises BadInput when the number, shape or type of the inputs is not the graph's."""
        graph = self._compiled.graph
        check_inputs(graph.inputs, inputs)
        for tensor, value in zip(graph.inputs, inputs, strict=True):
            self._bytes(tensor)[:] = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
        self._captured = {}
        hook = _HOOK(self._after_layer)
        self._capture(graph.inputs)
        self._check(self._invoke(self._arena.ctypes.data, self._arena.size, hook, None))
        return [self._value(t) for t in graph.outputs]

    def tensor(self, index: int) -> np.ndarray:
        """Value of tensor ``index`` of the ``.tflite`` as it was when its layer had run in the last inference."""
        if index not in self._captured:
            raise BadInput(f"tensor {index} does not exist after the passes", f"one of {sorted(self._captured)}")
        return self._captured[index]

    def tensors(self) -> list[int]:
        """Indices that `tensor` knows after a run, in the order of computation."""
        return list(self._captured)

    def _after_layer(self, _user: object, layer: int) -> int:
        self._capture(self._by_layer[layer])
        return 0

    def _capture(self, tensors: Sequence[Tensor]) -> None:
        for t in tensors:
            if t.index >= 0:
                self._captured[t.index] = self._value(t)

    def _bytes(self, tensor: Tensor) -> np.ndarray:
        offset = self._compiled.plan.offsets[tensor]
        return self._arena[offset : offset + tensor.bytes]

    def _value(self, tensor: Tensor) -> np.ndarray:
        return self._bytes(tensor).copy().view(tensor.dtype.numpy).reshape(tensor.shape)

    def _check(self, status: int) -> None:
        if status != 0:
            raise KitError(f"the generated model returned {status}", "this is a defect of the compiler; report it")


def check_inputs(tensors: Sequence[Tensor], inputs: Sequence[np.ndarray]) -> None:
    """Raise BadInput when ``inputs`` do not fit ``tensors``."""
    if len(inputs) != len(tensors):
        raise BadInput(f"the model has {len(tensors)} inputs, {len(inputs)} were given", "give one array an input")
    for tensor, value in zip(tensors, inputs, strict=True):
        if value.shape != tensor.shape or value.dtype != tensor.dtype.numpy:
            raise BadInput(
                f"input '{tensor.name}' is {tensor.dtype.value} {tensor.shape}, given {value.dtype} {value.shape}",
                "quantise and reshape it first",
            )


def _outputs_by_layer(compiled: CompiledModel) -> list[list[Tensor]]:
    """Tensors (views too) whose value is whole once layer i has run."""
    program = compiled.program
    result: list[list[Tensor]] = [list(step.outputs) for step in compiled.layers]
    written = {program.root(t)[0]: i for i, outputs in enumerate(result) for t in outputs}
    for tensor, (root, _) in program.views.items():
        if root in written and tensor not in result[written[root]]:
            result[written[root]].append(tensor)
    return result
