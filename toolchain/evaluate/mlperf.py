"""The MLPerf Tiny benchmark's text protocol: firmware that speaks it, and the host's side of it.

Commands and answers are those of mlcommons/tiny, ``benchmark/api`` (device) and ``benchmark/runner`` (host).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from toolchain.connection import Setup
from toolchain.errors import BadInput, DeviceError
from toolchain.link.port import Line, Patience, open_port
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.model.graph import Graph
    from toolchain.pipeline import Built, Model
    from toolchain.workspace import Workspace

InputKind = Literal["model", "uint8", "float32"]

#: Data bytes of one ``db`` line, as the benchmark's host program sends them.
BYTES_A_LINE = 31
READY = "m-ready"
_QUIET = 0.3  # seconds of silence after which nothing more is to come
_LOOK = 0.2  # seconds that the line is listened to at a time


@dataclass(frozen=True)
class Benchmark:
    """What the benchmark calls a model, and how its host program sends inputs: as the ``model`` takes them, as
    ``uint8`` pixels for an int8 model, or as ``float32``. With ``error`` the result is the mean square of output minus
    input instead of the outputs."""

    name: str
    input: InputKind = "model"
    error: bool = False


#: By the file name of the model.
BENCHMARKS = {
    "kws": Benchmark("kws01"),
    "ic": Benchmark("ic01", "uint8"),
    "vww": Benchmark("vww01", "uint8"),
    "ad": Benchmark("ad01", "float32", error=True),
}


def benchmark_of(model: Model, name: str | None = None, input_kind: InputKind | None = None) -> Benchmark:
    """The benchmark that a model belongs to by its name, with what the user says instead.

    Raises BadInput for a name that the protocol cannot carry.
    """
    known = BENCHMARKS.get(model.name, Benchmark(model.name))
    chosen = Benchmark(name or known.name, input_kind or known.input, known.error)
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,32}", chosen.name):
        raise BadInput(
            f"{chosen.name!r} cannot be a benchmark's name", "give letters, digits, _ . - with --name, such as kws01"
        )
    return chosen


def application_header(benchmark: Benchmark, graph: Graph) -> str:
    """``kit_mlperf.h`` for a model. Raises BadInput when the protocol cannot carry its inputs or outputs."""
    if len(graph.inputs) != 1:
        raise BadInput(f"the model has {len(graph.inputs)} inputs, the benchmark sends one", "use another model")
    tensor, output = graph.inputs[0], graph.outputs[0]
    if benchmark.input != "model" and tensor.dtype.value != "int8":
        raise BadInput(f"the model takes {tensor.dtype.value}, not int8", "leave --input out")
    if benchmark.error and (output.bytes != tensor.bytes or benchmark.input != "float32"):
        raise BadInput("the error of a reconstruction needs float32 inputs and as many outputs", "give another --name")
    number = {"model": 0, "uint8": 1, "float32": 2}[benchmark.input]
    return (
        "/* Generated: the benchmark that this firmware takes part in. */\n"
        "#ifndef KIT_MLPERF_H\n#define KIT_MLPERF_H\n\n"
        f'#define KIT_MLPERF_MODEL "{benchmark.name}"\n'
        f"#define KIT_MLPERF_INPUT {number}\n"
        f"#define KIT_MLPERF_ERROR {int(benchmark.error)}\n"
        f"#define KIT_MLPERF_BYTES {tensor.bytes * (4 if benchmark.input == 'float32' else 1)}\n\n#endif\n"
    )


@dataclass(frozen=True)
class Inference:
    """``results`` as the device printed them, and microseconds of its clock for ``count`` inferences."""

    results: tuple[str, ...]
    microseconds: int
    count: int


class Host:
    """The host program's side of the protocol, on an open port."""

    def __init__(self, port: Any, timeout: float = 60.0) -> None:
        self._line = Line(port)
        self._timeout = timeout
        self._rest = b""

    def synchronise(self) -> None:
        """End what an earlier host may have left half sent, and drop what the device said until now: it is ready at its
        start, and again after this.

        Raises DeviceError when it is not.
        """
        self._line.write(b"%")
        self.wait_ready("%")
        while data := self._line.read(_QUIET):
            self._rest += data
        self._rest = b""

    def command(self, text: str) -> list[str]:
        """Send a command; the lines of its answer without the last, which says ready.

        Raises DeviceError when that does not come in time.
        """
        self._line.write(text.encode() + b"%")
        return self.wait_ready(text)

    def wait_ready(self, what: str) -> list[str]:
        """The lines that come before the device is ready."""
        lines: list[str] = []
        patience = Patience()
        while True:
            while b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                said = line.decode("ascii", "replace").strip("\r\0")
                if said == READY:
                    return lines
                lines.append(said)
            if patience.seconds > self._timeout:
                raise DeviceError(
                    f"the device does not say {READY} after {what!r}; it said {lines[-1:] or 'nothing'}",
                    "flash the benchmark's firmware: kit mlperf",
                )
            self._rest += self._line.read(_LOOK)
            patience.looked(_LOOK)

    def _value(self, command: str, pattern: str) -> str:
        lines = self.command(command)
        for line in lines:
            if found := re.fullmatch(pattern, line):
                return found[1]
        raise DeviceError(f"the device answers {command!r} with {lines}", "flash the benchmark's firmware: kit mlperf")

    def name(self) -> str:
        return self._value("name", r"m-name-dut-\[([^]]+)\]")

    def model(self) -> str:
        return self._value("profile", r"m-model-\[([^]]+)\]")

    def timestamp(self) -> int:
        """Microseconds of the device's clock."""
        return int(self._value("timestamp", r"m-lap-us-([0-9]+)"))

    def load(self, data: bytes) -> None:
        """Fill the device's buffer, 31 bytes a line."""
        lines = self.command(f"db load {len(data)}")
        if lines != [f"m-[Expecting {len(data)} bytes]"]:
            raise DeviceError(
                f"the device refuses {len(data)} bytes: {' '.join(lines)}", "is it firmware of this model?"
            )
        for at in range(0, len(data), BYTES_A_LINE):
            lines = self.command(f"db {data[at : at + BYTES_A_LINE].hex()}")
        if lines != ["m-load-done"]:
            raise DeviceError(f"the device does not take the last bytes: {' '.join(lines)}", "reset it and try again")

    def infer(self, count: int, warmup: int) -> Inference:
        """Run ``count`` inferences on what was loaded, after ``warmup`` others."""
        lines = self.command(f"infer {count} {warmup}")
        laps = [int(found[1]) for line in lines if (found := re.fullmatch(r"m-lap-us-([0-9]+)", line))]
        results = [found[1] for line in lines if (found := re.fullmatch(r"m-results-\[([^]]+)\]", line))]
        if len(laps) != 2 or len(results) != 1:
            raise DeviceError(f"the device answers an inference with {lines}", "flash the benchmark's firmware again")
        return Inference(tuple(results[0].split(",")), laps[1] - laps[0], count)


