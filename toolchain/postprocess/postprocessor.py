"""One post-processing: what the host decides with, and what goes into the firmware."""

from __future__ import annotations

import ctypes
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolchain.compiler.c_room import CRoom
from toolchain.errors import BadInput
from toolchain.model.graph import Tensor
from toolchain.postprocess.settings import PostprocessingSettings

ROOM = CRoom("postprocess")
HEADER = "kit_postprocess_config.h"
ONE = 65_536
"""A score of 1, as the C and the link have it."""
_CONFIG = "kit_postprocess_config"
_SMOOTHING = {"none": 0, "moving_average": 1, "majority_vote": 2}
_LEAST, _MOST_SHIFT = -(2**31), 46


@dataclass(frozen=True)
class Decision:
    """``label``: number of the label, None when there is no decision. ``score`` of the label that won, decided or not,
    else the greatest."""

    label: int | None
    score: float

    @staticmethod
    def of(label: int, score: int) -> Decision:
        """From the numbers of ``struct kit_decision``."""
        return Decision(None if label < 0 else label, score / ONE)


class Postprocessor:
    """Decisions on the ``output`` of a model whose classes are called ``labels`` (none: there is nothing to decide).

    An output that is no row of int8 or int16 scores, one a label, is never decided on. Raises `BadInput` when
    ``settings`` ask for something that it cannot have.
    """

    def __init__(self, settings: PostprocessingSettings, output: Tensor, labels: Sequence[str] = ()) -> None:
        self.settings = settings
        self.values = _values(settings, output, labels)

    @property
    def decides(self) -> bool:
        """Whether there is anything to decide."""
        return bool(self.values["labels"])

    def start(self) -> Stream:
        """A stream of answers. Raises `Missing` without a C compiler."""
        return Stream(self)

    def header(self) -> str:
        """`HEADER`: this configuration frozen in, for one file to include."""
        v = self.values
        plain = {"smoothing": 0, "threshold": _LEAST, "hysteresis": 0, "debounce": 0}
        level = 1 if all(v[key] == value for key, value in plain.items()) and not v["ignored"].any() else 2
        answer = {0: 0, 1: v["labels"] * v["value_bytes"], 2: 1}[v["smoothing"]]
        return (
            "/* Generated: how the scores of this model become decisions. */\n"
            '#ifndef KIT_POSTPROCESS_CONFIG_H\n#define KIT_POSTPROCESS_CONFIG_H\n\n#include "kit_postprocess.h"\n\n'
            f"#define KIT_POSTPROCESS_LEVEL {level if self.decides else 0}\n"
            f"#define KIT_POSTPROCESS_MEMORY KIT_POSTPROCESS_BYTES({v['labels']}u, {v['length']}u, {answer}u)\n\n"
            + (ROOM.definition(_CONFIG, "kit_postprocess_settings", v, "static const") if self.decides else "")
            + "\n#endif\n"
        )


class Stream:
    """Answer after answer of one `Postprocessor`, as the device has them."""

    def __init__(self, postprocessor: Postprocessor) -> None:
        self._library = _library()
        self._dtype = {1: np.int8, 2: np.int16}[postprocessor.values["value_bytes"]]
        self._size = postprocessor.values["labels"]
        self._config, self._tables = ROOM.fill(_CONFIG, postprocessor.values)
        pointer = ctypes.byref(self._config)
        self._memory = np.zeros(-(-self._library.kit_postprocess_bytes(pointer) // 8), np.uint64)
        at = ctypes.c_void_p(self._memory.ctypes.data)
        self._state = ctypes.c_void_p(self._library.kit_postprocess_init(pointer, at, self._memory.nbytes))
        assert self._state.value == at.value

    def reset(self) -> None:
        """Forget the answers so far."""
        self._library.kit_postprocess_reset(self._state)

    def decide(self, output: np.ndarray) -> Decision:
        """Take in the model's raw output, and decide."""
        output = np.ascontiguousarray(output)
        assert not self._size or (output.dtype == self._dtype and output.size == self._size), output.dtype
        made = self._library.kit_postprocess_decide(self._state, ctypes.c_void_p(output.ctypes.data))
        return Decision.of(made.label, made.score)


@functools.cache
def _library() -> ctypes.CDLL:
    built = ROOM.library
    built.kit_postprocess_bytes.restype = ctypes.c_size_t
    built.kit_postprocess_init.restype = ctypes.c_void_p
    built.kit_postprocess_init.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    built.kit_postprocess_decide.restype = ROOM.structure("kit_decision")
    return built


def _values(s: PostprocessingSettings, output: Tensor, labels: Sequence[str]) -> dict[str, Any]:
    """The members of the configuration struct."""
    kind, size = output.dtype.numpy, int(np.prod(output.shape))
    value_bytes = {"int8": 1, "int16": 2}.get(np.dtype(kind).name, 0)
    fits = value_bytes and size and output.quantization is not None and len(labels) == size
    if not fits and s != PostprocessingSettings():
        raise BadInput(
            f"postprocessing: the model's output is {np.dtype(kind).name} {list(output.shape)},"
            f" not one int8 or int16 score for each of {len(labels)} labels",
            "leave [postprocessing] out",
        )
    unknown = [name for name in s.ignored if name not in labels]
    if unknown:
        raise BadInput(f'postprocessing.ignored: "{unknown[0]}" is no label', f"labels: {', '.join(labels)}")
    count = size if fits else 0
    multiplier, shift = _multiplier(float(output.scale) if fits else 1.0)
    return {
        "labels": count,
        "value_bytes": value_bytes if fits else 1,
        "zero_point": int(output.zero_point) if fits else 0,
        "multiplier": multiplier,
        "shift": shift,
        "smoothing": _SMOOTHING[s.smoothing],
        "length": s.length,
        "threshold": _LEAST if s.threshold is None else round(s.threshold * ONE),
        "hysteresis": round(s.hysteresis * ONE),
        "debounce": s.debounce,
        "ignored": np.array([label in s.ignored for label in labels[:count]], np.uint8),
    }


def _multiplier(scale: float) -> tuple[int, int]:
    """``(m, n)`` with a step of the output being a score of ``m / 2^n`` in Q16: 31 bits of it, fewer for a scale below
    2^-31."""
    _, exponent = math.frexp(scale * ONE)
    shift = min(max(30 - exponent, 0), _MOST_SHIFT)
    return min(round(scale * ONE * 2**shift), 2**30), shift
