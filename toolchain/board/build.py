"""From C sources to an image: staged, compiled by content, linked with the chip's script, measured."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.board.application import Application
from toolchain.board.compilers import Compiler, find_compiler
from toolchain.board.descriptor import Board
from toolchain.board.images import Image, make_images
from toolchain.board.objects import Processes, ToolFailed
from toolchain.board.size import Sizes, check_fits, explain_overflow, measure, place_constants
from toolchain.board.staging import Source, Stage, folders_with, sha256_of
from toolchain.compiler.step import TARGETS
from toolchain.postprocess.postprocessor import HEADER, Postprocessor
from toolchain.postprocess.settings import PostprocessingSettings
from toolchain.progress import Progress, Quiet
from toolchain.resources import resource
from toolchain.sealed import is_whole, keep

if TYPE_CHECKING:
    from toolchain.compiler.compile import CompiledModel


BUILD_ID_DIGITS = 32  # hexadecimal: 128 bits are enough to tell builds apart
NAME_BYTES = 40  # of a kit's or model's name: it goes with board and build id into the shortest frame of the link


@dataclass(frozen=True)
class Identity:
    """What is frozen into the firmware beside the model: what it says when asked who it is."""

    kit: str
    model_sha256: str
    labels: tuple[str, ...] = ()
    postprocessing: PostprocessingSettings = field(default_factory=PostprocessingSettings)


@dataclass(frozen=True)
class Program:
    """A linked program."""

    elf: Path
    map: Path
    build_id: str
    board: Board
    compiler: Compiler


@dataclass(frozen=True)
class Firmware:
    """A firmware image for ``board``. ``images`` are what a flasher writes where; ``firmware_sha256`` is of them (of
    the ELF where there are none); ``build_id`` of everything that went in."""

    board: Board
    elf: Path
    images: tuple[Image, ...]
    sizes: Sizes
    firmware_sha256: str
    build_id: str
    compiler: str


def chip_sources(board: Board) -> list[Source]:
    """Start-up, linker script and HAL of the board's chip, with the generated memory map."""
    chips = resource("firmware_templates") / "chips"
    files = {"chips/chip.h": chips / "chip.h"}
    folders = [chips / board.chip]
    if board.architecture != "host":
        folders += [chips / "common", chips / "common" / "include", chips / "common" / board.architecture]
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.suffix in (".c", ".h", ".S", ".ld"):
                files[f"chips/{path.relative_to(chips).as_posix()}"] = path
    sources = [Source(name, path.read_text(encoding="utf-8"), "-Os") for name, path in files.items()]
    # The memory functions are what kernels wait for.
    sources = [Source(s.path, s.text) if s.path.endswith("/string.c") else s for s in sources]
    if board.architecture != "host":
        sources.append(Source("chips/memory.ld", _memory_script(board)))
    return sources


