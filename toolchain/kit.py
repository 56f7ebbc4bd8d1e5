"""A kit: one task with its data, model, training settings and pass marks, as ``kit.toml`` declares it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator

from toolchain.errors import BadInput
from toolchain.nearest import nearest
from toolchain.postprocess.settings import PostprocessingSettings
from toolchain.resources import resource
from toolchain.signal.settings import LEAST_SCALE, Factor, SignalSettings
from toolchain.tomlfile import Key, TomlSource, load_toml

KIT_FILE = "kit.toml"
DEFAULT_KIT = "digits"

Fraction = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0, lt=2**31)]
#: A number, and a unit when it is not the one in which the board's latency is told.
LATENCY = r"^[0-9]+(\.[0-9]+)? *(us|µs|ms|s|instructions)?$"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Table):
    """``[data]``: where the samples come from and how they are split."""

    source: str = Field(description="a module of toolchain/data/sources, such as sklearn_digits")
    settings: dict[str, Any] = Field(default={}, description="passed to the source by name")
    sha256: str = Field(
        default="",
        pattern="^([0-9a-f]{64})?$",
        description="hash of the samples that the pass marks were set on (Dataset.sha256)",
    )
    samples: Count | None = Field(default=None, description="use only so many, drawn by split_seed: for a quick look")
    split_seed: int = Field(ge=0, description="seed of the split into training, validation and test samples")
    validation: Fraction = Field(description="part of all samples that training stops early by, such as 0.1")
    test: Fraction | None = Field(
        default=None, description="part of all samples that no stage before the last sees, such as 0.2"
    )
    own_test: bool = Field(
        default=False,
        description="instead of test: the test part is the one the source names, and that of validation too if it does",
    )
    folds: Annotated[int, Field(ge=2, le=50)] | None = Field(
        default=None,
        description="instead of test: cross-validation, each fold is the test part once; the first one's model is kept",
    )
    group_split: bool = Field(
        default=False, description="no group of the source (person, voice, recording) is in two parts"
    )

    @property
    def test_share(self) -> float:
        """Part of all samples that is for the test; 0 when the source says which."""
        return 1 / self.folds if self.folds else self.test or 0.0

    @model_validator(mode="after")
    def _something_to_train_on(self) -> Data:
        if [self.test is not None, self.folds is not None, self.own_test].count(True) != 1:
            raise ValueError("should have one of test, folds and own_test")
        if self.validation + self.test_share >= 1:
            raise ValueError("validation and test together leave nothing to train on")
        return self


class InputSpec(_Table):
    """``[input]``: one raw sample, and how it becomes the model's real-valued input: ``(raw - offset) * scale``.

    With ``[signal]`` the front end makes the model's input of it, and offset and scale are that table's.
    """

    shape: tuple[Count, ...] = Field(
        min_length=1,
        max_length=4,
        description="size of one sample without the batch, such as [height, width, channels]",
    )
    dtype: Literal["uint8", "int8", "int16", "float32"] = Field(description="type of one raw value")
    offset: Factor = Field(default=0.0, description="raw value that is 0 to the model")
    scale: Factor = Field(default=1.0, description="what one step of the raw value is to the model")

    @field_validator("scale")
    @classmethod
    def _not_zero(cls, value: float) -> float:
        if abs(value) < LEAST_SCALE:
            raise ValueError(f"should not be 0 or within {LEAST_SCALE:g} of it, which would make all inputs equal")
        return value


class ModelSpec(_Table):
    """``[model]``: Python code in the kit's folder that builds the Keras model, or a model that was trained elsewhere
    and is taken as it is; ``[training]`` and ``[quantization]`` are not used then."""

    file: str = Field(default="model.py", description="Python file in the kit's folder, or an int8 .tflite there")
    float_file: str = Field(
        default="", description="with a .tflite: the same network before it was quantised, to compare with"
    )
    function: str = Field(
        default="build",
        pattern=r"^[A-Za-z_]\w*$",
        description="function of that file: (input_shape, classes) -> keras.Model",
    )

    @property
    def is_imported(self) -> bool:
        """Whether it was trained elsewhere."""
        return self.file.endswith(".tflite")


class Training(_Table):
    """``[training]``: what makes the trained weights, besides data and model."""

    seed: int = Field(ge=0, lt=2**32, description="seed of initial weights, order of samples and augmentation")
    epochs: Count = Field(description="most passes over the training samples")
    batch_size: Count = Field(default=32, description="samples in one step")
    learning_rate: float = Field(
        ge=1e-7, le=1, description="of the Adam optimiser at the start; it falls as a cosine to 0"
    )
    patience: Count = Field(description="epochs without a better validation loss after which training stops")
    augment: str = Field(
        default="",
        pattern=r"^([A-Za-z_]\w*)?$",
        description="function of the model's file that varies a batch: (inputs, numpy Generator) -> inputs",
    )
    quantization_aware: bool = Field(default=False, description="go on with weights that are rounded as int8")
    prune_channels: float = Field(
        default=0.0, ge=0, lt=1, description="part of each layer's channels that is removed, the least by magnitude"
    )
    refine_epochs: Count = Field(default=4, description="epochs of going on behind pruning or with rounded weights")


class QuantizationSpec(_Table):
    """``[quantization]``: full-integer conversion after training."""

    representative_samples: Count = Field(
        default=200, description="training samples that the ranges of the activations are measured on"
    )


class AnomalySpec(_Table):
    """``[anomaly]``: of a kit whose task that is. Normal samples are of class 0, all others serve to measure only."""

    false_alarms: Fraction = Field(
        default=0.02, description="part of the normal validation samples whose error lies above the threshold"
    )


class NoveltySpec(_Table):
    """``[novelty]``: clusters of the training samples, whose distance tells what is unlike any class."""

    clusters: Annotated[int, Field(ge=2, le=256)] = Field(
        default=32, description="of K-means, over the training samples"
    )
    false_alarms: Fraction = Field(default=0.05, description="part of the validation samples beyond the threshold")


class PassMarks(_Table):
    """``[pass_marks]``: what a trained kit must reach. Accuracies are fractions of the test samples; with folds those
    of training are means over the folds."""

    min_float_accuracy: float = Field(ge=0, le=1, description="of the Keras model on the test samples")
    min_auc: Fraction | None = Field(
        default=None, description="area under the ROC curve of the int8 model: how well errors tell anomalies apart"
    )
    max_weights_bytes: Count | None = Field(default=None, description="of the int8 model's weights and biases")
    max_int8_loss: float = Field(
        ge=0, le=1, description="how far the accuracy of int8 may lie below that of float: 0.005 is half a point"
    )
    min_device_accuracy: float = Field(ge=0, le=1, description="of the firmware on the test samples that it was given")
    min_hit_rate: Fraction | None = Field(default=None, description="of the events of the source's long recording")
    max_false_accepts_per_hour: Annotated[float, Field(ge=0, le=36_000)] | None = Field(
        default=None, description="decisions for something that is not there, in the source's long recording"
    )
    max_latency: dict[str, Annotated[str, Field(pattern=LATENCY)]] = Field(
        default={},
        description='95th percentile, with the front end, by board: mps2-an386 = "90000 instructions", esp32 = "25 ms"',
    )


class Kit(_Table):
    """A validated ``kit.toml``. Made by `load_kit`."""

    name: str = Field(
        pattern="^[a-z][a-z0-9_-]{0,31}$",
        description="lower case letters, digits, - and _, starting with a letter, at most 32: names the build folder",
    )
    title: str = Field(min_length=1, description="a few words for people")
    description: str = Field(default="", description="a sentence or two for people")
    task: Literal["classification", "anomaly"] = Field(
        description="what the model does: name the class, or rebuild normal samples well and all others badly"
    )
    labels: tuple[Annotated[str, Field(min_length=1, max_length=31)], ...] = Field(
        min_length=2, max_length=255, description="name of each class, in the order of the model's outputs"
    )
    data: Data = Field(description="where the samples come from and how they are split")
    input: InputSpec = Field(description="one raw sample")
    signal: SignalSettings | None = Field(default=None, description="front end of sound, motion or a camera's pictures")
    model: ModelSpec = Field(default=ModelSpec(), description="the network's code, or a model trained elsewhere")
    training: Training = Field(description="epochs, learning rate and what else makes the weights")
    quantization: QuantizationSpec = Field(default=QuantizationSpec(), description="conversion to int8")
    anomaly: AnomalySpec = Field(default=AnomalySpec(), description='threshold, with task = "anomaly"')
    novelty: NoveltySpec | None = Field(default=None, description="to tell what is unlike any class")
    postprocessing: PostprocessingSettings = Field(
        default=PostprocessingSettings(), description="how answers of a stream become decisions, on the device"
    )
    pass_marks: PassMarks = Field(description="what the trained kit must reach")
    variants: dict[str, dict[str, Any]] = Field(
        default={}, description="by name: tables of this file again with the keys that differ, for KIT:VARIANT"
    )

    _source: TomlSource = PrivateAttr(default=TomlSource(Path(KIT_FILE), {}))

    @field_validator("title")
    @classmethod
    def _title_can_be_shown(cls, title: str) -> str:
        if not title.isprintable():  # it is a line on terminals, in pictures and on pages
            raise ValueError("should be one line without control characters")
        return title

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"should not name {', '.join(map(repr, twice))} twice")
        for label in labels:  # a label is a folder of recordings too, and text that ends with a zero byte on the device
            if not label.isprintable() or label != label.strip() or re.search(r"[/\\]|^\.", label):
                raise ValueError(
                    f"{label!r} should not begin with a dot or a space, nor hold / \\ or control characters"
                )
        return labels

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the model's output without the batch: a score a label, or the input rebuilt."""
        return self.model_shape if self.task == "anomaly" else (len(self.labels),)

    @property
    def model_shape(self) -> tuple[int, ...]:
        """Shape of the model's input without the batch: of a raw sample, or of what the front end makes of it."""
        return self.signal.shape if self.signal else self.input.shape

    @property
    def path(self) -> Path:
        """The ``kit.toml`` this was read from."""
        return self._source.path

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def model_file(self) -> Path:
        return self.folder / self.model.file

    @property
    def float_file(self) -> Path | None:
        """The float model of one that was trained elsewhere, where it is known."""
        return self.folder / self.model.float_file if self.model.float_file else None

    def refuse(self, key: Key, problem: str, hint: str = "") -> BadInput:
        """The error to raise when the value of ``key`` turns out to be unusable: points at its line."""
        return self._source.refuse(key, problem, hint)

    def training_key(self) -> str:
        """SHA-256 (hex) of everything in the kit that decides the trained model: equal keys, equal training.

        Titles, post-processing, pass marks and how often a stream is looked at are left out. The samples themselves are
        not in it unless ``data.sha256`` is given.
        """
        left_out = {"title", "description", "postprocessing", "pass_marks", "variants"}
        said = self.model_dump(mode="json", exclude=left_out)
        for key in ("stride_ms", "hop"):
            (said["signal"] or {}).pop(key, None)
        text = json.dumps(said, sort_keys=True).encode()
        floating = self.float_file.read_bytes() if self.float_file else b""
        return hashlib.sha256(text + b"\0" + self.model_file.read_bytes() + floating).hexdigest()


