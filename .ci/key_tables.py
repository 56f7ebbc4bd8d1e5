"""Tables of keys for the documents, made of the pydantic models that read the files."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from typing import Any

from pydantic import BaseModel

from toolchain.data import sources

#: Bounds that only say how an integer is stored.
_STORED = (2**31, 2**31 - 1, 2**32, 2**32 - 1)
_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
_MODEL = re.compile(r"(<!-- keys ([\w.]+) -->\n).*?(<!-- /keys -->)", re.DOTALL)
_SOURCES = re.compile(r"(<!-- sources -->\n).*?(<!-- /sources -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """``text`` with what stands between ``<!-- keys MODULE.CLASS -->`` or ``<!-- sources -->`` and its end anew."""
    text = _MODEL.sub(lambda m: m[1] + keys(_named(m[2])) + m[3], text)
    return _SOURCES.sub(lambda m: m[1] + settings_of_sources() + m[2], text)


def models_in(text: str) -> set[type[BaseModel]]:
    """The models whose tables ``text`` has."""
    return {_named(match[2]) for match in _MODEL.finditer(text)}


def keys(model: type[BaseModel]) -> str:
    """A row a field: key, type, default, meaning. Raises `ValueError` for a field without a description."""
    schema = model.model_json_schema()
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, said in schema["properties"].items():
        meaning = said.get("description")
        if not meaning:
            raise ValueError(f"{model.__module__}.{model.__name__}.{name} has no description")
        kind = _kind(said, schema.get("$defs", {}))
        # "const": what tells this table from its likes, such as type of [signal], which must be written
        required = name in schema.get("required", ()) or "const" in said
        default = "required" if required else _default(said.get("default"))
        rows.append(f"| `{name}` | {kind} | {default} | {meaning} |")
    return "\n".join(rows) + "\n"


def settings_of_sources() -> str:
    """A row a source of ``[data]``, with the keys that its ``[data.settings]`` takes."""
    rows = ["| source | samples | settings and their defaults |", "|---|---|---|"]
    for name in sources.source_names():
        load = importlib.import_module(f"{sources.__name__}.{name}").load
        taken = inspect.signature(load).parameters.values()
        settings = [f"`{p.name} = {json.dumps(p.default)}`" for p in taken if p.default is not p.empty]
        first = (inspect.getdoc(load) or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")
        rows.append(f"| `{name}` | {first} | {', '.join(settings) or 'none'} |")
    return "\n".join(rows) + "\n"


def _named(path: str) -> type[BaseModel]:
    module, _, name = path.rpartition(".")
    model = getattr(importlib.import_module(module), name)
    assert issubclass(model, BaseModel), path
    return model  # type: ignore[no-any-return]


def _kind(said: dict[str, Any], models: dict[str, Any], many: bool = False) -> str:
    """What may be written, such as ``list of 2 whole numbers, at least 1``."""
    if options := said.get("anyOf") or said.get("oneOf"):
        kinds = [_kind(option, models, many) for option in options if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in said or said.get("type") == "object":
        return "tables" if many else "table"
    if "const" in said or "enum" in said:
        return ", ".join(f"`{json.dumps(value)}`" for value in said.get("enum", [said.get("const")]))
    if said["type"] == "array":
        return _list(said, models)
    kind = _TYPES[said["type"]]
    if many:
        kind = f"{kind}s"
    bounds = _bounds(said)
    return f"{kind}, {'each ' if many else ''}{bounds}" if bounds else kind


def _list(said: dict[str, Any], models: dict[str, Any]) -> str:
    least, most = said.get("minItems", 0), said.get("maxItems")
    size = "" if not least and not most else f"{least} " if least == most else f"{least} or more " if not most else ""
    size = size or (f"{least} to {most} " if most else "")
    return f"list of {size}{_kind(said.get('items') or said['prefixItems'][0], models, many=True)}"


def _bounds(said: dict[str, Any]) -> str:
    whole = said["type"] == "integer"
    low, above = said.get("minimum"), said.get("exclusiveMinimum")
    high, below = said.get("maximum"), said.get("exclusiveMaximum")
    if whole and above is not None:
        low, above = above + 1, None
    if whole and below is not None and below not in _STORED:
        high, below = below - 1, None
    high, below = (None if value in _STORED else value for value in (high, below))
    if low is not None and high is not None:
        found = [f"{low:,.12g} to {high:,.12g}"]
    else:
        words = (("at least", low), ("above", above), ("at most", high), ("below", below))
        found = [f"{word} {value:,.12g}" for word, value in words if value is not None]
    return ", ".join([*found, *([f"multiple of {said['multipleOf']:,}"] if "multipleOf" in said else [])])


def _default(value: Any) -> str:
    if value is None or value in ({}, ""):
        return "none"
    return "its defaults" if isinstance(value, dict) else f"`{json.dumps(value, ensure_ascii=False)}`"
