"""A user's own recordings: imported, told, and kept whole."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from own_files import RATE, tone
from PIL import Image

from toolchain.cli.app import run
from toolchain.data.own.importing import import_files
from toolchain.data.own.store import Store
from toolchain.errors import BadInput, Missing

pytestmark = pytest.mark.unit


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


def test_pictures(pictures, tmp_path):
    for i, label in enumerate(("cat", "dog")):
        (tmp_path / label).mkdir()
        Image.new("RGB", (64, 48), (10 + i, 20, 30)).save(tmp_path / label / "p.png")
    done = import_files(pictures, [tmp_path / "cat", tmp_path / "dog"])
    assert [e.file for e in done.kept] == ["cat/p.png", "dog/p.png"] and "64 x 48 scaled to 8 x 8" in done.kept[
        0
    ].changes
    assert Store(pictures).read(done.kept[0]).shape == (1, 8, 8, 1)


def test_a_picture_of_16_bits_keeps_its_greys(pictures, tmp_path):
    """An X-ray or a depth camera's: Pillow's own conversion makes white of every value over 255."""
    Image.fromarray(np.full((8, 8), 257 * 100, np.uint16)).save(tmp_path / "cat.png")
    done = import_files(pictures, [tmp_path / "cat.png"])
    assert (Store(pictures).read(done.kept[0]) == 100).all()


def test_names_that_are_not_utf8(words, tmp_path):
    folder = tmp_path / "yes"
    folder.mkdir()
    for number, name in enumerate((b"\xff.wav", b"\xfe.wav")):
        tone(tmp_path / "tone.wav", seconds=1 + number).rename(os.fsdecode(os.fsencode(folder) + b"/" + name))
    done = import_files(words, [folder])
    entries = Store(words).entries()
    assert not done.refused and len(entries) == 2 and len({entry.group for entry in entries}) == 2
    by_hand = os.fsdecode(os.fsencode(words.folder) + b"/data/no/\xff.wav")
    Path(by_hand).parent.mkdir()
    tone(Path(by_hand).with_name("tone.wav"), seconds=3).rename(by_hand)
    page = tmp_path / "page.html"
    assert run(["data", "show", str(words.folder), "--out", str(page)]) == 0
    assert "no/?.wav" in page.read_text(encoding="utf-8")


def test_loud_floats_are_clipped_without_a_warning(words, tmp_path, recwarn):
    soundfile.write(tmp_path / "yes.wav", np.full(16000, 1e38, np.float32), RATE, subtype="FLOAT")
    done = import_files(words, [tmp_path / "yes.wav"])
    assert (Store(words).read(done.kept[0]) == 32767).all() and not len(recwarn)


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
