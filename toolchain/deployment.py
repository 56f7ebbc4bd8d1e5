"""From a kit to a tested board: every stage, and the board that answers at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from toolchain.connection import Connection, Setup, connected, flash_port, require_answer, require_port
from toolchain.errors import BadInput
from toolchain.evaluate.results import DeviceTest, Memory
from toolchain.pipeline import (
    Built,
    Model,
    build,
    compile_to_c,
    expectations,
    failed_training_checks,
    front_end_files,
    kit_model,
    train,
)
from toolchain.progress import Progress, Quiet
from toolchain.workspace import Workspace

if TYPE_CHECKING:
    from toolchain.evaluate.device import Expected
    from toolchain.export import SdkProject
    from toolchain.kit import Kit

#: Samples that `deploy` tests when nobody says how many, and the most bytes that are sent for them: few where a line is
#: slow, emulated or not.
DEFAULT_SAMPLES = {"labwired": (20, 100_000), "host": (100, 10_000_000)}
OTHER_DEFAULT_SAMPLES = (100, 400_000)


@dataclass(frozen=True)
class Deployment:
    """A board that runs the model and was tested. ``connection`` is open as long as `deploy`'s context is; ``built`` is
    None where an SDK's program built the firmware."""

    model: Model
    board: str
    emulated: bool
    built: Built | None
    test: DeviceTest
    memory: Memory
    failed_checks: tuple[str, ...]
    seconds: Mapping[str, float]
    expected: Expected
    connection: Connection

    @property
    def port(self) -> str:
        return self.connection.port

    def as_json(self) -> dict[str, Any]:
        """The object that ``kit deploy --json`` prints."""
        return {
            "kit": self.model.name,
            "board": self.board,
            "emulated": self.emulated,
            **self.test.as_json(),
            "memory": self.memory.as_json(),
            "model_sha256": self.model.sha256,
            "firmware_sha256": self.built.firmware_sha256 if self.built else None,
            "port": self.port,
            "failed_checks": list(self.failed_checks),
            "seconds": dict(self.seconds),
        }


@contextmanager
def deploy(
    kit: Kit,
    setup: Setup,
    workspace: Workspace,
    *,
    samples: int | None = None,
    sdk: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Deployment]:
    """Everything from the kit to a tested board; the connection stays open inside the context.

    With ``sdk`` that SDK's own program builds and flashes. Raises what the stages raise; a check that failed is told in
    ``failed_checks``.
    """
    from toolchain.evaluate.device import run_device_test
    from toolchain.export import SdkProject

    clock = _Clock()
    progress = progress or Quiet()
    if sdk and setup.emulated:
        raise BadInput("--sdk and --emulate exclude each other", "an emulator runs our own firmware")
    board = setup.board
    project = SdkProject(sdk, board, workspace.folder(kit.name, board.name) / sdk) if sdk else None
    setup = setup.located()
    if not setup.emulated and board.flasher.name != "none":  # what cannot be flashed is refused before any work
        require_port(board, flash_port(board, setup.port))
    elif not project:
        require_answer(setup)
    with clock("train"):
        trained = train(kit, workspace, progress)
        model = kit_model(kit, trained)
        expected = expectations(kit, trained, workspace, progress)
    built, build_id = None, ""
    if project:
        build_id = _build_and_flash(project, model, setup, clock, progress)
    else:
        with clock("build"):
            built = build(model, setup, workspace, progress=progress)
    with ExitStack() as stack:
        with clock("start" if setup.emulated else "flash"):
            connection = stack.enter_context(connected(setup, built, model, progress, build_id))
        count = samples or _default_samples(setup, expected.sent[0].nbytes)
        with clock("test"):
            progress.stage("test", f"{min(count, len(expected))} samples on {board.name}")
            test = run_device_test(
                connection.infer, expected.first(count), connection.unit, connection.per_tick, progress
            )
        memory = replace(built.memory if built else Memory(), **connection.memory())
        yield Deployment(
            model=model,
            board=board.name,
            emulated=setup.emulated,
            built=built,
            test=test,
            memory=memory,
            failed_checks=(
                *failed_training_checks(kit, trained),
                *_failed_checks(kit, test, whole=test.samples == len(expected)),
            ),
            seconds=clock.seconds(),
            expected=expected,
            connection=connection,
        )


@contextmanager
def running(
    kit: Kit,
    setup: Setup,
    workspace: Workspace,
    *,
    flash: bool = False,
    progress: Progress | None = None,
) -> Iterator[tuple[Model, Connection]]:
    """A board that runs ``kit``'s model: started where it is emulated, else taken as it is, unless ``flash``.

    The connection stays open inside the context. Raises WrongModel when another model runs there.
    """
    setup = setup.located()
    if not flash:
        require_answer(setup)
    model = kit_model(kit, train(kit, workspace, progress))
    built = build(model, setup, workspace, progress=progress) if flash or setup.emulated else None
    with connected(setup, built, model, progress) as connection:
        yield model, connection


def _build_and_flash(project: SdkProject, model: Model, setup: Setup, clock: _Clock, progress: Progress) -> str:
    """``model`` on the board of ``setup`` by an SDK's program; the build id that its firmware says."""
    from toolchain.board.build import Identity

    board, port = setup.board, setup.port
    with clock("build"):
        progress.stage("compile", f"{model.name} to C for {board.target}")
        compiled = compile_to_c(model, board.target, setup.optimize)
        identity = Identity(model.name, model.sha256, model.labels, model.postprocessing)
        front_end = front_end_files(model.signal, compiled) if model.signal else None
        made = project.write(compiled, identity, front_end)
        progress.stage("build", f"{made.title} project in {project.folder}")
        project.build(progress)
    with clock("flash"):
        progress.stage("flash", f"{board.name} on {port}")
        project.flash(port, progress)
    return made.build_id


def _default_samples(setup: Setup, sample_bytes: int) -> int:
    emulator = setup.board.emulator.name if setup.emulated and setup.board.emulator else ""
    most, total = DEFAULT_SAMPLES.get(emulator, OTHER_DEFAULT_SAMPLES)
    return max(1, min(most, total // sample_bytes))


def _failed_checks(kit: Kit, test: DeviceTest, whole: bool) -> Iterator[str]:
    """Parity always; the kit's pass mark only for its whole test set, since a few samples say little of accuracy."""
    if test.parity.mismatches:
        yield f"{test.parity.mismatches} of {test.samples} answers differ from {test.parity.reference}"
    if whole and test.accuracy_device < kit.pass_marks.min_device_accuracy:
        mark = kit.pass_marks.min_device_accuracy
        yield f"accuracy {test.accuracy_device:.4f} is below the kit's min_device_accuracy, {mark}"


class _Clock:
    """Seconds of each stage, and of the whole."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._stages: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self._stages[stage] = round(time.monotonic() - start, 3)

    def seconds(self) -> dict[str, float]:
        return {**self._stages, "total": round(time.monotonic() - self._start, 3)}
