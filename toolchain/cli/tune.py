"""`kit tune`."""

from __future__ import annotations

import rich_click as click

from toolchain.cli.options import command, kit_argument, named_kit
from toolchain.cli.output import Output


@command()
@kit_argument
@click.option(
    "--minutes",
    type=click.FloatRange(0.1, 600),
    default=60.0,
    show_default=True,
    metavar="M",
    help="Length of the recording.",
)
@click.option(
    "--max-false-accepts",
    type=click.FloatRange(0),
    default=2.0,
    show_default=True,
    metavar="X",
    help="False accepts an hour that the settings may have at most.",
)
def entry(output: Output, kit: str | None, minutes: float, max_false_accepts: float) -> int:
    """Find the threshold and smoothing that suit a kit's stream.

    Trains the kit, if need be. Its model hears, on this machine, a long recording of the validation part with events at
    known times; many settings of [postprocessing] decide, and those that no other beats are shown: hits, false accepts,
    delay. Nothing is changed: write those you choose into kit.toml, then see what kit test --stream says, whose
    recording is of people and voices of the test part. Ends with 1 when no settings have so few false accepts.

    Example: kit tune keyword --max-false-accepts 1
    """
    from toolchain.cli import evaluation_tables
    from toolchain.evaluate.stream_tune import tune
    from toolchain.workspace import Workspace

    chosen = named_kit(kit)
    with output.progress() as progress:
        result = tune(chosen, Workspace(), minutes=minutes, most_false_accepts=max_false_accepts, progress=progress)
    output.result(result.as_json(), evaluation_tables.tuned(result))
    return output.checks([] if result.chosen else [f"no settings have at most {max_false_accepts:g} an hour"])
