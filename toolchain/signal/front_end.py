"""One front end: what training computes features with, and what goes into the firmware."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from toolchain.errors import BadInput
from toolchain.model.graph import Quantization
from toolchain.signal import render
from toolchain.signal.config import Config, make_config
from toolchain.signal.library import Instance
from toolchain.signal.settings import AudioSettings, ImageSettings, MotionSettings, SignalSettings


class FrontEnd:
    """Features of raw samples by the C that runs on the device.

    ``quantization`` is that of the model's int8 input, needed by `quantized`, `stream` and `c_files`. Raises `BadInput`
    for settings that cannot be had, `Missing` without a C compiler.
    """

    def __init__(self, settings: SignalSettings, quantization: Quantization | None = None) -> None:
        self.settings = settings
        self._quantization = quantization
        self._config = make_config(settings, quantization)
        self._instance = Instance(self._config)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the model's input without the batch."""
        return self._config.shape

    @property
    def sha256(self) -> str:
        """Hash (hex) of the configuration, by which the firmware says which front end it has."""
        self._need_quantization()
        return render.digest(self.settings, self._config).hex()

    def features(self, samples: np.ndarray) -> np.ndarray:
        """Float32 features ``(value - offset) * scale``, what the float model is trained on.

        Audio: int16 [n] to [frames, features], for any n of at least one frame. Motion: int16 [n, axes] to [windows,
        window, axes] or [windows, features]. Image: uint8 of one picture to [height, width, channels]. Raises
        `BadInput` for another type or shape, or fewer samples than one frame.
        """
        out = self._whole(samples, "whole_q16", np.int32)
        offset, scale = np.array(self.settings.offset), np.array(self.settings.scale)
        flat = out.reshape(-1, self.settings.columns)
        return (((flat * self._config.unit) - offset) * scale).astype(np.float32).reshape(out.shape)

    def quantized(self, samples: np.ndarray) -> np.ndarray:
        """The same as int8 in the model's own quantisation: the bytes that the device computes."""
        self._need_quantization()
        return self._whole(samples, "whole", np.int8)

    def stream(self) -> Stream:
        """A stream of its own. Raises `BadInput` for images."""
        self._need_quantization()
        if isinstance(self.settings, ImageSettings):
            raise BadInput("signal: pictures are no stream", "quantized() takes one picture")
        return Stream(self.settings, self._config)

    def c_files(self) -> dict[str, str]:
        """The C of this front end with its configuration frozen in, by file name."""
        self._need_quantization()
        return render.c_files(self.settings, self._config)

    @property
    def ram_bytes(self) -> int:
        """Bytes of memory that kit_signal.c takes, less a few dozen: samples, features and what is between."""
        if isinstance(self.settings, ImageSettings):
            return self.settings.stride
        frames = math.prod(self.shape) if isinstance(self.settings, AudioSettings) else 0
        return self._instance.memory_bytes + frames

    @property
    def table_bytes(self) -> int:
        """Bytes of the tables of the configuration."""
        return self._instance.table_bytes

    def _need_quantization(self) -> None:
        if self._quantization is None:
            raise BadInput("signal: the model's quantisation is not known", "give FrontEnd the quantisation")

    def _whole(self, samples: np.ndarray, function: str, dtype: type) -> np.ndarray:
        samples = _checked(self.settings, samples)
        each = self._config.shape
        frames = 1
        if not isinstance(self.settings, ImageSettings):
            window, hop = self.settings.window, self.settings.hop
            if len(samples) < window:
                raise BadInput(f"signal: {len(samples)} samples are fewer than one window of {window}")
            frames = (len(samples) - window) // hop + 1
            each = each[1:] if isinstance(self.settings, AudioSettings) else each
        out: np.ndarray = np.empty((frames, *each), dtype)
        if isinstance(self.settings, ImageSettings):
            self._instance.call(function, samples, out)
            return out[0]
        made = self._instance.call(function, samples, len(samples), out)
        assert made == frames, (made, frames)
        return out


class Stream:
    """Samples as they come, int8 features as soon as a frame or window is whole."""

    def __init__(self, settings: AudioSettings | MotionSettings, config: Config) -> None:
        self._settings, self._instance = settings, Instance(config)
        self._shape = config.shape[1:] if isinstance(settings, AudioSettings) else config.shape

    def reset(self) -> None:
        """Forget the samples so far."""
        self._instance.call("reset")

    def feed(self, samples: np.ndarray) -> Iterator[np.ndarray]:
        """Any number of samples; the features of each frame that they complete."""
        samples = _checked(self._settings, samples)
        while len(samples):
            samples = samples[self._instance.call("feed", samples, len(samples)) :]
            out = np.empty(self._shape, np.int8)
            if self._instance.call("frame", out):
                yield out


def _checked(settings: SignalSettings, samples: np.ndarray) -> np.ndarray:
    """``samples`` in C order. Raises `BadInput` when they are of another type or shape."""
    samples = np.asarray(samples)
    shape = settings.raw_shape
    if not isinstance(settings, ImageSettings):  # of any length
        shape = (len(samples) if samples.ndim else 0, *shape[1:])
    if samples.dtype.name != settings.raw_dtype or samples.shape != shape:
        raise BadInput(
            f"signal: {settings.type} takes {settings.raw_dtype} of shape {list(shape)},"
            f" not {samples.dtype.name} of {list(samples.shape)}"
        )
    return np.ascontiguousarray(samples)
