"""Voxloud: the account, its users, and errors."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import pytest

from custom_components.pbx.providers import http as http_module
from custom_components.pbx.providers.voxloud.provider import VoxloudProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    TroubleError,
    UnknownOutcomeError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import (
    Capability,
    DialFirst,
    Outcome,
)
from tests.simulators.base import FaultKind
from tests.simulators.voxloud import (
    Absent,
    DeliveryMode,
    Envelope,
    ErrorStyle,
    GroupHangup,
    NumberStyle,
    VoxloudSimulator,
    demo_users,
)
from tests.simulators.voxloud import EventType as SimulatedEvent

from .account import (
    CANARY,
    CONTACT,
    DIALING,
    HOOK,
    INCOMING,
    INTERNAL,
    MAIN,
    OUTGOING,
    RINGING,
    TALKING,
    FastProvider,
    House,
    Stub,
    asked,
    stubbed,
)

type Make = Callable[..., Awaitable[FastProvider]]


COMMANDS: Mapping[str, Callable[[VoxloudProvider], Awaitable[object]]] = {
    "directory": lambda provider: provider.directory(),
    "subscriptions": lambda provider: provider.subscriptions(),
    "subscribe": lambda provider: provider.subscribe(HOOK),
    "unsubscribe": lambda provider: provider.unsubscribe(HOOK),
    "originate": lambda provider: provider.originate(m.Originate(extension="101", number=CONTACT)),
    "click_to_call": lambda provider: provider.click_to_call(m.Originate(extension="101", number=CONTACT)),
    "history": lambda provider: provider.history(m.HistoryQuery()),
    "csv": lambda provider: provider.history(m.HistoryQuery(csv=True)),
    "search": lambda provider: provider.search_contacts(m.ContactQuery(name="John")),
    "create": lambda provider: provider.create_contact(m.Contact(first_name="John", number=CONTACT)),
    "update": lambda provider: provider.update_contact(m.Contact(id="abc", first_name="John")),
    "delete": lambda provider: provider.delete_contact("abc"),
    "media": lambda provider: provider.media(m.MediaKind.RECORDING, 10, 0),
    "record_of": lambda provider: provider.record_of(m.Call(id="x", state=TALKING)),
}


async def test_the_account_has_an_id_that_outlives_its_key(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The administrator's address makes the id; a new key, and even a new administrator, keep it."""
    account = await client.account()
    assert account.title == "Keller & Rossi"
    assert re.fullmatch("[0-9a-f]{20}", account.id)
    assert account.settings == {"account_id": account.id, "company": "Keller & Rossi"}
    assert client.capabilities == VoxloudProvider.possible
    assert CANARY not in repr(account) + repr(account.settings)
    assert sim.email not in repr(account)

    sim.email = "Admin@Example.com"
    assert (await client.account()).id == account.id
    sim.email = "other@example.com"
    assert (await client.account()).id != account.id
    client.update_settings(account.settings)
    assert (await client.account()).id == account.id
    sim.company = "Another company"
    assert (await client.account()).id != account.id


@pytest.mark.parametrize("url", ["{}", "{}/", "{}/api", "{}/api/v1", "{}/api/v2/"])
async def test_the_address_as_people_type_it(session: aiohttp.ClientSession, sim: VoxloudSimulator, url: str) -> None:
    """With or without the path of the API."""
    provider = FastProvider(session, {"api_key": f" {CANARY} ", "url": url.format(sim.url)})
    assert (await provider.account()).title == sim.company


async def test_the_address_without_a_scheme_is_encrypted(
    stub: tuple[Stub, str], session: aiohttp.ClientSession
) -> None:
    """A bare host is never asked in the clear."""
    with pytest.raises(ConnectError):
        await stubbed(session, stub[1].removeprefix("http://")).account()
    assert stub[0].asked == []


@pytest.mark.parametrize("key", ["", "with\nbreak", "ключ"])
async def test_a_key_that_cannot_be_one_is_not_sent(
    session: aiohttp.ClientSession, sim: VoxloudSimulator, key: str
) -> None:
    """Nothing is asked with it."""
    with pytest.raises((AuthError, InvalidInputError)):
        await FastProvider(session, {"api_key": key, "url": sim.url}).account()
    assert not sim.requests


