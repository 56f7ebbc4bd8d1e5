"""The stages from a kit to a proof on the device, as functions.

Each makes its artefact in the workspace when what it is made from has changed, and returns where it lies.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolchain.board.application import Application, FrontEndFiles
from toolchain.errors import BadInput
from toolchain.evaluate.results import DeviceTest, Memory
from toolchain.postprocess.settings import PostprocessingSettings
from toolchain.progress import Progress, Quiet
from toolchain.resources import resource
from toolchain.workspace import Workspace, sha256_file, sha256_tree, source_hash, versions

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.compiler.compile import CompiledModel
    from toolchain.connection import Connection, Place
    from toolchain.evaluate.device import Expected
    from toolchain.export import SdkProject
    from toolchain.kit import Kit
    from toolchain.signal import SignalSettings
    from toolchain.train import TrainedModel

#: Samples that `deploy` tests when nobody says how many, and the most bytes that are sent for them: few where a line is
#: slow, emulated or not.
DEFAULT_SAMPLES = {"labwired": (20, 100_000), "host": (100, 10_000_000)}
OTHER_DEFAULT_SAMPLES = (100, 400_000)
ALL_SAMPLES = sys.maxsize


@dataclass(frozen=True)
class Model:
    """An int8 model file, its name, what its outputs are called, the front end that makes its input of raw samples, if
    any, how its scores become decisions, and the ``threshold`` of the error of an anomaly detector."""

    name: str
    path: Path
    sha256: str
    labels: tuple[str, ...] = ()
    signal: SignalSettings | None = None
    postprocessing: PostprocessingSettings = field(default_factory=PostprocessingSettings)
    threshold: float | None = None

    @staticmethod
    def of_file(path: Path) -> Model:
        """A ``.tflite`` that belongs to no kit. Raises BadInput when it cannot be read."""
        if path.exists() and not path.is_file():
            raise BadInput(f"{path}: no file", "give the path of a .tflite file")
        try:
            return Model(path.stem.encode(errors="replace").decode(), path, sha256_file(path))
        except OSError as error:
            raise BadInput(f"{path}: cannot be read: {error.strerror}", "give the path of a .tflite file") from error


@dataclass(frozen=True)
class Built:
    """A firmware image in ``folder``.

    ``images`` are (flash address, file) for a flasher; ``memory`` is what it takes, its stack not known before it runs.
    """

    folder: Path
    elf: Path
    images: tuple[tuple[int, Path], ...]
    memory: Memory
    firmware_sha256: str
    build_id: str
    compiler: str

    def report(self) -> dict[str, Any]:
        """The compiler's report on the model that is inside."""
        return dict(json.loads((self.folder / "report.json").read_text()))

    def as_json(self) -> dict[str, Any]:
        return {
            "elf": str(self.elf),
            "images": [{"address": address, "file": str(path)} for address, path in self.images],
            "memory": self.memory.as_json(),
            "firmware_sha256": self.firmware_sha256,
            "build_id": self.build_id,
            "compiler": self.compiler,
        }


@dataclass(frozen=True)
class Deployment:
    """A board that runs the model and was tested. ``connection`` is open as long as `deploy`'s context is; ``built`` is
    None for a board that was taken as it is."""

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


def train(
    kit: Kit, workspace: Workspace, progress: Progress | None = None, base: TrainedModel | None = None
) -> TrainedModel:
    """Train ``kit`` and convert its model to int8, unless that was done; ``build/<kit>/model`` holds the result.

    ``base`` is an earlier training that is gone on with.
    """
    from toolchain.train import load_trained

    def make(folder: Path) -> None:
        from toolchain.train import train_kit

        train_kit(kit, folder, progress, base)

    made_from = {
        "kit": kit.training_key(),
        "base": base.metrics["model_sha256"] if base else None,
        "source": source_hash("train", "data", "signal", "kit.py"),
        "front_end": _front_end_source(kit),
        "versions": versions("tensorflow", "tensorflow-cpu", "keras", "numpy", "scikit-learn"),
    }
    return load_trained(workspace.artefact(workspace.folder(kit.name) / "model", made_from, make, progress))


