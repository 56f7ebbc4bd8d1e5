"""The README's table: the MLPerf Tiny models as our code and as TFLM with CMSIS-NN, on the same emulated Cortex-M4.

    python -m benchmarks.table [BOARD]

Our columns are measured now, TFLM's are those recorded in tflm.json. The models are not part of the project: they are
looked for in $KIT_MODELS, or in ../shared/models beside the checkout.
"""

from __future__ import annotations

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
    board = sys.argv[1] if len(sys.argv) > 1 else "mps2-an386"
    recorded = json.loads((HERE / "tflm.json").read_text())["models"]
    absent = [name for name in recorded if not (MODELS / f"{name}.tflite").is_file()]
    if len(absent) == len(recorded):
        print(f"no model in {MODELS}: set KIT_MODELS to the folder with kws.tflite, ic.tflite, …", file=sys.stderr)
        return 3
    print(f"| {' | '.join(HEADINGS)} |\n|---|{'---:|' * (len(HEADINGS) - 1)}", flush=True)
    status = 0
    for name, tflm in recorded.items():
        if name in absent:
            print(f"{name} skipped: there is no {MODELS / name}.tflite", file=sys.stderr)
            continue
        try:
            print(f"| {' | '.join(row(name, tflm, board))} |", flush=True)
        except KitError as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = error.exit_status
    return status


if __name__ == "__main__":
    raise SystemExit(main())
