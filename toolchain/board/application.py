"""Which program is put around a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FrontEndFiles:
    """The C of a front end by file name, and the least bytes of its memory and its tables, known before the build."""

    files: Mapping[str, str]
    ram_bytes: int
    flash_bytes: int


@dataclass(frozen=True)
class Application:
    """The C of ``folder`` in firmware_templates, and generated ``headers`` beside it (name -> text). ``front_end``
    makes the model's input of raw samples."""

    folder: str
    headers: Mapping[str, str] = field(default_factory=dict)
    front_end: FrontEndFiles | None = None
