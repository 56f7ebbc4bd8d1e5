"""A kit's test set on a board: streamed to one device or several emulators, judged against the kit's pass marks."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from toolchain import pipeline
from toolchain.connection import Connection, Setup, connected, require_answer
from toolchain.errors import BadInput
from toolchain.evaluate.answers import Answer, AnswerFile
from toolchain.evaluate.checks import Check, Marks, check_all, latency_limit
from toolchain.evaluate.device import Expected, Tally, judge
from toolchain.evaluate.profile import Profile, measure_layers
from toolchain.evaluate.results import DeviceTest, LinkHealth, Memory
from toolchain.evaluate.workers import run_samples
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.kit import Kit
    from toolchain.train import TrainedModel
    from toolchain.workspace import Workspace

#: More emulators than this side by side gain nothing: the host's end of the links is one process.
MOST_WORKERS = 4


@dataclass(frozen=True)
class KitTest:
    """What a test found. ``built`` is None for a real board; ``profile`` and the compiler's ``report`` are None where
    none were wanted; ``resumed`` counts answers taken over from an earlier run, whose link is not in ``link``.
    """

    kit: Kit
    trained: TrainedModel
    model: pipeline.Model
    board: str
    target: str
    emulator: str
    port: str
    built: pipeline.Built | None
    report: Mapping[str, Any] | None
    expected: Expected
    test: DeviceTest
    memory: Memory
    link: LinkHealth
    checks: tuple[Check, ...]
    profile: Profile | None
    workers: int
    resumed: int
    seconds: dict[str, float]

    @property
    def emulated(self) -> bool:
        return bool(self.emulator)

    @property
    def failed_checks(self) -> tuple[str, ...]:
        return tuple(check.text for check in self.checks if not check.passed)

    def as_json(self) -> dict[str, Any]:
        """The object that ``kit test --json`` prints."""
        return {
            "kit": self.model.name,
            "board": self.board,
            "emulated": self.emulated,
            **self.test.as_json(),
            "labels": list(self.model.labels),
            "classes": [asdict(score) for score in self.test.scores(self.model.labels)],
            "memory": self.memory.as_json(),
            "link": asdict(self.link),
            "model_sha256": self.model.sha256,
            "firmware_sha256": self.built.firmware_sha256 if self.built else None,
            "port": self.port,
            "checks": [asdict(check) for check in self.checks],
            "failed_checks": list(self.failed_checks),
            "workers": self.workers,
            "resumed": self.resumed,
            "seconds": dict(self.seconds),
        }


def run_kit_test(
    kit: Kit,
    setup: Setup,
    workspace: Workspace,
    *,
    samples: int | None = None,
    marks: Marks | None = None,
    workers: int | None = None,
    resume: bool = False,
    profile: bool = False,
    progress: Progress | None = None,
) -> KitTest:
    """Run the first ``samples`` of the kit's test set (None: all) on the board of ``setup``, and judge the answers.

    A real board is taken as it is: nothing is flashed. ``workers`` emulators run side by side (None: as many as there
    are cores). Answers are kept in the workspace as they come; with ``resume`` those that are there already, of the
    same firmware and samples, are not asked for again. Raises BadInput for options that do not fit each other, and what
    the stages raise.
    """
    started, marks, progress = time.monotonic(), marks or Marks(), progress or Quiet()
    setup = setup.located()
    board = setup.board
    if marks.max_latency:  # a limit in the wrong unit is refused before any work
        latency_limit(marks.max_latency, board.emulator.unit if setup.emulated and board.emulator else "us")
    if not setup.emulated and (workers or 1) > 1:
        raise BadInput("a real board is one device: --workers needs --emulate", "leave --workers out")
    require_answer(setup)
    trained = pipeline.train(kit, workspace, progress)
    model = pipeline.kit_model(kit, trained)
    whole = pipeline.expectations(kit, trained, workspace, progress)
    expected = whole.first(samples)
    built = pipeline.build(model, setup, workspace, progress=progress) if setup.emulated else None
    run = _Run(setup, built, model, expected, profile, progress)
    test_set = hashlib.sha256(whole.sent.tobytes()).hexdigest()
    path = workspace.folder(kit.name, board.name) / ("answers-emulated.jsonl" if setup.emulated else "answers.jsonl")
    testing = time.monotonic()
    with ExitStack() as stack:
        if not setup.emulated:
            run.only = stack.enter_context(connected(setup, None, model, progress))
        answers = stack.enter_context(AnswerFile(path, run.tested(test_set), resume, progress))
        unanswered = answers.missing(range(len(expected)))
        todo = unanswered or [0]  # one is asked always: the stack is known after a run only
        taken_over = len(expected) - len(unanswered)
        workers = min(workers or min(os.cpu_count() or 1, MOST_WORKERS), len(todo)) if setup.emulated else 1
        on = f"on {workers} × {board.name}" if workers > 1 else f"on {board.name}"
        progress.stage("test", f"{len(todo)} samples {on}" if unanswered else f"one sample again {on}, for its stack")
        if taken_over:
            progress.log(f"{taken_over} answers taken over from {path}")
        run.go(answers, todo, workers)
    found = judge(
        expected, [answers.answers[i] for i in range(len(expected))], run.unit, run.per_tick, run.link.retries
    )
    return KitTest(
        kit=kit,
        trained=trained,
        model=model,
        board=board.name,
        target=board.target,
        emulator=run.emulator,
        port=run.port,
        built=built,
        report=run.report,
        expected=expected,
        test=found,
        memory=replace(built.memory if built else Memory(), **run.memory),
        link=run.link,
        checks=check_all(kit, trained.metrics, found, board.name, marks, whole=len(expected) == len(whole)),
        profile=run.profile,
        workers=workers,
        resumed=taken_over,
        seconds={
            "test": round(time.monotonic() - testing, 3),
            "total": round(time.monotonic() - started, 3),
        },
    )


class _Run:
    """The devices of one test and what they tell beside their answers."""

    def __init__(
        self,
        setup: Setup,
        built: pipeline.Built | None,
        model: pipeline.Model,
        expected: Expected,
        profile: bool,
        progress: Progress,
    ) -> None:
        self._setup, self._built, self._model, self._expected = setup, built, model, expected
        self._progress = progress
        self._sent = [row.tobytes() for row in expected.sent]
        self._profile_wanted = profile
        self.only: Connection | None = None
        self.unit, self.per_tick, self.port, self.emulator = "", 1.0, "", ""
        self.memory: dict[str, int | None] = {}
        self.link = LinkHealth()
        self.profile: Profile | None = None
        self.report: Mapping[str, Any] | None = None

    def tested(self, test_set: str) -> dict[str, Any]:
        """Of what the answers are: equal ones may be mixed. ``test_set`` is the hash of all its inputs."""
        firmware = self._built.build_id if self._built else self.only.session.info.build_id if self.only else ""
        return {"firmware": firmware, "model": self._model.sha256, "samples": test_set}

    def go(self, answers: AnswerFile, todo: list[int], workers: int) -> None:
        count, total = Tally(self._expected), len(self._expected)
        for sample in set(range(total)).intersection(answers.answers).difference(todo):
            count.add(answers.answers[sample])

        def take(answer: Answer) -> None:
            answers.add(answer)
            count.add(answer)
            self._progress.update(count.done, total, count.note())

        run_samples(self._open, workers, todo, self._sent, take, self._done)

    def _open(self) -> AbstractContextManager[Connection]:
        if self.only is not None:
            return nullcontext(self.only)
        return connected(self._setup, self._built, self._model, _Text(self._progress))

    def _done(self, device: Connection) -> None:
        """Note what a device tells at its end. The greatest stack of all counts."""
        host, said = device.session.statistics, device.session.memory()
        memory = device.memory()
        stack = max(memory["stack_bytes"] or 0, self.memory.get("stack_bytes") or 0)
        self.memory = {**memory, "stack_bytes": stack or None}
        self.link = LinkHealth(
            self.link.frames + host.frames_sent + host.frames_received,
            self.link.retries + host.retries,
            self.link.damaged + host.damaged,
            self.link.device_damaged + said.damaged,
        )
        self.unit, self.per_tick, self.port, self.emulator = device.unit, device.per_tick, device.port, device.emulator
        if self._profile_wanted and self.profile is None:
            self.report = pipeline.compile_report(self._model, self._built, self._setup.board)
            inputs = [self._expected.inputs[0].tobytes()]
            self.profile = measure_layers(device, inputs, self.report, self._sent[0])


class _Text:
    """Passes on what devices print, but none of the stages in which each of them is started."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def stage(self, name: str, note: str = "") -> None:
        pass

    def update(self, done: float, total: float, note: str = "") -> None:
        pass

    def log(self, text: str) -> None:
        self._progress.log(text)
