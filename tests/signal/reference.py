"""Float64 features with NumPy and SciPy: what the fixed-point front ends are measured against. Written from the
definitions in the settings' docstrings, not from the code."""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.signal
import scipy.stats

from toolchain.signal import AudioSettings, ImageSettings, MotionSettings


def snr(reference: np.ndarray, measured: np.ndarray) -> float:
    """Signal to noise ratio in dB, of the variation of the reference: a constant offset is no signal."""
    reference, error = reference.astype(np.float64), measured.astype(np.float64) - reference
    return float(10 * np.log10(((reference - reference.mean()) ** 2).sum() / max((error**2).sum(), 1e-30)))


def triangle(bins: np.ndarray, left: float, middle: float, right: float) -> np.ndarray:
    return np.interp(bins, [left, middle, right], [0.0, 1.0, 0.0], left=0.0, right=0.0)


def log_mel(s: AudioSettings, pcm: np.ndarray) -> np.ndarray:
    """Log-mel energies in dB, [frames, filters], of int16 samples."""
    x = pcm.astype(np.float64) / 32768
    window = scipy.signal.get_window(s.curve, s.window)
    mel = 1127 * np.log(1 + np.arange(1, s.fft // 2 + 1) * s.rate / s.fft / 700)
    edges = np.linspace(*(1127 * np.log(1 + f / 700) for f in (s.f_min, s.f_max)), s.filters + 2)
    filters = np.array([triangle(mel, *edges[i : i + 3]) for i in range(s.filters)])
    rows = []
    for start in range(0, len(x) - s.window + 1, s.hop):
        frame = x[start : start + s.window]
        frame = frame - s.pre_emphasis * np.concatenate([frame[:1], frame[:-1]])
        magnitude = np.abs(np.fft.rfft(frame * window, s.fft))[1:] * 2 / window.sum()
        if s.energy == "power":
            energy, decibels = filters @ magnitude**2, 10
        else:
            energy, decibels = filters @ magnitude, 20
        rows.append(np.maximum(decibels * np.log10(np.maximum(energy, 1e-300)), s.floor_db))
    return np.array(rows)


def mfcc(s: AudioSettings, pcm: np.ndarray) -> np.ndarray:
    return scipy.fft.dct(log_mel(s, pcm), norm="ortho")[:, : s.coefficients]


def spectral(s: MotionSettings, window: np.ndarray) -> np.ndarray:
    """Features [axes, 3 + fft / 2] of one window [samples, axes] of int16."""
    rows = []
    for axis in window.T.astype(np.float64):
        x = axis - axis.mean()
        rms = np.sqrt((x**2).mean())
        shape = [scipy.stats.skew(x), scipy.stats.kurtosis(x)] if rms > 0 else [0.0, 0.0]
        curve = scipy.signal.get_window("hann", s.fft)
        starts = range(0, s.window - s.fft + 1, s.fft // 2)
        power = np.mean([np.abs(np.fft.rfft(x[i : i + s.fft] * curve)) ** 2 for i in starts], axis=0)[1:]
        level = 10 * np.log10(np.maximum(power * (2 / curve.sum() / 32768) ** 2, 1e-300))
        first = 20 * np.log10(max(rms / 32768, 1e-300))
        rows.append([max(first, s.floor_db), *shape, *np.maximum(level, s.floor_db)])
    return np.array(rows)


def image(s: ImageSettings, picture: np.ndarray) -> np.ndarray:
    """Bilinear with half-pixel centres, or nearest, of a float picture [height, width, channels] (cropped)."""
    top, left, height, width = s.part
    part = picture[top : top + height, left : left + width].astype(np.float64)

    def places(out: int, size: int) -> np.ndarray:
        at = (np.arange(out) + 0.5) * size / out
        return np.clip(at - 0.5, 0, size - 1) if s.scaling == "bilinear" else np.floor(at)

    y, x = places(s.size[0], height), places(s.size[1], width)
    rows = [[np.interp(x, np.arange(width), line[:, c]) for c in range(part.shape[2])] for line in part]
    across = np.array(rows).transpose(0, 2, 1)
    flat = across.reshape(height, -1)
    down = np.array([np.interp(y, np.arange(height), column) for column in flat.T]).T
    return down.reshape(*s.size, part.shape[2])