def find_kits(cwd: Path | None = None) -> dict[str, Path]:
    """``kit.toml`` of every kit by name: the built-in ones, and over them those of the folder ``kits`` in ``cwd``.

    A kit is called like its folder. No file is read, so a broken kit does not hide the others.
    """
    found: dict[str, Path] = {}
    for folder in (resource("kits"), (cwd or Path.cwd()) / "kits"):
        found.update({path.parent.name: path for path in folder.glob(f"*/{KIT_FILE}")})
    return dict(sorted(found.items()))


def _below(cwd: Path) -> list[Path]:
    """``kit.toml`` of the kits in the sub-folders of ``cwd``."""
    return [path for path in sorted(cwd.glob(f"[!.]*/{KIT_FILE}")) if path.is_file()]


def list_kits(cwd: Path | None = None, broken: list[BadInput] | None = None) -> list[Kit]:
    """The kit of ``cwd``, those of its sub-folders, and every kit that `find_kits` finds, read and checked.

    A kit that says something wrong hides no other: its error is appended to ``broken``."""
    cwd = cwd or Path.cwd()
    found = [(path, "") for path in (cwd / KIT_FILE, *_below(cwd)) if path.is_file()]
    kits: dict[Path, Kit] = {}
    for path, name in [*found, *((path, name) for name, path in find_kits(cwd).items())]:
        try:
            kits.setdefault(path.resolve(), _load_file(path, name))
        except BadInput as error:
            if broken is not None:
                broken.append(error)
    return list(kits.values())


