"""`kit new` and `kit data import` as users run them, to a deployed kit of their own."""

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.emulator


def draw(path, upright: bool, rng: np.random.Generator) -> None:
    """A bright bar somewhere, upright or lying, in noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = rng.integers(0, 60, (32, 32))
    at = rng.integers(6, 26)
    picture[4:28, at - 2 : at + 2] += 180
    Image.fromarray((picture if upright else picture.T).astype(np.uint8)).save(path)


def test_a_kit_of_ones_own(kit, tmp_path):
    said = kit.json("new", "bars", "--like", "digits", "--own-data", "--labels", "upright,lying")
    assert said["folder"] == "bars"
    rng = np.random.default_rng(1)
    for i in range(120):
        draw(tmp_path / "in" / ("lying", "upright")[i % 2] / f"{i}.png", bool(i % 2), rng)
    (tmp_path / "in" / "lying" / "bad.png").write_bytes(b"no picture")
    done = kit.json("data", "import", "in", "--kit", "bars", status=1)
    assert len(done["imported"]) == 120 and done["refused"][0]["file"] == "in/lying/bad.png"
    again = kit.json("data", "import", "in", "--kit", "bars", status=1)
    assert not again["imported"] and len(again["already_there"]) == 120
    deployed = kit.json("deploy", "bars", "--board", "host", "--emulate", "--samples", "20", build=tmp_path / "build")
    assert deployed["parity"]["mismatches"] == 0 and deployed["accuracy_device"] >= 0.9


def test_what_is_refused(kit, tmp_path):
    message, hint = kit.refused("new", "digits:big", status=2)
    assert "no name for a kit" in message and "lower case" in hint
    message, hint = kit.refused("new", "mine", "--like", "digitz", status=2)
    assert "digitz" in message and "digits" in hint
    message, _ = kit.refused("new", "mine", "--labels", "a,b", status=2)
    assert "--own-data" in message
    for labels, count in ((",", "none"), ("a", "1")):
        message, hint = kit.refused("new", "mine", "--own-data", "--labels", labels, status=2)
        assert message == f"--labels names {count}" and "at least two" in hint
    for labels, said in (
        ("a,b/c", "--labels 'b/c' should not begin with a dot"),
        ("a,a", "--labels should not name 'a' twice"),
        (f"a,{'x' * 40}", f"--labels '{'x' * 40}': String should have at most 31 characters"),
    ):
        message, _ = kit.refused("new", "mine", "--in", "new/folder", "--own-data", "--labels", labels, status=2)
        assert message.startswith(said) and not (tmp_path / "new").exists()
    message, hint = kit.refused("data", "import", "nothing.wav", status=2)
    assert "built-in" in message and "kit new" in hint
    kit.json("new", "mine", "--own-data")
    message, _ = kit.refused("data", "import", "nothing.wav", "--kit", "mine", status=2)
    assert "nothing.wav" in message
    (tmp_path / "text.txt").write_text("x")
    message, hint = kit.refused("data", "import", "text.txt", "--kit", "mine", status=2)
    assert "no known type" in message and ".wav" in hint
    message, hint = kit.refused("train", "mine", status=2, build=tmp_path / "build")
    assert "holds no recording" in message and "kit data import" in hint


def test_recordings_that_a_kit_is_not_trained_on_are_told(kit, tmp_path):
    kit.json("new", "mine")
    draw(tmp_path / "3" / "a.png", True, np.random.default_rng(0))
    done = kit("data", "import", "3", "--kit", "mine")
    assert done.returncode == 0 and "1 recordings imported into mine/data (" in done.stdout
    assert "mine is trained on sklearn_digits, not on these: kit new" in done.stderr


def test_a_look_at_data(kit, tmp_path):
    said = kit.json("data", "show", "digits", "--out", "digits.html")
    assert said["samples"] == 1797 and said["odd"] == [] and said["out"] == "digits.html"
    assert "Handwritten digits" in (tmp_path / "digits.html").read_text()
    shown = kit("data", "show", "digits")
    assert shown.returncode == 0 and "nothing odd was found" in shown.stdout
    message, hint = kit.refused("data", "show", "digits", "--out", "digits.pdf", status=2)
    assert ".png" in message and "name the file" in hint
