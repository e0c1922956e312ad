"""What the proofs of all pages share: sockets, and an account in a Home Assistant of the test."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.providers.voipat import api as voipat_api

from ..fake_provider import async_set_up

type Connect = Callable[..., Awaitable[MockConfigEntry]]


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let Home Assistant talk to servers on this machine."""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nobody wait for a request budget, nor before a refused key is tried a second time."""
    monkeypatch.setattr(voipat_api, "CONFIRM_AFTER", 0.0)
    monkeypatch.setattr(voipat_api, "STANDARD", (RateLimit(requests=100_000, seconds=60),))
    for provider in PROVIDERS.values():
        monkeypatch.setattr(provider, "limits", (RateLimit(requests=100_000, seconds=60),))
    return iter(())


@pytest.fixture
async def connect(hass: HomeAssistant) -> AsyncGenerator[Connect]:
    """Set an account up, and unload it after the test."""
    entries: list[MockConfigEntry] = []

    async def connected(
        provider: str,
        data: dict[str, Any],
        options: dict[str, Any] | None = None,
        subentries: list[dict[str, Any]] | None = None,
    ) -> MockConfigEntry:
        entry = MockConfigEntry(
            domain=DOMAIN,
            title="Office",
            data={CONF_PROVIDER: provider, CONF_WEBHOOK_ID: "hook_of_the_office", **data},
            options=options or {},
            subentries_data=[{"title": "Somebody", "unique_id": None, **subentry} for subentry in subentries or ()],
        )
        entries.append(entry)
        await async_set_up(hass, entry)
        return entry

    yield connected
    for entry in entries:
        if hass.config_entries.async_get_entry(entry.entry_id) is None:
            continue  # the test has removed it
        if entry.state.recoverable or entry.runtime_data:
            await hass.config_entries.async_unload(entry.entry_id)