def load_kit(name_or_path: str | Path, cwd: Path | None = None) -> Kit:
    """The kit with this name, or in this folder, or of this ``kit.toml``.

    A name without a path separator is looked for among the kits first. ``NAME:VARIANT`` gives the kit with the changes
    of ``[variants.VARIANT]``, called ``NAME-VARIANT``. Raises `BadInput` for an unknown name (with the nearest one) and
    for a ``kit.toml`` that says something it must not (with file and line).
    """
    base, mark, variant = str(name_or_path).rpartition(":")
    if mark and re.fullmatch(r"[a-z0-9_-]+", variant):
        return _varied(load_kit(base, cwd), variant)
    cwd = cwd or Path.cwd()
    kits = find_kits(cwd)
    name = str(name_or_path)
    if name in kits:
        return _load_file(kits[name], name)
    path = cwd / Path(name_or_path).expanduser()
    if path.is_dir() and (path / KIT_FILE).is_file():
        return _load_file(path / KIT_FILE)
    if path.is_file() and path.suffix == ".toml":
        return _load_file(path)
    known = dict.fromkeys([*(below.parent.name for below in _below(cwd)), *kits])
    if path.is_dir():
        raise BadInput(f"{name}: the folder has no {KIT_FILE}", f"kits by name: {', '.join(known)}")
    if path.suffix == ".tflite" and path.is_file():
        raise BadInput(f"{name} is a model, not a kit", f"kit import {name} makes a kit of it")
    if re.search(r"[/\\]|\.toml$", name):
        raise BadInput(f"{name}: no such kit folder or {KIT_FILE}", f"kits by name: {', '.join(known)}")
    raise BadInput(f'no kit is called "{name}"', f"{nearest(name, known)} kits: {', '.join(known)}".strip())


