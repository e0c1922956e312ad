"""The conditions: what they look at, and what they make of it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import voluptuous as vol
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import condition
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.condition import CONDITIONS
from custom_components.pbx.const import DOMAIN
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import AgentStatus, CallState

from .fake_provider import FakeProvider, async_set_up, pushed

type Check = Callable[[], bool | None]
type Make = Callable[..., Awaitable[Check]]

AGENTS = (
    m.Agent(id="a1", name="Ann", status=AgentStatus.AVAILABLE),
    m.Agent(id="a2", name="Bob", status=AgentStatus.PAUSED),
    m.Agent(id="a3", name="Cid"),
)
QUEUES = (m.Queue(id="q1", name="Sales", waiting=2, agents_available=9), m.Queue(id="q2", name="Help", waiting=0))


@pytest.fixture
async def coordinator(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> PbxCoordinator:
    """Give an account with two phones, three agents and two queues."""
    extensions = fake.script.directory.extensions
    fake.script.directory = m.Directory(extensions=extensions, agents=AGENTS, queues=QUEUES)
    await async_set_up(hass, fake_entry)
    found: PbxCoordinator = fake_entry.runtime_data.coordinator
    return found


async def async_make(hass: HomeAssistant, key: str, target: dict[str, Any], **options: Any) -> Check:
    """Make a condition as an automation does."""
    config = cv.CONDITION_SCHEMA({"condition": f"pbx.{key}", "target": target, "options": options})
    config = await condition.async_validate_condition_config(hass, config)
    checker = await condition.async_from_config(hass, config)
    return checker.async_check


def devices(coordinator: PbxCoordinator, kind: SubjectKind, *identities: str) -> dict[str, Any]:
    """Target devices."""
    return {"device_id": [coordinator.devices.subjects[kind, identity].device.id for identity in identities]}


EXTENSION, AGENT, QUEUE, ACCOUNT = SubjectKind.EXTENSION, SubjectKind.AGENT, SubjectKind.QUEUE, SubjectKind.ACCOUNT


@pytest.mark.parametrize(
    ("states", "passing"),
    [
        ((), {"is_idle"}),
        ((CallState.RINGING,), {"is_ringing"}),
        ((CallState.RINGING, CallState.TALKING), {"is_on_call"}),
        ((CallState.RINGING, CallState.TALKING, CallState.ON_HOLD), {"is_on_call"}),
        ((CallState.DIALING,), set()),
    ],
)
async def test_states_of_an_extension(
    hass: HomeAssistant, coordinator: PbxCoordinator, states: tuple[CallState, ...], passing: set[str]
) -> None:
    """A phone is idle, ringing or on a call; while it dials it is none of that."""
    target = devices(coordinator, EXTENSION, "101")
    checks = {key: await async_make(hass, key, target) for key in ("is_idle", "is_ringing", "is_on_call")}
    for state in states:
        coordinator.async_push(pushed("c1", state))
    await hass.async_block_till_done()
    assert {key for key, check in checks.items() if check()} == passing


@pytest.mark.usefixtures("call_entities")
async def test_other_sensors_do_not_count(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """A device has more sensors than its call state, and what they show means nothing here."""
    target = devices(coordinator, EXTENSION, "101")
    everything = await async_make(hass, "is_ringing", target, behavior="all")
    somebody = await async_make(hass, "is_idle", target, behavior="any")
    coordinator.async_push(pushed("c1", CallState.RINGING, caller=m.Party(number="100", name="idle")))
    await hass.async_block_till_done()

    assert hass.states.get("sensor.ann_101_caller").state == "idle"  # type: ignore[union-attr]
    assert everything()
    assert not somebody()


async def test_foreign_sensors_do_not_count(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """A sensor of another integration is none of ours, whatever it is called."""
    entity = er.async_get(hass).async_get_or_create("sensor", "other", "1", translation_key="call_state")
    hass.states.async_set(entity.entity_id, "ringing")
    check = await async_make(hass, "is_ringing", {"entity_id": [entity.entity_id, "sensor.unregistered"]})
    hass.states.async_set("sensor.unregistered", "ringing")
    assert not check()


@pytest.mark.parametrize(("behavior", "passes"), [("any", [True, True]), ("all", [False, True])])
async def test_behavior(hass: HomeAssistant, coordinator: PbxCoordinator, behavior: str, passes: list[bool]) -> None:
    """One ringing phone of two is enough, or is not."""
    check = await async_make(hass, "is_ringing", devices(coordinator, EXTENSION, "101", "102"), behavior=behavior)
    found = []
    for phone in ("101", "102"):
        coordinator.async_push(pushed("c1", CallState.RINGING, phone))
        found.append(check())
    assert found == passes


async def test_account(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """The account's own device stands for its phones."""
    target = devices(coordinator, ACCOUNT, "")
    ringing, idle = (
        await async_make(hass, "is_ringing", target),
        await async_make(hass, "is_idle", target, behavior="all"),
    )
    assert (ringing(), idle()) == (False, True)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    assert (ringing(), idle()) == (True, False)


