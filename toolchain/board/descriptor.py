"""What a board is: one TOML file in ``firmware_templates/boards``, or a user's own, validated and frozen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from toolchain.compiler.step import TARGETS
from toolchain.errors import BadInput
from toolchain.nearest import nearest_or_all
from toolchain.resources import resource
from toolchain.tomlfile import load_toml

#: Folder in which a user keeps boards of their own, relative to the current folder.
USER_FOLDER = Path("boards")

#: Bytes of flash that a chip maps at once (Espressif's memory management units).
MAPPED_PAGE = 0x10000

Setting = bool | int | float | str
UsbId = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Region(_Table):
    """One memory region as the linker sees it."""

    name: str = Field(
        pattern=r"^[A-Z][A-Z0-9_]*$", description="as the chip's linker script calls it: capital letters, digits and _"
    )
    kind: Literal["flash", "ram", "code"] = Field(description="what lies there; code is RAM for instructions only")
    address: int = Field(ge=0, lt=1 << 32, description="of its first byte, as the linker counts")
    size: int = Field(gt=0, description="bytes, the reserved ones among them")
    reserved: int = Field(default=0, ge=0, description="bytes at its start that are someone else's (a boot loader)")
    mapped_from: int | None = Field(
        default=None,
        ge=0,
        multiple_of=MAPPED_PAGE,
        description="offset in the flash chip that start-up maps here; constants that RAM has no room for lie there",
    )

    @property
    def origin(self) -> int:
        """First address that is ours."""
        return self.address + self.reserved

    @property
    def length(self) -> int:
        """Bytes that are ours."""
        return self.size - self.reserved


class Flasher(_Table):
    """How an image gets onto the board: the class of that name in `toolchain.flash`, with its settings."""

    name: Literal["none", "esptool", "uf2", "drive", "pyocd", "bossac", "dfu-util", "avrdude"] = Field(
        description="a program, or the kind of drive that the board shows"
    )
    settings: Mapping[str, Setting] = Field(default={}, description="what that flasher must know, by its name for it")


class Emulation(_Table):
    """Which emulator runs the board, as which machine. An emulator that models the line's speed makes 115,200 baud cost
    real time, hence the baud."""

    name: Literal["qemu", "labwired", "simavr", "host"] = Field(description="host: the firmware as a process")
    machine: str = Field(default="", description="what the emulator calls the board")
    baud: int | None = Field(default=None, gt=0, description="in place of the board's, in an emulated build")
    unit: Literal["instructions", "us"] = Field(default="us", description="what latency is told in; us: microseconds")
    tick_instructions: float = Field(
        default=0,
        ge=0,
        le=1e9,
        description="instructions in one tick of the chip's counter, where that is the unit",
    )
    settings: Mapping[str, Setting] = Field(default={}, description="what that emulator must know besides")


class Verified(_Table):
    """Where somebody saw the board run: a program and version, or ``none``. Of boards that are not part of this package
    nothing is believed: a copied file says what was seen of the board that it was copied from."""

    emulated: str = Field(default="none", description="emulator and version in which the board was seen to work")
    hardware: str = Field(default="none", description="the real board, when somebody saw it work")


class Board(_Table):
    """A board, as its TOML file describes it. ``emulated`` is no key of the file: `as_emulated` sets it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="that of the file: lower case letters, digits and -")
    title: str = Field(description="a few words for people")
    chip: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="folder in firmware_templates/chips")
    architecture: Literal["host", "arm", "riscv", "xtensa", "avr"] = Field(description="whose compilers are looked for")
    target: str = Field(description="what code is generated for, see below")
    cpu_flags: Mapping[Literal["gcc", "espressif", "zig"], tuple[str, ...]] = Field(
        default={}, description="the compiler's flags for this processor, by family of compiler"
    )
    defines: Mapping[str, int | str] = Field(default={}, description="macros for the chip's C and the firmware's")
    memory: tuple[Region, ...] = Field(default=(), description="[[memory]], once a region; RAM is needed")
    stack_bytes: int = Field(default=4096, ge=0, description="bytes of RAM kept for the stack")
    firmware_ram_bytes: int = Field(
        default=0, ge=0, description="bytes of RAM that the firmware takes besides arena and stack, where RAM is short"
    )
    baud: int = Field(default=115_200, gt=0, description="of the serial link, bits a second")
    usb_ids: tuple[UsbId, ...] = Field(
        default=(), description='of its USB port, "vendor:product" in hex: by which its port is found'
    )
    flasher: Flasher = Field(default=Flasher(name="none"), description="how an image gets onto it")
    emulator: Emulation | None = Field(default=None, description="what runs it without the board")
    sdk: Mapping[str, Mapping[str, Setting]] = Field(
        default={}, description="[sdk.NAME]: what each SDK that kit export writes for calls it"
    )
    verified: Verified = Field(default=Verified(), description="where it was seen to work; not believed of other files")
    internal: bool = Field(default=False, description="not listed: a machine that only tests use")
    emulated: bool = Field(default=False, description="set by kit for an emulated build; leave it out")

    @field_validator("target")
    @classmethod
    def _known_target(cls, target: str) -> str:
        if target not in TARGETS:
            raise ValueError(f"no such target; there are {', '.join(TARGETS)}")
        return target

    @model_validator(mode="after")
    def _regions_are_sound(self) -> Board:
        for region in self.memory:
            if region.reserved >= region.size:
                raise ValueError(f"memory {region.name}: nothing is left beside the reserved bytes")
            if region.address + region.size > 1 << 32:
                raise ValueError(f"memory {region.name}: ends above the 32-bit address space")
        if len([region for region in self.memory if region.mapped_from is not None]) > 1:
            raise ValueError("more than one memory region is mapped from flash")
        names = [region.name for region in self.memory]
        if len(names) != len(set(names)):
            raise ValueError("two memory regions have the same name")
        if self.architecture != "host" and not any(region.kind == "ram" for region in self.memory):
            raise ValueError("a board needs at least one memory region of kind ram")
        return self

    def as_emulated(self) -> Board:
        """The board as its emulator wants it built: the emulator's baud, mapped flash only as far as the emulator shows
        it, ``emulated`` set. Raises `BadInput` when no emulator runs it."""
        if self.emulator is None:
            names = ", ".join(b.name for b in list_boards() if b.emulator)
            raise BadInput(f"board {self.name}: no emulator runs it", f"boards with an emulator: {names}")
        shown = int(self.emulator.settings.get("mapped_bytes", 1 << 32))
        memory = tuple(
            region if region.mapped_from is None else region.model_copy(update={"size": min(region.size, shown)})
            for region in self.memory
        )
        return self.model_copy(update={"baud": self.emulator.baud or self.baud, "memory": memory, "emulated": True})

    @property
    def mapped(self) -> Region | None:
        """The region in which the chip shows a part of its flash chip."""
        return next((region for region in self.memory if region.mapped_from is not None), None)

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash that the board has: its flash chip's where the flasher's settings say it (``4MB``), else what
        of it is ours."""
        size = str(self.flasher.settings.get("flash_size", ""))
        return int(size[:-2]) << 20 if re.fullmatch(r"\d+MB", size) else self.bytes_of("flash")

    def bytes_of(self, kind: Literal["flash", "ram", "code"]) -> int:
        """Usable bytes of all regions of a kind."""
        return sum(region.length for region in self.memory if region.kind == kind)


def board_files() -> dict[str, Path]:
    """Every board's file by name: those of the package, and the user's in ``./boards``, which win."""
    return {path.stem: path for folder in (_shipped(), USER_FOLDER) for path in sorted(folder.glob("*.toml"))}


def _shipped() -> Path:
    return resource("firmware_templates") / "boards"


def list_boards(internal: bool = False, broken: list[BadInput] | None = None) -> list[Board]:
    """All boards by name; ``internal`` ones (machines that only tests use) when asked for.

    A file of the user's that says something wrong hides no other board: its error is appended to ``broken``."""
    boards = []
    for _, path in sorted(board_files().items()):
        try:
            boards.append(read_board(path))
        except BadInput as error:
            if broken is not None:
                broken.append(error)
    return [board for board in boards if internal or not board.internal]


def load_board(name: str) -> Board:
    """The board of this name, or of this path of a TOML file. Raises `BadInput` with the nearest name when unknown."""
    if name.endswith(".toml"):
        return read_board(Path(name))
    files = board_files()
    if name not in files:
        raise BadInput(f"no board is named {name!r}", nearest_or_all(name, (board.name for board in list_boards())))
    return read_board(files[name])


def read_board(path: Path) -> Board:
    """The board in one file. Raises `BadInput` naming file, line and key of what is wrong."""
    board, source = load_toml(path, Board)
    if board.name != path.stem:
        raise source.refuse(("name",), f"is {board.name!r}, but the file is named {path.stem!r}", "make them equal")
    chips = [folder.parent.name for folder in (resource("firmware_templates") / "chips").glob("*/chip.c")]
    if board.chip not in chips:
        raise source.refuse(("chip",), f"no chip is named {board.chip!r}", nearest_or_all(board.chip, chips))
    if path.resolve().parent != _shipped().resolve():
        return board.model_copy(update={"verified": Verified()})
    return board
