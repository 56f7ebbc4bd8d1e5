"""The sanitized build: exact like the library, and it notices a kernel that strays."""

from __future__ import annotations

import re

import numpy as np
import pytest
from modelgen.networks import random_network

from toolchain.compiler.compile import compile_model
from toolchain.compiler.native import NativeModel
from toolchain.errors import KitError
from toolchain.model.reader import read_model

pytestmark = pytest.mark.unit


@pytest.mark.slow
def test_sanitized_build_gives_the_same_tensors() -> None:
    graph = read_model(random_network(5))
    compiled = compile_model(graph, "cortex-m4")
    library, process = NativeModel(compiled), NativeModel(compiled, sanitize=True)
    value = [np.random.default_rng(0).integers(-128, 128, t.shape).astype(np.int8) for t in graph.inputs]
    for _ in range(2):
        np.testing.assert_array_equal(library.run(value)[0], process.run(value)[0])
    assert library.tensors() == process.tensors()
    for index in library.tensors():
        np.testing.assert_array_equal(library.tensor(index), process.tensor(index))


@pytest.mark.slow
def test_a_kernel_that_leaves_its_tensors_is_stopped() -> None:
    compiled = compile_model(read_model(random_network(3)), "generic")
    call = re.search(r"\(int8_t \*\)\(a \+ (\d+)\)\);", compiled.files["model.c"])
    assert call is not None
    beyond = call.group(0).replace(f"a + {call.group(1)}", f"a + {compiled.arena_bytes - 8}")
    compiled.files["model.c"] = compiled.files["model.c"].replace(call.group(0), beyond, 1)
    model = NativeModel(compiled, sanitize=True)
    value = [np.zeros(t.shape, np.int8) for t in compiled.graph.inputs]
    with pytest.raises(KitError, match="AddressSanitizer"):
        model.run(value)
