"""Training in a child process: the digits to their pass marks, the same twice, and every way to end too early."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from toolchain.data import load_dataset
from toolchain.errors import BadInput, KitError, Missing
from toolchain.kit import Kit, load_kit
from toolchain.model.checks import require_int8
from toolchain.model.evaluator import Evaluator
from toolchain.model.reader import load_model
from toolchain.model.runners import LiteRtRunner
from toolchain.train import TrainedModel, train_kit

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("what_training_needs")]


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainedModel, float]:
    """The digits trained once, and the processor seconds that it took: the machine may be busy with other work."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    trained = train_kit(load_kit("digits"), tmp_path_factory.mktemp("digits") / "trained")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return trained, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture(scope="module")
def digits(training: tuple[TrainedModel, float]) -> TrainedModel:
    return training[0]


def test_digits_train_in_forty_seconds_on_two_cores(training: tuple[TrainedModel, float]) -> None:
    assert 0 < training[1] <= 2 * 40


def test_digits_reach_their_pass_marks(digits: TrainedModel) -> None:
    marks = load_kit("digits").pass_marks
    assert digits.metrics["accuracy_float"] >= marks.min_float_accuracy
    assert digits.metrics["accuracy_host"] >= digits.metrics["accuracy_float"] - marks.max_int8_loss
    assert digits.metrics["weights_bytes"] <= 12_000


def test_the_float_figure_is_right(digits: TrainedModel) -> None:
    """Counted again from the float .tflite, with another interpreter."""
    test = load_dataset(load_kit("digits")).test
    runner = LiteRtRunner(digits.float_tflite.read_bytes())
    answers = [int(np.argmax(runner.run([x[np.newaxis] / np.float32(16)])[0])) for x in test.x]
    assert digits.metrics["accuracy_float"] == np.mean(answers == test.y)
    expected = np.zeros((10, 10), int)
    np.add.at(expected, (test.y, np.array(answers)), 1)
    assert digits.metrics["confusion_float"] == expected.tolist()


def test_the_int8_figure_is_right(digits: TrainedModel) -> None:
    """Counted again with the other evaluator and integers only: raw 0 to 16 to steps of 1/255 from -128."""
    test = load_dataset(load_kit("digits")).test
    graph = load_model(digits.int8_tflite)
    require_int8(graph)
    assert (round(1 / graph.inputs[0].scale), graph.inputs[0].zero_point) == (255, -128)
    q = ((test.x.astype(int) * 255 * 2 + 16) // 32 - 128).astype(np.int8)
    evaluator = Evaluator(graph)
    answers = [int(np.argmax(evaluator.run([row[np.newaxis]])[0])) for row in q]
    assert digits.metrics["accuracy_host"] == np.mean(answers == test.y)
    assert np.trace(digits.metrics["confusion_int8"]) == np.count_nonzero(answers == test.y)


def test_what_else_the_figures_say(digits: TrainedModel) -> None:
    metrics = json.loads((digits.folder / "metrics.json").read_text())
    assert metrics["samples"] == {"train": 1257, "validation": 180, "test": 360}
    assert metrics["epochs"] == len(metrics["history"]["loss"]) >= metrics["best_epoch"]
    assert metrics["training_key"] == load_kit("digits").training_key()
    assert metrics["data"]["sha256"] == load_kit("digits").data.sha256
    assert {"python", "numpy", "tensorflow", "keras"} <= set(metrics["versions"])


def test_the_pictures_show_something(digits: TrainedModel) -> None:
    from matplotlib.image import imread

    for path in digits.pictures:
        pixels = imread(path)[..., :3]
        assert min(pixels.shape[:2]) >= 400
        assert 0.01 < np.mean(pixels.min(axis=2) < 0.9) < 0.9, path.name


def test_the_folder_holds_nothing_else(digits: TrainedModel) -> None:
    known = {digits.keras, digits.float_tflite, digits.int8_tflite, *digits.pictures, digits.folder / "metrics.json"}
    assert set(digits.folder.iterdir()) == known
    assert list(digits.folder.parent.iterdir()) == [digits.folder]


def test_training_again_gives_the_same_model_and_replaces_the_old_one(
    make_kit: Callable[..., Kit], tmp_path: Path
) -> None:
    kit = make_kit(training={"epochs": 1})
    out = tmp_path / "results" / "out"
    first = train_kit(kit, out).metrics["model_sha256"]
    (out / "left over").write_text("")
    assert train_kit(kit, out).metrics["model_sha256"] == first
    assert not (out / "left over").exists()
    assert list(out.parent.iterdir()) == [out]


DENSE = (
    "import keras\n"
    "def build(shape, classes):\n"
    "    {extra}\n"
    "    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes)])\n"
    "def shift(x, rng):\n"
    "    return x\n"
)


@pytest.mark.parametrize(
    ("extra", "kind", "says"),
    [
        ("raise ValueError('no layers today')", BadInput, r"model\.py:3: ValueError: no layers today"),
        ("import os; print('last words', flush=True); os.abort()", KitError, "SIGABRT, .*last words"),
        ("keras.Model.save = lambda *a: open('/dev/full', 'wb', 0).write(b'x')", Missing, "No space left on device"),
        ("input('how many layers? ')", BadInput, "EOFError"),
        ("import os; os._exit(3)", KitError, "ended with status 3 while training"),
        ("keras.Model.fit = lambda *a, **k: 1 / 0", KitError, "the training failed: ZeroDivisionError"),
    ],
)
def test_a_training_that_fails_leaves_what_was_there(
    make_kit: Callable[..., Kit],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    extra: str,
    kind: type[KitError],
    says: str,
) -> None:
    (tmp_path / "keras.py").write_text("raise ImportError('not the one that is meant')")
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "results" / "out"
    out.mkdir(parents=True)
    (out / "earlier").write_text("kept")
    with pytest.raises(kind, match=says):
        train_kit(make_kit(DENSE.format(extra=extra)), out)
    assert (out / "earlier").read_text() == "kept"
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the child process in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_command_leaves_no_file_and_no_process(
    make_kit: Callable[..., Kit], tmp_path: Path, how: signal.Signals
) -> None:
    kit = make_kit()
    text = kit.path.read_text()
    kit.path.write_text(text.replace("\nepochs = ", "\nepochs = 1000").replace("\npatience = ", "\npatience = 1000"))
    out = tmp_path / "results" / "out"
    script = f"""
        from pathlib import Path
        from toolchain.kit import load_kit
        from toolchain.progress import Quiet
        from toolchain.train import train_kit
        class Told(Quiet):
            def update(self, done, total, note=""):
                print("epoch", flush=True)
        train_kit(load_kit({str(kit.path)!r}), Path({str(out)!r}), Told())
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # a shell starts what it puts into the background with SIGINT ignored, and that is inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"epoch\n"
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        assert len(children) == 1
        parent.send_signal(how)
        assert parent.wait(timeout=100) != 0
    wait_until(lambda: not is_running(int(children[0])))
    assert list(out.parent.iterdir()) == []


def is_running(pid: int) -> bool:
    """Whether the process is there and not only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "still waiting"
        time.sleep(0.05)
