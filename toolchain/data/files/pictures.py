"""Pictures from files as raw samples of a kit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain.errors import BadInput, Missing
from toolchain.signal import ImageSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".ppm", ".webp")


def read_picture(path: Path, kit: Kit, greatest: Callable[[], int], note: Callable[[str], None]) -> np.ndarray:
    """The file as one raw sample: turned as its camera says, its middle scaled to the kit's size, grey or RGB.

    ``greatest`` tells the greatest raw value of the kit's samples: where that is far from 255, pixels are scaled to it.

    Raises BadInput when it is no picture or the kit takes none, Missing without Pillow."""
    height, width, colours = _wanted(kit, path.name)
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise Missing("pictures need Pillow, which is not installed", 'pip install "tinyml-kit[stream]"') from None
    try:
        with Image.open(path) as file:
            picture = _of_bytes(ImageOps.exif_transpose(file)).convert("RGB" if colours else "L")
    except Exception as error:  # Pillow's readers raise ValueError, SyntaxError, struct.error … on damaged files
        raise BadInput(f"{path}: no picture: {error}") from None
    if picture.size != (width, height):
        note(f"{path.name}: {picture.width} x {picture.height} scaled to {width} x {height}")
        picture = ImageOps.fit(picture, (width, height))
    pixels = np.asarray(picture)
    if isinstance(kit.signal, ImageSettings):
        return _encoded(pixels, kit.signal).reshape(kit.signal.raw_shape)
    most = greatest()
    if most < 128:
        note(f"{path.name}: values 0 to 255 scaled to 0 to {most}, as the kit's samples have")
        pixels = np.round(pixels * (most / 255)).astype(np.uint8)
    return pixels.reshape(kit.input.shape)


def _of_bytes(picture: Any) -> Any:
    """A grey picture of 16 bits as one of 8: Pillow itself would make white of all that is over 255."""
    if not picture.mode.startswith("I"):
        return picture
    from PIL import Image

    return Image.fromarray(np.round(np.asarray(picture).clip(0, 65535) / 257).astype(np.uint8))


def _wanted(kit: Kit, name: str) -> tuple[int, int, bool]:
    """Height, width, and whether there are colours."""
    if isinstance(kit.signal, ImageSettings):
        return *kit.signal.source, kit.signal.format != "grey8"
    shape = kit.input.shape
    if (
        kit.signal is None
        and kit.input.dtype == "uint8"
        and (len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3)))
    ):
        return shape[0], shape[1], shape[2:] == (3,)
    raise BadInput(
        f"{name}: {kit.name} takes no pictures but {kit.input.dtype} of shape {list(shape)}",
        "give what its sensor would: .csv or .npy, or a sound where the kit hears",
    )


def _encoded(pixels: np.ndarray, signal: ImageSettings) -> np.ndarray:
    """RGB as the camera's format has it."""
    if not signal.format.startswith("rgb565"):
        return pixels
    red, green, blue = (pixels[..., c].astype(np.uint16) for c in range(3))
    packed = (red >> 3 << 11) | (green >> 2 << 5) | blue >> 3
    order = "<u2" if signal.format == "rgb565" else ">u2"
    return packed.astype(order).view(np.uint8).reshape(*pixels.shape[:2], 2)
