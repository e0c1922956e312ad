"""A real Home Assistant is killed in the middle of calls."""

import pytest

from .kills import carry_out_kills

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.usefixtures("socket_enabled")]


@pytest.mark.parametrize("provider", ["voipstudio", "voxloud"])
def test_kill(provider: str) -> None:
    """Started again, it knows what is so, tells one end of each call, and is registered once."""
    (verdict,) = carry_out_kills(provider, [1])

    assert verdict.mismatches == []
