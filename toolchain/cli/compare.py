"""`kit compare`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from toolchain.cli.options import command
from toolchain.cli.output import Output


@command()
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL.tflite")
def entry(output: Output, model: Path) -> int:
    """Generated C against the reference, byte for byte.

    Example: kit compare model.tflite --inputs 500
    """
    raise NotImplementedError
