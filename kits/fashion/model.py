"""The network of the fashion kit."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def build(input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """A convolution and four depthwise-separable ones, the mean over the picture, a dense layer with softmax."""
    inputs = keras.Input(input_shape)
    x = _normalised(layers.Conv2D(24, 3, strides=2, padding="same", use_bias=False)(inputs))
    for channels, strides in ((48, 1), (96, 2), (96, 1), (128, 1)):
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = _normalised(layers.Conv2D(channels, 1, use_bias=False)(x))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.1)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    """Batch normalisation, which conversion folds into the convolution before it, and ReLU."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def flip_and_shift(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half of the images mirrored, half of them moved by up to one pixel in both directions."""
    count, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    top, left = np.where(rng.random(count) < 0.5, rng.integers(0, 3, (2, count)), 1)
    rows, columns = top[:, None] + np.arange(height), left[:, None] + np.arange(width)
    mirrored = rng.random((count, 1)) < 0.5
    columns = np.where(mirrored, columns[:, ::-1], columns)
    moved: np.ndarray = padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return moved
