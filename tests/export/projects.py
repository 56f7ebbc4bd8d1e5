"""A model, and the board that each SDK's project is tested with."""

from __future__ import annotations

import functools
from collections.abc import Callable

from tests.modelgen.networks import random_network
from toolchain.board.build import Identity
from toolchain.compiler.compile import CompiledModel, compile_model
from toolchain.export import Exported
from toolchain.model.reader import read_model

#: One board for each SDK; each target's code is checked by some of them.
BOARDS = {
    "arduino": "esp32",
    "cmake": "host",
    "esp-idf": "esp32c3",
    "mbed": "mps2-an386",
    "platformio": "esp32",
    "zephyr": "mps2-an385",
}
MODEL = random_network(3)
IDENTITY = Identity("My Model-3", "ab" * 32, ('zero "0"', "one", "two"))

Export = Callable[..., Exported]


@functools.cache
def compiled(target: str) -> CompiledModel:
    return compile_model(read_model(MODEL), target, model_data=MODEL)
