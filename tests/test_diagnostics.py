"""The diagnostics: enough to help with, and nothing that belongs to a person."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx import issues
from custom_components.pbx.const import DOMAIN
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Capability, Direction

from .fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, incoming, pushed

type Json = dict[str, Any]

TITLES: Json = json.loads(
    (Path(__file__).parents[1] / "custom_components/pbx/translations/en.json").read_text("utf-8")
)["issues"]

CANARIES = {
    "caller": "+390655500001",
    "callee": "+390655500002",
    "name": "Canary Callerson",
    "extension": "70177",
    "person": "Canary Extensionsdottir",
    "email": "canary@example.com",
    "agent": "70288",
    "agent_name": "Canary Agentić",
    "queue": "canary-queue",
    "host": "canary-host.example.com",
    "api_key": "canary-api-key",
    "password": "canary-password",
    "pin": "70399",
    "webhook_id": "canary-webhook-id",
    "cloudhook_url": "https://hooks.example.com/canary",
    "title": "Canary House",
    "account": "canary-account",
    "assist": "+390655500003",
    "record": "https://media.example.com/canary.mp3",
    "event": "canary_event_70411",
    "call": "canary-call-id",
}


@pytest.fixture
async def entry(hass: HomeAssistant, fake: type[FakeProvider]) -> MockConfigEntry:
    """Give an account in which everything that could be told apart has a canary in it."""
    assert await async_setup_component(hass, "diagnostics", {})
    script = fake.script
    script.capabilities |= Capability.WEBHOOK | Capability.SUBSCRIPTIONS | Capability.USER_AGENTS
    script.account = m.Account(id=CANARIES["account"], title=CANARIES["title"], model="Fake 1", version="2.0")
    script.directory = m.Directory(
        extensions=(
            m.Extension(
                number=CANARIES["extension"],
                name=CANARIES["person"],
                email=CANARIES["email"],
                contact=CANARIES["host"],
                user_agent=CANARIES["name"],
            ),
        ),
        agents=(
            m.Agent(
                id=CANARIES["agent"],
                name=CANARIES["agent_name"],
                number=CANARIES["agent"],
                status=m.AgentStatus.AVAILABLE,
                status_text=CANARIES["name"],
                raw={"pin": CANARIES["pin"]},
            ),
            m.Agent(id="a2"),
        ),
        queues=(m.Queue(id=CANARIES["queue"], name=CANARIES["queue"], raw={"caller": CANARIES["caller"]}),),
        missing_permissions=frozenset({"SIP status"}),
    )
    call = incoming(CANARIES["call"], CANARIES["extension"], number=CANARIES["caller"], state=CallState.TALKING)
    script.calls = (
        m.Call(
            id=call.id,
            state=call.state,
            direction=Direction.INCOMING,
            caller=m.Party(number=CANARIES["caller"], name=CANARIES["name"]),
            callee=m.Party(number=CANARIES["callee"]),
            legs=(*call.legs, m.Leg(id="outside", state=CallState.TALKING, context=CANARIES["host"])),
            started_at=NOON,
            answered_at=NOON,
            queue=CANARIES["queue"],
        ),
    )
    await hass.config.async_update(external_url=f"https://{CANARIES['host']}")
    url = f"https://{CANARIES['host']}/api/webhook/{CANARIES['webhook_id']}"
    script.answers["subscribe"] = (
        m.Subscription(id=CANARIES["account"], event="CALL_INCOMING", url=url, failed_count=3),
    )
    made = fake_config_entry(
        CANARIES["account"],
        title=CANARIES["title"],
        entry_id="entry",
        data={key: CANARIES[key] for key in ("host", "api_key", "password", "webhook_id", "cloudhook_url")},
        options={"assist_numbers": [CANARIES["assist"]], "call_slots": 2},
        subentries_data=[
            {
                "subentry_id": "s1",
                "subentry_type": "speed_dial",
                "title": CANARIES["name"],
                "unique_id": None,
                "data": {"name": CANARIES["name"], "number": CANARIES["caller"], "extension": CANARIES["extension"]},
            },
            {
                "subentry_id": "s2",
                "subentry_type": "agent",
                "title": CANARIES["agent_name"],
                "unique_id": None,
                "data": {"name": "x", "number": CANARIES["agent"], "pin": CANARIES["pin"]},
            },
        ],
    )
    await async_set_up(hass, made)
    await hass.async_block_till_done(wait_background_tasks=True)
    made.runtime_data.coordinator.async_push(m.UnknownPush(provider_event=CANARIES["event"]))
    made.runtime_data.coordinator.async_push(
        pushed("c2", CallState.RINGING, CANARIES["extension"], caller=m.Party(name=CANARIES["name"]))
    )
    return made


def _found(answer: object) -> set[str]:
    text = json.dumps(answer, ensure_ascii=False)
    return {name for name, canary in CANARIES.items() if canary in text}


async def test_entry(hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry) -> None:
    """An account is described by capabilities, health and counts, without a canary."""
    answer: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert _found(answer) == set()
    assert answer["provider"] == "fake"
    assert (answer["model"], answer["version"]) == ("Fake 1", "2.0")
    assert "originate" in answer["capabilities"]
    assert "api_key" in answer["settings"]
    assert answer["options"] == ["assist_numbers", "call_slots"]
    assert answer["subentries"] == {"speed_dial": 1, "agent": 1}
    assert answer["poll"] == {"succeeded": True, "calls_known": True, "interval": 5.0}
    push = answer["push"]
    assert push["wanted"] is push["managed"] is push["working"] is push["has_url"] is True
    assert push["subscriptions"] == [{"event": "CALL_INCOMING", "enabled": True, "failed_count": 3}]
    assert answer["stream"] == {"working": False, "reconnects": 0}
    assert answer["registry"]["calls"] == 2
    assert answer["unknown_pushes"] == 1
    assert answer["missing_permissions"] == ["SIP status"]
    assert (answer["extensions"], answer["queues"]) == (1, 1)
    assert answer["agents"] == {"available": 1, "unknown": 1}
    assert answer["calls"][0] == {
        "state": "talking",
        "direction": "incoming",
        "started_at": "2026-10-05T12:00:00+00:00",
        "answered_at": "2026-10-05T12:00:00+00:00",
        "legs": [{"inside": True, "state": "talking"}, {"inside": False, "state": "talking"}],
    }


@pytest.mark.parametrize("kind", sorted(TITLES))
async def test_issues(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry, kind: str
) -> None:
    """Home Assistant adds the issues of all accounts to the file: no words of theirs come along."""
    issues.async_create(hass, entry, kind, provider=CANARIES["name"], reason=CANARIES["caller"])
    client = await hass_client()
    response = await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}")
    answer = await response.json()
    assert f"{kind}_{entry.entry_id}" in {issue["issue_id"] for issue in answer["issues"]}
    assert _found(answer) == set()


async def test_counters(hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry) -> None:
    """The health of pushes is counted."""
    before: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert before["push"]["last_push"] is None
    client = await hass_client()
    await client.post(f"/api/webhook/{CANARIES['webhook_id']}", data=b"x" * 300_000)
    await client.post(f"/api/webhook/{CANARIES['webhook_id']}", data=b"{}")
    await hass.async_block_till_done()
    after: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert (after["push"]["received"], after["push"]["bad"], after["push"]["foreign"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("device", "kind", "calls"),
    [("account", "account", 2), ("extension", "extension", 2), ("agent", "agent", 0), ("queue", "queue", 0)],
)
async def test_device(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    device: str,
    kind: str,
    calls: int,
) -> None:
    """A device is described by the calls it takes part in, without a canary."""
    subjects = entry.runtime_data.devices.subjects.values()
    subject = next(subject for subject in subjects if subject.kind == device)
    answer: Any = await get_diagnostics_for_device(hass, hass_client, entry, subject.device)
    assert _found(answer) == set()
    assert answer["known"] is True
    assert answer["kind"] == kind
    assert len(answer["calls"]) == calls
    assert "originate" in answer["capabilities"]


async def test_device_of_nothing(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> None:
    """A device that nothing stands behind any more is known as such."""
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "gone")}, name=CANARIES["person"]
    )
    answer: Any = await get_diagnostics_for_device(hass, hass_client, entry, device)
    assert answer == {"known": False}


async def async_until(true: Callable[[], bool]) -> None:
    """Wait for something that happens over the network."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - the integration has no event for each of them
            await asyncio.sleep(0.01)


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Any:
    """Give the phone system that the test's parameter names."""
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize(
    ("simulator", "secret", "extension"),
    [
        ("voipat", "api_key", "101"),
        ("voipstudio", "api_key", "1001"),
        ("voipsun", "password", "101"),
        ("voxloud", "api_key", "101"),
    ],
    indirect=["simulator"],
)
async def test_every_provider(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: Any, secret: str, extension: str
) -> None:
    """No real phone system puts a number, a name or a secret into what is described."""
    assert await async_setup_component(hass, "diagnostics", {})
    assert await async_setup_component(hass, DOMAIN, {})
    url = str((await hass_client()).make_url("")).rstrip("/")
    await hass.config.async_update(external_url=url)
    data = {
        "provider": simulator.provider,
        "webhook_id": CANARIES["webhook_id"],
        "url": simulator.url,
        "host": "127.0.0.1",
        "port": simulator.port,
        "ssl": False,
        "username": "voipsun",
        secret: getattr(simulator, secret),
    }
    entry = MockConfigEntry(domain=DOMAIN, title=CANARIES["title"], data=data)
    await async_set_up(hass, entry)
    coordinator, health = entry.runtime_data.coordinator, entry.runtime_data.health
    await async_until(lambda: health.working or not health.managed)
    await simulator.ring(CANARIES["caller"], extension, name=CANARIES["name"])
    await coordinator.async_refresh()
    await async_until(lambda: bool(coordinator.data.calls))
    (call,) = coordinator.data.calls.values()
    names = {known.name for known in coordinator.data.extensions.values() if known.name}
    answer: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    text = json.dumps(answer, ensure_ascii=False)
    assert len(answer["calls"]) == 1
    assert _found(answer) == set()
    for canary in (call.caller.number, call.callee.number, call.id, getattr(simulator, secret), url, *names):
        assert not canary or canary not in text
