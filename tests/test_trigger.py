"""The triggers: what fires them, what their filters let through, and what they tell."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import voluptuous as vol
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import label_registry as lr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.trigger import async_initialize_triggers, async_validate_trigger_config
from homeassistant.helpers.trigger.descriptions import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.pbx.callers import LOOKUP_PATIENCE
from custom_components.pbx.const import CONF_PROVIDER, DOMAIN, EVENT_PBX
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.event_dispatcher import SIGNAL_EVENT
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.places import async_get_places
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.events import Event
from custom_components.pbx.telephony.models import CallState, Direction, EventType, Outcome
from custom_components.pbx.telephony.places import Place
from custom_components.pbx.trigger import TRIGGERS

from .fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, incoming, pushed
from .simulators.voipsun import VoipsunSimulator

type Fired = list[dict[str, Any]]
type Listen = Callable[..., Awaitable[Fired]]

AGENTS = (m.Agent(id="a1", name="Ann", number="901", logged_in=False, queues={"q1": False}),)
QUEUES = (m.Queue(id="q1", name="Sales", number="600"), m.Queue(id="q2", name="Help", number="601"))


@pytest.fixture
async def coordinator(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> PbxCoordinator:
    """Give an account with two phones, an agent and two queues."""
    extensions = fake.script.directory.extensions
    fake.script.directory = m.Directory(extensions=extensions, agents=AGENTS, queues=QUEUES)
    await async_set_up(hass, fake_entry)
    found: PbxCoordinator = fake_entry.runtime_data.coordinator
    return found


@pytest.fixture
async def listen(hass: HomeAssistant) -> AsyncGenerator[Listen]:
    """Attach triggers, and detach them at the end; the list is what they fired."""
    detach: list[CALLBACK_TYPE] = []

    async def async_listen(key: str, *, target: dict[str, Any] | None = None, **options: Any) -> Fired:
        fired: Fired = []

        async def async_action(variables: dict[str, Any], context: Context | None = None) -> None:
            fired.append(variables["trigger"])

        made = {"trigger": f"pbx.{key}", "options": options, **({"target": target} if target else {})}
        config = cv.TRIGGER_SCHEMA([made])
        config = await async_validate_trigger_config(hass, config)
        removed = await async_initialize_triggers(hass, config, async_action, DOMAIN, "test", lambda *_: None)
        assert removed is not None
        detach.append(removed)
        return fired

    yield async_listen
    for remove in detach:
        remove()


def device_id(coordinator: PbxCoordinator, kind: SubjectKind, identity: str) -> str:
    """Give the id of a device."""
    return coordinator.devices.subjects[kind, identity].device.id


async def async_ring(hass: HomeAssistant, coordinator: PbxCoordinator, *extensions: str, **more: Any) -> None:
    """Let phones ring together."""
    for extension in extensions or ("101",):
        coordinator.async_push(pushed("c1", CallState.RINGING, extension, **more))
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_tells_what_the_bus_tells(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """A trigger carries the fields of the event of the bus, and a sentence."""
    fired = await listen("call_incoming")
    events = async_capture_events(hass, EVENT_PBX)
    await async_ring(hass, coordinator, "101", "102", caller=m.Party(number="+390612345678", name="Zoe"))

    assert [trigger["from_number"] for trigger in fired] == ["+390612345678"]
    assert events[0].data.items() <= fired[0].items()
    assert fired[0]["platform"] == "pbx.call_incoming"
    assert fired[0]["description"] == "call from Zoe (+390612345678) to 101 came in"


async def test_life_of_a_call(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """An answered call comes in, is answered and ends; it is not missed."""
    fired = {key: await listen(key) for key in TRIGGERS}
    await async_ring(hass, coordinator, "101", "102")
    coordinator.async_push(pushed("c1", CallState.TALKING, "102"))
    coordinator.async_push(pushed("c1", CallState.ENDED, "102", final=True))
    await hass.async_block_till_done()

    assert {key: len(found) for key, found in fired.items() if found} == {
        "call_incoming": 1,
        "call_answered": 1,
        "call_ended": 1,
    }
    assert fired["call_answered"][0]["answered_by"] == "102"
    assert fired["call_ended"][0]["description"] == "call from +390612345678 to 102 ended"


async def test_missed(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """A ring group that nobody answers misses one call, and each phone of it one of its own."""
    fired = [await listen("call_missed"), await listen("call_missed", extension="102"), await listen("call_ended")]
    await async_ring(hass, coordinator, "101", "102")
    coordinator.async_push(pushed("c1", CallState.ENDED, "101", final=True))
    await hass.async_block_till_done()

    assert [len(found) for found in fired] == [1, 1, 0]
    assert fired[1][0]["extension"] == "102"


@pytest.mark.parametrize("named", ["number", "device"])
async def test_extension(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, named: str) -> None:
    """A phone hears its own calls alone, also as one of a group whose call the bus tells for another."""
    bob = device_id(coordinator, SubjectKind.EXTENSION, "102")
    fired = await listen("call_incoming", extension={"number": "102", "device": bob}[named])
    await async_ring(hass, coordinator, "101")
    assert fired == []
    await async_ring(hass, coordinator, "102")

    assert [(found["extension"], found["extension_name"], found["device_id"]) for found in fired] == [
        ("102", "Bob", bob)
    ]


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({}, 1),
        ({"config_entry_id": "entry_house"}, 1),
        ({"config_entry_id": "another"}, 0),
        ({"direction": "incoming"}, 1),
        ({"direction": "internal"}, 0),
        ({"caller": "tel:+39 06 1234-5678"}, 1),
        ({"caller": ["100", "0612345678"]}, 1),
        ({"caller": "+390612345679"}, 0),
        ({"caller": "678"}, 0),
        ({"caller": "+3906*"}, 1),
        ({"caller": ["100", "0039 06*"]}, 1),
        ({"caller": "+3902*"}, 0),
        ({"caller": "+490612345678"}, 0),
        ({"queue": "q1"}, 1),
        ({"queue": "Sales"}, 1),
        ({"queue": "sales"}, 1),
        ({"queue": ["help", " SALES"]}, 1),
        ({"queue": "600"}, 1),
        ({"queue": "q2"}, 0),
        ({"extension": "101"}, 1),
        ({"extension": "102"}, 0),
        ({"direction": "incoming", "queue": "q2"}, 0),
    ],
)
async def test_filters(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, options: dict[str, Any], times: int
) -> None:
    """Every filter has to fit."""
    fired = await listen("call_incoming", **options)
    await async_ring(hass, coordinator, queue="600")
    assert len(fired) == times


@pytest.mark.parametrize(("queue", "times"), [("q1", 1), ("q2", 0)])
async def test_queue_by_device(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, queue: str, times: int
) -> None:
    """A queue is picked by its device, whatever the call calls it."""
    fired = await listen("call_incoming", queue=device_id(coordinator, SubjectKind.QUEUE, queue))
    await async_ring(hass, coordinator, queue="Sales")
    assert len(fired) == times


async def test_queue_without_a_queue(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """A call of no queue is no call of a queue."""
    fired = await listen("call_incoming", queue="q1")
    await async_ring(hass, coordinator)
    assert fired == []


async def test_two_accounts(
    hass: HomeAssistant, fake: type[FakeProvider], coordinator: PbxCoordinator, listen: Listen
) -> None:
    """Without an account every one is heard."""
    fake.script.account = m.Account(id="office", title="Office")
    other = fake_config_entry("office")
    await async_set_up(hass, other)
    every = await listen("call_incoming")
    office = await listen("call_incoming", config_entry_id=other.entry_id)
    device = other.runtime_data.devices.account.device
    by_device = await listen("call_incoming", config_entry_id=device.id)
    await async_ring(hass, coordinator)
    await async_ring(hass, other.runtime_data.coordinator)

    assert [found["config_entry_id"] for found in every] == [coordinator.config_entry.entry_id, other.entry_id]
    assert [found["config_entry_id"] for found in office] == [other.entry_id]
    assert [found["config_entry_id"] for found in by_device] == [other.entry_id]


async def test_two_accounts_that_number_their_calls_alike(
    hass: HomeAssistant, fake: type[FakeProvider], coordinator: PbxCoordinator, listen: Listen
) -> None:
    """Phones of two accounts in one target: a call of one is none of the other's, whatever both call it."""
    fake.script.account = m.Account(id="office", title="Office")
    other = fake_config_entry("office")
    await async_set_up(hass, other)
    accounts = (coordinator, other.runtime_data.coordinator)
    target = {"device_id": [device_id(one, SubjectKind.EXTENSION, "101") for one in accounts]}
    came, missed = await listen("call_incoming", target=target), await listen("call_missed", target=target)
    for one in accounts:
        await async_ring(hass, one)
    for one in accounts:
        one.async_push(pushed("c1", CallState.ENDED, "101", final=True))
    await hass.async_block_till_done()
    entries = [one.config_entry.entry_id for one in accounts]
    assert [[found["config_entry_id"] for found in fired] for fired in (came, missed)] == [entries, entries]


