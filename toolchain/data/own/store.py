"""The folder ``data`` of a kit: one file a recording in the kit's own form, and a list of where each is from.

    data/<label>/<name>.wav    sound: one channel, 16 bits, at the kit's rate
    data/<label>/<name>.csv    motion: a column an axis, a row a sample, whole numbers
    data/<label>/<name>.png    a picture of the size that the kit takes
    data/<label>/<name>.npy    anything else: one sample or [n, *shape] of them
    data/recordings.csv        file, label, group, original, sha256 (of the original), changes

Files that are put there by hand count too: each is then a group of its own.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import wave
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toolchain.errors import BadInput, Missing
from toolchain.signal import AudioSettings, ImageSettings, MotionSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit

FOLDER = "data"
LIST = "recordings.csv"


@dataclass(frozen=True)
class Entry:
    """One recording: ``file`` below the data folder; ``group`` is the person, voice or session it belongs to."""

    file: str
    label: str
    group: str
    original: str = ""
    sha256: str = ""
    changes: str = ""


_SCALED = "multiplied by"


def scaling(scale: Sequence[float]) -> str:
    """In an entry's changes: what values were multiplied by, column by column or all of them."""
    return " ".join([_SCALED, *(f"{factor:.9g}" for factor in scale)])


class Store:
    """The recordings of a kit. Nothing that is there is ever written over."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.folder = kit.folder / FOLDER

    @property
    def suffix(self) -> str:
        """Of the files that it keeps."""
        signal = self.kit.signal
        if isinstance(signal, AudioSettings):
            return ".wav"
        if isinstance(signal, MotionSettings):
            return ".csv"
        return ".png" if _is_picture(self.kit) else ".npy"

    def entries(self) -> list[Entry]:
        """Every recording, by label and name. Raises BadInput for a list that cannot be read, or of other labels."""
        listed = {entry.file: entry for entry in self._listed()}
        found = []
        for label in self.kit.labels:
            for path in sorted((self.folder / label).glob(f"*{self.suffix}")):
                name = path.relative_to(self.folder).as_posix()
                entry = listed.get(name, Entry(name, label, name))
                if entry.label not in self.kit.labels:
                    raise BadInput(
                        f'{self.folder / LIST}: {name}: "{entry.label}" is no label of {self.kit.name}',
                        f"labels: {', '.join(self.kit.labels)}",
                    )
                found.append(entry)
        return found

    def scale(self) -> tuple[float, ...] | None:
        """What the values of imported tables were multiplied by; None where they were not, or not all alike."""
        numbers = re.compile(rf"{_SCALED}((?: -?\d+(?:\.\d+)?(?:e[-+]?\d+)?)+)")
        said = {
            tuple(map(float, found[1].split())) for entry in self.entries() if (found := numbers.search(entry.changes))
        }
        return said.pop() if len(said) == 1 else None

    def digests(self) -> set[str]:
        """SHA-256 of every recording, of the file that was imported as of the file that is kept."""
        digests = set()
        for entry in self.entries():
            digests |= {entry.sha256, sha256_bytes((self.folder / entry.file).read_bytes())}
        return digests - {""}

    def read(self, entry: Entry) -> np.ndarray:
        """Sound int16 [n], motion int16 [n, axes], else samples [n, *shape]. Raises BadInput with the file's name."""
        return read_recording(self.folder / entry.file, self.kit)

    def add(self, label: str, name: str, samples: np.ndarray, entry: Entry) -> Entry:
        """Keep ``samples`` under ``name``, or ``name-2`` and so on when that is taken. Raises Missing when the disk is
        full or write-protected."""
        data = _encoded(samples, self.kit)
        try:
            file = self._write_new(self.folder / label, name, data)
            kept = Entry(**{**asdict(entry), "file": file.relative_to(self.folder).as_posix(), "label": label})
            try:
                self._append(kept)
            except BaseException:  # Ctrl-C too: a file that is not in the list would come a second time
                file.unlink()
                raise
        except OSError as error:
            hint = "make room, or allow writing"
            raise Missing(f"{self.folder}: cannot be written: {error.strerror}", hint) from error
        return kept

    def _write_new(self, folder: Path, name: str, data: bytes) -> Path:
        """A new file, whole or not at all: written under another name and linked, which never replaces a file."""
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{name}-{os.getpid()}"
        try:
            temporary.write_bytes(data)
            for number in range(1, 1_000_000):
                path = folder / f"{name}{f'-{number}' if number > 1 else ''}{self.suffix}"
                try:
                    os.link(temporary, path)
                except FileExistsError:
                    continue
                except OSError:  # a file system without hard links, such as that of a USB stick
                    if path.exists():
                        continue
                    temporary.rename(path)
                return path
            raise AssertionError("a million files of one name")
        finally:
            temporary.unlink(missing_ok=True)

    def _append(self, entry: Entry) -> None:
        path = self.folder / LIST
        before = path.stat().st_size if path.exists() else 0
        try:
            # Names of files are whatever bytes; two that are no UTF-8 stay two groups.
            with path.open("a", encoding="utf-8", errors="backslashreplace", newline="") as stream:
                writer = csv.DictWriter(stream, [field.name for field in fields(Entry)])
                if not before:
                    writer.writeheader()
                writer.writerow(asdict(entry))
        except BaseException:  # half a line would be one that cannot be read
            if path.exists():
                os.truncate(path, before)
            raise

    def _listed(self) -> Iterator[Entry]:
        path = self.folder / LIST
        names = [field.name for field in fields(Entry)]
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{path}: cannot be read: {error}") from error
        reader = csv.DictReader(io.StringIO(text))
        wrong = f"not {', '.join(names)}"
        try:
            if text and not {"file", "label", "group"} <= set(reader.fieldnames or ()):
                raise BadInput(f"{path}, line 1: {wrong}", "write that into the first line, or remove the file")
            rows = list(reader)
        except csv.Error as error:
            raise BadInput(f"{path}, line {reader.line_num + 1}: {error}", "mend the line, or remove it") from None
        for line, row in enumerate(rows, 2):
            if None in row.values() or None in row:
                raise BadInput(f"{path}, line {line}: {wrong}", "mend the line, or remove it")
            yield Entry(**{name: row.get(name) or "" for name in names})


