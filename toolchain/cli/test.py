"""`kit test`."""

from __future__ import annotations

from contextlib import ExitStack

from toolchain.cli.options import (
    board_option,
    command,
    emulate_option,
    kit_argument,
    named_kit,
    port_option,
    samples_option,
)
from toolchain.cli.output import Output


@command()
@kit_argument
@board_option
@emulate_option
@port_option
@samples_option
def entry(output: Output, kit: str | None, board: str, emulate: bool, port: str | None, samples: int | None) -> int:
    """Test the model that a board already runs.

    The whole test set, unless --samples is given. Nothing is flashed: a board that runs another model than the kit's
    is refused. With --emulate the firmware is built, if need be, and started.

    Example: kit test digits --board esp32 --port /dev/ttyUSB0
    """
    from toolchain import pipeline
    from toolchain.board.descriptor import load_board
    from toolchain.cli import tables
    from toolchain.workspace import Workspace

    chosen, target = named_kit(kit), load_board(board)
    with ExitStack() as stack:
        with output.progress() as progress:
            deployment = stack.enter_context(
                pipeline.deploy(
                    chosen,
                    target,
                    Workspace(),
                    emulate=emulate,
                    port=port,
                    samples=samples or pipeline.ALL_SAMPLES,
                    flash=False,
                    progress=progress,
                )
            )
        output.result(deployment.as_json(), tables.deployment(deployment))
    return output.checks(deployment.failed_checks)
