"""How many bytes of what a firmware needs: known before the build, measured after it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from elftools.elf.elffile import ELFFile

from toolchain.board.descriptor import Board, Region
from toolchain.errors import BadInput

if TYPE_CHECKING:
    from toolchain.board.application import FrontEndFiles
    from toolchain.compiler.compile import CompiledModel

#: Parts of an image that its bytes are counted under; ``library`` is the compiler's run-time functions.
PARTS = ("model", "kernels", "signal", "app", "link", "chip", "library")

#: Bytes of RAM that the firmware around a model takes at most where its constants are in RAM too.
_FIRMWARE_RAM = 16 * 1024

_OVERFLOW = re.compile(r"region [`'\"]?(\w+)'? overflow(?:ed|s)? by (\d+)|region '(\w+)': overflowed by (\d+)")

# GNU ld: " .text.main   0x00000000   0x1c ../obj/app.main-0123.o", the name alone on its line when it is long.
_GNU_LINE = re.compile(r"^ (\.\S+|COMMON)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$")
_GNU_OUTPUT = re.compile(r"^(\.[\w.]+)(?:\s|$)")
# LLD: "    VMA  LMA  Size Align  path/to/app.main-0123.o:(.text.main)", figures in hexadecimal.
_LLD_OUTPUT = re.compile(r"^\s*[0-9a-f]+\s+[0-9a-f]+\s+[0-9a-f]+\s+\d+ (\.\S+)$")
_LLD_LINE = re.compile(r"^\s*([0-9a-f]+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s+\d+\s+(\S.*):\((\S+)\)$")


@dataclass(frozen=True)
class Sizes:
    """Bytes of a firmware. ``flash_bytes`` is what the model costs in flash: the whole image less chip start-up and
    link; ``image_bytes`` is everything that must be stored, ``static_ram_bytes`` the RAM taken besides the arena and
    the stack, ``front_end_ram_bytes`` what the front end takes of it. ``parts`` splits the stored bytes by `PARTS`."""

    flash_bytes: int
    image_bytes: int
    weights_bytes: int
    arena_bytes: int
    static_ram_bytes: int
    parts: Mapping[str, int] = field(default_factory=dict)
    front_end_ram_bytes: int = 0


@dataclass(frozen=True)
class Piece:
    """A run of bytes in memory that one object file brought, and the output section that it went into."""

    object: str
    section: str
    address: int
    size: int


def measure(elf: Path, map_file: Path, board: Board, weights_bytes: int = 0, arena_bytes: int = 0) -> Sizes:
    """Sizes of a linked program, from its sections and the linker's map."""
    stored: dict[str, int] = {}
    in_ram: dict[str, int] = {}
    with elf.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            start, size = section["sh_addr"], section["sh_size"]
            if not section["sh_flags"] & 2 or size == 0 or section.name == ".stack":  # 2: SHF_ALLOC
                continue
            if section["sh_type"] != "SHT_NOBITS":
                stored[section.name] = size
            if _in_ram(board, start) or (section["sh_flags"] & 1 and not board.memory):  # 1: SHF_WRITE
                in_ram[section.name] = size
    image = sum(stored.values())
    parts = dict.fromkeys(PARTS, 0)
    front_end_ram = 0
    for piece in read_map(map_file.read_text(encoding="utf-8", errors="replace")):
        part = part_of(piece.object)
        if piece.section in stored:
            parts[part] += piece.size
        if piece.section in in_ram and part == "signal":
            front_end_ram += piece.size
    parts["library"] += image - sum(parts.values())  # padding and what the linker itself made
    return Sizes(
        flash_bytes=image - parts["chip"] - parts["link"],
        image_bytes=image,
        weights_bytes=weights_bytes,
        arena_bytes=arena_bytes,
        static_ram_bytes=max(0, sum(in_ram.values()) - arena_bytes),
        parts=parts,
        front_end_ram_bytes=front_end_ram,
    )


def part_of(object_path: str) -> str:
    """The part of `PARTS` that an object file belongs to, by the name that the build gave it."""
    folder, _, name = object_path.replace("\\", "/").rsplit("/", 1)[-1].partition(".")
    if folder == "model":
        return "kernels" if name.startswith("kit_") else "model"
    return {"app": "app", "link": "link", "chips": "chip", "signal": "signal"}.get(folder, "library")


