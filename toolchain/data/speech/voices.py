"""Voices that say any word: those of espeak-ng, made by rules, and those of flite, cut from recordings of people."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import numpy as np

from toolchain.data.speech.program import run, spoken
from toolchain.errors import KitError, Missing

ESPEAK, FLITE = "espeak-ng", "flite"
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
#: Voices of flite 2.2, of one person each.
FLITE_VOICES = ("awb", "kal16", "rms", "slt")


@dataclass(frozen=True, order=True)
class Voice:
    """A voice of a program: with espeak-ng a variant (a timbre) that speaks with an ``accent``."""

    program: str
    name: str
    accent: str = ""

    @property
    def person(self) -> str:
        """By whom voices are split: ``steph`` and ``steph2``, ``anika`` and ``anikaRobot`` are one person's.

        The numbered males and females of espeak-ng (m1 … m8, f1 … f5) are different people's.
        """
        numbered = re.fullmatch(r"[fm]\d", self.name)
        name = self.name if numbered else re.sub(r"^Anxious|(Robot|\d+)$", "", self.name).lower()
        return f"{self.program}:{name}"


@functools.cache
def variants() -> tuple[str, ...]:
    """Names of espeak-ng's voice variants, sorted. Raises `Missing` without espeak-ng."""
    lines = run(ESPEAK, "--voices=variant").decode(errors="replace").splitlines()
    found = {line.partition("!v/")[2].split("  ")[0].strip() for line in lines[1:] if "!v/" in line}
    if not found:
        raise Missing("espeak-ng has no voice variants here", "apt-get install espeak-ng-data")
    return tuple(sorted(found))


@functools.cache
def version() -> str:
    """What espeak-ng says of itself without where it lies. Raises `Missing` without espeak-ng."""
    return run(ESPEAK, "--version").decode(errors="replace").partition("Data at")[0].strip()


def say(text: str, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    """``text`` at any speed, pitch and size of the speaker, without silence at its ends, peak 1; float32 [n] at `RATE`.

    Raises `Missing` without the voice's program, `KitError` when it makes no sound.
    """
    size = float(np.clip(rng.normal(1.0, 0.07), 0.84, 1.2))
    if voice.program == ESPEAK:
        speed, pitch = str(rng.integers(120, 220)), str(rng.integers(15, 90))
        data = run(ESPEAK, "-v", f"{voice.accent}+{voice.name}", "-s", speed, "-p", pitch, "--stdout", "--", text)
    else:
        stretch = f"duration_stretch={rng.uniform(0.75, 1.35):.2f}"
        data = run(FLITE, "-voice", voice.name, "--setf", stretch, "-t", text, "-o", "/dev/stdout")
    sound = spoken(data, size)
    if not len(sound):
        raise KitError(f'{voice.program} says nothing for "{text}" with voice {voice.accent}+{voice.name}')
    return sound
