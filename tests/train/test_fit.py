"""What the kit's own code may get wrong: each named with its file and line."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from toolchain.data import load_dataset
from toolchain.errors import BadInput
from toolchain.kit import Kit
from toolchain.progress import Quiet
from toolchain.train.fit import fit

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("what_training_needs")]

HEAD = "import keras\nfrom keras import layers\ndef build(shape, classes):\n    i = keras.Input(shape)\n"
GOOD = HEAD + "    return keras.Model(i, layers.Dense(classes, activation='softmax')(layers.Flatten()(i)))\n"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def build(:\n", r"model\.py:1: SyntaxError"),
        ("import keras\nimport no_such_package\n", r"model\.py:2: ModuleNotFoundError: No module named"),
        (HEAD + "    return 1 / 0\n", r"model\.py:5: ZeroDivisionError: division by zero"),
        (HEAD + "    return layers.Dense(0)(i)\n", r"model\.py:5: ValueError"),
        ("x = 1\n", r'kit\.toml:\d+: model\.function: model\.py has no function "build"'),
        (HEAD + "    raise SystemExit('bye')\n", r"model\.py:5: SystemExit: bye"),
        ("raise KeyboardInterrupt\n", r"model\.py:1: KeyboardInterrupt"),
        (
            HEAD + "    return keras.Sequential([layers.Flatten(), layers.Dense(classes)])\n",
            r"kit\.toml:\d+: model\.function: builds a model whose input is not known",
        ),
        (HEAD + "    return i\n", r"kit\.toml:\d+: model\.function: gives a KerasTensor, not a keras\.Model"),
        (
            HEAD + "    return keras.Model(i, layers.Dense(3)(layers.Flatten()(i)))\n",
            r"kit\.toml:\d+: model\.function: builds a model from .*\(3,\)",
        ),
        (GOOD, r'kit\.toml:\d+: training\.augment: model\.py has no function "shift"'),
        (GOOD + "def shift(x, rng):\n    raise RuntimeError('no')\n", r"model\.py:7: RuntimeError: no"),
        (
            GOOD + "def shift(x, rng):\n    return x[1:]\n",
            r"kit\.toml:\d+: training\.augment: shift makes \[31, 8, 8, 1\] of a batch \[32, 8, 8, 1\]",
        ),
    ],
)
def test_code_that_fails_is_named_with_its_line(make_kit: Callable[..., Kit], code: str, says: str) -> None:
    kit = make_kit(code)
    with pytest.raises(BadInput, match=says) as caught:
        fit(kit, load_dataset(kit), Quiet())
    assert "\n" not in str(caught.value)


def test_progress_is_told_each_epoch_and_the_kept_epoch_is_the_best(make_kit: Callable[..., Kit]) -> None:
    told: list[tuple[float, float, str]] = []

    class Recorder(Quiet):
        def update(self, done: float, total: float, note: str = "") -> None:
            told.append((done, total, note))

    kit = make_kit(training={"epochs": 3}, model={"function": "build_dense"})
    fitted = fit(kit, load_dataset(kit), Recorder())
    ended = {done: note for done, total, note in told if total == 3 and done == int(done)}  # and some in between
    assert list(ended) == [1, 2, 3] and [t[0] for t in told] == sorted(t[0] for t in told)
    assert re.fullmatch(r"loss \d\.\d+, validation \d+\.\d %", ended[1])
    losses = fitted.history["val_loss"]
    assert losses[fitted.best_epoch - 1] == min(losses)


def test_training_stops_early_and_goes_back_to_the_best_weights(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(
        training={"epochs": 60, "patience": 2, "learning_rate": 0.3, "augment": ""}, model={"function": "build_dense"}
    )
    data = load_dataset(kit)
    fitted = fit(kit, data, Quiet())
    epochs = len(fitted.history["loss"])
    assert epochs == fitted.best_epoch + 2 < 60
    loss, _ = fitted.model.evaluate(data.validation.x / 16, data.validation.y, verbose=0)
    assert loss == pytest.approx(min(fitted.history["val_loss"]), rel=1e-4)
