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
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    """Batch normalisation, which conversion folds into the convolution before it, and ReLU."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def flip_and_shift(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image moved by up to one pixel in both directions, half of them mirrored."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:3], axis=(1, 2))
    top, left = rng.integers(0, 3, (2, len(images)))
    moved = np.moveaxis(windows[np.arange(len(images)), top, left], 1, -1)
    mirrored = rng.random(len(images)) < 0.5
    return np.where(mirrored[:, None, None, None], moved[:, :, ::-1], moved)
