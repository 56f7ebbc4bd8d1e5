"""Raw samples to what the model is given: the one way for training, conversion, the reference and the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from toolchain.data.quantize import quantize, real_input
from toolchain.model.graph import Quantization
from toolchain.signal import FrontEnd, SignalSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit


def features(kit: Kit, raw: np.ndarray) -> np.ndarray:
    """Float32 [n, *kit.model_shape] of raw samples [n, *kit.input.shape]: what the float model is trained on.

    Raises `Missing` when the kit has a front end and there is no C compiler.
    """
    if kit.signal is None:
        return real_input(raw, kit.input)
    front_end = FrontEnd(kit.signal)
    return _each(kit.signal, raw, front_end.features, np.float32)


def model_inputs(kit: Kit, raw: np.ndarray, quantization: Quantization) -> np.ndarray:
    """The same as int8 in the ``quantization`` of the model's input: what the device computes, byte for byte."""
    if kit.signal is None:
        return quantize(real_input(raw, kit.input), quantization.scale, quantization.zero_point)
    front_end = FrontEnd(kit.signal, quantization)
    return _each(kit.signal, raw, front_end.quantized, np.int8)


def _each(signal: SignalSettings, raw: np.ndarray, run: Callable[[np.ndarray], np.ndarray], dtype: type) -> np.ndarray:
    made: np.ndarray = np.empty((len(raw), *signal.shape), dtype)
    for row, sample in zip(made, raw, strict=True):
        row[...] = run(sample.reshape(signal.raw_shape)).reshape(signal.shape)
    return made