CALLER = m.Party(number="+390612345678")
NAMED = m.Party(number="+390612345678", name="Zoe")
SHY = m.Party(hidden=True)
CONTACT = m.ContactPage(contacts=(m.Contact(id="1", first_name="Zoe"),))
STRANGER = m.ContactPage()


@pytest.mark.parametrize(
    ("kind", "caller", "found", "times"),
    [
        ("any", SHY, STRANGER, 1),
        ("hidden", SHY, STRANGER, 1),
        ("hidden", CALLER, STRANGER, 0),
        ("known", CALLER, CONTACT, 1),
        ("known", CALLER, STRANGER, 0),
        ("known", NAMED, STRANGER, 1),
        ("known", SHY, CONTACT, 0),
        ("unknown", CALLER, STRANGER, 1),
        ("unknown", CALLER, CONTACT, 0),
        ("unknown", NAMED, STRANGER, 0),
        ("unknown", SHY, STRANGER, 0),
    ],
)
async def test_caller_kind(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    listen: Listen,
    kind: str,
    caller: m.Party,
    found: m.ContactPage,
    times: int,
) -> None:
    """The contacts decide who is known, and a name does where they were not asked."""
    coordinator.provider.script.answers["search_contacts"] = found  # type: ignore[attr-defined]
    fired = await listen("call_incoming", caller_kind=kind)
    await async_ring(hass, coordinator, caller=caller)
    assert len(fired) == times


