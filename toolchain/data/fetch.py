"""Files from the network by URL and SHA-256: resumed, checked, kept."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from toolchain.errors import Missing
from toolchain.progress import Progress, Quiet
from toolchain.workspace import sha256_file

_BLOCK = 1 << 16
_TIMEOUT = 30  # seconds without a byte
_TRIES = 3


def cache_folder() -> Path:
    """Where fetched data are kept: ``$KIT_CACHE``, or ``tinyml-kit`` in ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    said = os.environ.get("KIT_CACHE")
    if said:
        return Path(said)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tinyml-kit"


def fetch(url: str, sha256: str, path: Path, progress: Progress | None = None) -> Path:
    """The file of ``url`` at ``path``, whose SHA-256 must be ``sha256`` (hex); nothing is done when it is there.

    What an interrupted fetch left (``path`` with ``.part`` behind its name) is gone on with. Raises `Missing` when the
    network does not give the file, or gives another one.
    """
    progress = progress or Quiet()
    if path.is_file() and sha256_file(path) == sha256:
        return path
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(f".{path.name}.lock")):
            if path.is_file() and sha256_file(path) == sha256:  # another process fetched it meanwhile
                return path
            progress.log(f"fetching {url}")
            resumed = part.is_file()
            _complete(url, part, progress)
            if sha256_file(part) != sha256 and resumed:  # what was gone on with was of something else
                part.unlink()
                _complete(url, part, progress)
            found = sha256_file(part)
            if found != sha256:
                part.unlink()
                raise Missing(
                    f"{url} gave another file than the one known: its SHA-256 is {found}",
                    f"put the right file at {path}",
                )
            part.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Missing(f"{path}: cannot be written: {reason}", "make room or set KIT_CACHE to another folder") from error
    return path


def _complete(url: str, part: Path, progress: Progress) -> None:
    """Bring ``part`` to the length that the server says, with a few tries. Raises `Missing`."""
    reason = ""
    for _ in range(_TRIES):
        try:
            _continue(url, part, progress)
            return
        except urllib.error.HTTPError as error:
            if error.code == 416 and part.is_file():  # nothing is left to send
                return
            reason = f"{error.code} {error.reason}"
            if error.code < 500:
                break
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = str(getattr(error, "reason", "") or error)
    raise Missing(f"{url} cannot be fetched: {reason}", f"check the network, or put the file at {part.with_suffix('')}")


def _continue(url: str, part: Path, progress: Progress) -> None:
    """One request for what is missing in ``part``, from its beginning when the server does not give parts."""
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
        have = have if answer.status == http.client.PARTIAL_CONTENT else 0
        length = int(answer.headers.get("Content-Length") or 0)
        whole, name = have + length, part.with_suffix("").name
        with part.open("ab" if have else "wb") as file:
            while block := answer.read(_BLOCK):
                file.write(block)
                have += len(block)
                progress.update(have, max(whole, have), f"{name}: {have / 1e6:.1f} MB")
    if length and have < whole:
        raise ConnectionError(f"the connection ended after {have:,} of {whole:,} bytes")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an advisory lock on ``path``, so that two processes do not write the same file."""
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
