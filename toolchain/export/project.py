"""Writing the project: everything is rendered before anything is written, and it appears whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from toolchain.board.application import Application, FrontEndFiles
from toolchain.board.build import BUILD_ID_DIGITS, Identity, decision_source, firmware_sources, identity_header
from toolchain.board.descriptor import Board
from toolchain.board.staging import Source, sha256_of
from toolchain.errors import BadInput
from toolchain.export.sdk import DESCRIPTION, Room, Sdk, load_sdk, sdk_folder
from toolchain.folders import in_folder
from toolchain.resources import resource

if TYPE_CHECKING:
    from toolchain.compiler.compile import CompiledModel

_TEMPLATE = ".j2"
_C_TYPES = {"float32": "float", "bool": "bool"}  # the others are their name and _t
_NAME_BYTES = 16  # Arduino Lint warns of longer ones
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say: equal projects are equal archives


@dataclass(frozen=True)
class Exported:
    """A project in ``folder``. ``files`` are relative to it, ``steps`` the commands that build it there, ``build_id``
    what its firmware says when asked."""

    folder: Path
    sdk: str
    title: str
    board: str
    name: str
    files: tuple[str, ...]
    steps: tuple[str, ...]
    build_id: str
    arena_bytes: int
    weights_bytes: int

    def as_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "sdk": self.sdk,
            "board": self.board,
            "name": self.name,
            "files": list(self.files),
            "steps": list(self.steps),
            "arena_bytes": self.arena_bytes,
            "weights_bytes": self.weights_bytes,
        }


def export_project(
    compiled: CompiledModel,
    identity: Identity,
    board: Board,
    sdk: str,
    out: Path,
    front_end: FrontEndFiles | None = None,
) -> Exported:
    """Write a project of ``sdk`` for ``board`` around a model that was compiled for the board's target, and its front
    end if it has one.

    ``out`` must be absent or an empty folder. Raises BadInput when it is not, when there is no such SDK, when the board
    does not say what the SDK calls it, or when the arena is larger than the board's RAM; nothing is written then.
    """
    description = check_target(sdk, board, out)
    ram = board.bytes_of("ram")
    if board.memory and compiled.arena_bytes > ram:
        raise BadInput(
            f"the model's arena takes {compiled.arena_bytes:,} B, the {board.name} has {ram:,} B of RAM",
            "choose a smaller model or a board with more RAM",
        )
    sources = _firmware(compiled, identity, front_end)
    values = _values(compiled, identity, board, description.settings(sdk, board))
    values["streams"] = front_end is not None
    if any(source.path.endswith(f"/{values['name']}.h") for source in sources):  # a kit that is called audio
        values["name"] = project_name(f"model {identity.kit}")
    files = _Files(description, values)
    build_id = files.add_firmware(sources, identity, board, streams=front_end is not None)
    files.add_templates(sdk)
    contents = dict(sorted(files.contents.items()))
    if description.archive:
        name = files.render(description.archive)
        contents[name] = _zip(contents)
    _write(out, contents)
    return Exported(
        folder=out,
        sdk=sdk,
        title=description.title,
        board=board.name,
        name=values["name"],
        files=tuple(contents),
        steps=tuple(files.render(step) for step in description.steps),
        build_id=build_id,
        arena_bytes=compiled.arena_bytes,
        weights_bytes=compiled.weights_bytes,
    )


def check_target(sdk: str, board: Board, out: Path) -> Sdk:
    """What can be refused before any work is done: raises BadInput for an unknown SDK, a board that it does not know
    by name, and a folder ``out`` that holds something."""
    description = load_sdk(sdk)
    description.settings(sdk, board)
    if out.is_dir():
        if any(out.iterdir()):
            raise BadInput(f"{out} is not empty", "name a folder that is new or empty: nothing is overwritten")
    elif out.exists() or out.is_symlink():
        raise BadInput(f"{out} is no folder", "name a folder that is new or empty")
    return description


def project_name(model: str) -> str:
    """A name that C, CMake, Kconfig and every SDK's package manager take: ``kit_``, letters, digits, underscores."""
    word = re.sub(r"[^a-z0-9]+", "_", model.lower()).strip("_").removeprefix("kit_") or "model"
    return f"kit_{word}"[:_NAME_BYTES].rstrip("_")


def _firmware(compiled: CompiledModel, identity: Identity, front_end: FrontEndFiles | None) -> list[Source]:
    """The sources that every board's firmware has, less those that nothing includes."""
    sources = firmware_sources(compiled, Application("app", front_end=front_end))
    kept = [source for source in sources if source.path != f"model/{compiled.prefix}_data.h"]
    return [*kept, decision_source(compiled, identity)]


