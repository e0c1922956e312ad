"""The VoIPstudio provider: rows and pushes become models, and commands reach the phone system exactly once."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers import http as http_module
from custom_components.pbx.providers.voipstudio import calls as calls_module
from custom_components.pbx.providers.voipstudio import contacts, payload
from custom_components.pbx.providers.voipstudio import history as history_module
from custom_components.pbx.providers.voipstudio.api import base_url
from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    BadPayloadError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    SecondFactorError,
    UnknownOutcomeError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import CallState, Capability, Direction, EventType, Outcome
from tests.simulators.base import FaultKind
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipstudio_switches import ContactStyle, PartialAgents, PlacedLegs

GRACE = "447911123456"
OTHER = "447911123457"
DDI = "441632960500"
SHOWN = f"+{DDI}"
CANARY = "0c5ec7e7ca9a7ab1ec5ec7e7ca9a7ab1ec5ec7e7"

RINGING, TALKING, HELD, ENDED, DIALING = (
    CallState.RINGING,
    CallState.TALKING,
    CallState.ON_HOLD,
    CallState.ENDED,
    CallState.DIALING,
)

BOOK = payload.book(
    [
        {"id": 10002, "ext": "1002", "first_name": "John", "last_name": "Smith", "email": "john@example.com"},
        {"id": 10003, "ext": "1003", "first_name": "Mary", "last_name": "Major"},
        {"id": 10004, "ext": ""},
        {"ext": "1009"},
    ],
    complete=True,
    country="GB",
    queues={"80892": "601"},
)


# -- rows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (4278003532, "4278003532"),
        ("4278003532", "4278003532"),
        (4278003532.0, "4278003532"),
        (0, ""),
        ("0", ""),
        (None, ""),
        (True, ""),
        ([1], ""),
        (float("nan"), ""),
        ("x" * 65, ""),
    ],
)
def test_ids(value: object, expected: str) -> None:
    """Ids are text; 0 is nobody."""
    assert payload.ident(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("INITIAL", RINGING),
        ("RINGING", RINGING),
        ("RINING", RINGING),
        ("connected", TALKING),
        ("ON_HOLD", HELD),
        ("on hold", HELD),
        ("HANGUP", ENDED),
        ("HUNGUP", ENDED),
        ("FAILED", ENDED),
        (0, RINGING),
        (1, RINGING),
        (2, TALKING),
        ("3", HELD),
        (4, ENDED),
        (17, None),
        ("", None),
        (None, None),
        ("PARKED BY 441632960123!", None),
    ],
)
def test_states(value: object, expected: CallState | None) -> None:
    """States are words in reality and integers in the documentation."""
    assert payload.state(value) is expected


def test_an_unknown_state_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """An unknown state is worth one line for those who look, or pushes of nonsense would fill the log."""
    caplog.set_level(logging.DEBUG)
    for _ in range(3):
        payload.state("PARKED_FOR_TEST")
    [line] = [record for record in caplog.records if "PARKED_FOR_TEST" in record.getMessage()]
    assert line.levelno == logging.DEBUG


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"441632960123" <441632960123>', ""),
        ('"Grace Okafor" <441632960123>', "Grace Okafor"),
        ("Grace Okafor", "Grace Okafor"),
        ("Acme | 441632960123", ""),
        ("Acme | Grace", "Grace"),
        ('"Acme | Grace" <441632960123>', "Grace"),
        ("United Kingdom (Local)", ""),
        ("Anonymous", ""),
        ('a "strange" <b> name', 'a "strange" <b> name'),
        (None, ""),
        (7, ""),
    ],
)
def test_names(value: object, expected: str) -> None:
    """A name is a name, and neither a number nor that of a ring group or a rate."""
    assert payload.given_name(value) == expected


INCOMING: Mapping[str, object] = {
    "id": 4278003532,
    "state": "CONNECTED",
    "start_time": 1778517353,
    "connected_at": 1778517361,
    "context": "LOCAL_USER",
    "destination": "in",
    "clid": f'"{GRACE}" <{GRACE}>',
    "src": GRACE,
    "src_id": "0",
    "src_name": f'"{GRACE}" <{GRACE}>',
    "dst": DDI,
    "dst_id": "10002",
    "dst_name": "John Smith",
    "parent_id": None,
}


def call_of(*rows: Mapping[str, object]) -> m.Call:
    """Give the one call that these rows are."""
    (call,) = calls_module.calls([dict(row) for row in rows], BOOK)
    return call


def legs_of(call: m.Call) -> list[tuple[str, str | None, CallState]]:
    """Give id, extension and state of a call's legs."""
    return [(leg.id, leg.extension, leg.state) for leg in call.legs]


def test_the_contracts_row() -> None:
    """The documented row is one incoming call that was answered."""
    call = call_of(INCOMING)
    assert call == m.Call(
        id="4278003532",
        state=TALKING,
        direction=Direction.INCOMING,
        caller=m.Party(number="+447911123456"),
        callee=m.Party(number=SHOWN, name="John Smith"),
        legs=(m.Leg(id="4278003532", state=TALKING, extension="1002", context="LOCAL_USER"),),
        started_at=datetime(2026, 5, 11, 16, 35, 53, tzinfo=UTC),
        answered_at=datetime(2026, 5, 11, 16, 36, 1, tzinfo=UTC),
        answered_by="1002",
    )


def test_numbers_are_international_wherever_the_account_is() -> None:
    """VoIPstudio leaves the plus away; nothing of that is a number of the account's own country."""
    book = payload.book([], complete=True, country="DE", queues={})
    (call,) = calls_module.calls([{**INCOMING, "src": "442079460123", "clid": None}], book)
    assert (call.caller.number, call.callee.number) == ("+442079460123", SHOWN)
    item = payload.voicemail({"id": 1, "caller": "0012025550123", "dialled": DDI}, book)
    assert item is not None
    assert (item.caller, item.callee) == ("+12025550123", SHOWN)


def test_the_short_answer_of_originate() -> None:
    """About ten fields are enough: the user's phone dials."""
    call = call_of(
        {
            "id": 4278003532,
            "state": "RINGING",
            "src_id": "10002",
            "src_name": "John Smith",
            "dst": GRACE,
            "dst_name": "United Kingdom (Local)",
            "clid": f'"+{DDI}" <+{DDI}>',
            "start_time": 1778517353,
        }
    )
    assert (call.direction, call.state) == (Direction.OUTGOING, DIALING)
    assert call.caller == m.Party(number="1002", name="John Smith")
    assert call.callee == m.Party(number="+447911123456")
    assert legs_of(call) == [("4278003532", "1002", DIALING)]


@pytest.mark.parametrize(
    ("change", "party"),
    [
        ({"src": ""}, m.Party(hidden=True)),
        ({"src": "anonymous"}, m.Party(hidden=True)),
        ({"src": None, "clid": f'"Grace" <+{GRACE}>'}, m.Party(number="+447911123456", name="Grace")),
        ({"src": None, "clid": "Grace"}, m.Party()),
        ({"src": None, "clid": None}, m.Party()),
        ({"src": GRACE, "src_name": None, "clid": '"Grace" <1>'}, m.Party(number="+447911123456", name="Grace")),
        ({"src": "Vodafone", "src_name": ""}, m.Party(number="Vodafone")),
        ({"src": "1003"}, m.Party(number="1003", name="Mary Major")),
        ({"src": "10003", "src_id": 10003}, m.Party(number="1003", name="Mary Major")),
    ],
)
def test_callers(change: Mapping[str, object], party: m.Party) -> None:
    """Callers come withheld, as caller ID strings, as users and not at all."""
    assert call_of({**INCOMING, **change}).caller == party


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        ({}, Direction.INCOMING),
        ({"src_id": "10003"}, Direction.INTERNAL),
        ({"src_id": "10003", "dst_id": "0"}, Direction.INTERNAL),  # `destination` is in: a queue, or voicemail
        ({"src_id": "10003", "dst_id": "0", "destination": "out"}, Direction.OUTGOING),
        ({"src_id": "10003", "dst_id": "0", "destination": 1}, Direction.OUTGOING),
        ({"dst_id": None}, Direction.INCOMING),
        ({"dst_id": None, "destination": "out"}, Direction.OUTGOING),
        ({"dst_id": None, "destination": None}, None),
    ],
)
def test_directions(change: Mapping[str, object], direction: Direction | None) -> None:
    """The direction is seen from the owners of the phone system."""
    assert call_of({**INCOMING, **change}).direction is direction


def test_an_internal_call_has_two_phones() -> None:
    """One row, two extensions: who calls dials, who is called rings."""
    call = call_of({**INCOMING, "state": "RINGING", "connected_at": None, "src": "1003", "src_id": "10003"})
    assert legs_of(call) == [("4278003532", "1002", RINGING), ("4278003532/caller", "1003", DIALING)]
    assert (call.state, call.answered_by, call.answered_at) == (RINGING, None, None)


def group(*members: Mapping[str, object], context: str = "RG-83502") -> list[dict[str, object]]:
    """Make the rows of a ring group or queue: a parent and a row below it for each phone."""
    parent = {**INCOMING, "id": 100, "dst_id": "0", "dst_name": "Front desk", "context": context, "state": "RINGING"}
    return [
        dict(parent),
        *({**INCOMING, "state": "RINGING", "context": context, "parent_id": 100, **member} for member in members),
    ]


def test_a_ring_group_is_one_call() -> None:
    """Rows below one parent are one call, with or without the parent's own row."""
    rows = group({"id": 102, "dst_id": "10003"}, {"id": 101, "dst_id": "10002"})
    whole, without = call_of(*rows), call_of(*rows[1:])
    assert whole.id == without.id == "100"
    assert legs_of(whole) == legs_of(without) == [("101", "1002", RINGING), ("102", "1003", RINGING)]
    assert whole.callee == m.Party(number=SHOWN, name="Front desk")


def test_a_phone_of_a_group_answers() -> None:
    """Who is talking answered it; a phone that hung up is no leg any more."""
    rows = group(
        {"id": 101, "dst_id": "10002", "state": "HANGUP"}, {"id": 102, "dst_id": "10003", "state": "CONNECTED"}
    )
    call = call_of(*rows)
    assert (call.state, call.answered_by) == (TALKING, "1003")
    assert legs_of(call) == [("102", "1003", TALKING)]


@pytest.mark.parametrize(
    ("context", "number"), [("queue-80892", "601"), ("Q-80892", "601"), ("queue-7", "7"), ("RG-1", None), (None, None)]
)
def test_queues_by_context(context: str | None, number: str | None) -> None:
    """The context names the queue."""
    assert call_of({**INCOMING, "context": context}).queue == number


def test_a_queue_that_plays_music_has_not_answered() -> None:
    """Waiting in a queue is ringing, as long as no agent talks."""
    call = call_of({**INCOMING, "dst_id": "0", "context": "queue-80892"})
    assert (call.state, call.answered_at, call.answered_by) == (RINGING, None, None)
    assert legs_of(call) == [("4278003532", None, RINGING)]


def test_a_call_placed_by_api_has_a_leg_for_the_far_end() -> None:
    """The user's phone is up, and the called party below it still rings."""
    dialled = {**INCOMING, "src": "1002", "src_id": "10002", "dst": GRACE, "dst_id": "0", "destination": "out"}
    call = call_of({**dialled, "id": 7}, {**dialled, "id": 8, "parent_id": 7, "state": "RINGING"})
    assert legs_of(call) == [("7", "1002", TALKING), ("8", None, DIALING)]


def test_outside_rows_have_a_leg_without_extension() -> None:
    """A row between two outside numbers is told as it is."""
    row = {**INCOMING, "dst_id": "0", "destination": "out", "state": "RINGING"}
    assert legs_of(call_of(row)) == [("4278003532", None, DIALING)]


def test_an_unknown_state_keeps_the_call() -> None:
    """A call whose state is unknown is up all the same."""
    assert call_of({**INCOMING, "state": "WEIRD"}).state is TALKING
    assert call_of({**INCOMING, "state": None, "connected_at": None}).state is RINGING


