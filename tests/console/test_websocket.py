"""What the cards are told and what they may ask, over Home Assistant's own WebSocket."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket

from custom_components.pbx.registry.outcomes import IN_VAIN
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError, RefusedError
from custom_components.pbx.telephony.models import CallState, Capability, Direction, Outcome

from ..fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, incoming, pushed
from .conftest import Page

type Json = dict[str, Any]

NAMED = m.Party(number="+390612345678", name="Eva")  # of whom nobody is asked

NOTHING_CHOSEN: Json = {"extension": None, "caller_id": None, "popup": None, "sound": False, "seen": None}
READS: Json = {"entity_ids": {"sensor.house_active_calls": {"read": True}}}
READS_ANOTHER: Json = {"entity_ids": {"sensor.ann_101_call_state": {"read": True, "control": True}}}
READS_ALL: Json = {"all": {"read": True}}


async def ask(socket: MockHAClientWebSocket, kind: str, **fields: Any) -> Json:
    """Ask, and give the answer."""
    await socket.send_json_auto_id({"type": kind, **fields})
    answer: Json = await socket.receive_json()
    return answer


async def another_account(hass: HomeAssistant, fake: type[FakeProvider], name: str) -> MockConfigEntry:
    """Set up an account of that id and title beside those that there are."""
    fake.script.account = m.Account(id=name, title=name.title())
    entry = fake_config_entry(name)
    await async_set_up(hass, entry)
    return entry


async def subscribe(socket: MockHAClientWebSocket) -> tuple[list[Json], Json]:
    """Subscribe, and give the accounts and what the user chose."""
    assert (await ask(socket, "pbx/subscribe"))["success"]
    snapshot, me = await told(socket), await told(socket)
    assert snapshot["type"] == "snapshot"
    assert snapshot["version"] == 1
    assert abs((dt_util.utcnow() - datetime.fromisoformat(snapshot["now"])).total_seconds()) < 10
    return snapshot["accounts"], me["me"]


async def told(socket: MockHAClientWebSocket) -> Json:
    """Give the next message."""
    message: Json = await asyncio.wait_for(socket.receive_json(), 2)
    event: Json = message["event"]
    return event


async def silent(socket: MockHAClientWebSocket) -> bool:
    """Say whether nothing is told."""
    await socket.send_json_auto_id({"type": "ping"})
    answer = await socket.receive_json()
    assert answer["type"] == "pong", answer
    return True


def record(number: int, **more: Any) -> m.CallRecord:
    """Make a finished call; the higher the number, the longer ago."""
    started = NOON.replace(hour=11, minute=59 - number % 60)
    caller = m.Party(number=f"+39061234{number:04}")
    return m.CallRecord(
        id=f"r{number}",
        **{
            "caller": caller,
            "callee": m.Party(number="101"),
            "outcome": Outcome.ANSWERED,
            "started_at": started,
            **more,
        },
    )


async def test_snapshot(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page) -> None:
    """A page is told at once what is."""
    fake.script.calls = (incoming("c1", "101", "102"),)
    await async_set_up(hass, fake_entry)
    socket = await page()
    [account], me = await subscribe(socket)
    assert account["title"] == "House"
    assert account["known"] is True
    assert "hangup" in account["can"]
    assert account["extensions"]["102"] == {
        "number": "102",
        "name": "Bob",
        "state": "ringing",
        "device": account["extensions"]["102"]["device"],
        "registered": False,
        "dnd": True,
    }
    assert account["calls"]["c1"] == {
        "id": "c1",
        "state": "ringing",
        "direction": "incoming",
        "from": {"number": "+390612345678"},
        "to": {"number": "+390698765432"},
        "legs": [{"extension": "101", "state": "ringing"}, {"extension": "102", "state": "ringing"}],
        "started": NOON.isoformat(),
    }
    assert me == NOTHING_CHOSEN


SHOWS = (
    m.OutboundNumber(number="+390698765432", label="Office", selected=True),
    m.OutboundNumber(number="+390698765400"),
    m.OutboundNumber(number="", label="Nothing"),
)


@pytest.mark.parametrize(
    ("able", "fields", "chooses"),
    [
        (Capability.ORIGINATE, {Capability.ORIGINATE: {"caller_id_number"}}, True),
        (Capability.CLICK_TO_CALL, {Capability.CLICK_TO_CALL: {"caller_id_number", "dial_first"}}, True),
        # The cards prefer the second, which takes none.
        (Capability.ORIGINATE | Capability.CLICK_TO_CALL, {Capability.ORIGINATE: {"caller_id_number"}}, False),
        (Capability.ORIGINATE, {Capability.ORIGINATE: {"ring_timeout"}}, False),
        (Capability.HANGUP, {Capability.ORIGINATE: {"caller_id_number"}}, False),
    ],
)
async def test_which_number_others_see(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    able: Capability,
    fields: dict[Capability, frozenset[str]],
    *,
    chooses: bool,
) -> None:
    """A page is told whether it can be chosen where the cards place calls, and which numbers there are."""
    fake.fields = fields  # the class is this test's own
    fake.script.capabilities = Capability.CALLS | able
    ann = m.Extension(number="101", name="Ann", outbound_numbers=SHOWS)
    fake.script.directory = m.Directory(extensions=(ann, m.Extension(number="102", name="Bob")))
    await async_set_up(hass, fake_entry)
    [account], _ = await subscribe(await page())
    assert ("caller_id" in account["can"]) is chooses
    assert account["extensions"]["101"]["shows"] == [
        {"number": "+390698765432", "label": "Office"},
        {"number": "+390698765400"},
    ]
    assert "shows" not in account["extensions"]["102"]


async def test_what_can_be_done_is_told_when_it_changes(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page
) -> None:
    """A permission that is taken away and given back takes the buttons with it, whatever else changes."""
    await async_set_up(hass, fake_entry)
    socket = await page()
    [account], _ = await subscribe(socket)
    assert "hangup" in account["can"]
    coordinator = fake_entry.runtime_data.coordinator
    for able in (False, True):
        coordinator.provider.capabilities ^= Capability.HANGUP
        await coordinator.async_refresh()
        message = await told(socket)
        assert message["type"] == "account"
        assert ("hangup" in message["account"]["can"]) is able
        await coordinator.async_refresh()
        assert await silent(socket)


async def test_deltas(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page) -> None:
    """Then it is told what changes, and only that."""
    await async_set_up(hass, fake_entry)
    socket = await page()
    await subscribe(socket)
    coordinator = fake_entry.runtime_data.coordinator
    coordinator.async_push(pushed("c1", CallState.RINGING, caller=NAMED))
    delta = await told(socket)
    assert delta["type"] == "delta"
    assert delta["calls"]["c1"]["state"] == "ringing"
    assert set(delta["extensions"]) == {"101"}
    coordinator.async_push(pushed("c1", CallState.RINGING, caller=NAMED))
    assert await silent(socket)
    coordinator.async_push(pushed("c1", CallState.ENDED, caller=NAMED, final=True))
    delta = await told(socket)
    assert delta["calls"] == {"c1": None}
    assert delta["missed"] == 1


async def test_an_account_comes_and_goes(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page
) -> None:
    """Pages that are open hear of it, and of nothing after that."""
    await async_set_up(hass, fake_entry)
    coordinator = fake_entry.runtime_data.coordinator
    coordinator.async_push(pushed("c1", CallState.RINGING, caller=NAMED))
    socket = await page()
    await subscribe(socket)
    await hass.config_entries.async_unload(fake_entry.entry_id)
    assert await told(socket) == {"type": "gone", "id": fake_entry.entry_id}
    coordinator.async_push(pushed("c1", CallState.ENDED, caller=NAMED, final=True))
    assert await silent(socket)
    assert await hass.config_entries.async_setup(fake_entry.entry_id)
    assert (await told(socket))["type"] == "account"


async def test_health(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    expected_warnings: list[str],
) -> None:
    """A phone system that is away is told as that, and so is its return."""
    expected_warnings.append("cannot be reached")
    await async_set_up(hass, fake_entry)
    socket = await page()
    await subscribe(socket)
    fake.script.errors["calls"] = ConnectError()
    await fake_entry.runtime_data.coordinator.async_refresh()
    assert (await told(socket))["account"]["known"] is False
    fake.script.errors.clear()
    await fake_entry.runtime_data.coordinator.async_refresh()
    assert (await told(socket))["account"]["known"] is True


async def test_rights(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page) -> None:
    """Who may read the active calls of an account is told of it, and nobody else."""
    fake.script.answers["history"] = m.HistoryPage(records=(record(1),))
    await async_set_up(hass, fake_entry)
    other = await another_account(hass, fake, "other")
    allowed, stranger = await page(READS), await page(READS_ANOTHER)
    [account], _ = await subscribe(allowed)
    assert account["id"] == fake_entry.entry_id
    assert await subscribe(stranger) == ([], NOTHING_CHOSEN)
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING, caller=NAMED))
    other.runtime_data.coordinator.async_push(pushed("c2", CallState.RINGING, caller=NAMED))
    assert set((await told(allowed))["calls"]) == {"c1"}
    assert await silent(allowed)
    assert await silent(stranger)
    asked = fake.script.times("history")
    for fields in ({}, {"account": fake_entry.entry_id}):
        assert (await ask(stranger, "pbx/history", **fields))["result"]["records"] == []
        assert (await ask(stranger, "pbx/search", text="ann", **fields))["result"]["contacts"] == []
    assert fake.script.times("history") == asked
    found = (await ask(allowed, "pbx/history"))["result"]["records"]
    assert {row["account"] for row in found} == {fake_entry.entry_id}


async def test_history_of_the_named_accounts(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    expected_warnings: list[str],
) -> None:
    """One, some, or all of them; a list of none is refused."""
    fake.script.answers["history"] = m.HistoryPage(records=(record(1),))
    await async_set_up(hass, fake_entry)
    for name in ("other", "third"):
        await another_account(hass, fake, name)
    ids = [entry.entry_id for entry in hass.config_entries.async_loaded_entries("pbx")]
    socket = await page()
    for wanted, shown in ((None, ids), (ids[1], ids[1:2]), (ids[:2], ids[:2]), ([ids[0], "gone"], ids[:1])):
        fields = {} if wanted is None else {"account": wanted}
        found = (await ask(socket, "pbx/history", **fields))["result"]["records"]
        assert sorted(row["account"] for row in found) == sorted(shown)
    expected_warnings.append("Error handling message: expected str at 'account'")
    for question in ("history", "recent", "voicemails"):
        assert (await ask(socket, f"pbx/{question}", account=[]))["error"]["code"] == "invalid_format"


# -- finished calls ----------------------------------------------------------------------------------


async def test_history_of_several_accounts(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page
) -> None:
    """Pages follow each other without a gap or a repetition, newest first, whoever has how many."""
    everything = [record(number) for number in range(130)]

    def history(query: m.HistoryQuery) -> m.HistoryPage:
        return m.HistoryPage(records=tuple(everything[query.offset : query.offset + query.limit]))

    fake.script.answers["history"] = history
    await async_set_up(hass, fake_entry)
    await another_account(hass, fake, "other")
    everything.sort(key=lambda one: str(one.started_at), reverse=True)
    socket = await page()
    rows: list[Json] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await ask(socket, "pbx/history", limit=33, **cursor))["result"]
        assert answer["failed"] == []
        assert 0 < len(answer["records"]) <= 33
        rows += answer["records"]
        if answer["cursor"] is None:
            break
        cursor = {"cursor": answer["cursor"]}
    assert len(rows) == 260
    assert len({(row["account"], row["record_id"]) for row in rows}) == 260
    times = [row["started_at"] for row in rows]
    assert times == sorted(times, reverse=True)


async def test_history_filter(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page
) -> None:
    """Missed calls are found however many others lie between them; direction and text are the phone system's."""
    everything = [
        record(number, outcome=Outcome.MISSED if number % 20 == 0 else Outcome.ANSWERED) for number in range(300)
    ]
    everything.sort(key=lambda one: str(one.started_at), reverse=True)

    def history(query: m.HistoryQuery) -> m.HistoryPage:
        return m.HistoryPage(records=tuple(everything[query.offset : query.offset + query.limit]))

    fake.script.answers["history"] = history
    await async_set_up(hass, fake_entry)
    socket = await page()
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await ask(socket, "pbx/history", outcome="missed", limit=4, **cursor))["result"]
        found += [row["record_id"] for row in answer["records"]]
        if answer["cursor"] is None:
            break
        cursor = {"cursor": answer["cursor"]}
    assert sorted(found) == sorted(f"r{number}" for number in range(0, 300, 20))
    await ask(socket, "pbx/history", direction="incoming", search="smith")
    (query,) = fake.script.arguments("history")[-1]
    assert query.direction is Direction.INCOMING
    assert query.search == "smith"


