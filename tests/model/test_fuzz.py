"""A damaged model file gives a sound graph or one BadInput; never another error, a hang, or much memory.

The long run takes its number of mutations from KIT_MUTATIONS (``make fuzz``).
"""

from __future__ import annotations

import os
import resource
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from modelgen.generate import models
from modelgen.inputs import random_inputs
from modelgen.strategy import every_strategy

from toolchain.compiler.compile import compile_model
from toolchain.errors import BadInput
from toolchain.model.checks import require_int8
from toolchain.model.graph import Graph
from toolchain.model.reader import read_model
from toolchain.model.runners import EvaluatorRunner

MOST_SECONDS = 2.0  # of the processor, which a busy machine does not stretch
MOST_BYTES = 64 << 20
SMALL_ELEMENTS = 20_000
INTERESTING = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC)


_ODDS = np.array([4, 4, 4, 4, 4, 1, 1, 0.5, 0.5]) / 23


def nudged(data: bytes, rng: np.random.Generator) -> bytes:
    """One to three bytes changed a little: what gets past the reader more often."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(8, len(out)))
        out[at] = (out[at] + int(rng.choice([1, -1, 2, -2, 4, 16, 128]))) & 0xFF
    return bytes(out)


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One to five random changes: bits, bytes, words, copied or zeroed stretches, a cut, a stretch put in."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        at, how = int(rng.integers(len(out))), int(rng.choice(9, p=_ODDS))
        length = int(rng.integers(1, 33))
        if how == 0:
            out[at] ^= 1 << int(rng.integers(8))
        elif how == 1:
            out[at] = int(rng.integers(256))
        elif how in (2, 3, 4) and len(out) > 8:
            word = at % (len(out) - 4) & ~3
            value = int(rng.choice(INTERESTING)) if how != 4 else int(rng.integers(len(out)))
            struct.pack_into("<I", out, word, value)
        elif how == 5:
            source = int(rng.integers(len(out)))
            out[at : at + length] = out[source : source + length]
        elif how == 6:
            out[at : at + length] = bytes(min(length, len(out) - at))
        elif how == 7 and len(out) > 16:
            del out[at:]
        else:
            out[at:at] = rng.bytes(length)
        if not out:
            break
    if rng.random() < 0.8:  # most of the time the file still looks like a model at first sight
        out[4:8] = b"TFL3"
    return bytes(out)


def survive(data: bytes, rng: np.random.Generator, downstream: bool) -> Graph | None:
    """Read ``data``; if ``downstream``, also check, run and compile what was read. Only BadInput may be raised."""
    graph = None
    started = time.process_time()
    try:
        graph = read_model(data)
        tensors = {t for op in (*graph.operators, *graph.initializers) for t in (*op.inputs, *op.outputs) if t}
        tensors.update(graph.inputs)  # one that no operator takes gets random values too
        if downstream and sum(t.elements for t in tensors) <= SMALL_ELEMENTS:
            require_int8(graph)
            EvaluatorRunner(graph).run(random_inputs(graph, rng))
            compile_model(graph, "generic")
    except BadInput as error:
        assert error.message and error.hint and "\n" not in error.message
    assert time.process_time() - started < MOST_SECONDS
    return graph


def fuzz(files: dict[str, bytes], mutations: int, seed: int, downstream: bool) -> None:
    names = sorted(files)
    before = peak_bytes()
    for number in range(mutations):
        rng = np.random.default_rng([seed, number])
        name = names[int(rng.integers(len(names)))]
        try:
            change = nudged if downstream and number % 4 else mutated
            survive(change(files[name], rng), rng, downstream)
            assert peak_bytes() - before < MOST_BYTES
        except Exception as error:
            error.add_note(f"mutation {number} of {name}, seed {seed}")
            raise


def peak_bytes() -> int:
    """Most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def generated() -> dict[str, bytes]:
    return {name: models(name, 5)[-1] for name in every_strategy()}


@pytest.mark.slow
@pytest.mark.unit
def test_damaged_generated_models() -> None:
    fuzz(generated(), 500, 1, downstream=True)


@pytest.mark.slow
@pytest.mark.unit
def test_damaged_shared_models(shared_models: dict[str, Path]) -> None:
    fuzz({name: path.read_bytes() for name, path in shared_models.items()}, 500, 2, downstream=False)


@pytest.mark.long
def test_many_damaged_models(shared_models: dict[str, Path]) -> None:
    count = int(os.environ.get("KIT_MUTATIONS", "20000"))
    fuzz({name: path.read_bytes() for name, path in shared_models.items()}, count, 3, downstream=False)
    fuzz(generated(), count, 4, downstream=True)
