"""What a phone, an agent or a queue can do: its bits, and what the editor offers by them."""

from pathlib import Path
from typing import Any

import pytest
from homeassistant.components.media_player.const import MediaPlayerEntityFeature
from homeassistant.components.websocket_api.automation import async_get_conditions_for_target as conditions_for
from homeassistant.components.websocket_api.automation import async_get_triggers_for_target as triggers_for
from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.condition import CONDITIONS
from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.features import OF_AGENTS, OF_PHONES, PbxFeature, features_of
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.services import ACTIONS
from custom_components.pbx.services.action import Action
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import Capability
from custom_components.pbx.trigger import TRIGGERS

from .fake_provider import FakeProvider, async_set_up

FOLDER = Path(__file__).parents[1] / "custom_components" / "pbx"
RECORDS = {"fax_received", "fax_sent", "call_record", "recording_ready"}
CALLS = {key for key in TRIGGERS if key.startswith("call_")} - RECORDS
AGENTS = {key for key in TRIGGERS if key.startswith("agent_")}
OTHERS = {"dtmf_received", "sms_received", "voicemail_received"} | RECORDS
OF_CALLS = {"is_idle", "is_ringing", "is_on_call", "caller_in_group"}


@pytest.fixture
async def house(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> MockConfigEntry:
    """Give an account with phones, an agent and a queue, which can hold calls and log agents out."""
    fake.script.directory = m.Directory(
        extensions=fake.script.directory.extensions,
        agents=(m.Agent(id="a1", name="Ann", logged_in=False),),
        queues=(m.Queue(id="q1", name="Sales", waiting=0),),
    )
    fake.script.capabilities &= ~(Capability.MUTE | Capability.SPY)
    await async_set_up(hass, fake_entry)
    return fake_entry


def target(entry: MockConfigEntry, kind: SubjectKind, identity: str) -> dict[str, Any]:
    """Target a device, as the editor does."""
    return {"device_id": [entry.runtime_data.coordinator.devices.subjects[kind, identity].device.id]}


@pytest.mark.parametrize(
    ("kind", "identity", "triggers", "conditions"),
    [
        (SubjectKind.EXTENSION, "101", CALLS | OTHERS, OF_CALLS),
        (SubjectKind.AGENT, "a1", AGENTS, {"agent_available"}),
        (SubjectKind.QUEUE, "q1", (CALLS - {"call_outgoing"}) | AGENTS, {"calls_waiting"}),
        (SubjectKind.ACCOUNT, "", set(TRIGGERS), OF_CALLS),
    ],
)
async def test_offered_by_target(
    hass: HomeAssistant,
    all_enabled: None,
    house: MockConfigEntry,
    kind: SubjectKind,
    identity: str,
    triggers: set[str],
    conditions: set[str],
) -> None:
    """The tab By target offers on a device what can happen to it, and nothing else of ours."""
    chosen = target(house, kind, identity)
    assert {key for key in await triggers_for(hass, chosen, expand_group=True) if key.startswith("pbx.")} == {
        f"pbx.{key}" for key in triggers
    }
    assert {key for key in await conditions_for(hass, chosen, expand_group=True) if key.startswith("pbx.")} == {
        f"pbx.{key}" for key in conditions
    }


def test_every_condition_and_trigger_is_offered_somewhere() -> None:
    """Nothing of the editor is missing above."""
    assert set(TRIGGERS) == CALLS | AGENTS | OTHERS
    assert set(CONDITIONS) == OF_CALLS | {"agent_available", "calls_waiting"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_bits(provider: str) -> None:
    """A provider's phones have the bits of what it can do, and each bit can be named in YAML."""
    names = {int(feature) for feature in MediaPlayerEntityFeature}
    assert {int(feature) for feature in PbxFeature} <= names
    kind = PROVIDERS[provider]

    class Whole(FakeProvider):
        """A provider of this kind with all that it can have."""

        fields = kind.fields

    whole = Whole.__new__(Whole)
    whole.capabilities = kind.possible
    found = features_of(whole, SubjectKind.EXTENSION)
    assert PbxFeature.PHONE in found
    assert (PbxFeature.HOLD in found) is (Capability.HOLD in kind.possible)
    assert PbxFeature.LOG_IN not in found
    assert (PbxFeature.LOG_IN in features_of(whole, SubjectKind.AGENT)) is (Capability.AGENT_LOGIN in kind.possible)
    assert features_of(whole, SubjectKind.QUEUE) == PbxFeature.QUEUE


@pytest.mark.parametrize("name", ["triggers", "conditions", "services"])
def test_names_in_yaml(name: str) -> None:
    """What the descriptions call a bit is a bit of ours."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert load_yaml_dict(str(FOLDER / f"{name}.yaml"))
    used = {line.split(".")[-1].strip(" ]") for line in text.splitlines() if "MediaPlayerEntityFeature." in line}
    assert {int(MediaPlayerEntityFeature[each]) for each in used} <= {int(feature) for feature in PbxFeature}


# What an action needs of an account, and the bit of its target's primary entity that says so.
ALSO = {
    "call_back": PbxFeature.CLICK_TO_CALL,
    "notify_about_call": PbxFeature.PHONE,
    "agent_logout": PbxFeature.LOG_IN,
    "agent_unpause": PbxFeature.PAUSE,
    "queue_remove": PbxFeature.MEMBER,
    # There are no bits left; the phone system that mutes is the one that does these.
    "park": PbxFeature.MUTE,
    "retrieve": PbxFeature.MUTE,
    "start_recording": PbxFeature.MUTE,
    "stop_recording": PbxFeature.MUTE,
}
BITS = {**OF_PHONES, **OF_AGENTS}


@pytest.mark.parametrize(
    "action", [action for action in ACTIONS if "device_id" in map(str, action.fields)], ids=lambda action: action.name
)
def test_an_action_is_offered_on_what_can_do_it(action: Action) -> None:
    """The target of an action is filtered by the bit of what the action needs."""
    described = load_yaml_dict(str(FOLDER / "services.yaml"))[action.name]["target"]["entity"]
    names = [each.rpartition(".")[2] for each in described.pop("supported_features")]
    assert described == {"integration": "pbx", "domain": "sensor"}
    wanted = ALSO.get(action.name) or BITS[action.needs]
    assert [int(MediaPlayerEntityFeature[name]) for name in names] == [int(wanted)]
