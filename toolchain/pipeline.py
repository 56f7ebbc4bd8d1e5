"""The stages from a kit to a firmware image, as functions.

Each makes its artefact in the workspace when what it is made from has changed, and returns where it lies.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolchain.board.application import Application, FrontEndFiles
from toolchain.errors import BadInput
from toolchain.evaluate.results import Memory
from toolchain.folders import in_folder
from toolchain.postprocess.settings import PostprocessingSettings
from toolchain.progress import Progress, Quiet
from toolchain.resources import resource
from toolchain.workspace import Workspace, sha256_file, sha256_tree, source_hash, versions

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.compiler.compile import CompiledModel
    from toolchain.connection import Setup
    from toolchain.evaluate.device import Expected
    from toolchain.kit import Kit
    from toolchain.signal import SignalSettings
    from toolchain.train import TrainedModel


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
        with in_folder(out):
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
    setup: Setup,
    workspace: Workspace,
    *,
    application: Application | None = None,
    progress: Progress | None = None,
) -> Built:
    """The firmware of the board of ``setup`` (as its emulator wants it, where it is emulated) with ``model`` in it.

    ``application`` takes the place of our own, and its image a folder of its own. The C lies in
    ``build/<kit>/<board>/c``, the image in ``…/firmware``. Raises BadInput for a model that the compiler refuses or
    that is too big for the board, Missing without a C compiler.
    """
    from toolchain.board.build import Identity, build_firmware
    from toolchain.board.compilers import find_compiler

    progress = progress or Quiet()
    board = setup.board.as_emulated() if setup.emulated else setup.board
    place = workspace.folder(model.name, board.name)
    c_compiler = find_compiler(board, setup.compiler)
    application = application or Application("app")
    ours = application.folder == "app"
    signal = model.signal if ours else None
    name, objects = ("firmware", "objects") if ours else (application.folder, f"objects-{application.folder}")

    def make(folder: Path) -> None:
        progress.stage("compile", f"{model.name} to C for {board.target}")
        compiled = compile_to_c(model, board.target, setup.optimize)
        progress.stage("build", f"firmware for {board.name}, into {place}")
        identity = Identity(model.name, model.sha256, model.labels, model.postprocessing)
        around = replace(application, front_end=front_end_files(signal, compiled)) if signal else application
        with workspace.alone(place / objects, progress):  # those of a real and of an emulated board lie in one folder
            firmware = build_firmware(board, compiled, identity, place / objects, c_compiler, progress, around)
            shutil.copy(firmware.elf, folder)
            for image in firmware.images:
                shutil.copy(image.path, folder)
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
        said = {
            "elf": firmware.elf.name,
            "images": [(image.address, image.path.name) for image in firmware.images],
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
        "optimize": setup.optimize,
        "compiler": [*c_compiler.command, c_compiler.version],
        "source": source_hash("model", "compiler", "board", "signal", "postprocess"),
        "signal": signal and signal.model_dump(mode="json"),
        "postprocessing": model.postprocessing.model_dump(mode="json"),
        "application": asdict(application),
        "firmware": sha256_tree(resource("firmware_templates"), [".c", ".h", ".S", ".ld"]),
    }
    folder = workspace.artefact(place / (f"{name}-emulated" if setup.emulated else name), made_from, make, progress)
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
