"""The report page: what is in it, and how it looks in a real browser at the width of a phone and of a desk."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluate.browser import Browser
from tests.evaluate.example import example_test
from toolchain.errors import Missing
from toolchain.evaluate.flame import flame_svg
from toolchain.evaluate.report import report_html

pytest.importorskip("matplotlib", reason="the charts need matplotlib (extra train)")

SECTIONS = ("Checks", "Data", "Confusion: float, int8 and device", "Classes on the device", "Learning curve",
            "Where the time goes", "Latency by layer", "Roofline", "Memory over time", "Latency and memory", "Link",
            "Versions and hashes")  # fmt: skip
#: Elements that reach beyond the window and are in nothing that scrolls.
TOO_WIDE = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5
 && !e.closest('.scroll') && !e.closest('svg')).map(e => e.outerHTML.slice(0, 80))"""
SMALL_SVG = """[...document.querySelectorAll('figure svg')].filter(e => {const r = e.getBoundingClientRect();
 return r.width < 200 || r.height < 60 || !e.querySelector('path, rect, image')}).length"""
#: Of each picture that is wider than its place: whether a line above it says so.
SAID_WIDE = """[...document.querySelectorAll('figure .scroll')].map(e => [e.scrollWidth > e.clientWidth,
 getComputedStyle(e.previousElementSibling).display !== 'none'])"""


@pytest.mark.slow
@pytest.mark.unit
def test_everything_is_on_the_page(tmp_path):
    page = report_html(example_test(tmp_path))
    for title in SECTIONS:
        assert f"<h2>{title}</h2>" in page
    assert page.count("<svg") == 9 and "emulator (qemu 7.2), not on hardware" in page
    assert "ab" * 32 in page and "cd" * 32 in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page) and "@import" not in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', page)) <= set(ids)


@pytest.mark.slow
@pytest.mark.unit
def test_without_what_is_not_known():
    result = example_test()
    page = report_html(
        replace(result, profile=None, test=replace(result.test, accuracy_float=None, confusion_float=None))
    )
    assert "Memory over time" not in page and "Roofline" not in page and page.count("<svg") == 4


@pytest.mark.slow
@pytest.mark.unit
def test_a_failed_check_and_hostile_names(tmp_path):
    result = example_test(tmp_path)
    checks = (replace(result.checks[0], passed=False), *result.checks[1:])
    model = replace(result.model, labels=("<script>alert(1)</script>", "$^$ \U0001f680 a&b", *result.model.labels[2:]))
    kit = result.kit.model_copy(update={"title": "<b>&", "labels": model.labels})
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no font has a rocket, which is not the reader's concern
        page = report_html(replace(result, checks=checks, kit=kit, model=model))
    assert 'class="badge failed"' in page and 'class="badge passed"' not in page
    assert "<script" not in page and "<b>&" not in page and "&lt;b&gt;&amp;" in page


@pytest.mark.slow
@pytest.mark.unit
def test_a_page_is_passed_only_where_every_mark_was_asked_for():
    result = example_test()
    assert '<span class="badge passed">passed</span>' in report_html(result)
    checks = (replace(result.checks[0], asked=False, text="no mark set"), *result.checks[1:])
    page = report_html(replace(result, checks=checks))
    assert '<span class="badge passed-in-part">passed in part</span>' in page
    assert re.search(r'aria-label="not asked">–</span>&ensp;no mark set', page)


@pytest.mark.unit
def test_without_matplotlib(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Missing, match="matplotlib"):
        report_html(example_test())


@pytest.mark.unit
def test_the_flame_is_as_wide_as_the_time():
    profile = example_test().profile
    boxes = [
        (float(x), float(y), float(w))
        for x, y, w in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', flame_svg(profile))
    ]
    layers = sorted(box for box in boxes if box[1] == 34)
    total = sum(layer.time for layer in profile.layers)
    assert [w for _, _, w in layers] == pytest.approx([1000 * x.time / total for x in profile.layers], abs=0.02)
    assert [x for x, _, _ in layers] == pytest.approx([0, *np.cumsum([w for _, _, w in layers])[:-1]], abs=0.05)


@pytest.mark.emulator
@pytest.mark.slow
def test_in_a_browser(tmp_path):
    pages = {}
    for name, layers in (("few", 3), ("many", 70)):
        (tmp_path / name).mkdir()
        result = example_test(tmp_path / name, layers)
        if name == "many":
            labels = tuple(f"a rather long class name {i}" for i in range(10))
            result = replace(result, model=replace(result.model, labels=labels), port="x" * 300)
        pages[name] = tmp_path / f"{name}.html"
        pages[name].write_text(report_html(result), encoding="utf-8")
    with Browser() as browser:
        for page in pages.values():
            for width in (360, 1280):
                for dark in (False, True):
                    browser.open(page, width, dark)
                    assert browser.ask("document.documentElement.scrollWidth") <= width
                    assert browser.ask(TOO_WIDE) == []
                    assert browser.ask(SAID_WIDE) == [[width == 360] * 2] * 2  # said where it is so
                    assert browser.ask("document.querySelectorAll('figure svg').length") == 9
                    assert browser.ask(SMALL_SVG) == 0
                    paper = browser.ask("getComputedStyle(document.body).backgroundColor")
                    light = sum(map(int, re.findall(r"\d+", paper)))
                    assert light < 100 if dark else light > 600
        for width in range(820, 850, 3):  # a scroll bar takes its part of it
            browser.open(pages["few"], width)
            assert all(wide == said for wide, said in browser.ask(SAID_WIDE))
        assert browser.errors == []
        assert all(address.startswith(("file:", "data:")) for address in browser.requests)
