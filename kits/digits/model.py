"""The network of the digits kit."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def build(input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Two convolutions, a depthwise-separable one, and a dense layer with softmax."""
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    x = layers.Conv2D(32, 1, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def build_dense(input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Dense layers only: to compare with, ``function = "build_dense"`` in kit.toml."""
    inputs = keras.Input(input_shape)
    x = layers.Flatten()(inputs)
    x = layers.Dense(32, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def shift(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image moved by up to one pixel in both directions; what comes in is paper."""
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = [
        image[top : top + height, left : left + width]
        for image, (top, left) in zip(padded, rng.integers(0, 3, (len(images), 2)), strict=True)
    ]
    return np.stack(moved)
