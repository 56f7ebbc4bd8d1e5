"""Cases as C: the generated code of many models, their inputs and what they must answer, in one source an operator."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.cases import Case, slug

from toolchain.compiler.compile import CompiledModel, compile_model
from toolchain.compiler.host_build import WARNINGS, build_executable
from toolchain.compiler.sanitized import FLAGS, regions

_HERE = Path(__file__).parent
_LINE = 60  # bytes of data a line
_OCTAL = [f"\\{byte:03o}" for byte in range(256)]
#: The generated code is calls and constants. The sanitizer is to know where each constant ends; there is nothing to
#: optimise, and the kernels alone have arithmetic that can overflow.
_MODEL_FLAGS = ("-std=gnu11", "-O0", "-fsanitize=address", *WARNINGS)


def _string(data: bytes) -> str:
    """Bytes as a C string, which compilers read much faster than a list of numbers."""
    lines = []
    for i in range(0, len(data), _LINE):
        lines.append('    "' + "".join(map(_OCTAL.__getitem__, data[i : i + _LINE])) + '"')
    return "\n".join(lines or ['    ""'])


@functools.lru_cache(maxsize=1000)  # a batch is made for one target after the other
def _data(case: Case, runs: int | None) -> str:
    return _string(b"".join(a.tobytes() for inputs, outputs in case.runs[:runs] for a in (*inputs, *outputs)))


@dataclass(frozen=True)
class Batch:
    """Compiled models of one kind for one target. ``files``: kernels, and one source with all models and their data.
    ``name`` is that of the kind, or of its part ``kind_2``, as a C identifier."""

    kind: str
    name: str
    files: dict[str, str]
    source: str
    compiled: dict[str, CompiledModel]

    @property
    def rows(self) -> str:
        """C name of its array of `struct test_case`."""
        return f"{self.name}_rows"

    @property
    def arena_bytes(self) -> int:
        return max(c.arena_bytes for c in self.compiled.values())

    @property
    def bytes(self) -> int:
        """About what the data and the weights take in an image."""
        literals = len(re.findall(r"\\[0-7]{3}", self.files[self.source]))
        return literals + sum(c.weights_bytes + 600 for c in self.compiled.values())

    @property
    def digest(self) -> str:
        """Of all that is compiled; the same for two targets with the same kernels and packing."""
        text = "".join(f"{name}\0{text}\0" for name, text in sorted(self.files.items()))
        return hashlib.sha256(text.encode()).hexdigest()


def batch(
    kind: str, cases: Sequence[Case], target: str, runs: int | None = None, checked: bool = False, part: int = 0
) -> Batch:
    """Compile ``cases`` for ``target``. ``runs``: only the first of each case; ``checked``: with `struct region`;
    ``part``: a number that tells apart batches of one kind in a program."""
    files: dict[str, str] = {}
    parts: list[str] = ['#include "run_cases.h"\n']
    rows: list[str] = []
    compiled: dict[str, CompiledModel] = {}
    for case in cases:
        model = compile_model(case.graph, target, prefix=case.name)
        compiled[case.name] = model
        for name, text in model.files.items():
            if name.startswith("kit_"):
                assert files.setdefault(name, text) == text
        header, source = (model.files[f"{case.name}.{end}"] for end in "hc")
        # The heading is the only part that names the target.
        source = re.sub(r"\A/\*.*?\*/\n", "", source, flags=re.DOTALL).replace(f'#include "{case.name}.h"\n', "")
        header = re.sub(r"\A/\*.*?\*/\n", "", header, flags=re.DOTALL)
        count = len(case.runs[:runs])
        parts += [header, source, f"static const char {case.name}_data[] =\n{_data(case, runs)};\n"]
        names = ("init", "invoke", "input", "output", "inputs", "outputs")
        row = [f'"{case.name}"', str(model.arena_bytes), *(f"{case.name}_{n}" for n in names)]
        row += [str(len(case.graph.inputs)), str(len(case.graph.outputs)), str(count), f"{case.name}_data"]
        allowed = [f"{{{layer}, {offset}, {size}}}" for layer, offset, size in regions(model)] if checked else []
        if allowed:
            parts.append(f"static const struct region {case.name}_regions[] = {{{', '.join(allowed)}}};\n")
        rows.append(
            "    {" + ", ".join([*row, f"{case.name}_regions" if allowed else "NULL", str(len(allowed))]) + "},"
        )
    name = f"{slug(kind)}_{part}" if part else slug(kind)
    parts.append(f"extern const struct test_case {name}_rows[];")
    parts.append(f"const struct test_case {name}_rows[] = {{\n" + "\n".join(rows) + "\n};\n")
    files[f"{name}_cases.c"] = "\n".join(parts)
    return Batch(kind, name, files, f"{name}_cases.c", compiled)


def program(batches: Sequence[Batch], machine: str) -> dict[str, str]:
    """The sources of a program that runs ``batches`` on ``machine`` (host or board)."""
    files: dict[str, str] = {}
    for one in batches:
        for name, text in one.files.items():
            assert files.setdefault(name, text) == text
    for name in ("run_cases.h", "run_cases.c", f"machine_{machine}.c"):
        files[name] = (_HERE / name).read_text(encoding="utf-8")
    files["lists.c"] = "\n".join(
        [
            '#include "run_cases.h"\n',
            *(f"extern const struct test_case {one.rows}[];" for one in batches),
            "const struct test_cases test_lists[] = {",
            *(f"    {{{one.rows}, {len(one.compiled)}}}," for one in batches),
            "    {NULL, 0},\n};\n",
        ]
    )
    return files


def _joined(files: Mapping[str, str]) -> dict[str, str]:
    """All but the kernels as one source: a compiler takes longer to start than for a small file."""
    rest = [name for name in files if name.endswith(".c") and not name.startswith("kit_")]
    kept = {name: text for name, text in files.items() if name not in rest}
    return {**kept, "program.c": "\n".join(files[name] for name in rest)}


def failures(text: str, batches: Sequence[Batch]) -> dict[str, str]:
    """What a program printed about each case that is not exact, by name; a case that is not mentioned failed too."""
    found = {}
    lines = {}
    for line in text.splitlines():
        state, _, rest = line.partition(" ")
        if state in ("ok", "bad"):
            lines[rest.partition(":")[0]] = line
    for one in batches:
        for name in one.compiled:
            line = lines.get(name, "it did not run to its end")
            if line != f"ok {name}":
                found[name] = line
    return found


def run_on_host(batches: Sequence[Batch]) -> dict[str, str]:
    """Build and run under AddressSanitizer and UndefinedBehaviorSanitizer; `failures`."""
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    with tempfile.TemporaryDirectory() as folder:
        made = build_executable(_joined(program(batches, "host")), FLAGS, Path(folder), _MODEL_FLAGS)
        done = subprocess.run([str(made)], capture_output=True, text=True, env=environment, check=False, timeout=600)
    found = failures(done.stdout, batches)
    if done.returncode:
        words = [line.strip() for line in done.stderr.splitlines() if "ERROR" in line or "runtime error" in line]
        at = next(iter(found), "no case")
        found[at] = f"{found.get(at, '')}; the sanitizer says: {' '.join(words[:2]) or done.stderr[:500]}"
    return found


def describe(found: Mapping[str, str], cases: Sequence[Case], most: int = 3) -> str:
    """The first failures with their models."""
    by_name = {case.name: case for case in cases}
    shown = [f"{text}\n{by_name[name]}" for name, text in list(found.items())[:most]]
    return f"{len(found)} of {len(cases)} cases fail\n" + "\n".join(shown)
