"""Where samples come from. One module a source, named as ``data.source`` of ``kit.toml`` names it.

A source has a function ``load(...) -> Samples`` whose keyword arguments are what ``[data.settings]`` may hold; one
called ``progress`` is not a setting, but told what takes long. It imports what it needs inside ``load`` and raises
`errors.Missing` when that is not installed.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain.progress import Progress, Quiet
from toolchain.tomlfile import nearest

if TYPE_CHECKING:
    from toolchain.kit import Kit


@dataclass(frozen=True, eq=False)
class Samples:
    """All samples of a source: ``x`` raw values [samples, *shape], ``y`` class numbers [samples], and their origin.

    ``groups`` [samples], int or str, says who or what each sample is of (person, voice, recording) where that is known;
    ``test`` [samples], bool, which are the test part where the source itself names one.
    """

    x: np.ndarray
    y: np.ndarray
    source: str
    licence: str
    groups: np.ndarray | None = None
    test: np.ndarray | None = None


def source_names() -> tuple[str, ...]:
    """Every source there is."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load_samples(kit: Kit, progress: Progress | None = None) -> Samples:
    """Run the source that the kit names. Raises `BadInput` for an unknown source or setting, `Missing` for a package
    that is not installed."""
    name, settings = kit.data.source, kit.data.settings
    if name not in source_names():
        hint = f"{nearest(name, source_names())} sources: {', '.join(source_names())}".strip()
        raise kit.refuse(("data", "source"), f'there is no source "{name}"', hint)
    load = importlib.import_module(f"{__name__}.{name}").load
    parameters = tuple(inspect.signature(load).parameters)
    _check_settings(kit, settings, tuple(name for name in parameters if name != "progress"))
    told = {"progress": progress or Quiet()} if "progress" in parameters else {}
    samples: Samples = load(**settings, **told)
    return samples


def _check_settings(kit: Kit, settings: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for key in settings:
        if key not in allowed:
            takes = f"this source takes {', '.join(allowed)}" if allowed else "this source takes no settings"
            raise kit.refuse(("data", "settings", key), "unknown key", f"{nearest(key, allowed)} {takes}".strip())
