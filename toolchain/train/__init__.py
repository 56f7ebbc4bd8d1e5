"""Keras training of a kit in a child process, full-integer conversion, models of others, figures and pictures.

Importing this package does not import TensorFlow.
"""

from toolchain.train.convert import convert_float, convert_int8
from toolchain.train.launch import train_kit
from toolchain.train.trained import TrainedModel, judged_accuracies, load_trained

__all__ = ["TrainedModel", "convert_float", "convert_int8", "judged_accuracies", "load_trained", "train_kit"]
