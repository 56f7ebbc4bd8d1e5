"""Keywords of real people: Speech Commands v2, from a folder or from the network when asked for."""

from __future__ import annotations

import io
import tarfile
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from toolchain.data.fetch import cache_folder, fetch
from toolchain.data.sources import Samples
from toolchain.data.speech import RATE, corpus, scene
from toolchain.data.speech.kept import arrays
from toolchain.data.split import shuffled
from toolchain.errors import BadInput
from toolchain.progress import Progress

URL = "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz"
SHA256 = "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"
_NOISE, _TEST_LIST = "_background_noise_", "testing_list.txt"
#: Of the windows of noise, every fifth is of the first of the long recordings, which only the test hears.
_TEST_EVERY = 5


def load(
    labels: Sequence[str], progress: Progress, folder: str = "", unknown: int = 4000, silence: int = 2000, seed: int = 1
) -> Samples:
    """Windows int16 [n, 16000] of ``labels``: ``silence``, ``unknown``, and words that the data set has.

    ``folder``: the unpacked data set; without it the archive (2.4 GB) is fetched once. Of the other words ``unknown``
    windows are taken, of the background noises ``silence``. The test part is the data set's own (testing_list.txt):
    no speaker of it is in another part.

    P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", 2018, arXiv:1804.03209.
    """
    words = corpus.checked_words(labels)
    root = Path(folder).expanduser() if folder else fetch(URL, SHA256, cache_folder() / Path(URL).name, progress)
    settings = {"labels": list(labels), "folder": folder, "unknown": unknown, "silence": silence, "seed": seed}

    def make() -> dict[str, np.ndarray]:
        progress.log(f"sounds are read from {root} once, then kept")
        found = _Found()
        for name, data in _members(root, words, unknown, seed, progress):
            found.take(name, data)
        return found.arrays(labels, words, silence, seed)

    stored = arrays("speech-commands", settings, make, progress)
    return Samples(
        x=stored["x"],
        y=stored["y"],
        groups=stored["groups"],
        test=stored["test"],
        source="Speech Commands v2 (P. Warden, 2018, arXiv:1804.03209)",
        licence="CC BY 4.0",
    )


class _Found:
    """Sounds of the data set as they are read."""

    def __init__(self) -> None:
        self.words: list[tuple[str, str, np.ndarray]] = []
        self.noises: dict[str, np.ndarray] = {}
        self.tested: set[str] = set()

    def take(self, name: str, data: bytes) -> None:
        path = PurePosixPath(name)
        folder, file = path.parent.name, path.name
        if file == _TEST_LIST:
            self.tested = {str(PurePosixPath(line)) for line in data.decode().split()}
            return
        sound = _sound(name, data)
        if folder == _NOISE:
            self.noises[file] = sound
        else:
            self.words.append((folder, file, sound))

    def arrays(self, labels: Sequence[str], words: Sequence[str], silence: int, seed: int) -> dict[str, np.ndarray]:
        if not self.noises or not self.tested:
            raise BadInput(f"Speech Commands: there is no {_NOISE} or {_TEST_LIST}", "give the folder of the whole set")
        x, y, groups, test = [], [], [], []
        for folder, file, sound in self.words:
            window = np.zeros(RATE, np.float32)
            window[: len(sound)] = sound[:RATE]
            x.append(scene.to_pcm(window))
            y.append(labels.index(folder if folder in words else corpus.UNKNOWN))
            groups.append(file.partition("_nohash_")[0])
            test.append(f"{folder}/{file}" in self.tested)
        rng, noises = np.random.default_rng((seed, 4)), sorted(self.noises)
        for i in range(silence):
            is_test = i % _TEST_EVERY == 0
            name = noises[0] if is_test else str(rng.choice(noises[1:] or noises))
            start = int(rng.integers(0, max(1, len(self.noises[name]) - RATE)))
            part = self.noises[name][start : start + RATE] * scene.decibels(float(rng.uniform(-40, 0)))
            x.append(scene.to_pcm(np.pad(part, (0, RATE - len(part)))))
            y.append(labels.index(corpus.SILENCE))
            groups.append(f"{name}:{i}")
            test.append(is_test)
        return {"x": np.array(x), "y": np.array(y), "groups": np.array(groups), "test": np.array(test)}


def _sound(name: str, data: bytes) -> np.ndarray:
    """float32 [n] of a WAV file as all of the data set are. Raises `BadInput` for another one."""
    try:
        with wave.open(io.BytesIO(data)) as stream:
            form = stream.getnchannels(), stream.getsampwidth(), stream.getframerate()
            frames = stream.readframes(stream.getnframes())
    except (wave.Error, EOFError) as error:
        raise BadInput(f"{name}: cannot be read as sound: {error}", "give the folder of the whole set") from error
    if form != (1, 2, RATE):
        raise BadInput(f"{name}: no sound of one channel of 16 bits at {RATE:,} Hz", "give the folder of the whole set")
    return np.frombuffer(frames, "<i2").astype(np.float32) / 32768


def _members(
    root: Path, words: Sequence[str], unknown: int, seed: int, progress: Progress
) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file that is wanted: every one of ``words``, noises, and ``unknown`` of the others."""
    if root.is_dir():
        names = [path.relative_to(root).as_posix() for path in sorted(root.glob("*/*.wav"))]
        chosen = _chosen(names, words, unknown, seed)
        for done, name in enumerate([*chosen, _TEST_LIST], 1):
            path = root / name
            if path.is_file():
                yield name, path.read_bytes()
            progress.update(done, len(chosen) + 1, "recordings")
        return
    if not root.is_file():
        raise BadInput(f"{root}: there is no such folder", "give the folder with a folder of WAV files for each word")
    with tarfile.open(root) as archive:
        entries = [entry for entry in archive if entry.isfile()]
    names = sorted(PurePosixPath(e.name).as_posix() for e in entries if e.name.endswith(".wav"))
    wanted = {*_chosen(names, words, unknown, seed), _TEST_LIST}
    with tarfile.open(root, "r|*") as archive:  # once more from the start: jumping in a compressed file is slow
        for done, entry in enumerate(archive, 1):
            name = PurePosixPath(entry.name).as_posix()
            if name in wanted:
                stream = archive.extractfile(entry)
                assert stream is not None
                yield name, stream.read()
            progress.update(done, max(done, len(entries)), "files of the archive")


def _chosen(names: Sequence[str], words: Sequence[str], unknown: int, seed: int) -> list[str]:
    folders = {name.split("/")[0] for name in names}
    absent = [word for word in words if word not in folders]
    if absent:
        there = ", ".join(sorted(folders - {_NOISE}))
        raise BadInput(f'labels: Speech Commands has no word "{absent[0]}"', f"it has {there or 'none here'}")
    wanted = [name for name in names if name.split("/")[0] in (*words, _NOISE)]
    others = [name for name in names if name.split("/")[0] not in (*words, _NOISE)]
    return wanted + [others[i] for i in sorted(shuffled(len(others), seed)[:unknown].tolist())]
