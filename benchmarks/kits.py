"""The README's table of kits: each trained in full, its firmware proved on an emulated Cortex-M4 and ESP32.

    python -m benchmarks.kits [--write] [KIT …]

``--write`` puts the lines into the README's table too, and leaves those of other kits as they are. What was trained and
measured before is not done again. Ends with 1 when a kit misses one of its pass marks.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from toolchain import pipeline
from toolchain.board.descriptor import load_board
from toolchain.cli.output import Lines
from toolchain.connection import Setup
from toolchain.deployment import deploy
from toolchain.errors import BadInput, KitError
from toolchain.kit import Kit, load_kit
from toolchain.progress import Progress
from toolchain.signal.settings import AudioSettings
from toolchain.train import TrainedModel, judged_accuracies
from toolchain.workspace import Workspace, source_hash

README = Path(__file__).resolve().parents[1] / "README.md"
KITS = ("digits", "fashion", "faces", "keyword", "motion", "anomaly")
M4, ESP32 = "mps2-an386", "esp32"
#: Test samples that each board is asked: few where the emulator models the speed of the serial line, and of sound, a
#: second of which QEMU's serial port takes a second or two for.
SAMPLES = {M4: 200, ESP32: 10}
SAMPLES_OF_SOUND = {M4: 50, ESP32: 5}
HEADINGS = (
    "kit", "test samples", "float", "int8", "on the M4", "weights", "M4: instructions", "flash", "RAM",
    "ESP32: ms", "flash", "RAM",
)  # fmt: skip
HEAD = (f"| {' | '.join(HEADINGS)} |", f"|---|{'---:|' * (len(HEADINGS) - 1)}")


def on_board(kit: Kit, trained: TrainedModel, board: str, workspace: Workspace, progress: Progress) -> dict[str, Any]:
    """What `deploy` found on the emulated ``board``, as ``kit deploy --json`` prints it; measured once for a
    model. Empty when the board is too small."""
    samples = (SAMPLES_OF_SOUND if isinstance(kit.signal, AudioSettings) else SAMPLES)[board]

    def make(folder: Path) -> None:
        try:
            with deploy(
                kit, Setup(load_board(board), emulated=True), workspace, samples=samples, progress=progress
            ) as done:
                said = done.as_json()
        except BadInput as error:
            progress.log(f"{kit.name} on {board}: {error.message}")
            said = {}
        (folder / "deployed.json").write_text(json.dumps(said))

    made_from = {
        "model": trained.metrics["model_sha256"],
        "kit": kit.model_dump(mode="json", exclude={"variants"}),
        "samples": samples,
        "source": source_hash("compiler", "board", "evaluate", "signal"),
    }
    folder = workspace.artefact(workspace.folder(kit.name, board) / "table", made_from, make, progress)
    return dict(json.loads((folder / "deployed.json").read_text()))


def line(kit: Kit, workspace: Workspace, progress: Progress) -> tuple[tuple[str, ...], list[str]]:
    """A kit's line of the table, and the pass marks that it misses."""
    trained = pipeline.train(kit, workspace, progress)
    metrics, (floating, int8) = trained.metrics, judged_accuracies(trained.metrics)
    m4, esp32 = (on_board(kit, trained, board, workspace, progress) for board in SAMPLES)
    folds = metrics.get("cross_validation", {})
    spread = f" ± {100 * folds['accuracy_int8_deviation']:.1f}" if folds else ""
    tested = sum(fold["test_samples"] for fold in folds["folds"]) if folds else metrics["samples"]["test"]
    area = f", AUC {metrics['auc_int8']:.3f}" if "auc_int8" in metrics else ""
    cells = (
        f"`{kit.name}`",
        f"{tested:,}" + (f" in {len(folds['folds'])} folds" if folds else ""),
        f"{100 * floating:.1f} %",
        f"{100 * int8:.1f} %{spread}{area}",
        f"{100 * m4['accuracy_device']:.1f} %" if m4 else "–",
        f"{metrics['weights_bytes']:,}",
        f"{m4['latency']['p50']:,.0f}" if m4 else "–",
        *_memory(m4),
        f"{esp32['latency']['p50'] / 1000:.1f}" if esp32 else "–",
        *_memory(esp32),
    )
    missed = dict.fromkeys([*pipeline.failed_training_checks(kit, trained), *_failed(m4), *_failed(esp32)])
    return cells, [f"{kit.name}: {text}" for text in missed]


def _failed(deployed: dict[str, Any]) -> list[str]:
    return deployed.get("failed_checks", [])


def _memory(deployed: dict[str, Any]) -> tuple[str, str]:
    if not deployed:
        return "–", "–"
    memory = deployed["memory"]
    return f"{memory['flash_bytes']:,}", f"{memory['arena_bytes'] + memory['static_ram_bytes']:,}"


def with_lines(text: str, lines: dict[str, str]) -> str:
    """The README ``text`` with ``lines`` of its table of kits, by kit, replaced or added; in the order of `KITS`."""
    before, mark, rest = text.partition("<!-- kits -->\n")
    table, end, after = rest.partition("<!-- /kits -->")
    there = {row.split("`")[1]: row for row in table.splitlines() if row.startswith("| `")} | lines
    rows = [*HEAD, *(there[name] for name in KITS if name in there)]
    return "".join([before, mark, *(f"{row}\n" for row in rows), end, after])


def main() -> int:
    parser = argparse.ArgumentParser(description="Every kit trained in full and proved on emulated boards.")
    parser.add_argument("--write", action="store_true", help="put the lines into the README")
    parser.add_argument("kits", nargs="*", default=KITS, metavar="KIT")
    options = parser.parse_args()
    workspace, progress = Workspace(), Lines(Console(stderr=True))
    print("\n".join(HEAD), flush=True)
    lines: dict[str, str] = {}
    missed: list[str] = []
    for name in options.kits:
        try:
            cells, failed = line(load_kit(name), workspace, progress)
        except KitError as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            return error.exit_status
        lines[name] = f"| {' | '.join(cells)} |"
        missed += failed
        print(lines[name], flush=True)
        if options.write:
            README.write_text(with_lines(README.read_text(encoding="utf-8"), lines), encoding="utf-8")
    for text in missed:
        print(f"check failed: {text}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