async def test_both_sides(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """A call between two phones is told to each as its own."""
    fired = [await listen("call_answered", extension=number) for number in ("101", "102")]
    sides = {"direction": Direction.INTERNAL, "caller": m.Party(number="101"), "callee": m.Party(number="102")}
    for phone, state in (("101", CallState.DIALING), ("102", CallState.RINGING)):
        coordinator.async_push(pushed("c1", state, phone, **sides))
    for phone in ("101", "102"):
        coordinator.async_push(pushed("c1", CallState.TALKING, phone, **sides))
    await hass.async_block_till_done()
    expected = [device_id(coordinator, SubjectKind.EXTENSION, phone) for phone in ("101", "102")]
    assert [[found["extension"] for found in each] for each in fired] == [["101"], ["102"]]
    assert [each[0]["device_id"] for each in fired] == expected


async def test_colleagues_are_not_looked_up(
    hass: HomeAssistant, fake: type[FakeProvider], coordinator: PbxCoordinator, listen: Listen
) -> None:
    """A call from within is judged at once, by the name it shows."""
    known = await listen("call_incoming", caller_kind="known", direction="internal")
    unknown = await listen("call_incoming", caller_kind="unknown")
    await async_ring(hass, coordinator, caller=m.Party(number="102", name="Bob"), direction=Direction.INTERNAL)
    assert (len(known), len(unknown)) == (1, 0)
    coordinator.async_push(pushed("c2", CallState.RINGING, caller=m.Party(number="103"), direction=Direction.INTERNAL))
    await hass.async_block_till_done()
    assert (len(known), len(unknown)) == (1, 1)
    assert fake.script.times("search_contacts") == 0


async def test_known_caller_has_a_name(
    hass: HomeAssistant, fake: type[FakeProvider], coordinator: PbxCoordinator, listen: Listen
) -> None:
    """A trigger that waited for the contacts tells what they said; one that did not wait fires at once."""
    fake.script.answers["search_contacts"] = CONTACT
    known, every = await listen("call_incoming", caller_kind="known"), await listen("call_incoming")
    await async_ring(hass, coordinator)

    assert [(found["from_name"], found["contact_known"]) for found in known] == [("Zoe", True)]
    assert "from_name" not in every[0]
    assert known[0]["description"] == "call from Zoe (+390612345678) to 101 came in"


@pytest.mark.parametrize("known", ["known", "unknown"])
@pytest.mark.parametrize("kind", ["known", "unknown"])
@pytest.mark.parametrize("place", ["rom", "Milan"])
async def test_place_and_kind_of_caller(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    listen: Listen,
    monkeypatch: pytest.MonkeyPatch,
    known: str,
    kind: str,
    place: str,
) -> None:
    """A trigger about both waits for the contacts and for the tables of places."""

    async def async_find(_number: str) -> Place:
        return Place(country="IT", town="Rome")

    monkeypatch.setattr(async_get_places(hass), "async_find", async_find)
    found = {"known": CONTACT, "unknown": STRANGER}[known]
    coordinator.provider.script.answers["search_contacts"] = found  # type: ignore[attr-defined]
    fired = await listen("call_incoming", caller_kind=kind, caller_place=place)
    await async_ring(hass, coordinator)
    assert len(fired) == (place == "rom" and kind == known)


@pytest.mark.parametrize(("kind", "times"), [("known", 0), ("unknown", 1)])
async def test_contacts_do_not_answer(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    coordinator: PbxCoordinator,
    listen: Listen,
    freezer: FrozenDateTimeFactory,
    kind: str,
    times: int,
) -> None:
    """A caller whom the contacts do not tell in time is unknown, and is told once."""
    fake.script.errors["search_contacts"] = ConnectError("away")
    fake.script.calls = None  # no poll ends the call
    fired = await listen("call_incoming", caller_kind=kind)
    await async_ring(hass, coordinator)
    assert fired == []
    for _ in range(2):
        freezer.tick(timedelta(seconds=LOOKUP_PATIENCE + 1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
    assert len(fired) == times
    coordinator.async_take(coordinator.data.name_caller("c1", m.Party(name="Zoe", known=True)))
    await hass.async_block_till_done()
    assert len(fired) == times


async def test_detached_while_waiting(
    hass: HomeAssistant, fake: type[FakeProvider], coordinator: PbxCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    """A trigger that is gone does not fire for a caller it waited for."""
    fake.script.errors["search_contacts"] = ConnectError("away")
    fired: list[object] = []

    async def async_action(variables: dict[str, Any], context: Context | None = None) -> None:
        fired.append(variables)

    config = cv.TRIGGER_SCHEMA([{"trigger": "pbx.call_incoming", "options": {"caller_kind": "unknown"}}])
    config = await async_validate_trigger_config(hass, config)
    remove = await async_initialize_triggers(hass, config, async_action, DOMAIN, "test", lambda *_: None)
    await async_ring(hass, coordinator)
    assert remove is not None
    remove()
    freezer.tick(timedelta(seconds=LOOKUP_PATIENCE + 1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert fired == []


@pytest.mark.parametrize(("minimum", "times"), [({"seconds": 60}, 1), ("00:01:01", 0), (0, 1)])
async def test_minimum_duration(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    listen: Listen,
    freezer: FrozenDateTimeFactory,
    minimum: object,
    times: int,
) -> None:
    """Only the time somebody talked counts."""
    fired = await listen("call_ended", minimum_duration=minimum)
    await async_ring(hass, coordinator)
    freezer.tick(30)
    coordinator.async_push(pushed("c1", CallState.TALKING, "101"))
    freezer.tick(60)
    coordinator.async_push(pushed("c1", CallState.ENDED, "101", final=True))
    await hass.async_block_till_done()
    assert len(fired) == times


async def test_answered_elsewhere(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, freezer: FrozenDateTimeFactory
) -> None:
    """A phone whose call somebody else answers hears of its end."""
    other, talked = await listen("call_ended", extension="101"), await listen("call_ended", extension="102")
    await async_ring(hass, coordinator, "101", "102")
    coordinator.async_push(pushed("c1", CallState.TALKING, "102"))
    freezer.tick(60)
    coordinator.async_push(pushed("c1", CallState.ENDED, "102", final=True))
    await hass.async_block_till_done()
    assert [(found["outcome"], found["extension"]) for found in other] == [("answered_elsewhere", "101")]
    assert [(found["outcome"], found["extension"]) for found in talked] == [("answered", "102")]


@pytest.mark.parametrize(("outcome", "times"), [(None, 1), (Outcome.ANSWERED_ELSEWHERE, 0)])
async def test_answered_elsewhere_is_no_long_call(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, outcome: Outcome | None, times: int
) -> None:
    """However long somebody else talked, this phone did not."""
    fired = await listen("call_ended", extension="101", minimum_duration=10)
    call = replace(incoming(), state=CallState.ENDED, answered_at=NOON, ended_at=NOON + timedelta(minutes=1))
    told = Event(
        type=EventType.CALL_ENDED,
        provider_event="test",
        time=NOON,
        call=call,
        extension="101",
        outcome=outcome,
        tell=("101",),
        public=False,
    )
    async_dispatcher_send(hass, SIGNAL_EVENT, coordinator.config_entry, told)
    await hass.async_block_till_done()
    assert len(fired) == times


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({}, 1),
        ({"agent": "a1"}, 1),
        ({"agent": "Ann"}, 1),
        ({"agent": "ann"}, 1),
        ({"agent": "901"}, 1),
        ({"agent": "902"}, 0),
        ({"extension": "101"}, 1),
        ({"extension": "102"}, 0),
        ({"queue": "q1"}, 0),
    ],
)
async def test_agents(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, options: dict[str, Any], times: int
) -> None:
    """An agent who logs in fires the trigger for that, and no other."""
    came, went = await listen("agent_logged_in", **options), await listen("agent_logged_out", **options)
    notice = m.Notice(provider_event="login", type=EventType.AGENT_LOGGED_IN, agent="a1", extension="101")
    coordinator.async_push(notice)
    await hass.async_block_till_done()

    assert (len(came), len(went)) == (times, 0)
    assert {found["description"] for found in came} <= {"agent Ann logged in"}


async def test_agent_of_a_queue(
    hass: HomeAssistant, fake: type[FakeProvider], coordinator: PbxCoordinator, listen: Listen
) -> None:
    """Where agents log in per queue, the queue is told, and can be chosen by its device."""
    sales = await listen("agent_logged_in", queue=device_id(coordinator, SubjectKind.QUEUE, "q1"))
    others = await listen("agent_logged_in", queue="q2", agent=device_id(coordinator, SubjectKind.AGENT, "a1"))
    agent = m.Agent(id="a1", name="Ann", number="901", logged_in=True, queues={"q1": True})
    coordinator.async_take(coordinator.data.directory(m.Directory(agents=(agent,)), dt_util.utcnow()))
    await hass.async_block_till_done()

    assert [(found["agent"], found["queue"]) for found in sales] == [("a1", "q1")]
    assert others == []


NOTICE = m.Notice(
    provider_event="told",
    type=EventType.SMS_RECEIVED,
    extension="101",
    fields={"from_number": "+447700900001", "to_number": "+447700900002", "text": "Hello"},
)
MESSAGE = m.RecordPush(
    provider_event="record",
    record=m.CallRecord(
        id="r1",
        direction=Direction.INCOMING,
        extension="101",
        caller=m.Party(number="+447700900001", name="Zoe"),
        outcome=Outcome.VOICEMAIL,
        voicemail=True,
    ),
)


RECORDED = replace(MESSAGE, record=replace(MESSAGE.record, recording_id="rec1", outcome=Outcome.ANSWERED))
FAX = replace(NOTICE, type=EventType.FAX_RECEIVED)
SENT = replace(NOTICE, type=EventType.FAX_SENT)


@pytest.mark.parametrize(
    ("key", "told", "options", "times"),
    [
        ("sms_received", NOTICE, {}, 1),
        ("sms_received", NOTICE, {"caller": ["100", "tel:07700 900001"]}, 1),
        ("sms_received", NOTICE, {"caller": "+447700900002"}, 0),
        ("sms_received", NOTICE, {"extension": "101"}, 1),
        ("sms_received", NOTICE, {"extension": "102"}, 0),
        ("voicemail_received", NOTICE, {}, 0),
        ("voicemail_received", MESSAGE, {}, 1),
        ("voicemail_received", MESSAGE, {"caller": "+447700900001", "extension": "101"}, 1),
        ("voicemail_received", MESSAGE, {"caller": "+447700900002"}, 0),
        ("sms_received", MESSAGE, {}, 0),
        ("call_record", MESSAGE, {}, 1),
        ("call_record", MESSAGE, {"caller": "+447700900001"}, 1),
        ("call_record", MESSAGE, {"caller": "+447700900002"}, 0),
        ("recording_ready", MESSAGE, {}, 0),
        ("recording_ready", RECORDED, {"caller": "+447700900001"}, 1),
        ("fax_received", FAX, {}, 1),
        ("fax_received", FAX, {"caller": "+447700900001"}, 1),
        ("fax_received", FAX, {"caller": "+447700900002"}, 0),
        ("fax_sent", FAX, {}, 0),
        ("fax_sent", SENT, {"called": "+447700900002"}, 1),
        ("fax_sent", SENT, {"called": "+447700900001"}, 0),
    ],
)
async def test_messages(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    listen: Listen,
    key: str,
    told: m.Pushed,
    options: dict[str, Any],
    times: int,
) -> None:
    """A message that was written or spoken fires its trigger, whoever it is that says who sent it."""
    fired = await listen(key, **options)
    coordinator.async_push(told)
    await hass.async_block_till_done()

    assert len(fired) == times
    assert {found["description"] for found in fired} <= {
        "text message from +447700900001 to 101 came in",
        "fax from +447700900001 to 101 came in",
        "fax from +447700900001 to +447700900002 went out",
        "call from Zoe (+447700900001) to 101 was written down",
        "recording of the call from Zoe (+447700900001) to 101 is ready",
        "voicemail from Zoe (+447700900001) to 101 came in",
    }


async def test_message_of_an_unknown_sender(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """A message need not say whom it is from and to."""
    fired = await listen("sms_received")
    coordinator.async_push(replace(NOTICE, extension=None, fields={"text": "Hello"}))
    await hass.async_block_till_done()

    assert [found["description"] for found in fired] == ["text message from a hidden number came in"]


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({}, 1),
        ({"digits": "9"}, 1),
        ({"digits": "1"}, 0),
        ({"digits": "a"}, 0),
        ({"caller": "+390612345678"}, 1),
        ({"caller": "+390612345679"}, 0),
        ({"extension": "102"}, 0),
        ({"digits": "9", "extension": "101"}, 1),
    ],
)
async def test_keys(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, options: dict[str, Any], times: int
) -> None:
    """A key fires for the one who waits for it, in the call of whom it is expected of."""
    fired = await listen("dtmf_received", **options)
    await async_ring(hass, coordinator)
    coordinator.async_push(
        m.Notice(provider_event="key", type=EventType.DTMF_RECEIVED, call_id="c1", fields={"digits": "9"})
    )
    await hass.async_block_till_done()

    assert len(fired) == times
    to = " to 101" if "extension" in options else ""
    assert {found["description"] for found in fired} <= {f"key 9 was pressed in the call from +390612345678{to}"}


async def test_keys_that_are_not_told(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """That a key was pressed may be all that is known; letters are keys as well, however they are written."""
    every, letter = await listen("dtmf_received"), await listen("dtmf_received", digits="a")
    for key, fields in enumerate(({}, {"digits": "A"})):
        notice = m.Notice(provider_event="key", type=EventType.DTMF_RECEIVED, key=str(key), fields=fields)
        coordinator.async_push(notice)
    await hass.async_block_till_done()

    assert [found["description"] for found in every] == [
        "key ? was pressed in the call from a hidden number",
        "key A was pressed in the call from a hidden number",
    ]
    assert len(letter) == 1


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({}, 1),
        ({"callee": "tel:06 1234-5678"}, 1),
        ({"callee": "+390612345679"}, 0),
        ({"extension": "101"}, 1),
        ({"extension": "102"}, 0),
        ({"direction": "outgoing"}, 1),
        ({"direction": "internal"}, 0),
    ],
)
async def test_outgoing(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, options: dict[str, Any], times: int
) -> None:
    """A call that is placed fires once, for whoever is called."""
    fired, came = await listen("call_outgoing", **options), await listen("call_incoming")
    sides = {"caller": m.Party(number="101"), "callee": m.Party(number="+390612345678", name="Zoe")}
    for state in (CallState.DIALING, CallState.TALKING):
        coordinator.async_push(pushed("c1", state, "101", direction=Direction.OUTGOING, **sides))
    await hass.async_block_till_done()

    assert (len(fired), len(came)) == (times, 0)
    assert {found["description"] for found in fired} <= {"call from Ann (101) to Zoe (+390612345678) was placed"}


@pytest.mark.parametrize(
    ("sides", "worded"),
    [
        ({"direction": Direction.OUTGOING, "callee": NAMED}, "from Ann (101) to Zoe (+390612345678)"),
        ({"direction": Direction.OUTGOING}, "from Ann (101)"),
        ({"direction": Direction.INTERNAL, "callee": m.Party(number="102", name="Bob")}, "from Ann (101) to Bob (102)"),
    ],
)
async def test_a_call_from_here_is_worded_so_to_its_end(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    listen: Listen,
    sides: dict[str, Any],
    worded: str,
) -> None:
    """Who called and who was called stays so, whatever happens to the call."""
    keys = ("call_outgoing", "call_answered", "call_held", "call_resumed", "call_ended")
    fired = [await listen(key) for key in keys]
    sides = {"caller": m.Party(number="101"), **sides}
    for state in (CallState.DIALING, CallState.TALKING, CallState.ON_HOLD, CallState.TALKING, CallState.ENDED):
        coordinator.async_push(pushed("c1", state, "101", final=state is CallState.ENDED, **sides))
        await hass.async_block_till_done()
    ends = ("was placed", "was answered", "was put on hold", "goes on", "ended")
    expected = [f"call {worded} {what}" for what in ends]
    assert [found["description"] for each in fired for found in each] == expected


async def test_agent_who_pauses(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """A break has a beginning and an end."""
    fired = [await listen("agent_paused", agent="Ann"), await listen("agent_unpaused", agent="Ann")]
    for kind in (EventType.AGENT_LOGGED_IN, EventType.AGENT_PAUSED, EventType.AGENT_UNPAUSED):
        coordinator.async_push(m.Notice(provider_event=kind.value, type=kind, agent="a1"))
    await hass.async_block_till_done()

    assert [[found["description"] for found in each] for each in fired] == [["agent Ann paused"], ["agent Ann went on"]]


@pytest.mark.parametrize("nothing", [None, "", " ", [], {}])
async def test_empty_filter(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, nothing: object) -> None:
    """A filter that a form or a blueprint left empty lets everything through."""
    calls = "extension", "queue", "direction", "caller", "caller_kind", "config_entry_id"
    missed = await listen("call_missed", **dict.fromkeys(calls, nothing))
    ended = await listen("call_ended", **dict.fromkeys((*calls, "minimum_duration"), nothing))
    agents = await listen("agent_logged_in", **dict.fromkeys(("extension", "queue", "agent"), nothing))
    await async_ring(hass, coordinator)
    coordinator.async_push(pushed("c1", CallState.ENDED, "101", final=True))
    coordinator.async_push(pushed("c2", CallState.TALKING, "101"))
    coordinator.async_push(pushed("c2", CallState.ENDED, "101", final=True))
    coordinator.async_push(m.Notice(provider_event="login", type=EventType.AGENT_LOGGED_IN, agent="a1"))
    await hass.async_block_till_done()
    assert (len(missed), len(ended), len(agents)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("call_incoming", {"direction": "sideways"}),
        ("call_incoming", {"caller": "somebody"}),
        ("call_incoming", {"caller_kind": "friend"}),
        ("call_incoming", {"minimum_duration": 5}),
        ("call_ended", {"minimum_duration": -5}),
        ("agent_logged_in", {"caller": "100"}),
        ("call_outgoing", {"caller": "100"}),
        ("call_outgoing", {"callee": "somebody"}),
        ("dtmf_received", {"digits": "E"}),
        ("sms_received", {"queue": "q1"}),
        ("call_spied", {}),
        ("call_incoming", {"direction": "outgoing"}),
        ("call_unanswered", {"direction": "outgoing"}),
        ("call_missed", {"direction": "outgoing"}),
        ("call_outgoing", {"direction": "incoming"}),
        ("call_incoming", {"caller_kind": "hidden", "caller": "100"}),
        ("call_answered", {"caller_kind": "hidden", "caller_groups": ["vip"]}),
        ("call_answered", {"caller_kind": "hidden", "caller_country": "DE"}),
        ("call_answered", {"caller_kind": "unknown", "caller_groups": ["vip"]}),
        ("call_ended", {"outcome": ["missed", "busy"], "minimum_duration": 5}),
        ("call_ended", {"direction": "internal", "caller_country": "DE"}),
        ("call_incoming", {"direction": "internal", "caller_place": "Berlin"}),
        ("call_incoming", {"caller": "+4930x"}),
        ("call_incoming", {"caller_country": "XX"}),
        ("call_incoming", {"caller_country": "Italy"}),
        ("call_missed", {"direction": "internal"}),
        ("call_ended", {"direction": "outgoing", "outcome": "missed"}),
        ("call_ended", {"direction": "incoming", "outcome": ["no_answer"]}),
        ("call_ended", {"outcome": "answered_elsewhere"}),
        ("call_corrected", {"outcome": ["answered_elsewhere"], "direction": "incoming"}),
        ("call_incoming", [{"caller": "100"}]),
        ("call_ended", "missed"),
        ("agent_logged_in", 901),
    ],
)
async def test_refused_options(hass: HomeAssistant, key: str, options: object) -> None:
    """What cannot be meant is refused when the automation is written."""
    config = cv.TRIGGER_SCHEMA([{"trigger": f"pbx.{key}", "options": options}])
    with pytest.raises(vol.Invalid):
        await async_validate_trigger_config(hass, config)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("call_incoming", {"direction": "internal", "caller_kind": "hidden", "caller": []}),
        ("call_answered", {"direction": "outgoing", "caller_kind": "known", "caller_groups": ["vip"]}),
        ("call_ended", {"direction": "outgoing", "outcome": ["missed", "answered"], "minimum_duration": 5}),
        ("call_ended", {"outcome": ["missed"], "minimum_duration": 0}),
        ("call_outgoing", {"direction": "internal"}),
        ("call_ended", {"direction": "internal", "outcome": ["missed", "no_answer"]}),
        ("call_ended", {"direction": "incoming", "outcome": ["no_answer", "missed"]}),
        ("call_ended", {"outcome": ["answered_elsewhere", "answered"]}),
        ("call_ended", {"outcome": "answered_elsewhere", "extension": "101"}),
        ("call_corrected", {"outcome": ["answered_elsewhere", "voicemail"]}),
    ],
)
async def test_what_can_be_meant(hass: HomeAssistant, key: str, options: dict[str, Any]) -> None:
    """Filters that fit together are taken."""
    config = cv.TRIGGER_SCHEMA([{"trigger": f"pbx.{key}", "options": options}])
    assert await async_validate_trigger_config(hass, config)


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({"caller": ["", "+390612345678"]}, 1),
        ({"caller": ["", None]}, 1),
        ({"caller": [" ", "100"]}, 0),
        ({"caller_groups": [""], "queue": ["", " "]}, 1),
        ({"queue": ["", "q2"]}, 0),
        ({"caller_country": "it"}, 1),
        ({"caller_country": " IT "}, 1),
        ({"caller_country": "de"}, 0),
        ({"caller_country": False}, 0),  # NO, as YAML reads it
    ],
)
async def test_filters_as_people_write_them(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, options: dict[str, Any], times: int
) -> None:
    """An empty row of a list is none, and a country may be written small."""
    fired = await listen("call_incoming", **options)
    await async_ring(hass, coordinator, queue="600")
    assert len(fired) == times


