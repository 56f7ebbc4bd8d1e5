"""The picture of the arena."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from modelgen.networks import random_network

from toolchain.compiler.arena_map import draw_arena
from toolchain.compiler.compile import compile_model
from toolchain.model.reader import read_model

pytestmark = pytest.mark.unit


def test_every_tensor_has_its_rectangle_inside_the_picture(tmp_path) -> None:
    report = compile_model(read_model(random_network(4)), "generic").report
    draw_arena(report, tmp_path / "arena.svg")
    root = ElementTree.parse(tmp_path / "arena.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    titles = [t.text or "" for t in root.iter(f"{space}title")]
    assert len(titles) == len(report["arena"]) + len(report["scratch"])
    assert all(any(t["name"] in title for title in titles) for t in report["arena"])
    width, height = (float(v) for v in root.attrib["viewBox"].split()[2:])
    for box in root.iter(f"{space}rect"):
        x, y, w, h = (float(box.attrib.get(k, 0)) for k in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and x + w <= width + 0.5 and y + h <= height + 0.5
    for group in root.iter(f"{space}g"):  # capitals are 0.72 of the size wide
        box, said = group.find(f"{space}rect"), group.find(f"{space}text")
        assert box is not None and said is not None
        assert 3 + 0.72 * float(said.attrib["font-size"]) * len(said.text or "") <= max(float(box.attrib["width"]), 3)
    assert any("where boxes overlap" in (text.text or "") for text in root.iter(f"{space}text"))
