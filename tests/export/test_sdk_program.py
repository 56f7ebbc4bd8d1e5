"""`kit deploy --sdk`: the SDK's own program drives, here a fake of ESP-IDF's idf.py that is found on PATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import tty
from pathlib import Path

import pytest

from tests.cli.conftest import CHECKOUT, Kit
from tests.export.projects import IDENTITY, compiled
from toolchain.board.descriptor import load_board
from toolchain.cli.app import run
from toolchain.errors import BadInput, CheckFailed, DeviceError, Missing
from toolchain.export import SdkProject
from toolchain.progress import Quiet

BOARD = load_board("esp32")

#: Does what idf.py leaves behind that matters here, and notes how it is called. `build` makes a native program of the
#: project where that is asked for, `flash` says that it may start.
IDF = """#!{python}
import json, os, pathlib, sys
words = sys.argv[1:]
with open("{calls}", "a") as calls:
    calls.write(json.dumps([os.getcwd(), *words]) + "\\n")
if words == ["--version"]:
    print("ESP-IDF v{version}")
elif "set-target" in words:
    pathlib.Path("sdkconfig").write_text('CONFIG_IDF_TARGET="' + words[-1] + '"\\n')
elif "{fails}" and "{fails}" in words:
    print("[1/3] Building C object\\nmain/app.c:7:1: error: nonsense\\nninja: build stopped")
    sys.exit(2)
elif "build" in words and {native}:
    from tests.export import test_runs
    test_runs.FLAGS = ("-O1",)
    test_runs.build_native(pathlib.Path.cwd(), test_runs.STUBS / "esp-idf", pathlib.Path("build"))
elif "flash" in words:
    print("Writing at 0x00010000... (100 %)")
    pathlib.Path("{calls}.flashed").write_text(os.getcwd() + "/build/program")
"""


def fake_idf(folder: Path, *, version: str = "5.2.1", fails: str = "", native: bool = False) -> Path:
    """A folder for PATH."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "idf.py"
    text = IDF.format(python=sys.executable, calls=folder / "calls", version=version, fails=fails, native=native)
    program.write_text(text)
    program.chmod(0o755)
    return folder / "bin"


def calls(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch):
    def put(folder: Path) -> None:
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return put


@pytest.mark.unit
def test_idf_is_called_as_its_manual_says(tmp_path: Path, path) -> None:
    path(fake_idf(tmp_path))
    folder = tmp_path / "project"
    project = SdkProject("esp-idf", BOARD, folder)
    for _ in range(2):
        made = project.write(compiled(BOARD.target), IDENTITY)
        project.build(Quiet())
    project.flash("/dev/ttyUSB0", Quiet())
    where, words = str(folder.resolve()), [call[1:] for call in calls(tmp_path)]
    assert words == [["--version"], ["set-target", "esp32"], ["build"], ["build"], ["-p", "/dev/ttyUSB0", "flash"]]
    assert {call[0] for call in calls(tmp_path)[1:]} == {where}
    assert f'KIT_BUILD_ID "{made.build_id}"' in (folder / "main" / "kit_identity.h").read_text()


@pytest.mark.unit
def test_only_what_differs_is_written_again(tmp_path: Path, path) -> None:
    path(fake_idf(tmp_path))
    project = SdkProject("esp-idf", BOARD, tmp_path / "project")
    made = project.write(compiled(BOARD.target), IDENTITY)
    changed = project.folder / "main" / "app_main.c"
    before = {name: (project.folder / name).stat().st_mtime_ns for name in made.files}
    text = changed.read_bytes()
    changed.write_bytes(b"mine")
    project.write(compiled(BOARD.target), IDENTITY)
    assert changed.read_bytes() == text
    after = {name: (project.folder / name).stat().st_mtime_ns for name in made.files}
    assert [name for name in made.files if after[name] != before[name]] == ["main/app_main.c"]
    assert [p.name for p in tmp_path.iterdir() if p.name not in ("bin", "calls", "project")] == []


@pytest.mark.unit
@pytest.mark.parametrize(("fails", "error"), [("build", CheckFailed), ("flash", DeviceError)])
def test_a_failure_is_its_first_error_and_where_the_rest_is(tmp_path: Path, path, fails: str, error: type) -> None:
    path(fake_idf(tmp_path, fails=fails))
    project = SdkProject("esp-idf", BOARD, tmp_path / "project")
    project.write(compiled(BOARD.target), IDENTITY)
    with pytest.raises(error, match=rf"`idf.py .*{fails}` failed: main/app.c:7:1: error: nonsense") as failure:
        project.build(Quiet())
        project.flash("PORT", Quiet())
    assert "ninja: build stopped" in (project.folder / "kit.log").read_text()
    assert str(project.folder / "kit.log") in failure.value.hint


@pytest.mark.unit
def test_what_is_not_there_or_not_possible(tmp_path: Path, path, capsys: pytest.CaptureFixture[str]) -> None:
    path(tmp_path)
    with pytest.raises(Missing, match=r"there is no idf\.py on PATH") as missing:
        SdkProject("esp-idf", BOARD, tmp_path / "project")
    assert "export.sh" in missing.value.hint
    assert run(["deploy", "digits", "--board", "esp32", "--sdk", "esp-idf", "--port", "socket://127.0.0.1:9"]) == 3
    assert "train" not in capsys.readouterr().err, "it is refused before any work"
    assert run(["deploy", "digits", "--board", "esp32", "--sdk", "esp-idf", "--emulate"]) == 2
    path(fake_idf(tmp_path, version="4.4.2"))
    with pytest.raises(Missing, match=r"ESP-IDF v4\.4 is too old"):
        SdkProject("esp-idf", BOARD, tmp_path / "project")
    with pytest.raises(BadInput, match="kit does not drive Arduino itself"):
        SdkProject("arduino", BOARD, tmp_path / "project")
    with pytest.raises(BadInput, match="board pico does not say what ESP-IDF calls it"):
        SdkProject("esp-idf", load_board("pico"), tmp_path / "project")


@pytest.mark.slow
@pytest.mark.emulator
def test_a_kit_is_deployed_by_idf_and_proved(tmp_path: Path) -> None:
    """The project that was written runs, over fakes of the SDK's functions, behind the port that was flashed."""
    ours, theirs = os.openpty()
    devices: list[subprocess.Popen[bytes]] = []

    def start_when_flashed() -> None:
        flashed, end = tmp_path / "calls.flashed", time.monotonic() + 800
        while not flashed.exists() and time.monotonic() < end:
            time.sleep(0.05)
        devices.append(subprocess.Popen([flashed.read_text()], stdin=ours, stdout=ours))

    kit = Kit(tmp_path).apart()
    tty.setraw(theirs)
    thread = threading.Thread(target=start_when_flashed, daemon=True)
    thread.start()
    programs = fake_idf(tmp_path, native=True)
    arguments = ("deploy", "digits", "--board", "esp32", "--sdk", "esp-idf", "--samples", "5")
    try:
        said = kit.json(
            *arguments, "--port", os.ttyname(theirs),
            PATH=f"{programs}:{os.environ['PATH']}", PYTHONPATH=f"{CHECKOUT}:{CHECKOUT / 'tests'}",
        )  # fmt: skip
    finally:
        thread.join(1)
        for device in devices:
            device.kill()
            device.wait()
        os.close(ours)
        os.close(theirs)
    assert said["board"] == "esp32" and said["emulated"] is False
    assert said["parity"] == {**said["parity"], "samples": 5, "mismatches": 0}
    assert [call[1] for call in calls(tmp_path)[:2]] == ["--version", "set-target"]
