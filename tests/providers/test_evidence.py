"""Who knows better decides how a call went, whichever phone system tells it."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.voipat.payload import Tenant
from custom_components.pbx.providers.voipat.payload import read_record as voipat_record
from custom_components.pbx.providers.voipat.push import read_webhook
from custom_components.pbx.providers.voipstudio import history as voipstudio_history
from custom_components.pbx.providers.voipstudio import payload as voipstudio
from custom_components.pbx.providers.voxloud import payload as voxloud
from custom_components.pbx.providers.voxloud import push as voxloud_push
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.events import Event, event_data
from custom_components.pbx.telephony.models import CallState, Direction, Outcome

from .voipstudio.account import read_push

T0 = datetime(2026, 6, 15, 9, tzinfo=UTC)
OUTSIDE = "+390612345678"
ROME = Tenant(domain="pbx.example.com", country="IT", extensions=("101",), complete=True)
ITALY = voxloud.Book(country="IT", own=frozenset({"+390655501000"}))
LONDON = voipstudio.book(
    [{"id": 10002, "ext": "1002"}, {"id": 10003, "ext": "1003"}], complete=True, country="GB", queues={}
)


def after(seconds: float) -> datetime:
    """Return a moment of the call."""
    return T0 + timedelta(seconds=seconds)


def names(events: Iterable[Event]) -> list[str]:
    """Return what everybody was told."""
    return [event.type.value for event in events if event.public]


# -- VOIP@: the record's bill seconds count the menu ---------------------------------------------------


def listed(*legs: m.Leg) -> m.Call:
    """Return a call from outside as a list shows it."""
    state = CallState.TALKING if any(leg.state is CallState.TALKING for leg in legs) else CallState.RINGING
    return m.Call(
        id="u",
        state=state,
        direction=Direction.INCOMING,
        caller=m.Party(number=OUTSIDE),
        callee=m.Party(number="+390655501000"),
        legs=legs,
        started_at=T0,
    )


def bill(application: str, target: str = "+390655501000", **more: object) -> m.RecordPush:
    """Return what the switch writes down of a call that something has picked up."""
    row = {"xml_cdr_uuid": "u", "domain_name": "pbx.example.com", "direction": "inbound", "billsec": 40}
    row |= {"caller_id_number": OUTSIDE, "destination_number": target, "last_app": application}
    record = voipat_record(row | more, ROME)
    assert record is not None
    return m.RecordPush(provider_event="history", record=record)


@pytest.mark.parametrize("application", ["ivr", "callcenter", "playback", "conference"])
@pytest.mark.parametrize("rings", [False, True])
@pytest.mark.parametrize("target", ["+390655501000", "101", "600"])
def test_a_menu_that_picked_up_takes_no_missed_call_back(application: str, rings: bool, target: str) -> None:  # noqa: FBT001
    """The lists have shown that nobody talked."""
    registry = CallRegistry(complete_after=1)
    registry.snapshot((), T0, T0)
    legs = [m.Leg(id="u", state=CallState.RINGING)]
    if rings:
        legs.append(m.Leg(id="b", state=CallState.RINGING, extension="101"))
    registry.snapshot((listed(*legs),), after(1), after(1))
    told = list(registry.snapshot((), after(40), after(40)).events)
    told += registry.apply(bill(application, target), after(50)).events
    assert names(told) == ["call_missed", "call_record"]
    assert registry.missed == 1
    assert registry.last_call is not None
    assert registry.last_call.outcome is Outcome.MISSED


def test_bill_seconds_count_where_nobody_has_watched() -> None:
    """They are the best there is of a call that was only pushed, and the correction is told."""
    registry = CallRegistry()
    ring = m.LegPush(provider_event="x", call_id="u", leg_id="101", extension="101", state=CallState.RINGING)
    registry.apply(ring, T0)
    told = list(registry.apply(m.LegPush(provider_event="x", call_id="u", state=CallState.ENDED), after(50)).events)
    assert registry.missed == 1
    told += registry.apply(bill("ivr"), after(60)).events
    assert [name for name in names(told) if name != "call_record"] == ["call_missed", "call_corrected"]
    corrected = event_data(next(event for event in told if event.type == "call_corrected"))
    assert (corrected["outcome_before"], corrected["outcome"]) == ("missed", "answered")
    assert registry.missed == 0


@pytest.mark.parametrize("cause", ["LOSE_RACE", "PICKED_OFF"])
def test_a_phone_that_was_too_slow_has_missed_nothing(cause: str) -> None:
    """Whatever the record's flag says."""
    push = bill("", billsec=0, missed_call=True, hangup_cause=cause)
    assert push.record.outcome is Outcome.ANSWERED_ELSEWHERE