@dataclass(frozen=True)
class SelfCheck:
    """``mismatches`` of ``samples`` results that are not, to the last printed digit, what the reference's outputs are
    printed as; microseconds of one inference on the device's clock."""

    benchmark: str
    device: str
    board: str
    emulated: bool
    port: str
    samples: int
    mismatches: int
    microseconds: float
    inferences_per_second: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@contextmanager
def benchmark_device(
    model: Model,
    benchmark: Benchmark,
    setup: Setup,
    workspace: Workspace,
    progress: Progress | None = None,
) -> Iterator[str]:
    """Build the benchmark's firmware and start or flash the board with it; the port to speak to.

    ``setup`` is `Setup.located`. Raises what building, emulating and flashing raise.
    """
    from toolchain.model.reader import load_model
    from toolchain.pipeline import Application, build

    progress = progress or Quiet()
    board = setup.board
    application = Application("mlperf", {"kit_mlperf.h": application_header(benchmark, load_model(model.path))})
    built = build(model, setup, workspace, application=application, progress=progress)
    if setup.emulated:
        from toolchain import emulate as emulators

        progress.stage("start", f"{board.name} with the benchmark's firmware")
        with emulators.start(board, built.elf) as emulator:
            yield emulator.port
    else:
        _flash(board, built, setup.port, progress)
        yield setup.port


def _flash(board: Board, built: Built, port: str, progress: Progress) -> None:
    from toolchain.flash import flash_board

    progress.stage("flash", f"{board.name} on {port}")
    flash_board(board, built, port, progress)


def self_check(
    model: Model,
    benchmark: Benchmark,
    setup: Setup,
    port: str,
    *,
    samples: int = 3,
    runs: int = 5,
    progress: Progress | None = None,
) -> SelfCheck:
    """Play the host program with random inputs, and compare what the device prints with the reference's outputs.

    Raises DeviceError when the device does not keep to the protocol.
    """
    from toolchain.model.reader import read_model
    from toolchain.model.runners import reference_runner

    progress = progress or Quiet()
    data = model.path.read_bytes()
    graph = read_model(data, model.name)
    runner = reference_runner(data, graph)
    random = np.random.default_rng(0)
    line = open_port(port, setup.board.baud)
    mismatches, taken = 0, []
    try:
        host = Host(line)
        host.synchronise()
        name, said = host.name(), host.model()
        if said != benchmark.name:
            raise DeviceError(f"the device is {said!r}, not {benchmark.name!r}", "flash it again: kit mlperf")
        progress.stage("check", f"{samples} inputs as the benchmark's host program sends them")
        for sample in range(samples):
            tensor = graph.inputs[0]
            values = random.integers(-128, 128, tensor.shape).astype(tensor.dtype.numpy)
            sent = as_sent(values, benchmark, tensor.scale, tensor.zero_point)
            host.load(sent)
            got = host.infer(runs, 1)
            runner.reset()
            for _ in range(runs + 1):
                outputs = runner.run([values])
            mismatches += got.results != as_printed(outputs[0], sent, benchmark, graph)
            taken.append(got.microseconds / runs)
            progress.update(sample + 1, samples)
    finally:
        line.close()
    middle = float(np.median(taken))
    return SelfCheck(
        benchmark.name, name, setup.board.name, setup.emulated, port, samples, mismatches, round(middle, 3),
        round(1e6 / middle, 3) if middle else 0.0,
    )  # fmt: skip


def as_sent(values: np.ndarray, benchmark: Benchmark, scale: float, zero_point: int) -> bytes:
    """The bytes that the host program sends for what the model is to take."""
    if benchmark.input == "uint8":
        return (values.astype(np.int16) + 128).astype(np.uint8).tobytes()
    if benchmark.input == "float32":
        return (np.float32(scale) * (values.astype(np.float32) - zero_point)).astype("<f4").tobytes()
    return values.tobytes()


def as_printed(output: np.ndarray, sent: bytes, benchmark: Benchmark, graph: Graph) -> tuple[str, ...]:
    """What the device prints for an ``output`` of the model."""
    tensor = graph.outputs[0]
    real = output.reshape(-1)
    if tensor.dtype.value != "float32":
        real = np.float32(tensor.scale) * (real.astype(np.int32) - tensor.zero_point).astype(np.float32)
    if benchmark.error:
        total = np.float32(0)
        for difference in real - np.frombuffer(sent, "<f4"):  # one after another, as the device adds
            total += difference * difference
        real = np.array([total / np.float32(len(real))])
    return tuple(f"{float(value):.3f}" for value in real)
