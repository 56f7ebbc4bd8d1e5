"""The report of a test as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

from toolchain.compiler.arena_map import arena_svg
from toolchain.evaluate import charts
from toolchain.evaluate.flame import flame_svg
from toolchain.workspace import versions

if TYPE_CHECKING:
    from toolchain.evaluate.device import Expected
    from toolchain.evaluate.kit_test import KitTest
    from toolchain.signal import SignalSettings

_TEMPLATES = Path(__file__).with_name("templates")


def report_html(result: KitTest) -> str:
    """The page: everything is in it, nothing is fetched. Raises Missing without matplotlib."""
    return _template().render(
        result=result,
        kit=result.kit,
        test=result.test,
        metrics=result.trained.metrics,
        unit={"us": "µs"}.get(result.test.latency.unit, result.test.latency.unit),
        scores=result.test.scores(result.model.labels),
        mistakes=_mistakes(result),
        matrices=_matrices(result),
        charts=_charts(result),
        hashes=_hashes(result),
        versions=_versions(result),
        verdict=_verdict(result),
    )


def _verdict(result: KitTest) -> str:
    """``passed`` only where every mark was asked for."""
    if result.failed_checks:
        return "failed"
    return "passed" if all(check.asked for check in result.checks) else "passed in part"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: "–" if share is None else f"{100 * share:.1f} %"
    environment.filters["hundredths"] = lambda share: "–" if share is None else f"{100 * share:.1f}"
    environment.filters["number"] = lambda value: "not known" if value is None else f"{value:,.10g}"
    return environment.get_template("report.html.j2")


def _charts(result: KitTest) -> Mapping[str, str]:
    """The SVG of each chart for which there are figures."""
    metrics, expected = result.trained.metrics, result.expected
    drawn = {
        "samples": charts.samples(_drawable(expected, result.model.signal), expected.labels, result.model.labels),
    }
    if metrics["history"]:
        drawn["learning"] = charts.learning_curve(metrics["history"], metrics["best_epoch"])
    if result.profile:
        drawn["layers"] = charts.layer_times(result.profile)
        drawn["roofline"] = charts.roofline(result.profile)
        drawn["flame"] = flame_svg(result.profile)
    if result.report:
        drawn["arena"] = _themed_arena(arena_svg(result.report))
    return drawn


def _drawable(expected: Expected, signal: SignalSettings | None) -> np.ndarray:
    """The samples as people know them: a spectrogram with time to the right, a motion as it was recorded."""
    if signal is not None and signal.type == "audio":
        return expected.inputs.reshape(-1, *signal.shape, 1).transpose(0, 2, 1, 3)[:, ::-1]
    return expected.sent if signal is not None and signal.type == "motion" else expected.inputs


def _themed_arena(svg: str) -> str:
    """The memory map without its white paper, its text in the page's colour."""
    svg = svg.replace('fill="white"', 'fill="none"').replace('fill="#555"', 'fill="currentColor"')
    return svg.replace("<svg ", '<svg fill="currentColor" ', 1)


def _matrices(result: KitTest) -> list[tuple[str, float, str]]:
    """Title, accuracy and picture of each confusion matrix."""
    test, labels = result.test, result.model.labels
    known = (
        ("float, host", test.accuracy_float, test.confusion_float),
        ("int8, host", test.accuracy_host, test.confusion_host),
        ("int8, device", test.accuracy_device, test.confusion_device),
    )
    return [
        (title, accuracy, charts.confusion(matrix, labels, f"m{i}"))
        for i, (title, accuracy, matrix) in enumerate(known)
        if matrix is not None and accuracy is not None
    ]


def _mistakes(result: KitTest) -> list[tuple[str, str, int]]:
    """The pairs of true class and other answer that came most often on the device, at most five."""
    counts = np.array(result.test.confusion_device)
    np.fill_diagonal(counts, 0)
    labels = result.model.labels
    pairs = sorted(((int(counts[t, a]), t, a) for t, a in np.argwhere(counts)), reverse=True)[:5]
    return [(labels[t], labels[a], count) for count, t, a in pairs]


def _hashes(result: KitTest) -> list[tuple[str, str]]:
    known = [("model", result.model.sha256)]
    if result.built:
        known += [("firmware", result.built.firmware_sha256), ("build", result.built.build_id)]
    data: Any = result.trained.metrics.get("data", {})
    return known + ([("samples", data["sha256"])] if data.get("sha256") else [])


def _versions(result: KitTest) -> list[tuple[str, str]]:
    found = [(name, str(version)) for name, version in versions("tinyml-kit", "tflite-micro").items()]
    found += [(name, str(version)) for name, version in result.trained.metrics.get("versions", {}).items()]
    if result.built:
        found.append(("C compiler", result.built.compiler))
    return [*found, ("emulator", result.emulator)] if result.emulator else found
