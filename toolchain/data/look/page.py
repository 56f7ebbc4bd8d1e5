"""A kit's data as one self-contained HTML page."""

from __future__ import annotations

import base64
from pathlib import Path

import jinja2

from toolchain.data.look.picture import draw
from toolchain.data.look.survey import Survey, seconds

_TEMPLATES = (
    Path(__file__).parent,
    Path(__file__).parents[2] / "evaluate" / "templates",
)  # the style is that of reports


def page_html(found: Survey) -> str:
    """The page: everything is in it, nothing is fetched. Raises `Missing` without matplotlib."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: "–" if value is None else f"{value:,.10g}"
    picture = base64.b64encode(draw(found, with_list=False)).decode()
    return environment.get_template("data.html.j2").render(
        found=found, kit=found.kit, length=seconds(found.kit, found.kit.input.shape[0]), picture=picture
    )
