"""Models that were trained elsewhere: what fits a kit, what is refused, and the kit that is made of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.errors import BadInput
from toolchain.evaluate.checks import training_checks
from toolchain.kit import load_kit
from toolchain.progress import Quiet
from toolchain.train.imported import is_float, require_fit, take
from toolchain.train.importing import import_model, read_labels
from toolchain.train.trained import load_trained

pytestmark = pytest.mark.unit


def dense(inputs: tuple[int, ...] = (1, 8, 8, 1), classes: int = 10, dtype: str = "int8", count: int = 1) -> bytes:
    """One dense layer with random weights; ``count`` inputs of which one is used."""
    rng, size = np.random.default_rng(0), int(np.prod(inputs))
    m = ModelBuilder()
    quantized = dtype == "int8"
    given = [m.input(inputs, scale=1 / 256 if quantized else None, zero_point=-128, dtype=dtype) for _ in range(count)]
    if quantized:
        weights = m.constant(rng.integers(-99, 99, (classes, size)).astype(np.int8), scale=0.01)
        bias = m.constant(np.zeros(classes, np.int32), scale=0.01 / 256)
    else:
        weights = m.constant(rng.normal(size=(classes, size)).astype(np.float32))
        bias = m.constant(np.zeros(classes, np.float32))
    y = m.tensor((1, classes), scale=0.05 if quantized else None, dtype=dtype)
    m.op("FULLY_CONNECTED", [given[0], weights, bias], [y])
    m.output(y)
    return m.build()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_an_int8_model_is_taken_as_it_is(tmp_path):
    data = dense()
    made = import_model(written(tmp_path / "m.tflite", data), "mine", load_kit("digits"), tmp_path)
    kit = made.kit
    assert not made.quantized and kit.model.is_imported and kit.model_file.read_bytes() == data
    assert kit.data == load_kit("digits").data and not kit.variants and kit.float_file is None
    assert sorted(p.name for p in kit.folder.iterdir()) == ["README.md", "data", "kit.toml", "model.tflite"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.tflite", "mine"]
    (tmp_path / "out").mkdir()
    take(kit, tmp_path / "out", Quiet())
    trained = load_trained(tmp_path / "out")
    assert trained.metrics["accuracy_float"] is None and trained.metrics["history"] is None
    assert 0 <= trained.metrics["accuracy_host"] < 0.5 and np.sum(trained.metrics["confusion_int8"]) == 360
    assert trained.int8_tflite.read_bytes() == data and [p.name for p in trained.pictures] == ["confusion_int8.png"]
    assert [check.name for check in training_checks(kit, trained.metrics)] == []


@pytest.mark.slow
def test_with_its_float_model_it_is_compared(tmp_path):
    kit = import_model(written(tmp_path / "m.tflite", dense()), "mine", load_kit("digits"), tmp_path).kit
    (kit.folder / "float.tflite").write_bytes(dense(dtype="float32"))
    kit.path.write_text(kit.path.read_text().replace("[model]\n", '[model]\nfloat_file = "float.tflite"\n'))
    key = kit.training_key()
    kit = load_kit(kit.path)
    assert kit.training_key() != key
    (tmp_path / "out").mkdir()
    take(kit, tmp_path / "out", Quiet())
    trained = load_trained(tmp_path / "out")
    assert trained.metrics["accuracy_float"] is not None and len(trained.pictures) == 2
    assert [check.name for check in training_checks(kit, trained.metrics)] == ["float accuracy", "int8 loss"]
    trained.float_tflite.unlink()
    with pytest.raises(BadInput, match=r"model_float\.tflite is missing"):
        load_trained(tmp_path / "out")


def test_other_labels_mean_other_data(tmp_path):
    model = written(tmp_path / "m.tflite", dense(classes=3))
    kit = import_model(model, "mine", load_kit("digits"), tmp_path, labels=["a", "b", "c"]).kit
    assert kit.labels == ("a", "b", "c") and kit.data.source == "folder" and kit.pass_marks.min_device_accuracy == 0
    again = import_model(kit.model_file, "again", kit, tmp_path).kit  # like one that is imported itself
    assert again.model_file.read_bytes() == model.read_bytes() and again.labels == kit.labels


@pytest.mark.parametrize(
    ("data", "labels", "message"),
    [
        (dense(), ["a", "b", "c"], "answers 10 scores, there are 3 labels: a, b, c"),
        (dense(inputs=(1, 9, 9, 1)), [], r"takes \[9, 9, 1\], the samples of the kit are \[8, 8, 1\]"),
        (dense(count=2), [], "has 2 inputs"),
        (b"no model", [], "m.tflite"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, data, labels, message):
    with pytest.raises(BadInput, match=message):
        import_model(written(tmp_path / "m.tflite", data), "mine", load_kit("digits"), tmp_path, labels)
    assert [p.name for p in tmp_path.iterdir()] == ["m.tflite"]


def test_a_hybrid_model_is_refused_and_a_float_one_known(tmp_path):
    from toolchain.model.reader import read_model

    assert is_float(read_model(dense(dtype="float32"))) and not is_float(read_model(dense()))
    m = ModelBuilder()
    x = m.input((1, 8, 8, 1), dtype="float32")
    weights = m.constant(np.ones((10, 64), np.int8), scale=0.01)
    y = m.tensor((1, 10), dtype="float32")
    m.op("FULLY_CONNECTED", [x, weights, None], [y])
    m.output(y)
    with pytest.raises(BadInput, match="hybrid") as refused:
        import_model(written(tmp_path / "m.tflite", m.build()), "mine", load_kit("digits"), tmp_path)
    assert "Keras file" in refused.value.hint


def test_shapes_that_fit():
    kit = load_kit("digits")
    for shape in ((8, 8, 1), (8, 8), (64,), (1, 64)):
        require_fit("m", [shape], [(10,)], kit)
    for shape in ((4, 16), (8, 8, 3), (65,)):
        with pytest.raises(BadInput, match="takes"):
            require_fit("m", [shape], [(10,)], kit)
    with pytest.raises(BadInput, match="2 outputs"):
        require_fit("m", [(64,)], [(10,), (10,)], kit)


def test_labels(tmp_path):
    assert read_labels("a, b ,c") == ["a", "b", "c"]
    file = tmp_path / "labels.txt"
    file.write_text("\ufeffyes\r\nno\n", encoding="utf-8")
    assert read_labels(str(file)) == ["yes", "no"]
    for text, message in (("yes\n\nno\n", "line 2: it is empty"), ("yes\nno\nyes\n", "line 3: 'yes' is there twice")):
        file.write_text(text)
        with pytest.raises(BadInput, match=message):
            read_labels(str(file))
    for said, message in (
        ("a,,c", "label 2: it is empty"),
        ("a,b,a", "label 3: 'a' is there twice"),
        (f"a,{'b' * 32}", "longer than 31"),
        ("nothing.txt", "nothing.txt: No such file"),
        (str(tmp_path), "Is a directory"),
    ):
        with pytest.raises(BadInput, match=message):
            read_labels(said)
    file.write_text("one\n")
    with pytest.raises(BadInput, match="1 labels"):
        read_labels(str(file))


def test_what_is_no_model(tmp_path):
    like = load_kit("digits")
    for path, message in (
        (tmp_path / "none.tflite", "no such file"),
        (tmp_path, "no SavedModel"),
        (written(tmp_path / "m.onnx", b""), "of no known type"),
    ):
        with pytest.raises(BadInput, match=message):
            import_model(path, "mine", like, tmp_path)
    model = written(tmp_path / "m.tflite", dense())
    with pytest.raises(BadInput, match="is no name"):
        import_model(model, "Mine", like, tmp_path)
    import_model(model, "mine", like, tmp_path)
    with pytest.raises(BadInput, match="is there already"):
        import_model(model, "mine", like, tmp_path)


def test_a_float_file_needs_an_imported_model(tmp_path):
    kit = import_model(written(tmp_path / "m.tflite", dense()), "mine", load_kit("digits"), tmp_path).kit
    text = kit.path.read_text()
    kit.path.write_text(text.replace("[model]\n", '[model]\nfloat_file = "none.tflite"\n'))
    with pytest.raises(BadInput, match=r"model\.float_file: there is no file"):
        load_kit(kit.path)
    (kit.folder / "model.py").write_text("")
    kit.path.write_text(text.replace('file = "model.tflite"', 'file = "model.py"\nfloat_file = "model.tflite"'))
    with pytest.raises(BadInput, match="is for a file that is a"):
        load_kit(kit.path)
