"""Front ends with a small generated model behind them: in firmware, and what that firmware should answer."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

import native_firmware
import numpy as np
from modelgen.builder import ModelBuilder

from toolchain.board.application import Application
from toolchain.board.build import Firmware, Identity, build_firmware, decision_source, identity_header
from toolchain.board.descriptor import load_board
from toolchain.compiler.compile import CompiledModel, compile_model
from toolchain.kit import Kit, load_kit
from toolchain.model.reader import read_model
from toolchain.model.runners import EvaluatorRunner
from toolchain.pipeline import front_end_files
from toolchain.postprocess import PostprocessingSettings
from toolchain.resources import resource
from toolchain.signal import AudioSettings, FrontEnd, ImageSettings, MotionSettings, SignalSettings

LABELS = ("one", "two", "three", "four")
SETTINGS: dict[str, SignalSettings] = {
    "audio": AudioSettings(
        length_ms=100.0, window_ms=16.0, hop_ms=10.0, fft=256, filters=12, f_max=7000.0, stride_ms=30.0
    ),
    "motion": MotionSettings(axes=3, window=48, hop=7, fft=16, rate=50),
    "raw": MotionSettings(axes=6, window=20, hop=20, features="raw", scale=(1 / 32768,)),
    "image": ImageSettings(source=(12, 17), size=(8, 8), format="rgb565", scale=(1 / 255,)),
}
SCALES = {"audio": (0.8, 0), "motion": (0.9, 60), "raw": (1 / 128, 0), "image": (1 / 255, -128)}


@dataclass(frozen=True)
class Answers:
    """What a stream should give: the number of samples up to each inference, and the model's output at it."""

    positions: list[int]
    outputs: list[bytes]


@functools.cache
def model(kind: str) -> bytes:
    """A dense layer with fixed random weights and a softmax, int8, on the features of `SETTINGS`."""
    scale, zero_point = SCALES[kind]
    shape = SETTINGS[kind].shape
    rng, n = np.random.default_rng(len(kind)), int(np.prod(shape))
    m = ModelBuilder()
    x = m.input((1, *shape), scale, zero_point)
    weights = m.constant(rng.integers(-127, 128, (len(LABELS), n)).astype(np.int8), scale=1 / (50 * n**0.5))
    bias = m.constant(rng.integers(-900, 900, len(LABELS)).astype(np.int32), scale=scale / (50 * n**0.5))
    flat = m.tensor((1, len(LABELS)), scale=0.3, zero_point=-3)
    m.op("FULLY_CONNECTED", [x, weights, bias], [flat])
    said = m.tensor((1, len(LABELS)), scale=1 / 256, zero_point=-128)
    m.op("SOFTMAX", [flat], [said], beta=1.0)
    m.output(said)
    return m.build()


def float_model(kind: str) -> bytes:
    """A dense layer with random weights on the same features, float."""
    shape = SETTINGS[kind].shape
    rng, n = np.random.default_rng(1), int(np.prod(shape))
    m = ModelBuilder()
    x = m.input((1, *shape), dtype="float32")
    weights = m.constant(rng.normal(0, 1, (len(LABELS), n)).astype(np.float32))
    said = m.tensor((1, len(LABELS)), dtype="float32")
    m.op("FULLY_CONNECTED", [x, weights, None], [said])
    m.output(said)
    return m.build()


def kit(kind: str, folder: Path) -> Kit:
    """A kit with the front end of `SETTINGS`. Its data and training are not to be used."""
    settings = SETTINGS[kind]
    values = {k: v for k, v in settings.model_dump().items() if v is not None}
    signal = "".join(f"{k} = {json.dumps(v)}\n" for k, v in values.items())
    text = (resource("kits") / "digits" / "kit.toml").read_text()
    before, _, rest = text.replace('name = "digits"', f'name = "{kind}"').partition("[input]")
    _, _, after = rest.partition("[model]")
    head = re.sub(r"labels = .*", f"labels = {json.dumps(LABELS)}", before)
    shape = f'shape = {list(settings.raw_shape)}\ndtype = "{settings.raw_dtype}"\n'
    (folder / "kit.toml").write_text(f"{head}[input]\n{shape}\n[signal]\n{signal}\n[model]{after}")
    (folder / "model.py").write_text("")
    return load_kit(folder)