def build_program(
    board: Board,
    sources: Sequence[Source],
    out: Path,
    *,
    name: str = "program",
    defines: Mapping[str, int | str] | None = None,
    compiler: Compiler | None = None,
    progress: Progress | None = None,
) -> Program:
    """Compile ``sources`` with the board's chip files and link them to ``out/name.elf`` and ``out/name.map``.

    Objects are kept in ``out/obj`` under the hash of all that made them, so only what changed is compiled. Everything
    is compiled by relative names inside ``out/src``: no path of the machine reaches the image. Raises `KitError` with
    the compiler's first error, `BadInput` when a memory region overflows, `Missing` when there is no compiler."""
    compiler = compiler or find_compiler(board)
    progress = progress or Quiet()
    staged = [*chip_sources(board), *sources]
    texts = {source.path: source.text.encode() for source in staged}
    stage = Stage(out, texts)
    stage.write()
    macros = {**board.defines, "CHIP_BAUD": board.baud, **(defines or {})}
    if board.mapped:
        macros |= {"CHIP_MAPPED_AT": board.mapped.origin, "CHIP_MAPPED_FROM": board.mapped.mapped_from or 0}
    if board.emulated:
        macros["CHIP_EMULATED"] = 1
    flags = [
        *compiler.compile_flags(board),
        *(f"-D{key}={value}" for key, value in sorted(macros.items())),
        *(f"-I{folder}" for folder in folders_with(texts, (".h",))),
    ]
    units = [source for source in staged if source.compiled]
    with Processes(out / "src") as processes:
        objects = processes.compile_all(compiler, stage, units, flags, progress)
        if runtime := processes.make_runtime(compiler, board, out):
            objects.append(runtime)
        inputs = [f"../obj/{path.name}" for path in objects]
        scripts = (texts[path].decode() for path in sorted(texts) if path.endswith(".ld"))
        build_id = sha256_of(compiler.version, *compiler.link_command(board, _scripts(texts), inputs), *scripts)
        elf, map_file, stamp = out / f"{name}.elf", out / f"{name}.map", out / f"{name}.id"
        if not (is_whole(elf) and is_whole(map_file) and stamp.exists() and stamp.read_text() == build_id):
            temporary, temporary_map = processes.temporary(elf), processes.temporary(map_file)
            try:
                options = [*_scripts(texts), f"-Map=../{temporary_map.name}"]
                processes.run([*compiler.link_command(board, options, inputs), "-o", f"../{temporary.name}"])
            except ToolFailed as error:
                raise explain_overflow(error.output, board) or error from error
            keep(temporary_map, map_file)
            keep(temporary, elf)
            stamp.write_text(build_id)
    return Program(elf, map_file, build_id, board, compiler)


def build_firmware(
    board: Board,
    compiled: CompiledModel,
    identity: Identity,
    out: Path,
    compiler: Compiler | None = None,
    progress: Progress | None = None,
    application: Application | None = None,
) -> Firmware:
    """The whole firmware of ``board`` around a compiled model, in ``out``: ``firmware.elf``, its images, its map;
    ``application`` is the program around the model, ours unless another is given.

    What is known before the build is checked before it (`check_fits`). For an emulated run pass
    ``board.as_emulated()``. Raises `BadInput` when it does not fit, `Missing` without a compiler, `KitError` when the
    C does not compile."""
    application = application or Application("app")
    front_end = application.front_end
    board = place_constants(board, compiled, front_end)
    check_fits(board, compiled, front_end)
    compiler = compiler or find_compiler(board)
    sources = [*firmware_sources(compiled, application), decision_source(compiled, identity)]
    body = sha256_of(
        compiler.version, repr(board), repr(identity), *(s.path + s.text for s in [*chip_sources(board), *sources])
    )[:BUILD_ID_DIGITS]
    sources.append(Source("app/kit_identity.h", identity_header(board, identity, body, streams=front_end is not None)))
    program = build_program(board, sources, out, name="firmware", compiler=compiler, progress=progress)
    images = make_images(program.elf, board)
    digest = hashlib.sha256()
    for path in [image.path for image in images] or [program.elf]:
        digest.update(path.read_bytes())
    sizes = measure(program.elf, program.map, board, compiled.weights_bytes, compiled.arena_bytes)
    return Firmware(board, program.elf, images, sizes, digest.hexdigest(), body, compiler.version)


def firmware_sources(compiled: CompiledModel, application: Application | None = None) -> list[Source]:
    """What is the same for every chip: the model with its kernels, the application, the link. An exported project has
    these too."""
    sources = [Source(f"model/{name}", text, _level(compiled, name)) for name, text in sorted(compiled.files.items())]
    application = application or Application("app")
    sources += [Source(f"app/{name}", text) for name, text in application.headers.items()]
    if application.front_end:
        shared = compiled.files.keys()  # headers that kernels have too
        files = application.front_end.files.items()
        sources += [Source(f"signal/{name}", text) for name, text in files if name not in shared]
    if application.folder == "app":
        sources += _room("postprocess", "-Os", "app")
    return sources + _room(application.folder, "-Os", "app") + _room("link", "-Os", "link")


