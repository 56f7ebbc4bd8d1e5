"""The network of the motion kit."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def build(input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Three convolutions over time, the mean over the window, a dense layer with softmax."""
    inputs = keras.Input(input_shape)
    x = inputs
    for channels in (32, 40, 56):
        x = layers.Conv1D(channels, 5, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))  # folded into the convolution
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(0.4)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def wear(windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each window as if the watch sat another way (turned by some 20 degrees about any axis) on a slower or faster,
    stronger or weaker arm, with noise."""
    n = len(windows)
    windows = _paced(windows, np.exp(rng.normal(0, 0.12, (n, 1))))
    turns = _turns(n, rng)
    sensors = np.split(windows, range(3, windows.shape[-1], 3), axis=-1)  # of three axes each
    turned = np.concatenate([sensor @ turns for sensor in sensors], axis=-1)
    noise = rng.normal(0, 0.03, windows.shape)
    return (turned * rng.uniform(0.85, 1.15, (n, 1, 1)) + noise).astype(np.float32)


def _paced(windows: np.ndarray, pace: np.ndarray) -> np.ndarray:
    """Windows that run ``pace`` [n, 1] times as fast about their middle, and back again from their ends."""
    n, length, _ = windows.shape
    last = length - 1
    place = np.abs((np.arange(length) - last / 2) * pace + last / 2)
    place = np.clip(np.minimum(place, 2 * last - place), 0, last - 1e-3)
    before, rows = place.astype(int), np.arange(n)[:, np.newaxis]
    part = (place - before)[..., np.newaxis]
    paced = windows[rows, before] * (1 - part) + windows[rows, before + 1] * part
    return np.concatenate([paced[..., :3], paced[..., 3:] * pace[..., np.newaxis]], axis=-1)


def _turns(n: int, rng: np.random.Generator) -> np.ndarray:
    """Rotation matrices [n, 3, 3] about random axes (Rodrigues' formula)."""
    axis = rng.normal(size=(n, 3))
    x, y, z = (axis / np.linalg.norm(axis, axis=1, keepdims=True)).T
    zero = np.zeros(n)
    cross = np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]).transpose(2, 0, 1)
    angle = rng.normal(0, np.radians(20), (n, 1, 1))
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
