"""The network of the faces kit."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def build(input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """A convolution, three depthwise-separable ones, and a dense layer with softmax."""
    inputs = keras.Input(input_shape)
    x = _normalised(layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(inputs))
    for channels, strides in ((32, 1), (48, 2), (64, 1)):
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = _normalised(layers.Conv2D(channels, 1, use_bias=False)(x))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    """Batch normalisation, which conversion folds into the convolution before it, and ReLU."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def vary(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image moved by up to two pixels, half of them mirrored, with other light and contrast, and some noise."""
    n = len(images)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:3], axis=(1, 2))
    top, left = rng.integers(0, 5, (2, n))
    moved = np.moveaxis(windows[np.arange(n), top, left], 1, -1)
    moved = np.where((rng.random(n) < 0.5)[:, None, None, None], moved[:, :, ::-1], moved)
    mean = moved.mean(axis=(1, 2, 3), keepdims=True)
    contrast, light = rng.uniform(0.7, 1.3, mean.shape), rng.uniform(-0.15, 0.15, mean.shape)
    noise = rng.normal(0, 0.02, images.shape)
    return np.clip((moved - mean) * contrast + mean + light + noise, 0, 1).astype(np.float32)
