"""Ways to run a model on the host, all alike: give inputs, take outputs, look at any tensor.

`TflmRunner` is the device reference. `EvaluatorRunner` is our own numpy evaluator, tested to equal it. `LiteRtRunner`
is the desktop interpreter, which is not a golden for the device: its kernels round differently.
"""

from __future__ import annotations

import contextlib
import importlib.util
import warnings
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from toolchain.errors import BadInput, Missing
from toolchain.model.evaluator import Evaluator
from toolchain.model.graph import DType, Graph
from toolchain.model.reader import read_model


class Runner(Protocol):
    """Runs one model."""

    name: str

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Outputs for inputs of exactly the model's shapes and types. Variables keep their value between calls.

        Raises BadInput when an input does not fit.
        """

    def tensor(self, index: int) -> np.ndarray:
        """The tensor of that number in the ``.tflite``'s main subgraph, as the last `run` left it."""

    def reset(self) -> None:
        """Put variables back to what they were before the first `run`."""


def check_inputs(graph: Graph, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """``inputs`` as contiguous arrays. Raises BadInput when number, shape or type differ from the graph's."""
    if len(inputs) != len(graph.inputs):
        raise BadInput(f"{graph.name} takes {len(graph.inputs)} inputs, {len(inputs)} were given")
    for tensor, array in zip(graph.inputs, inputs, strict=True):
        if array.shape != tensor.shape or array.dtype != tensor.dtype.numpy:
            raise BadInput(
                f"input {tensor.name!r} of {graph.name} is {tensor.dtype.value}{list(tensor.shape)}, "
                f"{array.dtype}{list(array.shape)} was given"
            )
    return [np.ascontiguousarray(a).reshape(a.shape) for a in inputs]


class EvaluatorRunner:
    """Our reference evaluator. Raises BadInput for an operator, or a form of one, that it does not know."""

    name = "evaluator"

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._evaluator = Evaluator(graph)

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self._evaluator.run(check_inputs(self._graph, inputs))

    def tensor(self, index: int) -> np.ndarray:
        return self._evaluator.tensor(index)

    def reset(self) -> None:
        self._evaluator.reset()


class TflmRunner:
    """TensorFlow Lite Micro with its reference kernels (package ``tflite-micro``), every tensor kept.

    Raises Missing when the package is not installed, BadInput when TFLM refuses the model.
    """

    name = "tflite-micro"

    def __init__(self, data: bytes, graph: Graph | None = None) -> None:
        self._data = data
        self._graph = graph or read_model(data)
        _refuse_what_crashes(self._graph)
        self.reset()

    @staticmethod
    def available() -> bool:
        return importlib.util.find_spec("tflite_micro") is not None

    def reset(self) -> None:
        # A new interpreter: the library's own reset does not run CALL_ONCE again.
        if not self.available():
            raise Missing("tflite-micro is not installed", "pip install 'tinyml-kit[reference]' (Linux x86-64)")
        from tflite_micro.python.tflite_micro import runtime

        self._interpreter: Any = self._call(
            runtime.Interpreter.from_bytes,
            self._data,
            arena_size=_arena_bytes(self._graph, len(self._data)),
            intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
        )

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        for i, array in enumerate(check_inputs(self._graph, inputs)):
            self._call(self._interpreter.set_input, array, i)
        self._call(self._interpreter.invoke)
        return [np.array(self._call(self._interpreter.get_output, i)) for i in range(len(self._graph.outputs))]

    def tensor(self, index: int) -> np.ndarray:
        return np.array(self._call(self._interpreter.GetTensor, index, 0)["tensor_data"])

    def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (RuntimeError, ValueError) as error:
            raise BadInput(
                f"tflite-micro cannot run {self._graph.name}: {error}", "its own message is on standard error"
            ) from error


def _refuse_what_crashes(graph: Graph) -> None:
    """Some forms end the process inside the library, or give wrong answers, rather than an error."""
    if graph.reworked:
        # It believes the shapes that the file states, which converters leave at 1 where they are open, and its
        # SPACE_TO_BATCH_ND pads with a number that was never set.
        raise BadInput(f"tflite-micro would take {graph.name} literally and compute something else")
    for op in graph.operators:
        bias = {"DEPTHWISE_CONV_2D": 2, "TRANSPOSE_CONV": 3}.get(op.kind)
        if bias is None or (op.kind == "TRANSPOSE_CONV" and op.output.dtype is DType.INT8):
            continue
        if len(op.inputs) <= bias or op.inputs[bias] is None:
            raise BadInput(f"tflite-micro crashes on operator {op.index} ({op.kind}) of {graph.name}: it has no bias")
    _refuse_what_nobody_assigns(graph)


def _refuse_what_nobody_assigns(graph: Graph) -> None:
    """A variable that is only read holds what was in memory there; others start at their zero point."""
    handles: dict[int, object] = {}
    read: set[object] = set()
    assigned: set[object] = set()
    for op in (*graph.initializers, *graph.operators):
        if op.kind == "VAR_HANDLE":
            handles[id(op.output)] = op.options["shared_name"]
        elif op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
            (read if op.kind == "READ_VARIABLE" else assigned).add(handles.get(id(op.input(0))))
    if read - assigned:
        raise BadInput(f"tflite-micro gives no start value to a variable of {graph.name}, which is never assigned")


def _arena_bytes(graph: Graph, model_bytes: int) -> int:
    """Enough for every tensor of the graph side by side, scratch as large again, and the interpreter's tables."""
    tensors = {id(t): t for op in graph.operators for t in (*op.inputs, *op.outputs) if t is not None}
    activations = sum(t.bytes + 64 for t in tensors.values() if t.data is None)
    return (1 << 20) + 3 * activations + 2 * model_bytes


class LiteRtRunner:
    """The desktop interpreter: package ``ai-edge-litert``, or ``tflite-runtime`` where only that is installed.

    ``reference``: use its reference kernels instead of the optimised ones. Raises Missing when neither is installed,
    BadInput when it refuses the model.
    """

    name = "litert"

    def __init__(self, data: bytes, reference: bool = False, graph: Graph | None = None) -> None:
        self._graph = graph or read_model(data)
        module = _litert_module()
        types = module.OpResolverType
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*experimental_preserve_all_tensors", UserWarning)  # takes memory
            self._interpreter = self._call(
                module.Interpreter,
                model_content=data,
                num_threads=1,
                experimental_op_resolver_type=types.BUILTIN_REF if reference else types.AUTO,
                experimental_preserve_all_tensors=True,
            )
        self._call(self._interpreter.allocate_tensors)

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        for tensor, array in zip(self._graph.inputs, check_inputs(self._graph, inputs), strict=True):
            self._call(self._interpreter.set_tensor, tensor.index, array)
        self._call(self._interpreter.invoke)
        return [self.tensor(t.index) for t in self._graph.outputs]

    def tensor(self, index: int) -> np.ndarray:
        return np.array(self._call(self._interpreter.get_tensor, index))

    def reset(self) -> None:
        self._call(self._interpreter.reset_all_variables)

    def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (RuntimeError, ValueError) as error:
            raise BadInput(f"LiteRT cannot run {self._graph.name}: {error}") from error


def _litert_module() -> Any:
    try:
        from ai_edge_litert import interpreter

        return interpreter
    except ImportError:
        pass
    try:
        from tflite_runtime import interpreter

        return interpreter
    except ImportError as error:
        raise Missing(
            "neither ai-edge-litert nor tflite-runtime is installed", "pip install 'tinyml-kit[runtime]'"
        ) from error


def reference_runner(data: bytes, graph: Graph) -> Runner:
    """What device answers are compared with: TFLM where it is installed and runs the model (it lacks RELU_N1_TO_1, for
    one), else our evaluator. ``name`` of the result says which."""
    if TflmRunner.available():
        with contextlib.suppress(BadInput):
            return TflmRunner(data, graph)
    return EvaluatorRunner(graph)
