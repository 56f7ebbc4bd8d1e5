"""`kit mlperf`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import command, model_or_kit, setup_options
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.connection import Setup
    from toolchain.evaluate.mlperf import InputKind


@command()
@click.argument("model", required=False, metavar="[KIT|MODEL.tflite]")
@setup_options("emulated", "port", "compiler", "optimize")
@click.option("--name", metavar="NAME", help="The benchmark's name of the model, such as kws01; else by the file.")
@click.option(
    "--input",
    "input_kind",
    type=click.Choice(["model", "uint8", "float32"]),
    help="How the host sends inputs: as the model takes them, as pixels, as floats; else by the name.",
)
@click.option(
    "--samples", type=click.IntRange(min=1), default=3, show_default=True, metavar="N", help="Inputs to check."
)
@click.option(
    "--runs", type=click.IntRange(min=1), default=5, show_default=True, metavar="N", help="Inferences on each input."
)
@click.option("--serve", is_flag=True, help="No check: say the port, and wait for the benchmark's own host program.")
def entry(
    output: Output,
    model: str | None,
    setup: Setup,
    name: str | None,
    input_kind: InputKind | None,
    samples: int,
    runs: int,
    serve: bool,
) -> int:
    """Firmware that the host program of MLPerf Tiny can drive.

    It is built, and started (--emulate) or flashed. Then this command plays the host program with random inputs and
    compares what comes back with the reference; with --serve it leaves the port to the benchmark's own host program.

    Example: kit mlperf kws.tflite --board mps2-an386 --emulate
    """
    from toolchain.connection import require_port
    from toolchain.evaluate.mlperf import benchmark_device, benchmark_of, self_check
    from toolchain.pipeline import named_model
    from toolchain.workspace import Workspace

    setup, workspace = setup.located(), Workspace()
    require_port(setup.board, setup.port)
    with output.progress() as progress:
        chosen = named_model(model_or_kit(model), workspace, progress)
        benchmark = benchmark_of(chosen, name, input_kind)
        if not serve:
            with benchmark_device(chosen, benchmark, setup, workspace, progress) as port:
                result = self_check(chosen, benchmark, setup, port, samples=samples, runs=runs, progress=progress)
    if serve:
        with benchmark_device(chosen, benchmark, setup, workspace) as port:
            _wait(output, setup.board.baud, benchmark.name, port)
        return 0
    right = result.samples - result.mismatches
    output.result(
        result.as_json(),
        f"{result.benchmark} on {result.device}: {right} of {result.samples} results as the reference's, "
        f"{result.microseconds:,.10g} µs an inference ({result.inferences_per_second:,.4g} a second)"
        f"{' by the clock of its emulator, which is no measure of the board' if result.emulated else ''}",
    )
    wrong = f"{result.mismatches} of {result.samples} results differ from the reference"
    return output.checks([wrong] if result.mismatches else [])


def _wait(output: Output, baud: int, benchmark: str, device: str) -> None:
    """Until Ctrl-C: the port is somebody else's."""
    import threading

    from toolchain.emulate.pty_bridge import PtyBridge

    with PtyBridge(device) as bridge:
        output.result(
            {"port": bridge.port, "baud": baud, "benchmark": benchmark},
            f"{benchmark} waits on {bridge.port} at {baud} baud; Ctrl-C ends",
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            output.note("stopped")
