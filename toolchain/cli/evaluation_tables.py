"""What tests and profiles on a device found, as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from toolchain.cli.tables import deployment, figure, percent

if TYPE_CHECKING:
    from toolchain.evaluate.kit_test import KitTest
    from toolchain.evaluate.profile import Profile

_BAR = 24


def tested(result: KitTest) -> RenderableType:
    """The figures, the scores of each class, and the checks."""
    test, link = result.test, result.link
    table = Table("class", "samples", "precision", "recall", "F1", box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for score in test.scores(result.model.labels):
        table.add_row(
            Text(score.label), str(score.samples), percent(score.precision), percent(score.recall), percent(score.f1)
        )
    low, high = test.interval
    lines = [
        f"95 % interval of the accuracy {percent(low)} to {percent(high)}; device and host say the same class "
        f"for {percent(test.agreement)}",
        f"link: {link.frames:,} frames, {link.retries} sent again, {link.damaged + link.device_damaged} damaged; "
        f"{result.workers} device(s), {result.resumed} answers from before",
    ]
    marks = [
        Text.assemble(("✓ ", "green") if check.passed else ("✗ ", "bold red"), check.text) for check in result.checks
    ]
    return Group(deployment(result), "", table, "", *map(Text, lines), "", *marks)


def profiled(name: str, where: str, profile: Profile) -> RenderableType:
    """A row a layer, with a bar of its share of the time."""
    unit = {"us": "µs"}.get(profile.unit, profile.unit)
    front = profile.front_end or 0
    total = front + sum(layer.time for layer in profile.layers) or 1
    table = Table(
        "layer", "operator", "kernel", unit, "share", "", "MACs", "bytes", f"MACs/{unit}", "of roof",
        title=f"{name} on {where}: {figure(profile.time)} {unit}", title_justify="left", box=None,
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
