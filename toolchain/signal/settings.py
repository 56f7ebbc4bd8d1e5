"""What a front end may be told: the tables that ``[signal]`` of a kit.toml takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from toolchain.errors import BadInput

Count = Annotated[int, Field(gt=0)]
#: What values are moved and multiplied by: far beyond any sensor's, far within what float32 holds.
Factor = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
LEAST_SCALE = 1e-9
Milliseconds = Annotated[float, Field(ge=0.01, le=60_000)]

_OFFSET = "value that is 0 to the model: one, or one for each feature"
_SCALE = "what a step of 1 of the value is to the model: one, or one for each feature"


class _Settings(BaseModel):
    """The model's input is ``(value - offset) * scale``, value by value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: tuple[Factor, ...] = Field(default=(0.0,), min_length=1, description=_OFFSET)
    scale: tuple[Factor, ...] = Field(default=(1.0,), min_length=1, description=_SCALE)

    @property
    def columns(self) -> int:
        """Number of features after which ``offset`` and ``scale`` repeat."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the model's input without the batch."""
        raise NotImplementedError

    @property
    def raw_shape(self) -> tuple[int, ...]:
        """Shape of what one input of the model is made of: a sample of a kit."""
        raise NotImplementedError

    @property
    def raw_dtype(self) -> str:
        """Type of a raw value."""
        return "int16"

    @property
    def sample_bytes(self) -> int:
        """Bytes of what a stream counts: a sample of sound, of all axes of a motion; of a picture each byte."""
        raise NotImplementedError

    @property
    def stride(self) -> int:
        """Samples from an inference to the next in a stream."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _one_or_each(self) -> _Settings:
        for name, values in (("offset", self.offset), ("scale", self.scale)):
            if len(values) not in (1, self.columns):
                raise ValueError(f"{name} should have 1 or {self.columns} values, not {len(values)}")
        if any(abs(value) < LEAST_SCALE for value in self.scale):
            raise ValueError(
                f"scale should not be 0 or within {LEAST_SCALE:g} of it, which would make all inputs equal"
            )
        return self


class AudioSettings(_Settings):
    """``type = "audio"``: int16 sound to log-mel energies or MFCCs of ``frames`` frames.

    A value is in dB of power: 0 dB is what a sine of full scale adds to the bin that it falls on, with a weight of 1.
    With ``coefficients`` it is the orthonormal DCT-II of those over the filters, as ``scipy.fft.dct(norm="ortho")``.
    """

    type: Literal["audio"] = Field(default="audio", description="which front end this is")
    rate: int = Field(default=16_000, ge=1000, le=192_000, description="samples a second")
    length_ms: Milliseconds = Field(default=1000.0, description="sound that the model sees at once")
    window_ms: Milliseconds = Field(default=30.0, description="length of a frame")
    hop_ms: Milliseconds = Field(default=20.0, description="from the start of a frame to that of the next")
    fft: Literal[64, 128, 256, 512, 1024] = Field(default=512, description="points of the Fourier transform")
    curve: Literal["hann", "hamming"] = Field(default="hann", description="the window's curve (periodic)")
    pre_emphasis: float = Field(default=0.0, ge=0, le=1, description="x[n] - this * x[n - 1]; 0.97 is usual for speech")
    filters: int = Field(default=40, ge=1, le=128, description="mel filters")
    f_min: float = Field(default=20.0, ge=0, description="lower edge of the first filter in Hz")
    f_max: float = Field(default=7600.0, gt=0, description="upper edge of the last filter in Hz")
    energy: Literal["power", "magnitude"] = Field(default="power", description="what the filters add up")
    floor_db: float = Field(default=-100.0, ge=-150, le=0, description="in dB; lower energies count as this one")
    coefficients: int = Field(default=0, ge=0, description="of the DCT over the filters (MFCC); 0 for log-mel energies")
    stride_ms: Milliseconds = Field(default=250.0, description="from an inference to the next in a stream, whole hops")

    @property
    def window(self) -> int:
        """Samples in a frame."""
        return round(self.rate * self.window_ms / 1000)

    @property
    def hop(self) -> int:
        """Samples from the start of a frame to that of the next."""
        return round(self.rate * self.hop_ms / 1000)

    @property
    def length(self) -> int:
        """Samples that the model sees at once."""
        return round(self.rate * self.length_ms / 1000)

    @property
    def stride(self) -> int:
        return self.hop * max(1, round(self.stride_ms / self.hop_ms))

    @property
    def frames(self) -> int:
        return max(0, (self.length - self.window) // self.hop + 1)

    @property
    def columns(self) -> int:
        return self.coefficients or self.filters

    @property
    def shape(self) -> tuple[int, ...]:
        return self.frames, self.columns

    @property
    def raw_shape(self) -> tuple[int, ...]:
        return (self.length,)

    @property
    def sample_bytes(self) -> int:
        return 2

    @model_validator(mode="after")
    def _consistent(self) -> AudioSettings:
        if not 2 <= self.window <= self.fft:
            raise ValueError(f"window_ms is {self.window} samples, which should be 2 to {self.fft} (fft)")
        if not 1 <= self.hop <= self.window:
            raise ValueError(f"hop_ms is {self.hop} samples, which should be 1 to {self.window} (window_ms)")
        if self.frames < 1:
            raise ValueError(f"length_ms is {self.length} samples, less than one frame of {self.window}")
        if not self.f_min < self.f_max <= self.rate / 2:
            raise ValueError(f"f_min < f_max <= {self.rate / 2:g} Hz (half of rate) should hold")
        if self.coefficients > self.filters:
            raise ValueError(f"coefficients should be at most {self.filters} (filters)")
        return self


class MotionSettings(_Settings):
    """``type = "motion"``: int16 samples of several axes to their values, or to spectral features of each axis.

    ``raw``: values as they come, row after row. ``spectral``, axis after axis, each without its mean: root mean square
    in dB of full scale (32768), skewness, excess kurtosis, then the power of bins 1 … fft / 2, the mean over frames of
    ``fft`` samples that overlap by half, in dB (0 dB is a sine of full scale in the middle of a bin).
    """

    type: Literal["motion"] = Field(default="motion", description="which front end this is")
    axes: int = Field(ge=1, le=16, description="values in a sample")
    window: int = Field(ge=2, le=1024, description="samples that the model sees at once")
    hop: Count = Field(description="samples from the start of a window to that of the next")
    rate: float | None = Field(
        default=None, ge=0.001, le=100_000, description="samples a second; recordings with times are resampled to it"
    )
    features: Literal["raw", "spectral"] = Field(default="spectral", description="what the model sees")
    fft: Literal[16, 32, 64, 128, 256, 512, 1024] = Field(default=32, description="points of the Fourier transform")
    floor_db: float = Field(default=-100.0, ge=-150, le=0, description="in dB; lower powers count as this one")

    @property
    def each(self) -> int:
        """Spectral features of one axis."""
        return 3 + self.fft // 2

    @property
    def columns(self) -> int:
        return self.axes if self.features == "raw" else self.axes * self.each

    @property
    def shape(self) -> tuple[int, ...]:
        return self.raw_shape if self.features == "raw" else (self.columns,)

    @property
    def raw_shape(self) -> tuple[int, ...]:
        return self.window, self.axes

    @property
    def sample_bytes(self) -> int:
        return 2 * self.axes

    @property
    def stride(self) -> int:
        return self.hop

    @model_validator(mode="after")
    def _consistent(self) -> MotionSettings:
        if self.hop > self.window:
            raise ValueError(f"hop should be at most {self.window} (window)")
        if self.features == "spectral" and self.fft > self.window:
            raise ValueError(f"fft should be at most {self.window} (window)")
        return self


class ImageSettings(_Settings):
    """``type = "image"``: a camera's picture to the model's: cropped, scaled, made grey. A value is 0 … 255."""

    type: Literal["image"] = Field(default="image", description="which front end this is")
    source: tuple[Count, Count] = Field(description="height and width of the camera's picture")
    format: Literal["grey8", "rgb888", "rgb565", "rgb565_swapped"] = Field(
        default="grey8", description="of its pixels; rgb565 has the low byte first, rgb565_swapped the high one"
    )
    crop: tuple[int, int, int, int] | None = Field(
        default=None,
        description="top, left, height, width of the part that is used; without it the largest one in the middle",
    )
    size: tuple[Count, Count] = Field(description="height and width of the model's picture")
    channels: Literal[1, 3] = Field(default=1, description="1 for grey, 3 for red, green, blue")
    scaling: Literal["bilinear", "nearest"] = Field(default="bilinear", description="how pixels in between are made")

    @property
    def part(self) -> tuple[int, int, int, int]:
        """Top, left, height, width of the part that is used."""
        if self.crop is not None:
            return self.crop
        (h, w), (out_h, out_w) = self.source, self.size
        part_h, part_w = (h, max(1, h * out_w // out_h)) if h * out_w <= w * out_h else (max(1, w * out_h // out_w), w)
        return (h - part_h) // 2, (w - part_w) // 2, part_h, part_w

    @property
    def columns(self) -> int:
        return self.channels

    @property
    def shape(self) -> tuple[int, ...]:
        return *self.size, self.channels

    @property
    def raw_shape(self) -> tuple[int, ...]:
        return *self.source, *{"grey8": (), "rgb888": (3,)}.get(self.format, (2,))

    @property
    def raw_dtype(self) -> str:
        return "uint8"

    @property
    def sample_bytes(self) -> int:
        return 1

    @property
    def stride(self) -> int:
        return math.prod(self.raw_shape)

    @model_validator(mode="after")
    def _consistent(self) -> ImageSettings:
        if max(*self.source, *self.size) > 4096:
            raise ValueError("source and size should be at most 4096 each way")
        top, left, height, width = self.part
        if min(top, left) < 0 or min(height, width) < 1:
            raise ValueError("crop should not be negative or empty")
        if top + height > self.source[0] or left + width > self.source[1]:
            raise ValueError(f"crop should lie inside the source of {self.source[0]} x {self.source[1]}")
        if self.channels == 3 and self.format == "grey8":
            raise ValueError("channels should be 1: a grey8 picture has no colours")
        return self


SignalSettings = Annotated[AudioSettings | MotionSettings | ImageSettings, Field(discriminator="type")]
_ANY: TypeAdapter[SignalSettings] = TypeAdapter(SignalSettings)


def make_settings(table: Mapping[str, Any]) -> SignalSettings:
    """Settings from a table with a ``type`` and the fields of that type. Raises `BadInput` naming the first that is
    wrong."""
    try:
        return _ANY.validate_python(dict(table))
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"][1:])
        message = first["msg"].removeprefix("Value error, ")
        raise BadInput(
            f"signal: {f'{path}: ' if path else ''}{message}", "see the settings of toolchain.signal"
        ) from None
