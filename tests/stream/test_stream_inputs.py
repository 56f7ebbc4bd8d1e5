"""Files as raw samples: converted where that is safe, and said; refused otherwise, in one line."""

from __future__ import annotations

import itertools
import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from stream_kits import RATE, kit_of

from toolchain.data.files.arrays import read_csv
from toolchain.data.files.sound import cut_short
from toolchain.data.own.timed import read_table
from toolchain.data.sources.folder import cut_windows
from toolchain.errors import BadInput, Missing
from toolchain.stream.inputs import kit_samples, open_input

pytestmark = pytest.mark.unit


def read(source: Path | str, kit) -> tuple[list, list[str]]:
    notes: list[str] = []
    return list(open_input(str(source), kit, notes.append).pieces), notes


def joined(pieces: list) -> np.ndarray:
    return np.concatenate([piece.samples for piece in pieces])


def sine(rate: int, seconds: float = 1.0, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


@pytest.fixture
def write_sound(tmp_path: Path):
    soundfile = pytest.importorskip("soundfile")

    def write(data: np.ndarray, rate: int, subtype: str = "PCM_16", name: str = "a.wav") -> Path:
        soundfile.write(tmp_path / name, data, rate, subtype=subtype)
        return tmp_path / name

    return write


def test_sound_as_the_kit_takes_it_is_not_touched(tmp_path: Path, write_sound) -> None:
    data = np.random.default_rng(0).integers(-32768, 32768, 2 * RATE + 77).astype(np.int16)
    pieces, notes = read(write_sound(data, RATE), kit_of(tmp_path, "sound"))
    assert np.array_equal(joined(pieces), data) and joined(pieces).dtype == np.int16 and notes == []
    assert [piece.begins for piece in pieces] == [True] + [False] * (len(pieces) - 1)
    assert max(len(piece.samples) for piece in pieces) == RATE // 10 and pieces[3].name == "a.wav 0.3 s"


def test_stereo_of_44100_hz_is_averaged_and_resampled_and_said(tmp_path: Path, write_sound) -> None:
    pytest.importorskip("soxr")
    left = sine(44_100)
    path = write_sound(np.stack([left, 0.5 * left], 1), 44_100, "FLOAT")
    pieces, notes = read(path, kit_of(tmp_path, "sound"))
    assert notes == ["a.wav: 2 channels averaged, 44,100 Hz resampled to 16,000 Hz, FLOAT rounded to 16 bits"]
    made = joined(pieces)
    assert made.dtype == np.int16 and abs(len(made) - RATE) <= 1
    middle = slice(1000, 15_000)  # the ends have the filter's transients
    assert np.abs(made[middle] - 0.75 * 32768 * sine(RATE)[middle]).max() < 30


def test_a_wav_file_that_ends_too_early_is_taken_as_far_as_it_goes_and_said(tmp_path: Path, write_sound) -> None:
    data = np.random.default_rng(0).integers(-32768, 32768, 2 * RATE).astype(np.int16)
    path = write_sound(data, RATE)
    whole = path.read_bytes()
    assert cut_short(path) == ""
    path.write_bytes(whole[:40_045])
    pieces, notes = read(path, kit_of(tmp_path, "sound"))
    assert np.array_equal(joined(pieces), data[:20_000])
    assert notes == ["a.wav: cut short: 40,001 of 64,000 bytes of sound are there"]
    path.write_bytes(whole[:40] + b"\xff\xff\xff\xff" + whole[44:])  # as programs write to a pipe
    pieces, notes = read(path, kit_of(tmp_path, "sound"))
    assert np.array_equal(joined(pieces), data) and notes == []


def test_a_recording_shorter_than_a_window_is_padded_as_in_training(tmp_path: Path, write_sound) -> None:
    kit, data = kit_of(tmp_path, "sound"), np.arange(1, 12_801, dtype=np.int16)
    pieces, notes = read(write_sound(data, RATE), kit)
    assert np.array_equal(joined(pieces), cut_windows(data, kit.input.shape, 0.0)[0])
    assert [piece.begins for piece in pieces] == [True] + [False] * 9 and joined(pieces).dtype == np.int16
    assert notes == ["a.wav: 12,800 of the 16,000 samples that the model sees at once, silence around them"]
    np.save(tmp_path / "a.npy", np.ones((5, 3), np.int16))
    pieces, _ = read(tmp_path / "a.npy", kit_of(tmp_path, "motion"))
    assert joined(pieces)[:, 0].tolist() == [0, 1, 1, 1, 1, 1, 0, 0]
    with pytest.raises(BadInput, match=r"b\.wav: there is nothing in it"):
        read(write_sound(data[:0], RATE, name="b.wav"), kit_of(tmp_path, "sound"))


def test_a_folder_goes_on_past_a_bad_file(tmp_path: Path, write_sound) -> None:
    (tmp_path / "in" / "3").mkdir(parents=True)
    kit, folder = kit_of(tmp_path, "sound"), tmp_path / "in"
    (folder / "3" / "a.wav").write_bytes(b"no sound")
    with pytest.raises(BadInput, match=r"a\.wav: no sound"):
        open_input(str(folder), kit, print)
    write_sound(sine(RATE), RATE, name="in/b.wav")
    (folder / "c.wav").write_bytes(b"no sound")
    feed = open_input(str(folder), kit, print)
    assert {piece.name[:5] for piece in feed.pieces} == {"b.wav"}
    assert [Path(reason.split(": ")[0]).name for reason in feed.refused] == ["a.wav", "c.wav"]


def test_a_csv_in_other_units_is_scaled(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("0.18,-1.0,0.5002\n" * 8)
    feed = open_input(str(path), kit_of(tmp_path, "motion"), print, scale=[2048])
    made = joined(list(feed.pieces))
    assert made.dtype == np.int16 and made.tolist() == [[369, -2048, 1024]] * 8
    with pytest.raises(BadInput, match="no whole number") as caught:
        open_input(str(path), kit_of(tmp_path, "motion"), print)
    assert "--scale" in caught.value.hint


@pytest.mark.parametrize("suffix", [".json", ".cbor", ".parquet"])
def test_what_data_import_takes_is_taken_by_a_stream_too(tmp_path: Path, suffix: str) -> None:
    """At twice the kit's rate, in g."""
    kit, path, rate = kit_of(tmp_path, "motion"), tmp_path / f"walk{suffix}", 50
    kit = kit.model_copy(update={"signal": kit.signal.model_copy(update={"rate": rate})})
    values = [[0.25, -1.0, 0.5]] * 16
    if suffix == ".parquet":
        arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        columns = {"seconds": np.arange(16) / (2 * rate), **dict(zip("xyz", np.array(values).T, strict=True))}
        parquet.write_table(arrow.table(columns), path)
    else:
        sensors = [{"name": f"acc{axis}", "units": "g"} for axis in "XYZ"]
        said = {"payload": {"interval_ms": 500 / rate, "sensors": sensors, "values": values}}
        dumps = json.dumps if suffix == ".json" else pytest.importorskip("cbor2").dumps
        path.write_bytes(dumps(said).encode() if suffix == ".json" else dumps(said))
    notes: list[str] = []
    made = joined(list(open_input(str(path), kit, notes.append, scale=[2048]).pieces))
    assert made.dtype == np.int16 and made.tolist() == [[512, -2048, 1024]] * 8
    assert any(f"{2 * rate:g} samples a second, resampled" in note for note in notes)
    with pytest.raises(BadInput, match=r"no whole numbers.*--scale"):
        open_input(str(path), kit, print)


def test_json_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1, 2]")
    with pytest.raises(BadInput, match="not of Edge Impulse"):
        open_input(str(tmp_path / "a.json"), kit_of(tmp_path, "motion"), print)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all" * 100])
def test_a_file_that_is_no_sound(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("soundfile")
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(BadInput, match=r"a\.wav: no sound"):
        read(tmp_path / "a.wav", kit_of(tmp_path, "sound"))


def test_sound_for_a_kit_that_does_not_hear(tmp_path: Path, write_sound) -> None:
    with pytest.raises(BadInput, match=r"a\.wav: digits takes no sound but uint8 of shape \[8, 8, 1\]"):
        read(write_sound(sine(RATE), RATE), kit_of(tmp_path, "digits"))


def test_a_csv_of_motion(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("Time;x;y;z\n" + "".join(f"{t / 50};{t};{-t};7\n" for t in range(10)))
    pieces, notes = read(path, kit_of(tmp_path, "motion"))
    assert joined(pieces).tolist() == [[t, -t, 7] for t in range(10)]
    assert [len(piece.samples) for piece in pieces] == [4, 4, 2] and pieces[1].name == "walk.csv 4"
    assert notes == ["walk.csv: column time left out", "walk.csv: float64 taken as int16"]


@pytest.mark.parametrize(
    "text", ["x;y;z\n0,5;-1,25;7\n2;,5;1e3\n", "0,5;-1,25;7\n2;,5;1e3\n", "0,5\t-1,25\t7\n2\t,5\t1e3\n"]
)
def test_decimal_commas_are_read_and_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    notes: list[str] = []
    values, _ = read_csv(tmp_path / "a.csv", (), notes.append)
    assert values.tolist() == [[0.5, -1.25, 7], [2, 0.5, 1000]] and notes == ["a.csv: decimal commas read as points"]
    names, rows, _ = read_table(tmp_path / "a.csv", notes.append)
    assert rows.tolist() == values.tolist() and len(names) == 3 and len(notes) == 2


@pytest.mark.parametrize("reader", [lambda path: read_csv(path, (), print), lambda path: read_table(path, print)])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0,5;1.5\n", "line 1: '1.5' has a decimal point, other numbers have a decimal comma"),
        ("x,y\n0,5,1,5\n", "line 2: 4 columns, the first line has 2 .*decimal commas?"),
    ],
)
def test_decimal_commas_that_nobody_can_tell(tmp_path: Path, reader, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(BadInput, match=says):
        reader(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1,2,3\n4,5\n", "line 2: 2 columns, the first line has 3"),
        ("x,y,z\n1,2,3\n1,2,up\n", "line 3: 'up' is no number"),
        ("1,2,3,4\n", r"of shape \[1, 4\], the kit takes 3 axes a row"),
        ("1,2,0.98\n", "0.98 is no whole number; the kit takes int16"),
        ("1,2,40000\n", "40000 in column 3 is beyond int16"),
        ("x,y,z\n", "no numbers in it"),
        ("", "no numbers in it"),
        ("1,2,nan\n", "no numbers|'nan' is no number"),
    ],
)
def test_a_csv_that_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(BadInput, match=says) as caught:
        read(tmp_path / "a.csv", kit_of(tmp_path, "motion"))
    assert "\n" not in str(caught.value)


def test_a_csv_with_a_sample_a_row_and_its_label(tmp_path: Path) -> None:
    path = tmp_path / "digits.csv"
    rows = np.random.default_rng(1).integers(0, 17, (3, 64))
    names = ",".join(f"p{i}" for i in range(64))
    path.write_text(
        f"label,{names}\n" + "".join(f"{t},{','.join(map(str, r))}\n" for t, r in zip("48x", rows, strict=True))
    )
    pieces, _ = read(path, kit_of(tmp_path, "digits"))
    assert [piece.truth for piece in pieces] == [4, 8, None]
    assert all(np.array_equal(p.samples, r.reshape(8, 8, 1)) for p, r in zip(pieces, rows, strict=True))
    assert pieces[0].samples.dtype == np.uint8 and pieces[2].name == "digits.csv 2"


def test_rows_of_axes_make_windows_of_a_kit_without_a_front_end(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(30.0).reshape(10, 3))
    pieces, notes = read(tmp_path / "a.npy", kit_of(tmp_path, "axes"))
    assert [p.samples.shape for p in pieces] == [(4, 3)] * 2 and pieces[1].samples[0, 0] == 12
    assert notes == ["a.npy: float64 taken as float32", "a.npy: the last 2 rows are no whole window of 4 and left out"]


@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 8, 8, 1), (5, 64), (5, 8, 8), (8, 8)])
def test_arrays_of_whole_samples(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(2).integers(0, 17, shape).astype(np.uint8)
    np.save(tmp_path / "a.npy", array)
    pieces, _ = read(tmp_path / "a.npy", kit_of(tmp_path, "digits"))
    assert np.array_equal(np.stack([p.samples for p in pieces]).reshape(-1), array.reshape(-1))
    assert {p.samples.shape for p in pieces} == {(8, 8, 1)}


@pytest.mark.parametrize("shape", [(9, 8, 1), (7, 9, 9), (3,), (5, 63), (1, 1, 8, 8, 1)])
def test_arrays_of_another_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    with pytest.raises(BadInput, match=r"a\.npy: of shape .* the kit takes samples of \[8, 8, 1\]"):
        read(tmp_path / "a.npy", kit_of(tmp_path, "digits"))


@pytest.mark.parametrize(
    ("kind", "shape", "says"),
    [
        ("sound", (), "no array of numbers"),
        ("sound", (9, 2), "of shape"),
        ("motion", (5,), "of shape"),
        ("digits", (), "no array of numbers"),
    ],
)
def test_arrays_that_are_no_stream(tmp_path: Path, kind: str, shape: tuple[int, ...], says: str) -> None:
    np.save(tmp_path / "a.npy", np.zeros(shape, np.int16))
    with pytest.raises(BadInput, match=rf"a\.npy: {says}"):
        read(tmp_path / "a.npy", kit_of(tmp_path, kind))


def test_an_npy_that_holds_code_is_not_run(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(BadInput, match="no array of numbers"):
        read(tmp_path / "a.npy", kit_of(tmp_path, "digits"))


def test_pictures_of_a_folder_with_their_labels(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("sklearn")
    folder = tmp_path / "shots"
    for label, grey in (("3", 255), ("5", 0), ("cat", 128)):
        (folder / label).mkdir(parents=True)
        image.new("RGB", (80, 80), (grey,) * 3).save(folder / label / "a.png")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "b.png").write_bytes(b"")
    (folder / "notes.txt").write_text("not looked at")
    pieces, notes = read(folder, kit_of(tmp_path, "digits"))
    assert [(p.name, p.truth) for p in pieces] == [("3/a.png", 3), ("5/a.png", 5), ("cat/a.png", None)]
    assert [p.samples.max() for p in pieces] == [16, 0, 8]
    assert notes == [
        "a.png: 80 x 80 scaled to 8 x 8",
        "a.png: values 0 to 255 scaled to 0 to 16, as the kit's samples have",
    ]


def test_a_picture_in_the_camera_s_format(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (8, 6), (255, 128, 8)).save(tmp_path / "a.png")
    (piece,), notes = read(tmp_path / "a.png", kit_of(tmp_path, "camera"))
    packed = piece.samples.reshape(-1, 2).view("<u2")
    assert set(packed.reshape(-1).tolist()) == {31 << 11 | 32 << 5 | 1} and notes == []


def test_what_is_no_picture(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    (tmp_path / "a.png").write_bytes(b"\x89PNG but no more")
    with pytest.raises(BadInput, match=r"a\.png: no picture"):
        read(tmp_path / "a.png", kit_of(tmp_path, "camera"))
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(BadInput, match="takes no pictures but int16"):
        read(tmp_path / "b.png", kit_of(tmp_path, "motion"))


@pytest.mark.parametrize(
    ("name", "says"), [("none.wav", "no such file"), ("a.txt", "of no known type"), (".", "no file in it")]
)
def test_files_that_are_not_there_or_not_known(tmp_path: Path, name: str, says: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("")
    with pytest.raises(BadInput, match=says):
        open_input(str(folder / name), kit_of(tmp_path, "sound"), print)


class FakeMicrophone(types.ModuleType):
    """The part of sounddevice that is used: blocks of a sine at 48 kHz."""

    PortAudioError = type("PortAudioError", (Exception,), {})
    there = True

    def query_devices(self, kind: str) -> dict:
        if not self.there:
            raise self.PortAudioError("Error querying device -1")
        return {"default_samplerate": 48_000.0}

    class InputStream:
        def __init__(self, samplerate, channels, dtype, blocksize, callback) -> None:
            self.callback, self.blocksize, self.rate = callback, blocksize, samplerate

        def __enter__(self):
            for block in np.split(sine(self.rate).astype(np.float32)[:, None], self.rate // self.blocksize):
                self.callback(block, len(block), None, None)

        def __exit__(self, *exception: object) -> None:
            pass


def test_the_microphone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("soxr")
    fake = FakeMicrophone("sounddevice")
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    kit, notes = kit_of(tmp_path, "sound"), []
    feed = open_input("mic", kit, notes.append)
    heard = joined(list(itertools.islice(feed.pieces, 9)))
    assert feed.live and notes == ["microphone: 48,000 Hz resampled to 16,000 Hz"]
    assert heard.dtype == np.int16 and np.abs(heard[2000:9000] - 32768 * sine(RATE)[2000:9000]).max() < 30
    fake.there = False
    with pytest.raises(Missing, match="no microphone"):
        open_input("mic", kit, notes.append)
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(Missing, match="needs sounddevice"):
        open_input("mic", kit, notes.append)
    with pytest.raises(BadInput, match="microphone: digits takes no sound"):
        open_input("mic", kit_of(tmp_path, "motion"), notes.append)


def test_samples_of_the_kit_go_round(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pieces = list(itertools.islice(kit_samples(kit_of(tmp_path, "digits")).pieces, 361))
    assert np.array_equal(pieces[0].samples, pieces[360].samples) and pieces[0].samples.shape == (8, 8, 1)
    assert pieces[7].name == "sample 7" and pieces[7].truth in range(10)


@pytest.mark.parametrize("name", ["a.csv", "a.npy", "a.wav"])
def test_a_device_is_no_input(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(BadInput, match="neither a file nor a folder"):
        open_input(str(tmp_path / name), kit_of(tmp_path, "motion"), print)
