"""A board's answers as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from toolchain.data import dequantize, model_inputs
from toolchain.errors import BadInput
from toolchain.link.port import now
from toolchain.model.graph import Quantization
from toolchain.stream.answers import Answer, Heading
from toolchain.stream.inputs import Feed, Piece, flows
from toolchain.train.anomaly import reconstruction_error

if TYPE_CHECKING:
    from toolchain.connection import Connection
    from toolchain.kit import Kit

SPEED = 4.0
"""Answers a second: fast enough to be live, slow enough to read."""
#: Types of outputs by their number in ``enum kit_type``.
_TYPES = ("int8", "int16", "int32", "int64", "uint8", "bool", "float32")


class Live:
    """Answers of the board behind ``connection``, which runs ``kit``'s model, to what ``feed`` gives.

    ``threshold`` is that of an anomaly detector, whose answers are judged here. Raises DeviceError when the link fails.
    """

    def __init__(
        self, connection: Connection, kit: Kit, model_sha256: str, feed: Feed, threshold: float | None = None
    ) -> None:
        info = connection.session.info
        self.feed = feed
        self.heading = Heading(kit.name, info.board, model_sha256, connection.unit, kit.labels)
        self._kit, self._connection, self._info, self._threshold = kit, connection, info, threshold

    def answers(self, sleep: Callable[[float], None] | None) -> Iterator[Answer]:
        """One after another, at the speed of the samples, or `SPEED` where they have none; ``sleep`` is called between
        them, with 0 where there is nothing to wait for. Without it they come as fast as the device answers. Raises
        BadInput when there is none at all: what was fed is too short."""
        start, number = now(), 0
        due = start
        if self._kit.signal is not None:
            self._connection.session.stream()
        for piece in self.feed.pieces:
            due = max(due, now()) + self._seconds(piece)  # what is late is not made up for
            for label, scores, score, ticks in self._infer(piece):
                number += 1
                yield self._answer(number, now() - start, piece, label, scores, score, ticks)
            if sleep:
                self._connection.session.listen(0)
                sleep(max(0.0, due - now()))
        if not number:
            raise BadInput(f"{self.feed.name}: no answer came of it", "it is shorter than what the model sees at once")

    def _seconds(self, piece: Piece) -> float:
        """How long the world takes for what is in ``piece``."""
        if self.feed.live:
            return 0.0
        return len(piece.samples) / self.feed.rate if self.feed.rate and flows(self._kit) else 1 / SPEED

    def _infer(self, piece: Piece) -> Iterator[tuple[int | None, tuple[float, ...], float, int]]:
        """Label, the scores of all labels, score and ticks of each inference."""
        session = self._connection.session
        if self._kit.signal is None:
            tensor = self._info.inputs[0]
            quantization = Quantization((tensor.scale,), (tensor.zero_point,))
            data = model_inputs(self._kit, piece.samples[None], quantization)
            said = session.infer([data.tobytes()])
            scores = self._scores(said.outputs[0])
            if self._threshold is None:
                yield said.label, scores, said.score, said.ticks
            else:
                error = reconstruction_error(np.array([scores]), dequantize(data, tensor.scale, tensor.zero_point))[0]
                fault = float(error / (error + self._threshold))
                yield int(fault > 0.5), (round(1 - fault, 6), round(fault, 6)), max(fault, 1 - fault), said.ticks
            return
        if piece.begins:
            session.stream()
        for answer in session.samples(piece.samples):
            ticks = answer.front_ticks + answer.model_ticks
            yield answer.label, self._scores(answer.outputs[0]), answer.score, ticks

    def _answer(
        self,
        number: int,
        seconds: float,
        piece: Piece,
        label: int | None,
        scores: tuple[float, ...],
        score: float,
        ticks: int,
    ) -> Answer:
        labels = self._kit.labels
        return Answer(
            number,
            round(seconds, 3),
            " ".join(piece.name.split()),
            None if piece.truth is None else labels[piece.truth],
            None if label is None else labels[label],
            round(score, 6),
            round(ticks * self._connection.per_tick, 3),
            scores,
        )

    def _scores(self, output: bytes) -> tuple[float, ...]:
        tensor = self._info.outputs[0]
        values = np.frombuffer(output, _TYPES[tensor.type]).astype(float)
        if tensor.scale:
            values = tensor.scale * (values - tensor.zero_point)
        return tuple(np.round(values, 6).tolist())