@pytest.mark.parametrize("direction", ["inbound", None, ""])
@pytest.mark.parametrize("said", [{"missed_call": True}, {"missed_call": "true"}, {"status": "missed"}])
@pytest.mark.parametrize("pushed", [False, True])
def test_a_record_that_says_missed_knows_better_than_its_seconds(
    direction: str | None,
    said: dict[str, object],
    pushed: bool,  # noqa: FBT001
) -> None:
    """Also of a call that nobody saw, and where the record does not say which way it went."""
    registry = CallRegistry()
    registry.snapshot((), T0, T0)
    if pushed:
        ring = m.LegPush(provider_event="x", call_id="u", leg_id="101", extension="101", state=CallState.RINGING)
        registry.apply(ring, T0)
        registry.apply(m.LegPush(provider_event="x", call_id="u", state=CallState.ENDED), after(50))
    told = registry.apply(bill("callcenter", "101", direction=direction, **said), after(60)).events
    assert [name for name in names(list(told)) if name != "call_record"] == ([] if pushed else ["call_missed"])
    assert registry.missed == 1


# -- Voxloud: the record says that nobody came ---------------------------------------------------------


def body(kind: str, at: float, **more: object) -> dict[str, object]:
    """Return an event of Voxloud about a call to the company's number."""
    stamp = int(after(at).timestamp() * 1000)
    data = {"timestamp": stamp, "callId": "c1", "originatorNumber": OUTSIDE, "destinationNumber": "+390655501000"}
    return {"timestamp": stamp, "type": kind, "pbx_id": 1, "data": {**data, **more}}


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        ({"lastEvent": "CALL_LOST_NO_ANSWER", "duration": 30}, Outcome.MISSED),
        ({"lastEvent": "CALL_CANCELED_BY_ORIGINATOR", "duration": 30}, Outcome.MISSED),
        ({"lastEvent": "CALL_TERMINATED", "duration": 30, "ringTime": 1, "voicemail": True}, Outcome.VOICEMAIL),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_the_record_has_the_last_word_about_a_machine(record: dict[str, object], outcome: Outcome, late: bool) -> None:  # noqa: FBT001
    """A menu or a queue picked up, and no phone of ours; whether the call is over by then or not."""
    registry = CallRegistry(grace=5)
    told: list[Event] = []
    for at, kind in ((0, "CALL_INCOMING"), (0.5, "CALL_ANSWERED"), (30, "CALL_HANGUP")):
        push = voxloud_push.read_push(body(kind, at, type=kind[5:]), ITALY)
        assert push is not None
        told += registry.apply(push, after(at)).events
    if late:
        told += registry.tick(after(36)).events
    push = voxloud_push.read_push(body("PHONE_CALL", 37, id=1, direction="INBOUND", **record), ITALY)
    assert push is not None
    told += registry.apply(push, after(37)).events
    assert registry.last_call is not None
    assert registry.last_call.outcome is outcome
    assert registry.missed == 1
    assert names(told).count("call_corrected") == late


def test_a_phone_that_talked_is_not_taken_back() -> None:
    """Whatever a record says."""
    registry = CallRegistry(grace=0)
    for at, kind in ((0, "CALL_INCOMING"), (5, "CALL_ANSWERED"), (30, "CALL_HANGUP")):
        push = voxloud_push.read_push(body(kind, at, type=kind[5:], userExtension=101), ITALY)
        assert push is not None
        registry.apply(push, after(at))
    registry.tick(after(40))
    record = body("PHONE_CALL", 41, id=1, direction="INBOUND", lastEvent="CALL_LOST_NO_ANSWER", duration=30)
    push = voxloud_push.read_push(record, ITALY)
    assert push is not None
    changes = registry.apply(push, after(41))
    assert registry.last_call is not None
    assert registry.last_call.outcome is Outcome.ANSWERED
    assert names(changes.events) == ["call_record"]
    assert registry.missed == 0


