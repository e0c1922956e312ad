"""What all tests of the integration share."""

from collections.abc import Generator
from typing import Any

import pytest

import custom_components.pbx.const  # noqa: F401 - else the test plugin's own custom_components would be found first


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> Generator[None]:
    """Let Home Assistant find this integration, in the tests that have one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")
    yield


type Json = dict[str, Any]
