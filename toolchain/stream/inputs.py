"""What a board that has no sensor is fed with: test samples, files, or this machine's microphone."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toolchain.data.files.arrays import as_samples, read_csv, read_npy, scaled
from toolchain.data.files.pictures import PICTURES, read_picture
from toolchain.data.own.importing import ACQUISITIONS, SOUNDS, of_rows, read_rows
from toolchain.data.own.store import Store, scaling
from toolchain.data.sources.folder import cut_windows
from toolchain.errors import BadInput
from toolchain.signal import AudioSettings, MotionSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit

Note = Callable[[str], None]
Greatest = Callable[[], int]
#: What the values of a table, which is called by a name, are multiplied by; None where they are raw steps.
Scale = Callable[[np.ndarray, str], Sequence[float] | None]
#: The pieces of a file, called by a name, with the number of its label if known.
Read = Callable[[Path, str, int | None], Iterator["Piece"]]
MICROPHONE = "mic"
_PIECE_SECONDS = 0.1


@dataclass(frozen=True, eq=False)
class Piece:
    """Raw samples of the kit's type, called ``name``. Of sound [n] and motion [n, axes]: any number, one after another;
    else one sample. ``begins``: they do not follow those before. ``truth``: number of their label, if known."""

    samples: np.ndarray
    name: str
    truth: int | None = None
    begins: bool = False


@dataclass(frozen=True)
class Feed:
    """``name`` for people; ``rate`` is samples a second, 0 where time is unknown; ``live``: the pieces come at their
    own speed; ``refused``: why files of a folder were passed over, as far as the pieces were taken."""

    name: str
    pieces: Iterator[Piece]
    rate: int = 0
    live: bool = False
    refused: list[str] = field(default_factory=list)


def flows(kit: Kit) -> bool:
    """Whether the kit's samples are a stream without gaps (sound, motion), which the device cuts into windows."""
    return isinstance(kit.signal, AudioSettings | MotionSettings)


def kit_samples(kit: Kit) -> Feed:
    """The kit's test samples, again and again; loaded when the first is asked for."""
    return Feed("test samples", _kit_samples(kit))


def _kit_samples(kit: Kit) -> Iterator[Piece]:
    from toolchain.data import load_dataset

    test = load_dataset(kit).test
    for i in itertools.cycle(range(len(test))):
        yield Piece(_plain(kit, test.x[i]), f"sample {i}", int(test.y[i]), begins=flows(kit))


def open_input(source: str, kit: Kit, note: Note, scale: Sequence[float] | None = None) -> Feed:
    """``mic``, a file or a folder of files. What is converted is told to ``note``, once. Values of tables are
    multiplied by ``scale`` (one number, or one a column) and rounded; without it, values that are no whole numbers by
    what those of the kit's own recordings were. A recording shorter than what the model sees at once is padded as in
    training.

    Raises BadInput for what cannot be what the kit takes, Missing for a package that is not installed. In a folder
    each file's truth is its folder's name, where that is a label, and a file that cannot be taken is passed over,
    unless there is no other.
    """
    note = _once(note)

    @functools.cache
    def greatest() -> int:
        from toolchain.data import load_dataset

        return int(load_dataset(kit).train.x.max())

    if source == MICROPHONE:
        from toolchain.data.files.sound import microphone

        settings = _audio(kit, "the microphone")
        return Feed("microphone", _named(microphone(settings.rate, note)), settings.rate, live=True)
    path = Path(source).expanduser()
    rate = kit.signal.rate if isinstance(kit.signal, AudioSettings) else 0
    read = functools.partial(_file, kit=kit, greatest=greatest, note=note, scale_of=_scale(kit, scale, note))
    if path.is_dir():
        files = [p for p in sorted(path.rglob("*")) if p.is_file() and _known(p) and not _hidden(p, path)]
        if not files:
            raise BadInput(f"{path}: no file in it is {_KNOWN}", "name a file, or another folder")
        refused: list[str] = []
        return Feed(path.name, _checked_first(_folder(files, path, kit.labels, read, refused)), rate, refused=refused)
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder", "name a file, a folder, or mic for the microphone")
    if not path.is_file():
        raise BadInput(f"{path}: neither a file nor a folder", "name a file, a folder, or mic for the microphone")
    if not _known(path):
        raise BadInput(f"{path}: of no known type", f"known: {_KNOWN}")
    return Feed(path.name, _checked_first(read(path, path.name, None)), rate)


#: Tables and the like that the kit's own recordings are imported from.
_IMPORTED = (".parquet", *ACQUISITIONS)
_EVERY = (*SOUNDS, ".csv", *_IMPORTED, ".npy", *PICTURES)
_KNOWN = f"{', '.join(_EVERY[:-1])} or {_EVERY[-1]}"