def test_rows_that_cannot_be_read_are_skipped() -> None:
    """Rows without an id, ended ones and circles of parents neither raise nor lose the others."""
    rows: list[dict[str, object]] = [
        {},
        {"id": None},
        {**INCOMING, "id": 1, "state": "HANGUP"},
        {**INCOMING, "id": 2, "parent_id": 3},
        {**INCOMING, "id": 3, "parent_id": 2},
        {**INCOMING, "id": 4, "parent_id": 4},
    ]
    assert [call.id for call in calls_module.calls(rows, BOOK)] == ["2", "4"]


def test_a_long_chain_of_parents_ends() -> None:
    """Nothing is followed for ever."""
    rows = [{**INCOMING, "id": number, "parent_id": number + 1} for number in range(1, 100)]
    assert calls_module.calls(rows, BOOK)


def test_users_who_are_not_known_yet() -> None:
    """While the users are not known, an id says that it is one of them, but not which extension."""
    (call,) = calls_module.calls([dict(INCOMING)], payload.Book())
    assert call.direction is Direction.INCOMING
    assert legs_of(call) == [("4278003532", None, TALKING)]
    assert call.callee == m.Party(number=SHOWN, name="John Smith")


def test_ends_are_read_once() -> None:
    """What says the same is read once, unless it is no text or endless; what was read is forgotten some time."""
    known = payload.book([{"id": 10002, "ext": "1002"}], complete=False, country="GB", queues={})
    row = {"src_id": "0", "src": "442079460123", "dst_id": "10002", "dst": "441632960500", "destination": "in"}
    read = payload.ends(row, known)
    assert payload.ends({**row, "id": "2"}, known) is read
    assert payload.ends({**row, "src_id": True}, known) == read
    assert payload.ends({**row, "src_id": 1}, known) != read
    assert payload.ends({**row, "src_id": {}}, known) == read
    assert len(known.seen) == 1

    assert payload.ends({**row, "context": "x" * 5000}, known) == read
    assert len(known.seen) == 1
    for number in range(1000):
        payload.ends({**row, "src": f"442079460{number}"}, known)
    assert 0 < len(known.seen) <= 256


def test_users_become_extensions() -> None:
    """No phone at all is certain, one set up is not; the inactive and those without a number are left out."""
    rows: list[dict[str, object]] = [
        {"id": 10002, "ext": "1002", "first_name": "John", "last_name": "Smith", "email": "john@example.com",
         "active": True, "dnd": "true", "nb_sip_locations": 1, "cli": GRACE},
        {"id": "10003", "ext": "1003", "first_name": None, "nb_sip_locations": 0},
        {"id": 10004, "ext": "1004", "active": False},
        {"id": 10005, "ext": ""},
        {"id": 10006, "ext": None},
        {"id": 10007},
        {"ext": "1005"},
    ]  # fmt: skip
    assert payload.extensions(rows, BOOK) == (
        m.Extension(
            number="1002",
            name="John Smith",
            id="10002",
            dnd=True,
            email="john@example.com",
            outbound_numbers=(m.OutboundNumber(number="+447911123456", selected=True),),
        ),
        m.Extension(number="1003", id="10003", registered=False),
    )
    # Of the own user, which is all that an ordinary key shows, the extension may not be told.
    assert payload.extensions([{"id": 10002}], payload.Book()) == (m.Extension(number="10002", id="10002"),)


def test_a_phone_without_an_extension_is_still_one_of_the_account() -> None:
    """Who has no number is known by the user id: a call that such a user answers was not missed."""
    rows = group({"id": 101, "dst_id": "10002"}, {"id": 102, "dst_id": "10004", "state": "CONNECTED"})
    call = call_of(*rows)
    assert legs_of(call) == [("101", "1002", RINGING), ("102", "10004", TALKING)]
    assert call.answered_by == "10004"


def test_queues_and_agents() -> None:
    """Members may be objects, ids, or unreadable; who is unknown is unknown."""
    rows: list[dict[str, object]] = [
        {"id": 80892, "name": "Support", "number": 601,
         "users": [{"id": 10002, "status": True}, {"id": 10003, "status": "false", "first_name": "M"}, None]},
        {"id": 80893, "name": "Sales", "users": [10002, 10009]},
        {"id": 80894, "number": 603, "users": {"3": {"id": 10009, "status": False, "first_name": "Zoë"}}},
        {"name": "no id"},
    ]  # fmt: skip
    items = [item for row in rows if (item := payload.read_queue(row)) is not None]
    support, sales, odd = (payload.queue(item) for item in items)
    assert (support.number, support.agents_logged_in, dict(support.members)) == (
        "601",
        1,
        {"10002": True, "10003": False},
    )
    assert (sales.number, sales.agents_logged_in, dict(sales.members)) == ("80893", None, {})
    assert (odd.agents_logged_in, odd.waiting) == (0, None)
    john, mary, zoe = payload.agents(items, BOOK)
    assert (john.name, john.extension, dict(john.queues)) == ("John Smith", "1002", {"601": True})
    assert (john.status, john.logged_in) == (m.AgentStatus.AVAILABLE, True)
    assert (mary.number, mary.status, mary.logged_in) == ("1003", m.AgentStatus.LOGGED_OUT, False)
    assert (zoe.name, zoe.number, zoe.extension, zoe.logged_in) == ("Zoë", "10009", None, False)
    (idle,) = payload.agents([item for item in items if item.id == "80893"][:1], payload.Book())[:1]
    assert (idle.status, idle.logged_in) == (None, None)


CDR: Mapping[str, object] = {
    "id": 912345678, "live_id": 4278003532, "parent_live_id": None, "root_live_id": 4278003532, "is_root": True,
    "type": "I", "calldate": "2026-05-11 16:35:53", "src": GRACE, "src_id": "0", "src_name": GRACE,
    "dst": DDI, "dst_id": "10002", "dst_name": "John Smith", "duration": 51, "billsec": 42,
    "disposition": "CONNECTED", "destination": "in", "context": "LOCAL_USER", "t_cause": "Normal Clearing",
    "labels": ["vip", None, 3],
}  # fmt: skip


def record_of(*rows: Mapping[str, object]) -> m.CallRecord:
    """Give the one record that these rows are."""
    ((record, _legs),) = history_module.records([dict(row) for row in rows], BOOK)
    return record


def test_the_contracts_record() -> None:
    """The documented record is one answered call."""
    started = datetime(2026, 5, 11, 16, 35, 53, tzinfo=UTC)
    assert record_of(CDR) == m.CallRecord(
        id="912345678",
        call_id="4278003532",
        direction=Direction.INCOMING,
        outcome=Outcome.ANSWERED,
        caller=m.Party(number="+447911123456"),
        callee=m.Party(number=SHOWN, name="John Smith"),
        extension="1002",
        answered_by="1002",
        answered_by_number="1002",
        answered_by_name="John Smith",
        started_at=started,
        answered_at=started + timedelta(seconds=9),
        ended_at=started + timedelta(seconds=51),
        ring_time=9,
        duration=42,
        hangup_cause="Normal Clearing",
        details={"labels": ("vip", "3")},
    )


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"type": "M", "disposition": "NO ANSWER"}, Outcome.MISSED),
        ({"disposition": "NO ANSWER"}, Outcome.MISSED),
        ({"disposition": "NO_ANSWER", "src_id": "10002", "dst_id": "0", "destination": "out"}, Outcome.CANCELLED),
        ({"disposition": "BUSY"}, Outcome.BUSY),
        ({"disposition": "FAILED"}, Outcome.FAILED),
        ({"disposition": 1}, Outcome.UNKNOWN),
        ({"disposition": None}, Outcome.UNKNOWN),
    ],
)
def test_outcomes(change: Mapping[str, object], outcome: Outcome) -> None:
    """Type and disposition say how it ended; an unknown word says nothing."""
    record = record_of({**CDR, **change})
    assert (record.outcome, record.answered_at, record.duration) == (outcome, None, None)


@pytest.mark.parametrize(
    ("kind", "direction"),
    [("I", Direction.INCOMING), ("M", Direction.INCOMING), ("O", Direction.OUTGOING), (1, None), (None, None)],
)
def test_a_records_direction_by_its_type(kind: object, direction: Direction | None) -> None:
    """Where the ends do not say it, the type does."""
    assert record_of({**CDR, "type": kind, "dst_id": "0", "destination": 3}).direction is direction


def test_a_groups_record() -> None:
    """The legs of a group are one record; who answered is below the root."""
    leg = {**CDR, "is_root": False, "parent_live_id": 4278003532}
    record = record_of(
        {**leg, "id": 3, "live_id": 12, "dst_id": "10003", "billsec": 30},
        {**leg, "id": 2, "live_id": 11, "type": "M", "disposition": "NO ANSWER"},
        {**CDR, "dst_id": "0", "is_root": None},
    )
    assert (record.id, record.outcome, record.answered_by, record.duration) == (
        "912345678",
        Outcome.ANSWERED,
        "1003",
        30,
    )


def test_a_placed_calls_record() -> None:
    """Of a call placed by API the far end's leg says whether it was answered."""
    own = {**CDR, "type": "O", "src_id": "10002", "dst_id": "0", "destination": "out"}
    far = {**own, "id": 2, "live_id": 2, "is_root": False, "disposition": "NO ANSWER", "billsec": 0}
    assert record_of(own, far).outcome is Outcome.CANCELLED
    assert record_of(own, {**far, "disposition": "CONNECTED"}).outcome is Outcome.ANSWERED


def test_a_poor_record() -> None:
    """A record with an id alone is read, one without is not."""
    record = record_of({"id": 5})
    assert (record.id, record.call_id, record.started_at, record.ring_time) == ("5", None, None, None)
    assert list(history_module.records([{}, {"id": None}], BOOK)) == []


def test_contacts_and_sounds() -> None:
    """Old and new contact rows, recordings, voicemail with 00 numbers."""
    contact = contacts.contact(
        {"id": 1, "first_name": "Grace", "tel": GRACE, "mobile_1": OTHER, "tel_2": "", "group_name": "VIP",
         "email": "g@example.com", "notes": "x"}, BOOK,
    )  # fmt: skip
    assert contact == m.Contact(
        id="1",
        first_name="Grace",
        number="+447911123456",
        numbers=("+447911123456", "+447911123457"),
        email="g@example.com",
        emails=("g@example.com",),
        groups=("VIP",),
        notes="x",
    )
    assert contacts.contact({}, BOOK) is None
    voicemail = payload.voicemail(
        {"id": 2, "origtime": 1778517353, "caller": f"00{GRACE}", "dialled": "1002", "duration": "12", "is_new": 1},
        BOOK,
    )
    assert voicemail is not None
    assert (voicemail.caller, voicemail.callee, voicemail.unread) == ("+447911123456", "1002", True)
    recording = payload.recording({"id": 3, "timestamp": "2026-07-22 14:04:59", "size": 360448}, BOOK)
    assert recording is not None
    assert (recording.time, recording.size) == (datetime(2026, 7, 22, 14, 4, 59, tzinfo=UTC), 360448)
    assert payload.recording({}, BOOK) is payload.voicemail({}, BOOK) is None


# -- pushes ------------------------------------------------------------------------------------------

HANGUP: Mapping[str, object] = {
    "id": "uk003.608920d55f7ac3.77053295",
    "event_time": "2026-04-28 08:46:13",
    "event_name": "call.hangup",
    "call_id": 139543232,
    "state": "HANGUP",
    "connected_at": "2026-04-28 08:46:02",
    "start_time": "2026-04-28 08:45:55",
    "context": "LOCAL_USER",
    "destination": "in",
    "duration": 11,
    "t_cause": "Normal Clearing",
    "src": GRACE,
    "src_id": "0",
    "src_name": f'"{GRACE}" <{GRACE}>',
    "dst": DDI,
    "dst_id": "10002",
    "dst_name": "John Smith",
    "terminated_by": "caller",
}


