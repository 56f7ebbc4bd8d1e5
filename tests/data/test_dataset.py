"""Datasets of kits: the digits as they must be, and samples that do not fit their kit."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from toolchain.data import dataset as dataset_module
from toolchain.data.dataset import load_dataset, samples_sha256
from toolchain.data.sources import Samples, source_names
from toolchain.errors import BadInput, Missing
from toolchain.kit import Kit, load_kit

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def digits() -> Kit:
    pytest.importorskip("sklearn")
    return load_kit("digits")


def test_digits_split(digits: Kit) -> None:
    data = load_dataset(digits)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [1257, 180, 360]
    for part in (data.train, data.validation, data.test):
        assert part.x.shape == (len(part), 8, 8, 1)
        assert part.x.dtype == np.uint8
        assert part.x.max() == 16
        counts = np.bincount(part.y, minlength=10)
        assert counts.max() - counts.min() <= 0.1 * len(part.y) / 10 + 2
    assert data.labels == digits.labels
    assert data.provenance.sha256 == digits.data.sha256
    assert data.provenance.licence


def test_loading_again_gives_the_same_arrays(digits: Kit) -> None:
    first, again = load_dataset(digits), load_dataset(digits)
    assert np.array_equal(first.test.x, again.test.x)
    assert np.array_equal(first.train.y, again.train.y)


def test_arrays_cannot_be_written(digits: Kit) -> None:
    with pytest.raises(ValueError, match="read-only"):
        load_dataset(digits).test.x[0] = 0


def changed(kit: Kit, table: str, **values: object) -> Kit:
    """``kit`` with values of one table replaced, still knowing its file."""
    return kit.model_copy(update={table: getattr(kit, table).model_copy(update=values)})


def test_an_unknown_source_gets_the_nearest(digits: Kit) -> None:
    with pytest.raises(BadInput, match=r'kit\.toml:\d+: data\.source: there is no source "sklearn_digit"') as caught:
        load_dataset(changed(digits, "data", source="sklearn_digit"))
    assert "did you mean 'sklearn_digits'?" in caught.value.hint
    assert "sklearn_digits" in source_names()


def test_an_unknown_setting_is_refused(digits: Kit) -> None:
    with pytest.raises(BadInput, match=r"kit\.toml:\d+: data\.settings\.rate: unknown key") as caught:
        load_dataset(changed(digits, "data", settings={"rate": 16000}))
    assert "takes no settings" in caught.value.hint


@pytest.mark.parametrize(
    ("source", "settings", "says"),
    [
        ("watch_exercises", {"window": "100"}, r"data\.settings\.window: '100' should be a valid integer"),
        ("watch_exercises", {"hop": 2.5}, r"data\.settings\.hop: 2\.5 should be a valid integer"),
        ("folder", {"overlap": "half"}, r"data\.settings\.overlap: 'half' should be a valid number"),
        ("speech_commands", {"folder": 1}, r"data\.settings\.folder: 1 should be a valid string"),
    ],
)
def test_a_setting_of_another_type_is_refused(digits: Kit, source: str, settings: dict, says: str) -> None:
    with pytest.raises(BadInput, match=r"kit\.toml:\d+: " + says):
        load_dataset(changed(digits, "data", source=source, settings=settings))


def test_too_few_samples_drawn_point_at_the_key(digits: Kit) -> None:
    with pytest.raises(BadInput, match=r"kit\.toml:\d+: data\.samples: 3 of 1797 leaves a class without any"):
        load_dataset(changed(digits, "data", samples=3))


def test_other_data_than_the_kit_was_measured_on_are_refused(digits: Kit) -> None:
    with pytest.raises(BadInput, match=r"data\.sha256: the samples are not those"):
        load_dataset(changed(digits, "data", sha256="0" * 64))


def test_without_scikit_learn_the_command_to_install_it_is_named(digits: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(Missing) as caught:
        load_dataset(digits)
    assert caught.value.hint == 'pip install "tinyml-kit[train]"'


GOOD = Samples(np.zeros((100, 8, 8, 1), np.uint8), np.arange(100) % 10, "made up", "none")


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (replace(GOOD, x=GOOD.x[:, :7]), r"input\.shape: is \[8, 8, 1\] but the samples are \[7, 8, 1\]"),
        (replace(GOOD, x=GOOD.x.astype(np.int16)), r"input\.dtype: is uint8 but the samples are int16"),
        (replace(GOOD, y=GOOD.y[:-1]), "100 samples with 99 labels"),
        (replace(GOOD, x=GOOD.x[:0], y=GOOD.y[:0]), "0 samples with 0 labels"),
        (replace(GOOD, y=GOOD.y + 1), "labels: names 10 classes but the data have class 10"),
        (replace(GOOD, y=GOOD.y - 1), "labels: names 10 classes but the data have class -1"),
        (replace(GOOD, y=GOOD.y % 9), 'labels: no sample is of class "9"'),
        (replace(GOOD, groups=np.zeros(99)), r"100 samples with groups of shape \[99\]"),
        (replace(GOOD, test=np.zeros((100, 1), bool)), r"100 samples with test of shape \[100, 1\]"),
    ],
)
def test_samples_that_do_not_fit_the_kit_are_refused(
    digits: Kit, monkeypatch: pytest.MonkeyPatch, samples: Samples, says: str
) -> None:
    monkeypatch.setattr(dataset_module, "load_samples", lambda kit, progress: samples)
    with pytest.raises(BadInput, match=says):
        load_dataset(changed(digits, "data", sha256=""))


def test_nan_is_refused(digits: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    x = GOOD.x.astype(np.float32)
    x[3, 0, 0] = np.nan
    monkeypatch.setattr(dataset_module, "load_samples", lambda kit, progress: replace(GOOD, x=x))
    with pytest.raises(BadInput, match="sample 3 holds NaN"):
        load_dataset(changed(changed(digits, "data", sha256=""), "input", dtype="float32"))


def test_the_hash_sees_values_labels_shape_and_type_but_not_byte_order() -> None:
    base = Samples(np.arange(24, dtype=np.int16).reshape(2, 12), np.array([0, 1]), "s", "l")
    swapped = replace(base, x=base.x.astype(">i2"))
    assert samples_sha256(swapped) == samples_sha256(base)
    others = [
        replace(base, x=base.x + 1),
        replace(base, y=base.y[::-1]),
        replace(base, x=base.x.reshape(2, 3, 4)),
        replace(base, x=base.x.astype(np.int32)),
    ]
    assert len({samples_sha256(s) for s in [base, *others]}) == 5


def given(monkeypatch: pytest.MonkeyPatch, samples: Samples) -> None:
    monkeypatch.setattr(dataset_module, "load_samples", lambda kit, progress: samples)


def test_groups_that_the_source_does_not_tell(digits: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, GOOD)
    with pytest.raises(BadInput, match="group_split: the source does not say"):
        load_dataset(changed(digits, "data", sha256="", group_split=True))
    with pytest.raises(BadInput, match="own_test: the source has no test part"):
        load_dataset(changed(digits, "data", sha256="", test=None, own_test=True))


def test_no_group_is_in_two_parts(digits: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    people = np.arange(100) // 10 % 5  # five people, each with every class
    given(monkeypatch, replace(GOOD, groups=people))
    for fold in range(5):
        data = load_dataset(changed(digits, "data", sha256="", test=None, folds=5, group_split=True), fold=fold)
        parts = [set(part.groups.tolist()) for part in (data.train, data.validation, data.test)]
        assert [len(part) for part in parts] == [3, 1, 1]
        assert set.union(*parts) == set(range(5))


def test_each_sample_is_in_the_test_part_of_one_fold(digits: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, replace(GOOD, x=GOOD.x + np.arange(100, dtype=np.uint8)[:, None, None, None]))
    kit = changed(digits, "data", sha256="", test=None, folds=5)
    tested = [load_dataset(kit, fold=fold).test.x[:, 0, 0, 0].tolist() for fold in range(5)]
    assert sorted(i for part in tested for i in part) == list(range(100))


def test_the_sources_own_test_part(digits: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    own = np.arange(100) >= 70
    given(monkeypatch, replace(GOOD, test=own, groups=np.arange(100)))
    data = load_dataset(changed(digits, "data", sha256="", test=None, own_test=True))
    assert data.test.groups.tolist() == list(range(70, 100))
    assert len(data.validation) == 10 and len(data.train) == 60


def test_a_few_of_the_samples(digits: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, GOOD)
    data = load_dataset(changed(digits, "data", sha256="", samples=50, validation=0.2))
    assert len(data.train) + len(data.validation) + len(data.test) == 50
    assert np.bincount(data.test.y).tolist() == [1] * 10


def test_groups_of_one_class_each_cannot_be_in_every_part(digits: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, replace(GOOD, groups=GOOD.y))
    with pytest.raises(BadInput, match=r'group_split: no test sample is of class "\d"'):
        load_dataset(changed(digits, "data", sha256="", group_split=True))
