"""The README's tables: the MLPerf Tiny models as our code and as TFLM with CMSIS-NN, on the same emulated cores.

    python -m benchmarks.table [--write]

``--write`` puts the tables into the README too. Our columns are measured now, TFLM's are those recorded in tflm.json.
The models are not part of the project: they are looked for in $KIT_MODELS, or in ../shared/models beside the checkout.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from toolchain.board.descriptor import load_board
from toolchain.connection import Setup
from toolchain.errors import KitError
from toolchain.evaluate.bench import Bench, bench
from toolchain.pipeline import Model
from toolchain.workspace import Workspace

HERE = Path(__file__).resolve().parent
MODELS = Path(os.environ.get("KIT_MODELS", HERE.parents[1] / "shared" / "models"))
README = HERE.parent / "README.md"


def measured(name: str, board: str) -> Bench:
    return bench(Model.of_file(MODELS / f"{name}.tflite"), Setup(load_board(board)), Workspace())


def on_cortex_m4(name: str, tflm: dict[str, Any]) -> tuple[str, ...]:
    """One model's line: ours, then TFLM's, for each quantity."""
    ours = measured(name, "mps2-an386")
    memory = ours.memory
    return (
        name, _millions(ours.time), _millions(tflm["cmsis_nn"]), f"{memory.arena_bytes:,}", f"{tflm['arena_bytes']:,}",
        f"{memory.flash_bytes:,}", f"{tflm['flash_bytes']:,}", f"{memory.static_ram_bytes:,}",
        f"{memory.stack_bytes:,}",
    )  # fmt: skip


def on_other_cores(name: str, tflm: dict[str, Any]) -> tuple[str, ...]:
    """One model's line of instructions: M7 as M4, vectors on the M55, portable C on the M3."""
    m7, m55, m3 = (measured(name, board) for board in ("mps2-an500", "mps3-an547", "mps2-an385"))
    return (
        name, _millions(m7.time), _millions(m55.time), _millions(tflm["m55_cmsis_nn"]), _millions(m3.time),
        f"{m3.time / m3.macs:.1f}",
    )  # fmt: skip


# Mark of the table in the README: its columns, and what gives a line.
TABLES: dict[str, tuple[tuple[str, ...], Callable[[str, dict[str, Any]], tuple[str, ...]]]] = {
    "bench": (
        ("model", "instructions", "TFLM", "arena", "TFLM", "model + code in flash", "TFLM", "static RAM", "stack"),
        on_cortex_m4,
    ),
    "cores": (("model", "M7", "M55", "TFLM on M55", "M3, portable C", "for each multiplication"), on_other_cores),
}


def _millions(count: float) -> str:
    return f"{count / 1e6:.3f} M"


def printed(mark: str, models: dict[str, Any]) -> str:
    """The table of ``mark``, printed line by line as it is measured. Raises KitError where a model fails."""
    headings, line = TABLES[mark]
    lines = [f"| {' | '.join(headings)} |", f"|---|{'---:|' * (len(headings) - 1)}"]
    print("\n".join(lines), flush=True)
    for name, tflm in models.items():
        lines.append(f"| {' | '.join(line(name, tflm))} |")
        print(lines[-1], flush=True)
    print()
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="The MLPerf Tiny models as our code and as TFLM's.")
    parser.add_argument("--write", action="store_true", help="put the tables into the README")
    options = parser.parse_args()
    recorded = json.loads((HERE / "tflm.json").read_text())["models"]
    present = {name: tflm for name, tflm in recorded.items() if (MODELS / f"{name}.tflite").is_file()}
    for name in recorded.keys() - present.keys():
        print(f"{name} skipped: there is no {MODELS / name}.tflite; KIT_MODELS names the folder", file=sys.stderr)
    if not present:
        return 3
    try:
        tables = {mark: printed(mark, present) for mark in TABLES}
    except KitError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    if options.write and present == recorded:
        text = README.read_text(encoding="utf-8")
        for mark, table in tables.items():
            before, _, rest = text.partition(f"<!-- {mark} -->\n")
            text = f"{before}<!-- {mark} -->\n{table}{rest[rest.index(f'<!-- /{mark} -->') :]}"
        README.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
