"""The README's table: the MLPerf Tiny models as our code and as TFLM with CMSIS-NN, on the same emulated Cortex-M4.

    python -m benchmarks.table [--board BOARD] [--write]

``--write`` puts the table into the README too. Our columns are measured now, TFLM's are those recorded in tflm.json.
The models are not part of the project: they are looked for in $KIT_MODELS, or in ../shared/models beside the checkout.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from toolchain.board.descriptor import load_board
from toolchain.errors import KitError
from toolchain.evaluate.bench import bench
from toolchain.workspace import Workspace

HERE = Path(__file__).resolve().parent
MODELS = Path(os.environ.get("KIT_MODELS", HERE.parents[1] / "shared" / "models"))
README = HERE.parent / "README.md"
MARKS = ("<!-- bench -->\n", "<!-- /bench -->")
HEADINGS = ("model", "instructions", "TFLM", "arena", "TFLM", "model + code in flash", "TFLM", "static RAM", "stack")


def row(name: str, tflm: dict[str, Any], board_name: str) -> tuple[str, ...]:
    """One model's line: ours, then TFLM's, for each quantity."""
    result = bench(MODELS / f"{name}.tflite", load_board(board_name), Workspace())
    memory = result.memory
    theirs = tflm["m55_cmsis_nn"] if board_name == "mps3-an547" else tflm["cmsis_nn"]
    stack = "–" if memory.stack_bytes is None else f"{memory.stack_bytes:,}"
    return (
        name, _millions(result.time), _millions(theirs), f"{memory.arena_bytes:,}", f"{tflm['arena_bytes']:,}",
        f"{memory.flash_bytes:,}", f"{tflm['flash_bytes']:,}", f"{memory.static_ram_bytes:,}", stack,
    )  # fmt: skip


def _millions(count: float) -> str:
    return f"{count / 1e6:.3f} M"


def main() -> int:
    parser = argparse.ArgumentParser(description="The MLPerf Tiny models as our code and as TFLM's.")
    parser.add_argument("--board", default="mps2-an386")
    parser.add_argument("--write", action="store_true", help="put the table into the README")
    options = parser.parse_args()
    recorded = json.loads((HERE / "tflm.json").read_text())["models"]
    absent = [name for name in recorded if not (MODELS / f"{name}.tflite").is_file()]
    if len(absent) == len(recorded):
        print(f"no model in {MODELS}: set KIT_MODELS to the folder with kws.tflite, ic.tflite, …", file=sys.stderr)
        return 3
    lines = [f"| {' | '.join(HEADINGS)} |", f"|---|{'---:|' * (len(HEADINGS) - 1)}"]
    print("\n".join(lines), flush=True)
    status = 0
    for name, tflm in recorded.items():
        if name in absent:
            print(f"{name} skipped: there is no {MODELS / name}.tflite", file=sys.stderr)
            continue
        try:
            lines.append(f"| {' | '.join(row(name, tflm, options.board))} |")
            print(lines[-1], flush=True)
        except KitError as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = error.exit_status
    if options.write and not status and not absent:
        before, _, rest = README.read_text(encoding="utf-8").partition(MARKS[0])
        README.write_text(
            f"{before}{MARKS[0]}{chr(10).join(lines)}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", encoding="utf-8"
        )
    return status


if __name__ == "__main__":
    raise SystemExit(main())