async def test_a_wrong_key(session: aiohttp.ClientSession, sim: VoxloudSimulator) -> None:
    """The one request that is for this says so; every other asks it before it believes a 401."""
    provider = FastProvider(session, {"api_key": "wrong", "url": sim.url, "country": "IT"})
    with pytest.raises(AuthError):
        await provider.account()
    for command in COMMANDS.values():
        with pytest.raises(AuthError):
            await command(provider)


async def test_a_lone_401_to_whose_key_it_is(client: FastProvider, sim: VoxloudSimulator) -> None:
    """It is asked again, and then it is known."""
    sim.fault(FaultKind.STATUS, status=401)
    assert (await client.account()).title == sim.company
    assert len(sim.seen("validate-auth")) == 2


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "record_of"])
async def test_a_lone_401_is_no_wrong_key(client: FastProvider, sim: VoxloudSimulator, name: str) -> None:
    """The key is tried, and works."""
    sim.fault(FaultKind.STATUS, status=401, path="/api/")
    with pytest.raises(RefusedError) as caught:
        await COMMANDS[name](client)
    assert caught.value.code == "401"
    assert [seen.path for seen in sim.requests][-1].endswith("validate-auth")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RefusedError),
        (401, AuthError),
        (403, RefusedError),
        (404, ConnectError),
        (405, ConnectError),
        (406, RefusedError),
        (429, RateLimitError),
        (500, TroubleError),
        (502, ConnectError),
        (503, TroubleError),
    ],
)
async def test_what_the_account_answers(
    client: FastProvider, sim: VoxloudSimulator, status: int, error: type[ProviderError]
) -> None:
    """Only a 401 is about the key, and that when it is said twice."""
    sim.fault(FaultKind.STATUS, status=status, times=2)
    with pytest.raises(error) as caught:
        await client.account()
    assert type(caught.value) is error
    assert client.capabilities == Capability(0)


@pytest.mark.parametrize("answer", [{}, [], None, b"", b"<html>", {"name": None, "email": ["x"]}, b"[" * 100_000])
async def test_an_account_that_is_none(stub: tuple[Stub, str], session: aiohttp.ClientSession, answer: object) -> None:
    """Somebody else's server answers anything."""
    stub[0].add("POST", "/api/v1/validate-auth", answer)
    with pytest.raises(ConnectError):
        await stubbed(session, stub[1]).account()


