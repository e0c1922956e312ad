"""VOIP@: what a list of channels says about calls."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.values import mappings
from custom_components.pbx.providers.voipat.calls import Snapshot, read_channels
from custom_components.pbx.providers.voipat.payload import (
    PlacedCall,
    Tenant,
)
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.bounded_map import BoundedMap
from custom_components.pbx.telephony.models import CallState, Direction

from .rows import (
    DIALING,
    DOMAIN,
    INCOMING,
    INTERNAL,
    ON_HOLD,
    OTHER_OUTSIDE,
    OUTGOING,
    OUTSIDE,
    RINGING,
    TALKING,
    TENANT,
    VALUES,
    A,
    B,
    C,
    D,
    X,
)

CREATED = 1774692000


type Row = dict[str, Any]


def row(uuid: str, state: str = "RINGING", *, call: str = "", **fields: Any) -> Row:
    """Make a channel as `show channels` writes it: all text."""
    return {
        "uuid": uuid,
        "direction": "inbound",
        "created": "2026-03-28 12:00:00",
        "created_epoch": str(CREATED),
        "name": "sofia/external/x@sip.trunk.example",
        "state": "CS_EXECUTE",
        "cid_name": "",
        "cid_num": "",
        "dest": "",
        "context": DOMAIN,
        "presence_id": "",
        "accountcode": "",
        "callstate": state,
        "callee_name": "",
        "callee_num": "",
        "call_uuid": call or uuid,
        **fields,
    }


def phone(uuid: str, extension: str, state: str = "RINGING", **fields: Any) -> Row:
    """Make the leg of somebody who dials."""
    return row(
        uuid,
        state,
        **{
            "name": f"sofia/internal/{extension}@{DOMAIN}",
            "presence_id": f"{extension}@{DOMAIN}",
            "cid_num": extension,
            **fields,
        },
    )


def rung(uuid: str, extension: str, state: str = "RINGING", *, call: str = A, **fields: Any) -> Row:
    """Make the leg of a phone that is called."""
    given_fields: Row = {"direction": "outbound", "dest": extension, "cid_num": OUTSIDE, **fields}
    return phone(uuid, extension, state, **given_fields) | {"call_uuid": call}


def trunk(uuid: str, state: str = "RINGING", **fields: Any) -> Row:
    """Make the leg of an outside caller."""
    return row(uuid, state, **{"cid_num": OUTSIDE, "dest": "0655500000", **fields})


def far(uuid: str, state: str = "RINGING", *, call: str = A, **fields: Any) -> Row:
    """Make the leg to somebody outside."""
    return row(uuid, state, **{"direction": "outbound", "dest": "0698765432", "cid_num": "1001", **fields}) | {
        "call_uuid": call
    }


def loopback(uuid: str, side: str, state: str = "RINGING", *, call: str = A, to: str = "0698765432") -> Row:
    """Make half of a pseudo-channel."""
    direction = "outbound" if side == "a" else "inbound"
    return row(uuid, state, direction=direction, name=f"loopback/{to}-{side}", dest=to) | {"call_uuid": call}


def bounded[V](items: Mapping[str, V]) -> BoundedMap[V]:
    """Put items into a bounded map."""
    made: BoundedMap[V] = BoundedMap(100)
    for key, value in items.items():
        made.put(key, value)
    return made


def look(
    *rows: object,
    tenant: Tenant = TENANT,
    placed: Mapping[str, PlacedCall] | None = None,
    call_of: Mapping[str, str] | None = None,
) -> Snapshot:
    """Read channels."""
    return read_channels(mappings(list(rows)), tenant, bounded(placed or {}), bounded(call_of or {}))


def only(*rows: object, **options: object) -> m.Call:
    """Read channels that are one call."""
    (call,) = look(*rows, **options).calls  # type: ignore[arg-type]
    return call


def test_the_contracts_channel() -> None:
    """The documented row is a phone that talks, and its directions are the switch's."""
    call = only(
        phone(A, "1001", "ACTIVE", cid_name="John Doe", dest="1002", callee_name="Outbound Call", callee_num="1002"),
        rung(B, "1002", "ACTIVE", cid_num="1001", accountcode=DOMAIN),
    )
    assert call == m.Call(
        id=A,
        state=TALKING,
        direction=INTERNAL,
        caller=m.Party(number="1001", name="John Doe"),
        callee=m.Party(number="1002"),
        legs=(
            m.Leg(id=A, state=TALKING, extension="1001", context=DOMAIN),
            m.Leg(id=B, state=TALKING, extension="1002", context=DOMAIN, account_code=DOMAIN),
        ),
        started_at=datetime(2026, 3, 28, 10, 0, tzinfo=UTC),
        answered_by="1002",
    )


