"""Which program is put around a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Application:
    """The C of ``folder`` in firmware_templates, and generated ``headers`` beside it (name -> text)."""

    folder: str
    headers: Mapping[str, str] = field(default_factory=dict)
