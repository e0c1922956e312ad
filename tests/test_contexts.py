"""What a command leads to carries its context: Activity can say which automation, or who, did it."""

from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pbx.const import DOMAIN, EVENT_ACTIVITY, EVENT_PBX
from custom_components.pbx.contexts import RECENT, Contexts
from custom_components.pbx.registry.call_registry import extension_key
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Direction

from .fake_provider import FakeProvider, async_set_up, pushed

STATE = {"entity_id": "sensor.ann_101_call_state"}
OUT: dict[str, Any] = {"direction": Direction.OUTGOING, "caller": m.Party(number="101")}


@pytest.mark.parametrize(
    ("domain", "action", "data"),
    [
        (DOMAIN, "hangup", STATE),
        (DOMAIN, "hold", {"call_id": "c1"}),
        (DOMAIN, "originate", {**STATE, "number": "+390612345678"}),
        (DOMAIN, "originate", {"extension": "101", "number": "+390612345678"}),
        ("button", "press", {"entity_id": "button.ann_101_hang_up"}),
        ("switch", "turn_on", {"entity_id": "switch.ann_101_hold"}),
    ],
)
async def test_what_a_command_leads_to(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    domain: str,
    action: str,
    data: dict[str, Any],
) -> None:
    """The states of the phone, and what is told of it, follow from the command; those of another phone do not."""
    await async_set_up(hass, fake_entry)
    push = fake_entry.runtime_data.coordinator.async_push
    push(pushed("c1", CallState.TALKING))
    await hass.async_block_till_done()
    told = async_capture_events(hass, EVENT_PBX)
    kept = async_capture_events(hass, EVENT_ACTIVITY)
    context = Context()

    await hass.services.async_call(domain, action, data, blocking=True, context=context)
    push(pushed("c1", CallState.ENDED, final=True))
    push(pushed("c2", CallState.DIALING, callee=m.Party(number="+390699999999"), **OUT))
    push(pushed("c3", CallState.RINGING, "102"))
    await hass.async_block_till_done()

    def context_of(entity_id: str) -> Context:
        state = hass.states.get(entity_id)
        assert state is not None
        return state.context

    assert context_of("sensor.ann_101_call_state") is context
    assert context_of("event.ann_101_call") is context
    assert context_of("sensor.bob_102_call_state") is not context
    assert context_of("event.bob_102_call") is not context
    for events in (told, kept):
        by_phone = {event.data["type"]: event.context is context for event in events}
        assert by_phone == {"call_ended": True, "call_outgoing": True, "call_incoming": False}


def test_only_what_comes_right_after() -> None:
    """A command explains what happens in the next seconds; the last one counts that has a context."""
    now = 0.0
    contexts = Contexts(lambda: now)
    ann, bob = extension_key("101"), extension_key("102")
    first, second = Context(), Context()
    contexts.async_note([ann, bob], first)
    contexts.async_note([ann], None)
    contexts.async_note([bob], second)
    now = RECENT
    assert (contexts.async_find(ann), contexts.async_find(bob)) == (first, second)
    now = RECENT + 0.1
    assert (contexts.async_find(ann), contexts.async_find(bob)) == (None, None)
    now = 0.0
    assert contexts.async_find(ann) is None  # it was forgotten
