"""What an SDK is to us: one folder in ``firmware_templates/export`` with its build files and ``sdk.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from toolchain.board.descriptor import Board, Setting, list_boards
from toolchain.compiler.step import TARGETS
from toolchain.errors import BadInput
from toolchain.nearest import nearest_or_all
from toolchain.resources import resource
from toolchain.tomlfile import load_toml

DESCRIPTION = "sdk.toml"

#: The rooms of the firmware's sources that every SDK must give a place: those of
#: `toolchain.board.build.firmware_sources`, and ``chips`` for ``chip.h``. Further ones go where ``link`` goes.
Room = Literal["model", "link", "app", "chips"]


class Drive(BaseModel):
    """How an SDK's own program builds a project in the current folder and flashes it: arguments of ``program``, as
    jinja2 templates. ``configure`` is done once for a target, which then stands in the file ``configured``; ``oldest``
    is the least major version that ``program --version`` may say; ``install`` is how one comes by it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str
    install: str
    oldest: int
    configured: str
    configure: tuple[str, ...]
    build: tuple[str, ...]
    flash: tuple[str, ...]


class Sdk(BaseModel):
    """An SDK, as its ``sdk.toml`` says. Texts are jinja2 templates.

    ``needs`` are the settings that a board must give in its table ``[sdk.<name>]``; ``places`` is the folder of each
    room of the firmware's sources in the project; ``copies`` are files from elsewhere in ``firmware_templates``, by
    where they go; everything lies below ``root``; ``archive`` is a zip of that folder, for SDKs that want one; ``main``
    is what the application's main function is called; ``steps`` are the commands that build the project; ``drive`` is
    how `kit deploy` does that itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    places: Mapping[Room, str]
    steps: tuple[str, ...] = Field(min_length=1)
    needs: tuple[str, ...] = ()
    copies: Mapping[str, str] = {}
    root: str = ""
    archive: str = ""
    drive: Drive | None = None
    main: str = "main"

    @field_validator("places")
    @classmethod
    def _complete(cls, places: Mapping[Room, str]) -> Mapping[Room, str]:
        if missing := [room for room in get_args(Room) if room not in places]:
            raise ValueError(f"says no place for {', '.join(missing)}")
        return places

    def settings(self, name: str, board: Board) -> Mapping[str, Setting]:
        """What ``board`` says for this SDK, which is called ``name``. Raises BadInput when it does not say enough, or
        its machine does not suit the SDK's C++."""
        if self.needs and TARGETS[board.target].narrow:
            raise BadInput(
                f"no project of {self.title} is made for {board.name}: its constants lie in program memory, "
                "which C++ cannot read there",
                f"kit deploy --board {board.name} builds, flashes and tests without an SDK",
            )
        found = board.sdk.get(name, {})
        missing = [key for key in self.needs if key not in found]
        if missing:
            others = ", ".join(b.name for b in list_boards() if all(key in b.sdk.get(name, {}) for key in self.needs))
            raise BadInput(
                f"board {board.name} does not say what {self.title} calls it ({', '.join(missing)})",
                f"boards that do: {others or 'none'}; or add it to a copy of its TOML, in a table [sdk.{name}]",
            )
        return found


def sdk_folder(name: str) -> Path:
    """The folder of an SDK's files."""
    return resource("firmware_templates") / "export" / name


def list_sdks() -> list[str]:
    """Names of all SDKs that a project can be exported to."""
    return sorted(path.parent.name for path in sdk_folder("").glob(f"*/{DESCRIPTION}"))


def load_sdk(name: str) -> Sdk:
    """The SDK of this name. Raises BadInput with the nearest name when there is none."""
    if name not in list_sdks():
        raise BadInput(f"no SDK is named {name!r}", nearest_or_all(name, list_sdks()))
    return load_toml(sdk_folder(name) / DESCRIPTION, Sdk)[0]
