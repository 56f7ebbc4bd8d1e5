"""The command as users run it: a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
#: Artefacts of the tests, kept between runs: `digits` is trained once.
SHARED_BUILD = CHECKOUT / "build" / "tests"


def environment(build: Path = SHARED_BUILD, **changes: str) -> dict[str, str]:
    """Where `kit` finds this checkout and puts its artefacts."""
    return {**os.environ, "PYTHONPATH": str(CHECKOUT), "KIT_BUILD": str(build), "COLUMNS": "200", **changes}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "toolchain", *arguments]


class Kit:
    """Runs `kit` to its end, in the folder ``cwd``, with its artefacts in ``build``."""

    def __init__(self, cwd: Path, build: Path = SHARED_BUILD) -> None:
        self.cwd, self.build = cwd, build

    def __call__(
        self, *arguments: str, timeout: float = 900, build: Path | None = None, **changes: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            capture_output=True,
            text=True,
            cwd=self.cwd,
            env=environment(build or self.build, **changes),
            timeout=timeout,
        )

    def json(self, *arguments: str, status: int = 0, **options: Any) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        done = self(*arguments, "--json", **options)
        assert done.returncode == status, done.stderr
        return dict(json.loads(done.stdout))

    def refused(self, *arguments: str, status: int, **options: Any) -> tuple[str, str]:
        """Message and hint of an error, which must be one line each and no traceback."""
        done = self(*arguments, **options)
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr and done.stdout == ""
        lines = done.stderr.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("error: "))
        return lines[at].removeprefix("error: "), " ".join(lines[at + 1 :]).removeprefix("hint:").strip()

    def apart(self, name: str = "digits") -> Kit:
        """The same with a build folder that no other test uses, the kit ``name`` already trained in it."""
        trained = Path(self.json("train", name)["folder"])
        build = self.cwd / "build"
        shutil.copytree(trained, build / trained.relative_to(self.build))
        return Kit(self.cwd, build)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """`kit`, in an empty folder."""
    return Kit(tmp_path)


@pytest.fixture
def alone(kit: Kit) -> Kit:
    """`kit` apart from other tests: for what a run leaves beside artefacts (answers, which each run of a kit on a board
    writes anew), and for other settings than its own (an artefact of `digits` would take another's place)."""
    return kit.apart()


@pytest.fixture
def digits_model(kit: Kit) -> Path:
    """The int8 model of the kit `digits`, trained once for all tests."""
    return Path(kit.json("train", "digits")["model"])
