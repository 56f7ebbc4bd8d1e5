"""A long recording to test a keyword model as a stream: people who talk, voices that say keywords in between, noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toolchain.data.speech import RATE, corpus, scene, vocabulary
from toolchain.data.speech.voices import Voice
from toolchain.data.stream import Event
from toolchain.progress import Progress

#: Talk between two keywords, in seconds: from, to.
_BETWEEN = (3.0, 10.0)
#: Silence around a keyword, in seconds: from, to.
_PAUSE = (0.4, 1.0)


def conversation(
    words: Sequence[str], who: corpus.Cast, part: str, minutes: float, seed: int, progress: Progress
) -> tuple[np.ndarray, list[Event]]:
    """int16 [n] of about ``minutes``, and when which of ``words`` is said in it.

    Who talks, and the voices that say keywords, are those of ``part`` only. All of the people's recordings are
    heard once before any is heard again. One utterance in five between the keywords is another word of a voice.
    """
    rng = np.random.default_rng((seed, 3))
    voices = [voice for voice in who.voices if who.part(voice) == part]
    talk = _Talk(part, words, rng)
    pieces: list[np.ndarray] = []
    events: list[Event] = []
    at = 0
    total = round(minutes * 60 * RATE)

    def add(sound: np.ndarray) -> None:
        nonlocal at
        pieces.append(sound)
        at += len(sound)

    number = 0
    others = [w for w in vocabulary.WORDS if w not in words]
    while at < total:
        add(talk.next(float(rng.uniform(*_BETWEEN))))
        add(_pause(rng))
        keyword = number % 5 != 4
        word = words[number % len(words)] if keyword else str(rng.choice(others))
        voice: Voice = voices[int(rng.integers(len(voices)))]
        sound = corpus.spoken(word, voice, rng)
        sound = sound * (scene.decibels(float(rng.uniform(-30, -14))) / scene.loudness(sound))
        if keyword:
            # The echo of a room is no part of the word: its end is where all but a hundredth of its energy has passed.
            energy = np.cumsum(np.square(sound, dtype=np.float64))
            length = int(np.searchsorted(energy, 0.99 * energy[-1]))
            events.append(Event(at / RATE, (at + length) / RATE, word))
        add(sound)
        add(_pause(rng))
        number += 1
        progress.update(min(at, total), total, f"{at / RATE / 60:.1f} of {minutes:g} minutes of sound")
    return scene.to_pcm(_in_noise(np.concatenate(pieces), rng)), events


class _Talk:
    """What the people of a part say but ``words``, piece after piece."""

    def __init__(self, part: str, words: Sequence[str], rng: np.random.Generator) -> None:
        files = [f for name, of in corpus.by_speaker().items() if corpus.speaker_part(name) == part for f in of]
        self._files, self._rng = [file for file in files if file.path.stem not in words], rng
        self._order: list[int] = []

    def next(self, seconds: float) -> np.ndarray:
        """At least ``seconds`` of it."""
        pieces: list[np.ndarray] = []
        while sum(map(len, pieces)) < seconds * RATE:
            if not self._order:
                self._order = self._rng.permutation(len(self._files)).tolist()
            pieces.append(corpus.talk_of([self._files[self._order.pop()]], 0, self._rng))
        return np.concatenate(pieces) * scene.decibels(float(self._rng.uniform(-12, 4)))


def _pause(rng: np.random.Generator) -> np.ndarray:
    return np.zeros(int(rng.uniform(*_PAUSE) * RATE), np.float32)


def _in_noise(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another noise every 10 s, -75 to -40 dB."""
    for start in range(0, len(sound), 10 * RATE):
        part = sound[start : start + 10 * RATE]
        part += scene.coloured_noise(10 * RATE, rng)[: len(part)] * scene.decibels(float(rng.uniform(-75, -40)))
    return sound
