"""A kit for a model that was trained elsewhere."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.data.own.importing import Imported, import_files
from toolchain.data.own.new_kit import check_new, new_kit
from toolchain.data.own.store import FOLDER
from toolchain.errors import BadInput, Missing
from toolchain.folders import in_folder
from toolchain.kit import KIT_FILE, load_kit
from toolchain.model.reader import read_model
from toolchain.progress import Progress
from toolchain.train.imported import FLOAT, INT8, TFLITE, is_float, require_fit, require_int8_fit, shapes
from toolchain.train.launch import quantize_model

if TYPE_CHECKING:
    from toolchain.kit import Kit

KERAS_FILES = (".keras", ".h5", ".hdf5")
_MOST_LABELS, _LONGEST_LABEL = 255, 31


@dataclass(frozen=True)
class ImportedModel:
    """The new kit, whether its model was quantised here, and what became of the recordings that were given."""

    kit: Kit
    quantized: bool
    recordings: Imported | None


def import_model(
    model: Path,
    name: str,
    like: Kit,
    place: Path,
    labels: Sequence[str] = (),
    data: Path | None = None,
    progress: Progress | None = None,
) -> ImportedModel:
    """The folder ``place/name``: a kit whose model is ``model``, with inputs, front end and pass marks of ``like``.

    An int8 ``.tflite`` is taken as it is. A float one, a Keras file or the folder of a SavedModel is quantised with
    recordings of the folder ``data``, else with training samples of ``like``, and is kept beside it. The kit is tested
    on the recordings in ``data``; without it on the data of ``like`` where its ``labels`` are the same, else on what
    will be imported later. Until all of it is complete ``place/name`` is not there. Raises `BadInput` for a model that
    does not fit or is no int8 one, `Missing` when a package is not installed or the folder cannot be written.
    """
    content = _read_tflite(model)
    as_it_is = content is not None and not is_float(read_model(content, model.name))
    check_new(name, place)
    own_data = data is not None or bool(labels and tuple(labels) != like.labels)
    with _room(name, place) as temporary:
        kit = new_kit(name, like, temporary, own_data, labels)
        recordings = _recordings(kit, data, progress) if data else None
        if content is not None and as_it_is:
            require_int8_fit(read_model(content, model.name), kit)
            (kit.folder / INT8).write_bytes(content)
        else:
            if content is not None:
                require_fit(model.name, *shapes(read_model(content, model.name)), kit)
            made = temporary / "quantized"
            quantize_model(model, kit, kit if data else like, made, progress)
            for file in (INT8, FLOAT):
                shutil.move(made / file, kit.folder / file)
        _describe(kit, like, model, as_it_is)
        load_kit(kit.path)
        kit.folder.rename(place / name)
    return ImportedModel(load_kit(place / name / KIT_FILE), not as_it_is, recordings)


def read_labels(said: str) -> list[str]:
    """Labels with commas between them, or of a text file with one a line. Raises BadInput for an empty one, a double,
    fewer than two, and what a kit cannot hold."""
    path = Path(said)
    if "," in said and not path.is_file():
        found, where = said.split(","), "label {}"
    else:
        try:
            found, where = path.read_text(encoding="utf-8-sig").splitlines(), f"{said}, line {{}}"
        except (OSError, UnicodeDecodeError) as error:
            reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
            raise BadInput(f"labels: {said}: {reason}", "A,B,… or a text file with a label a line") from None
    labels = [label.strip() for label in found]
    for number, label in enumerate(labels, 1):
        if not label:
            raise BadInput(f"{where.format(number)}: it is empty", "a label an output of the model, in their order")
        if len(label) > _LONGEST_LABEL:
            raise BadInput(f"{where.format(number)}: {label!r} is longer than {_LONGEST_LABEL} characters")
        if label in labels[: number - 1]:
            raise BadInput(f"{where.format(number)}: {label!r} is there twice", "labels differ")
    if not 2 <= len(labels) <= _MOST_LABELS:
        raise BadInput(f"{len(labels)} labels: a kit has 2 to {_MOST_LABELS}")
    return labels


def _read_tflite(path: Path) -> bytes | None:
    """The bytes of a .tflite, None for another kind of model. Raises BadInput for what is neither."""
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder", "name a .tflite, a Keras file or the folder of a SavedModel")
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise BadInput(f"{path}: no SavedModel: it has no saved_model.pb", "name the folder that holds that file")
        return None
    if path.suffix.lower() not in (TFLITE, *KERAS_FILES):
        raise BadInput(f"{path}: of no known type", f"known: .tflite, {', '.join(KERAS_FILES)}, folder of a SavedModel")
    try:
        return None if path.suffix.lower() in KERAS_FILES else path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error


@contextmanager
def _room(name: str, place: Path) -> Iterator[Path]:
    """A folder in ``place`` that is gone afterwards."""
    try:
        with in_folder(place), tempfile.TemporaryDirectory(prefix=f".{name}-", dir=place) as temporary:
            yield Path(temporary)
    except OSError as error:
        raise Missing(f"{place}: cannot be written: {error.strerror}", "make room, or choose another") from error


def _recordings(kit: Kit, data: Path, progress: Progress | None) -> Imported:
    done = import_files(kit, [data], progress=progress)
    if not done.kept:
        raise BadInput(f"{data}: no recording could be taken: {next(iter(done.refused.values()), 'none is there')}")
    return done


def _describe(kit: Kit, like: Kit, model: Path, as_it_is: bool) -> None:
    """kit.toml and README of a kit whose model is not trained here; the code of ``like`` goes."""
    how = "taken as it is" if as_it_is else "quantised to int8 here"
    floating = "" if as_it_is else f'float_file = "{FLOAT}"   # the same before it was quantised: to compare with\n'
    table = f'[model]\nfile = "{INT8}"   # trained elsewhere, {how}\n{floating}\n'
    text = kit.path.read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^((?:#[^\n]*\n)*\[variants\..*?|\[model\].*?)(?=^\[|\Z)", "", text)
    training = re.search(r"(?m)^\[training\]", text)
    assert training, kit.path
    text = f"{text[: training.start()]}{table}# Not used, since nothing is trained here.\n{text[training.start() :]}"
    kit.path.write_text(f"{text.rstrip()}\n", encoding="utf-8")
    for file in (*kit.folder.glob("*.py"), *(kit.folder / f.name for f in (like.float_file, like.model_file) if f)):
        if file.name not in (INT8, FLOAT):
            file.unlink(missing_ok=True)
    data = f"the recordings in `{FOLDER}/`" if kit.data.source == "folder" else f"the data of the kit `{like.name}`"
    (kit.folder / "README.md").write_text(
        f"""# {kit.name}

The model `{model.name}`, trained elsewhere and {how}, with the inputs of the kit `{like.name}`.

    kit deploy . --board esp32 --emulate

It is tested on {data}. Whether the model was trained on some of them is not known here.

- Who trained it, on which data, under which licence:
- What the accuracy means, and what it does not:
""",
        encoding="utf-8",
    )
