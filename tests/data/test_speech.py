"""Keywords: what is planned, who is in which part, what is done to sounds, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.data.sources import speech, speech_commands
from toolchain.data.speech import RATE, conversation, corpus, recordings, scene, vocabulary, voices
from toolchain.data.speech.voices import ESPEAK, FLITE, Voice
from toolchain.errors import BadInput, Missing
from toolchain.progress import Quiet

pytestmark = pytest.mark.unit

LABELS = ("silence", "unknown", "yes", "no")
_PEOPLE = ("asterisk:Allison", "asterisk:June", "kde:fr")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Every synthesiser and package replaced: voices are tones, people are noise. The words said, in no order."""
    words: list[str] = []

    def say(text: str, voice: Voice, rng: np.random.Generator) -> np.ndarray:
        words.append(text)
        return np.sin(np.arange(RATE // 2) / 5).astype(np.float32)

    people = [recordings.Recording(tmp_path / f"{s}-{i}", s) for s in _PEOPLE for i in range(4)]
    monkeypatch.setattr(corpus, "say", say)
    monkeypatch.setattr(voices, "version", lambda: "espeak-ng 0")
    monkeypatch.setattr(corpus, "variants", lambda: tuple(f"{name}{n}" for name in "abcdefgh" for n in ("", "2")))
    monkeypatch.setattr(recordings, "speech", lambda: tuple(people))
    monkeypatch.setattr(recordings, "sounds", lambda: tuple(tmp_path / f"sound{i}" for i in range(10)))
    noise = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32) / 10
    monkeypatch.setattr(recordings, "read_sound", lambda path: noise)
    monkeypatch.setenv("KIT_BUILD", str(tmp_path))
    return words


def test_samples_are_split_by_voice_and_kept(said: list[str]) -> None:
    def load() -> speech.Samples:
        return speech.load(
            LABELS, Quiet(), voices=10, accents=2, flite=2, unknown=1, speech=30, silence=20, more=1, talk=9, seed=3
        )

    samples = load()
    assert samples.x.dtype == np.int16
    assert samples.x.shape == (len(samples.y), RATE)
    assert samples.groups is not None
    assert samples.test is not None
    assert samples.validation is not None
    who = corpus.cast(10, 2, 2, 3)
    again = [who.part(voice) for voice in who.voices].count("training")
    assert np.bincount(samples.y).tolist()[1:] == [28 + 30 + 9 + 2 * again, 28 + again, 28 + again]
    assert 20 < np.bincount(samples.y)[0] < 20 + 20
    parts = samples.test, samples.validation, ~samples.test & ~samples.validation
    people = [set(samples.groups[part].tolist()) for part in parts]
    assert sum(map(len, people)) == len(set.union(*people)), "nobody is in two parts"
    for heard, known in zip(people, ({"asterisk:Allison", "flite:rms"}, {"asterisk:June"}, {"kde:fr"}), strict=True):
        assert known <= heard
    for part in parts:
        assert set(samples.y[part]) == {0, 1, 2, 3}
    assert np.flatnonzero(~parts[2]).max() < 20 + 28 + 30 + 28 + 28, "what was added is to learn from only"
    count = len(said)
    assert (load().x == samples.x).all()
    assert len(said) == count, "nothing is said twice"


def test_recordings_of_a_word_to_listen_for_are_in_no_window_and_no_conversation(
    said: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    people = [
        recordings.Recording(tmp_path / s / f"{w}.ogg", s) for s in _PEOPLE for w in ("no", "na", "ne", "ni", "nu")
    ]
    monkeypatch.setattr(recordings, "speech", lambda: tuple(people))
    heard: list[str] = []

    def read_sound(path: Path) -> np.ndarray:
        heard.append(path.stem)
        return np.ones(RATE, np.float32)

    monkeypatch.setattr(recordings, "read_sound", read_sound)
    who = corpus.cast(10, 2, 2, 3)
    takes = corpus.plan(["yes", "no"], who, 1, 100, 10, 1, 100, 3)
    recorded = [take for take in takes if take.group in _PEOPLE]
    assert 0 < len(recorded) < 80 + 100
    corpus.render(recorded, 3, Quiet())
    conversation.conversation(["yes", "no"], who, "test", 1.0, 3, Quiet())
    assert set(heard) == {"na", "ne", "ni", "nu"}


def test_windows_as_in_a_stream_hold_a_whole_word_beside_talk_or_a_part_of_one(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word is 1, talk is 2."""
    monkeypatch.setattr(corpus, "spoken", lambda text, *_: np.full(6000, 1 if text == "yes" else 2, np.float32))
    monkeypatch.setattr(scene, "decibels", lambda _: 1.0)
    beside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        window = corpus._beside_talk("yes", Voice(FLITE, "slt"), rng)
        first = int(np.argmax(window == 1))
        assert window.shape == (RATE,) and (window == 1).sum() == 6000 and (window[first : first + 6000] == 1).all()
        assert not window[max(0, first - 1600) : first].any() and not window[first + 6000 : first + 7600].any()
        beside += (window == 2).any()
        cut = corpus._part_of_word("yes", Voice(FLITE, "slt"), rng)
        assert 600 <= cut.sum() <= 5400 and cut[0] + cut[-1] == 1
    assert 5 < beside < 30


def test_variants_of_one_person_are_one_voice() -> None:
    names = ["steph", "steph2", "anika", "anikaRobot", "robosoft8", "m1", "m2", "Andy", "AnxiousAndy"]
    assert [Voice(ESPEAK, name, "en-us").person.removeprefix("espeak-ng:") for name in names] == [
        "steph", "steph", "anika", "anika", "robosoft", "m1", "m2", "andy", "andy",
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_conversation_says_keywords_at_the_times_that_it_tells(said: list[str], part: str) -> None:
    who = corpus.cast(10, 2, 2, 3)
    x, events = conversation.conversation(["yes", "no"], who, part, 1.0, 3, Quiet())
    assert x.dtype == np.int16
    assert 60 * RATE <= len(x) < 90 * RATE
    assert [e.label for e in events] == [w for w in said if w in ("yes", "no")]
    for event in events:
        inside = np.abs(x[int(event.start * RATE) : int(event.end * RATE)].astype(float)).mean()
        before = np.abs(x[int(event.start * RATE) - 4000 : int(event.start * RATE)].astype(float)).mean()
        assert 0.2 < event.end - event.start < 1.2
        assert inside > 1.3 * before


def test_labels_without_silence_or_words_are_refused() -> None:
    for labels in (("unknown", "yes"), ("silence", "yes"), ("silence", "unknown")):
        with pytest.raises(BadInput, match="labels"):
            corpus.checked_words(labels)


def test_without_the_synthesiser_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    for voice in (Voice(ESPEAK, "m1", "en-us"), Voice(FLITE, "slt")):
        with pytest.raises(Missing) as caught:
            voices.say("yes", voice, np.random.default_rng(0))
        assert caught.value.hint == f"apt-get install {voice.program}"


def test_without_recordings_the_command_that_installs_them_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty = {name: recordings.Package(p.debian, tmp_path, p.licence) for name, p in recordings.SPEECH.items()}
    monkeypatch.setattr(recordings, "SPEECH", empty)
    recordings.speech.cache_clear()
    with pytest.raises(Missing) as caught:
        recordings.speech()
    assert caught.value.hint.startswith("apt-get install asterisk-core-sounds-en-wav ")
    assert caught.value.hint.endswith("klettres-data ktuberling-data")


def test_no_other_word_is_a_usual_keyword() -> None:
    keywords = {"yes", "no", "go", "stop", "up", "down", "left", "right", "on", "off"}
    assert not keywords & set(vocabulary.WORDS)
    assert len(set(vocabulary.WORDS)) == len(vocabulary.WORDS)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3 * RATE))
def test_scenes_are_finite_and_equal_for_equal_seeds(seed: int, count: int) -> None:
    def once() -> np.ndarray:
        rng = np.random.default_rng(seed)
        sound = np.sin(np.arange(count, dtype=np.float32) / 5)
        return scene.to_pcm(scene.placed(scene.heard(sound, rng), RATE, rng) + scene.coloured_noise(RATE, rng))

    first = once()
    assert first.shape == (RATE,)
    assert (first == once()).all()


def test_speech_commands_from_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wave

    monkeypatch.setenv("KIT_BUILD", str(tmp_path / "build"))
    rng = np.random.default_rng(0)

    def record(path: Path, count: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as stream:
            stream.setparams((1, 2, RATE, 0, "NONE", ""))
            stream.writeframes(rng.integers(-9999, 9999, count).astype("<i2").tobytes())

    root = tmp_path / "set"
    for word in ("yes", "no", "bird"):
        for person in range(5):
            record(root / word / f"p{person}_nohash_0.wav", RATE - 1000)
    record(root / "_background_noise_" / "rain.wav", 3 * RATE)
    record(root / "_background_noise_" / "wind.wav", 3 * RATE)
    (root / "testing_list.txt").write_text("yes/p1_nohash_0.wav\nno/p1_nohash_0.wav\nbird/p1_nohash_0.wav\n")
    samples = speech_commands.load(LABELS, Quiet(), folder=str(root), unknown=4, silence=10)
    assert np.bincount(samples.y).tolist() == [10, 4, 5, 5]
    assert samples.groups is not None
    assert samples.test is not None
    assert set(samples.groups[samples.test & (samples.y > 1)]) == {"p1"}
    with pytest.raises(BadInput, match='no word "stop"'):
        speech_commands.load((*LABELS, "stop"), Quiet(), folder=str(root))
