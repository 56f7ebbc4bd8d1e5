"""Keras files, SavedModels and float .tflite files of others, quantised. Runs in the training process only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toolchain.data import features, load_dataset
from toolchain.data.split import shuffled
from toolchain.errors import BadInput
from toolchain.kit import Kit
from toolchain.model.reader import read_model
from toolchain.progress import Progress
from toolchain.train.convert import convert_float, convert_int8, quantize_tflite
from toolchain.train.imported import FLOAT, INT8, TFLITE, require_fit, shapes
from toolchain.train.tensorflow import fix_order_of_sums, import_tensorflow, silenced


def quantize(kit: Kit, source: Path, samples_of: Kit, folder: Path, report: Progress) -> None:
    """See `launch.quantize_model`."""
    fix_order_of_sums()
    report.log(f"reading {source.name}")
    if source.suffix.lower() == TFLITE:
        tflite = source.read_bytes()
        inputs, outputs = shapes(read_model(tflite, source.name))
    else:
        model = _saved_model(source) if source.is_dir() else _keras_file(source)
        inputs, outputs = ([tuple(t.shape[1:]) for t in tensors] for tensors in (model.inputs, model.outputs))
    if any(size is None for shape in (*inputs, *outputs) for size in shape):
        raise BadInput(f"{source}: sizes of its input or output are open: {inputs} to {outputs}", "fix them in Keras")
    require_fit(source.name, inputs, outputs, kit)
    train = load_dataset(samples_of, report).train
    chosen = shuffled(len(train), samples_of.data.split_seed)[: samples_of.quantization.representative_samples]
    report.log(f"converting to int8 with {len(chosen)} training samples of {samples_of.name}")
    real = features(samples_of, train.x[chosen]).reshape(len(chosen), *inputs[0])
    if source.suffix.lower() == TFLITE:
        int8, floating = quantize_tflite(tflite, real), tflite
    else:
        int8, floating = convert_int8(model, real), convert_float(model)
    (folder / INT8).write_bytes(int8)
    (folder / FLOAT).write_bytes(floating)


def _keras_file(path: Path) -> Any:
    import keras

    try:
        with silenced():
            model = keras.models.load_model(path, compile=False)
            shaped = bool(model.inputs and model.outputs)
    except Exception as error:
        raise BadInput(f"{path}: no Keras model that can be read here: {_first_line(error)}") from None
    if not shaped:
        raise BadInput(
            f"{path}: a model whose input is not known", "begin it with keras.Input(shape) and save it again"
        )
    return model


def _saved_model(path: Path) -> Any:
    """The signature for serving, or the only one, as a Keras model."""
    tf = import_tensorflow()
    import keras

    try:
        with silenced():
            signatures = tf.saved_model.load(str(path)).signatures
            name = (
                "serving_default" if "serving_default" in signatures or len(signatures) != 1 else next(iter(signatures))
            )
            if name not in signatures:
                raise ValueError(f"signatures: {', '.join(signatures) or 'none'}; serving_default is wanted")
            inputs = signatures[name].structured_input_signature[1]
            if len(inputs) != 1:
                raise ValueError(f"{len(inputs)} inputs; the model of a kit has one")
            tensor = next(iter(inputs.values()))
            given = keras.Input(batch_shape=(None, *tensor.shape[1:]), dtype=tensor.dtype.name)
            answers = keras.layers.TFSMLayer(str(path), call_endpoint=name)(given)
            outputs = list(answers.values()) if isinstance(answers, dict) else [answers]
            return keras.Model(given, outputs[0] if len(outputs) == 1 else outputs)
    except Exception as error:
        raise BadInput(f"{path}: no SavedModel that can be used here: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