@pytest.mark.parametrize(
    ("direction", "outcome", "missed"),
    [
        *((Direction.INCOMING, outcome, True) for outcome in sorted(IN_VAIN)),
        *((Direction.INCOMING, outcome, False) for outcome in Outcome if outcome not in IN_VAIN),
        *((Direction.OUTGOING, outcome, False) for outcome in (Outcome.VOICEMAIL, Outcome.BUSY, Outcome.NO_ANSWER)),
        (Direction.INTERNAL, Outcome.CANCELLED, False),
        (None, Outcome.MISSED, True),
        (None, Outcome.VOICEMAIL, False),
    ],
)
async def test_history_of_missed_calls(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    direction: Direction | None,
    outcome: Outcome,
    missed: bool,  # noqa: FBT001
) -> None:
    """What was told and counted as missed is found as missed, whatever became of it; nothing else is."""
    found = record(1, direction=direction, outcome=outcome)
    fake.script.answers["history"] = m.HistoryPage(records=(found,))
    await async_set_up(hass, fake_entry)
    socket = await page()
    assert [row.get("missed", False) for row in await history(socket)] == [missed]
    assert len(await history(socket, missed=True)) == int(missed)


async def history(socket: MockHAClientWebSocket, **wanted: Any) -> list[Json]:
    """Return the first page of the finished calls."""
    rows: list[Json] = (await ask(socket, "pbx/history", **wanted))["result"]["records"]
    return rows


