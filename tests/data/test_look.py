"""`kit data show`: figures of a kit's data, what is odd about them, and the pictures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from toolchain.data import load_dataset
from toolchain.data.look.oddities import converted
from toolchain.data.look.page import page_html
from toolchain.data.look.picture import draw, spectrogram
from toolchain.data.look.survey import Survey, survey
from toolchain.data.own.importing import import_files
from toolchain.data.own.new_kit import new_kit
from toolchain.errors import BadInput
from toolchain.kit import Kit, load_kit

pytestmark = pytest.mark.unit
RATE = 16000


def words(tmp_path: Path) -> Kit:
    return new_kit("words", load_kit("keyword"), tmp_path, own_data=True, labels=["yes", "no", "maybe"])


def sound(path: Path, hertz: float, seconds: float = 1.2, level: float = 0.3, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)
    soundfile.write(path, np.clip(wave, -1, 1), rate, subtype="PCM_16")
    return path


def kinds(found: Survey) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for odd in found.odd:
        said.setdefault(odd.kind, []).append(odd.text)
    return said


def test_nothing_odd_about_good_recordings(tmp_path):
    kit = words(tmp_path)
    for i in range(30):
        sound(tmp_path / "in" / kit.labels[i % 3] / f"{i}.wav", 300 + 20 * i)
    import_files(kit, [tmp_path / "in"])
    found = survey(kit)
    assert not found.odd and [c.samples for c in found.classes] == [10, 10, 10]
    assert [(c.recordings, c.groups, c.seconds) for c in found.classes] == [(10, 10, 12.0)] * 3


def test_what_is_odd_is_told(tmp_path):
    kit = words(tmp_path)
    data = kit.folder / "data"
    for i in range(6):
        sound(data / "yes" / f"good{i}.wav", 300 + 20 * i)
    sound(data / "yes" / "loud.wav", 500, level=3.0)
    sound(data / "yes" / "quiet.wav", 500, level=0.0005)
    sound(data / "yes" / "nothing.wav", 500, level=0.0)
    sound(data / "yes" / "short.wav", 510, seconds=0.4)
    sound(data / "yes" / "fast.wav", 520, rate=44100)
    (data / "yes" / "again.wav").write_bytes((data / "yes" / "good0.wav").read_bytes())
    (data / "yes" / "notes.txt").write_text("x")
    (data / "no").mkdir()
    (data / "no" / "liar.wav").write_bytes((data / "yes" / "good1.wav").read_bytes())
    sound(data / "yse" / "typo.wav", 400)
    import_files(kit, [sound(tmp_path / "low.wav", 440, rate=8000)], label="yes")
    said = kinds(survey(kit))
    assert said.pop("clipped") == ["1 recording clipped: yes/loud.wav"]
    assert said.pop("silent") == ["1 recording silent (below -60 dB of full scale): yes/quiet.wav"]
    assert said.pop("constant") == ["1 recording of one value throughout: yes/nothing.wav"]
    assert said.pop("short") == [
        "1 recording shorter than a window of 16,000 samples (silence is put around): yes/short.wav"
    ]
    (unread,) = said.pop("unreadable")
    assert unread.startswith("not used: ") and "fast.wav" in unread and "44,100 Hz" in unread
    across, again = said.pop("duplicate")
    assert across.startswith("the same data as yes and no: ") and "no/liar.wav" in across
    assert again.startswith("2 recordings the same as one before: ")
    strangers = said.pop("stranger")
    assert any("data/yse is no label of the kit: 1 files" in text for text in strangers)
    assert any("yes/notes.txt" in text for text in strangers)
    (rate,) = said.pop("rate")
    assert "8,000 Hz" in rate and "yes/low.wav" in rate
    assert said.pop("empty") == ['no sample is of class "maybe"'] and said.pop("single") == [
        'class "no" has one sample'
    ]
    assert said.pop("unequal") == ['very unequal classes: "yes" has 12 samples, "no" 1']
    (split,) = said.pop("split")
    assert split.startswith("kit train will refuse them: ")
    assert not said


def test_a_class_of_one_recording(tmp_path):
    kit = words(tmp_path)
    for i in range(24):
        sound(tmp_path / "in" / kit.labels[i % 3] / f"{i}.wav", 300 + 20 * i)
    import_files(kit, [tmp_path / "in"])
    import_files(kit, [sound(tmp_path / "long.wav", 333, seconds=40)], label="yes")
    assert '83 % of class "yes" are of one recording or person: long' in kinds(survey(kit))["one-sided"]


def test_several_rates_are_one_finding():
    changes = ["9.804 samples a second, resampled to 50", "", "62.5 samples a second, resampled to 50", "clipped"]
    (odd,) = converted([*changes, changes[0]], ["a", "b", "c", "d", "e"])
    assert odd.names == ("a", "c", "e")
    assert odd.text == (
        "3 recordings of another rate than the kit's, resampled from "
        "9.804 samples a second to 62.5 samples a second, 2 rates: a, c, e"
    )
    assert not list(converted(changes[1:2], ["b"]))


def test_an_empty_folder(tmp_path):
    with pytest.raises(BadInput, match="holds no recording"):
        survey(words(tmp_path))


@pytest.mark.slow
def test_built_in_data_and_its_picture():
    found = survey(load_kit("digits"))
    assert sum(c.samples for c in found.classes) == 1797 and {c.recordings for c in found.classes} == {None}
    said = found.as_json()
    assert said["licence"] and said["odd"] == [] and said["classes"][0]["label"] == "0"
    picture = Image.open(io.BytesIO(draw(found, with_list=True)))
    assert picture.format == "PNG" and picture.width == 1210
    assert len(np.unique(np.asarray(picture.convert("L")))) > 50


def test_the_page_holds_all_and_escapes_names(tmp_path):
    kit = words(tmp_path)
    for i in range(3):
        sound(kit.folder / "data" / kit.labels[i] / f"<b>$x_{i}.wav", 300 + 100 * i, seconds=0.3)
    page = page_html(survey(kit))
    assert "<b>$x" not in page and "&lt;b&gt;$x_0.wav" in page and "data:image/png;base64," in page
    assert "http" not in page.replace("http-equiv", "")


def test_spectrogram():
    shown = spectrogram((8000 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)).astype(np.int16), RATE)
    assert shown.shape == (201, 98) and set(np.argmax(shown, axis=0).tolist()) == {25}  # 1000 Hz in bins of 40
    assert shown.max() - shown.min() <= 80
    assert spectrogram(np.zeros(10, np.int16), RATE).shape[1] == 1
    assert spectrogram(np.zeros(60 * RATE, np.int16), RATE).shape[1] <= 301


def test_a_label_with_one_recording_is_refused_in_training_too(tmp_path):
    kit = words(tmp_path)
    for i in range(25):
        sound(kit.folder / "data" / kit.labels[i % 2 if i < 24 else 2] / f"{i}.wav", 300 + 20 * i)
    with pytest.raises(BadInput, match=r'sample is of class "maybe": it has 1 recording or person') as refused:
        load_dataset(kit)
    assert "three at least" in refused.value.hint
    assert kinds(survey(kit))["single"] == ['class "maybe" has one sample']
