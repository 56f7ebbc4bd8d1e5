"""Samples spread over several devices that run the same firmware, each in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from toolchain.evaluate.answers import Answer

if TYPE_CHECKING:
    from toolchain.connection import Connection

#: Opens one more device; the context closes it.
Open = Callable[[], AbstractContextManager["Connection"]]
#: Called with each answer, from any thread, one at a time.
Take = Callable[[Answer], None]
#: Called with each device when its work is done, before it is closed, one at a time.
Done = Callable[["Connection"], None]

_TICK = 0.1  # seconds between two looks whether Ctrl-C was pressed


def run_samples(open_device: Open, workers: int, samples: Sequence[int], inputs: Sequence[bytes], take: Take,
                done: Done) -> None:  # fmt: skip
    """Run ``inputs[sample]`` of every sample on one of ``workers`` devices.

    The first error of any device ends all and is raised; the answers until then were taken. So does Ctrl-C.
    """
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    for sample in samples:
        todo.put(sample)
    stop, lock = threading.Event(), threading.Lock()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            with open_device() as device:
                while not stop.is_set():
                    try:
                        sample = todo.get_nowait()
                    except queue.Empty:
                        break
                    answer = Answer(sample, *device.infer(inputs[sample]))
                    with lock:
                        take(answer)
                with lock:
                    done(device)
        except BaseException as error:
            errors.append(error)
            stop.set()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(max(1, min(workers, len(samples))))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_TICK)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