def pushed(
    body: object, provider: VoipstudioProvider | None = None, authorization: str | None = None
) -> tuple[m.Pushed, ...]:
    """Parse a webhook body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = m.PushRequest(
        method="POST", query={}, content_type="application/json", body=raw, authorization=authorization
    )
    return (provider or deaf_provider()).parse(request)


def deaf_provider(**settings: object) -> VoipstudioProvider:
    """Make a provider that has no network and knows the users of BOOK."""
    provider = VoipstudioProvider(None, {"country": "GB", **settings})  # type: ignore[arg-type]
    provider.book = BOOK
    return provider


def leg_push(change: Mapping[str, object]) -> m.LegPush:
    """Parse the example with changes, which must be about one leg."""
    (push,) = pushed({**HANGUP, **change})
    assert isinstance(push, m.LegPush)
    return push


def test_the_contracts_hangup() -> None:
    """The manual's example is the end of one leg."""
    assert leg_push({}) == m.LegPush(
        provider_event="call.hangup",
        call_id="139543232",
        state=ENDED,
        leg_id="139543232",
        extension="1002",
        key="uk003.608920d55f7ac3.77053295",
        time=datetime(2026, 4, 28, 8, 46, 13, tzinfo=UTC),
        direction=Direction.INCOMING,
        caller=m.Party(number="+447911123456"),
        callee=m.Party(number=SHOWN, name="John Smith"),
        started_at=datetime(2026, 4, 28, 8, 45, 55, tzinfo=UTC),
        answered_at=datetime(2026, 4, 28, 8, 46, 2, tzinfo=UTC),
        hangup_cause="Normal Clearing",
        ended_by="caller",
        details={"user_email": "john@example.com", "sip_username": "10002"},
    )


@pytest.mark.parametrize(
    ("name", "state", "expected"),
    [
        ("call.initial", "INITIAL", RINGING),
        ("call.ringing", "RINGING", RINGING),
        ("Call Ringing", None, RINGING),
        ("call.connected", "CONNECTED", TALKING),
        ("call.connected", 2, TALKING),
        ("call.on_hold", "ON_HOLD", HELD),
        ("call.onhold", None, HELD),
        ("call.on_hold", None, HELD),
        ("call.state_change", "ON_HOLD", HELD),
        ("call.hangup", "CONNECTED", ENDED),
        ("call.failed", None, ENDED),
        (None, "CONNECTED", TALKING),
    ],
)
def test_call_events(name: str | None, state: object, expected: CallState) -> None:
    """The state says what happened, the name where there is none."""
    push = leg_push({"event_name": name, "state": state})
    assert push.state is expected
    assert push.provider_event == (name or "call")
    assert not push.final


@pytest.mark.parametrize(
    ("final", "root", "expected"),
    [
        (False, 1, (False, None)),
        ("false", 1, (False, None)),
        (True, 1, (True, Outcome.MISSED)),
        (None, None, (True, Outcome.MISSED)),
        (None, 139543232, (True, Outcome.MISSED)),
        (None, 1, (False, None)),
    ],
)
def test_missed_only_when_final(final: object, root: object, expected: tuple[bool, Outcome | None]) -> None:
    """A phone of a group that stops ringing is the end of a leg; the last word is the end of the call."""
    push = leg_push({"event_name": "call.missed", "final": final, "root_call_id": root, "connected_at": None})
    assert (push.final, push.outcome) == expected
    assert push.call_id == str(root or 139543232)
    assert (push.leg_id, push.state) == ("139543232", ENDED)


def test_missed_by_the_outside_is_not_missed() -> None:
    """Only an incoming call is missed."""
    push = leg_push({"event_name": "call.missed", "src_id": "10002", "dst_id": "0", "destination": "out"})
    assert (push.final, push.outcome) == (True, None)


@pytest.mark.parametrize(("root", "outcome"), [(None, Outcome.FAILED), (139543232, Outcome.FAILED), (1, None)])
def test_failed(root: object, outcome: Outcome | None) -> None:
    """A leg that failed is a call that failed where it was alone."""
    assert leg_push({"event_name": "call.failed", "state": "FAILED", "root_call_id": root}).outcome is outcome


def test_both_phones_of_an_internal_call() -> None:
    """An internal event moves two legs, each with its own key."""
    called, caller = pushed({**HANGUP, "event_name": "call.missed", "src": "1003", "src_id": "10003"})
    assert isinstance(called, m.LegPush)
    assert isinstance(caller, m.LegPush)
    assert (called.leg_id, called.extension, called.final) == ("139543232", "1002", False)
    assert (caller.leg_id, caller.extension, caller.final) == ("139543232/caller", "1003", True)
    assert called.key != caller.key


def test_a_call_without_event_id_is_still_told_apart() -> None:
    """Without an event id, call, event and time together are the key."""
    assert leg_push({"id": None}).key == "139543232 call.hangup 2026-04-28 08:46:13"
    assert leg_push({"id": None, "event_time": None}).key == "139543232 call.hangup"


def test_queue_in_a_push() -> None:
    """The context names the queue."""
    assert leg_push({"context": "Q-80892"}).queue == "601"


def test_the_own_phone_of_a_placed_call_is_no_answer() -> None:
    """What the user picks up first is his own phone; the called party comes as a leg below it, or by the next poll."""
    provider = deaf_provider()
    provider._placed.append("139543232")  # noqa: SLF001 - as if it had been placed
    dialled = {**HANGUP, "src": "1002", "src_id": "10002", "dst": GRACE, "dst_id": "0", "destination": "out"}
    up = {**dialled, "event_name": "call.connected", "state": "CONNECTED"}
    states = [(push.leg_id, push.state) for push in pushed(up, provider) if isinstance(push, m.LegPush)]
    assert states == [("139543232/callee", DIALING), ("139543232", TALKING)]
    states = [(push.leg_id, push.state) for push in pushed(dialled, provider) if isinstance(push, m.LegPush)]
    assert states == [("139543232", ENDED), ("139543232/callee", ENDED)]
    below = {**up, "call_id": 139543233, "root_call_id": 139543232}
    (push,) = pushed(below, provider)
    assert isinstance(push, m.LegPush)
    assert (push.leg_id, push.extension, push.call_id) == ("139543233", None, "139543232")


@pytest.mark.parametrize(
    ("body", "notice"),
    [
        (
            {**HANGUP, "event_name": "call.dtmf", "state": "DTMF_RECEIVED", "dtmf_tag": "*", "dtmf_target": "U:10003"},
            m.Notice(
                provider_event="call.dtmf",
                type=EventType.DTMF_RECEIVED,
                call_id="139543232",
                leg_id="139543232",
                extension="1003",
                fields={
                    "digits": "*",
                    "direction": Direction.INCOMING,
                    "from_number": "+447911123456",
                    "to_number": SHOWN,
                    "to_name": "John Smith",
                },
            ),
        ),
        (
            {"event_name": "sms.received", "customer_id": 100, "user_id": 10002, "from_no": GRACE, "to_no": DDI,
             "text": "Hello"},
            m.Notice(
                provider_event="sms.received",
                type=EventType.SMS_RECEIVED,
                extension="1002",
                fields={"from_number": "+447911123456", "to_number": SHOWN, "text": "Hello"},
            ),
        ),
        (
            {"event_name": "SMS received", "from": "Voda fone", "to": DDI, "message": "Hi", "sms_id": 7},
            m.Notice(
                provider_event="SMS received",
                type=EventType.SMS_RECEIVED,
                fields={"from_number": "Voda fone", "to_number": SHOWN, "text": "Hi", "message_id": "7"},
            ),
        ),
        (
            {"event_name": "monitor.audio_ready", "monitor_id": 123456, "call_id": 139543232, "user_id": 10003,
             "src_id": "0", "src": GRACE, "src_name": "Test Caller", "dst_id": "0", "dst": DDI, "duration": 45,
             "size": 2048000},
            m.Notice(
                provider_event="monitor.audio_ready",
                type=EventType.RECORDING_READY,
                call_id="139543232",
                leg_id="139543232",
                extension="1003",
                fields={
                    "recording_id": "123456",
                    "size": 2048000.0,
                    "duration": 45.0,
                    "from_number": "+447911123456",
                    "from_name": "Test Caller",
                    "to_number": SHOWN,
                },
            ),
        ),
        (
            {"event_name": "queue.wrapup", "user_id": 10002, "queue_id": 80892, "call_id": 5, "root_call_id": 4},
            m.Notice(
                provider_event="queue.wrapup",
                type=EventType.AGENT_WRAP_UP,
                call_id="4",
                leg_id="5",
                extension="1002",
                agent="10002",
                fields={"queue": "601"},
            ),
        ),
        (
            {"event_name": "Wrap up closed"},
            m.Notice(provider_event="Wrap up closed", type=EventType.AGENT_WRAP_UP),
        ),
    ],
)  # fmt: skip
def test_notices(body: Mapping[str, object], notice: m.Notice) -> None:
    """Everything that is no state of a call becomes a notice with the surface's names."""
    (found,) = pushed(body)
    assert isinstance(found, m.Notice)
    assert replace(found, key=None, time=None) == notice
    assert isinstance(found.fields.get("from_number", ""), str)


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"event_name": "fax.received"}, "fax.received"),
        ({"event_name": "call.ringing"}, "call.ringing"),
        ({"event_name": "call.weird", "call_id": 4}, "call.weird"),
        ({"event_name": "monitor.transcribed", "call_id": 4, "state": "CONNECTED"}, "monitor.transcribed"),
        ({}, "unknown"),
    ],
)
def test_unknown_events(body: Mapping[str, object], event: str) -> None:
    """What is not known is said to be so."""
    assert pushed(body) == (m.UnknownPush(provider_event=event),)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'"text"', b"\xff\xfe", b"[" * 100_000, b"{", b"1" * 5000])
def test_bodies_that_cannot_be_read(body: bytes) -> None:
    """Rubbish is a bad payload and nothing else."""
    with pytest.raises(BadPayloadError):
        pushed(body)


def test_the_probe_says_nothing() -> None:
    """The dashboard tries the URL when it is saved."""
    for body in (b"", b" \n"):
        assert pushed(body) == ()


def test_another_customers_events_are_dropped() -> None:
    """A foreign customer id is not ours; none at all may be."""
    provider = deaf_provider(customer_id="2")
    assert pushed({**HANGUP, "customer_id": 3}, provider) == ()
    assert len(pushed({**HANGUP, "customer_id": 2}, provider)) == len(pushed(HANGUP, provider)) == 1


def test_webhook_credentials() -> None:
    """With credentials in the URL, a request without them says nothing."""
    provider = deaf_provider(webhook_username="user", webhook_password="pässword")
    good = "Basic " + base64.b64encode("user:pässword".encode()).decode()
    wrong = "Basic " + base64.b64encode(b"user:other").decode()
    assert len(pushed(HANGUP, provider, good)) == 1
    for authorization in (None, "", wrong, "Basic ???", "Basic \udcff", good.replace("Basic", "Bearer")):
        assert pushed(HANGUP, provider, authorization) == ()
    assert pushed(b"<html>", provider) == ()
    urls = provider.urls_to_paste("https://ha.example.com/api/webhook/abc")
    assert urls == {"URL": "https://user:p%C3%A4ssword@ha.example.com/api/webhook/abc"}
    assert deaf_provider().urls_to_paste("https://x/y") == {"URL": "https://x/y"}


