"""An inference as a flame-like picture: its whole time on top, its layers in their order below, their kernels below
those; the front end before it. The width is the time."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolchain.evaluate.profile import Profile

_WIDTH, _ROW = 1000.0, 34
_LETTER = 7.2  # width of a letter at the font size below
_COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#76b7b2", "#edc948", "#9c755f", "#ff9da7")


def flame_svg(profile: Profile) -> str:
    """The picture; each box says more in its title, which browsers show when it is pointed at."""
    unit = {"us": "µs"}.get(profile.unit, profile.unit)
    front = profile.front_end or 0.0
    total = front + sum(layer.time for layer in profile.layers) or 1.0
    colours = {op: _COLOURS[i % len(_COLOURS)] for i, op in enumerate(dict.fromkeys(x.op for x in profile.layers))}
    at = _WIDTH * front / total
    boxes = [_box(at, _WIDTH - at, 0, "#bab0ac", f"inference: {profile.time:,.10g} {unit}", "")]
    if front:
        boxes.append(_box(0, at, 0, "#d4a6c8", "front end", f"front end: {front:,.10g} {unit}, {front / total:.1%}"))
    for layer in profile.layers:
        width = _WIDTH * layer.time / total
        said = f"layer {layer.number} {layer.op} ({layer.kernel}): {layer.time:,.10g} {unit}, "
        said += f"{layer.time / total:.1%}; {layer.macs:,} MACs, {layer.bytes:,} bytes"
        boxes.append(_box(at, width, 1, colours[layer.op], f"{layer.number} {layer.op}", said))
        boxes.append(_box(at, width, 2, colours[layer.op], layer.kernel.removeprefix("kit_"), said))
        at += width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {3 * _ROW}" font-family="sans-serif" '
        f'font-size="13" role="img" aria-label="time by layer">\n' + "\n".join(boxes) + "\n</svg>\n"
    )


def _box(at: float, width: float, row: int, colour: str, label: str, title: str) -> str:
    room = int((width - 8) / _LETTER)
    shown = label if len(label) <= room else label[: room - 1] + "…" if room > 3 else ""
    text = f'<text x="{at + 4:.2f}" y="{row * _ROW + 21}" fill="#111">{html.escape(shown)}</text>' if shown else ""
    return (
        f"<g><title>{html.escape(title or label)}</title>"
        f'<rect x="{at:.2f}" y="{row * _ROW}" width="{max(width, 0.3):.2f}" height="{_ROW - 2}" rx="2" '
        f'fill="{colour}" fill-opacity="{0.95 if row < 2 else 0.75}"/>{text}</g>'
    )
