"""How matplotlib figures become files."""

from __future__ import annotations

import warnings
from typing import Any


def save(figure: Any, target: Any, **options: Any) -> None:
    """``figure.savefig(target, …)``. A character that no font here has is drawn as a box: that is no news for people
    whose labels are in their own script."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        figure.savefig(target, **options)