async def test_norway(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """YAML reads the code of one country as no."""
    fired = await listen("call_incoming", caller_country=False)
    await async_ring(hass, coordinator, caller=m.Party(number="+4722334455"))
    assert len(fired) == 1


async def test_outlives_a_reload(hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen) -> None:
    """An automation goes on after its account was loaded again."""
    entry = coordinator.config_entry
    fired = await listen("call_incoming", extension="101")
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert entry.runtime_data.coordinator is not coordinator
    await async_ring(hass, entry.runtime_data.coordinator)
    assert len(fired) == 1


async def test_descriptions(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """The editor is told of every trigger, with fields that its schema takes."""
    descriptions = await async_get_all_descriptions(hass)
    ours = {key.removeprefix("pbx."): value for key, value in descriptions.items() if key.startswith("pbx.")}
    assert set(ours) == set(TRIGGERS)
    assert all(value and value["fields"] for value in ours.values())


@pytest.mark.usefixtures("socket_enabled")
async def test_automation_on_a_real_call(hass: HomeAssistant) -> None:
    """A call at a phone system runs an automation, whose templates see the call and the new states."""
    simulator = VoipsunSimulator()
    async with simulator:
        data = {
            CONF_PROVIDER: "voipsun",
            "webhook_id": "unused",
            "host": "127.0.0.1",
            "port": simulator.port,
            "ssl": False,
            "verify_ssl": True,
            "username": simulator.username,
            "password": simulator.password,
        }
        entry = MockConfigEntry(domain=DOMAIN, title="Sun", data=data)
        await async_set_up(hass, entry)
        events = async_capture_events(hass, "heard")
        automation = {
            "triggers": {"trigger": "pbx.call_incoming", "options": {"extension": "sip101"}},
            "actions": {
                "event": "heard",
                "event_data": {
                    "who": "tel:{{ trigger.from_number }}",
                    "active": "{{ states('sensor.sun_active_calls') }}",
                    "why": "{{ trigger.description }}",
                },
            },
        }
        assert await async_setup_component(hass, "automation", {"automation": automation})
        await simulator.ring("420777123456", "101")
        await entry.runtime_data.coordinator.async_refresh()
        await hass.async_block_till_done()

        assert [event.data["who"] for event in events] == ["tel:+420777123456"]
        assert str(events[0].data["active"]) == "1"
        assert events[0].data["why"].endswith(" to sip101 came in")
        assert await hass.config_entries.async_unload(entry.entry_id)


# -- targets -----------------------------------------------------------------------------------------

Targeted = Callable[[HomeAssistant, PbxCoordinator], dict[str, Any]]


def phone(*numbers: str) -> Targeted:
    """Target phones by their devices."""
    return lambda _hass, coordinator: {
        "device_id": [device_id(coordinator, SubjectKind.EXTENSION, number) for number in numbers]
    }


def account(_hass: HomeAssistant, coordinator: PbxCoordinator) -> dict[str, Any]:
    """Target the account by its device."""
    return {"device_id": coordinator.devices.account.device.id}


def queue_device(_hass: HomeAssistant, coordinator: PbxCoordinator) -> dict[str, Any]:
    """Target a queue by its device."""
    return {"device_id": device_id(coordinator, SubjectKind.QUEUE, "q1")}


def entity(entity_id: str) -> Targeted:
    """Target an entity."""
    return lambda _hass, _coordinator: {"entity_id": entity_id}


def area(*numbers: str, whole_account: bool = False) -> Targeted:
    """Target an area, in which are some phones and perhaps the account's own device."""

    def made(hass: HomeAssistant, coordinator: PbxCoordinator) -> dict[str, Any]:
        kitchen = ar.async_get(hass).async_create("Kitchen")
        ids = [device_id(coordinator, SubjectKind.EXTENSION, number) for number in numbers]
        if whole_account:
            ids.append(coordinator.devices.account.device.id)
        for each in ids:
            dr.async_get(hass).async_update_device(each, area_id=kitchen.id)
        return {"area_id": kitchen.id}

    return made


def label_of_an_entity(hass: HomeAssistant, _coordinator: PbxCoordinator) -> dict[str, Any]:
    """Target a label that one entity of a phone has."""
    label = lr.async_get(hass).async_create("Loud")
    er.async_get(hass).async_update_entity("sensor.ann_101_call_state", labels={label.label_id})
    return {"label_id": label.label_id}


@pytest.mark.parametrize(
    ("target", "rung", "told_of"),
    [
        (phone("101"), ["101"], ["101"]),
        (phone("102"), ["101"], []),
        (phone("101", "102"), ["101", "102"], ["101"]),
        (phone("102"), ["101", "102"], ["102"]),
        (account, ["101", "102"], ["101"]),
        (queue_device, ["102"], ["102"]),
        (entity("sensor.ann_101_call_state"), ["101"], ["101"]),
        (entity("event.bob_102_call"), ["101"], []),
        (entity("sensor.house_call_1"), ["102"], ["102"]),
        (entity("light.kitchen"), ["101"], []),
        (area("102"), ["101", "102"], ["102"]),
        (area("102"), ["101"], []),
        (area(whole_account=True), ["101"], []),
        (label_of_an_entity, ["101"], ["101"]),
        (label_of_an_entity, ["102"], []),
    ],
)
async def test_target(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    listen: Listen,
    target: Targeted,
    rung: list[str],
    told_of: list[str],
) -> None:
    """A phone hears of its calls, a queue of its own, the account of all; phones of one target together, once."""
    fired = await listen("call_incoming", target=target(hass, coordinator))
    await async_ring(hass, coordinator, *rung, queue="600")
    assert [found["extension"] for found in fired] == told_of


async def test_phones_of_a_target_are_told_once_how_a_call_ended(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen
) -> None:
    """A group that nobody answers is one missed call for whoever picked all its phones; each call anew."""
    target = phone("101", "102")(hass, coordinator)
    missed, held = await listen("call_missed", target=target), await listen("call_held", target=target)
    for call_id in ("c1", "c2"):
        for number in ("101", "102"):
            coordinator.async_push(pushed(call_id, CallState.RINGING, number))
        coordinator.async_push(pushed(call_id, CallState.ENDED, "101", final=True))
        await hass.async_block_till_done()
    assert [found["call_id"] for found in missed] == ["c1", "c2"]

    coordinator.async_push(pushed("c3", CallState.TALKING, "101"))
    for state in (CallState.ON_HOLD, CallState.TALKING, CallState.ON_HOLD):
        coordinator.async_push(pushed("c3", state, "101"))
    await hass.async_block_till_done()
    assert len(held) == 2


@pytest.mark.parametrize("named", ["target", "extension"])
async def test_phones_that_answer_for_each_other(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, named: str
) -> None:
    """For all phones together a call ends when the last of them is done with it, and comes in once."""
    both: dict[str, Any] = {
        "target": {"target": phone("101", "102")(hass, coordinator)},
        "extension": {"extension": ["101", "102"]},
    }
    given = both[named]
    came, ended = await listen("call_incoming", **given), await listen("call_ended", **given)
    slow = await listen("call_ended", outcome="answered_elsewhere", **given)
    each = await listen("call_ended", outcome=["answered", "answered_elsewhere"], **given)
    alone = await listen("call_ended", target=phone("101")(hass, coordinator))
    await async_ring(hass, coordinator, "101", "102")
    coordinator.async_push(pushed("c1", CallState.TALKING, "102"))
    coordinator.async_push(pushed("c1", CallState.ENDED, "101"))
    await hass.async_block_till_done()
    assert (len(came), len(ended)) == (1, 0)
    assert [found["extension"] for found in (*slow, *alone)] == ["101", "101"]

    coordinator.async_push(pushed("c1", CallState.ENDED, "102", final=True))
    await hass.async_block_till_done()
    answered, elsewhere = ("102", "answered"), ("101", "answered_elsewhere")
    assert [(found["extension"], found["outcome"]) for found in ended] == [answered]
    assert [(found["extension"], found["outcome"]) for found in each] == [elsewhere, answered]
    assert (len(slow), len(alone)) == (1, 1)


@pytest.mark.parametrize(
    "options", [{}, {"outcome": "answered"}, {"minimum_duration": 30}], ids=["any", "answered", "long"]
)
async def test_a_call_that_was_handed_on_in_vain(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    coordinator: PbxCoordinator,
    listen: Listen,
    freezer: FrozenDateTimeFactory,
    options: dict[str, Any],
) -> None:
    """It ends for both phones together as it was: somebody has talked. It ends for each as it was there."""
    fake.script.calls = None
    both, first, second = [
        await listen("call_ended", target=phone(*phones)(hass, coordinator), **options)
        for phones in (("101", "102"), ("101",), ("102",))
    ]
    await async_ring(hass, coordinator, "101")
    coordinator.async_push(pushed("c1", CallState.TALKING, "101"))
    freezer.tick(40)
    await async_ring(hass, coordinator, "102")
    coordinator.async_push(pushed("c1", CallState.ENDED, "101"))
    await hass.async_block_till_done()
    assert [found["extension"] for found in (*both, *first)] == ["101"]
    freezer.tick(10)
    coordinator.async_push(pushed("c1", CallState.ENDED, "102", final=True))
    await hass.async_block_till_done()
    assert [(found["extension"], found["outcome"]) for found in (*both, *first)] == [("101", "answered")] * 2
    assert [found["outcome"] for found in second] == ([] if options else ["answered_elsewhere"])


@pytest.mark.parametrize(
    ("key", "options", "identity", "kind"),
    [
        ("call_ended", {"outcome": "answered_elsewhere"}, "", SubjectKind.ACCOUNT),
        ("call_ended", {"outcome": ["answered_elsewhere"]}, "q1", SubjectKind.QUEUE),
        ("call_incoming", {}, "a1", SubjectKind.AGENT),
        ("sms_received", {}, "a1", SubjectKind.AGENT),
        ("sms_received", {}, "q1", SubjectKind.QUEUE),
        ("recording_ready", {}, "q1", SubjectKind.QUEUE),
    ],
)
@pytest.mark.parametrize("by_entity", [False, True])
async def test_a_target_that_never_hears_of_it(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    key: str,
    options: dict[str, Any],
    identity: str,
    kind: SubjectKind,
    *,
    by_entity: bool,
) -> None:
    """It is refused when the automation is written, unless there is something else beside it."""
    device = device_id(coordinator, kind, identity)
    entities = [one.entity_id for one in er.async_entries_for_device(er.async_get(hass), device)]
    target: dict[str, Any] = {"entity_id": entities[:1]} if by_entity else {"device_id": device}
    config = cv.TRIGGER_SCHEMA([{"trigger": f"pbx.{key}", "options": options, "target": target}])
    with pytest.raises(vol.Invalid):
        await async_validate_trigger_config(hass, config)
    more = (phone("101")(hass, coordinator), {"device_id": "gone"}, {"area_id": "hall"}, {"entity_id": "light.hall"})
    for other in more:
        both = {
            name: [*cv.ensure_list(target.get(name, [])), *cv.ensure_list(other.get(name, []))]
            for name in target.keys() | other.keys()
        }
        beside = {"trigger": f"pbx.{key}", "options": options, "target": both}
        assert await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([beside]))


@pytest.mark.parametrize(
    ("identity", "kind", "times"),
    [("a1", SubjectKind.AGENT, 1), ("q1", SubjectKind.QUEUE, 0), ("", SubjectKind.ACCOUNT, 1)],
)
async def test_target_of_an_agent(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, identity: str, kind: SubjectKind, times: int
) -> None:
    """An agent and the account hear what the agent does."""
    fired = await listen("agent_paused", target={"device_id": device_id(coordinator, kind, identity)})
    coordinator.async_push(m.Notice(provider_event="pause", type=EventType.AGENT_PAUSED, agent="a1"))
    await hass.async_block_till_done()
    assert len(fired) == times


async def test_what_was_picked_outlives_the_account(
    hass: HomeAssistant, fake: type[FakeProvider], coordinator: PbxCoordinator, listen: Listen
) -> None:
    """An account that is deleted and added again has the devices and entities that it had."""
    targets = (phone("101")(hass, coordinator), account(hass, coordinator), {"entity_id": "sensor.ann_101_call_state"})
    fired = [await listen("call_incoming", target=target) for target in targets]
    await hass.config_entries.async_remove(coordinator.config_entry.entry_id)
    await hass.async_block_till_done()
    again = fake_config_entry(entry_id="another_entry")
    await async_set_up(hass, again)
    await async_ring(hass, again.runtime_data.coordinator)
    assert [len(found) for found in fired] == [1, 1, 1]


async def test_several_phones_of_an_older_automation(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen
) -> None:
    """The filter takes one phone or several, with a target as well."""
    both = await listen("call_incoming", extension=["102", "101"])
    none = await listen("call_incoming", target=phone("101")(hass, coordinator), extension="102")
    await async_ring(hass, coordinator)
    assert [len(both), len(none)] == [1, 0]


# -- the newer filters -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({"caller_groups": ["VIP"]}, 1),
        ({"caller_groups": "family"}, 1),
        ({"caller_groups": ["blocked"]}, 0),
        ({"caller_groups": ["blocked", "vip"]}, 1),
        ({"caller_country": "IT"}, 1),
        ({"caller_country": "DE"}, 0),
        ({"caller_place": "rom"}, 1),
        ({"caller_place": "Milan"}, 0),
        ({"caller_place": "Rome", "caller_country": "IT", "caller_groups": "vip"}, 1),
        ({"called": "+39 06 98765432"}, 1),
        ({"called": ["+390698765433", "+39069876*"]}, 1),
        ({"called": "+390698765433"}, 0),
    ],
)
@pytest.mark.usefixtures("tables_of_places")
async def test_who_calls_and_is_called(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, options: dict[str, Any], times: int
) -> None:
    """The phone book's groups, the place of the number, and the number that was dialled."""
    book = async_get_phone_book(hass)
    await book.async_add({"name": "Zoe", "numbers": ["+390612345678"], "groups": ["vip", "Family"]})
    fired = await listen("call_incoming", **options)
    await async_ring(hass, coordinator, callee=m.Party(number="+390698765432"))
    assert len(fired) == times


