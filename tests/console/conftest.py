"""A user interface, as far as the integration notices it."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from homeassistant.auth.models import Group
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, UrlManager
from homeassistant.components.lovelace import LovelaceData
from homeassistant.components.lovelace.const import LOVELACE_DATA, MODE_STORAGE
from homeassistant.components.lovelace.dashboard import LovelaceStorage
from homeassistant.components.lovelace.resources import ResourceStorageCollection, ResourceYAMLCollection
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

type Page = Callable[..., Coroutine[Any, Any, MockHAClientWebSocket]]


@pytest.fixture
def modules(hass: HomeAssistant) -> UrlManager:
    """Let there be a user interface."""
    hass.data[DATA_EXTRA_MODULE_URL] = UrlManager(lambda _kind, _url: None, [])
    return hass.data[DATA_EXTRA_MODULE_URL]


@pytest.fixture
def resources(hass: HomeAssistant, modules: UrlManager) -> ResourceStorageCollection:
    """Let there be dashboards, the resources of which are kept by Home Assistant."""
    collection = ResourceStorageCollection(hass, LovelaceStorage(hass, None))
    _furnish(hass, collection)
    return collection


@pytest.fixture
def yaml_resources(hass: HomeAssistant, modules: UrlManager) -> ResourceYAMLCollection:
    """Let there be dashboards, the resources of which somebody writes by hand."""
    collection = ResourceYAMLCollection([])
    _furnish(hass, collection)
    return collection


def _furnish(hass: HomeAssistant, collection: ResourceStorageCollection | ResourceYAMLCollection) -> None:
    hass.data[LOVELACE_DATA] = LovelaceData(
        resource_mode=MODE_STORAGE, dashboards={}, resources=collection, yaml_dashboards={}
    )


@pytest.fixture
def page(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Page:
    """Open a page: of an administrator, or of a user with a policy for entities."""

    async def open_page(policy: dict[str, Any] | None = None) -> MockHAClientWebSocket:
        if policy is None:
            return await hass_ws_client(hass)
        user = MockUser(groups=[Group(id="some", name="Some", policy={"entities": policy})]).add_to_hass(hass)
        token = await hass.auth.async_create_refresh_token(user, "https://example.com/", client_name=None)
        return await hass_ws_client(hass, hass.auth.async_create_access_token(token))

    return open_page