# -- the end of a phone's leg proves that it talked ----------------------------------------------------


def studio(at: float, name: str, state: str, hours: float = 0, **more: object) -> Sequence[m.Pushed]:
    """Return an event of VoIPstudio, whose clock is so many hours ahead."""

    def theirs(seconds: float) -> str:
        return (after(seconds) + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S") + str(zone)

    connected, zone = more.pop("connected", None), more.pop("zone", "")
    row = {"id": f"u.{at}.1", "event_time": theirs(at), "event_name": name, "call_id": 1, "root_call_id": 1}
    row |= {"state": state, "start_time": theirs(0), "destination": "in", "src": "441224496000", "src_id": "0"}
    row |= {"dst": "442079460500", "dst_id": "10002", "terminated_by": "caller" if state == "HANGUP" else None}
    row |= {"connected_at": theirs(float(str(connected))) if connected is not None else None}
    return read_push(json.dumps(row | more).encode(), LONDON)


def test_the_end_of_a_leg_tells_of_a_lost_answer_at_voipstudio() -> None:
    """It names when the phone was connected."""
    registry = CallRegistry(grace=2)
    registry.snapshot((), T0, T0)
    told: list[Event] = []
    for at, name, state, connected in ((0, "call.ringing", "RINGING", None), (50, "call.hangup", "HANGUP", 5)):
        for push in studio(at, name, state, connected=connected, duration=45 if at else 0):
            told += registry.apply(push, after(at)).events
    told += registry.tick(after(60)).events
    assert names(told)[-1] == "call_ended"
    assert event_data(told[-1])["duration"] == pytest.approx(45, abs=5)
    assert registry.missed == 0


@pytest.mark.parametrize("duration", ["45", 45, "45.0", "00:45", "00:00:45"])
def test_the_end_of_a_leg_tells_of_a_lost_answer_at_voipat(duration: object) -> None:
    """It names how long the phone talked."""
    registry = CallRegistry(pushed_ids_differ=True, complete_after=2, grace=5)
    registry.snapshot((), T0, T0)
    told: list[Event] = []
    for at, name, talked in ((0, "new_call", ""), (50, "hangup", duration)):
        row = {"event": name, "caller_id": OUTSIDE, "destination": "101", "direction": "inbound", "duration": talked}
        row |= {"extension": "101", "call_id": "x", "domain": "pbx.example.com", "timestamp": after(at).isoformat()}
        request = m.PushRequest(method="POST", query={}, content_type="application/json", body=json.dumps(row).encode())
        for push in read_webhook(request, ROME, ()):
            told += registry.apply(push, after(at)).events
    for at in (51, 56):
        told += registry.snapshot((), after(at), after(at)).events
    told += registry.tick(after(70)).events
    assert names(told)[-1] == "call_ended"
    assert registry.missed == 0


def test_the_end_of_a_machine_proves_nothing() -> None:
    """A queue's leg has talk time as well."""
    registry = CallRegistry()
    ring = m.LegPush(provider_event="x", call_id="c", leg_id="101", extension="101", state=CallState.RINGING)
    registry.apply(ring, T0)
    registry.apply(
        m.LegPush(provider_event="x", call_id="c", leg_id="101", extension="101", state=CallState.ENDED), after(20)
    )
    end = m.LegPush(provider_event="x", call_id="c", leg_id="-", state=CallState.ENDED, talk_time=45, final=True)
    registry.apply(end, after(50))
    assert registry.missed == 1


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("first", ["machine", "phone"])
def test_the_seconds_of_a_machine_that_was_heard_prove_nothing_at_voxloud(late: bool, first: str) -> None:  # noqa: FBT001
    """A menu or a mailbox picked up, a phone rang in vain: the seconds that the record counts are the machine's."""
    registry = CallRegistry(grace=5)
    machine: list[tuple[str, dict[str, object]]] = [("CALL_INCOMING", {}), ("CALL_ANSWERED", {})]
    phone: list[tuple[str, dict[str, object]]] = [
        ("CALL_INCOMING", {"userExtension": 101}),
        ("CALL_HANGUP", {"userExtension": 101}),
    ]
    steps = [*machine, *phone] if first == "machine" else [*phone, machine[1]]
    steps += [("CALL_HANGUP", {})]
    record: dict[str, object] = {"id": 1, "direction": "INBOUND", "lastEvent": "CALL_TERMINATED"}
    steps.insert(len(steps) - (not late), ("PHONE_CALL", record | {"duration": 40, "ringTime": 1}))
    for place, (kind, more) in enumerate(steps):
        push = voxloud_push.read_push(body(kind, 2 * place, **more), ITALY)
        assert push is not None
        registry.apply(push, after(2 * place))
    registry.tick(after(40))
    assert registry.missed == 1


# -- VoIPstudio: each leg has a row of its own ----------------------------------------------------------


MACHINE = {"id": 1, "live_id": 1, "is_root": 1, "dst": "442079460500", "dst_id": "0", "disposition": "CONNECTED"}
PHONE = {"id": 2, "live_id": 2, "dst": "442079460500", "dst_id": "10002", "disposition": "NO ANSWER", "billsec": 0}
COLLEAGUE = {**PHONE, "id": 3, "live_id": 3, "dst_id": "10003"}
MOBILE = {**PHONE, "id": 4, "live_id": 4, "dst": "447911123456", "dst_id": "0", "type": "O"}
TALKED = {"disposition": "CONNECTED", "billsec": 10}


def rows_of(*legs: dict[str, object]) -> m.CallRecord:
    """Return the record of a call from outside whose legs VoIPstudio has written down."""
    base = {"root_live_id": 1, "type": "I", "src": "441224496000", "src_id": "0", "duration": 40, "billsec": 40}
    ((record, _),) = voipstudio_history.records([base | leg for leg in legs], LONDON)
    return record


@pytest.mark.parametrize(
    ("legs", "outcome", "by_seconds", "who"),
    [
        ([MACHINE], Outcome.ANSWERED, True, None),
        ([MACHINE, PHONE], Outcome.MISSED, False, None),
        ([MACHINE, {**PHONE, "type": "M"}, COLLEAGUE], Outcome.MISSED, False, None),
        ([MACHINE, PHONE, COLLEAGUE | TALKED], Outcome.ANSWERED, False, "1003"),
        ([COLLEAGUE, PHONE | TALKED, MACHINE], Outcome.ANSWERED, False, "1002"),
        ([MACHINE, PHONE, {**MACHINE, "id": 5, "live_id": 5, "is_root": 0}], Outcome.MISSED, False, None),
        ([MACHINE, PHONE, MOBILE | TALKED], Outcome.ANSWERED, False, None),
        ([{**MACHINE, "type": "M"}], Outcome.MISSED, False, None),
    ],
)
def test_a_menu_that_picked_up_is_no_answer_at_voipstudio(
    legs: list[dict[str, object]],
    outcome: Outcome,
    by_seconds: bool,  # noqa: FBT001
    who: str | None,
) -> None:
    """The rows of the phones know better than that of the menu or queue, which is connected at once."""
    record = rows_of(*legs)
    assert (record.outcome, record.by_seconds, record.answered_by) == (outcome, by_seconds, who)
    registry = CallRegistry()
    registry.snapshot((), T0, T0)
    told = registry.apply(m.RecordPush(provider_event="history", record=record), after(60)).events
    assert names(list(told))[0] == ("call_missed" if outcome is Outcome.MISSED else "call_ended")
    if outcome is Outcome.MISSED:
        assert (record.answered_at, record.duration, record.ring_time) == (None, None, 40)


@pytest.mark.parametrize("context", ["ivr-7", "IVR", "queue-7", "Q-7", "Queue"])
@pytest.mark.parametrize("seen", [True, False])
def test_who_gives_up_in_a_menu_or_queue_is_missed_at_voipstudio(context: str, seen: bool) -> None:  # noqa: FBT001
    """Before any phone has rung: he waits there, and the seconds of the record are the machine's."""
    registry = CallRegistry(grace=2)
    registry.snapshot((), T0, T0)
    machine: dict[str, Any] = {"call_id": "1", "root_call_id": "1", "dst_id": "0", "context": context}
    told: list[Event] = []
    for at, name, state in ((0, "call.connected", "CONNECTED"), (40, "call.hangup", "HANGUP")) if seen else ():
        for push in studio(at, name, state, connected=0, id=f"{at}", **machine):
            told += registry.apply(push, after(at)).events
        if not at:
            assert [call.state for call in registry.calls.values()] == [CallState.RINGING]
    told += registry.tick(after(50)).events
    told += registry.apply(m.RecordPush(provider_event="history", record=rows_of(MACHINE)), after(60)).events
    first = ["call_incoming", "call_missed"] if seen else ["call_ended"]
    assert names(told) == [*first, "call_record"]
    data = event_data(told[-1])
    assert (data["outcome"], data.get("duration")) == (("missed", None) if seen else ("answered", 40))


@pytest.mark.parametrize("cause", ["Call Rejected", "CALL_REJECTED", "declined"])
@pytest.mark.parametrize("end", ["call.hangup", "call.missed"])
@pytest.mark.parametrize(
    ("phones", "declined", "outcome"), [(1, 1, Outcome.REJECTED), (2, 1, Outcome.MISSED), (2, 2, Outcome.REJECTED)]
)
def test_a_phone_that_declines_says_so_at_voipstudio(
    cause: str, end: str, phones: int, declined: int, outcome: Outcome
) -> None:
    """One phone of a group speaks for itself; all of them for the call."""
    registry = CallRegistry(grace=2)
    registry.snapshot((), T0, T0)
    for at, name, state in ((0, "call.ringing", "RINGING"), (20, end, "HANGUP")):
        for place in range(phones):
            leg: dict[str, Any] = {
                "call_id": str(place + 1),
                "root_call_id": "1" if phones == 1 else "9",
                "dst_id": f"1000{place + 2}",
            }
            why = cause if at and place < declined else None
            for push in studio(at, name, state, id=f"{at}.{place}", t_cause=why, **leg):
                registry.apply(push, after(at))
    registry.tick(after(40))
    assert registry.last_call is not None
    assert registry.last_call.outcome is outcome
    assert registry.missed == (outcome is Outcome.MISSED)


# -- clocks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0, 1, 2, -5, 0.01])
@pytest.mark.parametrize("answer", [True, False])
def test_a_minute_is_a_minute_by_any_clock(hours: float, answer: bool) -> None:  # noqa: FBT001
    """Also where the answer is only told by the hang-up."""
    registry = CallRegistry(grace=2)
    registry.snapshot((), T0, T0)
    told: list[Event] = []
    steps = [
        (0, "call.ringing", "RINGING", None),
        (10, "call.connected", "CONNECTED", 10),
        (70, "call.hangup", "HANGUP", 10),
    ]
    for at, name, state, connected in steps if answer else [steps[0], steps[2]]:
        for push in studio(at, name, state, hours, connected=connected):
            told += registry.apply(push, after(at)).events
    told += registry.tick(after(80)).events
    data = event_data(next(event for event in told if event.public and event.type == "call_ended"))
    assert data["duration"] == pytest.approx(60, abs=5)
    assert data["ring_time"] == pytest.approx(10, abs=5)
    assert str(data["started_at"]) <= str(data["answered_at"]) <= str(data["ended_at"])


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    hours=st.floats(-14, 14),
    zone=st.sampled_from(["", "Z", "+02:00", "-05:30"]),
    rings=st.integers(1, 30),
    talks=st.integers(1, 300),
    lag=st.floats(0, 2),
)
def test_no_clock_makes_a_call_longer(hours: float, zone: str, rings: int, talks: int, lag: float) -> None:
    """However far a sender's clock is off, in whatever zone, and however late its messages come."""
    registry = CallRegistry(grace=2)
    registry.snapshot((), T0, T0)
    told: list[Event] = []
    steps = [
        (0, "call.ringing", "RINGING", None),
        (rings, "call.connected", "CONNECTED", rings),
        (rings + talks, "call.hangup", "HANGUP", rings),
    ]
    for at, name, state, connected in steps:
        for push in studio(at, name, state, hours, zone=zone, connected=connected):
            told += registry.apply(push, after(at + lag)).events
    told += registry.tick(after(rings + talks + 20)).events
    data = event_data(next(event for event in told if event.public and event.type == "call_ended"))
    assert data["duration"] == pytest.approx(talks, abs=3)
    assert data["ring_time"] == pytest.approx(rings, abs=3)
    assert str(data["started_at"]) <= str(data["answered_at"]) <= str(data["ended_at"])
    assert after(-1).isoformat() <= str(data["started_at"])


