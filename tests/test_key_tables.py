"""The pages on kit.toml and board files say of every key what the models that read them say."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from toolchain.board.descriptor import Board, list_boards
from toolchain.compiler.step import TARGETS
from toolchain.data.own.store import Entry
from toolchain.export import list_sdks, load_sdk
from toolchain.flash.programs import PROGRAMS
from toolchain.kit import Kit

pytestmark = pytest.mark.unit

TOP = Path(__file__).resolve().parents[1]
KIT = (TOP / "docs" / "kit.md").read_text(encoding="utf-8")
BOARD = (TOP / "docs" / "board.md").read_text(encoding="utf-8")


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOP / ".ci"))
    spec = importlib.util.spec_from_file_location(name, TOP / ".ci" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def reached(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """``model`` and every table that it holds."""
    yield model
    for field in model.model_fields.values():
        for table in tables(field.annotation):
            yield from reached(table)


def tables(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from tables(part)


def test_the_tables_are_those_of_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load("readme", monkeypatch).stale() == {}, "run python .ci/readme.py"


@pytest.mark.parametrize(("page", "model"), [(KIT, Kit), (BOARD, Board)], ids=["kit", "board"])
def test_every_table_has_its_keys_on_the_page(
    page: str, model: type[BaseModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load("key_tables", monkeypatch).models_in(page) == set(reached(model))


def test_a_change_of_a_key_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    key_tables = load("key_tables", monkeypatch)
    for old, new in (("`epochs`", "`rounds`"), ("least score of a decision", "a score"), ("`folder` |", "`files` |")):
        assert old in KIT
        assert key_tables.with_tables(KIT.replace(old, new)) == KIT


def test_a_key_without_a_description_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(BaseModel):
        speed: int = 1

    with pytest.raises(ValueError, match=r"Bare\.speed has no description"):
        load("key_tables", monkeypatch).keys(Bare)


def test_the_columns_of_the_list_of_recordings() -> None:
    section = KIT.split("## `data` and `recordings.csv`")[1]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [field.name for field in fields(Entry)]


def test_the_example_of_model_py() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", KIT, re.MULTILINE | re.DOTALL)
    said = {f.name: [a.arg for a in f.args.args] for f in ast.parse(code).body if isinstance(f, ast.FunctionDef)}
    assert said == {"build": ["input_shape", "classes"], "louder": ["inputs", "rng"]}


def test_the_page_on_boards_names_what_our_boards_say() -> None:
    words = {*TARGETS}
    for board in list_boards():
        words |= {*board.defines, board.flasher.name, *board.flasher.settings, *board.sdk}
        words |= {key for settings in board.sdk.values() for key in settings}
        words |= {*board.emulator.settings} if board.emulator else set()
    for name, program in PROGRAMS.items():
        words |= {name, *re.findall(r"{(\w+)}", " ".join((*program.flash, *program.erase, *program.reset)))}
    said = set(re.findall(r"[\w.-]+", " ".join(re.findall(r"`([^`\n]+)`", BOARD)))) | {"file", "port"}
    said |= {word.removeprefix("sdk.") for word in said}
    assert sorted(words - said) == []


def test_the_page_on_boards_names_what_the_sdks_need() -> None:
    for name in list_sdks():
        row = re.search(rf"^\| `\[sdk\.{name}\]` \| (.*)", BOARD, re.MULTILINE)
        for key in load_sdk(name).needs:
            assert row and f"`{key}`" in row[1], (name, key)
