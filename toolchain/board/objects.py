"""Running compilers: a few at once, into files that appear whole or not at all."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

from toolchain.board.compilers import Compiler
from toolchain.board.descriptor import Board
from toolchain.board.staging import Source, Stage, sha256_of
from toolchain.errors import CheckFailed, KitError
from toolchain.progress import Progress
from toolchain.sealed import is_whole, keep

#: Compilers that run at once.
JOBS = 2

_FIRST_ERROR = re.compile(r"^.*(?:error|undefined reference|multiple definition).*$", re.MULTILINE | re.IGNORECASE)


class ToolFailed(KitError):
    """A compiler or linker ended with an error; ``output`` is all that it said."""

    def __init__(self, output: str, folder: Path) -> None:
        first = _FIRST_ERROR.search(output)
        line = first[0].strip() if first else (output.strip().splitlines() or ["it said nothing"])[0]
        super().__init__(f"the C compiler failed: {line}", f"its sources are in {folder}")
        self.output = output


class Processes:
    """The compiler processes of one build, run in ``folder``. Whatever ends the build ends them and removes their
    temporary files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: set[subprocess.Popen[str]] = set()
        self._temporary: list[Path] = []
        self._lock = threading.Lock()
        self._stopped = False

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop()
        for path in self._temporary:
            with suppress(FileNotFoundError):
                path.unlink()

    def temporary(self, path: Path) -> Path:
        """A name beside ``path`` that is gone when the build ends, however it ends."""
        name = path.with_name(f".{os.getpid()}.{path.name}")
        self._temporary.append(name)
        return name

    def run(self, command: Sequence[str]) -> None:
        """Run one tool. Raises `ToolFailed` with its output."""
        environment = {**os.environ, "LC_ALL": "C", "SOURCE_DATE_EPOCH": "0", "PWD": str(self._folder.resolve())}
        with self._lock:
            if self._stopped:
                raise CheckFailed("the build was stopped")
            process = subprocess.Popen(
                list(command),
                cwd=self._folder,
                env=environment,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self._running.add(process)
        try:
            output, _ = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
        if process.returncode != 0:
            raise ToolFailed(output, self._folder)

    def compile_all(
        self, compiler: Compiler, stage: Stage, units: Sequence[Source], flags: Sequence[str], progress: Progress
    ) -> list[Path]:
        """Object files of ``units`` in their order. One lies under the hash of all that makes it (compiler, flags,
        text, headers), so that only what is new is compiled."""
        objects: list[Path] = []
        todo: list[tuple[Source, Path]] = []
        for unit in units:
            texts = (name + "\0" + stage.texts[name].decode() for name in stage.closure(unit.path))
            key = sha256_of(compiler.version, *flags, unit.optimize, *texts)
            target = stage.out / "obj" / f"{unit.path[:-2].replace('/', '.')}-{key[:16]}.o"
            objects.append(target)
            if not is_whole(target):
                todo.append((unit, target))

        def compile_one(unit: Source, target: Path) -> None:
            temporary = self.temporary(target)
            nowhere = f"-fdebug-prefix-map={self._folder.resolve()}=."  # no path of this machine in tables of lines
            made = ["-c", unit.path, "-o", f"../obj/{temporary.name}"]
            self.run([*compiler.command, *flags, nowhere, unit.optimize, *made])
            if not temporary.is_file():
                raise ToolFailed(f"error: {compiler.command[0]} made no object of {unit.path}", self._folder)
            keep(temporary, target)

        with ThreadPoolExecutor(JOBS) as pool:
            pending = {pool.submit(compile_one, unit, target) for unit, target in todo}
            try:
                while pending:
                    finished, pending = wait(pending, timeout=0.2, return_when=FIRST_EXCEPTION)
                    for future in finished:
                        future.result()
                    progress.update(len(todo) - len(pending), len(todo), "compiling")
            except BaseException:
                for future in pending:
                    future.cancel()
                self._stop()
                raise
        return objects

    def make_runtime(self, compiler: Compiler, board: Board, out: Path) -> Path | None:
        """The library of the compiler's run-time functions where it must be made, made once."""
        recipe = compiler.runtime_command(board, "", "")
        if recipe is None:
            return None
        target = out / "obj" / f"compiler_rt-{sha256_of(compiler.version, *recipe)[:16]}.a"
        if not is_whole(target):
            source, temporary = self.temporary(out / "obj" / "empty.zig"), self.temporary(target)
            source.write_text("")
            command = compiler.runtime_command(board, f"../obj/{source.name}", f"../obj/{temporary.name}")
            assert command is not None
            self.run(command)
            keep(temporary, target)
        return target

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()
