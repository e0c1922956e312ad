"""VoIPstudio: what rows say."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.pbx.providers.voipstudio import calls as calls_module
from custom_components.pbx.providers.voipstudio import contacts, payload
from custom_components.pbx.providers.voipstudio import history as history_module
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Direction, Outcome

from .account import BOOK, CDR, DDI, DIALING, ENDED, GRACE, HELD, INCOMING, OTHER, RINGING, SHOWN, TALKING


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
        ({"src": None, "clid": f"+{GRACE}"}, m.Party(number="+447911123456")),
        ({"src": None, "clid": f'"Doe, John" <sip:+{GRACE}@host>'}, m.Party(number="+447911123456", name="Doe, John")),
        ({"src": None, "clid": f'"Jo \\"J\\" <Doe>" <+{GRACE}>'}, m.Party(number="+447911123456", name='Jo "J" <Doe>')),
        *(
            ({"src": None, "clid": clid}, m.Party(hidden=True))
            for clid in (
                '"Anonymous" <anonymous>',
                "<unknown>",
                "Withheld",
                '"Private" <sip:anonymous@anonymous.invalid>',
            )
        ),
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


@pytest.mark.parametrize("context", ["queue-80892", "Q-80892", "Queue", "IVR-7"])
@pytest.mark.parametrize(
    ("caller", "leg"),
    [
        ({}, ("4278003532", None, RINGING)),
        ({"src": "1003", "src_id": "10003"}, ("4278003532", "1003", DIALING)),
        ({"src": "1003", "src_id": "10003", "destination": "out"}, ("4278003532", "1003", DIALING)),
    ],
    ids=["outside", "inside", "inside_out"],
)
def test_a_queue_that_plays_music_has_not_answered(
    context: str, caller: Mapping[str, object], leg: tuple[str, str | None, CallState]
) -> None:
    """Waiting in a queue is ringing, or dialing where one of ours waits, as long as no agent talks."""
    row = {**INCOMING, **caller, "dst_id": "0", "dst": "601", "context": context}
    call = call_of(row)
    assert (call.state, call.answered_at, call.answered_by) == (leg[2], None, None)
    assert legs_of(call) == [leg]
    called = {**row, "id": 5, "parent_id": 4278003532, "dst_id": "10002"}
    assert not any(found.state is TALKING for found in call_of(row, {**called, "state": "RINGING"}).legs)
    assert call_of(row, called).state is TALKING


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
        ({"disposition": "NO_ANSWER", "src_id": "10002", "dst_id": "0", "destination": "out"}, Outcome.NO_ANSWER),
        ({"disposition": "BUSY"}, Outcome.BUSY),
        ({"disposition": "FAILED"}, Outcome.FAILED),
        *(({"disposition": word}, Outcome.MISSED) for word in ("NO-ANSWER", "NOANSWER", "no answer", "CANCELLED")),
        ({"disposition": "NO ANSWER", "t_cause": "Call Rejected"}, Outcome.REJECTED),
        ({"type": "M", "t_cause": "CALL_REJECTED"}, Outcome.REJECTED),
        ({"disposition": "NO ANSWER", "t_cause": "User busy"}, Outcome.MISSED),
        (
            {"disposition": "FAILED", "t_cause": "User busy", "dst_id": "0", "src_id": "10002", "destination": "out"},
            Outcome.BUSY,
        ),
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


@pytest.mark.parametrize("type_", ["I", "O"])
@pytest.mark.parametrize("context", ["Q-80892", "IVR-7"])
def test_the_record_of_a_colleague_in_a_queue(context: str, type_: str) -> None:
    """Music is no answer: the seconds are the machine's, as long as no phone below has been picked up."""
    queue = {**CDR, "src": "1003", "src_id": "10003", "dst": "601", "dst_id": "0", "context": context, "type": type_}
    rang = {**queue, "id": 2, "live_id": 2, "is_root": False, "dst_id": "10002", "disposition": "NO ANSWER"}
    alone = record_of(queue)
    assert (alone.direction, alone.by_seconds) == (Direction.INTERNAL, True)
    assert record_of(queue, rang).outcome is Outcome.MISSED
    taken = record_of(queue, {**rang, "disposition": "CONNECTED"})
    assert (taken.outcome, taken.by_seconds, taken.answered_by) == (Outcome.ANSWERED, False, "1002")


def test_a_placed_calls_record() -> None:
    """Of a call placed by API the far end's leg says whether it was answered."""
    own = {**CDR, "type": "O", "src_id": "10002", "dst_id": "0", "destination": "out"}
    far = {**own, "id": 2, "live_id": 2, "is_root": False, "disposition": "NO ANSWER", "billsec": 0}
    assert record_of(own, far).outcome is Outcome.NO_ANSWER
    assert record_of(own, {**far, "disposition": "CONNECTED"}).outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    ("lengths", "shown"),
    [
        ({"duration": "00:00:51", "billsec": "42"}, (42.0, 9.0, 51)),
        ({"duration": 0, "billsec": 0}, (0.0, 0.0, 0)),
        ({"duration": -5, "billsec": -3}, (None, None, None)),
        ({"duration": 51, "billsec": -3}, (None, None, 51)),
        ({"duration": -1, "billsec": "0"}, (0.0, None, None)),
        ({"duration": 42, "billsec": 51}, (51.0, None, 42)),
    ],
)
def test_odd_lengths(lengths: Mapping[str, object], shown: tuple[float | None, float | None, int | None]) -> None:
    """No length is negative, and no call ends before it began, on whichever day that is."""
    record = record_of({**CDR, "calldate": "2026-05-11 23:59:30", **lengths})
    assert record.started_at is not None
    lasted = None if record.ended_at is None else (record.ended_at - record.started_at).total_seconds()
    assert (record.duration, record.ring_time, lasted) == shown
    sound = payload.recording({"id": 3, "duration": lengths["billsec"]}, BOOK)
    assert sound is not None
    assert sound.duration == shown[0]


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
