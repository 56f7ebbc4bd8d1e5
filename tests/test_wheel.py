"""The wheel, installed outside the checkout into an environment of its own, deploys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from toolchain.resources import resource

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = out.glob("*.whl")
    return found


def test_kits_and_firmware_are_inside(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for room in ("kits", "firmware_templates"):
        for path in resource(room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"toolchain/_resources/{room}/{path.relative_to(resource(room))}" in names
    assert not any(name.startswith(("tests/", "build/", "benchmarks/")) for name in names)


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of programs of an environment with the wheel. What it depends on is taken from this environment, as it
    is large; this environment's own installation of the package is not reachable from there."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def test_it_deploys_from_an_empty_folder(installed, tmp_path):
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "KIT_BUILD", "VIRTUAL_ENV")}
    where = subprocess.run(
        [installed / "python", "-c", "import toolchain; print(toolchain.__file__)"],
        env=env, cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert where.startswith(str(installed.parent))
    done = subprocess.run(
        [installed / "kit", "deploy", "digits", "--board", "host", "--samples", "20", "--json"],
        env=env, cwd=tmp_path, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["parity"]["mismatches"] == 0 and said["samples"] == 20
    assert (tmp_path / "build" / "digits" / "host").is_dir()
