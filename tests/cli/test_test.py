"""`kit test` on boards that run here: its figures, its files, its resumption and its exit statuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import SHARED_BUILD, command, environment
from tests.timing import least_seconds

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.mark.parametrize(("board", "count"), [("host", 360), ("mps2-an386", 360), ("esp32c3", 20)])
def test_the_figures_of_a_board(kit, board, count):
    said = kit.json("test", "digits", "--board", board, "--emulate", "--samples", str(count), "--junit", "r.xml")
    assert said["samples"] == count and said["emulated"] is True and said["failed_checks"] == []
    low, high = said["interval"]
    assert low < said["accuracy_device"] == said["accuracy_host"] <= high and said["agreement"] == 1.0
    assert said["parity"]["mismatches"] == said["parity"]["max_abs_diff"] == 0
    assert sum(map(sum, said["confusion_device"])) == count and said["confusion_device"] == said["confusion_host"]
    assert [c["label"] for c in said["classes"]] == said["labels"] == list("0123456789")
    assert sum(c["samples"] for c in said["classes"]) == count
    latency = said["latency"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["max"]
    assert said["memory"]["arena_bytes"] > 0 and said["link"]["frames"] > 2 * count
    suite = ElementTree.parse(kit.cwd / "r.xml").find("testsuite")
    assert suite.get("failures") == "0" and int(suite.get("tests")) >= 3


def test_marks_that_are_missed(kit):
    arguments = ("test", "digits", "--board", "host", "--samples", "30")
    said = kit.json(*arguments, "--min-accuracy", "1.0", "--max-latency", "1s")
    assert said["failed_checks"] == [] and {c["name"] for c in said["checks"]} >= {"device accuracy", "latency"}
    done = kit(*arguments, "--max-latency", "0.001us", "--junit", "r.xml")
    assert "written: r.xml" in done.stderr
    assert done.returncode == 1 and "check failed: 95th percentile" in done.stderr
    assert ElementTree.parse(kit.cwd / "r.xml").find("testsuite").get("failures") == "1"


@pytest.mark.parametrize(
    ("options", "about"),
    [
        (("--max-latency", "soon"), "no latency"),
        (("--min-accuracy", "1.5"), "1.5"),
        (("--samples", "none"), "all"),
        (("--port", "/dev/null", "--workers", "2"), "--emulate"),
        (("--junit", "/dev/null/r.xml", "--samples", "3"), "cannot be written"),
    ],
)
def test_options_that_cannot_be(kit, options, about):
    message, hint = kit.refused("test", "digits", "--board", "host", *options, status=2)
    assert about in message and hint


def test_time_is_not_asked_of_an_emulator_that_counts(kit):
    message, hint = kit.refused(
        "test", "digits", "--board", "mps2-an386", "--emulate", "--max-latency", "5ms", status=2
    )
    assert "instructions" in message and "instructions" in hint


@pytest.mark.parametrize("cut", [signal.SIGKILL, signal.SIGINT])
def test_a_cut_run_goes_on(alone, cut):
    arguments = ("test", "digits", "--board", "mps2-an386", "--emulate", "--workers", "1")
    alone.json("build", "digits", "--board", "mps2-an386", "--emulate")
    answers = alone.build / "digits" / "mps2-an386" / "answers-emulated.jsonl"
    for _ in range(5):  # a machine that pauses may miss the middle, but not each time
        answers.unlink(missing_ok=True)
        process = subprocess.Popen(
            command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(alone.build),
            cwd=alone.cwd, start_new_session=True,
        )  # fmt: skip
        limit = time.monotonic() + 300
        while process.poll() is None and (not answers.exists() or len(answers.read_bytes().splitlines()) < 20):
            assert time.monotonic() < limit
            time.sleep(0.01)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, cut)
        status = process.wait(100)
        if (before := len(answers.read_text().splitlines()) - 1) < 360:
            break
    assert status == (130 if cut == signal.SIGINT else -cut)
    said = alone.json(*arguments, "--resume")
    assert before - 1 <= said["resumed"] <= before < 360 and said["samples"] == 360 and said["failed_checks"] == []
    again = alone.json(*arguments, "--resume")
    assert again["resumed"] == 360 and again["memory"]["stack_bytes"] > 0
    for key in ("accuracy_device", "confusion_device", "classes", "parity"):
        assert again[key] == said[key]
    assert alone.json(*arguments, "--samples", "40", "--resume")["resumed"] == 40
    assert alone.json(*arguments, "--samples", "40")["resumed"] == 0
    assert alone.json(*arguments, "--resume")["resumed"] == 40


@pytest.mark.timed
def test_a_thousand_keyword_size_samples_in_a_minute(kit, shared_models):
    """The inputs of the MLPerf keyword model, 490 bytes each, on emulators side by side."""
    import numpy as np

    from toolchain.board.descriptor import load_board
    from toolchain.connection import Setup, connected
    from toolchain.evaluate.answers import Answer
    from toolchain.evaluate.workers import run_samples
    from toolchain.pipeline import Model, build
    from toolchain.workspace import Workspace

    setup = Setup(load_board("mps2-an386"), emulated=True).located()
    model = Model.of_file(shared_models["kws"])
    built = build(model, setup, Workspace(SHARED_BUILD))
    inputs = [row.tobytes() for row in np.random.default_rng(0).integers(-128, 128, (1000, 490)).astype(np.int8)]
    taken: list[Answer] = []

    def run() -> None:
        taken.clear()
        run_samples(lambda: connected(setup, built, model), 2, range(1000), inputs, taken.append, lambda device: None)

    assert least_seconds(60, run) <= 60
    assert sorted(answer.sample for answer in taken) == list(range(1000))


@pytest.mark.timed
def test_a_thousand_seconds_of_sound_in_a_minute(kit, shared_models):
    """As above from raw sound, 32,000 bytes a sample, with the front end on the device: a quarter of it, in a quarter
    of the time. Every answer is the reference's."""
    import numpy as np

    from toolchain.board.descriptor import load_board
    from toolchain.connection import Setup, connected
    from toolchain.evaluate.answers import Answer
    from toolchain.evaluate.workers import run_samples
    from toolchain.model.reader import read_model
    from toolchain.model.runners import reference_runner
    from toolchain.pipeline import Model, build
    from toolchain.signal import AudioSettings, FrontEnd
    from toolchain.workspace import Workspace

    file, signal = Model.of_file(shared_models["kws"]), AudioSettings(coefficients=10)
    setup = Setup(load_board("mps2-an386"), emulated=True).located()
    model = replace(file, name="kws-of-sound", signal=signal)
    built = build(model, setup, Workspace(SHARED_BUILD))
    rng = np.random.default_rng(0)
    sounds = (rng.normal(0, 1, (250, 16000)) * rng.uniform(10, 9000, (250, 1))).clip(-32768, 32767).astype("<i2")
    inputs = [sound.tobytes() for sound in sounds]
    taken: list[Answer] = []

    def run() -> None:
        taken.clear()
        run_samples(lambda: connected(setup, built, model), 2, range(250), inputs, taken.append, lambda device: None)

    assert least_seconds(15, run) <= 15
    assert sorted(answer.sample for answer in taken) == list(range(250))
    data = shared_models["kws"].read_bytes()
    graph = read_model(data)
    reference = reference_runner(data, graph)
    front = FrontEnd(signal, graph.inputs[0].quantization)
    for answer in taken:
        features = front.quantized(sounds[answer.sample]).reshape(graph.inputs[0].shape)
        assert answer.output == reference.run([features])[0].tobytes()


def test_the_object_is_plain_json(kit):
    done = kit("test", "digits", "--board", "host", "--samples", "5", "--json")
    assert json.loads(done.stdout)["resumed"] == 0 and "NaN" not in done.stdout