@pytest.mark.parametrize(
    ("rows", "state", "direction", "legs"),
    [
        pytest.param(
            [phone(A, "1001", dest="1002"), rung(B, "1002")],
            RINGING,
            INTERNAL,
            [("1001", DIALING), ("1002", RINGING)],
            id="internal rings",
        ),
        pytest.param(
            [phone(A, "1001", "EARLY", dest="1002"), rung(B, "1002", "EARLY")],
            RINGING,
            INTERNAL,
            [("1001", DIALING), ("1002", RINGING)],
            id="early media",
        ),
        pytest.param(
            [phone(A, "1001", "ACTIVE", dest="1002"), rung(B, "1002")],
            RINGING,
            INTERNAL,
            [("1001", DIALING), ("1002", RINGING)],
            id="a machine answered, nobody else",
        ),
        pytest.param(
            [phone(A, "1001", "HELD", dest="1002"), rung(B, "1002", "ACTIVE")],
            ON_HOLD,
            INTERNAL,
            [("1001", ON_HOLD), ("1002", TALKING)],
            id="held on one side",
        ),
        pytest.param(
            [trunk(A), rung(B, "1001"), rung(C, "1002"), rung(D, "1003", "DOWN")],
            RINGING,
            INCOMING,
            [(None, RINGING), ("1001", RINGING), ("1002", RINGING)],
            id="ring group",
        ),
        pytest.param(
            [trunk(A, "ACTIVE"), rung(B, "1001", "ACTIVE")],
            TALKING,
            INCOMING,
            [(None, TALKING), ("1001", TALKING)],
            id="incoming answered",
        ),
        pytest.param(
            [trunk(A, "UNHELD"), rung(B, "1001", "UNHELD")],
            TALKING,
            INCOMING,
            [(None, TALKING), ("1001", TALKING)],
            id="unheld stays",
        ),
        pytest.param(
            [trunk(A, "HELD"), rung(B, "1001", "ACTIVE")],
            TALKING,
            INCOMING,
            [(None, ON_HOLD), ("1001", TALKING)],
            id="the outside holds",
        ),
        pytest.param([trunk(A, "DOWN")], DIALING, INCOMING, [(None, DIALING)], id="just created"),
        pytest.param([trunk(A, "ACTIVE")], RINGING, INCOMING, [(None, RINGING)], id="a machine talks to the caller"),
        pytest.param(
            [trunk(A, "RING_WAIT"), rung(B, "1001")],
            RINGING,
            INCOMING,
            [(None, RINGING), ("1001", RINGING)],
            id="answered by a machine, rings",
        ),
        pytest.param(
            [trunk(A, "ACTIVE"), far(B, "ACTIVE")],
            TALKING,
            INCOMING,
            [(None, TALKING), (None, TALKING)],
            id="forwarded outside",
        ),
        pytest.param(
            [phone(A, "1001", dest="0698765432")], DIALING, OUTGOING, [("1001", DIALING)], id="dialled, no leg yet"
        ),
        pytest.param(
            [phone(A, "1001", "EARLY", dest="0698765432"), far(B)],
            DIALING,
            OUTGOING,
            [("1001", DIALING), (None, DIALING)],
            id="outgoing rings",
        ),
        pytest.param(
            [phone(A, "1001", "ACTIVE", dest="0698765432"), far(B, "ACTIVE")],
            TALKING,
            OUTGOING,
            [("1001", TALKING), (None, TALKING)],
            id="outgoing answered",
        ),
        pytest.param(
            [phone(A, "1001", "ACTIVE", dest="112"), far(B, "ACTIVE", dest="112")],
            TALKING,
            OUTGOING,
            [("1001", TALKING), (None, TALKING)],
            id="a short number outside",
        ),
        pytest.param(
            [phone(A, "1001", "ACTIVE", dest="*98")], TALKING, INTERNAL, [("1001", TALKING)], id="the mailbox"
        ),
        pytest.param([phone(A, "1001", "DOWN")], DIALING, None, [("1001", DIALING)], id="nothing dialled yet"),
        pytest.param(
            [phone(A, "1001", "ACTIVE", dest="1002"), phone(B, "1003", "ACTIVE") | {"call_uuid": A}],
            TALKING,
            INTERNAL,
            [("1001", TALKING), ("1003", TALKING)],
            id="picked up by a third phone",
        ),
        pytest.param(
            [phone(A, "1001", "ACTIVE", dest="1002"), phone(B, "1003") | {"call_uuid": A}],
            DIALING,
            INTERNAL,
            [("1001", DIALING), ("1003", DIALING)],
            id="a third phone dials in",
        ),
    ],
)
def test_calls(
    rows: list[Row], state: CallState, direction: Direction | None, legs: list[tuple[str | None, CallState]]
) -> None:
    """Legs become one call, seen from the tenant."""
    call = only(*rows)
    assert (call.state, call.direction) == (state, direction)
    assert [(leg.extension, leg.state) for leg in call.legs] == legs
    assert call.id == A


