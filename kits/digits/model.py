"""The network of the digits kit."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def build(input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """A convolution, a depthwise-separable one, and a dense layer with softmax: 58,000 multiply-accumulates."""
    inputs = keras.Input(input_shape)
    x = _normalised(layers.Conv2D(32, 3, padding="same", use_bias=False)(inputs))
    x = layers.MaxPooling2D(2)(x)
    x = _normalised(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x))
    x = _normalised(layers.Conv2D(64, 1, use_bias=False)(x))
    x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    """Batch normalisation, which conversion folds into the layer before it, and ReLU."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def build_dense(input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Dense layers only, for 2 kB of RAM: 12,600 multiply-accumulates, at most 192 bytes of activations at once."""
    inputs = keras.Input(input_shape)
    x = _normalised(layers.Dense(128, use_bias=False)(layers.Flatten()(inputs)))
    x = layers.Dropout(0.2)(x)
    x = _normalised(layers.Dense(32, use_bias=False)(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def shift(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image moved by up to one pixel in both directions; what comes in is paper."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:3], axis=(1, 2))
    top, left = rng.integers(0, 3, (2, len(images)))
    return np.moveaxis(windows[np.arange(len(images)), top, left], 1, -1)