async def test_an_account_without_a_company(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """One of the two is enough."""
    stub[0].add("POST", "/api/v1/validate-auth", {"email": "a@example.com"}, {"name": "Only"})
    provider = stubbed(session, stub[1])
    assert (await provider.account()).title == "Voxloud (a@example.com)"
    assert (await provider.account()).title == "Only"


async def test_nobody_listens(session: aiohttp.ClientSession, sim: VoxloudSimulator) -> None:
    """No connection is a ConnectError."""
    await sim.stop()
    with pytest.raises(ConnectError):
        await FastProvider(session, {"api_key": CANARY, "url": sim.url}).account()


@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("missing", [Absent.ABSENT, Absent.NULL])
async def test_the_directory(client: FastProvider, sim: VoxloudSimulator, *, wrap: bool, missing: Absent) -> None:
    """Users are extensions; there is nothing else to list."""
    sim.users_wrapped, sim.missing_as = wrap, missing
    sim.users["102"].dids = ()
    sim.users["103"].last_name = None
    directory = await client.directory()
    assert directory.extensions is not None
    assert [extension.number for extension in directory.extensions] == list(sim.users)
    assert directory.extensions[0].name == "Anna Keller"
    assert directory.extensions[0].outbound_numbers[0] == m.OutboundNumber(
        number=MAIN, label="Main office", selected=True
    )
    assert directory.extensions[1].outbound_numbers == ()
    assert directory.extensions[2].name == "Élodie"
    assert directory.agents is None
    assert directory.queues is None
    assert await client.calls() is None


async def test_users_that_may_not_be_listed(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A permission that is missing is told, and is no wrong key; other refusals are."""
    sim.forbidden = frozenset({"users"})
    assert await client.directory() == m.Directory(missing_permissions=frozenset({"users"}))
    sim.fault(FaultKind.STATUS, status=406)
    with pytest.raises(RefusedError):
        await client.directory()


@pytest.mark.parametrize("answer", [{}, {"results": {}}, "text", None, b"", 7])
async def test_a_list_that_is_none(stub: tuple[Stub, str], session: aiohttp.ClientSession, answer: object) -> None:
    """It is no empty list."""
    stub[0].add("GET", "/api/v2/users", answer)
    stub[0].add("GET", "/api/v1/webhook-subscriptions", answer)
    stub[0].add("POST", "/api/v1/telephony-events", answer)
    stub[0].add("GET", "/api/v1/contacts", answer)
    provider = stubbed(session, stub[1])
    for name in ("directory", "subscriptions", "subscribe", "unsubscribe", "history", "search", "media", "originate"):
        with pytest.raises(ConnectError):
            await COMMANDS[name](provider)


@pytest.mark.parametrize("style", list(ErrorStyle))
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RefusedError),
        (403, RefusedError),
        (404, NotFoundError),
        (405, RefusedError),
        (406, RefusedError),
        (409, RefusedError),
        (415, RefusedError),
        (422, RefusedError),
        (429, RateLimitError),
        (500, TroubleError),
        (502, ConnectError),
        (503, TroubleError),
        (504, ConnectError),
        (302, ConnectError),
    ],
)
async def test_every_status(
    client: FastProvider, sim: VoxloudSimulator, style: ErrorStyle, status: int, error: type[ProviderError]
) -> None:
    """Whatever the body is, the status decides."""
    sim.error_style = style
    sim.fault(FaultKind.STATUS, status=status)
    with pytest.raises(error) as caught:
        await client.history(m.HistoryQuery())
    assert type(caught.value) is error
    if isinstance(caught.value, RefusedError):
        assert caught.value.code == str(status)
        assert caught.value.reason


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.RESET_MID_BODY, FaultKind.TRUNCATED, FaultKind.HTML])
@pytest.mark.parametrize("name", ["directory", "history", "search", "media"])
async def test_answers_that_break_off(client: FastProvider, sim: VoxloudSimulator, kind: FaultKind, name: str) -> None:
    """They are no answers, and not an empty list."""
    sim.fault(kind, times=2)
    with pytest.raises(ConnectError):
        await COMMANDS[name](client)


UNCLEAR, DONE_NOTHING = (UnknownOutcomeError, m.PlacedOutcome.UNKNOWN), (TroubleError, TroubleError)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (502, {"message": "Bad Gateway"}, UNCLEAR),
        (504, b"", UNCLEAR),
        (524, b"<html>", UNCLEAR),
        (500, b"", UNCLEAR),
        (500, b"<html>", UNCLEAR),
        (500, {"status": 500, "error": "Internal Server Error", "message": ""}, UNCLEAR),
        (500, {"message": "No line is free"}, DONE_NOTHING),
        (503, b"", DONE_NOTHING),
        (503, {"message": "Maintenance"}, DONE_NOTHING),
    ],
)
async def test_a_command_that_meets_trouble(
    stub: tuple[Stub, str],
    session: aiohttp.ClientSession,
    status: int,
    body: object,
    expected: tuple[type[ConnectError], object],
) -> None:
    """Without the phone system's own words, whether the command was carried out is not known; it is sent once."""
    server, url = stub
    server.add("POST", "/api/v1/contacts", (status, body))
    with pytest.raises(ConnectError) as caught:
        await COMMANDS["create"](stubbed(session, url))
    assert type(caught.value) is expected[0]
    server.add("GET", "/api/v2/users", [])
    server.add("GET", "/api/v1/click-to-call", [{"id": "k1", "extension": "101", "outboundNumber": MAIN}])
    server.add("POST", "/api/v1/click-to-call/k1/connect", (status, body))
    try:
        outcome: object = (await stubbed(session, url).originate(asked())).outcome
    except ConnectError as err:
        outcome = type(err)
    assert outcome is expected[1]
    assert [method for method, _ in server.asked] == ["POST", "GET", "GET", "POST"]


async def test_no_reason_repeats_what_was_sent(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """The phone system's words are shown, without the key, numbers, names, addresses and URLs in them."""
    spoken = (
        f"Bad key {CANARY}: Giovanna (anna@example.com) at {CONTACT} or 06 5550 2001, "
        f"see https://x.example/{CANARY}?a=1 " + "and so on " * 40
    )
    stub[0].add("POST", "/api/v1/contacts", (400, {"message": spoken}))
    with pytest.raises(RefusedError) as caught:
        await stubbed(session, stub[1]).create_contact(
            m.Contact(first_name="Giovanna", number=CONTACT, email="anna@example.com")
        )
    reason = caught.value.reason
    assert reason.startswith("Bad key …")
    assert len(reason) <= 200
    for secret in (CANARY, "Giovanna", "anna@", "5550", "2001", "https", "x.example"):
        assert secret not in reason


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"message":5e}', {"message": None}, {"message": {"a": 1}}])
async def test_a_refusal_without_words(stub: tuple[Stub, str], session: aiohttp.ClientSession, body: object) -> None:
    """The status has to do."""
    stub[0].add("POST", "/api/v1/contacts", (400, body))
    with pytest.raises(RefusedError) as caught:
        await COMMANDS["create"](stubbed(session, stub[1]))
    assert caught.value.reason == "HTTP 400"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 502, 503])
