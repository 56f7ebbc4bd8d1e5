"""A front end as a native program under AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np

from toolchain.compiler.host_build import WARNINGS, build_executable
from toolchain.signal import AudioSettings, FrontEnd

MAIN = Path(__file__).with_name("checked_main.c")
SANITIZE = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


class Sanitized:
    """The front end ``front``, built in ``folder``."""

    def __init__(self, front: FrontEnd, folder: Path, features: int) -> None:
        settings = front.settings
        step = settings.columns if isinstance(settings, AudioSettings) else int(np.prod(front.shape))
        macros = {"FAMILY": settings.type, "AXES": getattr(settings, "axes", 1), "STEP": step, "FEATURES": features}
        flags = ["-std=c11", *WARNINGS, *SANITIZE, *(f"-D{name}={value}" for name, value in macros.items())]
        self._folder = folder
        self._program = build_executable({**front.c_files(), "checked_main.c": MAIN.read_text()}, flags, folder)

    def run(self, samples: np.ndarray) -> np.ndarray:
        """The bytes of the whole, then those of the stream (of a picture, only the whole)."""
        source, result = self._folder / "samples", self._folder / "features"
        source.write_bytes(samples.tobytes())
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
        done = subprocess.run(
            [self._program, source, result], capture_output=True, text=True, check=False, env=environment
        )
        assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
        return np.frombuffer(result.read_bytes(), np.int8)
