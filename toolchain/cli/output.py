"""Where a command's words go: the result to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from rich.console import Console, RenderableType

from toolchain.errors import CheckFailed, Missing
from toolchain.progress import Progress, Quiet

#: What would move the cursor of a terminal, or more: it can be in a file's name, or what a broken program says.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WIDE = 160  # columns of a table that goes into a file or a pipe


def encode_whatever_comes() -> None:
    """Let stdout and stderr replace what their encoding lacks: a terminal of LANG=C, a file name that is not UTF-8.
    Bytes of stdin that are no text go through as they are."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
            _open_nothing(number)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="surrogateescape")


def discard(stream: IO[str]) -> None:
    """Let nothing more reach where ``stream`` goes, which cannot take it: not even what is flushed at the end."""
    _open_nothing(stream.fileno())


class Heedless:
    """``stream`` for words beside the result: that nobody reads them, or that the disk is full, stops no work."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            discard(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            discard(self._stream)


def _open_nothing(number: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, number)
    if nothing != number:
        os.close(nothing)


@contextmanager
def reserve_stdout(wanted: bool) -> Iterator[IO[str]]:
    """A stream to the real stdout. When ``wanted``, file descriptor 1 is pointed at stderr meanwhile, so that nothing
    a library or a child process prints can come between a script and the one JSON object."""
    if not wanted:
        yield sys.stdout
        return
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(saved), "w", encoding="utf-8") as stream:
            yield stream
    finally:
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


class Output:
    """What every command is given to speak with."""

    def __init__(self, stdout: IO[str], json_wanted: bool) -> None:
        self.json_wanted = json_wanted
        self.quiet = False
        self._stdout = stdout
        self.console = Console(file=stdout, highlight=False, width=None if stdout.isatty() else _WIDE)
        self.stderr = Console(file=cast("IO[str]", Heedless(sys.stderr)), highlight=False)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """The progress of the library, drawn on stderr: bars on a terminal, else one line a stage."""
        if self.quiet:
            yield Quiet()
        elif self.stderr.is_terminal:
            with Bars(self.stderr) as bars:
                yield bars
        else:
            yield Lines(self.stderr)

    @property
    def on_terminal(self) -> bool:
        """Whether stdout is a person's terminal."""
        return self._stdout.isatty()

    def line(self, text: str) -> None:
        """A line of a result that comes little by little; raises as `result`."""
        with self._written():
            self._stdout.write(text + "\n")
            self._stdout.flush()

    def result(self, values: Mapping[str, Any], shown: RenderableType = "") -> None:
        """The command's result: ``values`` as one JSON object, or ``shown`` for people.

        Raises Missing when stdout does not take it, BrokenPipeError when nobody reads it any more."""
        with self._written():
            if self.json_wanted:
                self._stdout.write(json.dumps(values, indent=2, allow_nan=False) + "\n")
            elif not self.quiet and shown != "":
                self._print(shown)
            self._stdout.flush()

    def _print(self, shown: RenderableType) -> None:
        """``shown``; in a file or a pipe without the blanks that fill its lines."""
        if self.on_terminal:
            self.console.print(shown)
            return
        with self.console.capture() as text:
            self.console.print(shown)
        self._stdout.write("\n".join(line.rstrip(" ") for line in text.get().split("\n")))

    def drop_unwritable(self) -> None:
        """Discard stdout when it takes no more, so that nothing fails at the end again."""
        try:
            self._stdout.flush()
        except OSError:
            discard(self._stdout)

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            discard(self._stdout)
            if isinstance(error, BrokenPipeError):
                raise
            raise Missing(f"the result cannot be written: {error.strerror}", "make room, or write elsewhere") from error

    def note(self, text: str) -> None:
        """One line beside the result, on stderr."""
        if not self.quiet:
            self.stderr.print(_plain(text), soft_wrap=True)

    def error(self, message: str, hint: str, exit_status: int) -> None:
        """One red line and one line that says what to do."""
        self.stderr.print(f"[bold red]error:[/] {_plain(message)}", soft_wrap=True)
        if hint:
            self.stderr.print(f"[dim]hint:[/]  {_plain(hint)}", soft_wrap=True)
        if self.json_wanted:
            self.result({"error": message, "hint": hint, "exit_status": exit_status})

    def checks(self, failed: Sequence[str]) -> int:
        """Say which checks failed; the command's exit status."""
        for text in failed:
            self.stderr.print(f"[bold red]check failed:[/] {_plain(text)}", soft_wrap=True)
        return CheckFailed.exit_status if failed else 0

    def refused(self, reasons: Sequence[str]) -> int:
        """Say why files were passed over while the rest went on; the command's exit status."""
        for reason in reasons:
            self.note(f"refused: {reason}")
        return CheckFailed.exit_status if reasons else 0

    def save_traceback(self, arguments: list[str]) -> Path:
        """The exception being handled, written to a file of its own; returns where."""
        text = f"kit {' '.join(arguments)}\nPython {sys.version}\n\n{traceback.format_exc()}"
        handle, name = tempfile.mkstemp(prefix="kit-fault-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
        return Path(name)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(_CONTROL.sub("?", " ".join(text.split())))


class Lines:
    """Progress where stderr is no terminal: a line a stage, a line now and then in a long one, and the log."""

    EVERY = 10.0  # seconds

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = time.monotonic()

    def stage(self, name: str, note: str = "") -> None:
        self._last = time.monotonic()
        self._console.print(_plain(f"{name}: {note}" if note else name), soft_wrap=True)

    def update(self, done: float, total: float, note: str = "") -> None:
        if time.monotonic() - self._last >= self.EVERY:
            self._last = time.monotonic()
            far = f"{done:g} of {total:g}" if done == int(done) else f"{100 * done / total:.0f} %"
            self.log(f"{far}: {note}" if note else far)

    def log(self, text: str) -> None:
        self._console.print(f"  {_plain(text)}", soft_wrap=True)


class Bars:
    """Progress on a terminal: one line a stage, with a bar while it lasts and its time when it is over."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Display

        self._console = console
        self._display = Display(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("[bold]{task.description:<8}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self._task: Any = None

    def __enter__(self) -> Bars:
        self._display.start()
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is None:
            self._finish()
        self._display.stop()

    def stage(self, name: str, note: str = "") -> None:
        self._finish()
        self._task = self._display.add_task(name, total=None, note=_plain(note))

    def update(self, done: float, total: float, note: str = "") -> None:
        if self._task is None:
            self.stage("")
        self._display.update(self._task, completed=done, total=total)
        if note:
            self._display.update(self._task, note=_plain(note))

    def log(self, text: str) -> None:
        self._console.print(f"  [dim]{_plain(text)}[/]", soft_wrap=True)

    def _finish(self) -> None:
        if self._task is not None:
            task = next(t for t in self._display.tasks if t.id == self._task)
            total = task.total or 1
            self._display.update(self._task, total=total, completed=total)
            self._task = None
