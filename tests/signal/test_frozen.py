"""What is written for the firmware holds the numbers that training used."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.compiler.host_build import WARNINGS, load_library
from toolchain.model.graph import Quantization
from toolchain.signal import AudioSettings, FrontEnd, ImageSettings, MotionSettings, SignalSettings, library
from toolchain.signal.config import make_config

pytestmark = pytest.mark.unit

INT8 = Quantization((0.37,), (-5,))
EVERY = [
    AudioSettings(coefficients=13, pre_emphasis=0.97),
    AudioSettings(filters=20, offset=tuple(range(20)), fft=1024),
    MotionSettings(axes=3, window=100, hop=10),
    MotionSettings(axes=2, window=10, hop=10, features="raw", scale=(0.1, 0.01)),
    ImageSettings(source=(48, 64), size=(24, 20), format="rgb888", channels=3, scale=(0.1, 0.2, 0.3)),
]


def check_equal(struct: str, frozen: ctypes.Structure, values: Mapping[str, Any]) -> None:
    for field in library.ROOM.structs[struct]:
        there, value = getattr(frozen, field.name), values[field.name]
        if isinstance(value, Mapping):
            check_equal(field.type.removeprefix("struct "), there, value)
        elif isinstance(value, np.ndarray):
            data = ctypes.string_at(there, value.nbytes) if value.size else b""
            assert data == value.tobytes(), field.name
        else:
            assert there == value, field.name


@pytest.mark.parametrize("s", EVERY)
def test_frozen_numbers_are_those_of_training(s: SignalSettings) -> None:
    config = make_config(s, INT8)
    built = load_library(FrontEnd(s, INT8).c_files())
    check_equal(config.struct, library.ROOM.structure(config.struct).in_dll(built, "kit_signal_config"), config.values)


@pytest.mark.parametrize("s", [EVERY[0], EVERY[2], EVERY[4]])
def test_frozen_c_is_cxx_too(s: SignalSettings, tmp_path: Path) -> None:
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    files = FrontEnd(s, INT8).c_files()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for name in files:
        if name.endswith(".c"):
            command = [compiler, "-x", "c++", "-std=c++17", *WARNINGS, "-c", name, "-o", "made.o"]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


def test_only_what_is_used_is_written() -> None:
    files = FrontEnd(EVERY[4], INT8).c_files()
    assert {n for n in files if n.endswith(".c")} == {"kit_image.c", "kit_signal.c", "kit_signal_config.c"}
    assert "kit_simd.h" not in files
