"""What the user probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a hint: the known names that ``name`` begins, or the one nearest to it, else all of them."""
    names = sorted(known)
    begun = [each for each in names if name and each.startswith(name.lower())]
    if len(begun) > 1:
        return f"did you mean {', '.join(map(repr, begun[:-1]))} or {begun[-1]!r}?"
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are: {', '.join(names)}" if names else "there are none"
