"""Keywords, other speech and silence in windows of one second.

Words are said by espeak-ng; who says something else is a real person whose recordings a Debian package carries, or
espeak-ng too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toolchain.data.sources import Samples
from toolchain.data.speech import RATE, conversation, corpus, espeak, recordings
from toolchain.data.speech.kept import arrays
from toolchain.data.stream import Event, LongRecording
from toolchain.progress import Progress
from toolchain.workspace import Workspace

#: Seconds behind the end of a word within which it still counts as heard: an inference or two more, and smoothing.
_TOLERANCE = 1.25


def load(
    labels: Sequence[str],
    progress: Progress,
    voices: int = 0,
    accents: int = 0,
    unknown: int = 2,
    speech: int = 3000,
    silence: int = 1000,
    seed: int = 1,
) -> Samples:
    """Windows int16 [n, 16000] of ``labels``: ``silence``, ``unknown``, and words that may be any.

    ``voices``: variants of espeak-ng, each with ``accents`` accents (0: all). Every one says each word once and
    ``unknown`` others. ``speech``: windows of what people say without a keyword. ``silence``: windows without speech.
    Rendered windows are kept in the workspace. The test part is of voices, people and sounds of its own.
    """
    words = corpus.checked_words(labels)

    def make() -> dict[str, np.ndarray]:
        takes = corpus.plan(words, corpus.cast(voices, accents, seed), unknown, speech, silence, seed)
        progress.log(f"{len(takes)} windows are spoken and mixed once, then kept in {Workspace().root / 'cache'}")
        return {
            "x": corpus.render(takes, seed, progress),
            "y": np.array([labels.index(take.label) for take in takes]),
            "groups": np.array([take.group for take in takes]),
            "test": np.array([take.test for take in takes]),
        }

    settings = {"labels": list(labels), "unknown": unknown, "speech": speech, "silence": silence}
    settings |= {"voices": voices, "accents": accents, "seed": seed, "synthesiser": espeak.version()}
    stored = arrays("speech", settings, make, progress)
    return Samples(
        x=stored["x"],
        y=stored["y"],
        groups=stored["groups"],
        test=stored["test"],
        source=f"words by {espeak.version()}; speech and sounds recorded by people: {', '.join(_packages())}",
        licence="; ".join(("espeak-ng: GPL-3+", *(f"{name}: {said}" for name, said in _packages().items()))),
    )


def load_stream(
    minutes: float, labels: Sequence[str], progress: Progress, voices: int = 0, accents: int = 0, seed: int = 1
) -> LongRecording:
    """People of the test part talking, its voices saying the words of ``labels`` in between."""
    words = corpus.checked_words(labels)

    def make() -> dict[str, np.ndarray]:
        progress.stage("record", f"{minutes:g} minutes of talk with keywords at known times")
        who = corpus.cast(voices, accents, seed)
        x, events = conversation.conversation(words, who, minutes, seed, progress)
        times = np.array([(event.start, event.end) for event in events]).reshape(-1, 2)
        return {"x": x, "times": times, "words": np.array([event.label for event in events], str)}

    settings = {"words": words, "minutes": minutes, "voices": voices, "accents": accents, "seed": seed}
    stored = arrays("conversation", {**settings, "synthesiser": espeak.version()}, make, progress)
    said = zip(stored["times"].tolist(), stored["words"].tolist(), strict=True)
    events = tuple(Event(start, end, word) for (start, end), word in said)
    described = "recorded speech of people, and keywords by voices, that training did not hear"
    return LongRecording(stored["x"], RATE, events, _TOLERANCE, described)


def _packages() -> dict[str, str]:
    """Licence of each Debian package with recordings."""
    return {name: p.licence for p in (*recordings.SPEECH.values(), recordings.SOUNDS) for name in [p.debian]}