def _known(path: Path) -> bool:
    return path.suffix.lower() in _EVERY


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _checked_first(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """``pieces`` with the first one made now, so that what is wrong is said before a board is started."""
    first = next(pieces, None)
    return itertools.chain([first] if first else [], pieces)


def _folder(
    files: Sequence[Path], folder: Path, labels: Sequence[str], read: Read, refused: list[str]
) -> Iterator[Piece]:
    """The pieces of all ``files``; why one cannot be taken is added to ``refused``. Raises BadInput when none can."""
    for path in files:
        truth = labels.index(path.parent.name) if path.parent.name in labels else None
        try:
            yield from read(path, path.relative_to(folder).as_posix(), truth)
        except BadInput as error:
            refused.append(error.message)
            if len(refused) == len(files):
                others = f"; {len(files) - 1} more are refused too" if len(files) > 1 else ""
                raise BadInput(f"{refused[0]}{others}", error.hint or "name another folder") from error


def _file(
    path: Path, name: str, truth: int | None, kit: Kit, greatest: Greatest, note: Note, scale_of: Scale
) -> Iterator[Piece]:
    suffix = path.suffix.lower()
    if suffix in SOUNDS:
        from toolchain.data.files.sound import read_sound

        pieces = _named(read_sound(path, _audio(kit, name).rate, note), f"{name} ", truth)
        yield from _whole_window(pieces, name, truth, kit, note)
    elif suffix in PICTURES:
        yield Piece(read_picture(path, kit, greatest, note), name, truth)
    else:
        truths = None
        if suffix in _IMPORTED:
            rows = read_rows(path, note)
            samples = of_rows(rows, kit, scale_of(rows.values, name), note)
        else:
            read = read_csv if suffix == ".csv" else read_npy
            table, truths = read(path, kit.labels, note)
            factor = scale_of(table, name) if suffix == ".csv" else None
            if factor is not None:
                table = scaled(table, factor, kit.input.dtype, name)
            samples = as_samples(table, kit, name, note)
        if flows(kit):
            yield from _whole_window(_cut(samples, name, truth, kit), name, truth, kit, note)
            return
        for i, sample in enumerate(samples):
            yield Piece(sample, f"{name} {i}" if len(samples) > 1 else name, truths[i] if truths else truth)


def _scale(kit: Kit, scale: Sequence[float] | None, note: Note) -> Scale:
    remembered = Store(kit).scale() if scale is None and kit.data.source == "folder" else None

    def scale_of(table: np.ndarray, name: str) -> Sequence[float] | None:
        if remembered is None or (table == np.round(table)).all():
            return scale
        note(f"{name}: {scaling(remembered)}, as the kit's recordings were")
        return remembered

    return scale_of


def _whole_window(pieces: Iterator[Piece], name: str, truth: int | None, kit: Kit, note: Note) -> Iterator[Piece]:
    """``pieces`` of a recording; one that is shorter than what the model sees at once is padded as in training."""
    start: list[Piece] = []
    seen, length = 0, kit.input.shape[0]
    for piece in pieces:
        start.append(piece)
        seen += len(piece.samples)
        if seen >= length:
            yield from itertools.chain(start, pieces)
            return
    if not start:
        raise BadInput(f"{name}: there is nothing in it", "name another file")
    note(f"{name}: {seen:,} of the {length:,} samples that the model sees at once, silence around them")
    recording = np.concatenate([piece.samples for piece in start])
    yield from _cut(_plain(kit, cut_windows(recording, kit.input.shape, 0.0)[0]), name, truth, kit)


def _cut(samples: np.ndarray, name: str, truth: int | None, kit: Kit) -> Iterator[Piece]:
    """One long recording as pieces of at most a tenth of a second of sound, or a hop of motion."""
    signal = kit.signal
    assert isinstance(signal, AudioSettings | MotionSettings)
    step = max(1, round(signal.rate * _PIECE_SECONDS)) if isinstance(signal, AudioSettings) else signal.hop
    for at in range(0, len(samples), step):
        where = f"{at / signal.rate:.1f} s" if isinstance(signal, AudioSettings) else str(at)
        yield Piece(samples[at : at + step], f"{name} {where}", truth, begins=at == 0)


def _named(blocks: Iterator[tuple[float, np.ndarray]], name: str = "", truth: int | None = None) -> Iterator[Piece]:
    for i, (seconds, block) in enumerate(blocks):
        yield Piece(block, f"{name}{seconds:.1f} s", truth, begins=i == 0)


def _audio(kit: Kit, what: str) -> AudioSettings:
    if not isinstance(kit.signal, AudioSettings):
        raise BadInput(
            f"{what}: {kit.name} takes no sound but {kit.input.dtype} of shape {list(kit.input.shape)}",
            'a kit that hears has [signal] with type = "audio"; for others give .csv, .npy or pictures',
        )
    return kit.signal


def _plain(kit: Kit, sample: np.ndarray) -> np.ndarray:
    """A sample as the front end takes it: [n] of sound, without a last dimension of 1."""
    return sample.reshape(kit.signal.raw_shape) if kit.signal else sample


def _once(note: Note) -> Note:
    said: set[str] = set()

    def tell(text: str) -> None:
        if text not in said:
            said.add(text)
            note(text)

    return tell
