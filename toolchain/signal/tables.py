"""Tables of the front ends in fixed point, computed in float64 when a configuration is made."""

from __future__ import annotations

import math

import numpy as np

from toolchain.errors import BadInput

Q31_ONE = (1 << 31) - 1


def _q31(values: np.ndarray) -> np.ndarray:
    return np.minimum(np.round(values * float(1 << 31)), Q31_ONE).astype(np.int32)


def window_curve(kind: str, length: int) -> np.ndarray:
    """Float64 [length]: a periodic Hann or Hamming window, as ``scipy.signal.get_window(kind, length)``."""
    a = {"hann": 0.5, "hamming": 0.54}[kind]
    return a - (1 - a) * np.cos(2 * np.pi * np.arange(length) / length)


def half_curve(kind: str, length: int) -> np.ndarray:
    """The first length // 2 + 1 values of `window_curve` in Q31; the others mirror them."""
    return _q31(window_curve(kind, length)[: length // 2 + 1])


def fft_factors(size: int) -> np.ndarray:
    """Int32 Q31: cos and sin in the order in which ``kit_fft_power`` of ``size`` samples uses them (kit_fft.h)."""
    half = size // 2
    turns: list[float] = []  # of pi
    quarter = 4 if size.bit_length() % 2 == 0 else 2
    while quarter < half:
        for k in range(quarter):
            turns += [k / quarter, k / (2 * quarter)]
        quarter *= 4
    turns += [k / half for k in range(1, half // 2 + 1)]
    angle = np.pi * np.array(turns)
    return _q31(np.stack([np.cos(angle), np.sin(angle)], axis=1)).reshape(-1)


def mel(hertz: np.ndarray | float) -> np.ndarray:
    """The mel scale of O'Shaughnessy, 1127 ln(1 + f / 700), as HTK and TensorFlow have it."""
    return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)


def mel_filters(rate: int, size: int, filters: int, f_min: float, f_max: float) -> np.ndarray:
    """Float64 [filters, size / 2 + 1]: triangles of height 1 with edges evenly spaced in mel and straight in mel; bin 0
    (constant) has no weight. As ``tf.signal.linear_to_mel_weight_matrix``."""
    edges = np.linspace(mel(f_min), mel(f_max), filters + 2)
    at = mel(np.arange(size // 2 + 1) * rate / size)
    rising = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[:, 0] = 0.0
    return weights


def sparse(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First bin and number of bins of each filter, and the weights of all in Q15, all uint16.

    Raises `BadInput` for a filter that no bin falls into.
    """
    q15 = np.round(weights * 32768).astype(np.uint16)
    first, count, parts = [], [], []
    for number, row in enumerate(q15):
        used = np.flatnonzero(row)
        if used.size == 0:
            raise BadInput(
                f"signal: no bin of the Fourier transform falls into mel filter {number} of {len(q15)}",
                "fewer filters, a larger fft, or a wider range from f_min to f_max",
            )
        first.append(used[0])
        count.append(used[-1] - used[0] + 1)
        parts.append(row[used[0] : used[-1] + 1])
    return np.array(first, np.uint16), np.array(count, np.uint16), np.concatenate(parts)


def dct(outputs: int, inputs: int) -> np.ndarray:
    """Int16 Q15 [outputs, inputs]: the first rows of the orthonormal DCT-II."""
    k, n = np.arange(outputs)[:, None], np.arange(inputs)[None, :]
    matrix = np.sqrt(2.0 / inputs) * np.cos(np.pi * k * (n + 0.5) / inputs)
    matrix[:1] /= math.sqrt(2.0)
    return np.clip(np.round(matrix * 32768), -32768, 32767).astype(np.int16)


def affine(gain: np.ndarray, bias: np.ndarray) -> dict[str, int | np.ndarray]:
    """``struct kit_affine`` that turns x into round(gain · x + bias), entry by entry.

    Raises `BadInput` where the bias lies so far outside int8 that the input would be constant, or the gain is absurd.
    """
    multipliers, biases, shifts = [], [], []
    for g, b in zip(gain.tolist(), bias.tolist(), strict=True):
        if not (math.isfinite(g) and math.isfinite(b) and abs(b) < 4096 and 0 < abs(g) < 4096):
            raise BadInput(
                f"signal: offset and scale do not suit the model's quantisation (gain {g:g}, bias {b:g} of int8)",
                "values of the size that the model was trained on",
            )
        shift = min(49, 30 - math.frexp(abs(g))[1])
        multipliers.append(round(math.ldexp(g, shift)))
        biases.append(round(math.ldexp(b + 0.5, shift)))
        shifts.append(shift)
    return {
        "count": len(shifts),
        "multipliers": np.array(multipliers, np.int32),
        "biases": np.array(biases, np.int64),
        "shifts": np.array(shifts, np.uint8),
    }
