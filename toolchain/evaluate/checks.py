"""Pass marks: what a deployment must reach, and whether it did."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolchain.errors import BadInput
from toolchain.kit import LATENCY
from toolchain.train.trained import judged_accuracies

if TYPE_CHECKING:
    from toolchain.evaluate.results import DeviceTest
    from toolchain.kit import Kit

_IN_US = {"us": 1.0, "µs": 1.0, "ms": 1e3, "s": 1e6}


@dataclass(frozen=True)
class Check:
    """One pass mark: ``text`` says what was found and what is asked for. Where nothing is (no mark set, or one for the
    whole test set only), ``asked`` is False and the check passes."""

    name: str
    passed: bool
    text: str
    asked: bool = True


@dataclass(frozen=True)
class Marks:
    """What the user asked for beside or instead of the kit's own marks: a fraction, and a latency such as ``25 ms``."""

    min_accuracy: float | None = None
    max_latency: str | None = None


def latency_limit(text: str, unit: str) -> float:
    """``25 ms``, ``180 us`` or ``200000 instructions`` in ``unit``; a bare number is in ``unit`` already.

    Raises BadInput when it cannot be read, or is time where instructions are counted (and the reverse).
    """
    if not re.fullmatch(LATENCY, text.strip()):
        raise BadInput(f"{text!r} is no latency", 'write it as "25 ms", "180 us" or "200000 instructions"')
    number, said = re.fullmatch(r"([0-9.]+) *(\S*)", text.strip()).groups()  # type: ignore[union-attr]
    if not said or said == unit:
        return float(number)
    if said in _IN_US and unit == "us":
        return float(number) * _IN_US[said]
    raise BadInput(f"this board's latency is told in {unit}, and the limit is in {said}", f"give the limit in {unit}")


def check_all(
    kit: Kit, metrics: Mapping[str, Any], test: DeviceTest, board: str, marks: Marks, whole: bool
) -> tuple[Check, ...]:
    """Every check that applies. The kit's own accuracy is asked for only of its ``whole`` test set, since a few samples
    say little; one that the user gave always."""
    return (*training_checks(kit, metrics), *_of_device(kit, metrics, test, board, marks, whole))


def training_checks(kit: Kit, metrics: Mapping[str, Any]) -> tuple[Check, ...]:
    """The checks of what training left, before any device."""
    (floating, int8), wanted = judged_accuracies(metrics), kit.pass_marks
    of = f" of all {metrics['samples']['test']:,} test samples"
    if metrics.get("cross_validation"):
        of = f", mean of {kit.data.folds} folds"
    checks = []
    if floating is not None:
        checks.append(
            _least("float accuracy", f"float accuracy {floating:.4f}{of}", floating, wanted.min_float_accuracy)
        )
        text = f"int8 loses {floating - int8:.4f} of accuracy, at most {wanted.max_int8_loss} wanted"
        checks.append(Check("int8 loss", floating - int8 <= wanted.max_int8_loss, text))
    if wanted.min_auc is not None:
        auc = metrics["auc_int8"]
        text = f"area under the ROC curve {auc:.4f}, at least {wanted.min_auc} wanted"
        checks.append(Check("area under the curve", auc >= wanted.min_auc, text))
    if wanted.max_weights_bytes is not None:
        size = metrics["weights_bytes"]
        text = f"{size:,} bytes of weights, at most {wanted.max_weights_bytes:,} wanted"
        checks.append(Check("weights", size <= wanted.max_weights_bytes, text))
    return tuple(checks)


def _least(name: str, found: str, value: float, mark: float) -> Check:
    """The check that ``value``, told by ``found``, reaches ``mark``: one of 0 asks for nothing."""
    return Check(
        name, value >= mark, f"{found}, {f'at least {mark} wanted' if mark else 'no mark set'}", asked=mark > 0
    )


def _of_device(
    kit: Kit, metrics: Mapping[str, Any], test: DeviceTest, board: str, marks: Marks, whole: bool
) -> Iterator[Check]:
    parity, latency = test.parity, test.whole_latency or test.latency
    yield Check(
        "parity",
        parity.mismatches == 0,
        f"{parity.mismatches} of {parity.samples} answers differ from {parity.reference}",
    )
    least = kit.pass_marks.min_device_accuracy if marks.min_accuracy is None else marks.min_accuracy
    name, found = "device accuracy", f"accuracy on the device {test.accuracy_device:.4f}"
    if whole or marks.min_accuracy is not None or not least:
        yield _least(name, found, test.accuracy_device, least)
    else:
        text = f"{found} of {test.samples:,} samples; the mark, {least}, is for all {metrics['samples']['test']:,}"
        yield Check(name, True, text, asked=False)
    if most := _most_latency(kit, board, marks, latency.unit):
        yield Check(
            "latency",
            latency.p95 <= most,
            f"95th percentile of latency {latency.p95:,} {latency.unit}, at most {most:,.10g} wanted",
        )


def _most_latency(kit: Kit, board: str, marks: Marks, unit: str) -> float | None:
    """The limit in ``unit``, None for none. The kit's time is not asked of an emulator that counts instructions."""
    if marks.max_latency:
        return latency_limit(marks.max_latency, unit)
    said = kit.pass_marks.max_latency.get(board)
    if said is None or (unit == "instructions" and said.strip().endswith("s") and not said.endswith("instructions")):
        return None
    return None if unit == "us" and said.endswith("instructions") else latency_limit(said, unit)
