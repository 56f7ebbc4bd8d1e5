"""The group of commands, and what happens to errors.

Exit status: 0 ok, 1 a check failed, 2 bad input, 3 something is missing here, 4 the device or the link failed,
70 a fault of this program, 130 interrupted.
"""

from __future__ import annotations

import errno
import importlib
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType

import rich_click as click

from toolchain.cli.output import Output, discard, encode_whatever_comes, reserve_stdout
from toolchain.errors import BadInput, Interrupted, KitError, Missing

# A command lies in the module of its name; only modules that import nothing heavy at their top keep `kit --help` quick.
COMMANDS = (
    "list",
    "boards",
    "new",
    "data",
    "import",
    "train",
    "compile",
    "build",
    "deploy",
    "flash",
    "erase",
    "reset",
    "test",
    "tune",
    "stream",
    "report",
    "profile",
    "monitor",
    "compare",
    "compare-models",
    "bench",
    "mlperf",
    "export",
    "doctor",
)

EXIT_INTERRUPTED = 130
EXIT_FAULT = 70
_PATIENCE = 1.0  # seconds
#: A full or write-protected disk, or a file as large as may be, wherever it is met.
NO_ROOM = (errno.ENOSPC, errno.EROFS, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
#: What a name of the user's can be that no room looked for.
BAD_NAME = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR)
#: What this machine does not give, with what to do about it.
NOT_GIVEN = {
    errno.EACCES: "you have no right to it: name another place, or let its owner give you the right",
    errno.EPERM: "you have no right to it: name another place, or let its owner give you the right",
    errno.EIO: "the disk or the drive fails: try another one",
    errno.EMFILE: "allow more open files: ulimit -n",
    errno.ENFILE: "end other programs",
    errno.ENOMEM: "end other programs, or allow more memory: ulimit -v",
    errno.EAGAIN: "end other programs, or allow more processes: ulimit -u",
}


class Commands(click.RichGroup):
    """Loads a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return getattr(importlib.import_module(f"toolchain.cli.{name.replace('-', '_')}"), "entry")  # noqa: B009

    def resolve_command(self, ctx: click.Context, args: list[str]):  # type: ignore[no-untyped-def]
        from toolchain.nearest import nearest_or_all

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command {args[0]!r}; {nearest_or_all(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


click.rich_click.TEXT_PARAGRAPH_LINEBREAKS = "\n\n"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tinyml-kit", prog_name="kit")
def kit() -> None:
    """TinyML from data to a firmware image that is proved on the device.

    Example: kit deploy digits --board esp32 --emulate

    Every command takes --json (one JSON object on stdout) and -q. What is made lies in build/ of the current folder, or
    where the variable KIT_BUILD says.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Prints errors, never a traceback."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    json_wanted = "--json" in arguments
    encode_whatever_comes()
    try:
        with reserve_stdout(json_wanted) as stdout, _ends_once():
            status = _run(arguments, Output(stdout, json_wanted))
            stdout.flush()
            return status
    except BrokenPipeError:  # whoever read it has seen enough
        discard(sys.stdout)
        return 0


def _run(arguments: list[str], output: Output) -> int:
    try:
        result = kit.main(arguments, prog_name="kit", standalone_mode=False, obj=output)
        return result if isinstance(result, int) else 0
    except KitError as error:
        output.error(error.message, error.hint, error.exit_status)
        return error.exit_status
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        output.error(error.format_message(), f"{context.command_path} --help" if context else "kit --help", 2)
        return 2
    except (KeyboardInterrupt, click.Abort) as stop:
        # CPython notes a Ctrl-C that hits inside exec() of a string (dataclasses use it) and later dies of the signal,
        # although it was caught here; the next exec() clears the note.
        exec("")
        cause = stop.__context__ if isinstance(stop, click.Abort) else stop  # what click makes of a Ctrl-C
        words = (cause.message, cause.hint) if isinstance(cause, Interrupted) else ("interrupted", "")
        output.error(*words, EXIT_INTERRUPTED)
        return EXIT_INTERRUPTED
    except SystemExit:  # how rich-click passes on a broken pipe
        raise BrokenPipeError from None
    except BrokenPipeError:
        raise
    except MemoryError:
        output.error("there is not enough memory", NOT_GIVEN[errno.ENOMEM], Missing.exit_status)
        return Missing.exit_status
    except OSError as error:
        return _system_error(arguments, output, error)
    except Exception as error:
        return _fault(arguments, output, error)


def _system_error(arguments: list[str], output: Output, error: OSError) -> int:
    """What the system refused and no room caught: told in a line where it is no fault of ours."""
    what, number, status = error.filename, error.errno, Missing.exit_status
    if number in NO_ROOM:
        output.drop_unwritable()
        what = f"{what} cannot be written" if what else "what was to be written is not whole"
        output.error(f"{what}: {error.strerror}", "make room, or write elsewhere", status)
    elif number in NOT_GIVEN:
        output.error(f"{what}: {error.strerror}" if what else f"{error.strerror}", NOT_GIVEN[number], status)
    elif number in BAD_NAME and what:
        status = BadInput.exit_status
        output.error(f"{what}: {error.strerror}", "", status)
    else:
        return _fault(arguments, output, error)
    return status


def _fault(arguments: list[str], output: Output, error: Exception) -> int:
    log = output.save_traceback(arguments)
    output.error(f"a fault of kit itself: {type(error).__name__}: {error}", f"the traceback is in {log}", EXIT_FAULT)
    return EXIT_FAULT


class _ends_once:
    """Ctrl-C, SIGTERM and SIGHUP all end the command the way Ctrl-C does, so that emulators and temporary files go too.
    Another one within `_PATIENCE` is left out: it would interrupt the putting away."""

    def __enter__(self) -> None:
        self._last = -_PATIENCE
        self._before = {}
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                self._before[number] = signal.signal(number, self._interrupt)

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if time.monotonic() - self._last >= _PATIENCE:
            self._last = time.monotonic()
            raise KeyboardInterrupt
