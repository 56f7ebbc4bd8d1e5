"""`kit import` as users run it, to a board that answers as the model of elsewhere does."""

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.emulator


def test_an_int8_model_to_a_board(kit, tmp_path, digits_model):
    shutil.copy(digits_model, tmp_path / "numbers.tflite")
    (tmp_path / "labels.txt").write_text("\n".join("0123456789"))
    said = kit.json("import", "numbers.tflite", "--like", "digits", "--labels", "labels.txt")
    assert said["folder"] == "numbers" and not said["quantized"]
    build = tmp_path / "build"
    deployed = kit.json("deploy", "numbers", "--board", "host", "--emulate", "--samples", "20", build=build)
    assert deployed["parity"]["mismatches"] == 0 and deployed["accuracy_float"] is None
    assert deployed["accuracy_device"] >= 0.9 and not deployed["failed_checks"]
    trained = kit.json("train", "numbers", build=build)
    assert trained["accuracy_float"] is None and trained["accuracy_host"] >= 0.95 and trained["epochs"] is None
    kit.json("report", "numbers", "--board", "host", "--emulate", "--samples", "5", "--out", "r.html", build=build)
    page = (tmp_path / "r.html").read_text()
    assert "trained elsewhere" in page and "Learning curve" not in page


def test_a_keras_file_is_quantised(kit, tmp_path, digits_model):
    shutil.copy(digits_model.with_name("model.keras"), tmp_path)
    said = kit.json("import", "model.keras", "--like", "digits", "--name", "mine", "--in", "kits")
    assert said["quantized"] and Path(said["folder"]) == Path("kits/mine")
    # The same conversion with the same samples as the kit's own.
    assert (tmp_path / said["model"]).read_bytes() == digits_model.read_bytes()
    trained = kit.json("train", "mine", build=tmp_path / "build")
    assert trained["accuracy_float"] >= 0.97 and trained["accuracy_host"] >= 0.97


@pytest.mark.slow
def test_a_saved_model_is_quantised(kit, tmp_path, digits_model):
    from toolchain.train.tensorflow import import_tensorflow, silenced

    import_tensorflow()
    import keras

    with silenced():
        keras.models.load_model(digits_model.with_name("model.keras")).export(tmp_path / "saved", verbose=False)
    assert kit.json("import", "saved", "--like", "digits")["folder"] == "saved-kit"
    trained = kit.json("train", "saved-kit", build=tmp_path / "build")
    assert trained["accuracy_float"] >= 0.97 and trained["accuracy_host"] >= 0.97
    (tmp_path / "saved2").mkdir()
    (tmp_path / "saved2" / "saved_model.pb").write_bytes(b"junk")
    message, _ = kit.refused("import", "saved2", "--like", "digits", status=2)
    assert "no SavedModel that can be used here" in message


def test_a_float_tflite_is_quantised(kit, tmp_path, digits_model):
    shutil.copy(digits_model.with_name("model_float.tflite"), tmp_path / "m.tflite")
    assert kit.json("import", "m.tflite", "--like", "digits", "--name", "mine")["quantized"]
    trained = kit.json("train", "mine", build=tmp_path / "build")
    assert trained["accuracy_float"] >= 0.97 and trained["accuracy_host"] >= trained["accuracy_float"] - 0.01


def test_what_is_refused(kit, tmp_path, digits_model):
    shutil.copy(digits_model, tmp_path / "m.tflite")
    message, hint = kit.refused("import", "m.tflite", "--like", "digits", "--labels", "a,b", status=2)
    assert "10 scores" in message and "--labels" in hint
    message, hint = kit.refused("import", "m.tflite", "--like", "keyword", status=2)
    assert "[8, 8, 1]" in message and "--like" in hint
    (tmp_path / "bad.keras").write_bytes(b"no model")
    message, _ = kit.refused("import", "bad.keras", "--like", "digits", status=2)
    assert "no Keras model" in message
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.keras", "m.tflite"]
