"""Files out of wheels, with a wheel made here and a pip that leaves it."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolchain.data.wheel_file import WheelFile
from toolchain.errors import Missing

pytestmark = pytest.mark.unit

CONTENT = b"some samples"
FILE = WheelFile("no_such_thing-1.2-py3-none-any.whl", "0" * 64, "thing/data.npy", hashlib.sha256(CONTENT).hexdigest())


class Pip:
    """Takes the place of `subprocess.run`: leaves a wheel with ``content``, or fails."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content
        self.commands: list[list[str]] = []
        self.requirements = ""

    def __call__(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        self.requirements = Path(command[command.index("-r") + 1]).read_text()
        if self.content is None:
            return subprocess.CompletedProcess(command, 1, "", "WARNING: x\nERROR: No matching distribution\n")
        with zipfile.ZipFile(Path(command[command.index("-d") + 1]) / FILE.wheel, "w") as archive:
            archive.writestr(FILE.member, self.content)
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("KIT_CACHE", str(tmp_path))
    return tmp_path / "wheels"


def use(monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> Pip:
    pip = Pip(content)
    monkeypatch.setattr("toolchain.data.wheel_file.subprocess.run", pip)
    return pip


def test_the_wheel_is_downloaded_once_by_its_hash(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    pip = use(monkeypatch, CONTENT)
    assert FILE.read() == FILE.read() == CONTENT
    assert len(pip.commands) == 1 and "--no-deps" in pip.commands[0] and "--require-hashes" in pip.commands[0]
    assert pip.requirements == f"no-such-thing==1.2 --hash=sha256:{'0' * 64}\n"
    assert [path.name for path in cache.iterdir()] == ["no-such-thing==1.2-data.npy"]


def test_a_damaged_copy_in_the_cache_is_made_anew(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    pip = use(monkeypatch, CONTENT)
    FILE.read()
    (cache / "no-such-thing==1.2-data.npy").write_bytes(b"x")
    assert FILE.read() == CONTENT and len(pip.commands) == 2


def test_the_error_names_the_command_whose_result_is_then_used(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    use(monkeypatch, None)
    with pytest.raises(Missing, match=r"no-such-thing==1\.2 cannot be fetched: ERROR: No matching") as caught:
        FILE.read()
    command = caught.value.hint.split()
    assert command[:2] == ["pip", "download"] and command[-1] == "no-such-thing==1.2"
    folder = Path(command[command.index("-d") + 1])
    with zipfile.ZipFile(folder / FILE.wheel, "w") as archive:
        archive.writestr(FILE.member, CONTENT)
    assert FILE.read() == CONTENT


def test_a_wheel_with_another_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, b"others")
    with pytest.raises(Missing, match="another one than the one known"):
        FILE.read()
    use(monkeypatch, CONTENT)
    with pytest.raises(Missing, match="cannot be read"):
        replace(FILE, member="thing/none.npy").read()


def test_the_wheels_own_python_and_platform_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pip = use(monkeypatch, None)
    with pytest.raises(Missing):
        replace(FILE, wheel="a_b-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl").read()
    command = " ".join(pip.commands[0])
    assert "--platform manylinux_2_17_x86_64 --python-version 311 --implementation cp" in command


def test_an_installed_package_is_read_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy

    pip = use(monkeypatch, None)
    init = Path(numpy.__file__).read_bytes()
    file = WheelFile("numpy-0-py3-none-any.whl", "", "numpy/__init__.py", hashlib.sha256(init).hexdigest())
    assert file.read() == init and not pip.commands