def _front_end_source(kit: Kit) -> str:
    """Hash of the C that makes the model's input of raw samples, empty for a kit without a front end."""
    return sha256_tree(resource("firmware_templates") / "signal", [".c", ".h"]) if kit.signal else ""


def failed_training_checks(kit: Kit, trained: TrainedModel) -> list[str]:
    """Which of the kit's pass marks the trained model misses, in words."""
    from toolchain.evaluate.checks import training_checks

    return [check.text for check in training_checks(kit, trained.metrics) if not check.passed]


def kit_model(kit: Kit, trained: TrainedModel) -> Model:
    """The int8 model that a kit was trained to."""
    sha256 = trained.metrics["model_sha256"]
    return Model(
        kit.name, trained.int8_tflite, sha256, kit.labels, kit.signal, kit.postprocessing, trained.thresholds[1]
    )


def expectations(kit: Kit, trained: TrainedModel, workspace: Workspace, progress: Progress | None = None) -> Expected:
    """The kit's test set as the model takes it, with the answers of the reference and of the float model."""
    from toolchain.evaluate.device import Expected

    def make(folder: Path) -> None:
        from toolchain.evaluate.reference import expect

        floating = trained.float_tflite.read_bytes() if trained.has_float else None
        expected = expect(kit, trained.int8_tflite.read_bytes(), floating, trained.thresholds)
        expected.save(folder / "expected.npz")

    made_from = {
        "model": trained.metrics["model_sha256"],
        "kit": kit.training_key(),
        "source": source_hash("data", "signal", "model", "evaluate"),
        "front_end": _front_end_source(kit),
        "versions": versions("tflite-micro", "ai-edge-litert", "tflite-runtime", "numpy", "scikit-learn"),
    }
    folder = workspace.artefact(workspace.folder(kit.name) / "reference", made_from, make, progress)
    return Expected.load(folder / "expected.npz")


def named_model(name: str, workspace: Workspace, progress: Progress | None = None) -> Model:
    """The model of a ``.tflite`` file, or of a kit (trained if need be)."""
    from toolchain.kit import load_kit

    path = Path(name)
    if path.suffix == ".tflite" or (path.is_file() and path.suffix != ".toml"):
        return Model.of_file(path)
    kit = load_kit(name)
    return kit_model(kit, train(kit, workspace, progress))


def write_c(model: Model, target: str, optimize: str, out: Path, prefix: str = "model") -> Mapping[str, Any]:
    """Compile ``model`` for ``target`` and write the C, its headers, ``report.json`` and ``arena.svg``, the picture of
    its memory over time, into ``out``; the report.

    Nothing is written when the model is refused (BadInput).
    """
    from toolchain.compiler.arena_map import arena_svg

    compiled = compile_to_c(model, target, optimize, prefix)
    beside = {"report.json": json.dumps(compiled.report, indent=1), "arena.svg": arena_svg(compiled.report)}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in {**compiled.files, **beside}.items():
            temporary = out / f".{name}.tmp"
            try:
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(out / name)
            finally:
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"{out}: cannot be written: {error.strerror}", "name another folder with --out") from error
    return compiled.report


def compile_to_c(model: Model, target: str, optimize: str, prefix: str = "model") -> CompiledModel:
    """``model`` compiled for ``target``. Raises BadInput when it is no int8 model or the compiler refuses it."""
    from toolchain.compiler.compile import compile_model
    from toolchain.model.checks import require_int8
    from toolchain.model.reader import read_model

    data = model.path.read_bytes()
    graph = read_model(data, model.name)
    require_int8(graph)
    return compile_model(graph, target, optimize, prefix, model_data=data)


def front_end_files(signal: SignalSettings, compiled: CompiledModel) -> FrontEndFiles:
    """The C that makes the model's input of raw samples. Raises BadInput when it makes another than the model takes."""
    from toolchain.signal import FrontEnd

    graph = compiled.graph
    tensor = graph.inputs[0]
    if len(graph.inputs) != 1 or tensor.bytes != math.prod(signal.shape):
        takes = ", ".join(str(list(t.shape)) for t in graph.inputs)
        raise BadInput(
            f"the front end makes an input of {list(signal.shape)}, {graph.name} takes {takes}",
            "the model was trained with other settings of [signal]: train it again",
        )
    front_end = FrontEnd(signal, tensor.quantization)
    return FrontEndFiles(front_end.c_files(), front_end.ram_bytes, front_end.table_bytes)


