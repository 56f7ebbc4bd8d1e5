"""Pictures scaled and made grey, against float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import reference
from sanitized import Sanitized

from toolchain.errors import BadInput
from toolchain.model.graph import Quantization
from toolchain.signal import FrontEnd, ImageSettings

pytestmark = pytest.mark.unit

INT8 = Quantization((1 / 255,), (-128,))
LUMA = np.array([0.299, 0.587, 0.114])


def picture(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Smooth shades and noise, and a corner of each extreme."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    base = 127 + 100 * np.sin(y / 9) * np.cos(x / 7)
    made = base[(..., *[None] * (len(shape) - 2))] + rng.normal(0, 20, shape)
    made[:3, :3], made[-3:, -3:] = 0, 255
    return np.clip(np.round(made), 0, 255).astype(np.uint8)


SIZES = [
    ImageSettings(source=(48, 64), size=(24, 24)),
    ImageSettings(source=(48, 64), size=(48, 64)),
    ImageSettings(source=(50, 37), size=(96, 96)),
    ImageSettings(source=(120, 160), size=(25, 25), crop=(7, 11, 100, 90)),
    ImageSettings(source=(1, 1), size=(4, 5)),
    ImageSettings(source=(9, 9), size=(1, 1)),
]


@pytest.mark.parametrize("s", SIZES)
@pytest.mark.parametrize("scaling", ["bilinear", "nearest"])
def test_scaled_as_in_float64(s: ImageSettings, scaling: str) -> None:
    s = s.model_copy(update={"scaling": scaling})
    pixels = picture(s.source)
    expected = reference.image(s, pixels[..., None])
    got = FrontEnd(s).features(pixels)
    assert got.shape == (*s.size, 1)
    if scaling == "nearest":
        assert np.array_equal(got, expected.astype(np.float32))
    else:
        assert np.abs(got - expected).max() < 1.0  # places are in steps of 1/256 pixel


def pack_565(rgb: np.ndarray) -> np.ndarray:
    r, g, b = (rgb[..., i].astype(np.uint16) for i in range(3))
    v = (r >> 3) << 11 | (g >> 2) << 5 | b >> 3
    return np.stack([v & 255, v >> 8], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("layout", ["rgb888", "rgb565", "rgb565_swapped"])
def test_colours(layout: str, channels: int) -> None:
    s = ImageSettings(source=(30, 40), size=(20, 20), format=layout, channels=channels)
    rgb = picture((30, 40, 3), seed=2)
    pixels = rgb
    if layout != "rgb888":
        pixels = pack_565(rgb)
        # five and six bits stretched to 0 … 255
        rgb = np.round(np.stack([(rgb[..., i] >> n) * 255.0 / (255 >> n) for i, n in enumerate((3, 2, 3))], axis=-1))
        pixels = pixels[..., ::-1] if layout == "rgb565_swapped" else pixels
    expected = reference.image(s, rgb if channels == 3 else (rgb @ LUMA)[..., None])
    assert np.abs(FrontEnd(s).features(pixels) - expected).max() < (1.0 if layout == "rgb888" else 2.0)


def test_white_and_black_keep_their_value() -> None:
    for layout, depth in (("rgb888", 3), ("rgb565", 2), ("rgb565_swapped", 2)):
        s = ImageSettings(source=(8, 8), size=(5, 5), format=layout)
        assert (FrontEnd(s).features(np.full((8, 8, depth), 255, np.uint8)) == 255).all()
        assert (FrontEnd(s).features(np.zeros((8, 8, depth), np.uint8)) == 0).all()


def test_int8_is_the_rounded_value() -> None:
    s = ImageSettings(source=(48, 64), size=(24, 24))
    front = FrontEnd(s, Quantization((1.0,), (-128,)))
    pixels = picture(s.source)
    assert np.array_equal(front.quantized(pixels), np.floor(front.features(pixels) + 0.5) - 128)


def test_offset_and_scale_may_be_of_each_colour() -> None:
    s = ImageSettings(
        source=(16, 16), size=(16, 16), format="rgb888", channels=3, offset=(10.0, 20.0, 30.0), scale=(1.0, 0.5, 0.25)
    )
    pixels = picture((16, 16, 3))
    expected = np.floor((pixels - np.array([10, 20, 30])) * [1, 0.5, 0.25] / 2 + 0.5).clip(-128, 127)
    assert np.array_equal(FrontEnd(s, Quantization((2.0,), (0,))).quantized(pixels), expected)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["grey8", "rgb888", "rgb565"])
def test_sanitizers_find_nothing(layout: str, tmp_path: Path) -> None:
    depth = {"grey8": (), "rgb888": (3,), "rgb565": (2,)}[layout]
    s = ImageSettings(source=(20, 30), size=(33, 17), format=layout, channels=1 if layout == "grey8" else 3)
    front = FrontEnd(s, INT8)
    pixels = picture((20, 30, *depth))
    got = Sanitized(front, tmp_path, int(np.prod(front.shape))).run(pixels)
    assert np.array_equal(got, front.quantized(pixels).reshape(-1))


def test_wrong_pictures_are_refused() -> None:
    front = FrontEnd(SIZES[0], INT8)
    for wrong in (np.zeros((64, 48), np.uint8), np.zeros((48, 64, 1), np.uint8), np.zeros((48, 64), np.int16)):
        with pytest.raises(BadInput):
            front.features(wrong)
    with pytest.raises(BadInput, match="stream"):
        front.stream()
