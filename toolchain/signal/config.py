"""Settings to the numbers that the C is given: the members of its configuration struct, tables included."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolchain.model.graph import Quantization
from toolchain.signal import tables
from toolchain.signal.settings import AudioSettings, ImageSettings, MotionSettings, SignalSettings

_DB = 10 * math.log10(2)  # of power in one doubling

_Made = tuple[dict[str, Any], np.ndarray]  # values and unit of a `Config`


@dataclass(frozen=True)
class Config:
    """``values`` of the members of ``struct kit_<family>_config`` by name; a table is an array, an inner struct a
    mapping. ``shape`` of the model's input without the batch. ``unit``: what one step of the Q16 values that the C
    computes is, for each feature."""

    family: str
    values: Mapping[str, Any]
    shape: tuple[int, ...]
    unit: np.ndarray

    @property
    def struct(self) -> str:
        return f"kit_{self.family}_config"


def make_config(settings: SignalSettings, quantization: Quantization | None = None) -> Config:
    """The configuration for ``settings`` with ``quantization`` of the model's input folded in; without it the int8
    output is of scale 1 and zero point 0, and of no use.

    Raises `BadInput` where settings cannot be turned into tables.
    """
    if isinstance(settings, AudioSettings):
        values, unit = _audio(settings)
    elif isinstance(settings, MotionSettings):
        values, unit = _motion(settings)
    else:
        values, unit = _image(settings)
    output = output_stage(settings, unit, quantization or Quantization((1.0,), (0,)))
    return Config(settings.type, {**values, "output": output}, settings.shape, unit)


def output_stage(settings: SignalSettings, unit: np.ndarray, quantization: Quantization) -> Mapping[str, Any]:
    """``struct kit_affine`` from Q16 values to int8, all columns alike where they may be."""
    offset, scale = np.array(settings.offset), np.array(settings.scale)
    gain = unit * scale / quantization.scale
    bias = quantization.zero_point - offset * scale / quantization.scale
    gain, bias = np.broadcast_arrays(gain, bias)
    return tables.affine(gain, bias)


def _fft(size: int) -> dict[str, Any]:
    return {"log2_size": size.bit_length() - 1, "factors": tables.fft_factors(size)}


def _q16(value: float) -> int:
    return round(value * 65536)


def _audio(s: AudioSettings) -> _Made:
    first, count, weights = tables.sparse(tables.mel_filters(s.rate, s.fft, s.filters, s.f_min, s.f_max))
    stages = s.fft.bit_length() - 2  # of the complex transform
    total = math.log2(tables.window_curve(s.curve, s.window).sum())
    # Of log2 of a sum of weights (2^15) times powers: samples are scaled by 2^14, the window by 1 / 2, the transform by
    # 1 / fft; a sine of 2^15 has half of that times the window's sum in its bin. Roots have 16 more bits.
    if s.energy == "power":
        offset, decibels = -15 - 2 * (12 - stages) + 2 - 2 * total - 30, _DB
    else:
        offset, decibels = -15 - 16 - (12 - stages) + 1 - total - 15, 2 * _DB
    values = {
        "window": s.window,
        "hop": s.hop,
        "filters": s.filters,
        "coefficients": s.coefficients,
        "magnitude": int(s.energy == "magnitude"),
        "pre_emphasis": round(s.pre_emphasis * 32768),
        "offset": _q16(offset),
        "floor": _q16(s.floor_db / decibels),
        "fft": _fft(s.fft),
        "curve": tables.half_curve(s.curve, s.window),
        "first": first,
        "count": count,
        "weights": weights,
        "transform": tables.dct(s.coefficients, s.filters).reshape(-1),
    }
    return values, np.array([decibels / 65536])


def _motion(s: MotionSettings) -> _Made:
    spectral = s.features == "spectral"
    frames = (s.window - s.fft) // (s.fft // 2) + 1 if spectral else 0
    values: dict[str, Any] = {
        "axes": s.axes,
        "window": s.window,
        "hop": s.hop,
        "frames": frames,
        "rms_offset": 0,
        "bin_offset": 0,
        "floor": 0,
        "log2_window": _q16(math.log2(s.window)),
        "fft": {"log2_size": 3, "factors": np.zeros(0, np.int32)},
        "curve": np.zeros(0, np.int32),
    }
    if not spectral:
        return values, np.array([1 / 65536])
    # Deviations are taken times the window's length. Powers are scaled by 1 / 2 (window) and 1 / fft before squaring
    # and by a power of two that makes the sum over the frames fit; a sine of 2^15 has half of that times the curve's
    # sum in its bin.
    length, total = math.log2(s.window), math.log2(tables.window_curve("hann", s.fft).sum())
    down = (frames - 1).bit_length()
    bins = down - math.log2(frames) + 2 * (1 + math.log2(s.fft)) - 2 * length + 2 - 2 * total - 30
    values |= {
        "rms_offset": _q16(-3 * length - 30),
        "bin_offset": _q16(bins),
        "floor": _q16(s.floor_db / _DB),
        "fft": _fft(s.fft),
        "curve": tables.half_curve("hann", s.fft),
    }
    one = np.array([_DB, 1.0, 1.0] + [_DB] * (s.fft // 2)) / 65536
    return values, np.tile(one, s.axes)


def _image(s: ImageSettings) -> _Made:
    top, left, height, width = s.part
    values = {
        "format": ("grey8", "rgb888", "rgb565", "rgb565_swapped").index(s.format),
        "source_width": s.source[1],
        "top": top,
        "left": left,
        "part_height": height,
        "part_width": width,
        "height": s.size[0],
        "width": s.size[1],
        "channels": s.channels,
        "bilinear": int(s.scaling == "bilinear"),
        # Rounded up, so that the nearest pixel is not the one before where the middle lies on an edge.
        "step_y": -(-(height << 16) // s.size[0]),
        "step_x": -(-(width << 16) // s.size[1]),
    }
    return values, np.array([1 / 65536])
