"""One tree of errors. Each carries what is wrong, a hint what to do, and the exit status of the command."""

from __future__ import annotations


class KitError(Exception):
    """Base of every error this package raises on purpose.

    ``message`` says in one line what is wrong and where; ``hint`` says what to do about it.
    """

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class Interrupted(KeyboardInterrupt):
    """Ctrl-C at a moment that leaves something half done: ``message`` says what, ``hint`` how it is mended. As every
    interruption it is no KitError, so nobody who handles those goes on."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class CheckFailed(KitError):
    """A check ran and did not pass: accuracy, parity, a pass mark."""

    exit_status = 1


class BadInput(KitError):
    """What the user gave cannot be used: a name, a file, an option."""

    exit_status = 2


class Missing(KitError):
    """Something is not present on this machine: a tool, a package, a board."""

    exit_status = 3


class DeviceError(KitError):
    """The device or the link to it failed: silence, a damaged stream, a reset."""

    exit_status = 4
