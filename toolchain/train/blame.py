"""Whose fault an error is: the kit's own code."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from toolchain.errors import BadInput
from toolchain.kit import Kit


@contextmanager
def blame(kit: Kit) -> Iterator[None]:
    """An error inside the kit's own code becomes `BadInput` with the line of that file."""
    file = str(kit.model_file)
    try:
        yield
    except BaseException as error:  # sys.exit() too
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        line = error.lineno if isinstance(error, SyntaxError) and error.filename == file else lines[-1:] and lines[-1]
        text = next(iter(str(error).splitlines()), "")
        raise BadInput(f"{file}:{line or 1}: {type(error).__name__}: {text}", "this is the kit's own code") from error
