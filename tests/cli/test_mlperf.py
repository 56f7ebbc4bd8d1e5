"""`kit mlperf`: the host program's side, byte for byte, against emulated boards."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest
import serial

from tests.cli.conftest import command, environment
from toolchain.errors import BadInput
from toolchain.evaluate.mlperf import Benchmark, Host, as_printed, as_sent, benchmark_of
from toolchain.pipeline import Model

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.mark.parametrize(
    ("board", "model", "samples"),
    [
        ("host", "vww", 2),
        ("mps2-an386", "kws", 2),
        ("mps2-an386", "ad", 2),
        ("esp32", "ad", 1),
        ("esp32c3", "digits", 1),
    ],
)
def test_results_are_the_references(kit, shared_models, board, model, samples):
    name = "digits" if model == "digits" else str(shared_models[model])
    said = kit.json("mlperf", name, "--board", board, "--emulate", "--samples", str(samples), "--runs", "1")
    assert said["benchmark"] == (model if model == "digits" else f"{model}01") and said["device"] == board
    assert said["samples"] == samples and said["mismatches"] == 0 and said["microseconds"] > 0


def test_the_hosts_own_program_finds_a_serial_port(kit, shared_models):
    """What the benchmark's runner does with the port that --serve names, in its words and its order."""
    import numpy as np

    from toolchain.model.reader import load_model
    from toolchain.model.runners import reference_runner

    path = shared_models["kws"]
    process = subprocess.Popen(
        command("mlperf", str(path), "--board", "mps2-an386", "--emulate", "--serve", "--json"),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(), cwd=kit.cwd,
        start_new_session=True,
    )  # fmt: skip
    try:
        text = ""
        while "}" not in text:
            line = process.stdout.readline()
            assert line, "it ended"
            text += line
        where = json.loads(text)
        assert where["benchmark"] == "kws01"
        for _ in range(2):  # clients come and go
            with serial.Serial(where["port"], where["baud"], timeout=0.1) as port:
                host = Host(port)
                host.synchronise()
                assert host.command("name") == ["m-name-dut-[mps2-an386]"]
                assert host.command("profile") == [
                    "m-profile-[ULPMark for tinyML Firmware V0.0.1]",
                    "m-model-[kws01]",
                ]
                before = host.timestamp()
                values = np.random.default_rng(3).integers(-128, 128, (1, 49, 10, 1)).astype(np.int8)
                data = values.tobytes()
                assert host.command(f"db load {len(data)}") == ["m-[Expecting 490 bytes]"]
                answers = [host.command(f"db {data[at : at + 31].hex()}") for at in range(0, len(data), 31)]
                assert answers == [[]] * 15 + [["m-load-done"]]
                said = host.command("infer 2 1")
                shape = [
                    "m-warmup-start-1",
                    "m-warmup-done",
                    "m-infer-start-2",
                    said[3],
                    said[4],
                    "m-infer-done",
                    said[6],
                ]
                assert said == shape
                start, end = (int(lap.removeprefix("m-lap-us-")) for lap in said[3:5])
                assert before < start < end
                graph = load_model(path)
                [output] = reference_runner(path.read_bytes(), graph).run([values])
                wanted = ",".join(as_printed(output, data, Benchmark("kws01"), graph))
                assert said[6] == f"m-results-[{wanted}]" == host.command("results")[0]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(100) == 0


def test_what_cannot_take_part(kit, shared_models, digits_model):
    kws = str(shared_models["kws"])
    message, hint = kit.refused("mlperf", kws, "--board", "host", "--name", "k w s", status=2)
    assert "'k w s'" in message and hint
    message, hint = kit.refused("mlperf", str(shared_models["ad"]), "--board", "host", "--input", "uint8", status=2)
    assert "float32" in message and hint
    message, _ = kit.refused("mlperf", "none.tflite", "--board", "host", status=2)
    assert "none.tflite" in message


def test_names_of_the_benchmark(tmp_path):
    assert benchmark_of(Model("vww", tmp_path, "")) == Benchmark("vww01", "uint8")
    assert benchmark_of(Model("mine", tmp_path, ""), input_kind="float32") == Benchmark("mine", "float32")
    with pytest.raises(BadInput):
        benchmark_of(Model("a]b", tmp_path, ""))


def test_what_is_sent():
    import numpy as np

    values = np.array([-128, 0, 127], np.int8)
    assert as_sent(values, Benchmark("x", "uint8"), 1, 0) == bytes([0, 128, 255])
    assert as_sent(values, Benchmark("x"), 1, 0) == bytes([128, 0, 127])
    assert np.frombuffer(as_sent(values, Benchmark("x", "float32"), 0.5, 2), "<f4").tolist() == [-65, -1, 62.5]
