"""What a model costs on a board: time of one inference, in all and by layer, flash and RAM."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from toolchain.evaluate.results import Memory
from toolchain.evaluate.ticks import least_ticks, random_inputs
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.connection import Setup
    from toolchain.pipeline import Model
    from toolchain.workspace import Workspace

RUNS = 10


@dataclass(frozen=True)
class LayerTime:
    """One layer: its kernel, multiply-accumulates, and time in the unit of the `Bench`."""

    number: int
    op: str
    name: str
    kernel: str
    macs: int
    time: float


@dataclass(frozen=True)
class Bench:
    """``time`` of one inference in ``unit`` (``instructions``, or ``us`` where the emulator models time). ``layers``
    leave out what the generated code does between them."""

    model: str
    model_sha256: str
    board: str
    optimize: str
    unit: str
    time: float
    macs: int
    memory: Memory
    layers: tuple[LayerTime, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that ``kit bench --json`` prints; ``instructions`` is None where they are not counted."""
        said = asdict(self)
        del said["memory"], said["time"], said["unit"]
        for layer in said["layers"]:
            layer[self.unit] = layer.pop("time")
        return {
            **said,
            "instructions": self.time if self.unit == "instructions" else None,
            "latency": {"unit": self.unit, "p50": self.time, "p95": self.time},
            **self.memory.as_json(),
        }


def bench(model: Model, setup: Setup, workspace: Workspace, progress: Progress | None = None) -> Bench:
    """Build ``model`` for the board of ``setup``, which is emulated always, run it, read its counters.

    Each time is the least of up to `RUNS` runs, on random inputs with a fixed seed.
    """
    from toolchain.connection import connected
    from toolchain.pipeline import build

    progress = progress or Quiet()
    inputs = random_inputs(model.path)
    setup = replace(setup, emulated=True).located()
    built = build(model, setup, workspace, progress=progress)
    report = built.report()
    with connected(setup, built, model, progress, by_uart=True) as connection:
        progress.stage("run", f"{model.name} on {setup.board.name}")
        ticks, each = least_ticks(connection.session, inputs, RUNS, progress)
        memory = replace(built.memory, **connection.memory())
    layers = tuple(
        LayerTime(i, said["op"], said["name"], said["kernel"], said["macs"], _whole(layer_ticks * connection.per_tick))
        for i, (said, layer_ticks) in enumerate(zip(report["layers"], each, strict=True))
    )
    return Bench(
        model.name, model.sha256, setup.board.name, setup.optimize, connection.unit,
        _whole(ticks * connection.per_tick), report["macs"], memory, layers,
    )  # fmt: skip


def _whole(value: float) -> float:
    return int(value) if float(value).is_integer() else round(value, 3)
