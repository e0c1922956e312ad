"""Random plans at VOIP@ Cloud: afterwards Home Assistant shows what is so."""

import pytest

from .checks import FIRST, check

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("socket_enabled")]


@pytest.mark.parametrize("first", FIRST)
def test_plans(first: int, expected_warnings: list[str]) -> None:
    """People use the phones while everything goes wrong."""
    check("voipat", first, expected_warnings)