SAMPLES = [json.dumps({**HANGUP, "event_name": name}).encode() for name in (
    "call.hangup", "call.missed", "call.dtmf", "sms.received", "monitor.audio_ready", "queue.wrapup"
)]  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["0", 10002, "10003", "1e999", "9" * 400, "2026-13-01", -1, 10**30, "CONNECTED", "Q-80892"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.sampled_from(SAMPLES),
    cuts=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 3), st.binary(max_size=4)), max_size=4),
)
def test_mutated_bodies_never_raise(body: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    """Whatever the bytes, they are read or are a bad payload."""
    for place, length, instead in cuts:
        body = body[:place] + instead + body[place + length :]
    try:
        result = pushed(body)
    except BadPayloadError:
        return
    assert isinstance(result, tuple)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    event=st.sampled_from(
        ["call.hangup", "call.missed", "call.dtmf", "sms.received", "monitor.audio_ready", "wrap", ""]
    ),
    changes=st.dictionaries(st.sampled_from(sorted([*HANGUP, "final", "root_call_id", "user_id", "text"])), VALUES),
)
def test_values_of_any_type_never_raise(event: str, changes: dict[str, object]) -> None:
    """Whatever the types, a push is a push, and its texts are bounded."""
    for push in pushed({**HANGUP, "event_name": event, **changes}):
        if isinstance(push, m.LegPush):
            assert push.call_id
            assert push.leg_id
            assert len(push.hangup_cause or "") <= payload.MAX_TEXT


@settings(max_examples=700, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from(sorted([*INCOMING, *CDR, "ext", "users", "cli", "name", "tel"])), VALUES)
    )
)
def test_rows_of_any_type_never_raise(rows: list[dict[str, object]]) -> None:
    """Rows are read or skipped, and each call is there once."""
    calls = calls_module.calls(rows, BOOK)
    assert len({call.id for call in calls}) == len(calls)
    assert all(call.legs for call in calls)
    known = payload.book(rows, complete=True, country="GB", queues={})
    payload.extensions(rows, known)
    payload.agents([item for row in rows if (item := payload.read_queue(row)) is not None], known)
    list(history_module.records(rows, known))
    for row in rows:
        contacts.contact(row, known)
        payload.recording(row, known)
        payload.voicemail(row, known)


# -- the address -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("", "https://l7api.com/v1.2/voipstudio"),
        ("l7api.com", "https://l7api.com/v1.2/voipstudio"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1.2/voipstudio"),
        ("https://l7api.com/v1.1/voipstudio/", "https://l7api.com/v1.1/voipstudio"),
    ],
)
def test_addresses(address: str, url: str) -> None:
    """A host alone is completed; a path is kept."""
    assert base_url(address) == url


# -- the account, over HTTP --------------------------------------------------------------------------

http = pytest.mark.usefixtures("socket_enabled")

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Give a session that has no cookies and no connection left over."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def sim(socket_enabled: None) -> AsyncIterator[VoipstudioSimulator]:
    """Start a simulated account."""
    sim = VoipstudioSimulator()
    await sim.start()
    yield sim
    await sim.stop()


def client(sim: VoipstudioSimulator, session: aiohttp.ClientSession, **settings: object) -> VoipstudioProvider:
    """Talk to the simulated account with the administrator's key, as fast as it goes."""
    provider = VoipstudioProvider(session, {"url": sim.url, "api_key": sim.api_key, "country": "GB", **settings})
    provider.http.budget.set_limits([])
    return provider


@pytest.fixture
async def provider(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> VoipstudioProvider:
    """Give a client that knows its account."""
    provider = client(sim, session)
    await provider.account()
    await provider.directory()
    sim.requests.clear()
    return provider


@dataclass
class Stub:
    """A server that answers exactly what a test wants."""

    url: str = ""
    answers: dict[tuple[str, str], list[Handler]] = field(default_factory=dict)
    seen: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def on(self, method: str, path: str, *bodies: object, status: int = 200) -> None:
        """Answer these bodies one after the other, the last one for ever."""
        self.answers[method, path] = [_answering(body, status) for body in bodies]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer."""
        path = request.path.removeprefix("/v1.2/voipstudio/")
        self.seen.append((request.method, path, dict(request.headers)))
        handlers = self.answers.get((request.method, path), [_answering({"message": "Not Found"}, 404)])
        return await (handlers.pop(0) if len(handlers) > 1 else handlers[0])(request)

    def paths(self) -> list[str]:
        """Tell what was asked."""
        return [f"{method} {path}" for method, path, _ in self.seen]


def _answering(body: object, status: int) -> Handler:
    async def answer(_request: web.Request) -> web.StreamResponse:
        if isinstance(body, bytes):
            return web.Response(body=body, status=status)
        return web.json_response(body, status=status)

    return answer


@pytest.fixture
async def stub(socket_enabled: None) -> AsyncIterator[Stub]:
    """Start a server without any answers."""
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001
    assert isinstance(server, asyncio.Server)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield stub
    await runner.cleanup()


def stubbed(stub: Stub, session: aiohttp.ClientSession, **settings: object) -> VoipstudioProvider:
    """Talk to the stub, as fast as it goes."""
    provider = VoipstudioProvider(session, {"url": stub.url, "api_key": CANARY, "country": "GB", **settings})
    provider.http.budget.set_limits([])
    return provider


ME: Mapping[str, object] = {
    "id": 10002,
    "email": "john@example.com",
    "first_name": "John",
    "last_name": "Smith",
    "customer_id": 2,
    "sip_password": "SIP-SECRET",
}


async def test_account(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """The customer is the account; what was found out is kept, secrets are not."""
    provider = client(sim, session)
    account = await provider.account()
    assert (account.id, account.title) == ("2", "VoIPstudio (user1001@example.com)")
    assert account.settings == {"user_id": "10002", "customer_id": "2"}
    assert provider.capabilities == provider.possible
    assert "SIP-SECRET" not in repr(provider.__dict__)
    again = client(sim, session, **account.settings)
    assert (await again.account()).id == account.id


async def test_the_account_survives_another_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """Keys come and go, and belong to different users; the account stays."""
    first = await client(sim, session).account()
    second = await client(sim, session, api_key=sim.user_api_key).account()
    assert first.id == second.id


async def test_an_ordinary_users_key_can_less(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """What the user may not read is not offered, and named; the own phone is there all the same."""
    provider = client(sim, session, api_key=sim.user_api_key)
    await provider.account()
    assert Capability.AGENT_LOGIN not in provider.capabilities
    directory = await provider.directory()
    assert directory.missing_permissions == {"users", "queues"}
    assert (directory.agents, directory.queues) == (None, None)
    assert directory.extensions is not None
    assert [extension.id for extension in directory.extensions] == [provider.user_id]
    assert Capability.DND not in provider.capabilities
    sim.restricted = frozenset()
    directory = await provider.directory()
    assert directory.missing_permissions == frozenset()
    assert directory.extensions is not None
    assert len(directory.extensions) == 5
    assert provider.capabilities == provider.possible


async def test_a_wrong_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """A key that is refused twice is wrong."""
    for key in ("0" * 40, "", "line\nbreak", "ümlaut"):
        with pytest.raises(AuthError):
            await client(sim, session, api_key=key).account()
        with pytest.raises(AuthError):
            await client(sim, session, api_key=key, user_id="10002").account()


async def test_basic_where_the_header_is_refused(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Where X-Auth-Token is refused, HTTP Basic with the user is tried once, and kept."""
    stub.on("GET", "me", {"message": "Unauthorized"}, status=401)
    stub.answers["GET", "me"].append(_answering({"data": ME}, 200))
    provider = stubbed(stub, session, email="john@example.com")
    account = await provider.account()
    assert account.settings["authentication"] == "basic"
    sent = [headers.get("Authorization", "") for _, _, headers in stub.seen]
    assert base64.b64decode(sent[1].removeprefix("Basic ")).decode() == f"john@example.com:{CANARY}"
    again = stubbed(stub, session, **account.settings)
    stub.seen.clear()
    await again.account()
    assert base64.b64decode(stub.seen[0][2]["Authorization"].removeprefix("Basic ")).decode() == f"10002:{CANARY}"
    assert "X-Auth-Token" not in stub.seen[0][2]
    stub.on("GET", "me", {"message": "Unauthorized"}, status=401)
    with pytest.raises(AuthError):
        await again.account()


async def test_a_lone_refusal_is_none(stub: Stub, session: aiohttp.ClientSession) -> None:
    """One 401 that is not confirmed does not ask anybody to sign in again."""
    stub.on("GET", "me", {"message": "Unauthorized"}, status=401)
    stub.answers["GET", "me"].append(_answering({"data": ME}, 200))
    assert (await stubbed(stub, session).account()).id == "2"
    provider = stubbed(stub, session)
    stub.on("GET", "calls", {"message": "Unauthorized"}, status=401)
    stub.on("PATCH", "calls/1", {"message": "Unauthorized"}, status=401)
    with pytest.raises(ConnectError):
        await provider.calls()
    talking = m.Call(id="1", state=TALKING, legs=(m.Leg(id="1", state=TALKING, extension="1002"),))
    with pytest.raises(RefusedError, match="Unauthorized"):
        await provider.transfer(m.CallRef(call=talking), "1003", m.TransferType.BLIND)
    stub.on("GET", "me", {"message": "Unauthorized"}, status=401)
    with pytest.raises(AuthError):
        await provider.calls()
    with pytest.raises(AuthError):
        await provider.transfer(m.CallRef(call=talking), "1003", m.TransferType.BLIND)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>", 200),
        (b"[" * 100_000, 200),
        ([], 200),
        ({"data": {"email": "x"}}, 200),
        ({"message": "Server error"}, 500),
        ({"message": "Not Found"}, 404),
        ({"message": "No"}, 403),
    ],
)
async def test_an_account_that_cannot_be_read(
    stub: Stub, session: aiohttp.ClientSession, body: object, status: int
) -> None:
    """Anything but a user is no account, and no reason to sign in again."""
    stub.on("GET", "me", body, status=status)
    with pytest.raises(ConnectError):
        await stubbed(stub, session).account()


