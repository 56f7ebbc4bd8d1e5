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
#: The voice of flite that is in the test part only; a woman's and two men's are left.
TEST_VOICE = Voice(FLITE, "rms")
#: Part of the voices, sounds and noises that is for the test.
TEST_SHARE = 0.2

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Cast:
    """Who speaks: every voice, as often as it is heard, and the people (`Voice.person`) who are for the test only."""

    voices: tuple[Voice, ...]
    test_people: frozenset[str]

    def is_test(self, voice: Voice) -> bool:
        return voice.person in self.test_people


@dataclass(frozen=True)
class Take:
    """One window to be made: of which class, of whose voice (its ``group``), by what. ``number``: of the plan, by which
    it has random numbers of its own."""

    label: str
    group: str
    test: bool
    make: Callable[[np.random.Generator], np.ndarray]
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
    voice of flite ``flite`` times, since it has few. Some people's are for the test only, one of flite's among them."""
    every = variants()
    names = [every[i] for i in shuffled(len(every), seed)][: voices or None]
    spoken_by = [Voice(ESPEAK, name, accent) for name in names for accent in ACCENTS[: accents or None]]
    people = sorted({voice.person for voice in spoken_by})
    held_out = {people[i] for i in shuffled(len(people), seed)[: max(1, round(TEST_SHARE * len(people)))]}
    recorded = [Voice(FLITE, name) for name in FLITE_VOICES]
    return Cast(
        tuple(spoken_by + [voice for voice in recorded for _ in range(flite)]),
        frozenset(held_out | {TEST_VOICE.person}),
    )


def spoken(text: str, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    """``text`` said somewhere."""
    return scene.heard(say(text, voice, rng), rng)


def plan(words: Sequence[str], who: Cast, unknown: int, speech: int, silence: int, seed: int) -> list[Take]:
    """Every voice says each of ``words`` once and ``unknown`` others; ``speech`` windows of recordings and of
    synthesised talk are added to the latter, ``silence`` windows hold noise."""
    others = [w for w in vocabulary.WORDS if w not in words]
    rng = np.random.default_rng((seed, 1))
    takes = []
    for voice in who.voices:
        group, test = voice.person, who.is_test(voice)
        takes += [Take(w, group, test, partial(_word, w, voice)) for w in words]
        takes += [
            Take(UNKNOWN, group, test, partial(_word, str(w), voice))
            for w in rng.choice(others, unknown, replace=False)
        ]
    takes += _talk(who, speech // 5, rng)
    takes += _recorded_speech(speech - speech // 5, rng)
    takes += _silence(silence, seed)
    return _without_excess([replace(take, number=number) for number, take in enumerate(takes)], len(words) + unknown)


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


def by_speaker() -> dict[str, list[recordings.Recording]]:
    """The recorded speech of each speaker."""
    found: dict[str, list[recordings.Recording]] = defaultdict(list)
    for recording in recordings.speech():
        found[recording.speaker].append(recording)
    return dict(sorted(found.items()))


def _word(text: str, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    return scene.placed(spoken(text, voice, rng), RATE, rng)


def _talk(who: Cast, count: int, rng: np.random.Generator) -> list[Take]:
    """``count`` windows of sentences: several of one rendition would cost less, and be less unlike."""
    takes = []
    for i in range(count):
        voice = who.voices[int(rng.integers(len(who.voices)))]
        group, test = voice.person, who.is_test(voice)
        sentence = vocabulary.SENTENCES[i % len(vocabulary.SENTENCES)]
        takes.append(Take(UNKNOWN, group, test, partial(_part_of_sentence, sentence, voice)))
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
            chosen = [files[(start + k) % len(files)] for k in range(3)]
            takes.append(Take(UNKNOWN, name, name in TEST_SPEAKERS, partial(_part_of_recordings, chosen)))
    return takes


def _part_of_recordings(files: Sequence[recordings.Recording], rng: np.random.Generator) -> np.ndarray:
    sound = _cut(talk_of(files, 1.5, rng), rng)
    while not scene.loudness(sound):  # a pause of its own
        sound = _cut(talk_of(files, 3.0, rng), rng)
    return scene.heard(sound, rng)[:RATE]


def _silence(count: int, seed: int) -> list[Take]:
    """Windows without speech: half with noise only, half with a recorded sound too."""
    files = recordings.sounds()
    test_files = {files[i] for i in shuffled(len(files), seed)[: round(TEST_SHARE * len(files))]}
    takes = []
    for i in range(count):
        if i % 2:
            path = files[i // 2 % len(files)]
            takes.append(Take(SILENCE, f"sound:{path.stem}", path in test_files, partial(_sound, path)))
        else:
            nothing = partial(_nothing)
            takes.append(Take(SILENCE, f"noise:{i}", i % round(2 / TEST_SHARE) == 0, nothing))
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
