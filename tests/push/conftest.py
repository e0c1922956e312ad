"""Accounts that are pushed to."""

import logging
from collections.abc import Callable

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
)

from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Capability

from ..fake_provider import FakeProvider, async_set_up, fake_config_entry, pushed
from .account import OURS, WEBHOOK_ID


@pytest.fixture
def requests(fake: type[FakeProvider]) -> list[m.PushRequest]:
    """Let a phone system push; the list is what it was asked to read."""
    read: list[m.PushRequest] = []

    def parse(request: m.PushRequest) -> tuple[m.Pushed, ...]:
        read.append(request)
        return (pushed("c1", CallState.RINGING),)

    fake.script.capabilities |= Capability.WEBHOOK
    fake.script.parse = parse
    return read


@pytest.fixture
async def entry(hass: HomeAssistant, requests: list[m.PushRequest]) -> MockConfigEntry:
    """Give an account that was set up, with a webhook of which the id is known."""
    made = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, made)
    return made


@pytest.fixture
def our_log(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Give what the integration logged, at every level."""
    caplog.set_level(logging.DEBUG, OURS)
    return lambda: "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records if record.name.startswith(OURS)
    )
