"""A serial port that loses, damages, doubles, reorders, delays and repeats what goes through it, in both directions."""

from __future__ import annotations

import os
import random
import select
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

FAULTS = ("drop", "flip", "cut", "double", "reorder", "stall", "noise", "text", "replay")


class _Way:
    """One direction. ``push`` takes a frame as it is on the wire, ``pull`` gives what arrives by now."""

    def __init__(self, rng: random.Random, rates: Mapping[str, float], log: dict[str, int]) -> None:
        self.rng = rng
        self.rates = rates
        self.log = log
        self.due: list[tuple[float, bytes]] = []  # in order of arrival
        self.held: list[tuple[int, bytes]] = []  # reordered: frames to let pass first
        self.past: deque[bytes] = deque(maxlen=300)
        self.stalled_until = 0.0

    def _hits(self, fault: str) -> bool:
        hit = self.rng.random() < self.rates.get(fault, 0.0)
        self.log[fault] = self.log.get(fault, 0) + hit
        return hit

    def push(self, frame: bytes) -> None:
        rng = self.rng
        self.past.append(frame)
        wire = frame
        if self._hits("flip"):
            damaged = bytearray(wire)
            for _ in range(rng.randint(1, 4)):
                damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
            wire = bytes(damaged)
        if self._hits("cut"):
            at = rng.randrange(len(wire))
            wire = wire[:at] + wire[at + rng.randint(1, 20) :]
        if self._hits("noise"):
            wire = rng.randbytes(rng.randint(1, 600)) + wire
        if self._hits("text"):
            wire = b"I (1234) wifi: hello, here is printf\r\n" + wire
        if self._hits("drop"):
            wire = b""
        if self._hits("double"):
            wire += wire
        if self._hits("replay"):
            wire += rng.choice(self.past)
        if self._hits("stall"):
            self.stalled_until = time.monotonic() + rng.uniform(0.001, 0.08)
        if self._hits("reorder"):
            self.held.append((rng.randint(1, 4), wire))
            return
        self._deliver(wire)
        waiting, self.held = self.held, []
        for left, late in waiting:
            if left <= 1:
                self._deliver(late)
            else:
                self.held.append((left - 1, late))

    def _deliver(self, wire: bytes) -> None:
        self.due.append((self.stalled_until, wire))

    def pull(self) -> bytes:
        out = bytearray()
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            out += self.due.pop(0)[1]
        return bytes(out)


class FaultyPort:
    """Stands between a Session and an opened port. ``rates``: probability of each fault a frame."""

    port = "faulty"
    timeout = 0.0
    write_timeout = None
    baudrate = 10_000_000

    def __init__(self, real: Any, seed: int, rates: Mapping[str, float]) -> None:
        self.real = real
        self.log: dict[str, int] = {}
        rng = random.Random(seed)
        self.down = _Way(rng, rates, self.log)
        self.up = _Way(rng, rates, self.log)
        self._partial = b""
        self._ready = bytearray()

    def write(self, data: bytes) -> int:
        """One frame (the session writes one a call)."""
        self.down.push(bytes(data))
        self._move(0.0)
        return len(data)

    def _move(self, seconds: float) -> None:
        """Both directions, waiting at most ``seconds`` for the device."""
        out = self.down.pull()
        if out:
            self.real.write(out)
        ready, _, _ = select.select([self.real.fileno()], [], [], seconds)
        if ready:
            data = os.read(self.real.fileno(), 65536)
            if not data:
                raise OSError("end of file")
            *frames, self._partial = (self._partial + data).split(b"\0")
            for frame in frames:
                if frame:
                    self.up.push(b"\0" + frame + b"\0")
        self._ready += self.up.pull()

    @property
    def in_waiting(self) -> int:
        self._move(0.0)
        return len(self._ready)

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, within ``timeout``."""
        end = time.monotonic() + self.timeout
        while not self._ready:
            left = end - time.monotonic()
            if left <= 0:
                return b""
            self._move(min(left, 0.002 if self.up.due or self.down.due else left))
        data = bytes(self._ready[:size])
        del self._ready[:size]
        return data