def read_recording(path: Path, kit: Kit) -> np.ndarray:
    """A file in the kit's own form, as `Store.read`."""

    def refuse(change: str) -> None:
        raise BadInput(f"{change}", f"kit data import {path.name} converts it")

    if isinstance(kit.signal, AudioSettings):
        from toolchain.data.files.sound import read_sound

        blocks = [block for _, block in read_sound(path, kit.signal.rate, refuse)]
        if not blocks:
            raise BadInput(f"{path}: there is nothing in it", "remove it")
        return np.concatenate(blocks)
    if _is_picture(kit):
        from toolchain.data.files.pictures import read_picture

        return read_picture(path, kit, lambda: 255, refuse)[np.newaxis]
    from toolchain.data.files.arrays import as_samples, read_csv, read_npy

    read = read_csv if path.suffix == ".csv" else read_npy
    return as_samples(read(path, kit.labels, refuse)[0], kit, str(path), lambda _: None)


def sha256_bytes(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def _is_picture(kit: Kit) -> bool:
    if isinstance(kit.signal, ImageSettings):
        return kit.signal.format in ("grey8", "rgb888")
    shape = kit.input.shape
    channels = shape[2] if len(shape) == 3 else 1
    return kit.signal is None and kit.input.dtype == "uint8" and len(shape) in (2, 3) and channels in (1, 3)


def _encoded(samples: np.ndarray, kit: Kit) -> bytes:
    stream = io.BytesIO()
    if isinstance(kit.signal, AudioSettings):
        # Not by soundfile: its C would call our stream back, and a Ctrl-C in such a call is lost.
        with wave.open(stream, "wb") as sound:
            sound.setparams((1, 2, kit.signal.rate, 0, "NONE", ""))
            sound.writeframes(samples.astype("<i2").tobytes())
    elif isinstance(kit.signal, MotionSettings):
        header = ",".join(f"axis{i}" for i in range(1, samples.shape[1] + 1))
        np.savetxt(stream, samples, "%d", ",", header=header, comments="")
    elif _is_picture(kit):
        from PIL import Image

        picture = samples.reshape(*kit.input.shape[:2], -1)
        Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(stream, "PNG")
    else:
        np.save(stream, samples)
    return stream.getvalue()
