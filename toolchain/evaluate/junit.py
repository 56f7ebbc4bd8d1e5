"""A test's checks as JUnit XML, which continuous-integration servers read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from toolchain.evaluate.kit_test import KitTest


def junit_xml(result: KitTest) -> str:
    """One test suite with a case for every check, and the figures as its properties."""
    failed = [check for check in result.checks if not check.passed]
    skipped = [check for check in result.checks if not check.asked]
    seconds = f"{result.seconds['total']:.3f}"
    counts = {"tests": str(len(result.checks)), "failures": str(len(failed)), "errors": "0", "time": seconds}
    counts["skipped"] = str(len(skipped))
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(
        root, "testsuite", {"name": f"kit test {result.model.name} on {result.board}", **counts}
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _figures(result).items():
        ElementTree.SubElement(properties, "property", name=name, value=str(value))
    for check in result.checks:
        name = f"{result.model.name}.{result.board}"
        case = ElementTree.SubElement(suite, "testcase", classname=name, name=check.name, time="0")
        if not check.passed:
            ElementTree.SubElement(case, "failure", message=check.text).text = check.text
        elif not check.asked:
            ElementTree.SubElement(case, "skipped", message=check.text)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _figures(result: KitTest) -> dict[str, object]:
    test, front_end = result.test, result.test.front_end_latency
    return {
        "samples": test.samples,
        "accuracy": test.accuracy_device,
        "accuracy_low": test.interval[0],
        "accuracy_high": test.interval[1],
        "latency_p95": test.latency.p95,
        "latency_unit": test.latency.unit,
        **({"front_end_latency_p95": front_end.p95} if front_end else {}),
        "model_sha256": result.model.sha256,
        "emulated": result.emulated,
    }