@pytest.mark.parametrize(
    "options", [{"caller": "102"}, {"caller": "10*"}, {"caller_groups": "vip"}, {"caller_kind": "known"}]
)
@pytest.mark.parametrize(("direction", "times"), [(m.Direction.INTERNAL, 1), (m.Direction.INCOMING, 0)])
async def test_a_stranger_who_shows_the_number_of_a_colleague(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    listen: Listen,
    options: dict[str, Any],
    direction: m.Direction,
    times: int,
) -> None:
    """Who calls from outside can show any number: what is done for a colleague is not done for a stranger."""
    await async_get_phone_book(hass).async_add({"name": "Bob at home", "numbers": ["102"], "groups": ["vip"]})
    fired = await listen("call_incoming", **options)
    events = async_capture_events(hass, EVENT_PBX)
    await async_ring(hass, coordinator, caller=m.Party(number="102"), direction=direction)
    assert len(fired) == times
    assert [bool(event.data.get("from_name")) for event in events] == [bool(times)]
    assert [event.data.get("caller_groups") for event in events] == [["vip"] if times else None]


@pytest.mark.parametrize(
    ("outcome", "times"), [("answered", 1), (["missed", "answered"], 1), ("busy", 0), (["busy", "rejected"], 0)]
)
async def test_outcome(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, outcome: str | list[str], times: int
) -> None:
    """Only calls that ended so, as the phone sees it."""
    fired = await listen("call_ended", target=phone("101")(hass, coordinator), outcome=outcome)
    for state in (CallState.RINGING, CallState.TALKING, CallState.ENDED):
        coordinator.async_push(pushed("c1", state, "101", final=state is CallState.ENDED))
    await hass.async_block_till_done()
    assert len(fired) == times


