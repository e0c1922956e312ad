"""A Home Assistant in this process, behind real HTTP on loopback, on whatever clock its loop has."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import freezegun
from aiohttp.resolver import ThreadedResolver
from aiohttp.test_utils import TestServer
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component import patch_time
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.pbx.const import DOMAIN, EVENT_PBX
from tests.log_watch import LogWatch

type Json = dict[str, Any]


class _Resolver(ThreadedResolver):
    """Resolves nothing but addresses, without asking the network."""

    async def real_close(self) -> None:
        """Close as Home Assistant's own resolver does."""


@dataclass(kw_only=True)
class House:
    """A running Home Assistant; `on_event` hears what is fired on the bus."""

    hass: HomeAssistant
    url: str
    log: LogWatch
    on_event: Callable[[Json], None] = field(default=lambda _data: None)


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    """Start a Home Assistant that takes webhooks over HTTP, knows nothing of any before it, and keeps nothing."""
    log = LogWatch()
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.WARNING)
    with ExitStack() as stack:
        http = "homeassistant.components.http"
        stack.enter_context(patch(f"{http}.HomeAssistantHTTP.async_bind"))
        stack.enter_context(patch(f"{http}.HomeAssistantHTTP.start"))
        stack.enter_context(patch(f"{http}.async_get_source_ip", return_value="127.0.0.1"))
        stack.enter_context(
            patch("homeassistant.helpers.aiohttp_client._async_make_resolver", lambda _hass: _Resolver())
        )
        stack.enter_context(patch.object(Store, "async_delay_save", lambda *_arguments: None))
        folder = stack.enter_context(TemporaryDirectory(prefix="pbx-house-"))
        async with async_test_home_assistant(config_dir=folder) as hass:
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            # Platforms of Home Assistant that serve HTTP are there before its server starts, as in a real start.
            for component in ("webhook", "notify", DOMAIN):
                assert await async_setup_component(hass, component, {})
            server = TestServer(hass.http.app, host="127.0.0.1")
            await server.start_server()
            url = str(server.make_url("")).rstrip("/")
            hass.config.internal_url = hass.config.external_url = url
            root.addHandler(log)
            made = House(hass=hass, url=url, log=log)

            @callback
            def heard(event: Event[Json]) -> None:
                made.on_event(dict(event.data))

            hass.bus.async_listen(EVENT_PBX, heard)
            try:
                yield made
            finally:
                root.removeHandler(log)
                root.setLevel(level)
                await server.close()
                await hass.async_stop(force=True)


def prepare_clock() -> None:
    """Let freezegun treat Home Assistant as its own tests do, outside of pytest as well."""
    api: Any = freezegun.api
    api.FakeDate = patch_time.HAFakeDate
    api.FakeDatetime = patch_time.HAFakeDatetime
    api.datetime_to_fakedatetime = patch_time.ha_datetime_to_fakedatetime
    api._get_module_attributes = patch_time.ha_get_module_attributes  # noqa: SLF001
    api._get_module_attributes_hash = patch_time.ha_get_module_attributes_hash  # noqa: SLF001
    api._should_use_real_time = patch_time.ha_should_use_real_time  # noqa: SLF001
    api.get_current_time = patch_time.ha_get_current_time