async def test_history_names_whom_the_phone_system_does_not(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page
) -> None:
    """A list that says numbers alone is read with the names of the phones, and with those of the phone book."""
    fake.script.answers["history"] = m.HistoryPage(records=(record(1, extension="101", answered_by="102"),))
    await async_set_up(hass, fake_entry)
    entry = {"name": "Eva", "numbers": ["+390612340001"]}
    await hass.services.async_call("pbx", "add_to_phone_book", entry, blocking=True)
    [row] = (await ask(await page(), "pbx/history"))["result"]["records"]
    assert row["to_name"] == "Ann"
    assert row["from_name"] == "Eva"
    assert row["extension_name"] == "Ann"
    assert row["answered_by_name"] == "Bob"


@pytest.mark.parametrize("cursor", ["nonsense", "[1]", '{"entry_house": "x"}', "1"])
async def test_a_foreign_cursor_is_refused(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page, cursor: str
) -> None:
    """Nothing is asked for one that this server did not give."""
    await async_set_up(hass, fake_entry)
    answer = await ask(await page(), "pbx/history", cursor=cursor)
    assert answer["error"]["code"] == "invalid_format"
    assert fake.script.times("history") == 0


async def test_who_cannot_answer_is_named(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page
) -> None:
    """The phone system's own reason is told, in words that can be translated."""
    fake.script.errors["history"] = RefusedError("Closed for today")
    fake.script.errors["search_contacts"] = ConnectError()
    await async_set_up(hass, fake_entry)
    socket = await page()
    answer = (await ask(socket, "pbx/history"))["result"]
    assert answer["records"] == []
    assert answer["cursor"] is None
    [failed] = answer["failed"]
    assert failed["account"] == fake_entry.entry_id
    assert failed["translation_key"] == "refused"
    assert failed["translation_placeholders"]["answer"] == "Closed for today"
    [failed] = (await ask(socket, "pbx/search", text="ann"))["result"]["failed"]
    assert failed["translation_key"] == "cannot_connect"


