"""Models that were trained elsewhere: whether they fit a kit, and their figures in place of a training."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from toolchain.data import load_dataset
from toolchain.errors import BadInput, Missing
from toolchain.kit import Kit
from toolchain.model.checks import require_int8
from toolchain.model.graph import DType, Graph
from toolchain.model.reader import read_model
from toolchain.progress import Progress
from toolchain.train import trained as names
from toolchain.train.measure import Figures, measure_float, measure_int8
from toolchain.train.novelty import measure_novelty

Shapes = Sequence[tuple[int, ...]]
#: Files in the folder of a kit whose model was trained elsewhere.
INT8, FLOAT = "model.tflite", "model_float.tflite"
TFLITE = ".tflite"
_FULL_INTEGER = "convert it with inference_input_type and inference_output_type int8"


def take(kit: Kit, folder: Path, report: Progress) -> None:
    """The kit's model as it is and its figures on the test samples, in the files of a training (see `TrainedModel`)."""
    from toolchain.train.pictures import draw_confusion

    int8 = kit.model_file.read_bytes()
    require_int8_fit(read_model(int8, kit.model.file), kit)
    data = load_dataset(kit, report)
    report.log(f"measuring on {len(data.test)} test samples")
    figures, runner, weights_bytes = measure_int8(kit, int8, data)
    floating: Figures | None = None
    if kit.float_file:
        model = kit.float_file.read_bytes()
        require_fit(kit.float_file.name, *shapes(read_model(model, kit.float_file.name)), kit)
        with suppress(Missing):  # without a runtime for it its figures are not known
            floating = measure_float(kit, model, data)
            (folder / names.FLOAT_TFLITE).write_bytes(model)
    (folder / names.INT8_TFLITE).write_bytes(int8)
    for found, which, file in (
        (floating, "float", names.CONFUSION_FLOAT),
        (figures, "int8", names.CONFUSION_INT8),
    ):
        if found:
            title = f"{kit.title}, {which}: {100 * found.accuracy:.1f} % of {len(data.test)} test samples"
            draw_confusion(found.confusion, kit.labels, title, folder / file)
    metrics = {
        "kit": kit.name,
        "imported": kit.model.file,
        "labels": kit.labels,
        "accuracy_float": floating and floating.accuracy,
        "accuracy_host": figures.accuracy,
        "int8_runner": runner,
        "confusion_float": floating and floating.confusion.tolist(),
        "confusion_int8": figures.confusion.tolist(),
        "samples": {"train": len(data.train), "validation": len(data.validation), "test": len(data.test)},
        "epochs": None,
        "best_epoch": None,
        "history": None,
        "parameters": None,
        "weights_bytes": weights_bytes,
        "model_bytes": len(int8),
        "model_sha256": hashlib.sha256(int8).hexdigest(),
        "training_key": kit.training_key(),
        "data": vars(data.provenance),
    }
    if kit.task == "anomaly":
        metrics |= {
            "threshold_float": floating and floating.threshold,
            "threshold_int8": figures.threshold,
            "auc_float": floating and floating.auc,
            "auc_int8": figures.auc,
        }
    if kit.novelty is not None:
        clusters, metrics["novelty"] = measure_novelty(kit, data)
        np.savez(folder / names.CLUSTERS, **vars(clusters))
    (folder / names.METRICS).write_text(json.dumps(metrics, indent=1) + "\n")


def shapes(graph: Graph) -> tuple[Shapes, Shapes]:
    """Of its inputs and its outputs, without the batch."""
    return [t.shape[1:] for t in graph.inputs], [t.shape[1:] for t in graph.outputs]


def is_float(graph: Graph) -> bool:
    """Whether it computes in float32 throughout: nothing in it was quantised or shortened."""
    types = {t.dtype for op in graph.operators for t in (*op.inputs, *op.outputs) if t is not None}
    return DType.FLOAT32 in types and not types & {DType.INT8, DType.INT16, DType.UINT8, DType.FLOAT16}


def require_int8_fit(graph: Graph, kit: Kit) -> None:
    """Raise `BadInput` unless ``graph`` is int8 from edge to edge and fits ``kit``."""
    try:
        require_int8(graph)
    except BadInput as error:
        hint = "what is quantised in part cannot be quantised further: give the float .tflite, Keras file or SavedModel"
        raise BadInput(error.message, f"{hint} that it was made of") from None
    require_fit(graph.name, *shapes(graph), kit)
    for what, tensor in (("takes", graph.inputs[0]), ("answers", graph.outputs[0])):
        if tensor.dtype is not DType.INT8 or tensor.quantization is None:
            raise BadInput(f"{graph.name} {what} {tensor.dtype.value}, not int8", _FULL_INTEGER)


def require_fit(name: str, inputs: Shapes, outputs: Shapes, kit: Kit) -> None:
    """Raise `BadInput` unless a model with inputs and outputs of these shapes, without the batch, takes one sample of
    ``kit`` and answers a score a label (or, for anomalies, the sample). Axes of length 1 make no difference, and a flat
    input none either."""
    for what, found in (("inputs", inputs), ("outputs", outputs)):
        if len(found) != 1:
            raise BadInput(f"{name} has {len(found)} {what}; the model of a kit has one", "cut it into one of one each")
    if not _same(inputs[0], kit.model_shape):
        raise BadInput(
            f"{name} takes {list(inputs[0])}, the samples of the kit are {list(kit.model_shape)}",
            "--like a kit whose [input] and [signal] are those that it was trained with; "
            "kit new NAME --like KIT --own-data makes one to write them into",
        )
    if kit.task == "anomaly" and not _same(outputs[0], kit.output_shape):
        raise BadInput(f"{name} answers {list(outputs[0])}, an autoencoder of this kit {list(kit.output_shape)}")
    scores = math.prod(outputs[0])
    if kit.task != "anomaly" and scores != len(kit.labels):
        raise BadInput(
            f"{name} answers {scores} scores, there are {len(kit.labels)} labels: {', '.join(kit.labels)}",
            "--labels names each output, in their order",
        )


def _same(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    long, flat = [d for d in wanted if d != 1], [math.prod(wanted)]
    return [d for d in shape if d != 1] in (long, flat)
