"""The 1,797 handwritten 8x8 digits that scikit-learn carries: nothing is fetched."""

from __future__ import annotations

import numpy as np

from toolchain.data.sources import Samples
from toolchain.errors import Missing


def load() -> Samples:
    """Images uint8 [1797, 8, 8, 1] with values 0 (paper) to 16 (ink), classes 0 to 9.

    Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository
    (1998), the part called test there; shipped by scikit-learn as ``sklearn.datasets.load_digits``.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise Missing(
            "the digits need scikit-learn, which is not installed", 'pip install "tinyml-kit[train]"'
        ) from None
    digits = load_digits()
    return Samples(
        x=digits.images.astype(np.uint8)[..., np.newaxis],
        y=digits.target.astype(np.int64),
        source="UCI Optical Recognition of Handwritten Digits, as scikit-learn ships it (sklearn.datasets.load_digits)",
        licence="CC BY 4.0 (UCI Machine Learning Repository); scikit-learn BSD-3-Clause",
    )