# -- calls that Home Assistant has kept --------------------------------------------------------------


async def test_recent(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page) -> None:
    """What ended is told from the house's own memory, and stands in for a history that a phone system lacks."""
    fake.script.capabilities &= ~Capability.GET_CALL_HISTORY
    await async_set_up(hass, fake_entry)
    coordinator = fake_entry.runtime_data.coordinator
    for call_id, states in (("c1", ("ringing", "ended")), ("c2", ("ringing", "talking", "ended"))):
        for state in states:
            over = state == "ended"
            coordinator.async_push(pushed(call_id, CallState(state), caller=NAMED, final=over))
    await hass.async_block_till_done()
    socket, stranger = await page(), await page(READS_ANOTHER)
    calls = (await ask(socket, "pbx/recent"))["result"]["calls"]
    assert [(call["call_id"], call["from_name"]) for call in calls] == [("c2", "Eva"), ("c1", "Eva")]
    [missed] = (await ask(socket, "pbx/recent", missed=True))["result"]["calls"]
    assert (missed["call_id"], missed["extensions"], missed["account"]) == ("c1", ["101"], fake_entry.entry_id)
    assert (await ask(stranger, "pbx/recent"))["result"]["calls"] == []
    history = (await ask(socket, "pbx/history"))["result"]
    assert [row["record_id"] for row in history["records"]] == ["c2", "c1"]
    assert [row.get("answered_by_name") for row in history["records"]] == ["Ann", None]
    assert history["cursor"] is None
    filtered = (await ask(socket, "pbx/history", outcome="missed", search="eva"))["result"]["records"]
    assert [row["record_id"] for row in filtered] == ["c1"]
    assert (await ask(socket, "pbx/history", direction="outgoing"))["result"]["records"] == []
    assert fake.script.times("history") == 0


