"""What was found about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """``name`` is the thing, ``said`` what was found, ``mend`` the command that mends it (empty when all is well)."""

    name: str
    status: Status
    said: str
    mend: str = ""