async def test_an_account_without_customer(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Without a customer id the user is the account; what could not be probed counts as there."""
    stub.on("GET", "me", {"data": {"id": 7, "first_name": "Ida"}})
    stub.on("GET", "sms", b"", status=500)
    stub.answers["GET", "monitors"] = [_drop]
    stub.on("GET", "cdrs", {"message": "No"}, status=403)
    provider = stubbed(stub, session)
    account = await provider.account()
    assert (account.id, account.title) == ("user-7", "VoIPstudio (Ida)")
    assert Capability.SEND_SMS | Capability.RECORDINGS in provider.capabilities
    assert Capability.GET_CALL_HISTORY not in provider.capabilities
    assert Capability.SEARCH_CONTACTS not in provider.capabilities  # 404


async def _drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@http
async def test_nobody_is_there(session: aiohttp.ClientSession) -> None:
    """No server, no host, no address: not reachable."""
    for url in ("http://127.0.0.1:1", "http://[::1", "ftp://127.0.0.1/x", "http://127.0.0.1:99999999"):
        with pytest.raises(ConnectError):
            await VoipstudioProvider(session, {"url": url, "api_key": CANARY}).account()


# -- signing in --------------------------------------------------------------------------------------


async def test_login_with_a_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """A key is what we want already; it is not ours, and needs no password."""
    given_settings = {"url": sim.url, "api_key": "k"}
    assert await VoipstudioProvider.login(session, {**given_settings, "api_key_name": "x"}) == given_settings
    with pytest.raises(InvalidInputError) as error:
        await VoipstudioProvider.login(session, {**given_settings, "password": "p"})
    assert (error.value.field, error.value.problem) == ("password", "conflict")
    assert not sim.requests


async def test_login_mints_a_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """E-mail and password become a key of its own; the password is forgotten, and no other Home Assistant suffers."""
    typed = {"url": sim.url, "email": sim.email, "password": sim.password, "country": "GB"}
    first = await VoipstudioProvider.login(session, typed)
    second = await VoipstudioProvider.login(session, typed)
    assert set(second) == {"url", "email", "country", "api_key", "api_key_name", "created_objects", "user_id"}
    assert (second["user_id"], second["email"]) == ("10002", sim.email)
    assert first["api_key_name"] != second["api_key_name"]
    assert str(second["api_key_name"]).startswith("Home Assistant ")
    provider = VoipstudioProvider(session, second)
    assert (await provider.account()).id == "2"
    await provider.release()
    await provider.release()
    with pytest.raises(AuthError):
        await provider.account()
    assert (await VoipstudioProvider(session, first).account()).id == "2"
    assert sim.api_key in sim.tokens


@pytest.mark.parametrize("again", ["password", "key"])
async def test_another_login_ends_the_accounts_old_key(
    sim: VoipstudioSimulator, session: aiohttp.ClientSession, again: str
) -> None:
    """It is taken away once the new credentials work, and only that one: its name is known to be ours."""
    typed: dict[str, object] = {"url": sim.url, "email": sim.email, "password": sim.password}
    other = await VoipstudioProvider.login(session, typed)
    old = await VoipstudioProvider.login(session, typed)
    known = {name: value for name, value in old.items() if name != "api_key"}
    new = known | ({"password": sim.password} if again == "password" else {"api_key": sim.api_key})
    kept = await VoipstudioProvider.login(session, new)
    assert old["api_key"] in sim.tokens
    provider = VoipstudioProvider(session, kept)
    sim.fault(FaultKind.STATUS, path="/apitokens", status=500)
    account = await provider.account()  # that it could not be taken away is no reason to fail
    assert account.settings["created_objects"] == list(provider.created_objects) == kept["created_objects"]
    account = await provider.account()
    assert {sim.api_key, other["api_key"], kept["api_key"]} <= sim.tokens.keys()
    assert old["api_key"] not in sim.tokens
    assert account.settings["created_objects"] == ([kept["api_key_name"]] if again == "password" else [])
    await provider.release()
    assert {sim.api_key, other["api_key"]} <= sim.tokens.keys()
    assert (kept["api_key"] in sim.tokens) is (again == "key")


async def test_release_leaves_a_dashboards_key(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A key that we did not make is not ours to remove."""
    await provider.release()
    assert not sim.requests


async def test_login_with_a_second_factor(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """The code is asked for once, and used without another mail."""
    sim.two_factor = True
    typed: dict[str, object] = {"url": sim.url, "email": sim.email, "password": sim.password}
    with pytest.raises(SecondFactorError) as second:
        await VoipstudioProvider.login(session, typed)
    code = {"nonce": second.value.nonce, "code": f" {sim.mailed[-1].code} "}
    kept = await VoipstudioProvider.login(session, typed | code)
    assert len(sim.mailed) == 1
    assert not {"password", "code", "nonce"} & set(kept)
    assert (await VoipstudioProvider(session, kept).account()).id == "2"
    with pytest.raises(AuthError):
        await VoipstudioProvider.login(session, typed | {"nonce": second.value.nonce, "code": "000000"})
    assert len(sim.mailed) == 1


@pytest.mark.parametrize("refusal", [400, 401])
async def test_a_wrong_password(sim: VoipstudioSimulator, session: aiohttp.ClientSession, refusal: Any) -> None:
    """Wrong is wrong, whichever status says so, and is tried once."""
    sim.login_refusal = refusal
    with pytest.raises(AuthError) as error:
        await VoipstudioProvider.login(session, {"url": sim.url, "email": sim.email, "password": CANARY})
    assert CANARY not in repr(error.value)
    assert len(sim.seen("/login")) == 1


@pytest.mark.parametrize(
    ("typed", "field_name", "problem"),
    [
        ({}, "email", "required"),
        ({"email": "x"}, "password", "required"),
        ({"email": "x", "password": 3}, "password", "invalid_value"),
    ],
)
async def test_login_needs_both(
    session: aiohttp.ClientSession, typed: dict[str, object], field_name: str, problem: str
) -> None:
    """Nothing is sent without e-mail and password."""
    with pytest.raises(InvalidInputError) as error:
        await VoipstudioProvider.login(session, typed)
    assert (error.value.field, error.value.problem) == (field_name, problem)


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"message": "Too old"}, 422, RefusedError),
        ({"message": "Not Found"}, 404, ConnectError),
        ({"message": "Server error"}, 500, ConnectError),
        (b"<html>", 200, ConnectError),
        ({"message": "Login success"}, 200, ConnectError),
        ({"message": "?", "user_token": CANARY}, 202, ConnectError),
        ({"message": "code", "nonce": "n1"}, 200, SecondFactorError),
        ({"message": "slow down"}, 429, RateLimitError),
    ],
)
async def test_other_answers_to_login(
    stub: Stub, session: aiohttp.ClientSession, body: object, status: int, expected: type[ProviderError]
) -> None:
    """The presence of a nonce asks for the code; what cannot be read is no log-in."""
    stub.on("POST", "login", body, status=status)
    with pytest.raises(expected):
        await VoipstudioProvider.login(session, {"url": stub.url, "email": "a@example.com", "password": "p4ss"})
    assert stub.paths() == ["POST login"]


