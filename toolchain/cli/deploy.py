"""`kit deploy`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import (
    command,
    kit_argument,
    named_kit,
    samples_option,
    setup_options,
)
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.connection import Setup


@command()
@kit_argument
@setup_options("emulated", "port", "compiler", "optimize")
@samples_option
@click.option("--answers", type=click.IntRange(min=0), metavar="N", help="Stream N answers, not until Ctrl-C.")
@click.option("--sdk", metavar="SDK", help="Build and flash by that SDK's own program (esp-idf: idf.py).")
def entry(
    output: Output,
    kit: str | None,
    setup: Setup,
    samples: int | None,
    answers: int | None,
    sdk: str | None,
) -> int:
    """Train, compile, build, flash (or emulate) and prove on the device.

    Without KIT: the kit of the current folder, else digits. Then the board's answers stream live until Ctrl-C,
    unless --samples or --json is given.

    Example: kit deploy digits --board esp32 --emulate
    """
    from toolchain.cli import stream, tables
    from toolchain.deployment import deploy
    from toolchain.workspace import Workspace

    chosen, text = named_kit(kit), stream.DeviceText(output)
    with ExitStack() as stack:
        with text.working():
            deployment = stack.enter_context(
                deploy(chosen, setup, Workspace(), samples=samples, sdk=sdk, progress=text)
            )
        streams = samples is None and not output.json_wanted
        shown = tables.deployment(deployment, goes_on=streams)
        output.result(deployment.as_json(), shown)
        text.keep(shown)
        mark, whole = chosen.pass_marks.min_device_accuracy, len(deployment.expected)
        if samples is not None and deployment.test.samples < whole and mark:
            output.note(
                f"the kit's mark for the device, {mark}, is for all {whole:,} test samples: kit test asks for it"
            )
        status = output.checks(deployment.failed_checks)  # before the stream, where nobody would look for it
        if streams:
            stream.show_test_samples(output, chosen, deployment, text, answers)
    return status
