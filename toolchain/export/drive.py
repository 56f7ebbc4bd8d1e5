"""A project built and flashed by its SDK's own program, where that is installed."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.errors import BadInput, CheckFailed, DeviceError, Missing
from toolchain.export.project import Exported, export_project
from toolchain.export.sdk import Drive, load_sdk
from toolchain.external import ask_program, run_program
from toolchain.progress import Progress

if TYPE_CHECKING:
    from toolchain.board.application import FrontEndFiles
    from toolchain.board.build import Identity
    from toolchain.board.descriptor import Board
    from toolchain.compiler.compile import CompiledModel

_LOG = "kit.log"
_STEP = re.compile(r"\[(\d+)/(\d+)\]")  # of ninja
_PERCENT = re.compile(r"\((\d+) ?%\)|\b(\d+(?:\.\d+)?)%")  # of esptool
_ERROR = re.compile(r"error\b|fatal|failed", re.IGNORECASE)


class SdkProject:
    """A project of ``board`` in ``folder``, which its SDK's program keeps its own files in: what has not changed is not
    built again."""

    def __init__(self, sdk: str, board: Board, folder: Path) -> None:
        """Raises BadInput when the SDK has no such program that we know, or does not know the board; Missing when the
        program is not installed, or too old."""
        description = load_sdk(sdk)
        self._settings = description.settings(sdk, board)
        if description.drive is None:
            raise BadInput(
                f"kit does not drive {description.title} itself",
                f"kit export … --to {sdk} --board {board.name} writes a project that you build with it",
            )
        self._sdk, self._board, self.folder = sdk, board, folder
        self._drive: Drive = description.drive
        self._program = _find(self._drive, description.title)

    def write(self, compiled: CompiledModel, identity: Identity, front_end: FrontEndFiles | None = None) -> Exported:
        """Write what differs from what is there. Raises what `export_project` does."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent) as temporary:
            made = export_project(compiled, identity, self._board, self._sdk, Path(temporary) / "made", front_end)
            for name in made.files:
                new, old = made.folder / name, self.folder / name
                if not old.is_file() or old.read_bytes() != new.read_bytes():
                    old.parent.mkdir(parents=True, exist_ok=True)
                    new.replace(old)
        return made

    def build(self, progress: Progress) -> None:
        """Build it. Raises CheckFailed with the first error when the SDK cannot."""
        wanted = [self._render(word) for word in self._drive.configure]
        configured = self.folder / self._drive.configured
        if not configured.is_file() or f'"{wanted[-1]}"' not in configured.read_text(errors="replace"):
            self._run(wanted, progress, CheckFailed)
        self._run([self._render(word) for word in self._drive.build], progress, CheckFailed)

    def flash(self, port: str, progress: Progress) -> None:
        """Write what was built to the board at ``port``. Raises DeviceError when the SDK cannot."""
        self._run([self._render(word, port) for word in self._drive.flash], progress, DeviceError)

    def _render(self, word: str, port: str = "") -> str:
        import jinja2

        return jinja2.Template(word).render(settings=self._settings, port=port)

    def _run(self, words: Sequence[str], progress: Progress, failure: type[CheckFailed | DeviceError]) -> None:
        said: list[str] = []

        def see(line: str) -> None:
            said.append(line)
            if step := _STEP.search(line):
                progress.update(int(step[1]), int(step[2]))
            elif percent := _PERCENT.search(line):
                progress.update(float(percent[1] or percent[2]), 100)

        status = run_program([self._program, *words], see, self.folder)
        log = self.folder / _LOG
        log.write_text("\n".join(said) + "\n", encoding="utf-8", errors="replace")
        if status != 0:
            first = next((line for line in said if _ERROR.search(line)), f"it ended with status {status}")
            shown = " ".join([self._drive.program, *words])
            raise failure(f"`{shown}` failed: {first}", f"all that it said is in {log}")


def _find(drive: Drive, title: str) -> str:
    path = shutil.which(drive.program)
    if path is None:
        raise Missing(f"{title} is not installed here: there is no {drive.program} on PATH", drive.install)
    said = ask_program([path, "--version"], 60)
    found = re.search(r"v?(\d+)\.\d+", said.stdout)
    if said.returncode != 0 or found is None:
        raise Missing(f"{drive.program} does not run: {(said.stderr or said.stdout).strip()[-200:]}", drive.install)
    if int(found[1]) < drive.oldest:
        raise Missing(f"{title} {found[0]} is too old: at least {drive.oldest}.0 is needed", drive.install)
    return path
