"""Every kit, in the small version that its kit.toml declares: trained, deployed, proved on boards that run here."""

from __future__ import annotations

import pytest

from toolchain.data.sources import load_samples
from toolchain.errors import Missing
from toolchain.kit import load_kit

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

KITS = ("fashion", "faces", "motion", "anomaly")


@pytest.fixture(scope="module", autouse=True)
def data() -> None:
    """The data of all kits, which packages carry."""
    for name in KITS:
        try:
            load_samples(load_kit(name))
        except Missing as error:
            pytest.skip(str(error))


#: Test samples by board: few where an emulator is slow. `fashion` would take it ten seconds each.
SAMPLES = {"host": 20, "mps2-an386": 20, "esp32": 2, "esp32c3": 2}
PAIRS = [(name, board) for name in KITS for board in SAMPLES if name != "fashion" or SAMPLES[board] > 2]


@pytest.mark.parametrize(("name", "board"), PAIRS)
def test_small_kits_answer_as_the_reference_does(kit, name, board):
    count = SAMPLES[board]
    said = kit.json("deploy", f"{name}:small", "--board", board, "--emulate", "--samples", str(count))
    assert said["kit"] == f"{name}-small" and said["samples"] == count and said["failed_checks"] == []
    assert said["parity"]["mismatches"] == said["parity"]["max_abs_diff"] == 0
    assert said["accuracy_device"] == said["accuracy_host"]
    assert 0 < said["memory"]["weights_bytes"] <= load_kit(name).pass_marks.max_weights_bytes * 1.1


def test_an_anomaly_detector_is_tested_as_one(kit):
    said = kit.json("test", "anomaly:small", "--board", "host", "--emulate")
    assert 0.5 < said["auc"] <= 1 and said["failed_checks"] == []
    assert [score["label"] for score in said["classes"]] == ["normal", "fault"]
    assert sum(map(sum, said["confusion_device"])) == said["samples"]
    answers = kit("deploy", "anomaly:small", "--board", "host", "--answers", "2")
    assert answers.returncode == 0 and "sample 1: " in answers.stdout


def test_cross_validation_tells_each_fold(kit):
    said = kit.json("train", "motion:small")["cross_validation"]
    people = [fold["test_groups"] for fold in said["folds"]]
    assert sorted(person for fold in people for person in fold) == list(range(1, 11))
    assert said["accuracy_int8"] == pytest.approx(sum(fold["accuracy_int8"] for fold in said["folds"]) / 2)
    assert said["accuracy_int8_deviation"] >= 0


def test_motion_as_a_stream(kit):
    said = kit.json("test", "motion:small", "--stream", "--minutes", "2", "--board", "host", "--emulate")
    assert said["differences"] == 0 and said["inferences"] > 100
    assert 2 <= said["events"] == said["hits"] + said["misses"]


def test_compare_models(kit):
    kit = kit.apart("anomaly:small")  # its firmware has no labels, and takes the place of that which deploy makes
    said = kit.json("compare-models", "anomaly:small", "--prune", "0.5")
    names = ["float", "int8", "int8, rounded", "int8, pruned", "int8, pruned and rounded"]
    assert [variant["name"] for variant in said["variants"]] == names
    floating, int8, _, pruned, _ = said["variants"]
    assert floating["weights_bytes"] > 3 * int8["weights_bytes"] > 3 * pruned["weights_bytes"] > 0
    assert all(variant["latency"] > 0 and 0.5 < variant["auc"] <= 1 for variant in said["variants"])
    table = kit("compare-models", "anomaly:small", "--prune", "0.5")
    assert table.returncode == 0 and "pruned and rounded" in table.stdout
