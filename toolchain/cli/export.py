"""`kit export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import NamedPath, board_option, command, optimize_option
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.export import Exported


@command()
@click.argument("model", metavar="KIT|MODEL.tflite")
@click.option("--to", "sdk", required=True, metavar="SDK", help="arduino, cmake, esp-idf, mbed, platformio or zephyr.")
@board_option
@click.option(
    "--out", "-o", required=True, type=NamedPath(file_okay=False), help="Folder to make; it must be new or empty."
)
@optimize_option
def entry(output: Output, model: str, sdk: str, board: str, out: Path, optimize: str) -> None:
    """Write a model as a project of the SDK that you use.

    The model, its kernels and the serial protocol are the same files as in our own firmware; the build files and the
    chip functions are the SDK's.

    Example: kit export digits --to esp-idf --board esp32 --out digits-idf
    """
    from toolchain.board.build import Identity
    from toolchain.board.descriptor import load_board
    from toolchain.export import check_target, export_project
    from toolchain.pipeline import compile_to_c, front_end_files, named_model
    from toolchain.workspace import Workspace

    chosen_board = load_board(board)
    check_target(sdk, chosen_board, out)
    with output.progress() as progress:
        chosen = named_model(model, Workspace(), progress)
        progress.stage("compile", f"{chosen.name} for {chosen_board.target}")
        compiled = compile_to_c(chosen, chosen_board.target, optimize)
        progress.stage("export", f"{sdk} project for {chosen_board.name}")
        identity = Identity(chosen.name, chosen.sha256, chosen.labels, chosen.postprocessing)
        front_end = front_end_files(chosen.signal, compiled) if chosen.signal else None
        made = export_project(compiled, identity, chosen_board, sdk, out, front_end)
    output.result(made.as_json(), _shown(made))


def _shown(made: Exported) -> str:
    commands = "\n".join(f"    {step}" for step in made.steps)
    return f"[bold]{made.title}[/] project with {len(made.files)} files in {made.folder}. There:\n\n{commands}"
