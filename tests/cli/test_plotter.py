"""Numbers in text, and their curves."""

import pytest

from toolchain.cli.plotter import Plotter, parse

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("temperature:21.5 light:300", {"temperature": 21.5, "light": 300}),
        ("a:1,b:-2e3\tc:.5", {"a": 1, "b": -2000, "c": 0.5}),
        ("x = 4, y= 5", {"x": 4, "y": 5}),
        ("1,2.5 -3", {"value 1": 1, "value 2": 2.5, "value 3": -3}),
        ("I (301) boot: ESP-IDF v5.1", {}),
        ("time 12:30:01x", {}),
        ("", {}),
    ],
)
def test_parse(line, found):
    assert parse(line) == found


def test_only_the_last_values_are_drawn():
    plotter = Plotter(length=10)
    assert plotter.draw(60, 10) == "" and not plotter.add("nothing here")
    for i in range(1000):
        assert plotter.add(f"level:{i}")
    drawn = plotter.draw(60, 10)
    assert "level 999" in drawn and "990" in drawn and "989.0" not in drawn
