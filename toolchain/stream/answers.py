"""What a board says, one answer after another, and recordings of it: JSON lines or CSV, whole lines only."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from toolchain.errors import BadInput, Missing
from toolchain.folders import make_folder, remove_empty

SUFFIXES = (".jsonl", ".csv")
_SCORE = "score of "
_MOST_BYTES = 512 << 20  # of a recording that is replayed: some two million answers


@dataclass(frozen=True)
class Heading:
    """Of whose answers a recording is. ``unit`` of the latencies: ``us`` or ``instructions``."""

    kit: str
    board: str
    model_sha256: str
    unit: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Answer ``number`` (from 1), ``seconds`` after the stream began, to ``input``.

    ``decision`` is the label that the device's post-processing decided for, None for none, with its ``score``;
    ``scores`` are those of all labels before it. ``truth`` is the right label where it is known. ``marked``: the user
    wanted it to be found again.
    """

    number: int
    seconds: float
    input: str
    truth: str | None
    decision: str | None
    score: float
    latency: float
    scores: tuple[float, ...]
    marked: bool = False

    @property
    def right(self) -> bool | None:
        """Whether the decision is the truth, None where one of them is not there."""
        return None if self.truth is None or self.decision is None else self.decision == self.truth


class Recorder:
    """Appends answers to ``path``, each in the file when `add` returns. A context manager that closes the file.

    Half a line that an interrupted run left is cut off; where a stream fails before its first answer, no new file is
    left. Raises BadInput for a name that is neither ``.jsonl`` nor
    ``.csv`` and for a file of another stream, Missing when it cannot be written.
    """

    def __init__(self, path: Path, heading: Heading) -> None:
        self.path, self._labels = path, heading.labels
        self._csv = _suffix(path) == ".csv"
        head = _csv_line(_columns(heading)) if self._csv else _json_line(heading)
        with ExitStack() as undo:
            try:
                undo.callback(remove_empty, make_folder(path.parent))
                is_new = not os.path.lexists(path)
                self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            except OSError as error:
                raise _unwritable(path, error) from error
            if is_new:
                undo.callback(path.unlink, missing_ok=True)
            try:
                self._begin(head)
            except BaseException:
                os.close(self._file)
                raise
            self._undo = undo.pop_all()

    def _begin(self, head: bytes) -> None:
        self._regular = stat.S_ISREG(os.fstat(self._file).st_mode)  # a pipe or a device has no past
        try:
            there = self.path.read_bytes() if self._regular else b""
        except OSError as error:
            raise _unwritable(self.path, error) from error
        whole = there[: there.rfind(b"\n") + 1]
        if there and not whole.startswith(head):
            raise BadInput(
                f"{self.path}: holds something else than answers of this kit on this board", "name another file"
            )
        if there:
            os.ftruncate(self._file, len(whole))
        if not whole:
            self._write(head)

    def add(self, answer: Answer) -> None:
        """One more line."""
        self._write(_csv_line(_row(answer)) if self._csv else _json_line(answer))
        self._undo.pop_all()

    def _write(self, line: bytes) -> None:
        try:
            written = os.write(self._file, line)
            if written != len(line) and self._regular:  # a full disk: no half lines
                os.ftruncate(self._file, os.fstat(self._file).st_size - written)
                raise OSError(28, "No space left on device")
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
        if exception[0] is not None:
            self._undo.close()


def read_recording(path: Path) -> tuple[Heading, list[Answer]]:
    """What a `Recorder` wrote; of CSV, which does not say it, kit, board and model are empty.

    A last line without its end is left out. Raises BadInput for a file that is no recording.
    """
    as_csv = _suffix(path) == ".csv"
    try:
        text = _bounded(path).decode()
    except UnicodeDecodeError:
        raise _no_recording(path, 1, "no UTF-8 text") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}", "name a file that --record wrote") from error
    text = text[: text.rfind("\n") + 1]
    return _read_csv(path, text) if as_csv else _read_json(path, text)


