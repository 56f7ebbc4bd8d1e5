"""TOML files that people write: read, validated against a frozen pydantic model, wrong ones answered with file and
line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from toolchain.errors import BadInput

M = TypeVar("M", bound=BaseModel)

_HEADER = re.compile(r"^\s*\[(\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"))*)\s*=")


def read_toml(path: Path, model: type[M]) -> M:
    """The file at ``path`` as an instance of ``model``.

    Raises `BadInput` when the file is absent or not UTF-8, is not TOML, or does not fit the model; the message names
    file, line and key of the first fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read: {error}") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: not valid TOML: {error}", "see https://toml.io for the syntax") from error
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        where = tuple(fault["loc"])
        line = find_line(text, where)
        key = ".".join(str(part) for part in where) or "file"
        if fault["type"] == "extra_forbidden":
            problem, hint = "unknown key", _allowed(model, where[:-1])
        elif fault["type"] == "missing":
            problem, hint = "key is missing", ""
        else:
            problem, hint = fault["msg"].removeprefix("Value error, "), ""
            if not isinstance(fault["input"], dict | list):
                problem += f" (got {fault['input']!r})"
        raise BadInput(f"{path}:{line}: {key}: {problem}", hint) from error


def find_line(text: str, where: Sequence[int | str]) -> int:
    """Line (from 1) of TOML ``text`` at which the value with the path ``where`` stands, or its nearest parent."""
    lines: dict[tuple[int | str, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[int | str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            names = _names(header[2])
            table = names
            if header[1]:
                counts[names] = counts.get(names, -1) + 1
                table = (*names, counts[names])
            lines.setdefault(names, number)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_names(key[1])), number)
    path = tuple(where)
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _allowed(model: type[BaseModel], where: Sequence[int | str]) -> str:
    """The keys that the table ``where`` of ``model`` may have, as a hint; empty when the table has no model."""
    table: object = model
    for part in where:
        if isinstance(part, int):
            continue
        if not (isinstance(table, type) and issubclass(table, BaseModel)) or part not in table.model_fields:
            return ""
        table = _model_in(table.model_fields[part].annotation)
    if isinstance(table, type) and issubclass(table, BaseModel):
        return "allowed: " + ", ".join(table.model_fields)
    return ""


def _model_in(annotation: object) -> object:
    """The pydantic model inside an annotation such as ``tuple[Region, ...]`` or ``Emulator | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := _model_in(argument)) is not None:
            return found
    return None
