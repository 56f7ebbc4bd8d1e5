"""`kit report`, `kit test --html` and `kit profile` on boards that run here."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.evaluate.browser import Browser

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def test_the_page_of_a_test_and_of_a_report(alone):
    pytest.importorskip("matplotlib", reason="the charts need matplotlib (extra train)")
    arguments = ("digits", "--board", "mps2-an386", "--emulate")
    said = alone.json("test", *arguments, "--samples", "all", "--html", "r.html", "--junit", "r.xml")
    assert said["failed_checks"] == [] and (alone.cwd / "r.xml").is_file()
    said = alone.json("report", *arguments, "--out", "pages/again.html")
    assert said["resumed"] == said["samples"] == 360 and said["report"] == "pages/again.html"
    with Browser() as browser:
        for page in ("r.html", "pages/again.html"):
            for width in (360, 1280):
                browser.open(alone.cwd / page, width)
                assert browser.ask("document.documentElement.scrollWidth") <= width
                assert browser.ask("document.querySelectorAll('figure svg').length") == 9
                assert "passed" in browser.ask("document.querySelector('.badge').textContent")
        assert browser.errors == []


@pytest.mark.parametrize(("board", "unit"), [("host", "us"), ("mps2-an386", "instructions"), ("esp32c3", "us")])
def test_a_profile(kit, digits_model, board, unit):
    name = str(digits_model) if board == "mps2-an386" else "digits"
    said = kit.json("profile", name, "--board", board, "--emulate", "--svg", "f.svg")
    layers = said["layers"]
    assert said["unit"] == unit and [layer["number"] for layer in layers] == list(range(len(layers)))
    assert said["macs"] == sum(layer["macs"] for layer in layers) == 58368
    assert all(layer["bytes"] > 0 and layer["time"] >= 0 for layer in layers)
    if board != "host":  # where a layer takes less than a tick of the clock
        assert sum(layer["time"] for layer in layers) == pytest.approx(said["time"], rel=0.05)
        assert all(0 < layer["reached"] <= 1 for layer in layers if layer["macs"])
    picture = ElementTree.parse(kit.cwd / "f.svg").getroot()
    assert len(picture.findall("{*}g")) == 1 + 2 * len(layers)


def test_a_profile_as_a_table(kit):
    pytest.importorskip("matplotlib", reason="the charts need matplotlib (extra train)")
    done = kit("profile", "digits", "--board", "mps2-an386", "--emulate", "--roofline", "r.svg")
    assert done.returncode == 0, done.stderr
    assert "kit_conv_s8" in done.stdout and "█" in done.stdout and "roof: " in done.stdout
    assert ElementTree.parse(kit.cwd / "r.svg").getroot().tag.endswith("svg")


def test_what_cannot_be_profiled(kit):
    message, hint = kit.refused("profile", "nothing.tflite", "--board", "host", status=2)
    assert "nothing.tflite" in message and hint
    kit.json("build", "digits", "--board", "host", "--emulate")
    message, hint = kit.refused("profile", "digits", "--board", "host", "--svg", "/dev/null/f.svg", status=2)
    assert "cannot be written" in message and hint
