"""Results as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table

if TYPE_CHECKING:
    from toolchain.compiler.compare import CompareResult
    from toolchain.deployment import Deployment
    from toolchain.evaluate.bench import Bench
    from toolchain.evaluate.kit_test import KitTest
    from toolchain.evaluate.results import DeviceTest, Latency, Memory
    from toolchain.pipeline import Built
    from toolchain.train import TrainedModel

Rows = Iterable[tuple[str, str]]


def pairs(title: str, rows: Rows) -> Table:
    """A row a name and its value."""
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for row in rows:
        table.add_row(*row)
    return table


def percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{100 * fraction:.1f} %"


def _bytes(count: int | None) -> str:
    return "not known" if count is None else f"{count:,} B"


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"


def _memory(memory: Memory) -> list[tuple[str, str]]:
    flash, ram = _bytes(memory.front_end_flash_bytes), _bytes(memory.front_end_ram_bytes)
    front_end = [] if memory.front_end_ram_bytes is None else [("front end's share", f"flash {flash}, RAM {ram}")]
    return [
        ("flash", f"{_bytes(memory.flash_bytes)}, of it weights {_bytes(memory.weights_bytes)}"),
        ("RAM", f"arena {_bytes(memory.arena_bytes)}, static {_bytes(memory.static_ram_bytes)}"),
        ("stack", _bytes(memory.stack_bytes)),
        *front_end,
    ]


def trained(name: str, result: TrainedModel) -> Table:
    m = result.metrics
    if result.is_imported:
        return _imported(name, result)
    return pairs(
        f"{name}: trained",
        [
            (
                "accuracy",
                f"float {percent(m['accuracy_float'])}, int8 {percent(m['accuracy_host'])} ({m['int8_runner']})",
            ),
            ("tested on", f"{m['samples']['test']} samples that training did not see"),
            *_folds(m),
            *_anomalies(m),
            *_novelty(m),
            ("epochs", f"{m['epochs']}, the best was {m['best_epoch']}"),
            ("size", f"{m['parameters']:,} parameters, {_bytes(m['weights_bytes'])} of weights"),
            ("int8 model", f"{result.int8_tflite} ({_bytes(m['model_bytes'])})"),
            ("pictures", ", ".join(str(path) for path in result.pictures)),
        ],
    )


def _folds(metrics: Mapping[str, Any]) -> Rows:
    """Mean and spread of a cross-validation, whose first fold the other figures are of."""
    said = metrics.get("cross_validation")
    if said:
        each = ", ".join(f"{100 * fold['accuracy_int8']:.1f}" for fold in said["folds"])
        spread = f"{percent(said['accuracy_int8'])} ± {100 * said['accuracy_int8_deviation']:.1f}"
        yield f"{len(said['folds'])} folds", f"float {percent(said['accuracy_float'])}, int8 {spread} ({each})"


def _anomalies(metrics: Mapping[str, Any]) -> Rows:
    if "auc_int8" in metrics:
        floating = "–" if metrics["auc_float"] is None else f"{metrics['auc_float']:.3f}"
        yield (
            "ROC curve",
            f"area under it float {floating}, int8 {metrics['auc_int8']:.3f}; threshold of the error"
            f" {metrics['threshold_int8']:.4g}",
        )


def _novelty(metrics: Mapping[str, Any]) -> Rows:
    said = metrics.get("novelty")
    if said:
        beyond = f"farther than {said['threshold']:.2f} from {said['clusters']} clusters"
        seen = (
            f"{percent(said['test_above'])} of the test samples are; a class left out has area {said['auc_mean']:.2f}"
        )
        yield "new", f"{beyond}, as {seen}"


def _imported(name: str, result: TrainedModel) -> Table:
    m = result.metrics
    return pairs(
        f"{name}: trained elsewhere",
        [
            (
                "accuracy",
                f"float {percent(m['accuracy_float'])}, int8 {percent(m['accuracy_host'])} ({m['int8_runner']})",
            ),
            *_anomalies(m),
            *_novelty(m),
            ("tested on", f"{m['samples']['test']} samples; whether it was trained on them is not known here"),
            ("size", f"{_bytes(m['weights_bytes'])} of weights"),
            ("int8 model", f"{result.int8_tflite} ({_bytes(m['model_bytes'])})"),
            ("pictures", ", ".join(str(path) for path in result.pictures)),
        ],
    )


def compiled(report: Mapping[str, Any], folder: Path) -> Table:
    ops = ", ".join(f"{count}× {kind}" for kind, count in report["ops"].items())
    return pairs(
        f"{report['name']}: C for {report['target']}",
        [
            ("folder", str(folder)),
            ("operators", ops),
            ("MACs", f"{report['macs']:,}"),
            (
                "arena",
                f"{_bytes(report['arena_bytes'])} (no plan needs less than {_bytes(report['arena_bound_bytes'])})",
            ),
            ("weights", _bytes(report["weights_bytes"])),
        ],
    )


def built(result: Built) -> Table:
    rows = [("image", str(result.elf)), *_memory(result.memory), ("compiler", result.compiler)]
    return pairs("firmware", rows)


def deployment(result: Deployment | KitTest, goes_on: bool = False) -> Table:
    """What a deployment found, in words that say what was compared with what. The port of an emulated board is there
    only while it ``goes_on``."""
    test, parity = result.test, result.test.parity
    same = (
        f"[green]all {parity.samples} answers equal {parity.reference} byte for byte[/]"
        if not parity.mismatches
        else f"[red]{parity.mismatches} of {parity.samples} answers differ from {parity.reference}, "
        f"by up to {parity.max_abs_diff} steps[/]"
    )
    where = f"{result.board} (emulated)" if result.emulated else result.board
    whole = len(result.expected)  # of a test they are those that it asked
    some = f"{test.samples:,} of {whole:,}" if test.samples < whole else f"{test.samples:,}"
    return pairs(
        f"{result.model.name} on {where}",
        [
            ("parity", same),
            (
                "accuracy",
                f"device {percent(test.accuracy_device)}, int8 on the host {percent(test.accuracy_host)}, "
                f"float {percent(test.accuracy_float)} ({some} test samples{_doubt(test)})",
            ),
            ("latency", _latency(test.latency)),
            *([("front end", f"{_latency(test.front_end_latency)}, on top of it")] if test.front_end_latency else []),
            *_memory(result.memory),
            *([("port", result.port)] if goes_on or not result.emulated else []),
            ("took", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.seconds.items())),
        ],
    )


def _doubt(test: DeviceTest) -> str:
    """How far the accuracy of very few samples may be from that of all."""
    low, high = test.interval
    return f", 95 % interval {percent(low)} to {percent(high)}" if test.samples < 20 else ""


def _latency(latency: Latency) -> str:
    unit = {"us": "µs"}.get(latency.unit, latency.unit)
    return f"median {figure(latency.p50)} {unit}, 95th percentile {figure(latency.p95)}"


def compared(name: str, where: str, result: CompareResult) -> Table:
    first = result.first_difference
    rows = [
        ("inputs", f"{result.inputs}, of them {result.unsaturated} with unsaturated outputs"),
        ("outputs", f"{result.outputs:,} values, {result.mismatches:,} differ from {result.reference}"),
    ]
    if result.tensors:
        rows.append(("layers", f"{result.tensors} tensors of each inference compared ({result.compared})"))
    if first:
        rows.append(("first", f"input {first.input}, tensor {first.tensor} {first.name!r} at {list(first.where)}"))
        rows.append(("", f"{first.got:g}, should be {first.expected:g}"))
    return pairs(f"{name} on {where}", rows)


def bench(result: Bench, layers: bool) -> RenderableType:
    """Time and memory of an inference, below a row a layer where ``layers`` are wanted."""
    unit = "instructions" if result.unit == "instructions" else "µs"
    totals = pairs(f"{result.model} on {result.board}", [(unit, figure(result.time)), *_memory(result.memory)])
    if not layers:
        return totals
    table = Table("layer", "operator", "kernel", "MACs", unit, f"{unit}/MAC", box=None)
    for column in table.columns[3:]:
        column.justify = "right"
    for layer in result.layers:
        each = f"{layer.time / layer.macs:.2f}" if layer.macs else "–"
        table.add_row(str(layer.number), layer.op, layer.kernel, f"{layer.macs:,}", figure(layer.time), each)
    return Group(table, "", totals)
