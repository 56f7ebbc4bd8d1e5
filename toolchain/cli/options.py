"""Options that several commands share."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.kit import Kit


def command(**settings: Any) -> Callable[[Callable[..., Any]], click.RichCommand]:
    """A command with ``--json`` and ``-q``; its function is called with the `Output` first."""

    def decorate(function: Callable[..., Any]) -> click.RichCommand:
        @functools.wraps(function)
        @click.pass_obj
        def called(output: Output, json_: bool, quiet: bool, **parameters: Any) -> Any:
            output.quiet = quiet
            return function(output, **parameters)

        called = click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")(called)
        called = click.option("--json", "json_", is_flag=True, help="One JSON object on stdout.")(called)
        made = click.command(
            cls=click.RichCommand, name=function.__module__.rpartition(".")[2].replace("_", "-"), **settings
        )(called)
        made.params.sort(key=lambda each: each.name in ("compiler", "optimize"))  # seldom wanted: last in the help
        return made

    return decorate


kit_argument = click.argument("kit", required=False)
_BOARD_HELP = "Board; kit boards lists them."
board_option = click.option("--board", "-b", required=True, metavar="NAME", help=_BOARD_HELP)
samples_option = click.option(
    "--samples", type=click.IntRange(min=1), metavar="N", help="Test the first N samples of the test set."
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=1, max=64), metavar="N", help="Emulators side by side; else one a core."
)
evaluate_option = click.option(
    "--evaluate",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Say beside it what the int8 model makes of recordings: DIR/<label>/*.wav.",
)


def _numbers(context: click.Context, parameter: click.Parameter, said: str | None) -> tuple[float, ...] | None:
    if said is None:
        return None
    try:
        scale = tuple(float(number) for number in said.split(","))
    except ValueError:
        raise click.BadParameter(f"{said!r} is neither a number nor some with commas", context, parameter) from None
    if not all(math.isfinite(factor) and factor for factor in scale):
        from toolchain.errors import BadInput

        raise BadInput(f"--scale {said} leaves nothing of the values", "give numbers that are not 0")
    return scale


scale_option = click.option(
    "--scale",
    metavar="X[,X...]",
    callback=_numbers,
    help="Multiply values of tables by X, or each column by its own, before they are rounded.",
)
compiler_option = click.option("--compiler", metavar="PATH", help="C compiler to use instead of searching for one.")
optimize_option = click.option(
    "--optimize",
    type=click.Choice(["default", "speed", "size", "ram"]),
    default="default",
    show_default=True,
    help="What the generated code is to save first.",
)


def _remember_serial(context: click.Context, _parameter: click.Parameter, number: str | None) -> None:
    if number and context.params.get("port"):
        raise click.UsageError("--port and --serial exclude each other", context)
    context.meta["serial"] = number


def _port_of_serial(context: click.Context, _parameter: click.Parameter, port: str | None) -> str | None:
    """Called behind `_remember_serial` unless ``--port`` was given before ``--serial``."""
    if not (number := context.meta.get("serial")):
        return port
    if port:
        raise click.UsageError("--port and --serial exclude each other", context)
    from toolchain.connection import port_of_serial

    return port_of_serial(number)


def port_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--port``, or ``--serial`` in its place: the function gets a port either way."""
    function = click.option(
        "--serial",
        metavar="NUMBER",
        expose_value=False,
        callback=_remember_serial,
        help="Serial number or MAC of the board, instead of --port; kit boards --connected shows it.",
    )(function)
    return click.option(
        "--port",
        "-p",
        metavar="PORT",
        callback=_port_of_serial,
        help="Serial port or URL (/dev/ttyUSB0, socket://host:port).",
    )(function)


_SETUP_OPTIONS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "emulated": click.option("--emulate", "emulated", is_flag=True, help="Run on the board's emulator."),
    "port": port_option,
    "compiler": compiler_option,
    "optimize": optimize_option,
}


def setup_options(*fields: str, required: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--board``, and the options of these ``fields`` of a `Setup` (emulated, port, compiler, optimize): the function
    gets all as one ``setup``, None where no board is named though none is ``required``."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(output: Output, board: str | None, **parameters: Any) -> Any:
            from toolchain.board.descriptor import load_board
            from toolchain.connection import Setup

            said = {field: value for field in fields if (value := parameters.pop(field)) is not None}
            return function(output, setup=Setup(load_board(board), **said) if board else None, **parameters)

        decorated: Callable[..., Any] = called
        for field in reversed(fields):
            decorated = _SETUP_OPTIONS[field](decorated)
        return click.option("--board", "-b", required=required, metavar="NAME", help=_BOARD_HELP)(decorated)

    return decorate


def named_kit(name: str | None) -> Kit:
    """The kit that the user named, or the default."""
    from toolchain.kit import find_default_kit, load_kit

    return load_kit(name) if name else find_default_kit()


def model_or_kit(name: str | None) -> str:
    """What the user named, or the ``kit.toml`` of the default kit: for `pipeline.named_model`."""
    from toolchain.kit import find_default_kit

    return name or str(find_default_kit().path)


class NamedPath(click.Path):
    """A path to write to. An empty one (of a shell variable that is not set) would be the current folder."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(path_type=Path, **settings)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value).strip():
            self.fail(f"it is empty: name a {'file' if self.file_okay else 'folder'}", param, ctx)
        return super().convert(value, param, ctx)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a result whole or not at all, making its folder. Raises BadInput when it cannot be written."""
    from toolchain.errors import BadInput
    from toolchain.folders import in_folder

    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with in_folder(path.parent):
            try:
                temporary.write_bytes(content.encode("utf-8", "replace") if isinstance(content, str) else content)
                temporary.replace(path)
            finally:
                with contextlib.suppress(OSError):
                    temporary.unlink()
    except OSError as error:
        raise BadInput(f"{path}: cannot be written: {error.strerror}", "name another file") from error
