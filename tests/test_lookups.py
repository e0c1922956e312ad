"""Look-ups: a caller's name and a call's record, asked for when nobody has to wait for them."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pbx import lookups
from custom_components.pbx.const import EVENT_PBX
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError, ProviderError
from custom_components.pbx.telephony.models import CallState, Capability, Direction, Outcome

from .every_action import act
from .fake_provider import FakeProvider, incoming, pushed
from .test_coordinator import CALLER, coordinator_of, pass_time

pytestmark = pytest.mark.usefixtures("call_entities", "at_noon")


async def test_record_is_asked_for_some_time_after_the_end(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A provider that writes calls down later is asked later, once, and the record is told."""
    fake.record_after = 10
    fake.script.answers["record_of"] = lambda call: m.CallRecord(id="r1", call_id=call.id, outcome=Outcome.VOICEMAIL)
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    await pass_time(hass, freezer, 9)
    assert fake.script.times("record_of") == 0
    await pass_time(hass, freezer, 2)
    await pass_time(hass, freezer, 60)
    assert fake.script.times("record_of") == 1
    assert [event.data["type"] for event in events] == [
        "call_incoming",
        "call_missed",
        "call_corrected",
        "call_record",
    ]
    state = hass.states.get("sensor.house_last_call")
    assert state is not None
    assert state.attributes["outcome"] == "voicemail"


@pytest.mark.parametrize("error", [None, ConnectError()], ids=["no record yet", "cannot be asked"])
@pytest.mark.parametrize("written_at", [20, 100])
async def test_record_is_asked_for_again(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    error: ProviderError | None,
    written_at: int,
) -> None:
    """A record that is not written yet is asked for after about 10 s, 30 s and 2 min, and then no more."""
    fake.record_after = 10
    fake.script.errors |= {"record_of": error} if error else {}
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    times = []
    for second in range(2, 240, 2):
        before = fake.script.times("record_of")
        await pass_time(hass, freezer, 2)
        if fake.script.times("record_of") > before:
            times.append(second)
        if second == written_at:
            fake.script.errors.pop("record_of", None)
            fake.script.answers["record_of"] = lambda call: m.CallRecord(
                id="r1", call_id=call.id, outcome=Outcome.VOICEMAIL
            )
    expected = [10, 30, 120][: 2 if written_at < 30 else 3]
    assert times == pytest.approx(expected, abs=2)
    assert [event.data["type"] for event in events][-2:] == ["call_corrected", "call_record"]


@pytest.mark.parametrize("error", [None, ConnectError()])
async def test_record_that_is_not_there_is_no_drama(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    error: ProviderError | None,
) -> None:
    """Nothing is told when there is no record, or when it cannot be asked for."""
    fake.record_after = 10
    fake.script.errors |= {"record_of": error} if error else {}
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    await pass_time(hass, freezer, 11)
    assert fake.script.times("record_of") == 1
    assert [event.data["type"] for event in events] == ["call_incoming", "call_missed"]


async def test_only_so_many_records_are_waited_for(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A burst of calls does not become a burst of questions."""
    monkeypatch.setattr(lookups, "MAX_PENDING_RECORDS", 2)
    fake.record_after = 10
    coordinator = await coordinator_of(hass, fake_entry)
    for call in range(5):
        coordinator.async_push(pushed(f"c{call}", CallState.RINGING))
        coordinator.async_push(pushed(f"c{call}", CallState.ENDED, final=True))
    await pass_time(hass, freezer, 11)
    assert fake.script.times("record_of") == 2


async def test_caller_is_looked_up_without_holding_the_event_up(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The event goes out at once, the name follows in the state, and is in the first event of the next call."""
    gate = asyncio.Event()

    async def answer(_query: m.ContactQuery) -> m.ContactPage:
        await gate.wait()
        return m.ContactPage(contacts=(m.Contact(id="1", first_name="Ada", last_name="Rossi"),))

    fake.script.answers["search_contacts"] = answer
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)

    coordinator.async_push(pushed("c1", CallState.RINGING))
    await hass.async_block_till_done()
    assert [event.data.get("from_name") for event in events] == [None]
    assert hass.states.is_state("sensor.ann_101_caller", CALLER)

    gate.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.is_state("sensor.ann_101_caller", "Ada Rossi")
    assert fake.script.arguments("search_contacts") == [(m.ContactQuery(number=CALLER, limit=1),)]

    coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    written = async_capture_events(hass, EVENT_STATE_CHANGED)
    coordinator.async_push(pushed("c2", CallState.RINGING, "102"))
    coordinator.async_push(pushed("c2", CallState.TALKING, "102"))
    assert hass.states.is_state("sensor.bob_102_caller", "Ada Rossi")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert fake.script.times("search_contacts") == 1
    told = [(event.data["type"], event.data.get("from_name"), event.data.get("contact_known")) for event in events]
    assert told == [
        ("call_incoming", None, None),
        ("call_missed", "Ada Rossi", True),
        ("call_incoming", "Ada Rossi", True),
        ("call_answered", "Ada Rossi", True),
    ]
    assert [event.data["entity_id"] for event in written].count("sensor.bob_102_caller") == 1


