"""The project's own sources run on this machine, over fakes of the SDK's functions that the glue calls, and answer like
any board: the glue does what it should, not only compiles."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import streaming

from tests.export.projects import MODEL
from toolchain.board.build import Identity
from toolchain.board.descriptor import load_board
from toolchain.emulate.pty_process import PtyProcess
from toolchain.export import export_project
from toolchain.link.session import Session
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner
from toolchain.pipeline import front_end_files

pytestmark = pytest.mark.slow

STUBS = Path(__file__).parent / "stubs"
FLAGS = ("-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build_native(made: Path, stubs: Path, out: Path, *defines: str) -> Path:
    """The project and the fake SDK as one program."""
    headers = sorted({p.parent for p in made.rglob("*.h")})
    files = [p for folder in (made, stubs) for p in sorted(folder.rglob("*")) if p.suffix in (".c", ".cpp")]
    sketch = [p for p in made.rglob("Serve.ino")]
    objects = []
    out.mkdir()
    for number, file in enumerate([*files, *sketch]):
        language = ["-x", "c", "-std=gnu11"] if file.suffix == ".c" else ["-x", "c++", "-std=gnu++17"]
        objects.append(out / f"{number}.o")
        includes = [f"-I{folder}" for folder in (*headers, stubs, STUBS)]
        command = ["gcc", *FLAGS, *defines, *includes, *language, "-c", str(file), "-o", str(objects[-1])]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    program = out / "program"
    subprocess.run(["g++", *FLAGS, *map(str, objects), "-o", str(program), "-pthread"], check=True)
    return program


def assert_answers(program: Path, board: str, stack: bool) -> None:
    """The program says who it is and infers as the reference does."""
    graph = read_model(MODEL)
    reference = reference_runner(MODEL, graph)
    with PtyProcess([program]) as device, Session.open(device.port) as session:
        assert (session.info.board, session.info.kit) == (board, "My Model-3")
        assert session.info.labels == ('zero "0"', "one", "two")
        for seed in range(4):
            rng = np.random.default_rng(seed)
            values = [rng.integers(-128, 128, t.shape, dtype=np.int8) for t in graph.inputs]
            result = session.infer([v.tobytes() for v in values])
            for got, expected in zip(result.outputs, reference.run(values), strict=True):
                assert np.array_equal(np.frombuffer(got, expected.dtype), expected.reshape(-1))
            assert 0 < result.ticks < 10 * session.info.tick_hz, "the counter goes on when its register wraps"
        assert session.statistics.damaged == 0
        assert bool(session.memory().stack_bytes) == stack


@pytest.mark.parametrize(
    ("sdk", "board", "stack"),
    [
        ("esp-idf", "esp32", True),
        ("zephyr", "mps2-an386", True),
        ("arduino", "esp32", False),
        ("platformio", "esp32c3", False),
        ("mbed", "mps2-an386", False),
    ],
)
def test_the_glue_serves_the_link(export, tmp_path: Path, sdk: str, board: str, stack: bool) -> None:
    made = export(sdk, board)
    stubs = STUBS / ("arduino" if sdk == "platformio" else sdk)
    defines = ["-DARDUINO_ARCH_ESP32"] if stubs.name == "arduino" else []
    assert_answers(build_native(made.folder, stubs, tmp_path / "build", *defines), board, stack)


@pytest.mark.parametrize(("sdk", "board"), [("esp-idf", "esp32"), ("arduino", "esp32")])
def test_raw_samples_stream_through_the_project(tmp_path: Path, sdk: str, board: str) -> None:
    target = load_board(board)
    made_for = streaming.compiled("audio", target.target)
    identity = Identity("audio", made_for.graph.sha256, streaming.LABELS)
    front_end = front_end_files(streaming.SETTINGS["audio"], made_for)
    made = export_project(made_for, identity, target, sdk, tmp_path / "made", front_end)
    defines = ["-DARDUINO_ARCH_ESP32"] if sdk == "arduino" else []
    program = build_native(made.folder, STUBS / sdk, tmp_path / "build", *defines)
    samples = streaming.raw_samples("audio", 4000)
    with PtyProcess([program]) as device, Session.open(device.port) as session:
        session.stream()
        answers = session.samples(samples)
    expected = streaming.expected("audio", samples)
    assert [a.position for a in answers] == expected.positions
    assert [a.outputs[0] for a in answers] == expected.outputs


def test_the_glue_serves_the_link_over_the_chips_own_usb(export, tmp_path: Path) -> None:
    made = export("esp-idf", "esp32c3")
    header = made.folder / "main" / "kit_board.h"
    assert "KIT_CONSOLE_USB 0" in header.read_text()
    header.write_text(header.read_text().replace("KIT_CONSOLE_USB 0", "KIT_CONSOLE_USB 1"))
    assert_answers(build_native(made.folder, STUBS / "esp-idf", tmp_path / "build"), "esp32c3", True)


def test_cmake_builds_installs_and_runs_the_project(export, tmp_path: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")

    def cmake(*words: str | Path) -> None:
        done = subprocess.run(["cmake", *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    made = export("cmake")
    build, prefix = tmp_path / "build", tmp_path / "prefix"
    cmake("-S", made.folder, "-B", build, "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror")
    cmake("--build", build)
    assert_answers(build / "serve", "host", True)
    said = subprocess.run([build / "infer"], capture_output=True, text=True, check=True).stdout
    output = read_model(MODEL).outputs[0]
    assert len(said.splitlines()) == int(np.prod(output.shape))
    cmake("--install", build, "--prefix", prefix)
    user = tmp_path / "user"
    user.mkdir()
    (user / "main.c").write_text(
        "#include <model.h>\nKIT_ALIGN16 static uint8_t arena[MODEL_ARENA_BYTES];\n"
        "int main(void) { return model_init(arena, sizeof arena); }\n"
    )
    (user / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(user C)\n"
        f"find_package({made.name} REQUIRED)\nadd_executable(user main.c)\n"
        f"target_link_libraries(user kit::{made.name})\n"
    )
    cmake("-S", user, "-B", user / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    cmake("--build", user / "build")
    assert subprocess.run([user / "build" / "user"]).returncode == 0


def test_cmake_builds_the_library_for_a_microcontroller(export, tmp_path: Path) -> None:
    if shutil.which("cmake") is None or shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("cmake or arm-none-eabi-gcc is not installed")
    made = export("cmake", "mps2-an386")
    build = tmp_path / "build"
    for words in (
        ["cmake", "-S", made.folder, "-B", build, f"-DCMAKE_TOOLCHAIN_FILE={made.folder}/toolchain.cmake"],
        ["cmake", "--build", build],
    ):
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    library = build / f"lib{made.name}.a"
    said = subprocess.run(["arm-none-eabi-readelf", "-A", str(library)], capture_output=True, text=True).stdout
    assert 'Tag_CPU_name: "7E-M"' in said
