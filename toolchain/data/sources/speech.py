"""Keywords, other speech and silence in windows of one second.

Words are said by espeak-ng and flite; who says something else is a real person whose recordings a Debian package
carries, or one of them too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toolchain.data.sources import Samples
from toolchain.data.speech import RATE, conversation, corpus, recordings
from toolchain.data.speech import voices as speakers
from toolchain.data.speech.kept import arrays
from toolchain.data.stream import Event, LongRecording
from toolchain.progress import Progress
from toolchain.workspace import Workspace

#: Of each package that sound is from.
_LICENCES = {
    "espeak-ng": "GPL-3+",
    "flite": "BSD-like",
    **{package.debian: package.licence for package in (*recordings.SPEECH.values(), recordings.SOUNDS)},
}
#: Seconds behind the end of a word within which it still counts as heard: an inference or two more, and smoothing.
_TOLERANCE = 1.25


def load(
    labels: Sequence[str],
    progress: Progress,
    voices: int = 0,
    accents: int = 0,
    flite: int = 60,
    unknown: int = 3,
    speech: int = 2000,
    silence: int = 1000,
    more: int = 1,
    talk: int = 1200,
    seed: int = 1,
) -> Samples:
    """Windows int16 [n, 16000] of ``labels``: ``silence``, ``unknown``, and words that may be any.

    ``voices``: variants of espeak-ng, each with ``accents`` accents (0: all), which say each word once and ``unknown``
    others. ``flite``: how many times as often each of flite's voices does. ``speech``: windows of what people say
    without a keyword. ``silence``: windows without speech. To learn from only: each voice says its words ``more`` times
    again, beside other talk, with as much silence, and people talk in ``talk`` windows. Rendered windows are kept in
    the workspace. The test and the validation part are of voices, people and sounds of their own.
    """
    words = corpus.checked_words(labels)

    def make() -> dict[str, np.ndarray]:
        takes = corpus.plan(
            words, corpus.cast(voices, accents, flite, seed), unknown, speech, silence, more, talk, seed
        )
        progress.log(f"{len(takes)} windows are spoken and mixed once, then kept in {Workspace().root / 'cache'}")
        return {
            "x": corpus.render(takes, seed, progress),
            "y": np.array([labels.index(take.label) for take in takes]),
            "groups": np.array([take.group for take in takes]),
            "part": np.array([take.part for take in takes]),
        }

    settings = {"labels": list(labels), "unknown": unknown, "speech": speech, "silence": silence}
    settings |= {"more": more, "talk": talk}
    settings |= {"voices": voices, "accents": accents, "flite": flite, "seed": seed, "synthesiser": speakers.version()}
    stored = arrays("speech", settings, make, progress)
    return Samples(
        x=stored["x"],
        y=stored["y"],
        groups=stored["groups"],
        test=stored["part"] == corpus.TEST,
        validation=stored["part"] == corpus.VALIDATION,
        source=f"words by {speakers.version()} and flite; recordings of people: {', '.join(_LICENCES)}",
        licence="; ".join(f"{name}: {said}" for name, said in _LICENCES.items()),
    )


def load_stream(
    minutes: float,
    part: str,
    labels: Sequence[str],
    progress: Progress,
    voices: int = 0,
    accents: int = 0,
    flite: int = 60,
    seed: int = 1,
) -> LongRecording:
    """People of ``part`` talking, its voices saying the words of ``labels`` in between."""
    words = corpus.checked_words(labels)

    def make() -> dict[str, np.ndarray]:
        progress.stage("record", f"{minutes:g} minutes of talk with keywords at known times")
        who = corpus.cast(voices, accents, flite, seed)
        x, events = conversation.conversation(words, who, part, minutes, seed, progress)
        times = np.array([(event.start, event.end) for event in events]).reshape(-1, 2)
        return {"x": x, "times": times, "words": np.array([event.label for event in events], str)}

    settings = {
        "words": words,
        "part": part,
        "minutes": minutes,
        "voices": voices,
        "accents": accents,
        "flite": flite,
        "seed": seed,
    }
    stored = arrays("conversation", {**settings, "synthesiser": speakers.version()}, make, progress)
    said = zip(stored["times"].tolist(), stored["words"].tolist(), strict=True)
    events = tuple(Event(start, end, word) for (start, end), word in said)
    described = "recorded speech of people, and keywords by voices, that training did not hear"
    return LongRecording(stored["x"], RATE, events, _TOLERANCE, described)
