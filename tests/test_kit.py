"""kit.toml: what is read, what is refused and with which words, and how a kit is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from toolchain.errors import BadInput
from toolchain.kit import find_default_kit, find_kits, list_kits, load_kit
from toolchain.resources import resource

pytestmark = pytest.mark.unit

DIGITS = resource("kits") / "digits"

KIT_TOML = """\
name = "digits"
title = "Handwritten digits"
task = "classification"
labels = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]

[data]
source = "sklearn_digits"
split_seed = 7
validation = 0.1
test = 0.2

[input]
shape = [8, 8, 1]   # height, width, channels
dtype = "uint8"     # raw values 0 (paper) to 16 (ink)
scale = 0.0625      # so that the model sees 0 to 1

[model]
file = "model.py"
function = "build"

[training]
seed = 1
epochs = 40
batch_size = 32
learning_rate = 0.004
patience = 15
augment = "shift"

[quantization]
representative_samples = 400

[pass_marks]
min_float_accuracy = 0.97
max_int8_loss = 0.005
min_device_accuracy = 0.965
"""


def copy_kit(folder: Path, *edits: tuple[str, str], name: str = "digits") -> Path:
    """A kit folder with `KIT_TOML` and each first string of ``edits`` replaced by the second."""
    folder.mkdir(parents=True)
    text = KIT_TOML.replace('name = "digits"', f'name = "{name}"')
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "kit.toml").write_text(text)
    (folder / "model.py").write_text("# never run here\n")
    return folder


def line_of(path: Path, start: str) -> int:
    """Number of the first line that starts with ``start``."""
    lines = path.read_text().split("\n")
    return next(i for i, line in enumerate(lines, 1) if line.startswith(start))


@pytest.mark.parametrize("title", ["two\\nlines", "\\u001b[2J", "\\u0007"])
def test_a_title_is_a_line_that_a_terminal_can_show(tmp_path, title) -> None:
    folder = copy_kit(tmp_path / "digits", ('title = "', f'title = "{title}'))
    with pytest.raises(BadInput, match=r"title = .*should be one line without control characters"):
        load_kit(folder)


@pytest.mark.parametrize("deep", ["x = " + "[" * 3000 + "]" * 3000, "[variants." + ".".join("a" * 3000) + "]"])
def test_tables_that_lie_too_deep_in_each_other(tmp_path, deep) -> None:
    folder = copy_kit(tmp_path / "digits")
    with (folder / "kit.toml").open("a") as stream:
        stream.write(deep)
    with pytest.raises(BadInput, match="tables or arrays lie too deep in each other"):
        load_kit(folder)


def test_digits_is_complete() -> None:
    kit = load_kit("digits")
    assert kit.labels == tuple("0123456789")
    assert kit.input.shape == (8, 8, 1)
    assert kit.path == DIGITS / "kit.toml"
    assert kit.model_file.is_file()
    assert (DIGITS / "README.md").is_file()


def test_a_kit_is_frozen() -> None:
    kit = load_kit("digits")
    with pytest.raises(ValidationError):
        kit.training.epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "line", "says", "hints"),
    [
        ("epochs = ", "epoch = ", "epoch =", 'unknown key "epoch" in [training]', "did you mean 'epochs'?"),
        ("title = ", "titel = ", "titel", 'unknown key "titel" in the top level', "did you mean 'title'?"),
        ("[training]", "[trainig]", "[trainig]", 'unknown key "trainig"', "did you mean 'training'?"),
        ("patience = ", "# ", "[training]", 'key "patience" is missing in [training]', "without a better"),
        ("seed = 1", 'seed = "one"', "seed", "training.seed = 'one': should be a valid integer", "initial weights"),
        ("batch_size = 32", "batch_size = 0", "batch_size", "greater than 0", "samples in one step"),
        ("batch_size = 32", "batch_size = 3.5", "batch_size", "batch_size = 3.5: should be a valid integer", ""),
        ("batch_size = 32", f"batch_size = {10**30}", "batch_size", "should be less than", "samples in one step"),
        ("batch_size = 32", "batch_size = true", "batch_size", "should be a valid integer", ""),
        ("test = 0.2", "test = 1.5", "test", "less than 1", "no stage before the last"),
        ("test = 0.2", "test = nan", "test", "finite", ""),
        ("test = 0.2", "test = 0.95", "[data]", "leave nothing to train on", ""),
        ("test = 0.2", "folds = 1", "folds", "greater than or equal to 2", "cross-validation"),
        ("test = 0.2", "test = 0.2\nfolds = 5", "[data]", "should have one of test, folds and own_test", ""),
        ("scale = 0.0625", "scale = 0", "scale", "should not be 0", "one step of the raw value"),
        ("scale = 0.0625", "scale = 1e-300", "scale", "should not be 0", "one step of the raw value"),
        ("scale = 0.0625", "scale = 1e300", "scale", "less than or equal to 1000000000", "one step of the raw value"),
        ("scale = 0.0625", "scale = inf", "scale", "finite", "one step of the raw value"),
        ("scale = 0.0625", "scale = nan", "scale", "finite", "one step of the raw value"),
        ("scale = 0.0625", "scale = 1\noffset = -1e10", "offset", "greater than or equal to -1000000000", "0 to the"),
        ("learning_rate = 0.004", "learning_rate = 1e-300", "learning_rate", "equal to 0.0000001", "Adam"),
        ("[pass", "[pass_marks.max_latency]\nesp32x = '9 ms'\n[pass", "esp32x", '"esp32x"', "did you mean 'esp32'?"),
        ('dtype = "uint8"', 'dtype = "uint9"', "dtype", "'uint8', 'int8', 'int16' or 'float32'", "raw value"),
        ("shape = [8, 8, 1]", "shape = [8, 0, 1]", "shape", "input.shape.1 = 0: should be greater than 0", "channels"),
        ('task = "classification"', 'task = "poetry"', "task", "'classification'", "what the model does"),
        ('"1", "2"', '"1", "1"', "labels", "should not name '1' twice", "model's outputs"),
        (
            'labels = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]',
            'labels = ["0"]',
            "labels",
            "at least 2 values, not 1",
            "",
        ),
        ('name = "digits"', 'name = "My Digits"', "name", "should match pattern", "lower case"),
        ("max_int8_loss = 0.005", "max_int8_loss = -1", "max_int8_loss", "greater than or equal to 0", "half a point"),
        ('file = "model.py"', 'file = "net.py"', "file", 'there is no file "net.py"', ""),
        ('file = "model.py"', 'file = "../model.py"', "file", "not a file in the kit's own folder", ""),
        ('function = "build"', 'function = "build()"', "function", "should match pattern", "keras.Model"),
        ("[pass", "[postprocessing]\nignored = ['ten']\n[pass", "ignored", '"ten" is no label', "labels: 0, 1, 2"),
        ("[pass", "[postprocessing]\nlenght = 3\n[pass", "lenght", 'unknown key "lenght"', "did you mean 'length'?"),
        ("[pass", "[postprocessing]\nlength = 3\n[pass", "[postproc", "length is of no use with smoothing", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: str, says: str, hints: str
) -> None:
    path = copy_kit(tmp_path / "k", (old, new)) / "kit.toml"
    with pytest.raises(BadInput) as caught:
        load_kit(path)
    assert caught.value.message.startswith(f"{path}:{line_of(path, line)}: ")
    assert says in caught.value.message
    assert hints in caught.value.hint
    assert "\n" not in str(caught.value)


def test_lines_are_right_after_values_of_several_lines(tmp_path: Path) -> None:
    long = '"""\n[training]\nepochs = 3\n"""'
    edits = (
        ("labels = [", "labels = [  # one a line\n"),
        ("epochs = 40", "epochs = 'many'"),
        ('title = "Handwritten digits"', f'title = "x"\ndescription = {long}'),
    )
    path = copy_kit(tmp_path / "k", *edits) / "kit.toml"
    line = line_of(path, "epochs = 'many")
    with pytest.raises(BadInput, match=rf"kit\.toml:{line}: training\.epochs"):
        load_kit(path)


def test_lines_of_dotted_keys_and_inline_tables(tmp_path: Path) -> None:
    path = copy_kit(tmp_path / "k", ("[quantization]\nrepresentative_samples = 400\n", "")) / "kit.toml"
    path.write_text("quantization.representative_samples = 0\n" + path.read_text())
    with pytest.raises(BadInput, match=r"kit\.toml:1: quantization\.representative_samples = 0"):
        load_kit(path)
    path.write_text("\nquantization = {representative = 9}\n" + path.read_text().partition("\n")[2])
    with pytest.raises(BadInput, match=r'kit\.toml:2: unknown key "representative" in \[quantization\]'):
        load_kit(path)


def test_the_first_of_several_errors_is_told_and_the_others_counted(tmp_path: Path) -> None:
    path = copy_kit(tmp_path / "k", ("epochs = 40", "epochs = 0"), ("title =", "heading =")) / "kit.toml"
    with pytest.raises(BadInput) as caught:
        load_kit(path)
    assert f":{line_of(path, 'heading')}: " in caught.value.message
    assert "2 more after this one" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"name = \n", r":1: not valid TOML"),
        (b'name = "a"\nname = "b"\n', r":\d+: not valid TOML"),
        (b"[data\n", r":1: not valid TOML"),
        (b"x = [1,\n", r":\d: not valid TOML"),
        (b'name = "\xff"\n', "not UTF-8"),
        (b"", r':1: key "name" is missing'),
    ],
)
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "kit.toml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=says):
        load_kit(path)


def test_windows_line_ends_and_byte_order_mark_are_taken(tmp_path: Path) -> None:
    path = copy_kit(tmp_path / "k") / "kit.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_kit(path).labels == tuple("0123456789")


def test_a_kit_is_found_by_name_by_folder_and_by_file(tmp_path: Path) -> None:
    folder = copy_kit(tmp_path / "kits" / "mine", name="mine")
    assert load_kit("mine", tmp_path).folder == folder
    assert load_kit("kits/mine", tmp_path).name == "mine"
    assert load_kit(folder / "kit.toml").name == "mine"
    assert load_kit("digits", tmp_path).folder == DIGITS


def test_a_kit_of_the_user_goes_before_the_built_in_one(tmp_path: Path) -> None:
    folder = copy_kit(tmp_path / "kits" / "digits")
    assert load_kit("digits", tmp_path).folder == folder


def test_a_kit_in_a_folder_of_kits_is_called_like_its_folder(tmp_path: Path) -> None:
    copy_kit(tmp_path / "kits" / "mine", name="yours")
    with pytest.raises(BadInput, match=r'kit\.toml:1: name: is "yours" but its folder is called "mine"'):
        load_kit("mine", tmp_path)


def test_an_unknown_name_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match='no kit is called "digit"') as caught:
        load_kit("digit", tmp_path)
    assert "did you mean 'digits'?" in caught.value.hint
    copy_kit(tmp_path / "my-moves", name="my-moves")
    with pytest.raises(BadInput, match='no kit is called "my-move"') as caught:
        load_kit("my-move", tmp_path)
    assert "did you mean 'my-moves'? kits: my-moves, anomaly, digits" in caught.value.hint
    assert load_kit("my-moves", tmp_path).folder == tmp_path / "my-moves"
    with pytest.raises(BadInput, match=re.escape("no such kit folder")):
        load_kit("./nowhere", tmp_path)
    with pytest.raises(BadInput, match=r"the folder has no kit\.toml"):
        load_kit(tmp_path)


def test_the_default_is_the_kit_of_the_folder_else_digits(tmp_path: Path) -> None:
    assert find_default_kit(tmp_path).name == "digits"
    folder = copy_kit(tmp_path / "elsewhere", name="mine")
    assert find_default_kit(folder).name == "mine"


def test_listing_reads_every_kit_and_finding_reads_none(tmp_path: Path) -> None:
    copy_kit(tmp_path / "kits" / "broken", ("epochs", "epoch"), name="broken")
    assert {"broken", "digits"} <= set(find_kits(tmp_path))
    copy_kit(tmp_path / "spells", name="mine")
    copy_kit(tmp_path / ".hidden", name="hidden")
    broken: list[BadInput] = []
    names = [kit.name for kit in list_kits(tmp_path, broken)]
    assert names[:2] == ["mine", "anomaly"] and "digits" in names and not {"broken", "hidden"} & set(names)
    assert ["epoch" in error.message for error in broken] == [True]
    (tmp_path / "spells" / "kit.toml").rename(tmp_path / "kit.toml")
    (tmp_path / "spells" / "model.py").rename(tmp_path / "model.py")
    copy_kit(tmp_path / "below", name="below")
    assert [kit.name for kit in list_kits(tmp_path)][:3] == ["mine", "below", "anomaly"]


def test_the_training_key_follows_what_training_depends_on(tmp_path: Path) -> None:
    key = load_kit(copy_kit(tmp_path / "first")).training_key()
    assert load_kit(copy_kit(tmp_path / "again")).training_key() == key
    for i, edit in enumerate(
        [
            ("title = ", "title = 'x' #"),
            ("min_float_accuracy = 0.97", "min_float_accuracy = 0.9"),
            ("[pass_marks]", "[postprocessing]\nthreshold = 0.5\n[pass_marks]"),
        ]
    ):
        assert load_kit(copy_kit(tmp_path / f"same{i}", edit)).training_key() == key
    for i, edit in enumerate([("epochs = 40", "epochs = 41"), ("split_seed = 7", "split_seed = 8")]):
        assert load_kit(copy_kit(tmp_path / f"other{i}", edit)).training_key() != key
    folder = copy_kit(tmp_path / "code")
    (folder / "model.py").write_text("# another\n")
    assert load_kit(folder).training_key() != key


SMALL = "\n[variants.small]\ndata.samples = 200\ntraining.epochs = 2\npass_marks.min_float_accuracy = 0.1\n"


def test_a_variant_is_the_kit_with_some_keys_changed(tmp_path: Path) -> None:
    folder = copy_kit(tmp_path / "kits" / "digits")
    with (folder / "kit.toml").open("a") as file:
        file.write(SMALL)
    whole, small = load_kit("digits", tmp_path), load_kit("digits:small", tmp_path)
    assert (small.name, small.data.samples, small.training.epochs) == ("digits-small", 200, 2)
    assert small.training.batch_size == whole.training.batch_size and small.data.source == whole.data.source
    assert small.folder == folder and whole.training.epochs == 40
    assert small.training_key() != whole.training_key()
    assert load_kit(f"{folder}:small").name == "digits-small"
    assert whole.training_key() == load_kit(copy_kit(tmp_path / "without")).training_key()


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("[variants.smal]\ntraining.epochs = 1\n", 'digits has no variant "small"'),
        ("[variants.small]\ntraining.epoch = 1\n", r"kit\.toml:\d+: variants\.small\.training\.epoch: unknown key"),
        ("[variants.small]\ntraining.epochs = 0\n", r"variants\.small\.training\.epochs: Input should be greater"),
        ("[variants.small]\ninput.shape = [7, 7, 1]\nsignal.type = 3\n", r"variants\.small\.signal"),
        ('[variants.small]\npostprocessing.ignored = ["ten"]\n', r'\d+: variants\.small: .*ignored: "ten" is no label'),
        (
            '[variants.small]\nmodel.file = "nets.py"\n',
            r'\d+: variants\.small: model\.file: there is no file "nets\.py"',
        ),
        ("[variants.small]\ntraining = 0\n", r"variants\.small\.training: Input should be a valid"),
    ],
)
def test_a_variant_that_cannot_be(tmp_path: Path, said: str, says: str) -> None:
    folder = copy_kit(tmp_path / "k")
    with (folder / "kit.toml").open("a") as file:
        file.write("\n" + said)
    with pytest.raises(BadInput, match=says):
        load_kit(f"{folder}:small")


def test_a_model_is_no_kit(tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(b"")
    with pytest.raises(BadInput, match=r"net\.tflite is a model, not a kit") as caught:
        load_kit("net.tflite", tmp_path)
    assert "kit import net.tflite" in caught.value.hint
