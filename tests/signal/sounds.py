"""Sounds to measure with: synthetic ones of several levels, and a recording that comes with Python where it does."""

from __future__ import annotations

import importlib.util
import wave
from pathlib import Path

import numpy as np
import scipy.signal

RATE = 16_000


def _pcm(x: np.ndarray, peak: float) -> np.ndarray:
    return np.clip(np.round(x / np.abs(x).max() * peak), -32768, 32767).astype(np.int16)


def speech_like(seconds: float, peak: float, seed: int = 0, noise: float = 0.01) -> np.ndarray:
    """Harmonics of a gliding pitch through moving formants, in syllables, with noise."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    t = np.arange(n) / RATE
    pitch = 110 + 40 * np.sin(2 * np.pi * 1.3 * t + rng.uniform(0, 6))
    source = scipy.signal.sawtooth(2 * np.pi * np.cumsum(pitch) / RATE) + 0.3 * rng.standard_normal(n)
    out = np.zeros(n)
    for centre, width in ((500, 120), (1500, 200), (2600, 300), (3600, 400)):
        centre = centre * rng.uniform(0.8, 1.2)
        b, a = scipy.signal.iirpeak(centre, centre / width, fs=RATE)
        out += scipy.signal.lfilter(b, a, source)
    out *= np.maximum(0, np.sin(2 * np.pi * 3 * t)) ** 0.5
    return _pcm(out + noise * np.abs(out).max() * rng.standard_normal(n), peak)


def chirp(seconds: float, peak: float) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return _pcm(scipy.signal.chirp(t, 50, seconds, 7800, method="logarithmic"), peak)


def synthetic() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    t = np.arange(RATE) / RATE
    sounds = {f"speech of peak {p}": speech_like(1.0, p, seed=i) for i, p in enumerate((32767, 3000, 300, 30, 5))}
    sounds |= {f"chirp of peak {p}": chirp(1.0, p) for p in (32767, 1000, 20)}
    sounds["tone"] = _pcm(np.sin(2 * np.pi * 1000.3 * t), 32000)
    sounds["white noise"] = _pcm(rng.standard_normal(RATE), 8000)
    sounds["last bit"] = rng.integers(-1, 2, RATE).astype(np.int16)
    sounds["loud and quiet"] = np.concatenate([speech_like(0.5, 32767), speech_like(0.5, 12)])
    return sounds


def recording() -> np.ndarray | None:
    """A plucked string from Python's own test data as mono at `RATE`, where this Python has it."""
    package = importlib.util.find_spec("test")
    for folder in (package.submodule_search_locations or []) if package else []:
        path = Path(folder) / "audiodata" / "pluck-pcm16.wav"
        if path.is_file():
            with wave.open(str(path)) as file:
                data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
            return np.tile(data.mean(axis=1), 6).astype(np.int16)
    return None
