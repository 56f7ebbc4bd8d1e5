"""The network of the anomaly kit."""

from __future__ import annotations

import keras
from keras import layers


def build(input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """An autoencoder: the window through 24 values and back. It rebuilds what it was trained on, and little else."""
    inputs = keras.Input(input_shape)
    x = layers.Dense(60, activation="relu")(inputs)
    x = layers.Dense(24)(x)
    x = layers.Dense(60, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(input_shape[0])(x))
