"""The training samples in batches, in a new order each epoch, varied by the kit's own function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from toolchain.kit import Kit
from toolchain.train.blame import blame
from toolchain.train.tensorflow import import_tensorflow


class Batches:
    """Batches of inputs ``x`` [n, *shape], float32, and answers ``y``, class numbers [n] or ``x`` itself.

    Order and variation follow from ``kit.training.seed``, the number of the epoch and that of the batch, so that it
    makes no difference which thread makes a batch, and when. ``failure`` is the error, if any, that the kit's function
    ended the training with; TensorFlow tells only that there was one.
    """

    def __init__(self, kit: Kit, x: np.ndarray, y: np.ndarray, augment: Callable[..., np.ndarray] | None) -> None:
        self.failure: Exception | None = None
        self._kit, self._x, self._y, self._augment = kit, x, y if y is x else y.astype(np.int64), augment
        self._epoch, self._order = 0, np.arange(len(x))

    def __len__(self) -> int:
        return -(-len(self._x) // self._kit.training.batch_size)

    def batch(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """The batch with this number of the epoch, which the first one begins. Raises `BadInput` when the kit's
        function fails or gives something of another shape."""
        training = self._kit.training
        if number == 0:
            self._epoch += 1
            self._order = np.random.default_rng((training.seed, self._epoch)).permutation(len(self._x))
        chosen = self._order[number * training.batch_size : (number + 1) * training.batch_size]
        x = self._x[chosen]
        if self._augment is not None:
            with blame(self._kit):
                varied = self._augment(x, np.random.default_rng((training.seed, self._epoch, number)))
            if np.shape(varied) != x.shape:
                text = f"{training.augment} makes {list(np.shape(varied))} of a batch {list(x.shape)}"
                raise self._kit.refuse(("training", "augment"), text)
            x = np.asarray(varied, np.float32)
        return x, x if self._y is self._x else self._y[chosen]

    def dataset(self) -> Any:
        """A ``tf.data.Dataset`` of one epoch, to be begun again for the next.

        Not Keras's PyDataset, nor any other of TensorFlow's generators: the first of them sets the C library's
        threshold for mmap to 128 kB for the whole process, after which half of the processor time is page faults.
        """
        tf = import_tensorflow()
        types = (tf.float32, tf.float32 if self._y is self._x else tf.int64)
        shapes = [(None, *array.shape[1:]) for array in (self._x, self._y)]

        def made(number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            try:
                return self.batch(int(number))
            except Exception as error:
                self.failure = error
                raise

        def of(number: Any) -> tuple[Any, ...]:
            tensors = tf.numpy_function(made, [number], types)
            return tuple(tf.ensure_shape(tensor, shape) for tensor, shape in zip(tensors, shapes, strict=True))

        return tf.data.Dataset.range(len(self)).map(of).prefetch(2)
