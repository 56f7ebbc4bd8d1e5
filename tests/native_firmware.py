"""Builds the firmware's C for this machine: as the native program of the board ``host`` and as libraries for ctypes."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from toolchain.resources import resource

TEMPLATES = resource("firmware_templates")
HERE = Path(__file__).parent / "firmware"
LINK = sorted((TEMPLATES / "link").glob("*.c"))
APP = sorted([*(TEMPLATES / "app").glob("*.c"), *(TEMPLATES / "postprocess").glob("*.c")])
HOST_CHIP = TEMPLATES / "chips" / "host" / "chip.c"
FUZZER = HERE / "fuzz_link.c"
MODEL = HERE / "model.c"
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-g")
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def compile_c(out: Path, sources: Sequence[Path], *flags: str, generated: Path | None = None) -> Path:
    """``out`` from ``sources``, with the firmware's folders to include from; warnings are errors. Headers in
    ``generated`` take the place of those of the hand-written model."""
    folders = [
        *([generated] if generated else []),
        *(TEMPLATES / room for room in ("nn", "link", "app", "postprocess", "chips")),
        HERE,
    ]
    command = ["cc", *STRICT, *flags, *(f"-I{f}" for f in folders), *map(str, sources), "-o", str(out), "-pthread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def host_firmware(out: Path, *flags: str) -> Path:
    """The whole firmware with the hand-written test model, as a native program."""
    return compile_c(out, [*APP, HOST_CHIP, MODEL, *LINK], *flags)


def expected(inputs: Sequence[bytes], run: int) -> list[bytes]:
    """What the test model answers to ``inputs`` in the ``run``-th inference since its state was reset."""
    first = bytes((3 * x + inputs[1][i % 7]) & 255 for i, x in enumerate(inputs[0]))
    return [first, bytes((x + run) & 255 for x in reversed(inputs[1]))]