@pytest.mark.parametrize(
    ("contacts", "name"),
    [
        ((), CALLER),
        ((m.Contact(id="1", company="Bakery"),), "Bakery"),
        ((m.Contact(id="1", last_name="Rossi"),), "Rossi"),
        ((m.Contact(id="1"),), CALLER),
    ],
)
async def test_what_a_caller_is_called(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    contacts: tuple[m.Contact, ...],
    name: str,
) -> None:
    """A person's name, else the company, else the number."""
    fake.script.answers["search_contacts"] = m.ContactPage(contacts=contacts)
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.is_state("sensor.ann_101_caller", name)
    call = coordinator.data.find("c1")
    assert call is not None
    assert call.caller.known is bool(contacts)


@pytest.mark.parametrize(
    "more",
    [
        {"caller": m.Party(hidden=True)},
        {"caller": m.Party(number=CALLER, name="Rossi")},
        {"caller": m.Party(number="102"), "direction": Direction.INTERNAL},
        {"caller": m.Party(number="103"), "direction": Direction.INCOMING},
    ],
)
async def test_who_is_not_looked_up(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, more: dict[str, Any]
) -> None:
    """Hidden callers, those with a name, colleagues, and strangers who show a colleague's number are not looked up."""
    extensions = (*(fake.script.directory.extensions or ()), m.Extension(number="103"))
    fake.script.directory = replace(fake.script.directory, extensions=extensions)
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.async_push(pushed("c1", CallState.RINGING, **more))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert fake.script.times("search_contacts") == 0


