"""What the compiler makes of the five MLPerf Tiny models: figures, builds, determinism."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolchain.compiler.compile import compile_model
from toolchain.compiler.host_build import host_compiler
from toolchain.compiler.plan import ALIGNMENT
from toolchain.model.reader import load_model

pytestmark = pytest.mark.unit

# Arena (bytes) and multiply-accumulates that must not be exceeded.
LIMITS = {
    "kws": (11_000, 2_656_768),
    "ic": (36_000, 12_501_632),
    "vww": (30_000, 3_850_000),
    "ad": (800, 264_192),
    "sww": (6_300, 826_368),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("target", ["generic", "cortex-m4", "cortex-m55", "xtensa"])
def test_arena_and_macs(shared_models, name: str, target: str) -> None:
    data = shared_models[name].read_bytes()
    start = time.process_time()
    compiled = compile_model(load_model(shared_models[name]), target, model_data=data)
    assert time.process_time() - start < 3
    arena, macs = LIMITS[name]
    assert compiled.plan.bound <= compiled.arena_bytes + ALIGNMENT and compiled.arena_bytes <= arena
    assert compiled.report["macs"] <= macs
    assert json.loads(json.dumps(compiled.report)) == compiled.report


def write(folder: Path, files: dict[str, str]) -> list[str]:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return [str(p) for p in sorted(folder.glob("*.c"))]


@pytest.mark.slow
@pytest.mark.parametrize("standard", [["-std=c11"], ["-x", "c++", "-std=c++17"]])
def test_two_models_in_one_program(shared_models, tmp_path: Path, standard: list[str]) -> None:
    """Both with warnings as errors, side by side, each under its prefix."""
    files: dict[str, str] = {}
    for name in ("kws", "sww"):
        files |= compile_model(load_model(shared_models[name]), "cortex-m4", prefix=name).files
    files["main.c"] = (
        '#include "kws.h"\n#include "sww.h"\n'
        "KIT_ALIGN16 static uint8_t arena[KWS_ARENA_BYTES + SWW_ARENA_BYTES];\n"
        "int main(void) {\n"
        "    return kws_init(arena, sizeof arena) + sww_invoke(arena, sizeof arena, NULL, NULL)\n"
        "           + (kws_init(arena + 1, sizeof arena) != KIT_ERROR_ARENA)\n"
        "           + (sww_invoke(arena, SWW_ARENA_BYTES - 1, NULL, NULL) != KIT_ERROR_ARENA)\n"
        "           + (kws_input(arena, KWS_INPUT_COUNT) != NULL) + (kws_output(arena, 0) == NULL)\n"
        "           + (kws_layers[KWS_LAYER_COUNT - 1].bytes != kws_outputs[0].bytes);\n}\n"
    )
    sources = write(tmp_path / "src", files)
    program = str(tmp_path / "program")
    command = [*host_compiler(), *standard, "-Wall", "-Wextra", "-Werror", *sources, "-o", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert subprocess.run([program], check=False).returncode == 0


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(shared_models) -> None:
    script = (
        "import sys, hashlib; from pathlib import Path\n"
        "from toolchain.compiler.compile import compile_model\nfrom toolchain.model.reader import load_model\n"
        "c = compile_model(load_model(Path(sys.argv[1])), 'cortex-m4')\n"
        "print(hashlib.sha256(repr((sorted(c.files.items()), c.report)).encode()).hexdigest())"
    )
    command = [sys.executable, "-c", script, str(shared_models["vww"])]
    digests = {subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(digests) == 1
