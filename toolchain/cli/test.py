"""`kit test`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import (
    NamedPath,
    command,
    evaluate_option,
    kit_argument,
    named_kit,
    setup_options,
    workers_option,
    write_file,
)
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.connection import Setup
    from toolchain.kit import Kit


class _Samples(click.ParamType):
    """A number from 1, or ``all``."""

    name = "N|all"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if value == "all":
            return None
        if not str(value).isdecimal() or int(str(value)) < 1:
            self.fail(f"{value!r} is neither a number from 1 nor all", param, ctx)
        return int(str(value))


@command()
@kit_argument
@setup_options("emulated", "port", "compiler", "optimize")
@click.option("--samples", type=_Samples(), default="all", metavar="N|all", help="Test the first N samples, or all.")
@click.option(
    "--min-accuracy",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="Fail below this accuracy on the device (0 to 1), instead of the kit's pass mark.",
)
@click.option(
    "--max-latency",
    metavar="T",
    help="Fail when the 95th percentile is above it: 25ms, 180us, or a number in the board's unit.",
)
@click.option("--junit", type=NamedPath(dir_okay=False), metavar="F", help="Write JUnit XML.")
@click.option("--html", type=NamedPath(dir_okay=False), metavar="F", help="Write the report page.")
@workers_option
@click.option("--resume", is_flag=True, help="Go on with an earlier run of the same firmware that was cut.")
@evaluate_option
@click.option(
    "--stream",
    is_flag=True,
    help="Instead of single samples: a long recording with events at known times; hits, false accepts, delay.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0.1, 600),
    metavar="M",
    help="Length of the recording of --stream; pass marks are asked for from 30, the default.",
)
def entry(
    output: Output,
    kit: str | None,
    setup: Setup,
    samples: int | None,
    min_accuracy: float | None,
    max_latency: str | None,
    junit: Path | None,
    html: Path | None,
    workers: int | None,
    resume: bool,
    evaluate: Path | None,
    stream: bool,
    minutes: float | None,
) -> int:
    """Test the model that a board already runs, against the kit's pass marks.

    The whole test set, unless --samples is given. Nothing is flashed: a board that runs another model than the kit's
    is refused. With --emulate the firmware is built, if need be, and started. Each sample stands for itself, its
    greatest output is the answer: smoothing, threshold and debounce of [postprocessing] count with --stream only.

    Example: kit test digits --board mps2-an386 --emulate --samples all --html r.html --junit r.xml
    """
    from toolchain.cli import evaluation_tables
    from toolchain.evaluate.checks import Marks
    from toolchain.evaluate.folder import evaluate_folder
    from toolchain.evaluate.kit_test import run_kit_test
    from toolchain.workspace import Workspace

    if stream:
        _refuse_beside_stream(
            samples=samples,
            min_accuracy=min_accuracy,
            max_latency=max_latency,
            junit=junit,
            html=html,
            workers=workers,
            resume=resume,
            evaluate=evaluate,
        )
        return _stream(output, named_kit(kit), setup, minutes)
    if minutes is not None:
        raise click.UsageError("--minutes is the length of the recording of --stream")
    if html:
        from toolchain.evaluate.charts import require_matplotlib

        require_matplotlib()
    chosen = named_kit(kit)
    with output.progress() as progress:
        result = run_kit_test(
            chosen,
            setup,
            Workspace(),
            samples=samples,
            marks=Marks(min_accuracy, max_latency),
            workers=workers,
            resume=resume,
            profile=html is not None,
            progress=progress,
        )
        if html:
            from toolchain.evaluate.report import report_html

            write_file(html, report_html(result))
        if junit:
            from toolchain.evaluate.junit import junit_xml

            write_file(junit, junit_xml(result))
        recorded = evaluate_folder(chosen, result.trained, evaluate, progress) if evaluate else None
    written = {name: str(path) for name, path in (("html", html), ("junit", junit)) if path}
    values = {**result.as_json(), **({"evaluated": recorded.as_json()} if recorded else {}), **written}
    output.result(values, evaluation_tables.beside(evaluation_tables.tested(result), recorded))
    if written:
        output.note(f"written: {', '.join(written.values())}")
    refused = output.refused(recorded.refused if recorded else ())
    return output.checks(result.failed_checks) or refused


def _stream(output: Output, kit: Kit, setup: Setup, minutes: float | None) -> int:
    from toolchain.cli import evaluation_tables
    from toolchain.evaluate.stream_test import MINUTES, run_stream_test
    from toolchain.workspace import Workspace

    with output.progress() as progress:
        result = run_stream_test(kit, setup, Workspace(), minutes=minutes or MINUTES, progress=progress)
    output.result(result.as_json(), evaluation_tables.streamed(result))
    return output.checks(result.failed_checks)


def _refuse_beside_stream(**options: object) -> None:
    """Raises UsageError when an option was given that a stream has no use for."""
    for name, value in options.items():
        if value:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with --stream")