async def test_nothing_secret_is_in_an_exception_or_the_log(
    client: FastProvider, sim: VoxloudSimulator, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """Not the key, not a number, not a URL; not even at debug."""
    caplog.set_level(logging.DEBUG)
    for command in COMMANDS.values():
        sim.fault(FaultKind.STATUS, status=status, times=50)
        try:
            await command(client)
        except ProviderError as err:
            shown = f"{err!r} {err} {err.args} {err.__cause__!r} {vars(err)}"
            assert not re.search(f"{CANARY}|{re.escape(CONTACT)}|http://|https://|127.0.0.1|John", shown)
        sim.faults.clear()
    ours = [entry.getMessage() for entry in caplog.records if "custom_components" in entry.name]
    assert ours
    assert not re.search(f"{CANARY}|{re.escape(CONTACT)}|://|127.0.0.1|John", "\n".join(ours))


async def test_a_429_slows_polls_down_and_not_commands(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A poll waits as long as the server says, or twice as long each time; a command still goes out."""
    sim.fault(FaultKind.STATUS, status=429, headers={"Retry-After": "90"})
    with pytest.raises(RateLimitError) as caught:
        await client.directory()
    assert caught.value.retry_after == 90
    before = len(sim.requests)
    with pytest.raises(RateLimitError) as caught:
        await client.directory()
    assert caught.value.retry_after == pytest.approx(90, abs=2)
    assert len(sim.requests) == before
    await client.history(m.HistoryQuery())
    assert len(sim.requests) == before + 1


async def test_429s_without_a_time_double_the_pause(client: FastProvider, sim: VoxloudSimulator) -> None:
    """30 s at first, ten minutes at most, and 30 s again once something went well."""
    for expected in (30, 60, 120, 240, 480, 600, 600):
        sim.fault(FaultKind.STATUS, status=429)
        with pytest.raises(RateLimitError):
            await client.history(m.HistoryQuery())
        assert client.http.budget.paused_for == pytest.approx(expected, abs=2)
    await client.history(m.HistoryQuery())
    client.http.budget.slow_down(None)
    client.http.budget.slow_down(None)
    assert client.http.budget.paused_for == pytest.approx(600, abs=2)


async def test_the_budget_refuses_before_the_phone_system_does(
    session: aiohttp.ClientSession, sim: VoxloudSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty requests a minute, a quarter of them at once."""
    monkeypatch.setattr(http_module, "PATIENCE", 0.05)
    provider = VoxloudProvider(session, {"api_key": CANARY, "url": sim.url})

    async def hurry() -> None:
        for _ in range(30):
            await provider.search_contacts(m.ContactQuery())

    with pytest.raises(RateLimitError):
        await hurry()
    assert 10 <= len(sim.requests) <= 20


async def test_fields_and_capabilities(client: FastProvider) -> None:
    """What is not honoured is refused by name, and what is lacking by the command's."""
    with pytest.raises(UnsupportedError):
        client.check(Capability.ORIGINATE)
    await client.account()
    client.check(Capability.CLICK_TO_CALL, {"caller_id_number", "dial_first"})
    for command, field in (
        (Capability.ORIGINATE, "ring_timeout"),
        (Capability.ORIGINATE, "dial_first"),
        (Capability.CREATE_CONTACT, "groups"),
        (Capability.UPDATE_CONTACT, "notes"),
    ):
        with pytest.raises(UnsupportedError) as caught:
            client.check(command, {field})
        assert caught.value.field == field
    for lacking in (Capability.HANGUP, Capability.HOLD, Capability.TRANSFER, Capability.AGENTS, Capability.QUEUES):
        assert lacking not in client.capabilities
    with pytest.raises(UnsupportedError):
        await client.hangup(m.CallRef(call=m.Call(id="x", state=TALKING)))


@pytest.mark.parametrize("envelope", list(Envelope))
@pytest.mark.parametrize("style", list(NumberStyle))
@pytest.mark.parametrize("hangup", list(GroupHangup))
async def test_a_ring_group(
    house: House, sim: VoxloudSimulator, envelope: Envelope, style: NumberStyle, hangup: GroupHangup
) -> None:
    """Three phones ring, one answers, and whatever is told of their ends, the record ends the call."""
    sim.envelope, sim.number_style, sim.group_hangup, sim.race_records = envelope, style, hangup, True
    call_id = await sim.ring(CONTACT, "901")
    assert house.states == dict.fromkeys(("101", "102", "103"), RINGING)
    call = house.registry.calls[call_id]
    assert (call.direction, call.caller.number) == (INCOMING, CONTACT)
    await sim.answer(call_id, "102")
    assert house.states == {"102": TALKING}
    await sim.hang_up(call_id)
    house.wait(seconds=30)
    assert house.states == {}
    assert house.events[:2] == ["call_incoming", "call_answered"]
    assert house.events.count("call_ended") == 1
    assert house.events.count("recording_ready") == 1
    assert "call_missed" not in house.events
    ended = house.registry.ended(call_id)
    assert ended is not None
    assert (ended.outcome, ended.answered_by) == (Outcome.ANSWERED, "102")


async def test_a_missed_call_a_voicemail_and_a_hidden_caller(house: House, sim: VoxloudSimulator) -> None:
    """Nobody answers: it is missed once."""
    call_id = await sim.ring("anonymous", "101")
    assert house.registry.calls[call_id].caller.hidden
    await sim.leave_voicemail(call_id)
    house.wait(seconds=30)
    assert house.events.count("call_missed") == 1
    assert "voicemail_received" in house.events
    assert house.registry.missed == 1


@pytest.mark.parametrize("incoming", [True, False])
async def test_an_internal_call(house: House, sim: VoxloudSimulator, *, incoming: bool) -> None:
    """Whether or not the called phone is told of."""
    sim.internal_incoming = incoming
    call_id = await sim.dial("101", "102")
    assert house.registry.calls[call_id].direction is INTERNAL
    assert house.states["101"] is DIALING
    await sim.answer(call_id, "102")
    assert house.states == {"101": TALKING, "102": TALKING}
    await sim.hang_up(call_id)
    house.wait(seconds=30)
    assert house.states == {}


@pytest.mark.parametrize("kind", [SimulatedEvent.CALL_STARTED, SimulatedEvent.CALL_INCOMING])
@pytest.mark.parametrize("same_id", [True, False])
@pytest.mark.parametrize("first", list(DialFirst))
async def test_a_call_placed_by_api_is_told_as_outgoing(
    house: House,
    sim: VoxloudSimulator,
    client: FastProvider,
    *,
    kind: SimulatedEvent,
    same_id: bool,
    first: DialFirst,
) -> None:
    """However its phone is told of it, it is no incoming call from the contact."""
    sim.ctc_event, sim.ctc_same_call_id = kind, same_id
    await client.click_to_call(asked(dial_first=first))
    await sim.settle()
    call_id = sim.placed[0].call_id
    if first is DialFirst.CONTACT:
        await sim.answer(call_id)
    call = house.registry.calls[call_id]
    assert (call.direction, call.callee.number, call.extensions) == (OUTGOING, CONTACT, ("101",))
    await sim.answer(call_id, "101")
    if first is DialFirst.EXTENSION:
        await sim.answer(call_id)
    assert house.states == {"101": TALKING}
    await sim.hang_up(call_id)
    house.wait(seconds=30)
    assert house.states == {}
    assert "call_incoming" not in house.events
    assert "call_missed" not in house.events


@pytest.mark.parametrize("mode", [DeliveryMode.DUPLICATED, DeliveryMode.SHUFFLED, DeliveryMode.DROP_NTH])
async def test_bad_delivery(house: House, sim: VoxloudSimulator, mode: DeliveryMode) -> None:
    """Twice, out of order or not at all: in the end the phones are idle."""
    sim.delivery = mode
    for number in ("901", "902"):
        call_id = await sim.ring(CONTACT, number)
        await sim.answer(call_id)
        await sim.hang_up(call_id)
    await sim.settle()
    house.wait(hours=5)
    assert house.states == {}
    assert house.events.count("call_incoming") <= 2


def test_the_simulated_company_is_as_these_tests_expect() -> None:
    """Two numbers, five people."""
    assert [user.extension for user in demo_users()] == ["101", "102", "103", "104", "105"]
