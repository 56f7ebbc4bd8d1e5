"""Going on with a trained model: channels removed, or weights rounded as int8 while it learns."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from toolchain.kit import Kit

#: Part of the training's own learning rate with which a trained model is refined.
_SLOWER = 0.2


def refines(kit: Kit) -> bool:
    """Whether ``[training]`` of ``kit`` asks for anything of this module."""
    return bool(kit.training.prune_channels or kit.training.quantization_aware)


def refine(
    kit: Kit, model: Any, loss: str, train: Any, validation: tuple[np.ndarray, np.ndarray], callback: Any
) -> None:
    """Train the Keras ``model`` for ``refine_epochs`` more, on batches ``train``, as ``[training]`` says."""
    import keras

    masks = prune_channels(model, kit.training.prune_channels) if kit.training.prune_channels else []
    steps = len(train) * kit.training.refine_epochs
    rate = keras.optimizers.schedules.CosineDecay(_SLOWER * kit.training.learning_rate, steps)
    with rounded_weights(model) if kit.training.quantization_aware else contextlib.nullcontext():
        model.compile(
            optimizer=keras.optimizers.Adam(rate),
            loss=loss,
            metrics=[] if kit.task == "anomaly" else ["accuracy"],
            steps_per_execution=min(len(train), 32),
        )
        keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: apply_masks(masks))
        model.fit(
            train,
            validation_data=validation,
            shuffle=False,  # the batches are
            epochs=kit.training.refine_epochs,
            callbacks=[keep, callback],
            verbose=0,
        )


def prune_channels(model: Any, part: float) -> list[tuple[Any, np.ndarray]]:
    """Set ``part`` of the output channels of each convolution and dense layer but the last to 0: the least ones.

    The magnitude is the norm of a channel's weights as batch normalisation scales them. Layers that only pass channels
    on (depthwise, normalisation) lose them too, so that the compiler finds them dead and leaves them out. Returns each
    variable with what to multiply it by (see `apply_masks`).
    """
    import keras

    layers = keras.layers
    passing = (
        layers.ReLU, layers.Dropout, layers.MaxPooling1D, layers.MaxPooling2D,
        layers.AveragePooling1D, layers.AveragePooling2D, layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D,
        layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D,
    )  # fmt: skip
    weighted = [layer for layer in model.layers if isinstance(layer, layers.Conv1D | layers.Conv2D | layers.Dense)]
    weighted = [layer for layer in weighted if not isinstance(layer, layers.DepthwiseConv1D | layers.DepthwiseConv2D)]
    kept: dict[int, np.ndarray] = {}  # by the layer whose output it is
    masks: list[tuple[Any, np.ndarray]] = []
    for layer in model.layers:
        before = kept.get(id(_source(layer)))
        if layer in weighted[:-1]:
            kept[id(layer)] = channels = _strongest(model, layer, part)
            masks += [(layer.kernel, channels), *([(layer.bias, channels)] if layer.use_bias else [])]
        elif before is None:
            continue
        elif isinstance(layer, layers.BatchNormalization):
            kept[id(layer)] = before
            masks += [(layer.gamma, before), (layer.beta, before)]
        elif isinstance(layer, layers.DepthwiseConv1D | layers.DepthwiseConv2D) and layer.depth_multiplier == 1:
            kept[id(layer)] = before
            masks += [(layer.kernel, before[:, None]), *([(layer.bias, before)] if layer.use_bias else [])]
        elif isinstance(layer, passing):
            kept[id(layer)] = before
    apply_masks(masks)
    return masks


def apply_masks(masks: list[tuple[Any, np.ndarray]]) -> None:
    """Set to 0 again what was pruned."""
    for variable, mask in masks:
        variable.assign(variable * mask)


def _source(layer: Any) -> Any:
    """The layer that makes this one's only input, else None."""
    tensor = layer.input
    return None if isinstance(tensor, list | tuple | dict) else tensor._keras_history.operation


def _strongest(model: Any, layer: Any, part: float) -> np.ndarray:
    """1 for each output channel of ``layer`` that stays, 0 for the others; float32 [channels]."""
    import keras

    size = np.linalg.norm(np.asarray(layer.kernel).reshape(-1, layer.kernel.shape[-1]), axis=0)
    for after in model.layers:
        if isinstance(after, keras.layers.BatchNormalization) and _source(after) is layer:
            size = size * np.abs(after.gamma) / np.sqrt(np.asarray(after.moving_variance) + after.epsilon)
    channels = np.ones(len(size), np.float32)
    channels[np.argsort(size, kind="stable")[: int(part * len(size))]] = 0
    return channels


@contextlib.contextmanager
def rounded_weights(model: Any) -> Iterator[None]:
    """While this is entered, layers compute with weights rounded to int8, and learn as if they were not.

    A scale for each output channel, symmetric, as conversion chooses them; batch normalisation scales whole channels,
    so folding it does not change what is rounded. The gradient passes straight through (Y. Bengio, N. Léonard,
    A. Courville, "Estimating or propagating gradients through stochastic neurons", 2013).
    """
    changed = [(layer, type(layer)) for layer in model.layers if getattr(layer, "kernel", None) is not None]
    for layer, kind in changed:
        layer.__class__ = _rounding(kind)
    try:
        yield
    finally:
        for layer, kind in changed:
            layer.__class__ = kind


def _rounding(kind: type) -> type:
    """``kind`` of layer with a kernel that reads as rounded."""
    from keras import ops

    depthwise = "Depthwise" in kind.__name__

    def kernel(self: Any) -> Any:
        weights = self.__dict__.get("kernel", None)
        weights = self._kernel if weights is None else weights
        axes = tuple(range(len(weights.shape) - (2 if depthwise else 1)))
        scale = ops.maximum(ops.max(ops.abs(weights), axis=axes, keepdims=True), 1e-9) / 127
        rounded = ops.round(weights / scale) * scale
        return weights + ops.stop_gradient(rounded - weights)

    return type(kind.__name__, (kind,), {"kernel": property(kernel, lambda self, value: None)})
