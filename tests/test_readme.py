"""The C that the README shows: it compiles as it stands and runs the model."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from modelgen.networks import random_network

from toolchain.compiler.compile import compile_model
from toolchain.compiler.host_build import host_compiler
from toolchain.model.reader import read_model

pytestmark = pytest.mark.unit

README = Path(__file__).resolve().parents[1] / "README.md"
WARNINGS = ("-Wall", "-Wextra", "-Werror")
MAIN = "\nint main(void) {\n    static int8_t samples[4096];\n    return answer(samples, 4096) < 0;\n}\n"


def test_the_c_of_the_readme(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```c\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for name, text in compile_model(read_model(random_network(1)), "generic").files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "main.c").write_text(example + MAIN)
    sources = [str(path) for path in tmp_path.glob("*.c")]
    program = str(tmp_path / "program")
    subprocess.run([*host_compiler(), "-std=c11", *WARNINGS, *sources, "-o", program], check=True)
    subprocess.run([program], check=True, timeout=300)
    if not (cxx := shutil.which("g++")):
        pytest.skip("no g++ here: run as C, not compiled as C++")
    subprocess.run(
        [cxx, "-x", "c++", "-std=c++17", *WARNINGS, "-c", "main.c", "-o", "main.o"], check=True, cwd=tmp_path
    )