@pytest.mark.parametrize(
    ("rows", "direction", "caller", "callee"),
    [
        pytest.param([rung(B, "1001", call=X)], INCOMING, m.Party(number=OUTSIDE), "1001", id="from outside"),
        pytest.param(
            [rung(B, "1001", call=X, cid_num="1002")], INTERNAL, m.Party(number="1002"), "1001", id="from a colleague"
        ),
        pytest.param([far(B, call=X)], OUTGOING, m.Party(number="1001"), "+390698765432", id="to outside"),
    ],
)
def test_calls_whose_first_leg_is_filtered_out(
    rows: list[Row], direction: Direction, caller: m.Party, callee: str
) -> None:
    """Python hides legs with an account code of their own; the rest says enough, and keeps saying it."""
    first = look(*rows)
    again = look(*rows, call_of=first.call_of)
    for call in (*first.calls, *again.calls):
        assert (call.id, call.direction, call.caller, call.callee.number) == (X, direction, caller, callee)


PLACED = {A: PlacedCall(extension="1001", number=OTHER_OUTSIDE, shown="1001")}


ORIGINATED = phone(A, "1001", direction="outbound", dest="1001")


@pytest.mark.parametrize(
    ("rows", "state", "legs"),
    [
        ([ORIGINATED], DIALING, [("1001", DIALING)]),
        ([{**ORIGINATED, "callstate": "ACTIVE"}], DIALING, [("1001", DIALING)]),
        ([{**ORIGINATED, "callstate": "ACTIVE", "application": "bridge"}], DIALING, [("1001", DIALING)]),
        ([{**ORIGINATED, "callstate": "ACTIVE", "application": "voicemail"}], TALKING, [("1001", TALKING)]),
        (
            [{**ORIGINATED, "callstate": "ACTIVE"}, loopback(B, "a"), loopback(C, "b", call=C)],
            DIALING,
            [("1001", DIALING)],
        ),
        (
            [
                {**ORIGINATED, "callstate": "ACTIVE"},
                loopback(B, "a", "ACTIVE"),
                loopback(C, "b", "ACTIVE", call=C),
                far(D, call=C),
            ],
            DIALING,
            [("1001", DIALING), (None, DIALING)],
        ),
        ([{**ORIGINATED, "callstate": "ACTIVE"}, far(D)], DIALING, [("1001", DIALING), (None, DIALING)]),
        (
            [{**ORIGINATED, "callstate": "ACTIVE"}, far(D, "ACTIVE")],
            TALKING,
            [("1001", TALKING), (None, TALKING)],
        ),
        (
            [{**ORIGINATED, "callstate": "ACTIVE"}, loopback(B, "a", "ACTIVE"), loopback(C, "b", "ACTIVE", call=C)],
            TALKING,
            [("1001", TALKING)],
        ),
    ],
)
@pytest.mark.parametrize("placed", [PLACED, {}])
def test_originated_calls(
    rows: list[Row], state: CallState, legs: list[tuple[str | None, CallState]], placed: Mapping[str, PlacedCall]
) -> None:
    """The first leg of a call placed by API is called by the switch, and yet the beginning of an outgoing call."""
    call = only(*rows, placed=placed)
    if not placed and len(rows) == 1 and rows[0]["callstate"] == "ACTIVE":
        assert call.state is TALKING  # after a restart nobody knows that somebody is still to be called
    else:
        assert call.state is state
        assert [(leg.extension, leg.state) for leg in call.legs] == legs
    assert (call.id, call.direction, call.caller.number) == (A, OUTGOING, "1001")
    if placed or len(rows) > 1:
        assert call.callee.number == OTHER_OUTSIDE


