"""Programs that speak: how they are run, and what becomes of the sound that they write."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave

import numpy as np

from toolchain.data.speech import RATE
from toolchain.errors import KitError, Missing

#: Below this of the greatest value a rendition's ends are silence.
_SILENCE = 0.01
#: Steps of a rate in Hz: ratios are small enough for a short filter, and a speaker's size has steps below 1 %.
_STEP = 50


def run(program: str, *arguments: str) -> bytes:
    """What the program writes to standard output. Raises `Missing` when it is not installed, `KitError` when it
    fails."""
    hint = f"apt-get install {program}"
    if shutil.which(program) is None:
        raise Missing(f"words are spoken by {program}, which is not installed", hint)
    done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise KitError(f"{program} failed: {said[-1] if said else f'status {done.returncode}'}", hint)
    return done.stdout


def spoken(data: bytes, size: float) -> np.ndarray:
    """The sound of a WAV stream at `RATE` without silence at its ends, peak 1; float32 [n], empty for silence.

    ``size`` of the speaker: 1.1 has resonances 10 % lower and takes 10 % longer.
    """
    from scipy.signal import resample_poly

    with wave.open(io.BytesIO(data)) as stream:
        rate = stream.getframerate()
    start = data.index(b"data") + 8  # the header of a stream does not know its length
    sound = np.frombuffer(data[start : len(data) - (len(data) - start) % 2], "<i2").astype(np.float32)
    sound = resample_poly(sound, round(RATE / _STEP * size), round(rate / _STEP)).astype(np.float32)
    peak = np.abs(sound).max(initial=0)
    loud = np.flatnonzero(np.abs(sound) > _SILENCE * peak)
    return sound[loud[0] : loud[-1] + 1] / peak if len(loud) else sound[:0]
