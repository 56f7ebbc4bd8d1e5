"""The samples of a keyword kit: windows of one second, planned first, then made by several threads."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from toolchain.data.speech import RATE, recordings, scene, vocabulary
from toolchain.data.speech.voices import ACCENTS, ESPEAK, FLITE, FLITE_VOICES, Voice, say, variants
from toolchain.data.split import shuffled
from toolchain.errors import BadInput
from toolchain.progress import Progress

SILENCE, UNKNOWN = "silence", "unknown"
#: People whose recordings are in the test part only: an English speaker among them, who was recorded for 25 minutes.
TEST_SPEAKERS = ("asterisk:Allison", "kde:de", "kde:lt", "kde:pt_BR", "kde:tn")
#: People whose recordings are in the validation part only: another who was recorded for 25 minutes among them.
VALIDATION_SPEAKERS = ("asterisk:June", "kde:es", "kde:gl", "kde:pt", "kde:uk")
#: The voice of flite that is in the test part only; a woman's and two men's are left.
TEST_VOICE = Voice(FLITE, "rms")
#: Part of the voices, sounds and noises that is for the test.
TEST_SHARE = 0.2
#: Part of espeak-ng's voices, sounds and noises that is for the validation.
VALIDATION_SHARE = 0.1
TEST, VALIDATION, TRAINING = "test", "validation", "training"

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Cast:
    """Who speaks: every voice, as often as it is heard, and the people (`Voice.person`) who are for the test or the
    validation only."""

    voices: tuple[Voice, ...]
    test_people: frozenset[str]
    validation_people: frozenset[str]

    def part(self, voice: Voice) -> str:
        person = voice.person
        return TEST if person in self.test_people else VALIDATION if person in self.validation_people else TRAINING


@dataclass(frozen=True)
class Take:
    """One window to be made: of which class, of whose voice (its ``group``), for which part, by what.

    ``says``: what recordings in it are named after. ``number``: of the plan, by which it has random numbers of its own.
    """

    label: str
    group: str
    part: str
    make: Callable[[np.random.Generator], np.ndarray]
    says: frozenset[str] = frozenset()
    number: int = -1


def checked_words(labels: Sequence[str]) -> list[str]:
    """The words among ``labels``. Raises `BadInput` without ``silence`` and ``unknown`` and at least one word."""
    example = 'labels = ["silence", "unknown", "yes"]'
    for needed in (SILENCE, UNKNOWN):
        if needed not in labels:
            raise BadInput(f'labels: keywords need the label "{needed}" beside them', example)
    words = [label for label in labels if label not in (SILENCE, UNKNOWN)]
    if not words:
        raise BadInput("labels: there is no word to listen for", example)
    return words


def cast(voices: int, accents: int, flite: int, seed: int) -> Cast:
    """The first ``voices`` variants of espeak-ng in a shuffled list with ``accents`` accents (0: all of them), and each
    voice of flite ``flite`` times, since it has few. Some people's are for the test only, one of flite's among them,
    those of some others for the validation."""
    every = variants()
    names = [every[i] for i in shuffled(len(every), seed)][: voices or None]
    spoken_by = [Voice(ESPEAK, name, accent) for name in names for accent in ACCENTS[: accents or None]]
    people = sorted({voice.person for voice in spoken_by})
    drawn = [people[i] for i in shuffled(len(people), seed)]
    tested = max(1, round(TEST_SHARE * len(people)))
    validated = max(1, round(VALIDATION_SHARE * len(people)))
    recorded = [Voice(FLITE, name) for name in FLITE_VOICES]
    return Cast(
        tuple(spoken_by + [voice for voice in recorded for _ in range(flite)]),
        frozenset({*drawn[:tested], TEST_VOICE.person}),
        frozenset(drawn[tested : tested + validated]),
    )


def spoken(text: str, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    """``text`` said somewhere."""
    return scene.heard(say(text, voice, rng), rng)


def plan(
    words: Sequence[str], who: Cast, unknown: int, speech: int, silence: int, more: int, talk: int, seed: int
) -> list[Take]:
    """Every voice says each of ``words`` once and ``unknown`` others; ``speech`` windows of recordings and of
    synthesised talk are added to the latter, ``silence`` windows hold noise.

    Beside that, to learn from only: each voice says ``more`` times each of ``words`` and two others again, as a stream
    has them, with as much silence, and ``talk`` windows are of recorded people. Recordings that are named after one of
    ``words``, such as the syllable "no", are in none.
    """
    others = [w for w in vocabulary.WORDS if w not in words]
    rng = np.random.default_rng((seed, 1))
    takes = []
    for voice in who.voices:
        group, part = voice.person, who.part(voice)
        takes += [Take(w, group, part, partial(_word, w, voice)) for w in words]
        takes += [
            Take(UNKNOWN, group, part, partial(_word, str(w), voice))
            for w in rng.choice(others, unknown, replace=False)
        ]
    takes += _talk(who, speech // 5, rng)
    takes += _recorded_speech(speech - speech // 5, rng)
    takes += _silence(silence, seed)
    takes += _as_in_a_stream(words, others, who, more, rng)
    takes += _more_talk(talk, rng)
    takes += [take for take in _silence(silence * more, seed) if take.part == TRAINING]
    numbered = [replace(take, number=number) for number, take in enumerate(takes) if not take.says & set(words)]
    return _without_excess(numbered, len(words) + unknown)


def _without_excess(takes: list[Take], each: int) -> list[Take]:
    """``takes`` without those of `TEST_VOICE` (``each`` a round) that would give one voice more weight in the test than
    a voice of espeak-ng has by its accents."""
    spoken_by_it = [take.number for take in takes if take.group == TEST_VOICE.person]
    excess = set(spoken_by_it[each * len(ACCENTS) :])
    return [take for take in takes if take.number not in excess]


def render(takes: Sequence[Take], seed: int, progress: Progress) -> np.ndarray:
    """int16 [takes, RATE]; equal plans and seeds give equal windows, however many threads there are."""
    x = np.zeros((len(takes), RATE), np.int16)

    def one(i: int) -> None:
        rng = np.random.default_rng((seed, 2, takes[i].number))
        x[i] = _with_noise(takes[i].make(rng), takes[i].label, rng)

    in_parallel(one, range(len(takes)), progress, "windows")
    return x


def in_parallel(make: Callable[[int], _Made], jobs: Iterable[int], progress: Progress, unit: str) -> list[_Made]:
    """``make`` of each job, by as many threads as there are cores: other programs and NumPy do most of the work."""
    numbers = list(jobs)
    made = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            for done, result in enumerate(pool.map(make, numbers), 1):
                made.append(result)
                if done % 16 == 0 or done == len(numbers):
                    progress.update(done, len(numbers), unit)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return made


def talk_of(speaker: Sequence[recordings.Recording], seconds: float, rng: np.random.Generator) -> np.ndarray:
    """At least ``seconds`` of a speaker's recordings in any order, of usual loudness, with short pauses between; less
    when there is no more."""
    pieces: list[np.ndarray] = []
    have = 0
    for i in rng.permutation(len(speaker)):
        sound = recordings.read_sound(speaker[i].path)
        level = scene.loudness(sound)
        if not level:
            continue
        pieces += [sound * (0.1 / level), np.zeros(int(rng.uniform(0.05, 0.4) * RATE), np.float32)]
        have += len(sound)
        if have >= seconds * RATE:
            break
    return np.concatenate(pieces) if pieces else np.zeros(RATE, np.float32)


def speaker_part(name: str) -> str:
    """For which part the recordings of a person are."""
    return TEST if name in TEST_SPEAKERS else VALIDATION if name in VALIDATION_SPEAKERS else TRAINING


def by_speaker() -> dict[str, list[recordings.Recording]]:
    """The recorded speech of each speaker."""
    found: dict[str, list[recordings.Recording]] = defaultdict(list)
    for recording in recordings.speech():
        found[recording.speaker].append(recording)
    return dict(sorted(found.items()))


def _word(text: str, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    return scene.placed(spoken(text, voice, rng), RATE, rng)


def _as_in_a_stream(
    words: Sequence[str], others: Sequence[str], who: Cast, rounds: int, rng: np.random.Generator
) -> list[Take]:
    """``rounds`` in which each voice to learn from says each of ``words`` and two of ``others``: beside more
    talk of its own every second time, and others cut by the window's edge."""
    takes = []
    for voice in [voice for voice in who.voices if who.part(voice) == TRAINING] * rounds:
        takes += [Take(word, voice.person, TRAINING, partial(_beside_talk, word, voice)) for word in words]
        beside, cut = (str(word) for word in rng.choice(others, 2, replace=False))
        takes.append(Take(UNKNOWN, voice.person, TRAINING, partial(_beside_talk, beside, voice)))
        takes.append(Take(UNKNOWN, voice.person, TRAINING, partial(_part_of_word, cut, voice)))
    return takes