def voipat_at(at: float, theirs: datetime) -> m.Pushed:
    """Return an event of VOIP@'s phone in the browser."""
    name = {0: "new_call", 10: "answered", 70: "hangup"}[int(at)]
    row = {"event": name, "caller_id": OUTSIDE, "destination": "101", "direction": "inbound", "extension": "101"}
    row |= {"call_id": "x", "domain": "pbx.example.com", "timestamp": theirs.isoformat(), "duration": "60"}
    request = m.PushRequest(method="POST", query={}, content_type="application/json", body=json.dumps(row).encode())
    (push,) = read_webhook(request, ROME, ())
    return push


def voxloud_at(at: float, theirs: datetime) -> m.Pushed:
    """Return an event of Voxloud."""
    kind = {0: "INCOMING", 10: "ANSWERED", 70: "HANGUP"}[int(at)]
    stamp = int(theirs.timestamp() * 1000)
    data = {"timestamp": stamp, "callId": "c", "type": kind, "originatorNumber": OUTSIDE, "userExtension": 101}
    push = voxloud_push.read_push({"timestamp": stamp, "type": f"CALL_{kind}", "data": data}, ITALY)
    assert push is not None
    return push


@pytest.mark.parametrize("read", [voipat_at, voxloud_at])
@pytest.mark.parametrize("hours", [0, 1, 2, -5, 14, 0.01, 24 * 400])
def test_a_minute_is_a_minute_wherever_a_sender_tells_times(
    read: Callable[[float, datetime], m.Pushed], hours: float
) -> None:
    """Our clock tells how long; theirs only in which order."""
    registry = CallRegistry(grace=2)
    registry.snapshot((), T0, T0)
    told: list[Event] = []
    for at in (0, 10, 70):
        told += registry.apply(read(at, after(at) + timedelta(hours=hours)), after(at)).events
    told += registry.tick(after(90)).events
    data = event_data(next(event for event in told if event.public and event.type == "call_ended"))
    assert data["duration"] == pytest.approx(60, abs=5)
    assert data["ring_time"] == pytest.approx(10, abs=5)
    assert str(data["started_at"]) <= str(data["answered_at"]) <= str(data["ended_at"])


