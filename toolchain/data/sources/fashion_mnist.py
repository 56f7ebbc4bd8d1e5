"""Fashion-MNIST: 70,000 grey pictures of articles of clothing in ten classes."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np

from toolchain.data.fetch import cache_folder, fetch
from toolchain.data.sources import Samples
from toolchain.errors import BadInput, Missing
from toolchain.progress import Progress

#: Where Debian's package dataset-fashion-mnist puts the files.
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
#: SHA-256 of each file as its authors publish it, which Debian ships unchanged.
FILES = {
    "train-images-idx3-ubyte.gz": "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
    "train-labels-idx1-ubyte.gz": "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
    "t10k-images-idx3-ubyte.gz": "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
    "t10k-labels-idx1-ubyte.gz": "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
}
INSTALL = "apt-get install dataset-fashion-mnist"


def load(progress: Progress) -> Samples:
    """Pictures uint8 [70000, 28, 28, 1], 0 is background, classes 0 to 9; the last 10,000 are the test part.

    The files are those of the Debian package, else fetched once. Source: H. Xiao, K. Rasul, R. Vollgraf,
    "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", 2017, MIT licence.
    """
    arrays = [read_idx(_file(name, sha256, progress)) for name, sha256 in FILES.items()]
    x, y = np.concatenate(arrays[0::2]), np.concatenate(arrays[1::2])
    return Samples(
        x=x[..., np.newaxis],
        y=y.astype(np.int64),
        source="Fashion-MNIST (Zalando Research, 2017)",
        licence="MIT (Zalando SE)",
        test=np.arange(len(x)) >= len(arrays[0]),
    )


def _file(name: str, sha256: str, progress: Progress) -> bytes:
    """The bytes of one file of the data set."""
    try:
        data = (DEBIAN / name).read_bytes()
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
        progress.log(f"{DEBIAN / name} is not the file that is known, so it is fetched")
    except OSError:
        pass
    try:
        return fetch(f"{URL}/{name}", sha256, cache_folder() / "fashion-mnist" / name, progress).read_bytes()
    except Missing as error:
        raise Missing(error.message, f"{INSTALL}; or {error.hint}") from None


def read_idx(data: bytes) -> np.ndarray:
    """The array of a gzipped IDX file of bytes: a number 0x08nn (nn dimensions), their sizes, the values.

    Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits". Raises `BadInput`.
    """
    try:
        raw = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"an IDX file is damaged: {error}", "fetch it again") from None
    dimensions = raw[3] if len(raw) >= 4 and raw[:3] == b"\0\0\x08" else 0
    shape = tuple(np.frombuffer(raw, ">u4", dimensions, 4).tolist()) if len(raw) >= 4 + 4 * dimensions else ()
    values = raw[4 + 4 * dimensions :]
    if not shape or len(values) != int(np.prod(shape)):
        raise BadInput(f"not an IDX file of bytes: {len(raw)} bytes for the shape {list(shape)}", "fetch it again")
    return np.frombuffer(values, np.uint8).reshape(shape)
