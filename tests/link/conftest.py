"""The firmware that the link's tests talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import native_firmware
import pytest

from toolchain.emulate.pty_process import PtyProcess


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The native firmware with the test model, under sanitizers."""
    return native_firmware.host_firmware(tmp_path_factory.mktemp("fw") / "firmware", "-O1", *native_firmware.SANITIZE)


@pytest.fixture
def device(firmware: Path) -> Iterator[PtyProcess]:
    """That firmware, running."""
    with PtyProcess([firmware]) as process:
        yield process
        process.check()