def test_an_originated_internal_call_is_internal() -> None:
    """To a colleague it is internal from the beginning."""
    order = PlacedCall(extension="1001", number="1002", shown="1001")
    assert only(ORIGINATED, placed={A: order}).direction is INTERNAL
    assert only({**ORIGINATED, "call_uuid": X}, placed={A: order}).id == A


def test_two_calls_through_loopbacks_to_the_same_number() -> None:
    """Each half is paired once."""
    second = phone(B, "1002", "ACTIVE", direction="outbound", dest="1002")
    rows = [{**ORIGINATED, "callstate": "ACTIVE"}, second]
    for number, (first, one, other) in enumerate(((A, "1", "2"), (B, "3", "4"))):
        rows += [
            loopback(one, "a", call=first) | {"created_epoch": str(CREATED + number)},
            loopback(other, "b", call=other) | {"created_epoch": str(CREATED + number)},
            far(f"far{number}", call=other) | {"created_epoch": str(CREATED + number)},
        ]
    calls = look(*rows).calls
    assert [[leg.id for leg in call.legs] for call in calls] == [[A, "far0"], [B, "far1"]]


def test_loopbacks_alone_are_no_call() -> None:
    """Pseudo-channels are nobody's."""
    lonely = loopback(B, "a") | {"name": "loopback/1001"}
    assert look(loopback(C, "b"), lonely).calls == ()


def test_a_queue_rings_a_phone_for_its_caller() -> None:
    """The switch joins a queue's caller and the phones that ring for it only when one answers."""
    caller = trunk(A, "ACTIVE", application="callcenter")
    ringing = [rung(B, "1001", call=B), rung(C, "1002", call=C)]
    first = look(caller, *ringing)
    assert [[leg.id for leg in call.legs] for call in first.calls] == [[A, B, C]]
    call = only(caller, rung(B, "1001", "ACTIVE", call=A), call_of=first.call_of)
    assert (call.id, call.state, call.answered_by) == (A, TALKING, "1001")


@pytest.mark.parametrize("number", [OUTSIDE, "anonymous"])
def test_of_two_callers_in_a_queue_with_one_number_the_first_is_rung_for(number: str) -> None:
    """A second phone rings for the other; and who talks to whom is known once one answers."""
    first = trunk(A, "ACTIVE", cid_num=number)
    second = trunk(D, "ACTIVE", cid_num=number, created_epoch=str(CREATED + 1))
    after = {"cid_num": number, "created_epoch": str(CREATED + 5)}
    rings, too = rung(B, "1001", call=B, **after), rung(C, "1002", call=C, **after)

    def legs(snapshot: Snapshot) -> dict[str, list[str]]:
        return {call.id: [leg.id for leg in call.legs] for call in snapshot.calls}

    assert legs(look(second, rings, first)) == {A: [A, B], D: [D]}
    both = look(too, second, rings, first)
    assert legs(both) == {A: [A, B], D: [D, C]}
    assert legs(look(second, too, first, call_of=both.call_of)) == {A: [A], D: [D, C]}
    answered = look(first, second, rung(B, "1001", "ACTIVE", call=D, **after), too, call_of=both.call_of)
    assert legs(answered) == {A: [A, C], D: [D, B]}
    assert [(call.id, call.answered_by) for call in answered.calls] == [(A, None), (D, "1001")]


def test_a_phone_that_rang_before_is_not_for_a_caller_who_comes_later() -> None:
    """It rings for somebody who is not listed yet, or not any more."""
    later = trunk(A, "ACTIVE", created_epoch=str(CREATED + 5))
    assert {call.id for call in look(later, rung(B, "1001", call=B)).calls} == {A, B}
    assert len(only(later, rung(B, "1001", call=B, created_epoch=None)).legs) == 2  # nobody knows since when


def test_a_transfer_of_an_incoming_call_keeps_the_call() -> None:
    """The outside caller stays, another phone rings."""
    before = look(trunk(A, "ACTIVE"), rung(B, "1001", "ACTIVE"))
    call = only(trunk(A, "ACTIVE"), rung(C, "1002"), call_of=before.call_of)
    assert (call.id, call.direction, call.state) == (A, INCOMING, RINGING)


