"""What the user probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """For a hint: the known names that ``name`` begins, or the one nearest to it; empty where nothing is near."""
    names = sorted(known)
    begun = [each for each in names if name and each.startswith(name.lower())]
    if len(begun) > 1:
        return f"did you mean {', '.join(map(repr, begun[:-1]))} or {begun[-1]!r}?"
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else ""


def nearest_or_all(name: str, known: Iterable[str]) -> str:
    """The same, with all known names where nothing is near."""
    names = sorted(known)
    return nearest(name, names) or (f"there are: {', '.join(names)}" if names else "there are none")
