"""From a graph to C text: passes, lowering, memory plan, emission, report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from toolchain.compiler.emit import Emitted, emit, model_data_header
from toolchain.compiler.passes import run_passes
from toolchain.compiler.plan import Plan
from toolchain.compiler.program import Program, load_lowerings, lower, plan_memory
from toolchain.compiler.step import TARGETS, Context, Step
from toolchain.compiler.stripes import stripe_peaks
from toolchain.errors import BadInput
from toolchain.model.graph import Graph, Tensor
from toolchain.resources import resource

MAX_TENSOR_BYTES = 1 << 24
OPTIMIZE = ("default", "speed", "size", "ram")


@dataclass(frozen=True, eq=False)
class CompiledModel:
    """A model as C. ``files`` maps file names to text (``<prefix>.c``, ``<prefix>.h``, kernels, headers).

    ``layers`` are the steps of one inference in order; ``plan`` says where their tensors lie in the arena, in bytes.
    ``graph`` is the graph after the passes.
    """

    graph: Graph
    target: str
    prefix: str
    files: dict[str, str]
    report: dict[str, Any]
    arena_bytes: int
    weights_bytes: int
    layers: tuple[Step, ...]
    program: Program
    plan: Plan


def compile_model(
    graph: Graph, target: str, optimize: str = "default", prefix: str = "model", model_data: bytes | None = None
) -> CompiledModel:
    """Compile ``graph`` for ``target`` (a name of `step.TARGETS`). ``model_data``, the ``.tflite``, is written beside.

    Raises BadInput for an unknown target or choice, a bad prefix, and an operator without a kernel, named with its
    layer and tensor; nothing is produced then. The same arguments give the same bytes.
    """
    if target not in TARGETS:
        raise BadInput(f"unknown target '{target}'", f"one of {', '.join(TARGETS)}")
    if optimize not in OPTIMIZE:
        raise BadInput(f"cannot optimise for '{optimize}'", f"one of {', '.join(OPTIMIZE)}")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", prefix) or prefix.startswith("kit_"):
        raise BadInput(
            f"prefix '{prefix}' is no C identifier of its own", "use at most 40 letters, digits and underscores"
        )
    _refuse_huge(graph)
    load_lowerings()
    graph = run_passes(graph)
    context = Context(graph, TARGETS[target], optimize)
    program = stripe_peaks(lower(graph, context), context)
    plan = plan_memory(program)
    heading = (
        f"{prefix}: model {graph.sha256[:16] or graph.name} compiled for {target} (optimise {optimize}). "
        "Generated; edit the model instead."
    )
    emitted = emit(program, plan, resource("firmware_templates") / "nn", prefix, heading)
    files = dict(emitted.files)
    if model_data is not None:
        files[f"{prefix}_data.h"] = model_data_header(model_data, prefix)
    report = _report(program, plan, emitted, target, optimize)
    arena_bytes = max(16, plan.arena_bytes)
    return CompiledModel(
        program.graph,
        target,
        prefix,
        files,
        report,
        arena_bytes,
        emitted.weights_bytes,
        program.steps,
        program,
        plan,
    )


def _refuse_huge(graph: Graph) -> None:
    """Raise BadInput for an activation that no microcontroller has the memory for."""
    for op in (*graph.initializers, *graph.operators):
        for tensor in op.outputs:
            if tensor.bytes > MAX_TENSOR_BYTES:
                raise BadInput(
                    f"layer {op.index} ({op.kind}): tensor '{tensor.name}' of shape {list(tensor.shape)} takes "
                    f"{tensor.bytes:,} bytes, at most {MAX_TENSOR_BYTES:,} are supported",
                    "no microcontroller holds it; reduce the size of the input or the number of channels",
                )


def _tensor_report(tensor: Tensor, plan: Plan) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": tensor.name,
        "index": tensor.index,
        "shape": list(tensor.shape),
        "type": tensor.dtype.value,
        "offset": plan.offsets[tensor],
        "bytes": tensor.bytes,
    }
    if tensor.quantization is not None:
        entry |= {"scale": tensor.scale, "zero_point": tensor.zero_point}
    return entry


def _report(program: Program, plan: Plan, emitted: Emitted, target: str, optimize: str) -> dict[str, Any]:
    first = len(program.init_steps)
    layers = []
    for i, step in enumerate(program.steps):
        layers.append(
            {
                "layer": i,
                "op": step.kind,
                "name": step.outputs[0].name,
                "kernel": step.kernel,
                "macs": step.macs,
                "scratch_bytes": step.scratch_bytes,
                "constant_bytes": emitted.layer_bytes[first + i],
                "activation_bytes": sum(t.bytes for t in (*step.inputs, *step.outputs)),
            }
        )
    arena = [
        _tensor_report(t, plan) | {"first": lo - first, "last": hi - first, "state": t.is_variable}
        for t, (lo, hi) in plan.lifetimes.items()
    ]
    scratch = [
        {"layer": t - first, "offset": offset, "bytes": [*program.init_steps, *program.steps][t].scratch_bytes}
        for t, offset in plan.scratch.items()
    ]
    ops: dict[str, int] = {}
    for op in program.graph.operators:
        ops[op.kind] = ops.get(op.kind, 0) + 1
    return {
        "model_sha256": program.graph.sha256,
        "name": program.graph.name,
        "target": target,
        "optimize": optimize,
        "ops": dict(sorted(ops.items())),
        "macs": sum(s.macs for s in program.steps),
        "arena_bytes": max(16, plan.arena_bytes),
        "arena_bound_bytes": plan.bound,
        "weights_bytes": emitted.weights_bytes,
        "kernels": sorted({k for s in (*program.init_steps, *program.steps) for k in s.kernel.split(" + ")}),
        "inputs": [_tensor_report(t, plan) for t in program.graph.inputs],
        "outputs": [_tensor_report(t, plan) for t in program.graph.outputs],
        "layers": layers,
        "arena": arena,
        "scratch": scratch,
    }