def compile_report(model: Model, built: Built | None, board: Board) -> Mapping[str, Any]:
    """The compiler's report on what ``built`` holds, or on what a real ``board`` with ``model`` holds (by default)."""
    return built.report() if built else compile_to_c(model, board.target, "default").report


def build(
    model: Model,
    board: Board,
    workspace: Workspace,
    *,
    emulate: bool = False,
    compiler: str | None = None,
    optimize: str = "default",
    application: Application | None = None,
    progress: Progress | None = None,
) -> Built:
    """The firmware of ``board`` (as its emulator wants it, when ``emulate``) with ``model`` in it.

    ``application`` takes the place of our own, and its image a folder of its own. The C lies in
    ``build/<kit>/<board>/c``, the image in ``…/firmware``. Raises BadInput for a model that the compiler refuses or
    that is too big for the board, Missing without a C compiler.
    """
    from toolchain.board.build import Identity, build_firmware
    from toolchain.board.compilers import find_compiler

    progress = progress or Quiet()
    place = workspace.folder(model.name, board.name)
    board = board.as_emulated() if emulate else board
    c_compiler = find_compiler(board, compiler)
    application = application or Application("app")
    ours = application.folder == "app"
    signal = model.signal if ours else None
    name, objects = ("firmware", "objects") if ours else (application.folder, f"objects-{application.folder}")

    def make(folder: Path) -> None:
        progress.stage("compile", f"{model.name} to C for {board.target}")
        compiled = compile_to_c(model, board.target, optimize)
        progress.stage("build", f"firmware for {board.name}")
        identity = Identity(model.name, model.sha256, model.labels, model.postprocessing)
        around = replace(application, front_end=front_end_files(signal, compiled)) if signal else application
        firmware = build_firmware(board, compiled, identity, place / objects, c_compiler, progress, around)
        sizes = firmware.sizes
        memory = Memory(
            sizes.flash_bytes,
            sizes.weights_bytes,
            sizes.arena_bytes,
            sizes.static_ram_bytes,
            stack_bytes=None,
            front_end_flash_bytes=sizes.parts["signal"] if signal else None,
            front_end_ram_bytes=sizes.front_end_ram_bytes if signal else None,
        )
        shutil.copy(firmware.elf, folder)
        images = []
        for image in firmware.images:
            shutil.copy(image.path, folder)
            images.append((image.address, image.path.name))
        said = {
            "elf": firmware.elf.name,
            "images": images,
            "memory": asdict(memory),
            "firmware_sha256": firmware.firmware_sha256,
            "build_id": firmware.build_id,
            "compiler": firmware.compiler,
        }
        (folder / "firmware.json").write_text(json.dumps(said))
        (folder / "report.json").write_text(json.dumps(compiled.report))

    made_from = {
        "model": model.sha256,
        "name": model.name,
        "labels": model.labels,
        "board": board.model_dump(mode="json"),
        "optimize": optimize,
        "compiler": [*c_compiler.command, c_compiler.version],
        "source": source_hash("model", "compiler", "board", "signal", "postprocess"),
        "signal": signal and signal.model_dump(mode="json"),
        "postprocessing": model.postprocessing.model_dump(mode="json"),
        "application": asdict(application),
        "firmware": sha256_tree(resource("firmware_templates"), [".c", ".h", ".S", ".ld"]),
    }
    folder = workspace.artefact(place / (f"{name}-emulated" if emulate else name), made_from, make, progress)
    said = json.loads((folder / "firmware.json").read_text())
    return Built(
        folder,
        folder / said["elf"],
        tuple((address, folder / name) for address, name in said["images"]),
        Memory(**said["memory"]),
        said["firmware_sha256"],
        said["build_id"],
        said["compiler"],
    )


