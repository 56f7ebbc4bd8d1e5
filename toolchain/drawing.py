"""How matplotlib figures become files."""

from __future__ import annotations

import warnings
from typing import Any


def shown(text: str) -> str:
    """``text`` without what matplotlib takes for no text: bytes of a file's name that are no UTF-8."""
    return text.encode(errors="replace").decode()


def save(figure: Any, target: Any, **options: Any) -> None:
    """``figure.savefig(target, …)``. A character that no font here has is drawn as a box: that is no news for people
    whose labels are in their own script."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        figure.savefig(target, **options)
