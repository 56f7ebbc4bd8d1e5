"""Where samples come from. One module a source, named as ``data.source`` of ``kit.toml`` names it.

A source has a function ``load(...) -> Samples`` whose keyword arguments are what ``[data.settings]`` may hold; one
called ``progress`` is not a setting, but told what takes long, and ``labels`` and ``kit`` are those of the kit. It
imports what it needs inside ``load`` and raises `errors.Missing` when that is not installed.

It may also have a function ``load_stream(minutes, part, ...) -> LongRecording`` with the same keyword arguments: a
recording of the people, voices and sounds of ``part``, "test" or "validation", with events at known times.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

import numpy as np
from pydantic import TypeAdapter, ValidationError

from toolchain.data.stream import LongRecording
from toolchain.nearest import nearest
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.kit import Kit


@dataclass(frozen=True, eq=False)
class Samples:
    """All samples of a source: ``x`` raw values [samples, *shape], ``y`` class numbers [samples], and their origin.

    ``groups`` [samples], int or str, says who or what each sample is of (person, voice, recording) where that is known;
    ``test`` [samples], bool, which are the test part where the source itself names one, ``validation`` the same beside
    a test part.
    """

    x: np.ndarray
    y: np.ndarray
    source: str
    licence: str
    groups: np.ndarray | None = None
    test: np.ndarray | None = None
    validation: np.ndarray | None = None


def source_names() -> tuple[str, ...]:
    """Every source there is."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load_samples(kit: Kit, progress: Progress | None = None) -> Samples:
    """Run the source that the kit names. Raises `BadInput` for an unknown source or setting, `Missing` for a package
    that is not installed."""
    settings, load = kit.data.settings, _module(kit).load
    parameters = tuple(inspect.signature(load).parameters)
    given = _given(kit, progress)
    _check_settings(kit, settings, load, tuple(name for name in parameters if name not in given))
    samples: Samples = load(**settings, **{key: value for key, value in given.items() if key in parameters})
    return samples


def load_stream(
    kit: Kit, minutes: float, progress: Progress | None = None, part: Literal["test", "validation"] = "test"
) -> LongRecording:
    """A recording of about ``minutes`` of ``part``, to test the kit as a stream or to choose its post-processing.

    Raises `BadInput` for a source that has none, and what `load_samples` raises.
    """
    load = getattr(_module(kit), "load_stream", None)
    if load is None:
        raise kit.refuse(
            ("data", "source"),
            f'source "{kit.data.source}" has no long recording to test a stream with',
            f"kit stream {kit.name} --board NAME --input FILE shows what becomes of one of your own",
        )
    parameters = inspect.signature(load).parameters
    said = {**kit.data.settings, **_given(kit, progress)}
    recording: LongRecording = load(minutes, part, **{key: value for key, value in said.items() if key in parameters})
    return recording


def _module(kit: Kit) -> ModuleType:
    """The module of the kit's source."""
    name = kit.data.source
    if name not in source_names():
        hint = f"{nearest(name, source_names())} sources: {', '.join(source_names())}".strip()
        raise kit.refuse(("data", "source"), f'there is no source "{name}"', hint)
    return importlib.import_module(f"{__name__}.{name}")


def _given(kit: Kit, progress: Progress | None) -> dict[str, Any]:
    """What a source gets beside the settings."""
    return {"progress": progress or Quiet(), "labels": kit.labels, "kit": kit}


def _check_settings(
    kit: Kit, settings: Mapping[str, Any], load: Callable[..., Samples], allowed: tuple[str, ...]
) -> None:
    types = get_type_hints(load, localns={"Kit": object})
    for key, value in settings.items():
        if key not in allowed:
            takes = f"this source takes {', '.join(allowed)}" if allowed else "this source takes no settings"
            raise kit.refuse(("data", "settings", key), "unknown key", f"{nearest(key, allowed)} {takes}".strip())
        try:
            TypeAdapter(types.get(key, Any)).validate_python(value, strict=True)
        except ValidationError as error:
            problem = error.errors()[0]["msg"].removeprefix("Input ")
            raise kit.refuse(("data", "settings", key), f"{value!r} {problem}") from None
