"""Pruned channels and rounded weights of small models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from toolchain.train.refine import apply_masks, prune_channels, rounded_weights
from toolchain.train.tensorflow import import_tensorflow

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("what_training_needs")]


@pytest.fixture
def model() -> Any:
    import_tensorflow()
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    made = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(6, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(1)
    made.set_weights([w + rng.uniform(0, 0.2, w.shape) for w in made.get_weights()])
    return made


def test_the_least_channels_go_and_those_behind_them_too(model: Any) -> None:
    conv, norm, _, depthwise, norm_2, _, _, dense, last = model.layers
    size = np.linalg.norm(np.asarray(conv.kernel).reshape(9, 8), axis=0)
    size *= np.abs(norm.gamma) / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
    gone = np.sort(np.argsort(size)[:4])
    masks = prune_channels(model, 0.5)
    for values in (
        conv.kernel,
        norm.gamma,
        norm.beta,
        np.asarray(depthwise.kernel)[..., 0],
        depthwise.bias,
        norm_2.beta,
    ):
        empty = np.flatnonzero((np.asarray(values).reshape(-1, 8) == 0).all(axis=0))
        assert np.array_equal(empty, gone)
    assert np.count_nonzero((np.asarray(dense.kernel) == 0).all(axis=0)) == 3
    assert not (np.asarray(last.kernel) == 0).any()
    conv.kernel.assign(conv.kernel + 1)
    apply_masks(masks)
    assert (np.asarray(conv.kernel)[..., gone] == 0).all()


def test_rounded_weights_compute_as_if_rounded_and_still_learn(model: Any) -> None:
    import keras
    import tensorflow as tf

    x = np.random.default_rng(2).random((5, 8, 8, 1), np.float32)
    before = [w.numpy().copy() for w in model.weights]
    with rounded_weights(model):
        rounded = model(x).numpy()
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(x)[:, 0])
        gradients = tape.gradient(loss, [layer._kernel for layer in model.layers if hasattr(layer, "_kernel")])
    assert all(np.abs(g).max() > 0 for g in gradients)
    assert [type(layer).__module__.split(".")[0] for layer in model.layers] == ["keras"] * len(model.layers)
    assert all(np.array_equal(w, b) for w, b in zip(model.weights, before, strict=True))

    other = keras.models.clone_model(model)
    other.set_weights(before)
    for layer in other.layers:
        if getattr(layer, "kernel", None) is not None:
            weights = np.asarray(layer.kernel)
            axes = (0, 1) if isinstance(layer, keras.layers.DepthwiseConv2D) else tuple(range(weights.ndim - 1))
            scale = np.abs(weights).max(axis=axes, keepdims=True) / 127
            layer.kernel.assign(np.round(weights / scale) * scale)
    assert np.allclose(rounded, other(x).numpy(), atol=1e-5)
    assert not np.array_equal(rounded, model(x).numpy())
