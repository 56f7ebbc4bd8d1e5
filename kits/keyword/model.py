"""The network of the keyword kit, and how its inputs are varied in training."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

#: Decibels in one step of the model's input: 1 / scale of [signal] in kit.toml.
_DECIBELS = 1 / 0.03


def build(input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """A convolution over time and frequency, then depthwise-separable ones: a DS-CNN."""
    inputs = keras.Input(input_shape)
    x = layers.Reshape((*input_shape, 1))(inputs)
    x = _normalised(layers.Conv2D(48, (10, 8), strides=(2, 4), padding="same", use_bias=False)(x))
    for width, stride in ((48, 1), (80, 2), (96, 1), (96, 1)):
        x = _normalised(layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x))
        x = _normalised(layers.Conv2D(width, 1, use_bias=False)(x))
    x = layers.AveragePooling2D(x.shape[1:3])(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    """Batch normalisation, which conversion folds into the convolution before it, and ReLU."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def vary(inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Log-mel energies earlier or later, louder or softer, by another microphone, in noise, and with a band or a moment
    that is not heard."""
    count, frames, bands = inputs.shape
    varied = _warped(inputs, rng)
    varied = varied + (rng.uniform(-6, 6, (count, 1, 1)) + _response(count, bands, rng)) / _DECIBELS
    varied = _in_noise(varied, rng)
    for axis, size, widest in ((1, frames, 4), (2, bands, 5)):
        first, width = rng.integers(0, size, (count, 1)), rng.integers(0, widest + 1, (count, 1))
        places = np.arange(size)
        hidden = np.expand_dims((places >= first) & (places < first + width), 3 - axis)
        varied = np.where(hidden, varied.mean(axis=(1, 2), keepdims=True), varied)
    return varied.astype(np.float32)


def _warped(inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Earlier or later, slower or faster, by a larger or a smaller speaker: both axes stretched about their middle."""
    count = len(inputs)
    for axis, stretch, shift in ((1, 0.12, 4.0), (2, 0.07, 1.0)):
        size = inputs.shape[axis]
        factor, offset = rng.normal(1, stretch, (count, 1)), rng.uniform(-shift, shift, (count, 1))
        place = np.clip((np.arange(size) - size / 2) * factor + size / 2 + offset, 0, size - 1.001)
        first = place.astype(int)
        index = (first, place - first)
        shape = (count, size, 1) if axis == 1 else (count, 1, size)
        low, part = (value.reshape(shape) for value in index)
        inputs = np.take_along_axis(inputs, low, axis) * (1 - part) + np.take_along_axis(inputs, low + 1, axis) * part
    return inputs


def _response(count: int, bands: int, rng: np.random.Generator) -> np.ndarray:
    """Decibels [count, 1, bands] by which a microphone and a room let bands through: a slow curve and a slope."""
    knots = rng.normal(0, 5, (count, 6))
    place = np.linspace(0, 4.999, bands)
    left, part = place.astype(int), place % 1
    slope = rng.normal(0, 5, (count, 1)) * np.linspace(-1, 1, bands)
    return (knots[:, left] * (1 - part) + knots[:, left + 1] * part + slope)[:, np.newaxis]


def _in_noise(inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Powers of a steady noise added in half of ``inputs``, 0 to 40 dB below their loudest moment."""
    count, frames, bands = inputs.shape
    tilt = rng.uniform(-25, 10, (count, 1, 1)) * np.linspace(0, 1, bands)
    level = inputs.max(axis=(1, 2), keepdims=True) * _DECIBELS - rng.uniform(10, 60, (count, 1, 1))
    level = np.where(rng.random((count, 1, 1)) < 0.5, level, -1000)
    flutter = 10 * np.log10(rng.standard_exponential((count, frames, bands)) + 1e-3)
    return np.logaddexp(inputs * _DECIBELS * 0.23026, (level + tilt + flutter) * 0.23026) / (_DECIBELS * 0.23026)