def front_end(kind: str) -> FrontEnd:
    return FrontEnd(SETTINGS[kind], read_model(model(kind)).inputs[0].quantization)


def raw_samples(kind: str, count: int, seed: int = 0) -> np.ndarray:
    """``count`` samples of a stream (pictures for images)."""
    rng, settings = np.random.default_rng(seed), SETTINGS[kind]
    if isinstance(settings, ImageSettings):
        return rng.integers(0, 256, (count, *settings.raw_shape)).astype(np.uint8)
    slow = np.cumsum(rng.normal(0, 300, (count, settings.raw_shape[-1] if len(settings.raw_shape) > 1 else 1)), axis=0)
    return np.clip(slow, -30000, 30000).astype(np.int16).reshape(count, *settings.raw_shape[1:])


def expected(kind: str, samples: np.ndarray) -> Answers:
    """Every inference on ``samples`` by the front end on whole windows and our evaluator of the model."""
    settings, front = SETTINGS[kind], front_end(kind)
    if isinstance(settings, ImageSettings):
        positions = [(i + 1) * settings.stride for i in range(len(samples))]
        inputs = [front.quantized(picture) for picture in samples]
    else:
        whole = settings.window
        if isinstance(settings, AudioSettings):
            whole = (settings.frames - 1) * settings.hop + settings.window
        positions = list(range(whole, len(samples) + 1, settings.stride))
        inputs = [front.quantized(samples[end - whole : end]).reshape(settings.shape) for end in positions]
    runner = EvaluatorRunner(read_model(model(kind)))
    return Answers(positions, [runner.run([x[np.newaxis]])[0].tobytes() for x in inputs])


def compiled(kind: str, target: str = "generic") -> CompiledModel:
    return compile_model(read_model(model(kind)), target)


def identity(kind: str, made: CompiledModel, postprocessing: PostprocessingSettings | None) -> Identity:
    return Identity(kind, made.graph.sha256, LABELS, postprocessing or PostprocessingSettings())


def firmware(kind: str, board_name: str, out: Path, postprocessing: PostprocessingSettings | None = None) -> Firmware:
    """The whole firmware for a board, as its emulator wants it."""
    board = load_board(board_name).as_emulated()
    made = compiled(kind, board.target)
    application = Application("app", front_end=front_end_files(SETTINGS[kind], made))
    return build_firmware(board, made, identity(kind, made, postprocessing), out, application=application)


def native(
    kind: str,
    folder: Path,
    *flags: str,
    chip: Path = native_firmware.HOST_CHIP,
    postprocessing: PostprocessingSettings | None = None,
) -> Path:
    """The whole firmware as a native program with ``flags``, under sanitizers if they say so. The fuzzer is a chip that
    includes the application's main file itself."""
    made = compiled(kind)
    generated = folder / kind
    generated.mkdir()
    who = identity(kind, made, postprocessing)
    header, decides = identity_header(load_board("host"), who, "0" * 16, streams=True), decision_source(made, who)
    headers = {"kit_identity.h": header, decides.path.removeprefix("app/"): decides.text}
    for name, text in {**made.files, **front_end(kind).c_files(), **headers}.items():
        (generated / name).write_text(text)
    app = [path for path in native_firmware.APP if path.name != "main.c" or chip != native_firmware.FUZZER]
    sources = [*app, chip, *native_firmware.LINK, *sorted(generated.glob("*.c"))]
    return native_firmware.compile_c(folder / f"{kind}-firmware", sources, *flags, generated=generated)
