"""Real recordings that Debian packages carry: people who say no keyword, and sounds that are no speech."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from toolchain.data.speech import RATE
from toolchain.errors import BadInput, Missing

SOUND_FILES = (".wav", ".ogg", ".flac")


@dataclass(frozen=True)
class Recording:
    """A sound file and who is heard in it."""

    path: Path
    speaker: str


@dataclass(frozen=True)
class Package:
    """A Debian package (or several) with recordings below ``folder``; ``licence`` as its copyright file says."""

    debian: str
    folder: Path
    licence: str


#: People. The English and the Spanish voice of Asterisk are the same person's, so only one of them is used.
SPEECH = {
    "asterisk": Package(
        " ".join(f"asterisk-core-sounds-{language}-wav" for language in ("en", "fr", "it", "ru")),
        Path("/usr/share/asterisk/sounds"),
        "CC BY-SA 3.0 (ru: CC BY 3.0)",
    ),
    "klettres": Package("klettres-data", Path("/usr/share/klettres"), "GPL-2+"),
    "ktuberling": Package("ktuberling-data", Path("/usr/share/ktuberling/sounds"), "GPL-2+"),
}
#: Loops, drums and atmospheres.
SOUNDS = Package("sonic-pi-samples", Path("/usr/share/sonic-pi/samples"), "CC0 1.0")
_ASTERISK = ("en_US_f_Allison", "fr_CA_f_June", "it_IT_m_Carlo", "ru_RU_f_IvrvoiceRU")


@functools.cache
def speech() -> tuple[Recording, ...]:
    """Recorded speech, sorted. Raises `Missing` with the command that installs the packages that are not here."""
    absent = [p.debian for name, p in SPEECH.items() if not _complete(name, p)]
    if absent:
        raise Missing("recorded speech is missing: the kit needs it as what is no keyword", _command(absent))
    return tuple(
        Recording(path, _speaker(name, path.relative_to(package.folder)))
        for name, package in SPEECH.items()
        for path in _files(package.folder)
        if name != "asterisk" or path.relative_to(package.folder).parts[0] in _ASTERISK
    )


@functools.cache
def sounds() -> tuple[Path, ...]:
    """Recorded sounds that are no speech, sorted. Raises `Missing` with the command that installs them."""
    found = _files(SOUNDS.folder) if SOUNDS.folder.is_dir() else ()
    if not found:
        raise Missing("recorded sounds are missing: the kit needs them as noise", _command([SOUNDS.debian]))
    return found


def read_sound(path: Path | BinaryIO, wanted: int = RATE) -> np.ndarray:
    """The mean of the channels at ``wanted`` samples a second, float32 [n], full scale 1.

    Raises `BadInput` for a file that cannot be read, `Missing` without the package soundfile.
    """
    try:
        import soundfile
    except ImportError:
        raise Missing("sound files need the package soundfile", 'pip install "tinyml-kit[train]"') from None
    from scipy.signal import resample_poly

    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as sound: {error}", "WAV, FLAC and Ogg are read") from error
    mono = sound.mean(axis=1)
    if rate == wanted or not len(mono):
        return np.ascontiguousarray(mono, np.float32)
    divisor = int(np.gcd(rate, wanted))
    return np.asarray(resample_poly(mono, wanted // divisor, rate // divisor), np.float32)


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(p for p in folder.rglob("*") if p.suffix in SOUND_FILES and p.is_file()))


def _complete(name: str, package: Package) -> bool:
    folders = [package.folder / f for f in _ASTERISK] if name == "asterisk" else [package.folder]
    return all(any(f.rglob(f"*{s}")) for f in folders for s in (".wav" if name == "asterisk" else ".ogg",))


def _speaker(name: str, path: Path) -> str:
    """Who is heard: the voice's name with Asterisk, else the language, which one person or a few recorded: the same
    ones, it may be, for both packages of KDE."""
    folder = path.parts[0]
    return f"asterisk:{folder.rpartition('_')[2]}" if name == "asterisk" else f"kde:{folder.partition('@')[0]}"


def _command(packages: list[str]) -> str:
    return f"apt-get install {' '.join(packages)}"
