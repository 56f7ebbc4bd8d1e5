"""A terminal full of live answers: label bars, history, latency and rate, and below what the device prints."""

from __future__ import annotations

import itertools
import os
import re
import select
import statistics
import sys
import termios
import time
import tty
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from toolchain.cli.output import Output
from toolchain.stream.answers import Answer, Heading, Recorder

if TYPE_CHECKING:
    from toolchain.cli.stream import Answers

LEAST_COLUMNS, LEAST_ROWS = 40, 10
_KEPT = 1000  # answers, which the key s saves
_OVER = 20  # answers that the rate is of
_LABEL_COLUMNS = 14
_SEQUENCE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)  # what an arrow or Alt with a key sends


class _Quit(Exception):
    """The user has seen enough."""


class Screen:
    """One stream on the terminal of ``console``. ``text``: lines beside the answers, the newest last."""

    def __init__(
        self, console: Console, heading: Heading, name: str, text: Sequence[str], recorder: Recorder | None
    ) -> None:
        self._console, self._heading, self._name, self._text, self._recorder = console, heading, name, text, recorder
        self._kept: deque[Answer] = deque(maxlen=_KEPT)
        self._paused = self._mark = self._ended = False
        self._right = self._judged = self._count = self._marked = 0
        self._said = ""
        self._keys = Keys()

    @staticmethod
    def fits(output: Output) -> bool:
        """Whether there is a terminal that is large enough."""
        console = output.console
        if output.json_wanted or output.quiet or not output.on_terminal or console.is_dumb_terminal:
            return False
        return console.width >= LEAST_COLUMNS and console.height >= LEAST_ROWS

    def run(self, answers: Answers, count: int | None) -> None:
        """Show ``count`` answers, all there are, or until the user ends it (a Ctrl-C is passed on)."""
        with self._keys, Live(get_renderable=self._draw, console=self._console, screen=True, refresh_per_second=10):
            try:
                for answer in itertools.islice(answers.answers(self._sleep), count):
                    self._take(answer)
                if count is None and self._keys.there:  # what ended by itself stays to be looked at
                    self._paused = self._ended = True
                    self._sleep(0)
            except _Quit:
                pass

    def summary(self) -> str:
        """What remains on the terminal, in a line."""
        return f"{self._count} answers{', ' if self._count else ''}{self._figures()}"

    def _take(self, answer: Answer) -> None:
        if self._mark:
            answer, self._mark, self._said = replace(answer, marked=True), False, ""
        self._kept.append(answer)
        self._count += 1
        self._marked += answer.marked
        self._judged += answer.truth is not None
        self._right += bool(answer.right)
        if self._recorder:
            self._recorder.add(answer)

    def _sleep(self, seconds: float) -> None:
        """Until ``seconds`` are over and the user lets it go on; keys are acted on meanwhile."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            for key in self._keys.read(0.1 if self._paused else max(0.0, left)):
                self._act(key)
            if not self._paused and time.monotonic() >= end:
                return

    def _act(self, key: str) -> None:
        match key.lower():
            case "q":
                raise _Quit
            case "p" | " " if not self._ended:
                self._paused = not self._paused
            case "m":
                self._mark = True
                self._said = f"answer {self._count + 1} will be marked"
            case "s":
                self._said = self._save()

    def _save(self) -> str:
        stem = f"stream-{self._heading.kit or 'replay'}-{self._heading.board or 'csv'}"
        path = next(p for n in itertools.count(1) if not (p := Path(f"{stem}-{n}.csv")).exists())
        with Recorder(path, self._heading) as file:
            for answer in list(self._kept):
                file.add(answer)
        return f"{len(self._kept)} answers saved to {path}"

    def _draw(self) -> RenderableType:
        width, height = self._console.size
        last = self._kept[-1] if self._kept else None
        head = [self._title(), self._sentence(last)]
        foot = [self._history(width), Text(self._figures(), "dim"), self._footer()]
        room = height - len(head) - len(foot)
        bars = self._bars(last, width, room) if last else []
        room -= len(bars)
        text = [Text(line, "cyan") for line in list(self._text)[-(room - 1) :]] if room > 2 else []
        rule = [Text("─" * width if self._console.encoding.startswith("utf") else "-" * width, "dim")] if text else []
        lines = [*head, *bars, *foot[:2], *rule, *text]
        lines += [Text()] * (height - len(lines) - 1)
        lines = [*lines[: height - 1], foot[2]]
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        return Group(*lines)

    def _title(self) -> Text:
        where = f"{self._heading.kit} on {self._heading.board}" if self._heading.kit else "recording"
        state = ("  END" if self._ended else "  PAUSED" if self._paused else "", "bold yellow")
        return Text.assemble((where, "bold"), (f"  {self._name}", "dim"), state)

    def _sentence(self, answer: Answer | None) -> Text:
        if answer is None:
            return Text("waiting for the first answer", "dim")
        said = answer.decision or "no decision"
        truth = f", which is {answer.truth}" if answer.truth is not None else ""
        how = ("", "")
        if answer.decision in self._heading.labels and len(answer.scores) == len(self._heading.labels):
            own = answer.scores[self._heading.labels.index(answer.decision)]
            how = (" smoothed", "dim") if abs(answer.score - own) >= 0.01 else how  # else the bar below says another
        return Text.assemble(f"{answer.input}{truth}: ", (f"{said} {answer.score:.2f}", f"bold {_colour(answer)}"), how)

    def _bars(self, answer: Answer, width: int, room: int) -> list[Text]:
        labels, scores = self._heading.labels, answer.scores
        if len(labels) != len(scores):
            return []
        shown = range(len(labels))
        if len(labels) > room:
            best = sorted(shown, key=lambda i: -scores[i])[: max(0, room - 1)]
            shown = sorted(best)  # type: ignore[assignment]
        columns = min(_LABEL_COLUMNS, max(map(len, labels)))
        space = max(1, width - columns - 8)
        low, high = min(0.0, *scores), max(1.0, *scores)
        block = "█" if self._console.encoding.startswith("utf") else "#"
        lines = []
        for i in shown:
            chosen = labels[i] == answer.decision
            style = f"bold {_colour(answer)}" if chosen else "dim"
            label = Text(labels[i], style)
            label.truncate(columns, overflow="ellipsis", pad=True)
            bar = block * round(space * (scores[i] - low) / (high - low))
            lines.append(Text.assemble(label, " ", (bar.ljust(space), style), f" {scores[i]:6.2f}"))
        if len(labels) > room and room:
            lines.append(Text(f"and {len(labels) - len(lines)} more", "dim"))
        return lines

    def _history(self, width: int) -> Text:
        """The last decisions, a letter each."""
        line = Text()
        for answer in list(self._kept)[-width:]:
            letter = (answer.decision or "·" if self._console.encoding.startswith("utf") else answer.decision or ".")[0]
            line.append(letter, f"{_colour(answer)}{' reverse' if answer.marked else ''}")
        return line

    def _figures(self) -> str:
        if not self._kept:
            return ""
        from toolchain.cli.stream import latency

        recent = list(self._kept)[-_OVER:]
        taken = recent[-1].seconds - recent[0].seconds
        unit = self._heading.unit
        times = [answer.latency for answer in self._kept]
        parts = [f"latency {latency(statistics.median(times), unit)} (max {latency(max(times), unit)})"]
        if taken > 0:
            parts.append(f"{(len(recent) - 1) / taken:.1f}/s")
        if self._judged:
            parts.append(f"{self._right} of {self._judged} right")
        if self._marked:
            parts.append(f"{self._marked} marked")
        return ", ".join(parts)

    def _footer(self) -> Text:
        keys = "p pause  m mark  s save  q quit" if self._keys.there else "Ctrl-C ends"
        return Text.assemble((keys, "reverse"), f"  {self._said}")


def _colour(answer: Answer) -> str:
    if answer.decision is None:
        return "yellow"
    return {True: "green", False: "red", None: "blue"}[answer.right]


class Keys:
    """Keys of the terminal one by one, without echo; none where stdin is no terminal. A context manager that leaves the
    terminal as it was."""

    def __init__(self) -> None:
        self.there = sys.stdin is not None and sys.stdin.isatty()
        self._before: list[Any] = []

    def __enter__(self) -> Keys:
        if self.there:
            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.there:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def read(self, seconds: float) -> str:
        """What was pressed within ``seconds``; returns with the first of it. A key that sends a sequence (an arrow) is
        none."""
        if not self.there:
            time.sleep(seconds)
            return ""
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        if not ready:
            return ""
        pressed = os.read(sys.stdin.fileno(), 64)
        if not pressed:  # the terminal is gone
            raise _Quit
        return _SEQUENCE.sub(b"", pressed).decode("utf-8", "replace")