async def test_called_party_is_looked_up(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Who is called gets a name, too."""
    fake.script.answers["search_contacts"] = m.ContactPage(contacts=(m.Contact(id="1", company="Bakery"),))
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.async_push(
        pushed(
            "c1",
            CallState.DIALING,
            direction=Direction.OUTGOING,
            caller=m.Party(number="101"),
            callee=m.Party(number=CALLER),
        )
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.is_state("sensor.ann_101_called_party", "Bakery")


@pytest.mark.parametrize(
    ("contacts", "name", "known"),
    [((), None, False), ((m.Contact(id="1", company="Bakery"),), "Bakery", True)],
    ids=["stranger", "company"],
)
@pytest.mark.parametrize("first", [Direction.INCOMING, Direction.OUTGOING])
@pytest.mark.parametrize("polled", [False, True])
async def test_who_was_looked_up_is_named_in_the_first_event(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    contacts: tuple[m.Contact, ...],
    name: str | None,
    *,
    known: bool,
    first: Direction,
    polled: bool,
) -> None:
    """Whichever way the calls go, pushed or polled; that nobody knows a number is remembered as well."""
    fake.script.answers["search_contacts"] = m.ContactPage(contacts=contacts)
    coordinator = await coordinator_of(hass, fake_entry)
    ours, theirs = m.Party(number="101"), m.Party(number=CALLER)
    if first is Direction.OUTGOING:
        coordinator.async_push(pushed("c1", CallState.DIALING, direction=first, caller=ours, callee=theirs))
    else:
        coordinator.async_push(pushed("c1", CallState.RINGING))
    await hass.async_block_till_done(wait_background_tasks=True)
    coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    events = async_capture_events(hass, EVENT_PBX)
    if polled:
        fake.script.calls = (incoming("c2", "102", number=CALLER),)
        await coordinator.async_refresh()
    else:
        coordinator.async_push(pushed("c2", CallState.RINGING, "102"))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert fake.script.times("search_contacts") == 1
    assert [(event.data.get("from_name"), event.data.get("contact_known")) for event in events] == [(name, known)]


@pytest.mark.parametrize("before", [(), (m.Contact(id="1", first_name="Ada"),)], ids=["stranger", "ada"])
@pytest.mark.parametrize("after", [(), (m.Contact(id="1", first_name="Ida"),)], ids=["nobody", "ida"])
@pytest.mark.parametrize("how", ["elsewhere", "create_contact", "update_contact", "delete_contact"])
async def test_contacts_that_changed_meanwhile(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    before: tuple[m.Contact, ...],
    after: tuple[m.Contact, ...],
    how: str,
) -> None:
    """The last name is told at once, and looked up once more: after a while, or after a change of our own."""
    fake.fields = {
        **fake.fields,
        **dict.fromkeys((Capability.CREATE_CONTACT, Capability.UPDATE_CONTACT), frozenset({"first_name"})),
    }
    fake.script.answers["search_contacts"] = m.ContactPage(contacts=before)
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)

    async def ring(call: str) -> object:
        """Let the caller call, and return the name that is told."""
        coordinator.async_push(pushed(call, CallState.RINGING))
        await hass.async_block_till_done(wait_background_tasks=True)
        told = events[-1].data.get("from_name")
        coordinator.async_push(pushed(call, CallState.ENDED, final=True))
        await hass.async_block_till_done(wait_background_tasks=True)
        return told

    old, new = (contacts[0].first_name if contacts else None for contacts in (before, after))
    assert await ring("c1") is None
    assert await ring("c2") == old
    assert fake.script.times("search_contacts") == 1
    fake.script.answers["search_contacts"] = m.ContactPage(contacts=after)
    if how == "elsewhere":
        freezer.tick(lookups.NAMES_TRUSTED)
    else:
        fields = {"create_contact": {"first_name": "Ida"}, "update_contact": {"contact_id": "1", "first_name": "Ida"}}
        await act(hass, how, **fields.get(how, {"contact_id": "1"}))
    assert await ring("c3") == old
    assert await ring("c4") == new
    assert fake.script.times("search_contacts") == 2


async def test_failed_look_up_is_tried_again_with_the_next_call(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An error is not remembered as "nobody"."""
    fake.script.errors["search_contacts"] = ConnectError()
    coordinator = await coordinator_of(hass, fake_entry)
    for call in ("c1", "c2"):
        coordinator.async_push(pushed(call, CallState.RINGING))
        await hass.async_block_till_done(wait_background_tasks=True)
    assert fake.script.times("search_contacts") == 2
    assert hass.states.is_state("sensor.ann_101_caller", CALLER)


async def test_only_so_many_names_are_kept(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names of callers do not fill the memory."""
    monkeypatch.setattr(lookups, "NAMES_KEPT", 2)
    coordinator = await coordinator_of(hass, fake_entry)
    for call, number in enumerate(
        ("+390600000001", "+390600000002", "+390600000003", "+390600000002", "+390600000001")
    ):
        coordinator.async_push(pushed(f"c{call}", CallState.RINGING, caller=m.Party(number=number)))
        await hass.async_block_till_done(wait_background_tasks=True)
    assert [query.number[-1] for (query,) in fake.script.arguments("search_contacts")] == ["1", "2", "3", "1"]


async def test_a_wave_of_callers(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers are looked up one after the other, and of too many the oldest are left out."""
    monkeypatch.setattr(lookups, "MAX_WAITING_NAMES", 3)
    gate, begun, at_once = asyncio.Semaphore(0), asyncio.Event(), [0, 0]

    async def answer(_query: m.ContactQuery) -> m.ContactPage:
        at_once[0] += 1
        at_once[1] = max(at_once)
        begun.set()
        await gate.acquire()
        at_once[0] -= 1
        return m.ContactPage()

    fake.script.answers["search_contacts"] = answer
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.async_push(pushed("c0", CallState.RINGING, caller=m.Party(number="+390600000000")))
    await begun.wait()
    for call in range(1, 9):
        coordinator.async_push(pushed(f"c{call}", CallState.RINGING, caller=m.Party(number=f"+39060000000{call}")))
    for _ in range(9):
        gate.release()
    await hass.async_block_till_done(wait_background_tasks=True)
    asked = [query.number[-1] for (query,) in fake.script.arguments("search_contacts")]
    assert asked == ["0", "6", "7", "8"]
    assert at_once == [0, 1]


async def test_without_contacts_nobody_is_looked_up(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A phone system without an address book is not asked."""
    fake.script.capabilities &= ~Capability.SEARCH_CONTACTS
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert fake.script.times("search_contacts") == 0
