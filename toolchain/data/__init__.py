"""Samples of a kit: where they come from, how they are split, how they become the int8 input of the model."""

from toolchain.data.dataset import Dataset, Provenance, Split, load_dataset
from toolchain.data.quantize import dequantize, quantize, quantize_input, real_input

__all__ = [
    "Dataset",
    "Provenance",
    "Split",
    "dequantize",
    "load_dataset",
    "quantize",
    "quantize_input",
    "real_input",
]
