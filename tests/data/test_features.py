"""Raw samples of a kit to what its model is given, with a front end and without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from toolchain.data import features, model_inputs
from toolchain.errors import BadInput
from toolchain.kit import Kit, load_kit
from toolchain.model.graph import Quantization
from toolchain.resources import resource
from toolchain.signal import FrontEnd, make_settings

pytestmark = pytest.mark.unit

DIGITS = (resource("kits") / "digits" / "kit.toml").read_text()
QUANTIZATION = Quantization((0.5,), (-10,))
SIGNALS = {
    "audio": ({"length_ms": 200.0, "stride_ms": 50.0}, (3200,)),
    "motion": ({"axes": 3, "window": 64, "hop": 16}, (64, 3)),
    "image": ({"source": (9, 12), "format": "rgb888", "size": (4, 4)}, (9, 12, 3)),
}


def kit_with(folder: Path, input_table: str, signal: str) -> Kit:
    """Digits with other tables ``[input]`` and ``[signal]``."""
    before, _, rest = DIGITS.partition("[input]")
    _, _, after = rest.partition("[model]")
    folder.mkdir(exist_ok=True)
    (folder / "kit.toml").write_text(f"{before}[input]\n{input_table}\n{signal}\n[model]{after}")
    (folder / "model.py").write_text("")
    return load_kit(folder)


def signal_kit(folder: Path, kind: str) -> Kit:
    """A kit with the front end ``kind`` of `SIGNALS`."""
    settings, shape = SIGNALS[kind]
    values = "".join(f"{k} = {list(v) if isinstance(v, tuple) else repr(v)}\n" for k, v in settings.items())
    dtype = "uint8" if kind == "image" else "int16"
    text = f'[signal]\ntype = "{kind}"\n{values}'.replace("'", '"')
    return kit_with(folder, f'shape = {list(shape)}\ndtype = "{dtype}"', text)


def raw_samples(kit: Kit, count: int) -> np.ndarray:
    limits = np.iinfo(kit.input.dtype)
    rng = np.random.default_rng(5)
    return rng.integers(limits.min // 4, limits.max // 4, (count, *kit.input.shape)).astype(kit.input.dtype)


def test_without_a_front_end_offset_and_scale_make_the_input(tmp_path: Path) -> None:
    kit = kit_with(tmp_path, 'shape = [3]\ndtype = "uint8"\noffset = 4.0\nscale = 0.5', "")
    raw = np.array([[4, 5, 0]], np.uint8)
    assert features(kit, raw).tolist() == [[0.0, 0.5, -2.0]]
    made = model_inputs(kit, raw, Quantization((0.25,), (-10,)))
    assert made.dtype == np.int8
    assert made.tolist() == [[-10, -8, -18]]
    assert kit.model_shape == (3,)


@pytest.mark.parametrize("kind", SIGNALS)
def test_with_one_each_sample_goes_through_it(tmp_path: Path, kind: str) -> None:
    kit = signal_kit(tmp_path, kind)
    raw = raw_samples(kit, 3)
    floats, bytes_ = features(kit, raw), model_inputs(kit, raw, QUANTIZATION)
    settings = make_settings({"type": kind, **SIGNALS[kind][0]})
    front_end = FrontEnd(settings, QUANTIZATION)
    assert floats.dtype == np.float32
    assert floats.shape == bytes_.shape == (3, *kit.model_shape) == (3, *front_end.shape)
    for sample, real, q in zip(raw, floats, bytes_, strict=True):
        assert np.array_equal(real, front_end.features(sample).reshape(kit.model_shape))
        assert np.array_equal(q, front_end.quantized(sample).reshape(kit.model_shape))


def test_grey_pictures_may_have_a_channel_axis(tmp_path: Path) -> None:
    signal = '[signal]\ntype = "image"\nsource = [6, 6]\nsize = [3, 3]'
    kit = kit_with(tmp_path, 'shape = [6, 6, 1]\ndtype = "uint8"', signal)
    assert features(kit, raw_samples(kit, 2)).shape == (2, 3, 3, 1)


def test_how_often_a_stream_is_looked_at_needs_no_new_training(tmp_path: Path) -> None:
    first = signal_kit(tmp_path, "audio")
    assert first.signal is not None
    often = first.model_copy(update={"signal": first.signal.model_copy(update={"stride_ms": 100.0})})
    finer = first.model_copy(update={"signal": first.signal.model_copy(update={"filters": 32})})
    assert often.training_key() == first.training_key() != finer.training_key()


AUDIO = 'shape = [16000]\ndtype = "int16"'


@pytest.mark.parametrize(
    ("input_table", "signal", "line", "says"),
    [
        (AUDIO + "\nscale = 2.0", '[signal]\ntype = "audio"', "scale", "input.scale: the front end takes raw values"),
        ('shape = [16000]\ndtype = "uint8"', '[signal]\ntype = "audio"', "dtype", "takes int16"),
        ('shape = [15999]\ndtype = "int16"', '[signal]\ntype = "audio"', "shape", "takes [16000]"),
        (AUDIO, '[signal]\ntype = "audio"\nrate = "x"', "rate", "signal.rate = 'x': should be a valid integer"),
        (AUDIO, '[signal]\ntype = "audio"\nfilter = 3', "filter", 'unknown key "filter" in [signal]'),
        (AUDIO, '[signal]\ntype = "audio"\nhop_ms = 90.0', "[signal]", "signal: hop_ms is 1440 samples"),
        (AUDIO, '[signal]\ntype = "sound"', "type", "signal.type = 'sound': should be 'audio', 'motion', 'image'"),
        (AUDIO, "[signal]\nrate = 16000", "[signal]", 'key "type" is missing in [signal]'),
        (AUDIO, "signal = 3", "signal", "unknown key"),
    ],
)
def test_what_does_not_suit_is_named_with_its_line(
    tmp_path: Path, input_table: str, signal: str, line: str, says: str
) -> None:
    with pytest.raises(BadInput) as caught:
        kit_with(tmp_path, input_table, signal)
    lines = (tmp_path / "kit.toml").read_text().split("\n")
    number = next(i for i, text in enumerate(lines, 1) if text.startswith(line) and i > lines.index("[input]"))
    assert f"kit.toml:{number}: " in caught.value.message
    assert says in caught.value.message
