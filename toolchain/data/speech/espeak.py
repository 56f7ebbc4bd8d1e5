"""Words said by espeak-ng, in every English accent and voice variant that it has."""

from __future__ import annotations

import functools
import io
import shutil
import subprocess
import wave
from dataclasses import dataclass

import numpy as np

from toolchain.data.speech import RATE
from toolchain.errors import KitError, Missing

PROGRAM = "espeak-ng"
HINT = "apt-get install espeak-ng"
#: English accents of espeak-ng 1.51 that need no MBROLA voice.
ACCENTS = (
    "en-gb",
    "en-us",
    "en-029",
    "en-gb-scotland",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
    "en-gb-x-rp",
    "en-us-nyc",
)
#: Below this of the greatest value a rendition's ends are silence.
_SILENCE = 0.01


@dataclass(frozen=True, order=True)
class Voice:
    """A variant (a timbre: the voice that is split by) speaking with an accent."""

    variant: str
    accent: str


@functools.cache
def variants() -> tuple[str, ...]:
    """Names of the voice variants, sorted. Raises `Missing` without espeak-ng."""
    lines = _run("--voices=variant").decode(errors="replace").splitlines()
    found = {line.partition("!v/")[2].split("  ")[0].strip() for line in lines[1:] if "!v/" in line}
    if not found:
        raise Missing("espeak-ng has no voice variants here", "apt-get install espeak-ng-data")
    return tuple(sorted(found))


@functools.cache
def version() -> str:
    """What espeak-ng says of itself without where it lies. Raises `Missing` without espeak-ng."""
    return _run("--version").decode(errors="replace").partition("Data at")[0].strip()


def say(text: str, voice: Voice, speed: int, pitch: int, size: float = 1.0) -> np.ndarray:
    """``text`` without silence at its ends, peak 1; float32 [n].

    ``speed``: words a minute (80 to 450). ``pitch``: 0 to 99. ``size`` of the speaker: 1.1 has resonances 10 % lower
    and takes 10 % longer. Raises `Missing` without espeak-ng, `KitError` when it makes no sound.
    """
    from scipy.signal import resample_poly

    data = _run("-v", f"{voice.accent}+{voice.variant}", "-s", str(speed), "-p", str(pitch), "--stdout", "--", text)
    sound, rate = _pcm(data)
    if not np.abs(sound).max(initial=0):
        raise KitError(f'espeak-ng says nothing for "{text}" with voice {voice.accent}+{voice.variant}')
    step = 50  # so that ratios are small enough for a short filter and a speaker's size has steps below 1 %
    sound = resample_poly(sound, round(RATE / step * size), round(rate / step)).astype(np.float32)
    return trimmed(sound)


def trimmed(sound: np.ndarray) -> np.ndarray:
    """``sound`` with peak 1 and without the silence at its ends."""
    sound = sound / np.abs(sound).max()
    loud = np.flatnonzero(np.abs(sound) > _SILENCE)
    trimmed: np.ndarray = sound[loud[0] : loud[-1] + 1]
    return trimmed


def _pcm(data: bytes) -> tuple[np.ndarray, int]:
    """The int16 sound of a WAV stream as float32, and its rate. The stream's header does not know its length."""
    with wave.open(io.BytesIO(data)) as stream:
        rate = stream.getframerate()
    start = data.index(b"data") + 8
    return np.frombuffer(data[start : len(data) - (len(data) - start) % 2], "<i2").astype(np.float32), rate


def _run(*arguments: str) -> bytes:
    if shutil.which(PROGRAM) is None:
        raise Missing("spoken words are synthesised by espeak-ng, which is not installed", HINT)
    done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise KitError(f"espeak-ng failed: {said[-1] if said else f'status {done.returncode}'}", HINT)
    return done.stdout
