"""`kit report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import (
    NamedPath,
    command,
    kit_argument,
    named_kit,
    samples_option,
    setup_options,
    workers_option,
    write_file,
)
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.connection import Setup


@command()
@kit_argument
@setup_options("emulated", "port")
@click.option(
    "--out",
    type=NamedPath(dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    metavar="F",
    help="File to write.",
)
@samples_option
@workers_option
def entry(
    output: Output,
    kit: str | None,
    setup: Setup,
    out: Path,
    samples: int | None,
    workers: int | None,
) -> int:
    """Write one HTML page about a kit on a board.

    Data, learning curve, confusion matrices of float, int8 and device, memory over time, latency by layer, link,
    versions and hashes. Answers that an earlier test of the same firmware got are used; the others are got now.

    Example: kit report digits --board mps2-an386 --emulate --out report.html
    """
    from rich.console import Group

    from toolchain.cli import evaluation_tables
    from toolchain.evaluate.charts import require_matplotlib
    from toolchain.evaluate.kit_test import run_kit_test
    from toolchain.evaluate.report import report_html
    from toolchain.workspace import Workspace

    require_matplotlib()
    chosen = named_kit(kit)
    with output.progress() as progress:
        result = run_kit_test(
            chosen,
            setup,
            Workspace(),
            samples=samples,
            workers=workers,
            resume=True,
            profile=True,
            progress=progress,
        )
        progress.stage("write", "the page")
        write_file(out, report_html(result))
    lines = Group(*evaluation_tables.marks(result.checks), f"report: {out}")
    output.result({**result.as_json(), "report": str(out)}, lines)
    return output.checks(result.failed_checks)