def test_a_transfer_of_an_outgoing_call_keeps_the_call_and_what_is_known() -> None:
    """The one who dialled is gone: what is left must not turn the call around."""
    before = look(phone(A, "1001", "ACTIVE", dest="0698765432"), far(B, "ACTIVE"))
    call = only(far(B, "ACTIVE", call=B), rung(C, "1002", call=B), call_of=before.call_of)
    assert (call.id, call.state) == (A, RINGING)
    assert (call.direction, call.caller, call.callee) == (None, m.Party(), m.Party())


def test_an_unbridge_makes_two_calls_of_one() -> None:
    """Each leg's call_uuid falls back to its own; the first keeps the id, and so does a new bridge."""
    before = look(phone(A, "1001", "ACTIVE", dest="1002"), rung(B, "1002", "ACTIVE", cid_num="1001"))
    apart = look(
        rung(B, "1002", "ACTIVE", call=B, cid_num="1001"),
        phone(A, "1001", "ACTIVE", dest="1002"),
        call_of=before.call_of,
    )
    assert {call.id: [leg.id for leg in call.legs] for call in apart.calls} == {A: [A], B: [B]}
    again = only(
        phone(A, "1001", "ACTIVE", dest="1002"),
        rung(B, "1002", "ACTIVE", cid_num="1001"),
        call_of={**before.call_of, **apart.call_of},
    )
    assert again.id == A


def test_halves_of_a_call_whose_first_leg_is_gone_do_not_share_its_id() -> None:
    """An id is given to one call at a time."""
    before = look(phone(A, "1001", "ACTIVE", dest="1002"), rung(B, "1002", "ACTIVE"), rung(C, "1003", "ACTIVE"))
    calls = look(rung(B, "1002", "ACTIVE", call=B), rung(C, "1003", "ACTIVE", call=C), call_of=before.call_of).calls
    assert [call.id for call in calls] == [A, C]


@pytest.mark.parametrize("domain", ["other.example.net", "old-pbx.example.com", "pbx.example.com.evil", ""])
def test_other_tenants_are_left_out(domain: str) -> None:
    """The servers look for the domain as a part of the text; only the whole is ours."""
    stranger = phone(X, "1001", presence_id=f"1001@{domain}", context=domain, accountcode=domain)
    found = look(stranger, phone(A, "1001", dest="1002", context=DOMAIN.upper()))
    assert [call.id for call in found.calls] == [A]
    assert found.extensions == {"1001"}
    assert X not in found.call_of


@pytest.mark.parametrize(
    ("fields", "extension"),
    [
        ({"presence_id": f"1002@{DOMAIN.upper()}"}, "1002"),
        ({"presence_id": "1002@other.example.net"}, None),
        ({"presence_id": "1002"}, None),
        ({"name": f"sofia/internal/7777@{DOMAIN}:5060"}, "7777"),
        ({"name": "sofia/internal/1001@192.0.2.7"}, "1001"),
        ({"name": "sofia/internal/7777@192.0.2.7"}, None),
        ({"name": "sofia/external/1001@sip.trunk.example"}, None),
        ({"name": ""}, None),
        ({"direction": "outbound", "name": "sofia/internal/1001@192.0.2.7", "dest": "1001"}, "1001"),
        ({"direction": "outbound", "name": "sofia/internal/7777@192.0.2.7", "dest": "7777"}, None),
        ({"direction": "outbound", "name": "sofia/external/1001@sip.trunk.example", "dest": "1001"}, None),
    ],
)
def test_extensions_of_legs(fields: Row, extension: str | None) -> None:
    """Presence names the phone; without it the channel's name or the dialled number may."""
    assert only(row(A, **fields)).legs[0].extension == extension