@pytest.mark.usefixtures("call_entities")
async def test_slot(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """A call slot that is enabled can be asked like a phone."""
    check = await async_make(hass, "is_ringing", {"entity_id": ["sensor.house_call_1"]})
    assert not check()
    coordinator.async_push(pushed("c1", CallState.RINGING))
    assert check()


@pytest.mark.usefixtures("call_entities")
@pytest.mark.parametrize(
    ("direction", "number", "groups", "passes"),
    [
        ("incoming", "+390612345678", ["VIP"], True),
        ("incoming", "+390612345678", ["blocked", "family"], True),
        ("incoming", "+390612345678", "blocked", False),
        ("incoming", "+390612345679", "vip", False),
        ("internal", "102", "vip", True),
        ("incoming", "102", "vip", False),  # a stranger who shows the number of one of ours
    ],
)
@pytest.mark.parametrize("slot", [False, True])
async def test_caller_in_group(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    direction: str,
    number: str,
    groups: str | list[str],
    passes: bool,  # noqa: FBT001
    slot: bool,  # noqa: FBT001
) -> None:
    """Whoever calls a phone, or is shown in a slot, is looked for in the phone book's groups."""
    book = async_get_phone_book(hass)
    await book.async_add({"name": "Zoe", "numbers": ["+390612345678", "102"], "groups": ["vip", "Family"]})
    target = {"entity_id": ["sensor.house_call_1"]} if slot else devices(coordinator, EXTENSION, "101")
    check = await async_make(hass, "caller_in_group", target, caller_groups=groups)
    assert not check()
    coordinator.async_push(
        pushed("c1", CallState.RINGING, caller=m.Party(number=number), direction=m.Direction(direction))
    )
    assert bool(check()) is passes
    coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    assert not check()


async def test_account_of_agents(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """What is no question about phones is not answered by the account's phones."""
    check = await async_make(hass, "agent_available", devices(coordinator, ACCOUNT, ""))
    assert not check()


async def test_for_a_while(hass: HomeAssistant, coordinator: PbxCoordinator, freezer: FrozenDateTimeFactory) -> None:
    """A call that is put on hold meanwhile is the same call."""
    config = {"for": {"minutes": 2}}
    coordinator.async_push(pushed("c1", CallState.TALKING))
    check = await async_make(hass, "is_on_call", devices(coordinator, EXTENSION, "101"), **config)
    freezer.tick(timedelta(seconds=90))
    coordinator.async_push(pushed("c1", CallState.ON_HOLD))
    await hass.async_block_till_done()
    assert not check()
    freezer.tick(timedelta(seconds=31))
    assert check()


@pytest.mark.parametrize(("agent", "passes"), [("a1", True), ("a2", False), ("a3", False)])
async def test_agent_available(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    agent: str,
    passes: bool,  # noqa: FBT001
) -> None:
    """Only an agent who may get a call is available; one of whom nothing is known is not."""
    check = await async_make(hass, "agent_available", devices(coordinator, AGENT, agent))
    assert bool(check()) is passes


@pytest.mark.parametrize(
    ("queues", "threshold", "passes"),
    [
        (("q1",), {"type": "above", "value": {"number": 1}}, True),
        (("q1",), {"type": "above", "value": {"number": 2}}, False),
        (("q2",), {"type": "above", "value": {"number": 0}}, False),
        (("q1", "q2"), {"type": "above", "value": {"number": 0}}, True),
        (("q1",), {"type": "below", "value": {"number": 3}}, True),
        (("q1",), {"type": "above", "value": {"number": 5}}, False),
    ],
)
async def test_calls_waiting(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    queues: tuple[str, ...],
    threshold: dict[str, Any],
    passes: bool,  # noqa: FBT001
) -> None:
    """The callers who wait are counted, and none of the queue's other figures."""
    check = await async_make(hass, "calls_waiting", devices(coordinator, QUEUE, *queues), threshold=threshold)
    assert bool(check()) is passes


async def test_calls_waiting_follows(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """A queue that fills passes."""
    threshold = {"type": "above", "value": {"number": 3}}
    check = await async_make(hass, "calls_waiting", devices(coordinator, QUEUE, "q1"), threshold=threshold)
    assert not check()
    queues = (replace(QUEUES[0], waiting=4), QUEUES[1])
    coordinator.async_take(coordinator.data.directory(m.Directory(queues=queues), dt_util.utcnow()))
    assert check()


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("calls_waiting", {}),
        ("is_idle", {"behavior": "most"}),
        ("is_mad", {}),
        ("caller_in_group", {"caller_groups": []}),
        ("caller_in_group", {"caller_groups": " "}),
        ("caller_in_group", {"caller_groups": [""]}),
    ],
)
async def test_refused(hass: HomeAssistant, key: str, options: dict[str, Any]) -> None:
    """What cannot be meant is refused when the automation is written."""
    with pytest.raises(vol.Invalid):
        await async_make(hass, key, {"entity_id": "sensor.x"}, **options)


async def test_descriptions(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """The editor is told of every condition, and offers targets of this integration alone."""
    descriptions = await condition.async_get_all_descriptions(hass)
    ours = {key.removeprefix("pbx."): value for key, value in descriptions.items() if key.startswith("pbx.")}
    assert set(ours) == set(CONDITIONS)
    for value in ours.values():
        assert value is not None
        assert {row["integration"] for row in value["target"]["entity"]} == {DOMAIN}