@pytest.mark.usefixtures("tables_of_places")
async def test_about_a_caller(hass: HomeAssistant, fake: type[FakeProvider], page: Page) -> None:
    """What the phone book says and who talked last; of a call also where its number is masked."""
    fake_entry = fake_config_entry(options={"mask_numbers": True})
    await async_set_up(hass, fake_entry)
    entry = {"name": "Eva", "company": "Tea Ltd", "numbers": ["+390612345678"], "groups": ["vip"]}
    await hass.services.async_call("pbx", "add_to_phone_book", entry, blocking=True)
    coordinator = fake_entry.runtime_data.coordinator
    for state in ("ringing", "talking", "ended"):
        coordinator.async_push(pushed("c1", CallState(state), caller=NAMED, final=state == "ended"))
    coordinator.async_push(pushed("c2", CallState.RINGING, caller=NAMED))
    await hass.async_block_till_done()
    socket, stranger = await page(), await page(READS_ANOTHER)
    of_call: Json = {"account": fake_entry.entry_id, "call_id": "c2"}
    about = (await ask(socket, "pbx/about", **of_call))["result"]
    assert (about["name"], about["company"], about["groups"]) == ("Eva", "Tea Ltd", ["vip"])
    assert (about["last"]["extension"], about["last"]["name"]) == ("101", "Ann")
    assert about["last"]["at"].startswith("20")
    assert about["place"] == "Rome"
    assert (await ask(socket, "pbx/about", number="+39 06 1234 5678"))["result"] == about
    assert (await ask(socket, "pbx/about", number="+12"))["result"] == {}
    assert (await ask(socket, "pbx/about", account=fake_entry.entry_id, call_id="nobody"))["result"] == {}
    assert (await ask(stranger, "pbx/about", **of_call))["result"] == {}


async def test_about_a_stranger_with_the_number_of_one_of_ours(
    hass: HomeAssistant, fake_entry: MockConfigEntry, page: Page
) -> None:
    """Nothing is said of who has that number here, unless the call comes from inside or the number was asked for."""
    await async_set_up(hass, fake_entry)
    entry = {"name": "Bob", "company": "Our house", "numbers": ["102"]}
    await hass.services.async_call("pbx", "add_to_phone_book", entry, blocking=True)
    coordinator = fake_entry.runtime_data.coordinator
    coordinator.async_push(pushed("c1", CallState.RINGING, caller=m.Party(number="102")))
    inside: Json = {"direction": m.Direction.INTERNAL, "caller": m.Party(number="102")}
    coordinator.async_push(pushed("c2", CallState.RINGING, **inside))
    socket, account = await page(), fake_entry.entry_id
    assert (await ask(socket, "pbx/about", account=account, call_id="c1"))["result"] == {}
    for question in ({"account": account, "call_id": "c2"}, {"number": "102"}):
        assert (await ask(socket, "pbx/about", **question))["result"]["company"] == "Our house"


