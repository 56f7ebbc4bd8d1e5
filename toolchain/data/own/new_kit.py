"""A kit of the user's own, made like another one."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.data.own.store import FOLDER
from toolchain.errors import BadInput, Missing
from toolchain.folders import make_folder, remove_empty
from toolchain.kit import KIT_FILE, load_kit
from toolchain.resources import resource

if TYPE_CHECKING:
    from toolchain.kit import Kit

_OWN_DATA = """\
[data]
source = "folder"    # the recordings in the folder data: kit data import FILE …
split_seed = 1
validation = 0.15
test = 0.2
group_split = true   # no recording, voice or person in two parts

[pass_marks]         # low at first: set them to what your task needs
min_float_accuracy = 0.0
max_int8_loss = 0.05
min_device_accuracy = 0.0
"""
#: What [training] says of own data: few recordings make few batches, of which normalisation and weights need hundreds.
_OF_FEW = {"epochs": (max, 60), "batch_size": (min, 16), "patience": (max, 20)}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def new_kit(name: str, like: Kit, place: Path, own_data: bool = False, labels: Sequence[str] = ()) -> Kit:
    """The folder ``place/name`` with ``kit.toml``, model, README and an empty data folder, made like ``like``.

    It trains at once on the data of ``like``; with ``own_data`` on what is in its data folder, and ``labels`` in place
    of those of ``like`` where given. The hash of the data and the pass marks that were measured on it are then left out
    or set low. Raises BadInput for a name that is none or a built-in kit's, for a folder that is there, for labels that
    are none and where ``like`` is a variant, Missing when it cannot be written.
    """
    folder = check_new(name, place)
    if like.name != load_kit(like.path).name:
        raise BadInput(f"{like.name} is a variant, which has no kit.toml of its own", "give --like the kit itself")
    try:
        above = make_folder(place)
        temporary = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=place))
    except OSError as error:
        raise Missing(f"{place}: cannot be written: {error.strerror}", "choose another folder") from error
    try:
        (temporary / KIT_FILE).write_text(_kit_toml(name, like, own_data, labels), encoding="utf-8")
        models = {like.model_file, like.float_file or like.model_file}
        for file in sorted({*like.folder.glob("*.py"), *models}):
            shutil.copyfile(file, temporary / file.name)
        if like.data.source == "folder" and not own_data:
            shutil.copytree(like.folder / FOLDER, temporary / FOLDER)
        (temporary / FOLDER).mkdir(exist_ok=True)
        (temporary / "README.md").write_text(_readme(name, like, own_data), encoding="utf-8")
        load_kit(temporary / KIT_FILE)
        temporary.chmod(0o777 & ~_umask())
        temporary.rename(folder)
    except BadInput as error:
        said = re.sub(r"^.*?:\d+: labels(\.\d+ =|:)", "--labels", error.message) if labels else error.message
        raise BadInput(said.replace(temporary.name, name), error.hint) from None
    except OSError as error:
        raise Missing(f"{folder}: cannot be written: {error.strerror}", "make room, or allow writing") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        remove_empty(above)
    return load_kit(folder / KIT_FILE)


def check_new(name: str, place: Path) -> Path:
    """The folder that a new kit is to have. Raises BadInput for a name that is none or a built-in kit's, and for a
    folder that is there."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f'"{name}" is no name for a kit', "lower case letters, digits, - and _, a letter first, at most 32"
        )
    if (resource("kits") / name).exists():
        raise BadInput(f"{name} is the name of a built-in kit", f"choose another one, such as my-{name}")
    if (place / name).exists():
        raise BadInput(f"{place / name} is there already", "choose another name; nothing was changed")
    return place / name


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _kit_toml(name: str, like: Kit, own_data: bool, labels: Sequence[str]) -> str:
    """The text of ``like`` with its comments, under the new name."""
    text = like.path.read_text(encoding="utf-8")
    text = re.sub(r'(?m)^name = ".*"', f'name = "{name}"', text, count=1)
    if not own_data:
        return text
    text = re.sub(r'(?m)^title = ".*"', f'title = "{name}"', text, count=1)
    text = re.sub(r"(?m)^description = .*\n", "", text)
    if like.input.dtype == "uint8" and like.signal is None:  # pictures are imported with values from 0 to 255
        text = re.sub(r"(?m)^(dtype = \"uint8\").*$", r"\1", text, count=1)
        text = re.sub(r"(?m)^offset = .*\n", "", text, count=1)
        text = re.sub(r"(?m)^scale = .*$", "scale = 0.00392157  # so that the model sees 0 to 1", text, count=1)
    for table in (r"variants\..*?", r"data(?:\.settings)?", "pass_marks"):
        text = re.sub(rf"(?ms)^\[{table}\].*?(?=^\[|\Z)", "", text)
    for key, (which, value) in _OF_FEW.items():
        text = re.sub(rf"(?m)^{key} = (\d+)", lambda m: f"{key} = {which(int(m[1]), value)}", text, count=1)  # noqa: B023
    if labels:
        text = re.sub(r"(?ms)^labels = \[.*?\][^\n]*$", lambda _: f"labels = {json.dumps(list(labels))}", text, count=1)
        text = re.sub(r"(?m)^ignored = .*\n", "", text)
    return f"{text.rstrip()}\n\n{_OWN_DATA}"


def first_board(kit: Kit) -> str:
    """The board to try ``kit`` on first: one whose emulator takes no minute for a second of sound."""
    return "mps2-an386" if kit.signal is not None and kit.signal.type == "audio" else "esp32"


def _readme(name: str, like: Kit, own_data: bool) -> str:
    data = f"Its data are those of the kit `{like.name}`."
    if own_data:
        data = "Its data are the recordings in `data/`, a folder a label: `kit data import FILE …` puts them there."
    return f"""# {name}

Made like the kit `{like.name}`: {like.title[0].lower() + like.title[1:]}.

    kit train .
    kit deploy . --board {first_board(like)} --emulate

Labels, front end, training and pass marks are in `kit.toml`, the network in `{like.model.file}`.

## Data

{data}

- Source and licence:
- Who or what was recorded, when, with which sensor:
- What the accuracy on the test part means, and what it does not:
"""
