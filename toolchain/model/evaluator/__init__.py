"""Our own reference evaluator: each operator in numpy, equal to tflite-micro's reference kernels byte for byte."""

from toolchain.model.evaluator.run import Evaluator

__all__ = ["Evaluator"]