async def test_voicemails(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page
) -> None:
    """The newest first, with the names that are known; who cannot answer is named, who may not read sees none."""
    await async_set_up(hass, fake_entry)
    entry = {"name": "Eva", "numbers": ["+390612345678"]}
    await hass.services.async_call("pbx", "add_to_phone_book", entry, blocking=True)
    kind = m.MediaKind.VOICEMAIL
    fake.script.answers["media"] = (
        m.MediaItem(id="old", kind=kind, caller="+39011", callee="101", time=NOON.replace(hour=9), unread=False),
        m.MediaItem(id="new", kind=kind, caller="+390612345678", time=NOON, duration=12, unread=True),
    )
    socket, stranger = await page(), await page(READS_ANOTHER)
    found = (await ask(socket, "pbx/voicemails"))["result"]
    assert found["failed"] == []
    new, old = found["voicemails"]
    assert (new["voicemail_id"], new["from_name"], new["duration"], new["unread"]) == ("new", "Eva", 12, True)
    assert (old["voicemail_id"], old["to_name"], old["unread"], "from_name" in old) == ("old", "Ann", False, False)
    assert (await ask(stranger, "pbx/voicemails"))["result"] == {"voicemails": [], "failed": []}
    fake.script.errors["media"] = RefusedError("Closed for today")
    [failed] = (await ask(socket, "pbx/voicemails", limit=3))["result"]["failed"]
    assert failed["account"] == fake_entry.entry_id


# -- the phone book ----------------------------------------------------------------------------------


async def test_phone_book(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    expected_warnings: list[str],
) -> None:
    """It is listed, changed and searched; who may not control the accounts may not change it."""
    expected_warnings.append("Error handling message")
    await async_set_up(hass, fake_entry)
    entry = {"name": "Eva", "numbers": ["+390612345678"], "groups": ["family"]}
    await hass.services.async_call("pbx", "add_to_phone_book", entry, blocking=True)
    socket, reader, stranger = await page(), await page(READS), await page(READS_ANOTHER)
    book = (await ask(socket, "pbx/phone_book/list"))["result"]
    [row] = book["entries"]
    assert (row["name"], book["groups"]) == ("Eva", ["family"])
    assert (await ask(reader, "pbx/phone_book/list"))["result"] == book
    assert (await ask(stranger, "pbx/phone_book/list"))["error"]["code"] == "unauthorized"
    refused = await ask(reader, "pbx/phone_book/update", entry_id=row["id"], name="Mallory")
    assert refused["error"]["code"] == "unauthorized"
    changed = (await ask(socket, "pbx/phone_book/update", entry_id=row["id"], company="Tea Ltd"))["result"]["entry"]
    assert (changed["name"], changed["company"]) == ("Eva", "Tea Ltd")
    unknown = await ask(socket, "pbx/phone_book/update", entry_id="nobody", name="X")
    assert unknown["error"]["translation_key"] == "phone_book_unknown"
    assert unknown["error"]["code"] == "service_validation_error"
    [found] = (await ask(socket, "pbx/search", text="tea"))["result"]["contacts"]
    assert found == {"name": "Eva", "company": "Tea Ltd", "number": "+390612345678"}
    assert (await ask(stranger, "pbx/search", text="tea"))["result"]["contacts"] == []


@pytest.mark.parametrize(
    ("changes", "key", "placeholders"),
    [
        ({"name": "", "company": " "}, "phone_book_no_name", {}),
        ({"numbers": []}, "phone_book_no_number", {}),
        ({"numbers": ["030 23125101 or so"]}, "phone_book_bad_number", {"number": "030 23125101 or so"}),
        ({"entry_id": "nobody"}, "phone_book_unknown", {"entry_id": "nobody"}),
    ],
)
async def test_a_mistake_in_the_phone_book_is_told_to_who_made_it(
    hass: HomeAssistant,
    fake_entry: MockConfigEntry,
    page: Page,
    changes: dict[str, Any],
    key: str,
    placeholders: dict[str, str],
) -> None:
    """In words that the page translates; the log has no number of anybody."""
    await async_set_up(hass, fake_entry)
    await hass.services.async_call("pbx", "add_to_phone_book", {"name": "Eva", "numbers": "101"}, blocking=True)
    error = (await ask(await page(), "pbx/phone_book/update", **{"entry_id": "eva", **changes}))["error"]
    assert (error["translation_key"], error["translation_placeholders"]) == (key, placeholders)


