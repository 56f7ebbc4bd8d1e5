"""What tests and profiles on a device found, as tables for people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from toolchain.cli.tables import deployment, figure, pairs, percent

if TYPE_CHECKING:
    from toolchain.evaluate.checks import Check
    from toolchain.evaluate.folder import FolderTest
    from toolchain.evaluate.kit_test import KitTest
    from toolchain.evaluate.models import ModelComparison
    from toolchain.evaluate.profile import Profile
    from toolchain.evaluate.statistics import ClassScore
    from toolchain.evaluate.stream_test import StreamTest
    from toolchain.evaluate.stream_tune import Candidate, Tuning

_BAR = 24


def tested(result: KitTest) -> RenderableType:
    """The figures, the scores of each class, and the checks."""
    test, link = result.test, result.link
    table = _classes(test.scores(result.model.labels))
    low, high = test.interval
    lines = [
        f"95 % interval of the accuracy {percent(low)} to {percent(high)}; device and host say the same class "
        f"for {percent(test.agreement)}",
        f"link: {link.frames:,} frames, {link.retries} sent again, {link.damaged + link.device_damaged} damaged; "
        f"{result.workers} {'device' if result.workers == 1 else 'devices'}"
        + (f", {result.resumed:,} answers from an earlier test" if result.resumed else ""),
    ]
    return Group(deployment(result), "", table, "", *map(Text, lines), "", *marks(result.checks))


def streamed(result: StreamTest) -> RenderableType:
    """What was found in a long recording, and the checks."""
    found = result.score
    delay = "–" if found.median_delay is None else f"median {1000 * found.median_delay:.0f} ms behind an event's end"
    where = f"{result.board} (emulated)" if result.emulated else result.board
    each = ", ".join(f"{label} {hits}/{events}" for label, (hits, events) in found.found.items())
    rows = [
        ("recording", f"{found.seconds / 60:.1f} minutes: {result.recording}"),
        ("hits", f"{found.hits} of {found.events} ({each}), {found.misses} missed"),
        (
            "false accepts",
            f"{len(found.false_accepts)}, {found.false_accepts_per_hour:.1f} an hour"
            f" in {60 * found.hours:.1f} minutes without an event",
        ),
        ("delay", delay),
        ("inferences", f"{result.inferences:,}, {result.differences} differ from those of this machine"),
        ("time", f"{figure(result.median_time)} {result.unit} an inference with its front end"),
    ]
    return Group(pairs(f"{result.kit} on {where}, as a stream", rows), "", *marks(result.checks))


def tuned(result: Tuning) -> RenderableType:
    """A row each of the settings that no other beats, and what to write into kit.toml."""
    table = Table(
        "smoothing", "threshold", "hits", "false accepts", "an hour", "delay", "",
        title=f"{result.kit}: {result.recording}", title_justify="left", box=None,
    )  # fmt: skip
    for column in table.columns[1:-1]:
        column.justify = "right"
    for candidate in result.best:
        table.add_row(*_candidate(candidate), "chosen" if candidate == result.chosen else "")
    table.add_row(*_candidate(result.present), "as kit.toml says")
    if result.chosen is None:
        return table
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in result.chosen.said.items()]
    return Group(table, "", *map(Text, ["[postprocessing]", *lines]))


def _candidate(candidate: Candidate) -> tuple[str, ...]:
    settings, score = candidate.settings, candidate.score
    smoothing = "none" if settings.smoothing == "none" else f"{settings.smoothing} of {settings.length}"
    return (
        smoothing.replace("_", " "),
        "–" if settings.threshold is None else f"{settings.threshold:g}",
        f"{score.hits} of {score.events}",
        f"{len(score.false_accepts)}",
        f"{score.false_accepts_per_hour:.1f}",
        "–" if score.median_delay is None else f"{1000 * score.median_delay:.0f} ms",
    )


def beside(table: RenderableType, recorded: FolderTest | None) -> RenderableType:
    """``table``, and below it what a model makes of the user's own recordings."""
    if recorded is None:
        return table
    low, high = recorded.interval
    lines = [
        f"int8 on {recorded.samples} recordings of {recorded.folder}: {percent(recorded.accuracy)} right, "
        f"95 % interval {percent(low)} to {percent(high)}",
        *(
            [f"{recorded.known} of them are in the kit's own data, of which training saw most"]
            if recorded.known
            else []
        ),
        *([f"counted as unknown: {', '.join(recorded.others)}"] if recorded.others else []),
    ]
    return Group(table, "", *map(Text, lines), _classes(recorded.classes))


