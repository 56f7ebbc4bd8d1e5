"""Fixtures every test folder shares."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A shell starts what it puts into the background with SIGINT ignored, and the commands under test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Property tests draw the same cases in each run, so that a red run is about the change and not about luck, on a slow
# machine too; `make fuzz` draws new ones (--hypothesis-profile new).
anywhere = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", anywhere, derandomize=True)
settings.register_profile("new", anywhere)
settings.load_profile("same")

SHARED_MODELS = Path(os.environ.get("KIT_MODELS", Path(__file__).resolve().parents[2] / "shared" / "models"))


@pytest.fixture(scope="session")
def shared_models() -> dict[str, Path]:
    """The five MLPerf Tiny int8 models by name (kws, ic, vww, ad, sww), which the project does not contain."""
    models = {p.stem: p for p in sorted(SHARED_MODELS.glob("*.tflite"))}
    if not models:
        pytest.skip(
            "the MLPerf Tiny models are not here: set KIT_MODELS to the folder that holds kws.tflite, ic.tflite, …"
        )
    return models
