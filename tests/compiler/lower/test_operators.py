"""Every operator that has a generator of test models equals the device reference."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from modelgen.parity import assert_exact
from modelgen.strategy import load_strategies

STRATEGIES = load_strategies()
WEIGHTED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}  # tested on their own


def check(kind: str, examples: int, target: str = "generic") -> None:
    @settings(
        max_examples=examples,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        assert_exact(data.draw(STRATEGIES[kind]), target)

    run()


@pytest.mark.unit
@pytest.mark.parametrize("kind", sorted(STRATEGIES.keys() - WEIGHTED))
def test_operator(kind: str) -> None:
    check(kind, 2)


@pytest.mark.unit
@pytest.mark.parametrize("kind", ["MAX_POOL_2D", "AVERAGE_POOL_2D"])
def test_pooling_of_the_dsp_extension(kind: str) -> None:
    check(kind, 12, "cortex-m4")