# -- short numbers from outside ------------------------------------------------------------------------


@pytest.mark.parametrize("caller", ["00000", "4040", "116117"])
def test_a_short_number_from_outside_can_be_missed(caller: str) -> None:
    """Where the phone system lists all that are inside."""
    registry = CallRegistry(grace=5)
    registry.directory(m.Directory(extensions=voxloud.read_users([{"id": "u1", "extension_number": 101}], "IT")), T0)
    for at, kind in ((0, "INCOMING"), (20, "HANGUP")):
        row = body(f"CALL_{kind}", at, type=kind, originatorNumber=caller, userExtension=101, destinationNumber="101")
        push = voxloud_push.read_push(row, voxloud.Book(country="IT"))
        assert push is not None
        registry.apply(push, after(at))
    registry.tick(after(30))
    assert registry.missed == 1


@pytest.mark.parametrize(
    ("caller", "complete", "by_length"), [("101", True, True), ("4040", False, True), ("4040", True, False)]
)
def test_a_short_number_may_be_inside(caller: str, complete: bool, by_length: bool) -> None:  # noqa: FBT001
    """Where it is listed, where nobody knows all that are, and where the phone system says so."""
    registry = CallRegistry()
    registry.directory(
        m.Directory(extensions=(m.Extension(number="101"), m.Extension(number="102")), complete=complete), T0
    )
    for at, state in ((0, CallState.RINGING), (20, CallState.ENDED)):
        push = m.LegPush(
            provider_event="x",
            call_id="c",
            leg_id="102",
            extension="102",
            state=state,
            direction=Direction.INTERNAL,
            by_length=by_length,
            caller=m.Party(number=caller),
        )
        registry.apply(push, after(at))
    assert registry.missed == 0