def _values(
    compiled: CompiledModel, identity: Identity, board: Board, settings: Mapping[str, object]
) -> dict[str, Any]:
    """What templates may say."""
    report = compiled.report
    return {
        "name": project_name(identity.kit),
        "model": " ".join(re.findall(r"[\w.,+-]+", identity.kit)) or "model",  # safe in every file's comments
        "model_sha256": identity.model_sha256,
        "labels": identity.labels,
        "board": board,
        "settings": settings,
        "inputs": report["inputs"],
        "outputs": report["outputs"],
        "input_type": _c_type(report["inputs"][0]["type"]),
        "output_type": _c_type(report["outputs"][0]["type"]),
        "arena_bytes": compiled.arena_bytes,
        "weights_bytes": compiled.weights_bytes,
    }


def _c_type(name: str) -> str:
    return _C_TYPES.get(name, f"{name}_t")


class _Files:
    """The project's files by path, as they are gathered."""

    def __init__(self, sdk: Sdk, values: Mapping[str, Any]) -> None:
        import jinja2

        self.contents: dict[str, bytes] = {}
        self._sdk = sdk
        self._environment = jinja2.Environment(
            undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
        )
        self._sources: dict[str, list[str]] = {}
        self._values = {**values, "sources": self._sources, "title": sdk.title}
        self._values["steps"] = [self.render(step) for step in sdk.steps]
        self._root = PurePosixPath(self.render(sdk.root))

    def render(self, text: str) -> str:
        """``text`` as a template."""
        return self._environment.from_string(text).render(self._values)

    def add_firmware(self, sources: Sequence[Source], identity: Identity, board: Board, *, streams: bool) -> str:
        """``sources``, ``chip.h``, and ``kit_identity.h``, which tells whether it has a front end (``streams``); the
        build id that the header says."""
        body = sha256_of(repr(board), repr(identity), *(s.path + s.text for s in sources))[:BUILD_ID_DIGITS]
        header = identity_header(board, identity, body, streams=streams)
        if self._sdk.main != "main":
            header = header.replace("\n#endif\n", f"\n#define KIT_APP_MAIN {self._sdk.main}\n\n#endif\n")
        for path, text in [*((s.path, s.text) for s in sources), ("app/kit_identity.h", header)]:
            self._place(path, text)
        chip = resource("firmware_templates") / "chips" / "chip.h"
        self._place("chips/chip.h", chip.read_text(encoding="utf-8"))
        return body

    def _place(self, path: str, text: str) -> None:
        room, _, name = path.partition("/")
        if room not in self._sdk.places:
            room = "link"
        place = self._sdk.places[cast(Room, room)]
        self._add(f"{self.render(place)}/{name}", text)
        if name.endswith(".c"):
            self._sources.setdefault(room, []).append(f"{self.render(place)}/{name}")

    def add_templates(self, sdk: str) -> None:
        """The SDK's own files, and what it takes from elsewhere."""
        for path, file in _tree(sdk_folder(sdk)):
            self._add_file(path, file)
        for path, source in self._sdk.copies.items():
            self._add_file(self.render(path), resource("firmware_templates") / source)

    def _add_file(self, path: str, file: Path) -> None:
        """A template that renders to nothing is a file that this board has no use for."""
        text = file.read_text(encoding="utf-8")
        if file.name.endswith(_TEMPLATE):
            text = self.render(text)
        if text.strip():
            self._add(path.removesuffix(_TEMPLATE), text)

    def _add(self, path: str, text: str) -> None:
        whole = str(self._root / path)
        assert whole not in self.contents, f"two files want to be {whole}"
        self.contents[whole] = text.encode()


def _tree(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != DESCRIPTION:
            yield path.relative_to(folder).as_posix(), path


def _zip(contents: Mapping[str, bytes]) -> bytes:
    with tempfile.TemporaryFile() as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in contents.items():
                entry = zipfile.ZipInfo(name, _ZIP_TIME)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
        stream.seek(0)
        return stream.read()


def _write(out: Path, contents: Mapping[str, bytes]) -> None:
    """The files under a temporary name, then under their own. A folder that is there stays the same folder: it may be
    somebody's current one, or a mounted drive."""
    target = out.resolve()
    there = target.is_dir()
    try:
        with in_folder(target.parent):
            temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target if there else target.parent))
            try:
                made = temporary / "made"
                for name, data in contents.items():
                    path = made / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
                if there:
                    for path in made.iterdir():
                        path.rename(target / path.name)
                else:
                    made.rename(target)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}", "name another folder with --out") from error