@contextmanager
def deploy(
    kit: Kit,
    board: Board,
    workspace: Workspace,
    *,
    emulate: bool = False,
    port: str | None = None,
    samples: int | None = None,
    flash: bool = True,
    compiler: str | None = None,
    optimize: str = "default",
    sdk: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Deployment]:
    """Everything from the kit to a tested board; the connection stays open inside the context.

    With ``flash`` False a real board is taken as it is, and nothing is built. With ``sdk`` that SDK's own program
    builds and flashes. Raises what the stages raise; a check that failed is told in ``failed_checks``.
    """
    from toolchain.connection import connected, flash_port, require_answer, require_port, where
    from toolchain.evaluate.device import run_device_test
    from toolchain.export import SdkProject

    clock = _Clock()
    progress = progress or Quiet()
    if sdk and emulate:
        raise BadInput("--sdk and --emulate exclude each other", "an emulator runs our own firmware")
    project = SdkProject(sdk, board, workspace.folder(kit.name, board.name) / sdk) if sdk else None
    place = where(board, emulate, port)
    if not flash:
        require_answer(place)
    elif not place.emulated and board.flasher.name != "none":  # what cannot be flashed is refused before any work
        require_port(board, flash_port(board, place.port))
    with clock("train"):
        trained = train(kit, workspace, progress)
        model = kit_model(kit, trained)
        expected = expectations(kit, trained, workspace, progress)
    built, build_id = None, ""
    if project:
        build_id = _build_and_flash(project, model, board, optimize, place.port, clock, progress)
    elif flash or place.emulated:
        with clock("build"):
            built = build(
                model,
                board,
                workspace,
                emulate=place.emulated,
                compiler=compiler,
                optimize=optimize,
                progress=progress,
            )
    with ExitStack() as stack:
        with clock("start" if place.emulated else "flash"):
            connection = stack.enter_context(connected(place, built, model, progress, build_id))
        count = samples or _default_samples(place, expected.sent[0].nbytes)
        with clock("test"):
            progress.stage("test", f"{min(count, len(expected))} samples on {board.name}")
            test = run_device_test(
                connection.infer, expected.first(count), connection.unit, connection.per_tick, progress
            )
        memory = replace(built.memory if built else Memory(), **connection.memory())
        yield Deployment(
            model=model,
            board=board.name,
            emulated=place.emulated,
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
    board: Board,
    workspace: Workspace,
    *,
    emulate: bool = False,
    port: str | None = None,
    flash: bool = False,
    compiler: str | None = None,
    optimize: str = "default",
    progress: Progress | None = None,
) -> Iterator[tuple[Model, Connection]]:
    """A board that runs ``kit``'s model: started where it is emulated, else taken as it is, unless ``flash``.

    The connection stays open inside the context. Raises WrongModel when another model runs there.
    """
    from toolchain.connection import connected, require_answer, where

    place = where(board, emulate, port)
    if not flash:
        require_answer(place)
    model = kit_model(kit, train(kit, workspace, progress))
    built = None
    if flash or place.emulated:
        emulated = place.emulated
        built = build(
            model, board, workspace, emulate=emulated, compiler=compiler, optimize=optimize, progress=progress
        )
    with connected(place, built, model, progress) as connection:
        yield model, connection


def _build_and_flash(
    project: SdkProject, model: Model, board: Board, optimize: str, port: str, clock: _Clock, progress: Progress
) -> str:
    """``model`` on the board at ``port`` by an SDK's program; the build id that its firmware says."""
    from toolchain.board.build import Identity

    with clock("build"):
        progress.stage("compile", f"{model.name} to C for {board.target}")
        compiled = compile_to_c(model, board.target, optimize)
        identity = Identity(model.name, model.sha256, model.labels, model.postprocessing)
        front_end = front_end_files(model.signal, compiled) if model.signal else None
        made = project.write(compiled, identity, front_end)
        progress.stage("build", f"{made.title} project in {project.folder}")
        project.build(progress)
    with clock("flash"):
        progress.stage("flash", f"{board.name} on {port}")
        project.flash(port, progress)
    return made.build_id


def _default_samples(place: Place, sample_bytes: int) -> int:
    emulator = place.board.emulator.name if place.emulated and place.board.emulator else ""
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
