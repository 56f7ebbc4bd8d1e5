"""100 faces and 100 pieces of background, 25x25 grey, that scikit-image carries."""

from __future__ import annotations

import io

import numpy as np

from toolchain.data.sources import Samples
from toolchain.data.wheel_file import WheelFile
from toolchain.progress import Progress

FILE = WheelFile(
    wheel="scikit_image-0.25.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    wheel_sha256="24cc986e1f4187a12aa319f777b36008764e856e5013666a4a83f8df083c2641",
    member="skimage/data/lfw_subset.npy",
    sha256="9560ec2f5edfac01973f63a8a99d00053fecd11e21877e18038fbe500f8e872c",
)


def load(progress: Progress) -> Samples:
    """Pictures uint8 [200, 25, 25, 1], 0 black to 255 white; class 0 background, class 1 face.

    Source: ``skimage.data.lfw_subset``, cut from G. Huang et al., "Labeled Faces in the Wild" (2007): the faces found
    by Viola and Jones' detector, the others pieces of the background of the same photographs.
    """
    pictures = np.load(io.BytesIO(FILE.read(progress)))
    return Samples(
        x=np.round(pictures * 255).astype(np.uint8)[..., np.newaxis],
        y=np.repeat(np.array([1, 0]), 100),
        source="subset of Labeled Faces in the Wild, as scikit-image 0.25.2 ships it (skimage.data.lfw_subset)",
        licence="scikit-image BSD-3-Clause; the photographs are news pictures, for research",
    )