def decision_source(compiled: CompiledModel, identity: Identity) -> Source:
    """How scores become decisions, frozen in. Raises `BadInput` when the model has no such scores."""
    made = Postprocessor(identity.postprocessing, compiled.graph.outputs[0], identity.labels)
    return Source(f"app/{HEADER}", made.header())


def identity_header(board: Board, identity: Identity, build_id: str, *, streams: bool = False) -> str:
    """``kit_identity.h``: the constants with which the firmware answers hello. ``streams``: it has a front end."""
    texts = "".join(
        f"static const KIT_CONST char kit_label_{i}[] = {_c_string(label)};\n"
        for i, label in enumerate(identity.labels)
    )
    labels = ", ".join(f"kit_label_{i}" for i in range(len(identity.labels))) or "0"
    digest = ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(identity.model_sha256))
    return (
        "/* Generated: who this firmware is. */\n#ifndef KIT_IDENTITY_H\n#define KIT_IDENTITY_H\n\n"
        '#include "kit_const.h"\n\n'
        f"#define KIT_BOARD {_c_string(board.name)}\n"
        f"#define KIT_NAME {_c_string(identity.kit.encode()[:NAME_BYTES].decode(errors='ignore'))}\n"
        f"#define KIT_BUILD_ID {_c_string(build_id)}\n"
        f"#define KIT_MODEL_SHA256 {digest}\n"
        f"#define KIT_LABEL_COUNT {len(identity.labels)}\n"
        f"#define KIT_APP_SIGNAL {int(streams)}\n\n"
        f"{texts}static const KIT_CONST char *const KIT_CONST kit_labels[] = {{{labels}}};\n\n#endif\n"
    )


def _c_string(text: str) -> str:
    """``text`` as a C string literal: UTF-8, everything but plain ASCII as three-digit octal escapes."""
    plain = {c for c in range(0x20, 0x7F)} - set(b'"\\?')
    return '"' + "".join(chr(c) if c in plain else f"\\{c:03o}" for c in text.encode()) + '"'


def _level(compiled: CompiledModel, name: str) -> str:
    """Kernels are what time goes into; the model's own file is tables and calls. A narrow target has no flash for
    kernels that are unrolled."""
    optimize = compiled.report.get("optimize")
    small = optimize == "size" or (TARGETS[compiled.target].narrow and optimize != "speed")
    return "-O2" if name.startswith("kit_") and not small else "-Os"


def _room(room: str, optimize: str, staged: str) -> list[Source]:
    """The files of a folder of firmware_templates, in the folder ``staged`` of the program's tree."""
    folder = resource("firmware_templates") / room
    return [
        Source(f"{staged}/{path.name}", path.read_text(encoding="utf-8"), optimize)
        for path in sorted(folder.glob("*"))
        if path.suffix in (".c", ".h")
    ]


def _scripts(texts: Mapping[str, bytes]) -> list[str]:
    """Linker options that name the chip's script and where scripts find each other."""
    scripts = [path for path in texts if path.endswith("/link.ld")]
    if not scripts:
        return []
    folders = [f"-L{folder}" for folder in folders_with(texts, (".ld",))]
    return [*folders, *(f"-T{script}" for script in scripts)]


def _memory_script(board: Board) -> str:
    """The linker's MEMORY command from the board's regions."""
    access = {"flash": "rx", "ram": "rwx", "code": "rwx"}
    lines = [
        f"    {region.name} ({access[region.kind]}) : ORIGIN = 0x{region.origin:08x}, LENGTH = 0x{region.length:x}"
        for region in board.memory
    ]
    constants = board.mapped or next(region for region in board.memory if region.kind == "ram")
    return (
        "/* Generated from the board's descriptor. CONSTANTS is where those lie that a boot loader puts into RAM. */\n"
        f"STACK_BYTES = {board.stack_bytes};\nMEMORY\n{{\n" + "\n".join(lines) + "\n}\n"
        f'REGION_ALIAS("CONSTANTS", {constants.name})\n'
    )
