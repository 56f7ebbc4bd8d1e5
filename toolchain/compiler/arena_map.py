"""The arena as a picture: tensors over time, in SVG."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_WIDTH, _HEIGHT = 1100, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 20, 60, 150
_COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#76b7b2", "#edc948", "#9c755f", "#ff9da7")
_STATE, _SCRATCH = "#e15759", "#bab0ac"


def draw_arena(report: Mapping[str, Any], path: Path) -> None:
    """Write the memory plan of a compile report to ``path`` as SVG: layers from left to right, bytes from the bottom
    up. Where rectangles overlap, a kernel writes its output over the input that it has finished with."""
    path.write_text(arena_svg(report), encoding="utf-8")


def arena_svg(report: Mapping[str, Any]) -> str:
    """The picture as text; see `draw_arena`."""
    layers, size = report["layers"], report["arena_bytes"]
    columns = len(layers) + 2  # before the first layer (inputs) and after the last (outputs)
    unit_x = (_WIDTH - _LEFT - _RIGHT) / columns
    unit_y = (_HEIGHT - _TOP - _BOTTOM) / max(size, 1)
    floor = _HEIGHT - _BOTTOM

    def rectangle(first: int, last: int, offset: int, count: int, colour: str, text: str, label: str) -> str:
        first, last = max(first, -1), min(last, len(layers))
        x, width = _LEFT + (first + 1) * unit_x, (last - first + 1) * unit_x
        y, height = floor - (offset + count) * unit_y, count * unit_y
        shown = label[: int((width - 6) / 8)] if height >= 12 and width > 6 else ""  # capitals of this size are 8 wide
        return (
            f'<g><title>{html.escape(text)}</title><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{max(height, 1):.1f}" fill="{colour}" fill-opacity="0.7" stroke="#333" stroke-width="0.6"/>'
            f'<text x="{x + 3:.1f}" y="{y + height / 2 + 4:.1f}" font-size="11">{html.escape(shown)}</text></g>'
        )

    parts = []
    for i, t in enumerate(report["arena"]):
        text = f"{t['name']}: {t['type']} {t['shape']}, {t['bytes']} bytes at {t['offset']}"
        colour = _STATE if t["state"] else _COLOURS[i % len(_COLOURS)]
        written = t["first"]
        label = layers[written]["op"] if 0 <= written < len(layers) else t["name"]
        parts.append(rectangle(written, t["last"], t["offset"], t["bytes"], colour, text, label))
    for s in report["scratch"]:
        text = f"scratch of layer {s['layer']}: {s['bytes']} bytes at {s['offset']}"
        parts.append(rectangle(s["layer"], s["layer"], s["offset"], s["bytes"], _SCRATCH, text, ""))
    names = ["input", *(f"{entry['layer']} {entry['op']}" for entry in layers), "output"]
    for i, name in enumerate(names):
        x = _LEFT + (i + 0.5) * unit_x
        parts.append(
            f'<text transform="translate({x + 4:.1f},{floor + 8}) rotate(90)" font-size="10">{html.escape(name)}</text>'
        )
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = floor - share * size * unit_y
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#999"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" font-size="11" text-anchor="end">{round(share * size):,}</text>'
        )
    title = (
        f"{report['name']} for {report['target']}: arena of {size:,} bytes "
        f"(no plan can need less than {report['arena_bound_bytes']:,})"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>\n'
        f'<text x="{_LEFT}" y="28" font-size="16">{html.escape(title)}</text>\n'
        f'<text x="{_LEFT}" y="46" font-size="11" fill="#555">bytes over layers; red: state kept between inferences; '
        f"grey: scratch; where boxes overlap, a kernel writes its output over the input that it has finished with"
        f"</text>\n" + "\n".join(parts) + "\n</svg>\n"
    )
