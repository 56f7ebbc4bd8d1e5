"""Answers of a device, appended to a file as they come, so that a cut run can go on.

JSON lines. The first says what was tested (any JSON object); each further one is an answer. A last line
that was cut in the middle of being written is dropped.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.errors import BadInput, Missing


@dataclass(frozen=True)
class Answer:
    """What the device said to test sample ``sample``: the bytes of its first output, and the ticks it took."""

    sample: int
    output: bytes
    ticks: int


class AnswerFile:
    """Answers kept in ``path``. Safe to be used by several threads. A context manager that closes the file."""

    def __init__(self, path: Path, tested: Mapping[str, Any], resume: bool) -> None:
        """``tested`` says of what the answers are. With ``resume`` those of an earlier run of the same are taken over
        (``answers``); without, or when the file is of something else, it begins anew.

        Raises Missing when it cannot be written.
        """
        self.path = path
        self.answers: dict[int, Answer] = {}
        head = json.dumps({"tested": tested}, sort_keys=True)
        good = self._take_over(head) if resume and path.is_file() else 0
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("r+b" if good else "wb")
            self._stream.truncate(good)
            self._stream.seek(good)
            if not good:
                self._write(head)
        except OSError as error:
            raise Missing(
                f"{path}: cannot be written: {error.strerror}", "make room or set KIT_BUILD to another folder"
            ) from error

    def _take_over(self, head: str) -> int:
        """Read what an earlier run left; the bytes of it that are whole, 0 when it is of something else."""
        data = self.path.read_bytes()
        lines = data.split(b"\n")[:-1]  # behind the last line end is nothing, or half a line
        if not lines or lines[0] != head.encode():
            return 0
        for number, line in enumerate(lines[1:], 2):
            try:
                said = json.loads(line)
                self.answers[said["sample"]] = Answer(said["sample"], bytes.fromhex(said["output"]), said["ticks"])
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f"{self.path}, line {number}: not an answer: {error}", "run the test without --resume"
                ) from None
        return len(data) - len(data.rsplit(b"\n", 1)[-1])

    def add(self, answer: Answer) -> None:
        """Keep an answer; it is in the file when this returns."""
        with self._lock:
            self.answers[answer.sample] = answer
            self._write(json.dumps({"sample": answer.sample, "output": answer.output.hex(), "ticks": answer.ticks}))

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
