"""Fixtures of the conformance suite."""

from __future__ import annotations

import pytest
from modelgen.strategy import load_strategies


@pytest.fixture(scope="session", params=sorted(load_strategies()))
def kind(request: pytest.FixtureRequest) -> str:
    """A strategy's name. Of the session's scope, so that all tests of one kind run after each other."""
    return str(request.param)
