"""The generated C as a program under the compiler's sanitizers, fed over pipes.

The arena is a heap block of exactly its size. Before each layer all of it is poisoned but the inputs, outputs and
scratch of that layer, so that a kernel that strays, inside the arena or out of it, is stopped with a report.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from toolchain.compiler.compile import CompiledModel
from toolchain.compiler.host_build import WARNINGS, build_executable
from toolchain.errors import KitError

FLAGS = (
    "-std=gnu11",
    "-O1",
    "-g",
    "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    *WARNINGS,
)

# Commands on standard input: 'r' reset; 'i' inference, followed by the inputs. Answers on standard output: a status
# as int32; for an inference the arena before it and after each layer, then the status.
_MAIN = r"""
#include "%(prefix)s.h"
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>

struct region {
    unsigned layer;
    uint32_t offset;
    uint32_t bytes;
};
static const struct region regions[] = {%(regions)s};
static uint8_t *arena;

static void permit(unsigned layer) {
    size_t i;
    ASAN_POISON_MEMORY_REGION(arena, %(size)s);
    for (i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        if (regions[i].layer == layer) {
            ASAN_UNPOISON_MEMORY_REGION(arena + regions[i].offset, regions[i].bytes);
        }
    }
}

static void show(void) {
    ASAN_UNPOISON_MEMORY_REGION(arena, %(size)s);
    fwrite(arena, 1, %(size)s, stdout);
}

static int hook(void *user, unsigned layer) {
    (void)user;
    show();
    permit(layer + 1);
    return 0;
}

static void status(int32_t value) {
    fwrite(&value, sizeof value, 1, stdout);
    fflush(stdout);
}

int main(void) {
    static const struct region inputs[] = {%(inputs)s};
    void *block;
    int command;
    size_t i;
    if (posix_memalign(&block, 16, %(size)s) != 0) {
        return 1;
    }
    arena = (uint8_t *)block;
    while ((command = getchar()) != EOF) {
        ASAN_UNPOISON_MEMORY_REGION(arena, %(size)s);
        if (command == 'r') {
            status(%(prefix)s_init(arena, %(size)s));
            continue;
        }
        for (i = 0; i < %(count)s; i++) {
            if (fread(arena + inputs[i].offset, 1, inputs[i].bytes, stdin) != inputs[i].bytes) {
                return 1;
            }
        }
        show();
        permit(0);
        status(%(prefix)s_invoke(arena, %(size)s, hook, NULL));
    }
    ASAN_UNPOISON_MEMORY_REGION(arena, %(size)s);
    free(arena);
    return 0;
}
"""


def regions(compiled: CompiledModel) -> list[tuple[int, int, int]]:
    """What each layer may touch: its number, an offset in the arena, bytes from there on."""
    offsets, program = compiled.plan.offsets, compiled.program
    first = len(program.init_steps)
    found = []
    for i, step in enumerate(compiled.layers):
        for t in (*step.inputs, *step.outputs):
            if program.root(t)[0].data is None:
                found.append((i, offsets[t], t.bytes))
        if step.scratch_bytes:
            found.append((i, compiled.plan.scratch[first + i], step.scratch_bytes))
    return found


def _main(compiled: CompiledModel) -> str:
    offsets = compiled.plan.offsets
    allowed = [f"{{{layer}, {offset}, {size}}}" for layer, offset, size in regions(compiled)]
    inputs = [f"{{0, {offsets[t]}, {t.bytes}}}" for t in compiled.graph.inputs]
    return _MAIN % {
        "prefix": compiled.prefix,
        "size": f"{compiled.prefix.upper()}_ARENA_BYTES",
        "regions": ", ".join(allowed or ["{0, 0, 0}"]),
        "inputs": ", ".join(inputs or ["{0, 0, 0}"]),
        "count": len(inputs),
    }


class SanitizedProcess:
    """A `native.Machine` in a process of its own, which ends with this object."""

    def __init__(self, compiled: CompiledModel) -> None:
        self._size, self._layers = compiled.arena_bytes, len(compiled.layers)
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        files = {**compiled.files, "sanitized_main.c": _main(compiled)}
        program = build_executable(files, FLAGS, Path(self._folder.name))
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        # A leak is not what is looked for, and looking for it needs ptrace, which containers forbid.
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
        self._process = subprocess.Popen(
            [str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=environment
        )

    def reset(self) -> None:
        self._send(b"r")
        self._status()

    def invoke(self, inputs: Sequence[tuple[int, np.ndarray]], after: Callable[[int, np.ndarray], None]) -> None:
        self._send(b"i" + b"".join(data.tobytes() for _, data in inputs))
        for layer in range(-1, self._layers):
            after(layer, np.frombuffer(self._receive(self._size), np.uint8))
        self._status()

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait()
        self._errors.close()
        self._folder.cleanup()

    def __del__(self) -> None:
        if hasattr(self, "_process") and not self._errors.closed:
            self.close()

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._report() from None

    def _receive(self, count: int) -> bytes:
        assert self._process.stdout is not None
        data = self._process.stdout.read(count)
        if len(data) != count:
            raise self._report()
        return data

    def _status(self) -> None:
        status = int.from_bytes(self._receive(4), "little", signed=True)
        if status != 0:
            raise KitError(f"the generated model returned {status}", "this is a defect of the compiler; report it")

    def _report(self) -> KitError:
        self._process.wait()
        self._errors.seek(0)
        text = self._errors.read().decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if "ERROR" in line or "runtime error" in line]
        return KitError(f"the sanitizer stopped the model: {(lines or ['no report'])[0]}", text.strip()[-3000:])
