"""TOML files checked against a pydantic model, with errors that name file, line, key and what is allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from toolchain.errors import BadInput
from toolchain.nearest import nearest

Key = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class TomlSource:
    """Where each key of a TOML file stands, so that later stages can point at it too."""

    path: Path
    lines: Mapping[Key, int]

    def where(self, key: Key) -> str:
        """``path:line`` of ``key``, or of the nearest table above it when the key itself is absent."""
        while key and key not in self.lines:
            key = key[:-1]
        return f"{shortened(self.path)}:{self.lines.get(key, 1)}"

    def refuse(self, key: Key, problem: str, hint: str = "") -> BadInput:
        """The error to raise for the value of ``key``: ``file:line: key: problem``."""
        return BadInput(f"{self.where(key)}: {'.'.join(map(str, key))}: {problem}", hint)


def load_toml(path: Path, model: type[M]) -> tuple[M, TomlSource]:
    """Read ``path`` and validate it as ``model``. Types are strict: a quoted number is not a number.

    Raises `BadInput` when the file is absent, is not TOML, or says something that ``model`` does not take.
    """
    try:
        return _load(path, model)
    except RecursionError:
        raise BadInput(f"{shortened(path)}: tables or arrays lie too deep in each other") from None


def _load(path: Path, model: type[M]) -> tuple[M, TomlSource]:
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise BadInput(f"{shortened(path)}: not UTF-8 text (byte {error.start})", "save the file as UTF-8") from None
    except OSError as error:
        raise BadInput(f"{shortened(path)}: cannot be read: {error.strerror}") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{shortened(path)}:{_error_line(text, error)}: not valid TOML: {error}") from None
    source = TomlSource(path, dict(_key_lines(text)))
    try:
        return model.model_validate(_tuples(data), strict=True), source
    except ValidationError as error:
        raise _explain(error, model, source) from None


def shortened(path: Path) -> Path:
    """``path`` as short as it can be said: from the current folder when it lies below that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _tuples(value: Any) -> Any:
    """TOML arrays as tuples, which is what a frozen model holds."""
    if isinstance(value, dict):
        return {k: _tuples(v) for k, v in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _error_line(text: str, error: tomllib.TOMLDecodeError) -> int:
    """The line a TOML error is on: tomllib puts it into the message only."""
    _, found, rest = str(error).rpartition("(at line ")
    return int(rest.split(",")[0]) if found else text.count("\n") + 1


def _key_lines(text: str) -> Iterator[tuple[Key, int]]:
    """Every key path of ``text`` with its line, counted from 1. ``text`` must be valid TOML.

    A statement may span lines (arrays, long strings): it ends where what was gathered parses on its own.
    """
    table: Key = ()
    lengths: dict[Key, int] = {}  # of the arrays of tables
    gathered, start = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        if not gathered:
            start = number
        gathered += line + "\n"
        try:
            statement = tomllib.loads(gathered)
        except tomllib.TOMLDecodeError:
            continue
        if gathered.lstrip().startswith("["):
            table = next(_paths(statement, leaves_only=True), ())
            yield from ((table[: i + 1], start) for i in range(len(table)))
            if gathered.lstrip().startswith("[["):
                lengths[table] = lengths.get(table, 0) + 1
                table = (*table, lengths[table] - 1)
                yield table, start
        else:
            yield from ((table + key, start) for key in _paths(statement))
        gathered = ""


def _paths(value: Any, at: Key = (), leaves_only: bool = False) -> Iterator[Key]:
    """Key paths of nested tables, a table before what is in it."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0]
    inner = value if isinstance(value, dict) else {}
    if at and not (leaves_only and inner):
        yield at
    for key, below in inner.items():
        yield from _paths(below, (*at, key), leaves_only)


def _explain(error: ValidationError, model: type[BaseModel], source: TomlSource) -> BadInput:
    """One line for the first of the errors in the file. A misspelt key goes before the missing ones, its effect."""

    def order(e: ErrorDetails) -> tuple[bool, int]:
        return e["type"] != "extra_forbidden", int(source.where(_value_key(_resolve(model, e)[0])).rpartition(":")[2])

    errors = sorted(error.errors(), key=order)
    first = errors[0]
    path, table = _resolve(model, first)
    key = _value_key(path)
    place = f"[{'.'.join(map(str, key[:-1]))}]" if key[:-1] else "the top level"
    takes = f"{place} takes {', '.join(sorted(table.model_fields))}" if table else ""
    match first["type"]:
        case "extra_forbidden":
            text = f'unknown key "{key[-1]}" in {place}'
            hint = " ".join(filter(None, (nearest(str(key[-1]), table.model_fields if table else ()), takes)))
        case "missing":
            text, hint = f'key "{key[-1]}" is missing in {place}', _description(table, key) or takes
        case "union_tag_not_found":
            text, hint = f'key "type" is missing in [{".".join(map(str, path))}]', "it says which keys the table takes"
        case "union_tag_invalid":
            key = (*key, "type")
            text = f"{'.'.join(map(str, key))} = {first['ctx']['tag']!r}: should be {first['ctx']['expected_tags']}"
            hint = ""
        case _:
            problem = _count(first) or first["msg"].removeprefix("Value error, ").removeprefix("Input ")
            given = f" = {first['input']!r}" if isinstance(first["input"], str | int | float | bool) else ""
            text, hint = f"{'.'.join(map(str, path))}{given}: {problem}", _description(table, key)
    if len(errors) > 1:
        hint = f"{hint}; {len(errors) - 1} more after this one".lstrip("; ")
    return BadInput(f"{source.where(key)}: {text}", hint)


def _count(error: ErrorDetails) -> str:
    """What is wrong with the length of an array; empty for other errors."""
    if error["type"] not in ("too_short", "too_long"):
        return ""
    said, short = error["ctx"], error["type"] == "too_short"
    allowed = f"at least {said['min_length']}" if short else f"at most {said['max_length']}"
    return f"should have {allowed} values, not {said['actual_length']}"


def _resolve(model: type[BaseModel], error: ErrorDetails) -> tuple[Key, type[BaseModel] | None]:
    """The path of the value that an error is about, and the model of the table that it stands in (None where the table
    is free-form).

    Of a table that is one of several models pydantic's path has its ``type`` as a part of its own, the file has not.
    """
    path: list[str | int] = []
    at: type[BaseModel] | None = model
    choice: list[type[BaseModel]] = []
    table = at
    for part in error["loc"]:
        if len(choice) > 1:
            at = next(each for each in choice if each.model_fields["type"].default == part)
            choice = [at]
            continue
        path.append(part)
        if isinstance(part, int):
            continue
        table = at
        field = at.model_fields.get(part) if at else None
        choice = list(_tables(field.annotation)) if field else []
        at = choice[0] if len(choice) == 1 else None
    return tuple(path), table


def _value_key(path: Key) -> Key:
    """Down to a key of the file: through arrays of tables but not into arrays of values."""
    return path[:-1] if path and isinstance(path[-1], int) else path


def _tables(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field may hold: of ``Table``, ``tuple[Table, ...]``, ``Table | None``, ``A | B``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _tables(getattr(inner, "__origin__", inner) if hasattr(inner, "__metadata__") else inner)


def _description(table: type[BaseModel] | None, key: Key) -> str:
    field = table.model_fields.get(str(key[-1])) if table and key else None
    return f"{key[-1]}: {field.description}" if field and field.description else ""