@pytest.mark.parametrize(
    ("outcome", "times"),
    [([], 0), ("missed", 1), (["missed", "rejected"], 1), ("cancelled", 0), (["answered", "busy"], 0)],
)
@pytest.mark.parametrize("targeted", [True, False])
async def test_missed_call_is_over_too(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    listen: Listen,
    outcome: str | list[str],
    times: int,
    *,
    targeted: bool,
) -> None:
    """A missed call has ended, for whoever asks for that outcome, and once for several phones; else it is missed."""
    target = phone("101", "102")(hass, coordinator) if targeted else None
    fired = await listen("call_ended", target=target, outcome=outcome)
    await async_ring(hass, coordinator, "101", "102")
    coordinator.async_push(pushed("c1", CallState.ENDED, "101"))
    coordinator.async_push(pushed("c1", CallState.ENDED, "102", final=True))
    await hass.async_block_till_done()
    assert len(fired) == times


@pytest.mark.parametrize(
    ("direction", "leg", "pressed_by"),
    [
        (Direction.INCOMING, "c1-101", "callee"),
        (Direction.INCOMING, "outside", "caller"),
        (Direction.OUTGOING, "c1-101", "caller"),
        (Direction.OUTGOING, "outside", "callee"),
        (Direction.INTERNAL, "c1-101", "caller"),
        (Direction.INTERNAL, "c1-102", "callee"),
        (Direction.INTERNAL, "outside", None),
        (Direction.INCOMING, None, None),
        (Direction.INCOMING, "unheard of", None),
        (None, "c1-101", None),
    ],
)
async def test_who_pressed_the_key(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    fake: type[FakeProvider],
    listen: Listen,
    direction: Direction | None,
    leg: str | None,
    pressed_by: str | None,
) -> None:
    """It is the side of the leg in which the key was pressed; what is not certain opens no gate."""
    caller = m.Party(number="101" if direction is Direction.INTERNAL else "+390612345678")
    legs = [m.Leg(id=f"c1-{number}", state=CallState.TALKING, extension=number) for number in ("101", "102")]
    legs.append(m.Leg(id="outside", state=CallState.TALKING))
    call = replace(incoming(state=CallState.TALKING), direction=direction, caller=caller, legs=tuple(legs))
    fake.script.calls = (call,)
    await coordinator.async_refresh()
    fired = {side: await listen("dtmf_received", digits="5", pressed_by=side) for side in ("caller", "callee")}
    notice = m.Notice(
        provider_event="key", type=EventType.DTMF_RECEIVED, call_id="c1", leg_id=leg, fields={"digits": "5"}
    )
    coordinator.async_push(notice)
    if leg is not None:
        coordinator.async_push(m.CallHint(provider_event="key", leg_id=leg, dtmf="5"))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {side for side, found in fired.items() if found} == ({pressed_by} if pressed_by else set())