def _classes(scores: Iterable[ClassScore]) -> Table:
    table = Table("class", "samples", "precision", "recall", "F1", box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for score in scores:
        table.add_row(
            Text(score.label), str(score.samples), percent(score.precision), percent(score.recall), percent(score.f1)
        )
    return table


def marks(checks: Iterable[Check]) -> list[Text]:
    """A line a check; one that asks for nothing has no tick."""
    return [Text.assemble(_sign(check), check.text) for check in checks]


def _sign(check: Check) -> tuple[str, str]:
    if not check.asked:
        return "– ", "dim"
    return ("✓ ", "green") if check.passed else ("✗ ", "bold red")


def profiled(name: str, where: str, profile: Profile) -> RenderableType:
    """A row a layer, with a bar of its share of the time."""
    unit = {"us": "µs"}.get(profile.unit, profile.unit)
    front = profile.front_end or 0
    total = front + sum(layer.time for layer in profile.layers) or 1
    beside = f", and {figure(front)} of the front end" if front else ""
    table = Table(
        "layer", "operator", "kernel", unit, "share", "", "MACs", "bytes", f"MACs/{unit}", "of the roof",
        title=f"{name} on {where}: {figure(profile.time)} {unit}{beside}", title_justify="left", box=None,
    )  # fmt: skip
    for index in (3, 4, 6, 7, 8, 9):
        table.columns[index].justify = "right"
    if front:
        share = front / total
        bar = "█" * round(_BAR * share)
        table.add_row("", "front end", "", figure(front), percent(share), bar, "–", "–", "–", "–")
    for layer in profile.layers:
        share = layer.time / total
        table.add_row(
            str(layer.number),
            layer.op,
            layer.kernel,
            figure(layer.time),
            percent(share),
            "█" * round(_BAR * share),
            f"{layer.macs:,}",
            f"{layer.bytes:,}",
            f"{layer.macs / layer.time:.2f}" if layer.macs and layer.time else "–",
            percent(layer.reached),
        )
    return Group(table, Text(f"roof: {profile.roof.source}", "dim"))


def compared_models(result: ModelComparison) -> RenderableType:
    """A row a variant."""
    anomalies = any(variant.auc is not None for variant in result.variants)
    table = Table(
        "model", "accuracy", *(["AUC"] if anomalies else []), "weights", ".tflite", "latency", "flash", "arena",
        title=f"{result.kit} on {result.board}, {result.samples:,} test samples", title_justify="left", box=None,
    )  # fmt: skip
    for column in table.columns[1:]:
        column.justify = "right"
    for variant in result.variants:
        unit = {"us": "µs"}.get(variant.unit, variant.unit)
        sizes = ("–" if size is None else f"{size:,} B" for size in (variant.flash_bytes, variant.arena_bytes))
        table.add_row(
            variant.name,
            percent(variant.accuracy),
            *([f"{variant.auc:.3f}" if variant.auc is not None else "–"] if anomalies else []),
            f"{variant.weights_bytes:,} B",
            f"{variant.model_bytes:,} B",
            "–" if variant.latency is None else f"{figure(variant.latency)} {unit}",
            *sizes,
        )
    note = f"rounded: trained on with weights rounded as int8; pruned: without {percent(result.pruned)} of the channels"
    return Group(table, Text(note, "dim"))
