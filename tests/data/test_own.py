"""A user's own recordings: imported, kept, cut into windows, and a kit made for them."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from toolchain.cli.app import run
from toolchain.data import load_dataset
from toolchain.data.own.importing import import_files
from toolchain.data.own.new_kit import new_kit
from toolchain.data.own.store import Store
from toolchain.data.sources import load_stream
from toolchain.data.sources.folder import cut_windows
from toolchain.errors import BadInput, Missing
from toolchain.kit import Kit, load_kit
from toolchain.stream.inputs import open_input

pytestmark = pytest.mark.unit
RATE = 16000


@pytest.fixture
def words(tmp_path: Path) -> Kit:
    """A kit that hears, without data."""
    return new_kit("words", load_kit("keyword"), tmp_path, own_data=True, labels=["yes", "no"])


@pytest.fixture
def gestures(tmp_path: Path) -> Kit:
    """A kit of three axes at 50 samples a second."""
    made = new_kit("gestures", load_kit("keyword"), tmp_path, own_data=True, labels=["wave", "idle"])
    text = made.path.read_text()
    start, end = text.index("[input]"), text.index("[model]")
    signal = (
        '[input]\nshape = [100, 3]\ndtype = "int16"\n\n'
        '[signal]\ntype = "motion"\naxes = 3\nwindow = 100\nhop = 25\nrate = 50.0\n\n'
    )
    made.path.write_text(text[:start] + signal + text[end:])
    return load_kit(made.path)


@pytest.fixture
def pictures(tmp_path: Path) -> Kit:
    return new_kit("pictures", load_kit("digits"), tmp_path, own_data=True, labels=["cat", "dog"])


def tone(path: Path, rate: int = RATE, channels: int = 1, seconds: float = 1.0, subtype: str = "PCM_16") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)
    soundfile.write(path, np.repeat(wave[:, np.newaxis], channels, axis=1), rate, subtype=subtype)
    return path


def table(path: Path, rows: np.ndarray, names: str = "time,x,y,z") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, rows, "%.6f", ",", header=names, comments="")
    return path


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(16000, 1, "PCM_16"), (44100, 2, "PCM_16"), (48000, 1, "PCM_24"), (8000, 1, "PCM_U8"), (22050, 2, "FLOAT")],
)
def test_sounds_of_every_kind(words, tmp_path, rate, channels, subtype):
    tone(tmp_path / "in" / "yes" / "one.wav", rate, channels, 1.5, subtype)
    done = import_files(words, [tmp_path / "in"])
    assert [e.file for e in done.kept] == ["yes/one.wav"] and not done.refused
    assert bool(done.kept[0].changes) == ((rate, channels, subtype) != (16000, 1, "PCM_16"))
    heard = Store(words).read(done.kept[0])
    assert heard.dtype == np.int16 and abs(len(heard) - 24000) <= 2
    middle = heard[4000:20000].astype(float)
    spectrum = np.abs(np.fft.rfft(middle))
    assert np.argmax(spectrum) == 440 and 15000 < np.abs(middle).max() < 17800


def test_nothing_is_written_over(words, tmp_path):
    first = tone(tmp_path / "a" / "yes.wav", seconds=1.0)
    second = tone(tmp_path / "b" / "yes.wav", seconds=0.8)
    assert [e.file for e in import_files(words, [first]).kept] == ["yes/yes.wav"]
    kept = (words.folder / "data" / "yes" / "yes.wav").read_bytes()
    again = import_files(words, [first, second])
    assert again.known == [first] and [e.file for e in again.kept] == ["yes/yes-2.wav"]
    assert (words.folder / "data" / "yes" / "yes.wav").read_bytes() == kept
    assert not [p for p in (words.folder / "data").rglob(".*")]
    with (words.folder / "data" / "recordings.csv").open() as stream:
        assert [row["group"] for row in csv.DictReader(stream)] == ["yes", "yes"]


def test_the_same_file_under_two_labels(words, tmp_path):
    first = tone(tmp_path / "yes" / "a.wav")
    second = tmp_path / "no" / "b.wav"
    second.parent.mkdir()
    second.write_bytes(first.read_bytes())
    assert [e.file for e in import_files(words, [first]).kept] == ["yes/a.wav"]
    done = import_files(words, [first, second])
    assert done.known == [first] and not done.kept
    assert 'the same bytes are there as "yes": yes/a.wav' in done.refused[second]


def test_a_label_in_the_list_goes_before_the_folder_and_is_one_of_the_kit(words, tmp_path):
    import_files(words, [tone(tmp_path / "a.wav")], words.labels[0])
    listed = Store(words).folder / "recordings.csv"
    said = listed.read_text()
    listed.write_text(said.replace(f",{words.labels[0]},", f",{words.labels[1]},"))
    assert [entry.label for entry in Store(words).entries()] == [words.labels[1]]
    listed.write_text(said.replace(f",{words.labels[0]},", ",left,"))
    with pytest.raises(BadInput, match=r'recordings\.csv: .*/a\.wav: "left" is no label of'):
        Store(words).entries()


def test_labels_by_folder_name_and_option(words, tmp_path):
    files = [tone(tmp_path / "no" / "x.wav"), tone(tmp_path / "yes.1.wav", seconds=0.9), tone(tmp_path / "no_anna.wav")]
    files[2].write_bytes(tone(tmp_path / "t.wav", seconds=0.7).read_bytes())
    assert [e.label for e in import_files(words, files).kept] == ["no", "yes", "no"]
    done = import_files(words, [tmp_path / "t.wav", tone(tmp_path / "hm.wav", seconds=0.6)])
    assert not done.kept and "of which class is not known" in done.refused[tmp_path / "hm.wav"]
    assert import_files(words, [tmp_path / "hm.wav"], label="yes", group="anna").kept[0].group == "anna"
    with pytest.raises(BadInput, match='"maybe" is no label'):
        import_files(words, [tmp_path / "hm.wav"], label="maybe")


def test_a_damaged_file_is_named_and_the_rest_goes_on(words, tmp_path):
    tone(tmp_path / "yes" / "good.wav")
    (tmp_path / "yes" / "bad.wav").write_bytes(b"RIFF\0\0\0\0WAVEjunk")
    (tmp_path / "yes" / "empty.wav").write_bytes(b"")
    done = import_files(words, [tmp_path / "yes"])
    assert len(done.kept) == 1 and sorted(p.name for p in done.refused) == ["bad.wav", "empty.wav"]
    assert all(str(path) in reason for path, reason in done.refused.items())


def test_a_stump_of_a_sound_is_refused(words, tmp_path):
    whole, half = tone(tmp_path / "yes" / "stump.wav"), tone(tmp_path / "yes" / "half.wav", seconds=0.9)
    whole.write_bytes(whole.read_bytes()[:56])
    half.write_bytes(half.read_bytes()[: 44 + 14_400])
    done = import_files(words, [tmp_path / "yes"])
    assert [entry.original for entry in done.kept] == ["half.wav"] and "cut short" in done.kept[0].changes
    assert done.refused[whole].endswith("stump.wav: cut short: 12 of 32,000 bytes of sound are there, less than half")


def test_equal_files_and_those_of_no_known_type_are_told_apart(words, tmp_path, capsys):
    folder = tmp_path / "in" / "yes"
    for name in ("a.wav", "b.wav"):
        tone(folder / name)
    for name in ("notes.txt", "info.labels", ".hidden"):
        (folder / name).write_text('{"files": []}')
    first = import_files(words, [folder])
    assert (len(first.kept), first.known, first.equal) == (1, [], [folder / "b.wav"])
    assert first.passed_over == [folder / "notes.txt"]
    second = import_files(words, [folder])
    assert (second.kept, second.equal, len(second.known)) == ([], [], 2)
    tone(folder / "c.wav", seconds=0.7)
    tone(folder / "d.wav", seconds=0.7)
    assert run(["data", "import", str(folder), "--kit", str(words.folder)]) == 0
    said = capsys.readouterr()
    assert "; 2 were there already; 1 equal to others of them" in said.out.replace("\n", " ")
    assert f"passed over, of no known type: {folder / 'notes.txt'}" in said.err


def test_times_are_resampled(gestures, tmp_path):
    at = np.arange(0, 4, 0.01)
    rows = np.column_stack([at, np.round(1000 * np.sin(2 * np.pi * at)), np.full(len(at), 5.0), np.round(-at * 100)])
    done = import_files(gestures, [table(tmp_path / "wave.csv", rows)])
    read = Store(gestures).read(done.kept[0])
    assert read.shape == (200, 3) and read.dtype == np.int16
    expected = 1000 * np.sin(2 * np.pi * np.arange(200) / 50)
    assert np.abs(read[20:-20, 0] - expected[20:-20]).max() < 60  # half an edge of the low pass left out
    assert (read[:, 1] == 5).all() and "100 samples a second, resampled to 50" in done.kept[0].changes


def test_milliseconds_missing_values_and_equal_times(gestures, tmp_path):
    at = np.arange(0, 4000, 20.0)
    rows = np.column_stack([at, at, at, at])
    rows[7, 2] = np.nan
    rows[9, 0] = rows[8, 0]
    done = import_files(gestures, [table(tmp_path / "idle.csv", rows, "timestamp,x,y,z")])
    assert not done.refused and "1 missing values interpolated, the first in line 9" in done.kept[0].changes
    assert "1 rows have the time of the row before" in done.kept[0].changes
    read = Store(gestures).read(done.kept[0])
    assert read.shape == (200, 3) and read[7, 1] == 140


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda r: r.__setitem__((50, 0), 0.1), "line 52: the time goes back"),
        (lambda r: r.__setitem__((slice(10, 90), 1), np.nan), "80 values are missing"),
        (lambda r: r.__setitem__((slice(50, None), 0), r[50:, 0] + 3), "a hole of 3.02 s"),
    ],
)
def test_tables_that_cannot_be_mended(gestures, tmp_path, spoil, reason):
    rows = np.column_stack([np.arange(200) / 50, *np.ones((3, 200))])
    spoil(rows)
    done = import_files(gestures, [table(tmp_path / "wave.csv", rows)])
    assert not done.kept and reason in next(iter(done.refused.values()))


def test_columns_and_whole_numbers(gestures, tmp_path):
    rows = np.column_stack([np.arange(200) / 50, *np.full((2, 200), 981)])
    assert "3 axes" in str(import_files(gestures, [table(tmp_path / "idle.csv", rows, "time,x,y")]).refused)
    rows = np.column_stack([np.arange(200) / 50, *np.full((3, 200), 0.981)])
    path = table(tmp_path / "idle.2.csv", rows)
    assert "no whole numbers; the kit takes int16: give --scale" in str(import_files(gestures, [path]).refused)
    done = import_files(gestures, [path], scale=1000)
    assert (Store(gestures).read(done.kept[0]) == 981).all() and "multiplied by 1000" in done.kept[0].changes


def test_a_stream_is_scaled_as_the_recordings_were(gestures, tmp_path):
    path = table(tmp_path / "wave.csv", np.full((200, 3), 0.25), "x,y,z")
    with pytest.raises(BadInput, match="no whole number"):
        open_input(str(path), gestures, print)
    import_files(gestures, [path], scale=2048)
    notes = []
    pieces = list(open_input(str(path), gestures, notes.append).pieces)
    assert {piece.samples.max() for piece in pieces} == {512}
    assert "wave.csv: multiplied by 2048, as the kit's recordings were" in notes
    import_files(gestures, [table(tmp_path / "idle.csv", np.full((200, 3), 0.5), "x,y,z")], scale=1000)
    with pytest.raises(BadInput, match="no whole number"):  # which of the two is not known
        open_input(str(path), gestures, print)


def test_all_that_is_wrong_with_files_alike_is_one_line(gestures, tmp_path, capsys):
    for i in range(3):
        table(tmp_path / "in" / "wave" / f"{i}.csv", np.full((200 + i, 2), 0.44 + i), "x,y")
    table(tmp_path / "in" / "wave" / "3.csv", np.full((200, 3), 0.44), "x,y,z")
    assert run(["data", "import", str(tmp_path / "in"), "--kit", str(gestures.folder)]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("refused: ")]
    broken = "values that are no whole numbers; the kit takes int16: give --scale, the raw steps of one unit"
    first = tmp_path / "in" / "wave" / "0.csv"
    assert len(lines) == 2
    assert lines[0].startswith(
        f"refused: {first} and 2 more: 2 columns of values; the kit takes 3 axes a row; {broken}"
    )
    assert lines[1].startswith(f"refused: {first.with_name('3.csv')}: {broken}")


def acquisition(values: np.ndarray) -> dict[str, object]:
    sensors = [{"name": name, "units": "m/s2"} for name in ("accX", "accY", "accZ")]
    payload = {"device_type": "X", "interval_ms": 20, "sensors": sensors, "values": values.tolist()}
    return {"protected": {"ver": "v1", "alg": "none"}, "signature": "00", "payload": payload}


def test_edge_impulse(gestures, tmp_path):
    cbor2 = pytest.importorskip("cbor2", reason="CBOR needs cbor2")
    folder = tmp_path / "export" / "training"
    folder.mkdir(parents=True)
    values = np.arange(600.0).reshape(200, 3)
    (folder / "a.json").write_text(json.dumps(acquisition(values)))
    (folder / "b.cbor").write_bytes(cbor2.dumps(acquisition(values + 1)))
    files = [
        {"path": f"training/{name}", "category": "training", "label": {"type": "label", "label": label}}
        for name, label in (("a.json", "wave"), ("b.cbor", "idle"))
    ]
    (tmp_path / "export" / "info.labels").write_text(json.dumps({"version": 1, "files": files}))
    done = import_files(gestures, [tmp_path / "export"])
    assert {e.original: e.label for e in done.kept} == {"a.json": "wave", "b.cbor": "idle"}
    assert (Store(gestures).read(done.kept[0]) == values).all()
    (folder / "c.json").write_text('{"payload": {}}')
    assert "data acquisition format" in str(import_files(gestures, [folder / "c.json"], label="wave").refused)


def test_pictures(pictures, tmp_path):
    for i, label in enumerate(("cat", "dog")):
        (tmp_path / label).mkdir()
        Image.new("RGB", (64, 48), (10 + i, 20, 30)).save(tmp_path / label / "p.png")
    done = import_files(pictures, [tmp_path / "cat", tmp_path / "dog"])
    assert [e.file for e in done.kept] == ["cat/p.png", "dog/p.png"] and "64 x 48 scaled to 8 x 8" in done.kept[
        0
    ].changes
    assert Store(pictures).read(done.kept[0]).shape == (1, 8, 8, 1)


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


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        (np.arange(200) * 1e15, "1e-15 samples a second, where the kit takes 50"),
        (np.arange(200) * 1e-12, "1e+12 samples a second"),
        (np.arange(200) * 9e9, "samples a second, where the kit takes 50"),
    ],
)
def test_times_of_another_unit_are_refused(gestures, tmp_path, times, reason):
    """Resampled they would be numbers out of nothing, or more of them than the memory holds."""
    path = tmp_path / "wave.csv"
    np.savetxt(path, np.column_stack([times, np.ones((200, 3))]), "%.18g", ",", header="seconds,x,y,z", comments="")
    done = import_files(gestures, [path])
    assert not done.kept and reason in done.refused[path]


def test_times_alone_are_no_recording(gestures, tmp_path):
    (tmp_path / "wave.csv").write_text("time\n1\n2\n3\n")
    assert "nothing in it but times" in import_files(gestures, [tmp_path / "wave.csv"]).refused[tmp_path / "wave.csv"]


def test_the_line_that_is_named_is_that_of_the_file(gestures, tmp_path):
    """With and without a line of names, behind empty lines, with quotes."""
    for name, text in (
        ("wave.1.csv", "x,y,z\n\n" + "1,2,3\n" * 300 + "4,?,6\n" + "1,2,3\n" * 9),
        ("wave.2.csv", '"1","2","3"\n' * 301 + "4,?,6\n" + "1,2,3\n" * 8),
    ):
        (tmp_path / name).write_text(text)
        line = text.splitlines().index("4,?,6") + 1
        kept = import_files(gestures, [tmp_path / name]).kept[0]
        assert f"the first in line {line}" in kept.changes
        assert Store(gestures).read(kept)[-8:].tolist() == [[1, 2, 3]] * 8


_ACQUIRED = {"interval_ms": 20, "sensors": [{"name": n, "units": "g"} for n in "xyz"], "values": [[1, 2, 3]] * 200}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sensors": 3}, "payload.sensors is no list"),
        ({"sensors": ["x", "y", "z"]}, "payload.sensors is no list"),
        ({"values": [[10**400, 2, 3]]}, "are no numbers"),
        ({"interval_ms": -20}, "interval_ms is -20"),
        ({"interval_ms": float("nan")}, "interval_ms is nan"),
        ({"interval_ms": float("inf")}, "interval_ms is inf"),
        ({"interval_ms": 1e-300}, "interval_ms is 1e-300"),
        ({"interval_ms": 1e8}, "1e-05 samples a second"),
    ],
)
def test_odd_acquisitions_are_refused(gestures, tmp_path, change, reason):
    path = tmp_path / "wave.json"
    path.write_text(json.dumps({"payload": {**_ACQUIRED, **change}}))
    assert reason in import_files(gestures, [path]).refused[path]


def test_damaged_arrays_and_pictures_are_refused(gestures, pictures, tmp_path):
    """What their libraries raise for them is of many kinds: each is a reason, and the next file is read."""
    np.save(tmp_path / "wave.good.npy", np.ones((100, 3), np.int16))
    good = (tmp_path / "wave.good.npy").read_bytes()
    damaged = {
        "wave.header.npy": good.replace(b"False", b"((((("),
        "wave.size.npy": good.replace(b"(100, 3), }      ", b"(99999999999, 3),}"),
        "wave.a.npy": good[:20],
    }
    for name, data in damaged.items():
        (tmp_path / name).write_bytes(data)
    np.save(tmp_path / "wave.scalar.npy", np.array(5))
    done = import_files(gestures, [tmp_path])
    assert len(done.kept) == 1 and len(done.refused) == 4
    assert all("no array of numbers" in reason for reason in done.refused.values())
    for number, data in enumerate((b"P5 x y 255\n1", b"P5 9 9 255\n1", b"GIF89a", b"", b"\x89PNG\r\n\x1a\n\0")):
        (tmp_path / f"cat.{number}.pgm").write_bytes(data)
    done = import_files(pictures, sorted(tmp_path.glob("cat*")))
    assert not done.kept and len(done.refused) == 5
    assert all("no picture" in reason for reason in done.refused.values())


def test_sounds_that_are_no_numbers_or_empty(words, tmp_path):
    wave = np.zeros(2000, np.float32)
    wave[1500] = np.nan
    soundfile.write(tmp_path / "yes.nan.wav", wave, RATE, subtype="FLOAT")
    assert "NaN" in import_files(words, [tmp_path / "yes.nan.wav"]).refused[tmp_path / "yes.nan.wav"]
    by_hand = words.folder / "data" / "yes" / "empty.wav"
    by_hand.parent.mkdir()
    soundfile.write(by_hand, np.zeros(0, np.int16), RATE)
    with pytest.raises(BadInput, match=r"empty\.wav: there is nothing in it"):
        Store(words).read(Store(words).entries()[0])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(words, tmp_path):
    os.mkfifo(tmp_path / "yes.wav")
    with pytest.raises(BadInput, match="neither a file nor a folder"):
        import_files(words, [tmp_path / "yes.wav"])


def test_new_kits_that_would_not_be_what_they_are_called(tmp_path):
    with pytest.raises(BadInput, match="name of a built-in kit"):
        new_kit("digits", load_kit("digits"), tmp_path)
    with pytest.raises(BadInput, match="motion-small is a variant"):
        new_kit("mine", load_kit("motion:small"), tmp_path)
    for label in ("../up", "a/b", ".hidden", "a\0b", "two\nlines"):
        with pytest.raises(BadInput, match=r"mine.kit\.toml:\d+: labels: .*should not begin"):
            new_kit("mine", load_kit("motion"), tmp_path, True, ["fine", label])
    with pytest.raises(BadInput, match=r"^[^~]*mine.kit\.toml:\d+: labels: should not name 'a' twice"):
        new_kit("mine", load_kit("motion"), tmp_path, True, ["a", "a"])
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_leaves_nothing_half_written(words, tmp_path, monkeypatch):
    """Neither a recording nor its line in the list: half a line would make the whole list unreadable."""
    import_files(words, [tone(tmp_path / "yes.1.wav", seconds=0.5)])
    folder = words.folder / "data"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    second = tone(tmp_path / "yes.2.wav", seconds=0.6)

    class Full(csv.DictWriter):
        def writerow(self, row):
            super().writerow({**row, "original": "half"})
            raise OSError(28, "No space left on device")

    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as stream:
            stream.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    for target, name, value in ((csv, "DictWriter", Full), (Path, "write_bytes", half)):
        with monkeypatch.context() as patched:
            patched.setattr(target, name, value)
            with pytest.raises(Missing, match="No space left"):
                import_files(words, [second])
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert len(import_files(words, [second]).kept) == 1


def test_ctrl_c_between_a_recording_and_its_line_leaves_neither(words, tmp_path, monkeypatch):
    """A recording that is in no list would be imported a second time."""

    class Interrupted(csv.DictWriter):
        def writerow(self, row):
            super().writerow(row)
            raise KeyboardInterrupt

    path = tone(tmp_path / "yes.1.wav", seconds=0.5)
    with monkeypatch.context() as patched:
        patched.setattr(csv, "DictWriter", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            import_files(words, [path])
    assert Store(words).entries() == [] and not list((words.folder / "data").rglob("*.wav"))
    assert len(import_files(words, [path]).kept) == 1 and len(import_files(words, [path]).known) == 1


def test_sounds_are_kept_as_others_write_them(words, tmp_path):
    (kept,) = import_files(words, [tone(tmp_path / "yes.1.wav", seconds=0.5)]).kept
    path = words.folder / "data" / kept.file
    samples, rate = soundfile.read(path, dtype="int16")
    soundfile.write(tmp_path / "same.wav", samples, rate, subtype="PCM_16")
    assert (tmp_path / "same.wav").read_bytes() == path.read_bytes() and samples.any()


def test_a_file_system_without_hard_links(words, tmp_path, monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    files = [tone(tmp_path / "yes.wav", seconds=0.5), tone(tmp_path / "more" / "yes.wav", seconds=0.6)]
    assert [entry.file for entry in import_files(words, files).kept] == ["yes/yes.wav", "yes/yes-2.wav"]
    assert [len(Store(words).read(entry)) for entry in Store(words).entries()] == [9600, 8000]
    assert not [p for p in (words.folder / "data").rglob(".*")]


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
