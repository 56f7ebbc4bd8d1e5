"""What happens to a sound before a microphone hears it: distance, room, telephone, noise. All by a given generator."""

from __future__ import annotations

import numpy as np

from toolchain.data.speech import RATE

#: Exponent of the frequency by which the power of a noise falls.
_COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0}


def decibels(value: float) -> float:
    """Factor of amplitude."""
    return float(10 ** (value / 20))


def loudness(sound: np.ndarray) -> float:
    """Root mean square of what is not silence in ``sound``: of its values above a hundredth of its peak."""
    loud = np.abs(sound) > 0.01 * np.abs(sound).max(initial=0)
    return float(np.sqrt(np.mean(np.square(sound[loud], dtype=np.float64)))) if loud.any() else 0.0


def coloured_noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """White, pink or brown noise, one time in four with a mains hum; float32 [count] of root mean square 1."""
    exponent = _COLOURS[str(rng.choice(list(_COLOURS)))]
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20.0)
    noise = np.fft.irfft(spectrum * frequency ** (-exponent / 2), count)
    noise /= np.sqrt(np.mean(noise**2))
    if rng.random() < 0.25:
        time = np.arange(count) / RATE
        mains = float(rng.choice([50.0, 60.0]))
        hum = sum(rng.random() / k * np.sin(2 * np.pi * (k * mains * time + rng.random())) for k in range(1, 8))
        noise = noise + hum * float(rng.uniform(0.3, 2))
        noise /= np.sqrt(np.mean(noise**2))
    return noise.astype(np.float32)


def in_a_room(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """``sound`` with the echo of a room whose reverberation falls by 60 dB in 0.1 to 0.5 s; as long as before plus
    that."""
    from scipy.signal import fftconvolve

    seconds = float(rng.uniform(0.1, 0.5))
    time = np.arange(int(seconds * RATE)) / RATE
    response = rng.standard_normal(len(time)) * 10 ** (-3 * time / seconds)
    response *= float(rng.uniform(0.1, 0.7)) / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    return fftconvolve(sound, response).astype(np.float32)


def by_telephone(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """``sound`` without what lies above 3 to 5 kHz and below 50 to 300 Hz."""
    from scipy.signal import butter, sosfilt

    band = float(rng.uniform(50, 300)), float(rng.uniform(3000, 5000))
    return np.asarray(sosfilt(butter(4, band, "bandpass", fs=RATE, output="sos"), sound), np.float32)


def heard(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """``sound`` as one of many microphones in many places hears it."""
    if rng.random() < 0.4:
        sound = in_a_room(sound, rng)
    if rng.random() < 0.25:
        sound = by_telephone(sound, rng)
    return sound


def placed(sound: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """``sound`` anywhere in ``count`` samples of silence; of a longer one the middle."""
    if len(sound) >= count:
        start = (len(sound) - count) // 2
        return sound[start : start + count].copy()
    window = np.zeros(count, np.float32)
    start = int(rng.integers(0, count - len(sound) + 1))
    window[start : start + len(sound)] = sound
    return window


def to_pcm(sound: np.ndarray) -> np.ndarray:
    """int16 of full scale 1, clipped as a converter does."""
    return np.clip(np.rint(sound * 32767), -32768, 32767).astype(np.int16)