def _beside_talk(text: str, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    """A window with ``text`` in it, whole, and every second time what the voice says before and behind it."""
    sound = spoken(text, voice, rng)
    if len(sound) >= RATE or rng.random() < 0.5:
        return scene.placed(sound, RATE, rng)
    start = int(rng.integers(0, RATE - len(sound)))
    window = np.zeros(RATE, np.float32)
    window[start : start + len(sound)] = sound
    before, behind = (rng.uniform(0.1, 0.5, 2) * RATE).astype(int)
    ends, begins = max(0, start - before), min(RATE, start + len(sound) + behind)
    talk = _part_of_sentence(str(rng.choice(vocabulary.SENTENCES)), voice, rng)
    talk *= scene.decibels(float(rng.uniform(-12, 6)))
    window[:ends] = talk[RATE - ends :]
    window[begins:] = talk[: RATE - begins]
    return window


def _part_of_word(text: str, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    """A window that begins or ends within a word: a tenth to nine tenths of it are heard."""
    sound = spoken(text, voice, rng)[:RATE]
    heard = max(1, int(rng.uniform(0.1, 0.9) * len(sound)))
    window = np.zeros(RATE, np.float32)
    if rng.random() < 0.5:
        window[:heard] = sound[-heard:]
    else:
        window[-heard:] = sound[:heard]
    return window


def _talk(who: Cast, count: int, rng: np.random.Generator) -> list[Take]:
    """``count`` windows of sentences: several of one rendition would cost less, and be less unlike."""
    takes = []
    for i in range(count):
        voice = who.voices[int(rng.integers(len(who.voices)))]
        group, part = voice.person, who.part(voice)
        sentence = vocabulary.SENTENCES[i % len(vocabulary.SENTENCES)]
        takes.append(Take(UNKNOWN, group, part, partial(_part_of_sentence, sentence, voice)))
    return takes


def _part_of_sentence(text: str, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    words = text.split()
    first = int(rng.integers(0, len(words) - 4))
    return _cut(spoken(" ".join(words[first : first + 4]), voice, rng), rng)


def _cut(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Any second of ``sound``."""
    if len(sound) <= RATE:
        return scene.placed(sound, RATE, rng)
    start = int(rng.integers(0, len(sound) - RATE))
    return sound[start : start + RATE]


def _recorded_speech(count: int, rng: np.random.Generator) -> list[Take]:
    """``count`` windows of real people's speech, those of whom there is more more often, but nobody in a third."""
    speakers = by_speaker()
    weight = np.sqrt([len(files) for files in speakers.values()])
    share = np.rint(count * weight / weight.sum()).astype(int)
    takes = []
    for (name, files), windows in zip(speakers.items(), share, strict=True):
        for _ in range(windows):
            start = int(rng.integers(len(files)))
            takes.append(_recorded(name, files, start))
    return takes


def _more_talk(count: int, rng: np.random.Generator) -> list[Take]:
    """``count`` windows of the speech of people to learn from, each recording as often as another."""
    speakers = {name: files for name, files in by_speaker().items() if speaker_part(name) == TRAINING}
    every = [(name, i) for name, files in speakers.items() for i in range(len(files))]
    takes = []
    for i in range(count):
        if i % len(every) == 0:
            order = rng.permutation(len(every)).tolist()
        name, start = every[order[i % len(every)]]
        takes.append(_recorded(name, speakers[name], start))
    return takes


def _recorded(name: str, files: Sequence[recordings.Recording], start: int) -> Take:
    """A window of three recordings of a person, one behind the other."""
    chosen = [files[(start + k) % len(files)] for k in range(3)]
    says = frozenset(file.path.stem for file in chosen)
    return Take(UNKNOWN, name, speaker_part(name), partial(_part_of_recordings, chosen), says)


def _part_of_recordings(files: Sequence[recordings.Recording], rng: np.random.Generator) -> np.ndarray:
    sound = _cut(talk_of(files, 1.5, rng), rng)
    while not scene.loudness(sound):  # a pause of its own
        sound = _cut(talk_of(files, 3.0, rng), rng)
    return scene.heard(sound, rng)[:RATE]


def _silence(count: int, seed: int) -> list[Take]:
    """Windows without speech: half with noise only, half with a recorded sound too."""
    files = recordings.sounds()
    order = shuffled(len(files), seed).tolist()
    tested, validated = (round(share * len(files)) for share in (TEST_SHARE, TEST_SHARE + VALIDATION_SHARE))
    part_of = dict.fromkeys(files, TRAINING)
    part_of |= {files[i]: TEST for i in order[:tested]} | {files[i]: VALIDATION for i in order[tested:validated]}
    takes = []
    for i in range(count):
        if i % 2:
            path = files[i // 2 % len(files)]
            takes.append(Take(SILENCE, f"sound:{path.stem}", part_of[path], partial(_sound, path)))
        else:
            part = TEST if i % 10 == 0 else VALIDATION if i % 20 == 2 else TRAINING  # of every even number
            takes.append(Take(SILENCE, f"noise:{i}", part, partial(_nothing)))
    return takes


def _sound(path: os.PathLike[str], rng: np.random.Generator) -> np.ndarray:
    return _cut(recordings.read_sound(recordings.Path(path)), rng)


def _nothing(rng: np.random.Generator) -> np.ndarray:
    return np.zeros(RATE, np.float32)


def _with_noise(sound: np.ndarray, label: str, rng: np.random.Generator) -> np.ndarray:
    """``sound`` of -40 to -8 dB with noise that is 3 to 45 dB below it, as int16."""
    level = scene.loudness(sound)
    wanted = float(rng.uniform(-50, -12) if label == SILENCE else rng.uniform(-40, -8))
    if level:
        sound = sound * (scene.decibels(wanted) / level)
    below = float(rng.uniform(0, 40) if label == SILENCE else rng.uniform(3, 45))
    noise = scene.coloured_noise(RATE, rng) * scene.decibels(wanted - below)
    return scene.to_pcm(sound + noise)
