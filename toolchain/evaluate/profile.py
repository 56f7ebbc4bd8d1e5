"""Where the time of an inference goes on a device: by layer, beside the layer's work and the bytes it moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from toolchain.compiler.step import TARGETS
from toolchain.errors import DeviceError
from toolchain.evaluate.ticks import least_ticks, random_inputs
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.connection import Connection, Setup
    from toolchain.pipeline import Model
    from toolchain.signal import SignalSettings
    from toolchain.workspace import Workspace

RUNS = 3


@dataclass(frozen=True)
class Roof:
    """What bounds a layer: ``macs`` and ``bytes`` per unit of time at most. ``source`` says where that is from."""

    macs: float
    bytes: float
    source: str


@dataclass(frozen=True)
class LayerCost:
    """One layer. ``bytes`` are those of its inputs, outputs and constants, each counted once; ``time`` in the unit of
    the `Profile`; ``reached`` is the share of what the roof allows at its MACs a byte, None without MACs."""

    number: int
    op: str
    name: str
    kernel: str
    macs: int
    bytes: int
    time: float
    reached: float | None


@dataclass(frozen=True)
class Profile:
    """``time`` of one whole inference without profiling, in ``unit``; ``layers`` leave out what is between them.
    ``front_end`` is the time of what makes one input of raw samples, None where there is no front end."""

    unit: str
    time: float
    macs: int
    roof: Roof
    layers: tuple[LayerCost, ...]
    front_end: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def profile_model(
    model: Model,
    setup: Setup,
    workspace: Workspace,
    progress: Progress | None = None,
) -> tuple[Profile, str]:
    """Profile ``model`` on the board of ``setup``, on random inputs with a fixed seed; also what emulates it.

    A real board is taken as it is, and emulated by "". Raises what building and the link raise.
    """
    from toolchain.connection import connected
    from toolchain.pipeline import build, compile_report

    progress = progress or Quiet()
    setup = setup.located()
    built = build(model, setup, workspace, progress=progress) if setup.emulated else None
    report = compile_report(model, built, setup.board)
    with connected(setup, built, model, progress) as device:
        progress.stage("profile", f"{model.name} on {setup.board.name}")
        return measure_layers(device, random_inputs(model.path), report, _noise(model.signal)), device.emulator


def _noise(signal: SignalSettings | None) -> bytes:
    """A random raw sample, the same one each time; nothing for a model without a front end."""
    import numpy as np

    if signal is None:
        return b""
    limits = np.iinfo(signal.raw_dtype)
    noise = np.random.default_rng(0).integers(limits.min, limits.max, signal.raw_shape, endpoint=True)
    return noise.astype(signal.raw_dtype).tobytes()


def measure_layers(device: Connection, inputs: Sequence[bytes], report: Mapping[str, Any], raw: bytes = b"") -> Profile:
    """Run the model on ``inputs`` up to `RUNS` times, profiled and not; each time is the least of the runs. A front end
    is timed on the sample ``raw``.

    ``report`` is the compiler's on this firmware. Raises DeviceError when the device has other layers than it.
    """
    whole, each = least_ticks(device.session, inputs, RUNS)
    layers = report["layers"]
    if len(each) != len(layers):
        raise DeviceError(
            f"the device ran {len(each)} layers, the model compiles to {len(layers)}",
            "the firmware was built with other options: build and flash it again",
        )
    front = device.infer(raw).front_ticks if device.streams else None
    times = [round(ticks * device.per_tick, 3) for ticks in each]
    profile = summarise(report, times, device.unit, round(whole * device.per_tick, 3))
    return replace(profile, front_end=None if front is None else round(front * device.per_tick, 3))


def summarise(report: Mapping[str, Any], times: Sequence[float], unit: str, whole: float) -> Profile:
    """The profile from the compiler's report and the time of each layer and of the ``whole``."""
    layers = report["layers"]
    moved = [layer["activation_bytes"] + sum(layer["constant_bytes"].values()) for layer in layers]
    work = [layer["macs"] for layer in layers]
    roof = _roof(report["target"], unit, work, moved, times)
    costs = tuple(
        LayerCost(i, said["op"], said["name"], said["kernel"], macs, count, took, _reached(roof, macs, count, took))
        for i, (said, macs, count, took) in enumerate(zip(layers, work, moved, times, strict=True))
    )
    return Profile(unit, whole, report["macs"], roof, costs)


def _roof(target: str, unit: str, work: Sequence[int], moved: Sequence[int], times: Sequence[float]) -> Roof:
    if unit == "instructions":
        cpu = TARGETS[target]
        # SMLAD multiplies and adds 2 pairs, VMLADAV.S8 16; LDR moves 4 bytes, VLDRB 16 (Armv7-M and Armv8-M ARM)
        peak, width = (16, 16) if cpu.mve else (2, 4) if cpu.dsp else (1, 4)
        return Roof(peak, width, f"instruction set of {target}: {peak} MACs or {width} bytes an instruction")
    timed = [(m, b, t) for m, b, t in zip(work, moved, times, strict=True) if t > 0]
    return Roof(
        max((m / t for m, _, t in timed), default=0.0),
        max((b / t for _, b, t in timed), default=0.0),
        "the best layers of this model, as measured",
    )


def _reached(roof: Roof, macs: int, count: int, took: float) -> float | None:
    if not macs or took <= 0:
        return None
    allowed = min(roof.macs, roof.bytes * macs / max(count, 1))
    return round(macs / took / allowed, 4)
