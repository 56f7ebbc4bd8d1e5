"""A kit made for a user's own recordings: its windows, its data set, its list."""

import os

import numpy as np
import pytest
from own_files import tone

from toolchain.data import load_dataset
from toolchain.data.own.importing import import_files
from toolchain.data.own.new_kit import new_kit
from toolchain.data.sources import load_stream
from toolchain.data.sources.folder import cut_windows
from toolchain.errors import BadInput
from toolchain.kit import load_kit

pytestmark = pytest.mark.unit


def test_windows():
    assert cut_windows(np.arange(5), (5,), 0).tolist() == [[0, 1, 2, 3, 4]]
    assert cut_windows(np.arange(1, 4), (5,), 0).tolist() == [[0, 1, 2, 3, 0]]
    assert cut_windows(np.arange(9), (4,), 0.5)[:, 0].tolist() == [0, 2, 4]
    assert cut_windows(np.zeros((7, 3)), (3, 3), 0).shape == (2, 3, 3)
    assert cut_windows(np.zeros((2, 8, 8, 1)), (8, 8, 1), 0).shape == (2, 8, 8, 1)


def test_a_data_set_of_them(words, tmp_path):
    for i in range(20):
        tone(tmp_path / "in" / ("yes", "no")[i % 2] / f"{i}.wav", seconds=2 + i / 100)
    import_files(words, [tmp_path / "in"])
    made = load_dataset(words)
    assert made.train.x.shape[1:] == (16000,) and len(made.train) + len(made.validation) + len(made.test) == 40
    parts = [set(part.groups.tolist()) for part in (made.train, made.validation, made.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]


def test_a_stream_is_tested_with_a_recording_that_own_data_have_not(words):
    with pytest.raises(BadInput, match='source "folder" has no long recording') as caught:
        load_stream(words, 1.0)
    assert "kit stream words --board NAME --input FILE" in caught.value.hint


def test_an_empty_folder_and_an_empty_class(words, tmp_path):
    with pytest.raises(BadInput, match="holds no recording"):
        load_dataset(words)
    import_files(words, [tone(tmp_path / "yes" / "a.wav")])
    with pytest.raises(BadInput, match='no sample is of class "no"'):
        load_dataset(words)


@pytest.mark.parametrize(("like", "board"), [("keyword", "mps2-an386"), ("digits", "esp32"), ("motion", "esp32")])
def test_the_board_to_begin_with_is_not_slow_for_the_kit(tmp_path, like, board):
    made = new_kit("mine", load_kit(like), tmp_path)
    assert f"kit deploy . --board {board} --emulate" in (made.folder / "README.md").read_text()


def test_a_kit_like_another(tmp_path):
    made = new_kit("mine", load_kit("digits"), tmp_path)
    like = load_kit("digits")
    assert made.name == "mine" and made.data == like.data and made.pass_marks == like.pass_marks
    assert (made.folder / "model.py").read_bytes() == like.model_file.read_bytes() and (
        made.folder / "README.md"
    ).exists()
    before = {p: p.read_bytes() for p in made.folder.rglob("*") if p.is_file()}
    with pytest.raises(BadInput, match="is there already"):
        new_kit("mine", like, tmp_path)
    assert {p: p.read_bytes() for p in made.folder.rglob("*") if p.is_file()} == before
    for name in ("", "Mine", "../mine", "a b", "x" * 33):
        with pytest.raises(BadInput, match="is no name"):
            new_kit(name, like, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("like", ["digits", "faces", "fashion", "keyword"])
def test_own_data_like_each_kit(tmp_path, like):
    made = new_kit("own", load_kit(like), tmp_path, own_data=True)
    assert made.data.source == "folder" and made.data.group_split and not made.variants
    assert made.training.epochs >= 60 and made.training.batch_size <= 16 and made.training.patience >= 20
    assert made.signal == load_kit(like).signal and made.pass_marks.min_device_accuracy == 0
    assert made.title == "own" and not made.description
    if made.signal is None:
        assert made.input.scale * 255 == pytest.approx(1, abs=1e-4) and made.input.offset == 0


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Exception, match="cannot be written"):
        new_kit("mine", load_kit("digits"), tmp_path / "file")
    assert os.listdir(tmp_path) == ["file"]


def test_new_kits_that_would_not_be_what_they_are_called(tmp_path):
    with pytest.raises(BadInput, match="name of a built-in kit"):
        new_kit("digits", load_kit("digits"), tmp_path)
    with pytest.raises(BadInput, match="motion-small is a variant"):
        new_kit("mine", load_kit("motion:small"), tmp_path)
    for label in ("../up", "a/b", ".hidden", "a\0b", "two\nlines"):
        with pytest.raises(BadInput, match=r"^--labels .* should not begin"):
            new_kit("mine", load_kit("motion"), tmp_path, True, ["fine", label])
    with pytest.raises(BadInput, match=r"^--labels .*should not name 'a' twice"):
        new_kit("mine", load_kit("motion"), tmp_path, True, ["a", "a"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("garbage\n", "line 1: not file, label, group"),
        ("file,label,group\na,b\n", "line 2: not file, label, group"),
        ("file,label,group\nyes/a.wav,yes,a,b\n", "line 2: not file, label, group"),
        (f"file,label,group\nyes/a.wav,yes,a\n{'x' * 200_000},yes,a\n", "line 3: field larger"),
    ],
)
def test_a_damaged_list_is_named_with_its_line(words, tmp_path, text, says):
    """Also one without the names in line 1: what is appended to it could not be read again."""
    list_ = words.folder / "data" / "recordings.csv"
    list_.write_text(text)
    with pytest.raises(BadInput, match=f"recordings\\.csv, {says}"):
        import_files(words, [tone(tmp_path / "yes.wav")])
    assert list_.read_text() == text