# -- a call that nobody answers ----------------------------------------------------------------------


async def async_later(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let some time pass."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


@pytest.mark.parametrize("target", [None, phone("101"), account], ids=["anybody", "phone", "account"])
async def test_unanswered(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    coordinator: PbxCoordinator,
    listen: Listen,
    freezer: FrozenDateTimeFactory,
    target: Targeted | None,
) -> None:
    """It fires once when the time is over, with what is known of the call by then."""
    fake.script.calls = None
    named = None if target is None else target(hass, coordinator)
    fired = await listen("call_unanswered", target=named, **{"for": {"seconds": 20}})
    await async_ring(hass, coordinator)
    await async_later(hass, freezer, 19)
    assert fired == []
    await async_later(hass, freezer, 2)
    await async_later(hass, freezer, 60)
    assert [(found["type"], found["call_id"], found["ring_time"]) for found in fired] == [("call_unanswered", "c1", 20)]
    assert fired[0]["description"] == "call from +390612345678 to 101 was not answered"


@pytest.mark.parametrize(("seconds", "later"), [(5, 5 - LOOKUP_PATIENCE), (2, 0)])
async def test_unanswered_while_the_caller_is_looked_up(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    coordinator: PbxCoordinator,
    listen: Listen,
    freezer: FrozenDateTimeFactory,
    seconds: int,
    later: float,
) -> None:
    """The time counts from the ring on, not from when it is known who calls."""
    fake.script.errors["search_contacts"] = ConnectError("away")
    fake.script.calls = None
    fired = await listen("call_unanswered", caller_kind="unknown", **{"for": {"seconds": seconds}})
    await async_ring(hass, coordinator)
    await async_later(hass, freezer, LOOKUP_PATIENCE - 0.2)
    assert fired == []
    await async_later(hass, freezer, 0.2)
    await async_later(hass, freezer, later)
    assert [found["ring_time"] for found in fired] == [seconds]


@pytest.mark.parametrize("state", [CallState.TALKING, CallState.ENDED])
async def test_answered_or_given_up(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    listen: Listen,
    freezer: FrozenDateTimeFactory,
    state: CallState,
) -> None:
    """Nothing fires for a call that somebody answered, or that is over."""
    fired = await listen("call_unanswered")
    await async_ring(hass, coordinator)
    coordinator.async_push(pushed("c1", state, "101", final=state is CallState.ENDED))
    await async_later(hass, freezer, 30)
    assert fired == []


async def test_a_phone_that_stopped_ringing(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    coordinator: PbxCoordinator,
    listen: Listen,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A call that rings elsewhere by now is not unanswered at the phone that it rang at first."""
    fake.script.calls = None
    first, anywhere = (
        await listen("call_unanswered", target=phone("101")(hass, coordinator)),
        await listen("call_unanswered"),
    )
    await async_ring(hass, coordinator, "101", "102")
    coordinator.async_push(pushed("c1", CallState.ENDED, "101"))
    await async_later(hass, freezer, 30)
    assert [len(first), len(anywhere)] == [0, 1]


@pytest.mark.parametrize("named", ["target", "extension"])
async def test_phones_that_ring_one_after_the_other(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    coordinator: PbxCoordinator,
    listen: Listen,
    freezer: FrozenDateTimeFactory,
    named: str,
) -> None:
    """A call that wanders from phone to phone is unanswered for who listens to them all, at the one that rings."""
    fake.script.calls = None
    both: dict[str, Any] = {
        "target": {"target": phone("101", "102")(hass, coordinator)},
        "extension": {"extension": ["101", "102"]},
    }
    fired = await listen("call_unanswered", **both[named])
    await async_ring(hass, coordinator, "101")
    await async_later(hass, freezer, 10)
    await async_ring(hass, coordinator, "102")
    coordinator.async_push(pushed("c1", CallState.ENDED, "101"))
    await async_later(hass, freezer, 11)
    await async_later(hass, freezer, 60)
    assert [found["extension"] for found in fired] == ["102"]


async def test_unloaded_while_it_rings(
    hass: HomeAssistant, coordinator: PbxCoordinator, listen: Listen, freezer: FrozenDateTimeFactory
) -> None:
    """An account that is gone tells nothing."""
    fired = await listen("call_unanswered")
    await async_ring(hass, coordinator)
    await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    await async_later(hass, freezer, 30)
    assert fired == []
