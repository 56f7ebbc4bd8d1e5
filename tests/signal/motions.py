"""Motion to measure with: what a wrist does, at several strengths, and the ends of the range."""

from __future__ import annotations

import numpy as np


def swing(samples: int, axes: int, peak: float, seed: int = 0) -> np.ndarray:
    """Int16 [samples, axes]: a few slow sines, their overtones, noise, a constant (gravity)."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples)[:, None] / 50
    f = rng.uniform(0.5, 4, axes)
    x = np.sin(2 * np.pi * f * t) + 0.4 * np.sin(2 * np.pi * 3 * f * t + 1) + 0.1 * rng.standard_normal((samples, axes))
    x = x / np.abs(x).max() * peak * 0.7 + rng.uniform(-0.3, 0.3, axes) * peak
    return np.clip(np.round(x), -32768, 32767).astype(np.int16)


def every(samples: int, axes: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    made = {f"swing of peak {p}": swing(samples, axes, p, i) for i, p in enumerate((32767, 4000, 100, 8))}
    made["noise"] = rng.integers(-32768, 32768, (samples, axes)).astype(np.int16)
    made["square"] = np.repeat(np.where(np.arange(samples) // 7 % 2, 32767, -32768)[:, None], axes, 1).astype(np.int16)
    made["quiet square"] = np.sign(made["square"]) * np.int16(15)
    made["nothing"] = np.zeros((samples, axes), np.int16)
    made["constant"] = np.full((samples, axes), -32768, np.int16)
    made["impulse"] = made["constant"].copy()
    made["impulse"][::97] = 32767
    made["one bit"] = np.zeros((samples, axes), np.int16)
    made["one bit"][samples // 2] = 1
    return made