@pytest.mark.parametrize(
    ("fields", "caller"),
    [
        ({"cid_num": "0612345678", "cid_name": "Grace"}, m.Party(number=OUTSIDE, name="Grace")),
        ({"cid_num": "390612345678", "cid_name": "+390612345678"}, m.Party(number=OUTSIDE)),
        ({"cid_num": OUTSIDE, "cid_name": "Outbound Call"}, m.Party(number=OUTSIDE)),
        ({"cid_num": "anonymous", "cid_name": "Anonymous"}, m.Party(hidden=True)),
        ({"cid_num": "Restricted", "cid_name": "x"}, m.Party(hidden=True)),
        ({"cid_num": "", "cid_name": ""}, m.Party()),
        ({"cid_num": "", "caller_id_number": OUTSIDE, "caller_id_name": "Docs"}, m.Party(number=OUTSIDE, name="Docs")),
        ({"cid_num": 390612345678}, m.Party(number=OUTSIDE)),
        ({"cid_num": {"a": 1}, "cid_name": ["b"]}, m.Party()),
        ({"cid_num": OUTSIDE, "cid_name": "\ud83d half"}, m.Party(number=OUTSIDE, name="? half")),
    ],
)
def test_callers(fields: Row, caller: m.Party) -> None:
    """Callers are E.164 where that is possible, hidden where they hide, and named by names."""
    assert only(trunk(A, **fields)).caller == caller


def test_callees() -> None:
    """The called party's name comes later, and belongs to its number."""
    call = only(trunk(A, callee_num="0655500000", callee_name="Office"), rung(B, "1001", callee_name="Other"))
    assert call.callee == m.Party(number="+390655500000", name="Office")
    assert only(trunk(A, dest="", destination_number="1001"), rung(B, "1001")).callee.number == "1001"
    assert only(trunk(A, dest=""), rung(B, "1001")).callee.number == "1001"


def test_a_switch_leg_without_a_phone() -> None:
    """A leg to outside that began a call stands for whom it reached."""
    call = only(far(B, "ACTIVE", call=B), rung(C, "1002", call=B))
    assert (call.direction, call.caller.number) == (INCOMING, "+390698765432")


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        "row",
        [],
        {},
        {"uuid": None},
        {"uuid": ""},
        {"uuid": {"a": 1}},
        row(B, "HANGUP"),
        {"uuid": "half", "direction": 5, "created_epoch": "1e999", "callstate": [], "call_uuid": None},
    ],
)
def test_rows_that_cannot_be_read(broken: object) -> None:
    """One bad row costs that row only."""
    assert [call.id for call in look(broken, trunk(A)).calls] == [A]


def test_a_row_that_says_next_to_nothing() -> None:
    """All keys are optional."""
    call = only({"uuid": "abc-123", "context": DOMAIN})
    assert (call.id, call.started_at, call.direction) == ("abc-123", None, INCOMING)


def test_a_phone_that_does_not_ring_yet_is_no_call() -> None:
    """But its leg is known, so that the socket's next word about it is heard."""
    found = look(rung(B, "1001", "DOWN", call=X))
    assert (found.calls, found.call_of) == ((), {B: X})


KEYS = [*sorted(row(A)), "caller_id_number", "destination_number"]


IDS = st.sampled_from([A, B, C, D, X])


SANE_ROWS = st.builds(
    lambda uuid, call, state, way, who, name: (
        row(uuid, state, call=call, direction=way, name=name)
        | {"presence_id": f"{who}@{DOMAIN}" if who else "", "dest": who, "cid_num": OUTSIDE}
    ),
    IDS,
    IDS,
    st.sampled_from(["DOWN", "RINGING", "ACTIVE", "HELD"]),
    st.sampled_from(["inbound", "outbound"]),
    st.sampled_from(["", "1001", "1002"]),
    st.sampled_from(["", "loopback/1002-a", "loopback/1002-b"]),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.one_of(VALUES, SANE_ROWS, st.dictionaries(st.sampled_from(KEYS), VALUES)), max_size=8),
    call_of=st.dictionaries(IDS, IDS),
    placed=st.sets(IDS, max_size=2),
)
def test_any_rows(rows: list[object], call_of: dict[str, str], placed: set[str]) -> None:
    """Whatever comes: no exception, unique ids, and every leg in one call only, in any order of the rows."""
    orders = {uuid: PlacedCall(extension="1001", number=OTHER_OUTSIDE, shown="1001") for uuid in placed}
    found = look(*rows, placed=orders, call_of=call_of)
    assert len({call.id for call in found.calls}) == len(found.calls)
    legs = [leg.id for call in found.calls for leg in call.legs]
    assert len(legs) == len(set(legs))
    assert all(call.legs for call in found.calls)
    assert set(legs) <= found.call_of.keys()
    json.dumps([str(call) for call in found.calls]).encode()
    look(*rows, placed=orders, call_of={**call_of, **found.call_of})