def read_map(text: str) -> Iterator[Piece]:
    """The pieces of memory that a linker map (of GNU ld or LLD) lists."""
    if "VMA" in text.split("\n", 1)[0]:
        section = ""
        for line in text.splitlines():
            if output := _LLD_OUTPUT.match(line):
                section = output[1]
            elif found := _LLD_LINE.match(line):
                yield Piece(found[4], section, int(found[1], 16), int(found[3], 16))
        return
    _, _, body = text.partition("Linker script and memory map")
    section = ""
    for line in re.sub(r"\n( ?\S+)\n\s+0x", r"\n\1 0x", body).splitlines():
        if output := _GNU_OUTPUT.match(line):
            section = output[1]
        elif (found := _GNU_LINE.match(line)) and int(found[3], 16):
            yield Piece(found[4], section, int(found[2], 16), int(found[3], 16))


def place_constants(board: Board, compiled: CompiledModel, front_end: FrontEndFiles | None = None) -> Board:
    """``board`` as it is built for this model: without the flash that it maps where the constants have room in RAM,
    which is faster."""
    need = compiled.arena_bytes + compiled.weights_bytes + board.stack_bytes + _FIRMWARE_RAM
    if front_end:
        need += front_end.ram_bytes + front_end.flash_bytes
    if board.mapped is None or need > board.bytes_of("ram"):
        return board
    return board.model_copy(update={"memory": tuple(region for region in board.memory if region != board.mapped)})


def check_fits(board: Board, compiled: CompiledModel, front_end: FrontEndFiles | None = None) -> None:
    """Refuse before the build a model whose weights or arena cannot fit beside the front end, naming the layer with
    the largest share, the bytes and a remedy (`BadInput`)."""
    if not board.memory:
        return
    flash, ram = board.bytes_of("flash"), board.bytes_of("ram")
    constants, work = {"weights": compiled.weights_bytes}, {"arena": compiled.arena_bytes, "stack": board.stack_bytes}
    if board.firmware_ram_bytes:
        work["firmware"] = board.firmware_ram_bytes
    if front_end:
        constants["tables of the front end"] = front_end.flash_bytes
        work["memory of the front end"] = front_end.ram_bytes
    if flash == 0:
        constants, work = {}, {**constants, **work}
    for kind, parts, have in (("flash", constants, flash), ("RAM", work, ram)):
        if sum(parts.values()) > have:
            raise _refusal(board, compiled, kind, parts, have)


def _refusal(board: Board, compiled: CompiledModel, kind: str, parts: Mapping[str, int], have: int) -> BadInput:
    need, names = sum(parts.values()), list(parts)
    what = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    if front_end := sum(size for name, size in parts.items() if name.endswith("front end")):
        what += f" ({front_end:,} bytes)"
    name, share = _largest_layer(compiled, weights="weights" in parts)
    largest = f"; layer {name} has the largest share, {share:,} bytes" if name else ""
    boards = "kit boards lists what other boards have"
    if kind == "flash" and board.emulated and board.emulator and "mapped_bytes" in board.emulator.settings:
        largest = " in its emulator, fewer than on the board" + largest
    remedy = "a smaller input or fewer channels in that layer" if kind == "RAM" else "fewer or smaller layers"
    remedy += ", a shorter window or smaller source in [signal]" if front_end else ""
    return BadInput(
        f"{compiled.graph.name} does not fit {board.name}: {what} need {need:,} bytes of {kind}, "
        f"{have:,} are there{largest}",
        f"{remedy}, --optimize {'ram' if kind == 'RAM' else 'size'}, or a larger board: {boards}",
    )


def _largest_layer(compiled: CompiledModel, *, weights: bool) -> tuple[str, int]:
    """Name and bytes of the step with the most weights, or with the most bytes of tensors at once."""
    best = ("", 0)
    for step in compiled.layers:
        if weights:
            share = sum(t.bytes for t in step.operator.inputs if t is not None and t.data is not None)
        else:
            share = sum(t.bytes for t in (*step.inputs, *step.outputs)) + step.scratch_bytes
        if share > best[1]:
            # Converters join the paths of all that they fused: the end of the first says which layer it is.
            name = "/".join(step.operator.output.name.split(";")[0].split("/")[-2:])
            best = (f"{step.operator.index} ({step.operator.kind}, {name})", share)
    return best


def explain_overflow(output: str, board: Board) -> BadInput | None:
    """What a linker's overflow message means, in words; None when it is about something else."""
    found = _OVERFLOW.search(output)
    if found is None:
        return None
    name, over = found[1] or found[3], int(found[2] or found[4])
    region = next((r for r in board.memory if r.name == name), None)
    have = region.length if region else 0
    return BadInput(
        f"the firmware does not fit {board.name}: {name} has {have:,} bytes, {have + over:,} are needed",
        "a smaller model, --optimize size or ram, or a board with more memory (kit boards)",
    )


def _in_ram(board: Board, address: int) -> bool:
    return any(_holds(region, address) for region in board.memory if region.kind == "ram")


def _holds(region: Region, address: int) -> bool:
    return region.address <= address < region.address + region.size