def find_default_kit(cwd: Path | None = None) -> Kit:
    """The kit of the current folder when it has a ``kit.toml``, else ``digits``."""
    here = (cwd or Path.cwd()) / KIT_FILE
    return _load_file(here) if here.is_file() else load_kit(DEFAULT_KIT, cwd)


def _load_file(path: Path, name: str = "") -> Kit:
    """Read and check one file. ``name`` is what the kit must be called to be found by its folder's name."""
    kit, source = load_toml(path, Kit)
    kit._source = source
    if name and kit.name != name:
        raise kit.refuse(("name",), f'is "{kit.name}" but its folder is called "{name}"', f'write name = "{name}"')
    _check_consistent(kit)
    return kit


def _check_consistent(kit: Kit) -> None:
    """What one table says must fit the others, and the files must be there."""
    if kit.model.float_file and not kit.model.is_imported:
        raise kit.refuse(("model", "float_file"), "is for a file that is a .tflite: training makes its own")
    for key, file in (("file", kit.model.file), ("float_file", kit.model.float_file or kit.model.file)):
        if Path(file).name != file:
            raise kit.refuse(("model", key), f'"{file}" is not a file in the kit\'s own folder')
        if not (kit.folder / file).is_file():
            raise kit.refuse(("model", key), f'there is no file "{file}" in {kit.folder}')
    if unknown := [label for label in kit.postprocessing.ignored if label not in kit.labels]:
        hint = f"labels: {', '.join(kit.labels)}"
        raise kit.refuse(("postprocessing", "ignored"), f'"{unknown[0]}" is no label', hint)
    if kit.pass_marks.max_latency:
        _check_boards(kit)
    if kit.signal:
        _check_raw_input(kit, kit.signal)


def _check_boards(kit: Kit) -> None:
    """A pass mark for a board that does not exist would never be asked for."""
    from toolchain.board.descriptor import board_files

    known = board_files()
    for board in kit.pass_marks.max_latency:
        if board not in known:
            hint = f"{nearest(board, known)} kit boards lists them".strip()
            raise kit.refuse(("pass_marks", "max_latency", board), f'no board is named "{board}"', hint)


def _check_raw_input(kit: Kit, signal: SignalSettings) -> None:
    """A sample must be what the front end makes one input of."""
    for name in sorted({"offset", "scale"} & kit.input.model_fields_set):
        raise kit.refuse(("input", name), "the front end takes raw values", f"write {name} into [signal]")
    if kit.input.dtype != signal.raw_dtype:
        raise kit.refuse(
            ("input", "dtype"), f'is {kit.input.dtype}, but type = "{signal.type}" takes {signal.raw_dtype}'
        )
    if kit.input.shape not in (signal.raw_shape, (*signal.raw_shape, 1)):
        text = f"is {list(kit.input.shape)}, but the front end takes {list(signal.raw_shape)}"
        raise kit.refuse(
            ("input", "shape"), text, f"write shape = {list(signal.raw_shape)}, or other settings of [signal]"
        )


def _varied(kit: Kit, variant: str) -> Kit:
    """``kit`` with the changes of ``[variants.<variant>]``."""
    if variant not in kit.variants:
        raise BadInput(
            f'{kit.name} has no variant "{variant}"',
            f"{nearest(variant, kit.variants)} variants: {', '.join(kit.variants) or 'none'}".strip(),
        )
    said = kit.model_dump(exclude={"variants"}, exclude_unset=True)
    for table, changes in kit.variants[variant].items():
        both = isinstance(said.get(table), dict) and isinstance(changes, dict)
        said[table] = {**said[table], **changes} if both else changes
    try:
        varied = Kit.model_validate({**said, "name": f"{kit.name}-{variant}"}, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = ("variants", variant, *(part for part in first["loc"] if isinstance(part, str)))
        text = "unknown key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        raise kit.refuse(key, text) from None
    varied._source = kit._source
    try:
        _check_consistent(varied)
    except BadInput as error:
        raise kit.refuse(("variants", variant), error.message.split(": ", 1)[1], error.hint) from None
    return varied