def _bounded(path: Path) -> bytes:
    """What is in ``path``, which may be a pipe. Raises BadInput for what has no end that memory would last for."""
    with path.open("rb") as stream:
        data = stream.read(_MOST_BYTES + 1) if not stat.S_ISCHR(os.fstat(stream.fileno()).st_mode) else None
    if data is None or len(data) > _MOST_BYTES:
        what = "a device, not a file" if data is None else f"longer than {_MOST_BYTES >> 20:,} MiB"
        raise BadInput(f"{path}: {what}", "name a file that --record wrote")
    return data


def _read_json(path: Path, text: str) -> tuple[Heading, list[Answer]]:
    heading, answers = None, []
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            said = json.loads(line)
            if heading is None:
                said = said["stream"]
                heading = Heading(**{**said, "labels": tuple(said["labels"])})
            else:
                answer = Answer(**{**said, "scores": tuple(map(float, said["scores"]))})
                answers.append(_checked(answer, heading))
        except (ValueError, KeyError, TypeError) as error:
            raise _no_recording(path, number, str(error)) from None
    if heading is None:
        raise _no_recording(path, 1, "the file is empty")
    return heading, answers


def _read_csv(path: Path, text: str) -> tuple[Heading, list[Answer]]:
    rows = csv.reader(io.StringIO(text))
    names = next(rows, [])
    unit = names[6].removeprefix("latency_") if len(names) > 6 else ""
    labels = tuple(name.removeprefix(_SCORE) for name in names[8:])
    heading = Heading("", "", "", unit, labels)
    if names != _columns(heading):
        raise _no_recording(path, 1, "the first line names other columns")
    answers = []
    for row in rows:
        try:
            number, seconds, source, truth, decision, score, latency, marked, *scores = row
            answer = Answer(
                int(number), float(seconds), source, truth or None, decision or None, float(score), float(latency),
                tuple(map(float, scores)), {"0": False, "1": True}[marked],
            )  # fmt: skip
            answers.append(_checked(answer, heading))
        except (ValueError, KeyError) as error:
            raise _no_recording(path, rows.line_num, str(error)) from None
    return heading, answers


def _checked(answer: Answer, heading: Heading) -> Answer:
    """``answer``. ValueError when it cannot be of this stream."""
    if len(answer.scores) != len(heading.labels):
        raise ValueError(f"{len(answer.scores)} scores for {len(heading.labels)} labels")
    for name in (answer.decision, answer.truth):
        if name is not None and name not in heading.labels:
            raise ValueError(f"{name!r} is none of the labels")
    return replace(answer, seconds=float(answer.seconds), score=float(answer.score), latency=float(answer.latency))


def _no_recording(path: Path, line: int, why: str) -> BadInput:
    return BadInput(f"{path}, line {line}: no recording of a stream: {why}", "name a file that --record wrote")


def _suffix(path: Path) -> str:
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{path}: a recording is {' or '.join(SUFFIXES)}", "end the name so")
    return path.suffix.lower()


def _columns(heading: Heading) -> list[str]:
    fixed = ["number", "seconds", "input", "truth", "decision", "score", f"latency_{heading.unit}", "marked"]
    return [*fixed, *(f"{_SCORE}{label}" for label in heading.labels)]


def _row(a: Answer) -> Sequence[Any]:
    fixed = [a.number, a.seconds, a.input, a.truth or "", a.decision or "", a.score, a.latency, int(a.marked)]
    return [*fixed, *a.scores]


def _csv_line(row: Sequence[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(row)
    return line.getvalue().encode(errors="replace")


def json_line(said: Heading | Answer) -> str:
    """The line of a recording in JSON, without its end."""
    values = {"stream": asdict(said)} if isinstance(said, Heading) else asdict(said)
    return json.dumps(values, ensure_ascii=False, allow_nan=False)


def _json_line(said: Heading | Answer) -> bytes:
    return json_line(said).encode() + b"\n"


def _unwritable(path: Path, error: OSError) -> Missing:
    return Missing(f"{path}: cannot be written: {error.strerror}", "make room or name another file")
