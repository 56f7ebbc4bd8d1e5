"""Samples of a kit: where they come from, how they are split, how they become the int8 input of the model."""

from toolchain.data.dataset import Dataset, Provenance, Split, load_dataset
from toolchain.data.features import features, model_inputs
from toolchain.data.quantize import dequantize, quantize

__all__ = [
    "Dataset",
    "Provenance",
    "Split",
    "dequantize",
    "features",
    "load_dataset",
    "model_inputs",
    "quantize",
]
