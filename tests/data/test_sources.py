"""The sources: what they give, and what they say when the data are not here."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from toolchain.data.sources import fashion_mnist
from toolchain.data.sources.fashion_mnist import read_idx
from toolchain.errors import BadInput, Missing
from toolchain.progress import Quiet

pytestmark = pytest.mark.unit


def idx(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return gzip.compress(head + values.tobytes())


def test_idx() -> None:
    values = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert np.array_equal(read_idx(idx(values)), values)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no gzip", "damaged"),
        (idx(np.zeros(9, np.uint8))[:-9], "damaged"),
        (gzip.compress(b""), "not an IDX file"),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\x01abcd"), "not an IDX file"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x09abcd"), "not an IDX file"),
        (gzip.compress(b"\0\0\x08\xff"), "not an IDX file"),
    ],
)
def test_what_is_no_idx_file(data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_idx(data)


def test_without_package_and_network_both_ways_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path)
    monkeypatch.setattr(fashion_mnist, "URL", "http://127.0.0.1:1")
    monkeypatch.setenv("KIT_CACHE", str(tmp_path))
    with pytest.raises(Missing, match="cannot be fetched") as caught:
        fashion_mnist.load(Quiet())
    assert "apt-get install dataset-fashion-mnist" in caught.value.hint and str(tmp_path) in caught.value.hint