# -- contacts ----------------------------------------------------------------------------------------

GRACE = m.Contact(
    id="7", first_name="Grace", last_name="Okafor", company="Tea Ltd", numbers=("+44123456789", "+44987654321")
)


async def test_search(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page) -> None:
    """A contact has a row for each number; digits are looked for as a number, letters as a name."""
    fake.script.answers["search_contacts"] = m.ContactPage(contacts=(GRACE,))
    await async_set_up(hass, fake_entry)
    socket = await page()
    found = (await ask(socket, "pbx/search", text=" gra "))["result"]["contacts"]
    assert found == [
        {"account": "entry_house", "contact_id": "7", "name": "Grace Okafor", "company": "Tea Ltd", "number": number}
        for number in ("+44123456789", "+44987654321")
    ]
    await ask(socket, "pbx/search", text="+44 12")
    by_name, by_number = (query for (query,) in fake.script.arguments("search_contacts"))
    assert (by_name.name, by_name.number) == ("gra", None)
    assert (by_number.name, by_number.number) == (None, "+4412")


@pytest.mark.parametrize(
    ("policy", "book", "theirs"), [(None, True, True), (READS_ALL, True, False), (READS, False, False)]
)
async def test_whose_contacts_a_user_finds(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    policy: Json | None,
    *,
    book: bool,
    theirs: bool,
) -> None:
    """As with the actions: administrators find the phone system's own, who may read all accounts the phone book's."""
    fake.script.answers["search_contacts"] = m.ContactPage(contacts=(GRACE,))
    await async_set_up(hass, fake_entry)
    await another_account(hass, fake, "other")
    entry = {"name": "Grace Hopper", "company": "Navy", "numbers": ["+390612345678"], "groups": ["vip"]}
    await hass.services.async_call("pbx", "add_to_phone_book", entry, blocking=True)
    socket = await page(policy)
    found = (await ask(socket, "pbx/search", text="grace"))["result"]["contacts"]
    assert {row["name"] for row in found} == {
        *(["Grace Hopper"] if book else []),
        *(["Grace Okafor"] if theirs else []),
    }
    assert fake.script.times("search_contacts") == (2 if theirs else 0)
    known = (await ask(socket, "pbx/about", account=fake_entry.entry_id, number="+390612345678"))["result"]
    assert (known.get("name"), known.get("company"), known.get("groups")) == (
        ("Grace Hopper", "Navy", ["vip"]) if book else (None, None, None)
    )


async def test_search_spares_the_phone_system(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page
) -> None:
    """What was asked a moment ago is not asked again, and those who type fast do not use up the account's limit."""
    await async_set_up(hass, fake_entry)
    socket, other = await page(), await page()
    for _ in range(3):
        assert (await ask(socket, "pbx/search", text="Grace"))["result"]["failed"] == []
        assert (await ask(other, "pbx/search", text="gracE"))["result"]["failed"] == []
    assert fake.script.times("search_contacts") == 1
    answers = [(await ask(socket, "pbx/search", text=f"name {number}"))["result"] for number in range(30)]
    refused = [answer for answer in answers if answer["failed"]]
    assert fake.script.times("search_contacts") + len(refused) == 31
    assert fake.script.times("search_contacts") <= 10
    assert refused[-1]["failed"][0]["translation_key"] == "rate_limited"


async def test_one_question_for_all_who_wait(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page
) -> None:
    """Two who ask the same while the phone system thinks get the same answer."""
    thinking = asyncio.Event()

    async def think(_query: m.ContactQuery) -> m.ContactPage:
        await thinking.wait()
        return m.ContactPage(contacts=(GRACE,))

    fake.script.answers["search_contacts"] = think
    await async_set_up(hass, fake_entry)
    sockets = [await page(), await page()]
    for socket in sockets:
        await socket.send_json_auto_id({"type": "pbx/search", "text": "grace"})
    await asyncio.sleep(0.05)
    thinking.set()
    answers = [await socket.receive_json() for socket in sockets]
    assert [len(answer["result"]["contacts"]) for answer in answers] == [2, 2]
    assert fake.script.times("search_contacts") == 1


