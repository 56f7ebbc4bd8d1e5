"""Where samples come from. One module a source, named as ``data.source`` of ``kit.toml`` names it.

A source has a function ``load(...) -> Samples`` whose keyword arguments are what ``[data.settings]`` may hold. It
imports what it needs inside ``load`` and raises `errors.Missing` when that is not installed.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain.tomlfile import nearest

if TYPE_CHECKING:
    from toolchain.kit import Kit


@dataclass(frozen=True, eq=False)
class Samples:
    """All samples of a source: ``x`` raw values [samples, *shape], ``y`` class numbers [samples], and their origin."""

    x: np.ndarray
    y: np.ndarray
    source: str
    licence: str


def source_names() -> tuple[str, ...]:
    """Every source there is."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load_samples(kit: Kit) -> Samples:
    """Run the source that the kit names. Raises `BadInput` for an unknown source or setting, `Missing` for a package
    that is not installed."""
    name, settings = kit.data.source, kit.data.settings
    if name not in source_names():
        hint = f"{nearest(name, source_names())} sources: {', '.join(source_names())}".strip()
        raise kit.refuse(("data", "source"), f'there is no source "{name}"', hint)
    load = importlib.import_module(f"{__name__}.{name}").load
    _check_settings(kit, settings, tuple(inspect.signature(load).parameters))
    samples: Samples = load(**settings)
    return samples


def _check_settings(kit: Kit, settings: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for key in settings:
        if key not in allowed:
            takes = f"this source takes {', '.join(allowed)}" if allowed else "this source takes no settings"
            raise kit.refuse(("data", "settings", key), "unknown key", f"{nearest(key, allowed)} {takes}".strip())
