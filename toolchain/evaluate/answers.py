"""Answers of a device, appended to a file as they come, so that a cut run can go on.

JSON lines. The first says what was tested (any JSON object); each further one is an answer. A last line
that was cut in the middle of being written is dropped.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from toolchain.errors import BadInput, Missing
from toolchain.progress import Progress, Quiet


@dataclass(frozen=True)
class Answer:
    """What the device said to test sample ``sample``: the bytes of its first output, the ticks that the model took, and
    those of the front end where raw samples were sent."""

    sample: int
    output: bytes
    ticks: int
    front_ticks: int | None = None


class AnswerFile:
    """Answers kept in ``path``. Safe to be used by several threads. A context manager that closes the file."""

    def __init__(self, path: Path, tested: Mapping[str, Any], resume: bool, progress: Progress | None = None) -> None:
        """``tested`` says of what the answers are. With ``resume`` those of an earlier run of the same are taken over
        (``answers``); without, or when the file is of something else, it begins anew. Another run that writes to it is
        waited for.

        Raises Missing when it cannot be written, BadInput when it holds something else than answers.
        """
        self.path = path
        self.answers: dict[int, Answer] = {}
        self._lock = threading.Lock()
        head = json.dumps({"tested": tested}, sort_keys=True)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            _wait_for(self._stream, path, progress or Quiet())
            whole = self._take_over(self._stream.read(), head) if resume else 0
            self._stream.seek(whole)
            self._stream.truncate()
            if not whole:
                self._write(head)
        except OSError as error:
            self._stream.close()
            raise _unwritable(path, error) from error
        except BadInput:
            self._stream.close()
            raise

    def _take_over(self, data: bytes, head: str) -> int:
        """Keep the answers that an earlier run left; the bytes of it that are whole, 0 when it is of something else."""
        lines = data.split(b"\n")[:-1]  # behind the last line end is nothing, or half a line
        if not lines or lines[0] != head.encode():
            return 0
        for number, line in enumerate(lines[1:], 2):
            try:
                said = json.loads(line)
                self.answers[said["sample"]] = Answer(**{**said, "output": bytes.fromhex(said["output"])})
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f"{self.path}, line {number}: not an answer: {error}", "run the test without --resume"
                ) from None
        return data.rindex(b"\n") + 1

    def add(self, answer: Answer) -> None:
        """Keep an answer; it is in the file when this returns."""
        with self._lock:
            self.answers[answer.sample] = answer
            self._write(json.dumps({**vars(answer), "output": answer.output.hex()}))

    def _write(self, line: str) -> None:
        self._stream.write(line.encode() + b"\n")
        self._stream.flush()

    def missing(self, samples: Iterable[int]) -> list[int]:
        """Which of ``samples`` have no answer yet."""
        return [sample for sample in samples if sample not in self.answers]

    def __enter__(self) -> AnswerFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()


def _wait_for(stream: IO[bytes], path: Path, progress: Progress) -> None:
    """Hold an advisory lock on the file until it is closed, in whatever way this process ends."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress.log(f"another test writes to {path}; waiting for it")
        fcntl.flock(stream, fcntl.LOCK_EX)


def _unwritable(path: Path, error: OSError) -> Missing:
    return Missing(f"{path}: cannot be written: {error.strerror}", "make room or set KIT_BUILD to another folder")