@pytest.mark.parametrize("text", ["", "x", " x ", "y" * 101])
async def test_search_text(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    text: str,
    expected_warnings: list[str],
) -> None:
    """Too short and too long texts are refused."""
    expected_warnings.append("length of value must be")
    await async_set_up(hass, fake_entry)
    assert not (await ask(await page(), "pbx/search", text=text))["success"]
    assert fake.script.times("search_contacts") == 0


async def test_masked(hass: HomeAssistant, fake: type[FakeProvider], page: Page) -> None:
    """Where numbers are masked, no message shows one, nor a link that has it in its name."""
    number = "+390612345678"
    fake.script.calls = (incoming("c1"),)
    found = record(1, caller=m.Party(number=number), recording_url=f"https://example.com/{number}.mp3")
    fake.script.answers["history"] = m.HistoryPage(records=(replace(found, answered_by_number=number),))
    fake.script.answers["search_contacts"] = m.ContactPage(contacts=(replace(GRACE, numbers=(number,)),))
    entry = fake_config_entry(options={"mask_numbers": True})
    await async_set_up(hass, entry)
    socket = await page()
    [account], _ = await subscribe(socket)
    entry.runtime_data.coordinator.async_push(pushed("c2", CallState.RINGING, caller=NAMED))
    messages = [account, await told(socket)]
    messages += [await ask(socket, "pbx/history"), await ask(socket, "pbx/search", text="grace")]
    assert [message for message in messages if "0612345" in str(message)] == []
    assert all("678" in str(message) for message in messages)


# -- what a user chose -------------------------------------------------------------------------------


async def test_me(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page) -> None:
    """A choice is kept for its user, and told to that user's other pages alone."""
    await async_set_up(hass, fake_entry)
    socket, other, stranger = await page(), await page(), await page(READS)
    await subscribe(other)
    await subscribe(stranger)
    mine = {"extension": "entry_house/101", "caller_id": "entry_house/+390698765432", "popup": "mine", "sound": True}
    chosen = (await ask(socket, "pbx/me/set", **mine))["result"]
    begun = chosen.pop("seen")
    assert begun is not None  # what was missed before is old
    assert chosen == mine
    chosen["seen"] = begun
    assert await told(other) == {"type": "me", "me": chosen}
    assert await silent(stranger)
    assert (await ask(socket, "pbx/me"))["result"] == chosen
    assert (await ask(stranger, "pbx/me"))["result"]["extension"] is None
    assert (await ask(socket, "pbx/me/set", popup="off"))["result"] == {**chosen, "popup": "off"}
    seen = (await ask(socket, "pbx/seen"))["result"]["seen"]
    assert seen > begun
    assert (await ask(socket, "pbx/me"))["result"] == {**chosen, "popup": "off", "seen": seen}


async def test_me_is_kept(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    hass_admin_user: Any,
) -> None:
    """What was chosen is there after a restart, also where another version wrote more or less."""
    hass_storage["pbx.console"] = {
        "version": 1,
        "data": {
            "users": {
                hass_admin_user.id: {
                    "extension": "entry_house/102",
                    "caller_id": "entry_house/+39069",
                    "popup": "sometimes",
                    "theme": "x",
                }
            }
        },
    }
    await async_set_up(hass, fake_entry)
    chosen = (await ask(await page(), "pbx/me"))["result"]
    assert chosen == {**NOTHING_CHOSEN, "extension": "entry_house/102", "caller_id": "entry_house/+39069"}


@pytest.mark.parametrize(
    "fields", [{"popup": "sometimes"}, {"sound": "loud"}, {"extension": ""}, {"caller_id": 5}, {"theme": "dark"}]
)
async def test_me_refuses(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    fields: Json,
    expected_warnings: list[str],
) -> None:
    """Only what can be chosen is kept."""
    expected_warnings.append("Error handling message")
    await async_set_up(hass, fake_entry)
    socket = await page()
    assert not (await ask(socket, "pbx/me/set", **fields))["success"]
    assert (await ask(socket, "pbx/me"))["result"]["popup"] is None
