"""Layout and metadata against what each SDK documents, with its own tool where that can be installed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit


def tool(module: str, *arguments: str, cwd: Path, **environment: str) -> str:
    """Output of ``python -m module``; skips when it is not installed, fails when it fails."""
    if importlib.util.find_spec(module.split(".")[0]) is None:
        pytest.skip(f"{module} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def properties(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert all("=" in line for line in lines), lines
    return dict(line.split("=", 1) for line in lines)


def test_arduino_follows_the_rules_of_arduino_lint(export) -> None:
    """Rules for libraries and sketches (LS, LP, SS) at the level "strict": arduino.github.io/arduino-lint."""
    made = export("arduino")
    library = made.folder / made.name
    assert {p.name for p in library.iterdir()} == {"LICENSE", "README.md", "examples", "library.properties", "src"}
    said = properties(library / "library.properties")
    name = said["name"]
    assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9 _.\-]*", name) and len(name) <= 16 and " " not in name
    assert not re.search("arduino|library", name, re.IGNORECASE)
    assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]{0,62}", library.name) and library.name == name
    assert re.fullmatch(r"\d+\.\d+\.\d+", said["version"])
    for field in ("author", "maintainer", "sentence", "paragraph", "architectures"):
        assert said[field], field
    assert not re.search("arduino", said["maintainer"], re.IGNORECASE)
    assert not said["paragraph"].startswith(said["sentence"])
    assert said["category"] in {
        *("Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing"),
        *("Data Storage", "Data Processing"),
    }  # "Other" is a warning
    assert said["url"].startswith("https://")
    assert said["architectures"] == "esp32"
    assert set(said) <= {
        *("name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"),
        *("depends", "dot_a_linkage", "includes", "precompiled", "ldflags"),
    }
    assert (library / "src" / said["includes"]).is_file() and said["includes"] == f"{name}.h"
    assert all(path.parent == library / "src" for path in (library / "src").rglob("*")), "the only include folder"
    sketches = list((library / "examples").iterdir())
    assert {p.name for p in sketches} == {"Infer", "Serve"}
    for sketch in sketches:
        assert [p.name for p in sketch.iterdir()] == [f"{sketch.name}.ino"]
    for path in library.rglob("*"):
        assert not path.is_symlink() and path.suffix != ".exe" and not path.name.startswith(".")


def test_the_arduino_archive_holds_the_library(export) -> None:
    made = export("arduino")
    with zipfile.ZipFile(made.folder / f"{made.name}.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert {Path(name).parts[0] for name in names} == {made.name}
        assert sorted(names) == sorted(f for f in made.files if not f.endswith(".zip"))
        for name in names:
            assert archive.read(name) == (made.folder / name).read_bytes()


@pytest.mark.slow
def test_platformio_takes_the_project(export, tmp_path: Path) -> None:
    made = export("platformio")
    environment = {"PLATFORMIO_CORE_DIR": str(tmp_path / "core"), "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no"}
    said = dict(json.loads(tool("platformio", "project", "config", "--json-output", cwd=made.folder, **environment)))
    assert dict(said["env:esp32"]) == {
        "platform": "espressif32",
        "board": "esp32dev",
        "framework": ["arduino"],
        "monitor_speed": 115200,
    }
    linted = tool("platformio", "project", "config", "--lint", cwd=made.folder, **environment)
    assert "free from linting errors" in linted
    package = tmp_path / "library.tar.gz"
    tool("platformio", "pkg", "pack", f"lib/{made.name}", "--output", str(package), cwd=made.folder, **environment)
    assert package.stat().st_size > 1000
    manifest = json.loads((made.folder / "lib" / made.name / "library.json").read_text())
    assert (made.folder / "lib" / made.name / "src" / manifest["headers"]).is_file()
    assert (made.folder / "src" / "main.cpp").is_file()


@pytest.mark.parametrize("board", ["esp32", "esp32c3"])
def test_esp_idf_has_a_component_and_an_application(export, board: str) -> None:
    made = export("esp-idf", board)
    component = made.folder / "components" / "kit_model"
    project = (made.folder / "CMakeLists.txt").read_text()
    order = [project.index(word) for word in ("cmake_minimum_required", "project.cmake", "project(kit_")]
    assert order == sorted(order), "as the build system's manual asks"
    for folder in (component, made.folder / "main"):
        text = (folder / "CMakeLists.txt").read_text()
        listed = re.findall(r'"([^"]+\.c)"', text)
        assert sorted(listed) == sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.c"))
        for include in re.findall(r"INCLUDE_DIRS ((?:\"[^\"]+\" ?)+)", text)[0].replace('"', "").split():
            assert (folder / include).is_dir()
    assert f'CONFIG_IDF_TARGET="{board}"' in (made.folder / "sdkconfig.defaults").read_text().splitlines()


def test_the_component_manager_takes_the_manifest(export) -> None:
    manager = pytest.importorskip("idf_component_tools.manager", reason="idf-component-manager is not installed")
    made = export("esp-idf")
    manifest = manager.ManifestManager(str(made.folder / "components" / "kit_model"), "kit_model").load()
    assert str(manifest.version) == "1.0.0" and "My Model-3" in manifest.description
    assert [(r.name, r.version_spec) for r in manifest.requirements] == [("idf", ">=5.0")]


def test_zephyr_module_as_its_schema_says(export) -> None:
    """Zephyr's scripts/schemas/module-schema.yaml and twister/testsuite-schema.yaml."""
    yaml = _yaml()
    made = export("zephyr")
    module = yaml(made.folder / "zephyr" / "module.yml")
    assert set(module) <= {"name", "build", "samples"} and set(module["build"]) == {"cmake", "kconfig"}
    assert (made.folder / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert (made.folder / module["build"]["kconfig"]).is_file()
    (sample_folder,) = module["samples"]
    sample = made.folder / sample_folder
    described = yaml(sample / "sample.yaml")
    assert set(described) == {"sample", "tests"} and set(described["sample"]) == {"name", "description"}
    ((name, test),) = described["tests"].items()
    assert re.fullmatch(r"[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)+", name)
    assert test == {"build_only": True, "platform_allow": ["mps2/an385"], "tags": ["tinyml"]}
    listed = re.findall(r"^    (\S+\.c)$", (made.folder / "CMakeLists.txt").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(
        p.relative_to(made.folder).as_posix() for room in ("model", "link") for p in (made.folder / room).glob("*.c")
    )
    application = (sample / "CMakeLists.txt").read_text()
    assert (
        application.index("ZEPHYR_EXTRA_MODULES")
        < application.index("find_package(Zephyr")
        < application.index("project(")
    )
    assert all((sample / name).is_file() for name in re.findall(r"src/\w+\.c", application))


def test_zephyrs_kconfig_parser_takes_the_option(export) -> None:
    kconfiglib = pytest.importorskip("kconfiglib", reason="kconfiglib is not installed")
    made = export("zephyr")
    parsed = kconfiglib.Kconfig(str(made.folder / "Kconfig"), warn_to_stderr=False)
    assert parsed.warnings == [] and set(parsed.syms) >= {"KIT_MODEL"}
    assert parsed.syms["KIT_MODEL"].nodes[0].prompt[0] == "Model My Model-3"
    lines = (made.folder / "sample" / "prj.conf").read_text().splitlines()
    assert "CONFIG_KIT_MODEL=y" in lines and all(re.fullmatch(r"CONFIG_[A-Z0-9_]+=(y|n|\d+)", line) for line in lines)


def test_mbed_application_files(export) -> None:
    made = export("mbed")
    said = json.loads((made.folder / "mbed_app.json").read_text())
    assert list(said) == ["target_overrides"] and list(said["target_overrides"]) == ["*"]
    assert said["target_overrides"]["*"]["platform.stdio-baud-rate"] == 115200
    assert re.fullmatch(r"https://\S+/#\S+\n", (made.folder / "mbed-os.lib").read_text())
    listed = re.findall(r"^  (\S+\.c(?:pp)?)$", (made.folder / "CMakeLists.txt").read_text(), re.MULTILINE)
    found = [p for p in made.folder.rglob("*") if p.suffix in (".c", ".cpp")]
    assert sorted(listed) == sorted(p.relative_to(made.folder).as_posix() for p in found)


def _yaml():
    ruamel = pytest.importorskip("ruamel.yaml", reason="ruamel.yaml (of idf-component-manager) is not installed")
    return lambda path: ruamel.YAML(typ="safe").load(path.read_text())
