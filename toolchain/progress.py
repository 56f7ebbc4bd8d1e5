"""How the library tells of long work without printing: the caller passes a `Progress`, the command line draws it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives what is going on. Every method returns at once and never raises."""

    def stage(self, name: str, note: str = "") -> None:
        """A new stage begins (``train``, ``compile``, ``flash``)."""

    def update(self, done: float, total: float, note: str = "") -> None:
        """The current stage has done ``done`` of ``total`` units."""

    def log(self, text: str) -> None:
        """One line worth reading: a choice made, a retry, device text."""


class Quiet:
    """A `Progress` that drops everything."""

    def stage(self, name: str, note: str = "") -> None:
        pass

    def update(self, done: float, total: float, note: str = "") -> None:
        pass

    def log(self, text: str) -> None:
        pass
