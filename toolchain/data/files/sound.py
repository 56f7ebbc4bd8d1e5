"""Sound as a kit takes it: one channel of int16 at the kit's rate, from files and from the microphone."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from toolchain.errors import BadInput, Missing

_BLOCK_SECONDS = 0.1
_UNKNOWN_BYTES = 0x7FFF_0000  # and more say programs that write to a pipe, for they do not know
_MOST_WAITING = 20  # blocks of the microphone: two seconds
INSTALL = 'pip install "tinyml-kit[stream]"'

Blocks = Iterator[tuple[float, np.ndarray]]


def read_sound(path: Path, rate: int, note: Callable[[str], None]) -> Blocks:
    """A tenth of a second after another of a file, as (seconds from its start, int16 [n]).

    Several channels are averaged, another rate resampled (soxr, high quality), other samples rounded to int16, of a WAV
    file that ends too early what is there is taken; each is told to ``note``. Raises BadInput for a file that is no
    sound, Missing for a package that is not installed."""
    try:
        import soundfile
    except (ImportError, OSError):  # the latter without its library
        raise Missing("sound files need soundfile, which is not installed", INSTALL) from None
    try:
        with soundfile.SoundFile(os.fsencode(path)) as file:
            changes = []
            if file.channels > 1:
                changes.append(f"{file.channels} channels averaged")
            if file.samplerate != rate:
                changes.append(f"{file.samplerate:,} Hz resampled to {rate:,} Hz")
            if file.subtype != "PCM_16":
                changes.append(f"{file.subtype} rounded to 16 bits")
            if short := cut_short(path):
                changes.append(short)
            if changes:
                note(f"{path.name}: {', '.join(changes)}")
            converted = _Converter(file.samplerate, rate)
            step = max(1, round(file.samplerate * _BLOCK_SECONDS))
            position = 0
            while True:
                block = file.read(step, dtype="float32", always_2d=True)
                if not np.isfinite(block).all():
                    raise BadInput(f"{path}: holds NaN or infinity", "write it again, best as 16-bit samples")
                samples = converted.feed(block, last=len(block) < step)
                if len(samples):
                    yield position / rate, samples
                position += len(samples)
                if len(block) < step:
                    return
    except soundfile.LibsndfileError as error:
        raise BadInput(f"{path}: no sound: {error.error_string.strip()}") from None


def cut_short(path: Path) -> str:
    """In words what a WAV file lacks of what its header promises; empty when it lacks nothing, or is no WAV file."""
    there, promised = there_of_sound(path)
    return f"cut short: {there:,} of {promised:,} bytes of sound are there" if there < promised else ""


def there_of_sound(path: Path) -> tuple[int, int]:
    """The bytes of sound that are in a WAV file and those that its header promises; (0, 0) for what is no WAV file.

    A chunk is four letters, its number of bytes as a little-endian uint32, and those bytes, padded to an even number
    (Multimedia Programming Interface and Data Specifications 1.0, IBM and Microsoft, 1991)."""
    with path.open("rb") as stream:
        start = stream.read(12)
        if (start[:4], start[8:]) != (b"RIFF", b"WAVE"):
            return 0, 0
        while len(header := stream.read(8)) == 8:
            size = int.from_bytes(header[4:], "little")
            if header[:4] == b"data":
                there = path.stat().st_size - stream.tell()
                return there, there if size >= _UNKNOWN_BYTES else size
            stream.seek(size + size % 2, 1)
    return 0, 0


class _Converter:
    """Blocks of float [n, channels] to int16 at another rate."""

    def __init__(self, rate: int, wanted: int) -> None:
        self._stream: Any = None
        if rate != wanted:
            try:
                import soxr
            except ImportError:
                raise Missing(f"{rate:,} Hz to {wanted:,} Hz needs soxr, which is not installed", INSTALL) from None
            self._stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32")

    def feed(self, block: np.ndarray, last: bool = False) -> np.ndarray:
        mono = block.mean(axis=1, dtype=np.float32) if block.shape[1] > 1 else block[:, 0]
        if self._stream is not None:
            mono = self._stream.resample_chunk(np.ascontiguousarray(mono), last=last)
        return np.clip(np.round(np.clip(mono, -1, 1) * 32768), -32768, 32767).astype(np.int16)


def microphone(rate: int, note: Callable[[str], None]) -> Blocks:
    """This machine's microphone, as it speaks, without end. Blocks that nobody takes in time are dropped, and that is
    told to ``note``. Raises Missing when there is none, or sounddevice is not installed."""
    try:
        import sounddevice
    except (ImportError, OSError):  # the latter without PortAudio
        raise Missing(
            "the microphone needs sounddevice and PortAudio, which are not installed",
            f"{INSTALL}, and the system's package libportaudio2",
        ) from None
    try:
        own = int(sounddevice.query_devices(kind="input")["default_samplerate"])
    except (ValueError, sounddevice.PortAudioError):
        raise Missing("this machine has no microphone", "plug one in, or give a file to --input") from None
    if own != rate:
        note(f"microphone: {own:,} Hz resampled to {rate:,} Hz")
    return _listen(sounddevice, own, rate, note)


def _listen(sounddevice: Any, own: int, rate: int, note: Callable[[str], None]) -> Blocks:
    waiting: queue.Queue[np.ndarray] = queue.Queue(_MOST_WAITING)
    dropped = 0

    def heard(block: np.ndarray, frames: int, time: Any, status: Any) -> None:
        nonlocal dropped
        try:
            waiting.put_nowait(block.copy())
        except queue.Full:
            dropped += 1

    converted, position = _Converter(own, rate), 0
    step = round(own * _BLOCK_SECONDS)
    try:
        with sounddevice.InputStream(samplerate=own, channels=1, dtype="float32", blocksize=step, callback=heard):
            while True:
                if dropped:
                    note("microphone: the board is slower than the sound; some of it is dropped")
                samples = converted.feed(waiting.get())
                if len(samples):
                    yield position / rate, samples
                position += len(samples)
    except sounddevice.PortAudioError as error:
        raise Missing(f"the microphone cannot be opened: {error}", "give a file to --input") from None