async def test_only_keys_of_ours_are_removed(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Keys of other names stay, even where the filter does nothing, and so does the one in use."""
    stub.on("POST", "login", {"user_token": "session1", "user_id": 0})
    stub.on("POST", "apitokens", {"data": {"name": "Home Assistant"}}, {"data": {"token": "new"}})
    typed = {"url": stub.url, "email": "a@example.com", "password": "p4ss", "created_objects": ["Home Assistant 1"]}
    with pytest.raises(ConnectError):
        await VoipstudioProvider.login(session, typed)
    kept = await VoipstudioProvider.login(session, typed)
    assert kept["api_key"] == "new"
    assert "user_id" not in kept
    assert stub.paths()[-1] == "POST logout"
    rows = [{"token": "x", "name": "CLI"}, {"token": "y"}, {"token": "new", "name": "Home Assistant 1"}, {},
            {"token": "old", "name": "Home Assistant 1"}]  # fmt: skip
    stub.on("GET", "apitokens", {"data": rows, "total": 5})
    stub.on("DELETE", "apitokens/old", b"", status=204)
    stub.on("GET", "me", {"data": ME})
    await stubbed(stub, session, **kept).account()
    assert [path for path in stub.paths() if path.startswith("DELETE")] == ["DELETE apitokens/old"]


# -- state -------------------------------------------------------------------------------------------


async def test_directory(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """Users, queues, who joined, unread voicemail; the latter is asked for at its own pace."""
    await sim.voicemail_arrives("1001", GRACE)
    await sim.set_dnd("1002", on=True)
    provider = client(sim, session)
    await provider.account()
    directory = await provider.directory()
    assert directory.extensions is not None
    assert [extension.number for extension in directory.extensions] == ["1001", "1002", "1003", "1004", "1005"]
    assert [extension.dnd for extension in directory.extensions][:2] == [False, True]
    assert directory.unread_voicemails == 1
    assert directory.queues is not None
    assert [(queue.number, queue.agents_logged_in) for queue in directory.queues] == [("601", 3), ("602", 2)]
    assert directory.agents is not None
    assert {agent.extension: dict(agent.queues) for agent in directory.agents}["1002"] == {"601": True, "602": False}
    assert (await provider.directory()).unread_voicemails is None
    assert len(sim.seen("/voicemessages")) == 1


async def test_a_directory_that_fails(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A server in trouble says nothing about anybody."""
    sim.fault(FaultKind.STATUS, path="/users", status=500)
    with pytest.raises(ConnectError):
        await provider.directory()
    sim.fault(FaultKind.STATUS, path="/users", status=400)
    with pytest.raises(RefusedError):
        await provider.directory()


async def test_many_users_come_in_pages(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Pages are read until all were seen, or an empty one comes although more were promised."""
    page = [{"id": number, "ext": str(1000 + number)} for number in range(1, 4)]
    stub.on("GET", "users", {"data": page, "total": 9}, {"data": [{"id": 4, "ext": "1004"}], "total": 9}, {"data": []})
    stub.on("GET", "queues", {"data": {"7": {"id": 80892, "number": 601, "users": []}}})
    stub.answers["GET", "queues"].append(_answering({"data": []}, 200))
    stub.on("GET", "voicemessages", {"data": [], "total": 0})
    directory = await stubbed(stub, session).directory()
    assert directory.extensions is not None
    assert [extension.number for extension in directory.extensions] == ["1001", "1002", "1003", "1004"]
    assert directory.queues is not None
    assert [queue.number for queue in directory.queues] == ["601"]


async def test_calls(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A ring group of three is one call from its first ring to its end."""
    assert await provider.calls() == ()
    call_id = await sim.ring(GRACE, "1001", "1002", "1003", name="Grace")
    (call,) = await provider.calls() or ()
    assert (call.id, call.state, call.direction) == (call_id, RINGING, Direction.INCOMING)
    assert call.extensions == ("1001", "1002", "1003")
    assert call.caller.number == "+447911123456"
    await sim.answer(call_id, "1002")
    (call,) = await provider.calls() or ()
    assert (call.state, call.answered_by, call.extensions) == (TALKING, "1002", ("1002",))
    await sim.hold(call_id, "1002")
    (call,) = await provider.calls() or ()
    assert call.state is HELD
    await sim.hang_up(call_id)
    assert await provider.calls() == ()


async def test_calls_without_a_parents_row(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """It does not matter whether the list shows the parent, or states are integers."""
    sim.lists_root = False
    sim.int_fields = {"state", "destination"}
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    assert (call.id, call.state, call.direction) == (call_id, RINGING, Direction.INCOMING)


@pytest.mark.parametrize("lists_root", [True, False])
async def test_a_call_that_is_handed_on_stays_one_call(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, *, lists_root: bool
) -> None:
    """The new leg is below one that the list has forgotten, which was below the call."""
    sim.lists_root = lists_root
    call_id = await sim.ring(GRACE, "1001", "1002")
    await sim.answer(call_id, "1001")
    await provider.calls()
    await sim.hand_over(call_id, "1001", "1003")
    (call,) = await provider.calls() or ()
    assert (call.id, call.extensions) == (call_id, ("1003",))


async def test_a_call_that_was_handed_on_before_a_restart_is_one_call(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    """The queue has nobody to ring, and its caller talks below a leg nobody has heard of: that is one call."""
    queued = {**INCOMING, "id": 1, "dst_id": "0", "dst": "601", "context": "queue-7", "state": "RINGING"}
    handed = {**INCOMING, "id": 3, "parent_id": 2, "state": "CONNECTED"}
    other = {**queued, "id": 4}
    for rows, ids in (
        ([queued, handed], ["1"]),
        ([{**queued, "src": "447700900999"}, handed], ["1", "2"]),
        ([queued, handed, other], ["1", "2", "4"]),
    ):
        stub.on("GET", "calls", {"data": rows, "total": len(rows)})
        assert sorted(call.id for call in await stubbed(stub, session).calls() or ()) == ids

    provider = stubbed(stub, session)
    for rows, ids in (([{**INCOMING, "id": 2}], ["2"]), ([queued, handed], ["1", "2"])):
        stub.on("GET", "calls", {"data": rows, "total": len(rows)})
        assert sorted(call.id for call in await provider.calls() or ()) == ids, "it was seen that this is another"


async def test_a_push_says_to_which_call_a_leg_belongs(stub: Stub, session: aiohttp.ClientSession) -> None:
    """What a message has said of a leg holds when a list shows that leg, or what is below it."""
    provider = stubbed(stub, session)
    pushed({**HANGUP, "event_name": "call.ringing", "state": "RINGING", "call_id": 3, "root_call_id": 1}, provider)
    rows = [{**INCOMING, "id": 1}, {**INCOMING, "id": 3, "parent_id": 2}, {**INCOMING, "id": 4, "parent_id": 3}]
    stub.on("GET", "calls", {"data": rows[:2], "total": 2}, {"data": [rows[0], rows[2]], "total": 2})
    for _ in range(2):
        assert [call.id for call in await provider.calls() or ()] == ["1"]


async def test_calls_may_not_be_asked_for(stub: Stub, session: aiohttp.ClientSession) -> None:
    """403 is "cannot be asked", and not "no calls"."""
    provider = stubbed(stub, session)
    stub.on("GET", "calls", {"message": "Access denied", "errors": [{"code": "X1"}]}, status=403)
    assert await provider.calls() is None
    assert Capability.CALLS not in provider.capabilities
    stub.on("GET", "calls", {"data": [], "total": 0})
    assert await provider.calls() == ()
    assert Capability.CALLS in provider.capabilities


@pytest.mark.parametrize(
    "bodies",
    [
        [{"data": [INCOMING], "total": 3}, {"data": [], "total": 3}],
        [{"data": None}],
        [{"total": 0}],
        [{"data": "none"}],
        [[]],
        [b"<html>"],
        [b'{"data": [], "total'],
    ],
)
async def test_a_glitch_is_no_list_of_calls(stub: Stub, session: aiohttp.ClientSession, bodies: list[object]) -> None:
    """A list that is not complete, or none at all, ends no call."""
    stub.on("GET", "calls", *bodies)
    with pytest.raises(ConnectError):
        await stubbed(stub, session).calls()


@pytest.mark.parametrize("status", [500, 502, 503, 301])
async def test_a_server_in_trouble(stub: Stub, session: aiohttp.ClientSession, status: int) -> None:
    """5xx and redirects are trouble."""
    stub.on("GET", "calls", {"message": "Oops"}, status=status)
    with pytest.raises(ConnectError):
        await stubbed(stub, session).calls()


async def test_throttled(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A page that HTTP cannot read is "slow down": polls wait, and nobody signs in again."""
    sim.throttle = 1
    with pytest.raises(RateLimitError) as error:
        await provider.calls()
    assert error.value.retry_after == 30
    before = len(sim.requests)
    with pytest.raises(RateLimitError):
        await provider.calls()
    assert len(sim.requests) == before


async def test_a_throttled_command_may_have_been_carried_out(
    provider: VoipstudioProvider, sim: VoipstudioSimulator
) -> None:
    """The unreadable page may be an error after the fact, and is never tried again."""
    sim.throttle = 1
    placed = await provider.originate(m.Originate(extension="1001", number=GRACE))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    with pytest.raises(RateLimitError):
        await provider.calls()


async def test_429(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A proper 429 says how long to wait."""
    sim.fault(FaultKind.STATUS, path="/calls", status=429, headers={"Retry-After": "7"})
    with pytest.raises(RateLimitError) as error:
        await provider.calls()
    assert error.value.retry_after == 7


async def test_the_budget(
    sim: VoipstudioSimulator, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute has room for sixty requests; a command that would have to wait for long is refused."""
    monkeypatch.setattr(http_module, "PATIENCE", 0.01)
    provider = client(sim, session)
    provider.http.budget.set_limits(VoipstudioProvider.limits)

    async def send_many() -> None:
        for _ in range(61):
            await provider.send_sms(GRACE, "Hello", None)

    with pytest.raises(RateLimitError):
        await send_many()
    assert 10 <= len(sim.requests) <= 60


async def test_record_of(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """What became of a call is found by its id or that of a leg."""
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    await sim.answer(call_id, "1002")
    (call,) = await provider.calls() or ()
    await sim.hang_up(call_id)
    record = await provider.record_of(call)
    assert record is not None
    assert (record.call_id, record.outcome, record.answered_by) == (call_id, Outcome.ANSWERED, "1002")
    assert (await provider.record_of(replace(call, id="x"))) == record
    assert await provider.record_of(m.Call(id="1", state=ENDED)) is None


# -- commands ----------------------------------------------------------------------------------------


async def test_numbers_are_dialled_as_they_are_shown(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """Whether or not the plus was lost on the way, in another country than the number's."""
    provider = client(sim, session, country="DE")
    await provider.account()
    await provider.directory()
    sim.requests.clear()
    for written, digits in (
        ("+442079460123", "442079460123"),
        ("442079460123", "442079460123"),
        (SHOWN, DDI),
        ("030 901820", "4930901820"),
        ("1002", "1002"),
    ):
        await provider.originate(m.Originate(extension="1001", number=written))
        assert json.loads(sim.seen("/calls", "POST")[-1].body)["to"] == digits
    await provider.announce("+442079460123", "Hello", None)
    assert json.loads(sim.seen("/leadcalls")[0].body)["caller_id"] == DDI


async def test_originate(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """The extension becomes a user id, the number digits; the call is the one that is polled and pushed."""
    placed = await provider.originate(m.Originate(extension="1001", number="tel:07911 123456"))
    assert placed.outcome is m.PlacedOutcome.ACCEPTED
    (request,) = sim.seen("/calls", "POST")
    assert json.loads(request.body) == {"to": GRACE, "from": "10002"}
    (call,) = await provider.calls() or ()
    assert (call.id, call.direction, call.state) == (placed.call_id, Direction.OUTGOING, DIALING)
    await provider.click_to_call(m.Originate(extension="1002", number="1003", caller_id_number="Anonymous"))
    assert json.loads(sim.seen("/calls", "POST")[1].body) == {"to": "1003", "from": "10003", "caller_id": "anonymous"}
    await provider.originate(m.Originate(extension="1003", number=GRACE, caller_id_number=f"+{DDI}"))
    assert json.loads(sim.seen("/calls", "POST")[2].body)["caller_id"] == DDI


@pytest.mark.parametrize("legs", list(PlacedLegs))
async def test_placed_calls_in_any_manner(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, legs: PlacedLegs
) -> None:
    """However the two legs know of each other, the list can be read."""
    sim.placed_legs = legs
    placed = await provider.originate(m.Originate(extension="1001", number=GRACE))
    await sim.answer(placed.call_id or "", "1001")
    assert await provider.calls()


@pytest.mark.parametrize(
    ("request_", "field_name", "problem"),
    [
        (m.Originate(extension="1001", number="hello"), "number", "invalid_number"),
        (m.Originate(extension="1001", number=""), "number", "invalid_number"),
        (m.Originate(extension="1001", number="+4412"), "number", "invalid_number"),
        (m.Originate(extension="1999", number=GRACE), "extension", "unknown_extension"),
        (m.Originate(extension="1001", number=GRACE, caller_id_number="1002"), "caller_id_number", "invalid_number"),
        (m.Originate(extension="1001", number=GRACE, caller_id_number="x"), "caller_id_number", "invalid_number"),
    ],
)
async def test_wrong_input_is_never_sent(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, request_: m.Originate, field_name: str, problem: str
) -> None:
    """Input is checked before anything is sent."""
    with pytest.raises(InvalidInputError) as error:
        await provider.originate(request_)
    assert (error.value.field, error.value.problem) == (field_name, problem)
    assert not sim.seen("/calls", "POST")


async def test_a_national_number_needs_a_country(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """A number that starts with 0 cannot be dialled anywhere without its country."""
    provider = client(sim, session, country="")
    with pytest.raises(InvalidInputError):
        await provider.originate(m.Originate(extension="1001", number="07911 123456"))
    provider = client(sim, session, country="gb")  # and the users are looked up when they are needed
    await provider.originate(m.Originate(extension="1001", number="01632 960123"))
    assert json.loads(sim.seen("/calls", "POST")[0].body) == {"to": "441632960123", "from": "10002"}


async def test_originate_with_an_ordinary_users_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """Who may not list users has the own phone."""
    provider = client(sim, session, api_key=sim.user_api_key)
    await provider.account()
    directory = await provider.directory()
    assert directory.extensions is not None
    (own,) = directory.extensions
    placed = await provider.originate(m.Originate(extension=own.number, number=GRACE))
    assert placed.call_id
    with pytest.raises(InvalidInputError):
        await provider.originate(m.Originate(extension="1999", number=GRACE))


async def test_refusals_of_originate(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """The phone system's own reason comes along, without numbers."""
    with pytest.raises(RefusedError, match="No CLI prefix set"):
        await provider.originate(m.Originate(extension="1001", number=GRACE, caller_id_number="+447911123499"))
    await sim.unregister("1001")
    with pytest.raises(RefusedError, match="no VoIP clients registered") as error:
        await provider.originate(m.Originate(extension="1001", number=GRACE))
    assert error.value.code == "412"
    await sim.register("1001")
    for status in (480, 500):
        sim.endpoint_rejects = status
        with pytest.raises(RefusedError):
            await provider.originate(m.Originate(extension="1001", number=GRACE))
    assert not sim.placed


@pytest.mark.parametrize(
    ("body", "status", "expected", "reason", "code"),
    [
        (
            {"message": "x", "errors": [{"field": "from", "message": "This value is not valid.", "code": "SF0010"}]},
            400,
            RefusedError,
            "This value is not valid.",
            "SF0010",
        ),
        ({"message": "Top", "code": "C1", "errors": []}, 400, RefusedError, "Top", "C1"),
        ({"message": "Top", "errors": ["plain"]}, 422, RefusedError, "plain", "422"),
        ({"errors": None}, 400, RefusedError, "HTTP 400", "400"),
        (b"<html>", 409, RefusedError, "HTTP 409", "409"),
        ({"message": "Access denied"}, 403, RefusedError, "Access denied", "403"),
        (
            {"message": f"{CANARY} may not call {GRACE} or +44 1632 960 123"},
            400,
            RefusedError,
            "… may not call … or …",
            "400",
        ),
        ({"message": "a " * 500}, 400, RefusedError, "a " * 100, "400"),
    ],
)
async def test_reasons(
    stub: Stub,
    session: aiohttp.ClientSession,
    body: object,
    status: int,
    expected: type[RefusedError],
    reason: str,
    code: str,
) -> None:
    """The first error's message, else the message, else the status; bounded, and without what is secret."""
    stub.on("POST", "sms", body, status=status)
    with pytest.raises(expected) as error:
        await stubbed(stub, session).send_sms(GRACE, "Hello", None)
    assert (error.value.reason, error.value.code) == (reason, code)
    assert stub.paths() == ["POST sms"]


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"message": "Server error"}, 500, ConnectError),
        ({"message": "Bad Gateway"}, 502, UnknownOutcomeError),
        (b"<html>", 503, UnknownOutcomeError),
        ({"message": "Timeout"}, 504, UnknownOutcomeError),
        ({"message": "Moved"}, 301, ConnectError),
    ],
)
async def test_a_command_meets_trouble(
    stub: Stub, session: aiohttp.ClientSession, body: object, status: int, expected: type[ConnectError]
) -> None:
    """What a gateway says about a command leaves open whether it was carried out."""
    stub.on("POST", "sms", body, status=status)
    with pytest.raises(ConnectError) as error:
        await stubbed(stub, session).send_sms(GRACE, "Hello", None)
    assert type(error.value) is expected


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.RESET_MID_BODY, FaultKind.RESET])
async def test_a_call_is_placed_at_most_once(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, kind: FaultKind
) -> None:
    """A connection that breaks leaves the outcome open, and nothing is sent again."""
    sim.fault(kind, path="/calls", method="POST")
    placed = await provider.originate(m.Originate(extension="1001", number=GRACE))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    assert len(sim.seen("/calls", "POST")) == 1
    assert len(sim.placed) == (0 if kind is FaultKind.RESET else 1)


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST"])
async def test_other_commands_are_sent_once(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, method: str
) -> None:
    """The same for hanging up, transferring and writing."""
    call_id = await sim.ring(GRACE, "1001")
    await sim.answer(call_id, "1001")
    (call,) = await provider.calls() or ()
    sim.fault(FaultKind.RESET_AFTER, method=method)
    ref = m.CallRef(call=call, extension="1001")
    commands: dict[str, Callable[[], Awaitable[object]]] = {
        "DELETE": lambda: provider.hangup(ref),
        "PATCH": lambda: provider.transfer(ref, "1002", m.TransferType.BLIND),
        "POST": lambda: provider.send_sms(GRACE, "Hello", None),
    }
    with pytest.raises(UnknownOutcomeError):
        await commands[method]()
    assert len(sim.seen("/", method)) == 1


async def test_announce(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A text is spoken to a number; who calls is the own number unless told otherwise."""
    placed = await provider.announce("07911 123456", "The cellar is wet.", None)
    assert placed.call_id
    await sim.answer(placed.call_id)
    assert sim.spoken == [(GRACE, "The cellar is wet.")]
    assert json.loads(sim.seen("/leadcalls")[0].body)["caller_id"] == DDI
    with pytest.raises(RefusedError, match="DDI not found"):
        await provider.announce(GRACE, "Hello", "+447911123499")
    for number, message, caller_id, field_name in (
        ("x", "Hello", None, "number"),
        (GRACE, " ", None, "message"),
        (GRACE, "Hello", "anonymous", "caller_id_number"),
    ):
        with pytest.raises(InvalidInputError) as error:
            await provider.announce(number, message, caller_id)
        assert error.value.field == field_name


async def test_announce_without_an_own_number(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Without a number of one's own one has to be given; an answer without id is an answer."""
    provider = stubbed(stub, session)
    with pytest.raises(InvalidInputError) as error:
        await provider.announce(GRACE, "Hello", None)
    assert (error.value.field, error.value.problem) == ("caller_id_number", "required")
    stub.on("POST", "leadcalls", b"", status=201)
    assert await provider.announce(GRACE, "Hello", f"+{OTHER}") == m.Placed()


async def test_answer(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A ringing phone is picked up, the one that is meant."""
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    with pytest.raises(InvalidInputError) as error:
        await provider.answer(m.CallRef(call=call))
    assert (error.value.field, error.value.problem) == ("extension", "required")
    await provider.answer(m.CallRef(call=call, extension="1002"))
    (talking,) = await provider.calls() or ()
    assert (talking.id, talking.answered_by) == (call_id, "1002")
    with pytest.raises(InvalidInputError) as error:
        await provider.answer(m.CallRef(call=talking, extension="1002"))
    assert (error.value.field, error.value.problem) == ("call", "conflict")
    with pytest.raises(NotFoundError):
        await provider.answer(m.CallRef(call=call, extension="1001"))  # that phone rings no more


async def test_hangup(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A conversation ends, a phone of a group stops ringing, and what is over already is fine."""
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    await provider.hangup(m.CallRef(call=call, extension="1001"))
    (call,) = await provider.calls() or ()
    assert call.extensions == ("1002", "1003")
    await sim.answer(call_id, "1003")
    (call,) = await provider.calls() or ()
    await provider.hangup(m.CallRef(call=call))
    assert sim.truth() == []
    await provider.hangup(m.CallRef(call=call))
    sent = len(sim.seen("/calls", "DELETE"))
    await provider.hangup(m.CallRef(call=replace(call, legs=tuple(replace(leg, state=ENDED) for leg in call.legs))))
    assert len(sim.seen("/calls", "DELETE")) == sent
    await provider.hangup(m.CallRef(call=replace(call, legs=())))
    assert len(sim.seen("/calls", "DELETE")) == sent + 1


async def test_hangup_of_a_group_that_rings(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """Without a phone to speak for, all phones that ring are meant."""
    await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    await provider.hangup(m.CallRef(call=call))
    assert sim.truth() == []


async def test_hangup_of_an_internal_call(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """Both phones of an internal call share an id, and one request is enough."""
    await sim.dial("1001", "1002")
    (call,) = await provider.calls() or ()
    await provider.hangup(m.CallRef(call=call))
    assert len(sim.seen("/calls", "DELETE")) == 1
    assert sim.truth() == []


async def test_hangup_that_is_refused(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A refusal is told."""
    sim.refuses_ringing_hangup = True
    await sim.ring(GRACE, "1001")
    (call,) = await provider.calls() or ()
    with pytest.raises(RefusedError):
        await provider.hangup(m.CallRef(call=call, extension="1001"))


async def test_transfer(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A conversation is handed over blind, and nothing else is."""
    call_id = await sim.ring(GRACE, "1001")
    (call,) = await provider.calls() or ()
    ref = m.CallRef(call=call, extension="1001")
    for bad, number, field_name in (
        (ref, "1002", "call"),
        (ref, "1001", "number"),
        (ref, "nobody", "number"),
    ):
        with pytest.raises(InvalidInputError) as error:
            await provider.transfer(bad, number, m.TransferType.BLIND)
        assert error.value.field == field_name
    with pytest.raises(UnsupportedError) as unsupported:
        await provider.transfer(ref, "1002", m.TransferType.ATTENDED)
    assert (unsupported.value.command, unsupported.value.field) == ("transfer", "type")
    await sim.answer(call_id, "1001")
    (call,) = await provider.calls() or ()
    await provider.transfer(m.CallRef(call=call, extension="1001"), f"+{OTHER}", m.TransferType.BLIND)
    assert json.loads(sim.seen("/calls", "PATCH")[0].body) == {"dst": OTHER}
    with pytest.raises(InvalidInputError):
        await provider.transfer(m.CallRef(call=replace(call, legs=())), "1002", m.TransferType.BLIND)


async def test_ids_that_lead_astray(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """An id that is a path belongs to nothing and is never sent."""
    for bad in ("../users/10002", "1/../2", "", "a?b"):
        with pytest.raises(NotFoundError):
            await provider.delete_contact(bad)
    assert not sim.requests


async def test_send_sms(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A message has a number, a text and perhaps a sender."""
    assert (await provider.send_sms("07911 123456", "Hello", f"+{DDI}")).isdigit()
    assert json.loads(sim.seen("/sms", "POST")[0].body) == {"to": GRACE, "message": "Hello", "from": DDI}
    for number, message, sender, field_name in (
        ("1002", "Hello", None, "number"),
        (GRACE, "", None, "message"),
        (GRACE, "Hello", "me", "sender"),
    ):
        with pytest.raises(InvalidInputError) as error:
            await provider.send_sms(number, message, sender)
        assert error.value.field == field_name


# -- agents and queues -------------------------------------------------------------------------------


@pytest.mark.parametrize("partial", list(PartialAgents))
async def test_agents_join_and_leave(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, partial: PartialAgents
) -> None:
    """One agent of one queue changes, and everybody else stays as they were."""
    sim.partial_agents = partial
    await provider.agent_logout(m.AgentRef(id="10003", queue="601"))
    assert sim.queues[80892].members == {10002: True, 10003: False, 10004: True}
    assert sim.queues[80893].members == {10003: False, 10004: True, 10005: True}
    await provider.agent_login(m.AgentRef(number="1002", queue="80893"))
    assert sim.queues[80893].members == {10003: True, 10004: True, 10005: True}
    await provider.agent_logout(m.AgentRef(number="1003"))
    assert (sim.queues[80892].members[10004], sim.queues[80893].members[10004]) == (False, False)
    before = len(sim.seen("/queues", "PATCH"))
    await provider.agent_logout(m.AgentRef(id="10004", queue="601"))
    assert len(sim.seen("/queues", "PATCH")) == before


async def test_two_agents_at_once(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """Two changes at the same time do not undo each other."""
    await asyncio.gather(
        *(provider.agent_logout(m.AgentRef(id=str(user), queue="601")) for user in (10002, 10003, 10004))
    )
    assert set(sim.queues[80892].members.values()) == {False}


@pytest.mark.parametrize(
    ("ref", "field_name", "problem"),
    [
        (m.AgentRef(id="10006", queue="601"), "agent", "unknown_agent"),
        (m.AgentRef(id="10005", queue="601"), "queue", "not_a_member"),
        (m.AgentRef(id="10005", queue="699"), "queue", "unknown_queue"),
        (m.AgentRef(), "agent", "unknown_agent"),
    ],
)
async def test_unknown_agents(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, ref: m.AgentRef, field_name: str, problem: str
) -> None:
    """Who is not a member cannot join."""
    with pytest.raises(InvalidInputError) as error:
        await provider.agent_login(ref)
    assert (error.value.field, error.value.problem) == (field_name, problem)
    assert not sim.seen("/queues", "PATCH")


async def test_members_without_status_are_never_overwritten(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A list that does not say who has joined is not written back."""
    stub.on("GET", "queues", {"data": [{"id": 1, "number": 601, "users": [10002, 10003]}], "total": 1})
    with pytest.raises(ConnectError):
        await stubbed(stub, session).agent_login(m.AgentRef(id="10002", queue="601"))
    assert stub.paths() == ["GET queues"]


async def test_joining_that_is_refused(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """The phone system's reason is told."""
    sim.fault(FaultKind.STATUS, path="/queues", method="PATCH", status=403)
    with pytest.raises(RefusedError):
        await provider.agent_logout(m.AgentRef(id="10002", queue="601"))
    assert sim.queues[80892].members[10002]


async def test_agent_and_queue_status(provider: VoipstudioProvider) -> None:
    """Both are asked for on the spot."""
    agent = await provider.agent_status(m.AgentRef(number="1002"))
    assert (agent.id, dict(agent.queues), agent.raw) == (
        "10003",
        {"601": True, "602": False},
        {"queues": {"601": True, "602": False}},
    )
    queue = await provider.queue_status("602")
    assert (queue.name, queue.agents_logged_in, dict(queue.members)) == (
        "Sales",
        2,
        {"10003": False, "10004": True, "10005": True},
    )


# -- history, contacts, recordings -------------------------------------------------------------------


@pytest.fixture
async def history(sim: VoipstudioSimulator) -> list[str]:
    """Let an answered, a missed, a dialled and an internal call happen."""
    ids = [await sim.ring(GRACE, "1001", "1002", "1003", name="Grace"), "", "", ""]
    await sim.answer(ids[0], "1002")
    await sim.hang_up(ids[0])
    ids[1] = await sim.ring("", "1001")
    await sim.hang_up(ids[1])
    ids[2] = await sim.dial("1002", OTHER)
    await sim.hang_up(ids[2])
    ids[3] = await sim.dial("1001", "1003")
    await sim.answer(ids[3])
    await sim.hang_up(ids[3])
    return ids


async def test_history(provider: VoipstudioProvider, sim: VoipstudioSimulator, history: list[str]) -> None:
    """Calls, not legs, newest first; every filter narrows them down."""
    everything = await provider.history(m.HistoryQuery())
    assert [record.call_id for record in everything.records] == history[::-1]
    assert everything.total == 4
    assert [record.outcome for record in everything.records] == [
        Outcome.ANSWERED,
        Outcome.CANCELLED,
        Outcome.MISSED,
        Outcome.ANSWERED,
    ]
    oldest = everything.records[-1]
    assert oldest.started_at is not None
    now = datetime.now(UTC)
    cases: list[tuple[m.HistoryQuery, list[int]]] = [
        (m.HistoryQuery(sort=m.Sort.OLDEST), [0, 1, 2, 3]),
        (m.HistoryQuery(limit=2, offset=1), [2, 1]),
        (m.HistoryQuery(direction=Direction.INCOMING), [1, 0]),
        (m.HistoryQuery(direction=Direction.OUTGOING), [2]),
        (m.HistoryQuery(direction=Direction.INTERNAL), [3]),
        (m.HistoryQuery(number="07911 123456"), [0]),
        (m.HistoryQuery(extension="1002"), [2, 0]),
        (m.HistoryQuery(search="FRONT"), [0]),
        (m.HistoryQuery(search="nobody"), []),
        (m.HistoryQuery(call_id=history[1]), [1]),
        (m.HistoryQuery(record_id=everything.records[1].id), [2]),
        (m.HistoryQuery(start=oldest.started_at, end=now + timedelta(minutes=1)), [3, 2, 1, 0]),
        (m.HistoryQuery(start=now + timedelta(hours=1)), []),
        (m.HistoryQuery(end=oldest.started_at - timedelta(hours=1)), []),
    ]
    for query, expected in cases:
        page = await provider.history(query)
        assert [record.call_id for record in page.records] == [history[index] for index in expected], query


async def test_a_long_history_is_read_as_far_as_needed(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Pages are read until there is enough, and a call whose legs may go on is left for the next page."""
    legs = [{**CDR, "id": number, "live_id": number, "root_live_id": number // 2} for number in range(10, 2, -1)]
    stub.on(
        "GET", "cdrs", {"data": legs[:3], "total": 8}, {"data": legs[3:6], "total": 8}, {"data": legs[6:], "total": 8}
    )
    page = await stubbed(stub, session).history(m.HistoryQuery(limit=2))
    assert [(record.call_id, record.id) for record in page.records] == [("5", "10"), ("4", "9")]
    assert page.total is None
    assert stub.paths() == ["GET cdrs", "GET cdrs"]


async def test_a_history_without_end(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A server that always has another page is left alone after a while."""
    stub.on("GET", "cdrs", {"data": [CDR]})
    page = await stubbed(stub, session).history(m.HistoryQuery(search="nobody"))
    assert page == m.HistoryPage()
    assert len(stub.seen) == 10


async def test_times_that_the_server_did_not_heed(stub: Stub, session: aiohttp.ClientSession) -> None:
    """What comes although it is too old or too new is left out."""
    stub.on("GET", "cdrs", {"data": [CDR, {"id": 1, "live_id": 1}], "total": 2})
    provider = stubbed(stub, session)
    for query in (
        m.HistoryQuery(start=datetime(2026, 6, 1, tzinfo=UTC)),
        m.HistoryQuery(end=datetime(2026, 1, 1, tzinfo=UTC)),
    ):
        assert [record.id for record in (await provider.history(query)).records] == ["1"]


@pytest.mark.parametrize(
    ("query", "field_name"),
    [
        (m.HistoryQuery(limit=0), "limit"),
        (m.HistoryQuery(limit=1001), "limit"),
        (m.HistoryQuery(offset=-1), "offset"),
        (m.HistoryQuery(record_id="12a"), "record_id"),
        (m.HistoryQuery(record_id="9" * 21), "record_id"),
    ],
)
async def test_a_history_that_cannot_be(session: aiohttp.ClientSession, query: m.HistoryQuery, field_name: str) -> None:
    """Limits are checked before anything is asked."""
    with pytest.raises(InvalidInputError) as error:
        await VoipstudioProvider(session, {"api_key": CANARY}).history(query)
    assert error.value.field == field_name


async def test_search_contacts(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """Contacts are found by words of the name, by number however written, by id."""
    for query, names in (
        (m.ContactQuery(name="oka gra"), ["Grace"]),
        (m.ContactQuery(name="Zając"), ["Piotr"]),
        (m.ContactQuery(number="07700 900123"), ["Grace"]),
        (m.ContactQuery(name="x"), []),
        (m.ContactQuery(contact_id="999999"), []),
    ):
        page = await provider.search_contacts(query)
        assert [contact.first_name for contact in page.contacts] == names, query
        assert not page.has_next
    first = await provider.search_contacts(m.ContactQuery(limit=1))
    second = await provider.search_contacts(m.ContactQuery(limit=1, offset=1))
    assert first.has_next
    assert first.contacts != second.contacts
    (grace,) = (await provider.search_contacts(m.ContactQuery(name="grace"))).contacts
    assert (await provider.search_contacts(m.ContactQuery(contact_id=grace.id))).contacts == (grace,)
    sim.contact_style = ContactStyle.NEW
    assert (await provider.search_contacts(m.ContactQuery(number="447700900123"))).contacts
    sim.contact_style = ContactStyle.BARE
    with pytest.raises(UnsupportedError) as error:
        await provider.search_contacts(m.ContactQuery(number=GRACE))
    assert error.value.field == "number"


async def test_contacts_are_made_changed_and_removed(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A contact lives its life; a change leaves the rest alone."""
    made = await provider.create_contact(
        m.Contact(first_name="Zoë", numbers=("07911 123456", f"+{OTHER}"), email="z@example.com", groups=("VIP",))
    )
    assert made.id
    assert (made.numbers, made.groups) == (("+447911123456", "+447911123457"), ("VIP",))
    changed = await provider.update_contact(m.Contact(id=made.id, last_name="Novák"))
    assert (changed.first_name, changed.last_name, changed.numbers) == ("Zoë", "Novák", made.numbers)
    fewer = await provider.update_contact(m.Contact(id=made.id, numbers=(f"+{OTHER}",), groups=()))
    assert (fewer.numbers, fewer.groups) == (("+447911123457",), None)
    await provider.delete_contact(made.id)
    with pytest.raises(NotFoundError):
        await provider.delete_contact(made.id)
    with pytest.raises(NotFoundError):
        await provider.update_contact(m.Contact(id=made.id, notes="x"))
    assert len(sim.seen("/contacts", "PATCH")) == 3


@pytest.mark.parametrize(
    ("contact", "field_name"),
    [
        (m.Contact(), "first_name"),
        (m.Contact(number="x"), "number"),
        (m.Contact(numbers=(GRACE, OTHER, DDI)), "numbers"),
        (m.Contact(groups=("a", "b")), "groups"),
    ],
)
async def test_contacts_that_have_no_room(session: aiohttp.ClientSession, contact: m.Contact, field_name: str) -> None:
    """Two numbers and one group are all there is."""
    with pytest.raises(InvalidInputError) as error:
        await VoipstudioProvider(session, {"api_key": CANARY, "country": "GB"}).create_contact(contact)
    assert error.value.field == field_name


async def test_an_unreadable_answer_to_a_new_contact(stub: Stub, session: aiohttp.ClientSession) -> None:
    """It was made all the same."""
    stub.on("POST", "contacts", b"", status=201)
    contact = m.Contact(first_name="Zoë", number=GRACE)
    assert await stubbed(stub, session).create_contact(contact) == contact


async def test_recordings_and_voicemail(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, session: aiohttp.ClientSession
) -> None:
    """Sounds are listed newest first, and fetched with the key in a header."""
    ids = []
    for caller in (GRACE, OTHER, GRACE):
        call_id = await sim.ring(caller, "1001")
        await sim.answer(call_id, "1001")
        await sim.hang_up(call_id)
        ids.append(str(await sim.recording_ready(call_id)))
        await sim.voicemail_arrives("1001", caller)
    items = await provider.media(m.MediaKind.RECORDING, 10, 0)
    assert [item.id for item in items] == ids[::-1]
    assert [item.id for item in await provider.media(m.MediaKind.RECORDING, 2, 1)] == [ids[1], ids[0]]
    source = await provider.media_source(m.MediaKind.RECORDING, items[0].id)
    assert sim.api_key not in source.url + repr(source)
    async with session.get(source.url, headers=source.headers) as response:
        assert len(await response.read()) == items[0].size
    (voicemail, *_) = await provider.media(m.MediaKind.VOICEMAIL, 1, 0)
    assert (voicemail.kind, voicemail.unread, voicemail.caller) == (m.MediaKind.VOICEMAIL, True, "+447911123456")
    assert "/voicemessages/" in (await provider.media_source(m.MediaKind.VOICEMAIL, voicemail.id)).url
    for bad in ("../me", "", "1?x"):
        with pytest.raises(NotFoundError):
            await provider.media_source(m.MediaKind.RECORDING, bad)
    with pytest.raises(InvalidInputError):
        await provider.media(m.MediaKind.RECORDING, 0, 0)


# -- together ----------------------------------------------------------------------------------------


async def test_pushes_of_the_simulated_account(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """What is really pushed can be read, and each call id is one that is polled as well."""
    bodies: list[bytes] = []

    async def receive(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/hook", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001
    assert isinstance(server, asyncio.Server)
    await sim.add_webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook")
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    await sim.hang_up(call_id)
    placed = await provider.originate(m.Originate(extension="1001", number=GRACE))
    await sim.answer(placed.call_id or "", "1001")
    await sim.sms_arrives(GRACE, "Hello", extension="1002")
    await sim.wraps_up("601", "1002", "opened")
    await sim.settle()
    await sim.webhooks.settle()
    found = [push for body in bodies for push in pushed(body, provider)]
    await runner.cleanup()
    assert not [push for push in found if isinstance(push, m.UnknownPush)]
    legs = [push for push in found if isinstance(push, m.LegPush)]
    assert {push.call_id for push in legs} == {call.id, placed.call_id}
    assert {leg.id for leg in call.legs} < {push.leg_id for push in legs}
    final = [push for push in legs if push.final]
    assert [(push.call_id, push.outcome) for push in final] == [(call_id, Outcome.MISSED)]
    keys = [push.key for push in legs]
    assert len(set(keys)) == len(keys)
    assert {push.type for push in found if isinstance(push, m.Notice)} == {
        EventType.SMS_RECEIVED,
        EventType.AGENT_WRAP_UP,
    }
    wrapped = next(push for push in found if isinstance(push, m.Notice) and push.type is EventType.AGENT_WRAP_UP)
    assert (wrapped.agent, wrapped.extension) == ("10003", "1002")


async def test_nothing_secret_is_told(
    stub: Stub, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """Key, numbers, names and URLs are in no exception and in no line of our log, however loud it is."""
    caplog.set_level(logging.DEBUG, "custom_components.pbx")
    provider = stubbed(stub, session, user_id="10002", webhook_password="hook-secret")
    said = {"message": f"{CANARY} {GRACE} {stub.url}", "errors": [{"message": f"no {CANARY} for {GRACE} by Zelda"}]}
    call = m.Call(id="1", state=TALKING, legs=(m.Leg(id="1", state=TALKING, extension="1002"),))
    commands: list[Callable[[], Awaitable[object]]] = [
        provider.account,
        provider.calls,
        provider.directory,
        provider.release,
        lambda: provider.send_sms(GRACE, "Zelda", None),
        lambda: provider.announce(GRACE, "Zelda", f"+{OTHER}"),
        lambda: provider.transfer(m.CallRef(call=call), GRACE, m.TransferType.BLIND),
        lambda: provider.hangup(m.CallRef(call=call)),
        lambda: provider.create_contact(m.Contact(first_name="Zelda", number=GRACE)),
        lambda: provider.history(m.HistoryQuery(number=GRACE)),
        lambda: provider.media(m.MediaKind.RECORDING, 1, 0),
    ]
    told: list[str] = []
    for status in (400, 401, 403, 404, 412, 429, 500, 502):
        for method, path in (
            ("GET", "me"), ("GET", "calls"), ("GET", "users"), ("GET", "queues"), ("POST", "sms"), ("GET", "cdrs"),
            ("POST", "leadcalls"), ("PATCH", "calls/1"), ("DELETE", "calls/1"), ("POST", "contacts"),
            ("GET", "monitors"),
        ):  # fmt: skip
            stub.on(method, path, said, status=status)
        for command in commands:
            try:
                await command()
            except ProviderError as err:
                told += [str(err), repr(err), repr(err.__dict__), repr(err.__cause__)]
    assert told
    logged = "".join(record.getMessage() for record in caplog.records if record.name.startswith("custom_components"))
    everything = logged + "".join(told)
    for secret in (CANARY, GRACE, OTHER, "hook-secret", "127.0.0.1"):
        assert secret not in everything
    assert "Zelda" not in logged


async def test_every_command_is_declared(session: aiohttp.ClientSession) -> None:
    """What is offered exists, what does not exist is refused by its name, and unknown fields are refused."""
    provider = VoipstudioProvider(session, {"api_key": CANARY})
    provider.capabilities = provider.possible
    assert set(provider.fields) <= set(provider.possible)
    ref = m.CallRef(call=m.Call(id="1", state=TALKING))
    for refused in (provider.hold, provider.unhold, provider.mute, provider.unmute):
        with pytest.raises(UnsupportedError):
            await refused(ref)
    with pytest.raises(UnsupportedError):
        provider.check(Capability.ORIGINATE, ["ring_timeout"])
    with pytest.raises(UnsupportedError):
        provider.check(Capability.SPY)
    provider.check(Capability.GET_CALL_HISTORY, ["start", "record_id"])
