"""What VOIP@ sends becomes models: channels, rows, webhook requests and socket messages."""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.values import Json, mappings
from custom_components.pbx.providers.voipat.calls import Snapshot, read_channels
from custom_components.pbx.providers.voipat.payload import (
    PlacedCall,
    Tenant,
    outcome_of,
    read_extension,
    read_record,
    read_registrations,
    read_statistics,
    sum_up,
)
from custom_components.pbx.providers.voipat.push import PLACEHOLDERS, read_socket, read_webhook
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.bounded_map import BoundedMap
from custom_components.pbx.telephony.errors import BadPayloadError
from custom_components.pbx.telephony.models import CallState, Direction, EventType, Outcome

DOMAIN = "pbx.example.com"
TENANT = Tenant(domain=DOMAIN, country="IT", extensions=frozenset({"1001", "1002", "1003"}), complete=True)
A, B, C, D, X = (f"{letter * 8}-0000-4000-8000-{letter * 12}" for letter in "abcdf")
OUTSIDE, OTHER_OUTSIDE = "+390612345678", "+390698765432"
CREATED = 1774692000

DIALING, RINGING, TALKING, ON_HOLD = CallState.DIALING, CallState.RINGING, CallState.TALKING, CallState.ON_HOLD
INCOMING, OUTGOING, INTERNAL = Direction.INCOMING, Direction.OUTGOING, Direction.INTERNAL

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


def legs_of(call: m.Call) -> list[tuple[str, str | None, CallState]]:
    """Give a call's legs in short."""
    return [(leg.id, leg.extension, leg.state) for leg in call.legs]


# -- channels ----------------------------------------------------------------------------------------


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


def test_a_queue_with_two_calls_of_one_number_joins_nothing() -> None:
    """Which of two callers with the same number a phone rings for cannot be known."""
    calls = look(trunk(A, "ACTIVE"), trunk(D, "ACTIVE"), rung(B, "1001", call=B)).calls
    assert {call.id for call in calls} == {A, B, D}


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


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([A, B, C, D, X, "", "inbound", "outbound", "1001", f"1001@{DOMAIN}", DOMAIN, OUTSIDE]),
    st.sampled_from(["DOWN", "RINGING", "EARLY", "ACTIVE", "HELD", "UNHELD", "RING_WAIT", "HANGUP"]),
    st.sampled_from(["loopback/1002-a", "loopback/1002-b", "loopback/", "sofia/internal/1001@pbx.example.com"]),
    st.text(max_size=12),
    st.lists(st.integers(), max_size=2),
)
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


# -- extensions --------------------------------------------------------------------------------------

EXTENSION: Json = {
    "extension_uuid": "4444",
    "domain_name": DOMAIN,
    "extension": "1001",
    "number_alias": None,
    "effective_caller_id_name": "John Doe",
    "effective_caller_id_number": "1001",
    "outbound_caller_id_name": None,
    "outbound_caller_id_number": None,
    "directory_first_name": "John",
    "directory_last_name": "Doe",
    "enabled": True,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, m.Extension(number="1001", name="John Doe", id="4444")),
        (
            {"directory_first_name": "", "directory_last_name": None},
            m.Extension(number="1001", name="John Doe", id="4444"),
        ),
        (
            {"directory_first_name": "", "directory_last_name": "", "effective_caller_id_name": "1001"},
            m.Extension(number="1001", id="4444"),
        ),
        ({"extension": 1001, "enabled": "true"}, m.Extension(number="1001", name="John Doe", id="4444")),
        ({"password": "SIP-CANARY"}, m.Extension(number="1001", name="John Doe", id="4444")),
        (
            {"outbound_caller_id_number": "0655500000", "outbound_caller_id_name": "Office"},
            m.Extension(
                number="1001",
                name="John Doe",
                id="4444",
                outbound_numbers=(m.OutboundNumber(number="+390655500000", label="Office", selected=True),),
            ),
        ),
        ({"enabled": "false"}, None),
        ({"extension": ""}, None),
        ({"extension": ["1001"]}, None),
        ({"domain_name": "other.example.net"}, None),
        ({"domain_name": ""}, m.Extension(number="1001", name="John Doe", id="4444")),
    ],
)
def test_extensions(change: Json, expected: m.Extension | None) -> None:
    """Booleans are text at times, texts are null at times."""
    assert read_extension({**EXTENSION, **change}, TENANT) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"registrations": [{"reg_user": "1001", "status": "Registered"}]}, {"1001"}),
        ({"registrations": [{"reg_user": "1001", "status": "Unregistered"}]}, set()),
        (
            [{"user": f"1001@{DOMAIN}"}, {"sip_user": "1002"}, {"sip-auth-user": "1003"}, {"x": 1}, 7],
            {"1001", "1002", "1003"},
        ),
        ({"rows": [{"user": "1001"}]}, {"1001"}),
        ({"data": {"1": {"user": "1001"}}}, {"1001"}),
        ({"registrations": {"rows": [{"user": "1001"}]}}, {"1001"}),
        ({"registrations": {"data": []}}, set()),
        ({"registrations": {"message": "none"}}, None),
        ({"registrations": []}, set()),
        ({"message": "none"}, None),
        ({"registrations": "none"}, None),
        ("text", None),
        (None, None),
    ],
)
def test_registrations(answer: object, expected: set[str] | None) -> None:
    """Nobody has seen a working list, so every shape is taken."""
    assert read_registrations(answer) == expected


# -- records -----------------------------------------------------------------------------------------

RECORD: Json = {
    "xml_cdr_uuid": A,
    "domain_name": DOMAIN,
    "direction": "inbound",
    "caller_id_name": "Grace",
    "caller_id_number": "0612345678",
    "destination_number": "1001",
    "start_stamp": "2026-03-15T12:22:00.000Z",
    "answer_stamp": "2026-03-15T12:22:10+00:00",
    "end_stamp": "2026-03-15T12:26:15.250000+00:00",
    "duration": "255",
    "billsec": "245",
    "hangup_cause": "NORMAL_CLEARING",
    "record_name": None,
    "record_path": None,
}
UNANSWERED: Json = {**RECORD, "answer_stamp": None, "billsec": 0}


def test_a_record() -> None:
    """An answered call, with numbers as text and times of both servers."""
    assert read_record(RECORD, TENANT) == m.CallRecord(
        id=A,
        call_id=A,
        direction=INCOMING,
        outcome=Outcome.ANSWERED,
        caller=m.Party(number=OUTSIDE, name="Grace"),
        callee=m.Party(number="1001"),
        extension="1001",
        answered_by="1001",
        started_at=datetime(2026, 3, 15, 12, 22, tzinfo=UTC),
        answered_at=datetime(2026, 3, 15, 12, 22, 10, tzinfo=UTC),
        ended_at=datetime(2026, 3, 15, 12, 26, 15, 250000, tzinfo=UTC),
        ring_time=10,
        duration=245,
        hangup_cause="NORMAL_CLEARING",
    )


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"billsec": 245.0, "answer_stamp": None}, Outcome.ANSWERED),
        ({"billsec": "0"}, Outcome.ANSWERED),
        ({"last_app": "voicemail"}, Outcome.VOICEMAIL),
        ({"status": "voicemail", "billsec": "0", "answer_stamp": None}, Outcome.VOICEMAIL),
        ({**UNANSWERED, "hangup_cause": "NO_ANSWER"}, Outcome.MISSED),
        ({**UNANSWERED, "hangup_cause": "NO_ANSWER", "direction": "outbound"}, Outcome.CANCELLED),
        ({**UNANSWERED, "hangup_cause": "ORIGINATOR_CANCEL"}, Outcome.MISSED),
        ({**UNANSWERED, "hangup_cause": "USER_BUSY"}, Outcome.BUSY),
        ({**UNANSWERED, "hangup_cause": "CALL_REJECTED"}, Outcome.REJECTED),
        ({**UNANSWERED, "hangup_cause": "UNALLOCATED_NUMBER"}, Outcome.FAILED),
        ({**UNANSWERED, "hangup_cause": "USER_BUSY", "missed_call": True}, Outcome.MISSED),
        ({**UNANSWERED, "hangup_cause": "USER_BUSY", "missed_call": "true", "direction": "outbound"}, Outcome.BUSY),
        ({**UNANSWERED, "hangup_cause": None, "billsec": None}, Outcome.UNKNOWN),
        ({**UNANSWERED, "hangup_cause": "", "billsec": "-5"}, Outcome.UNKNOWN),
    ],
)
def test_outcomes(change: Json, outcome: Outcome) -> None:
    """A call was answered when somebody talked; else its cause says how it ended."""
    record = read_record({**RECORD, **change}, TENANT)
    assert record is not None
    assert record.outcome is outcome


def test_records_of_every_direction() -> None:
    """Whose record it is depends on the direction, which may be missing."""
    outgoing = read_record({**RECORD, "direction": "outbound", "caller_id_number": "1002"}, TENANT)
    internal = read_record({**RECORD, "direction": "local", "caller_id_number": "1002", "record_name": "a.wav"}, TENANT)
    unknown = read_record({**RECORD, "direction": None, "caller_id_number": "anonymous", "start_stamp": None}, TENANT)
    assert outgoing is not None
    assert internal is not None
    assert unknown is not None
    assert (outgoing.extension, outgoing.answered_by, outgoing.direction) == ("1002", None, OUTGOING)
    assert (internal.extension, internal.answered_by, internal.recording_id) == ("1002", "1001", "a.wav")
    assert (unknown.extension, unknown.direction, unknown.ring_time) == (None, None, None)
    assert unknown.caller == m.Party(hidden=True)


@pytest.mark.parametrize("change", [{"xml_cdr_uuid": None}, {"domain_name": "other.example.net"}])
def test_records_that_are_not_ours(change: Json) -> None:
    """Another tenant's record, or one without an id, is none."""
    assert read_record({**RECORD, **change}, TENANT) is None


def test_outcome_of_no_cause() -> None:
    """No cause says nothing."""
    assert outcome_of("", INCOMING) is None


NO_CALLS = m.Statistics(total=0, answered=0, missed=0, mean_duration=0)


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        (
            {"total_calls": 342, "answered": 298, "missed": 44, "avg_duration": 187},
            m.Statistics(total=342, answered=298, missed=44, mean_duration=187),
        ),
        (
            {"total_calls": 2, "answered_calls": 1, "missed_calls": 1, "avg_duration": 237.0, "total_duration": 237},
            m.Statistics(total=2, answered=1, missed=1, mean_duration=237),
        ),
        (
            {"total_calls": 0, "answered_calls": None, "missed_calls": None, "avg_duration": 0, "total_duration": 0},
            m.Statistics(total=0, answered=0, missed=0, mean_duration=0),
        ),
        ({"total_calls": 5}, m.Statistics(total=5)),
        (
            [
                {
                    "direction": "inbound",
                    "total_calls": "3",
                    "answered_calls": "2",
                    "missed_calls": "1",
                    "avg_duration_sec": "15",
                    "total_duration_sec": "30",
                },
                {"direction": "outbound", "total_calls": "1", "answered_calls": "0", "total_duration_sec": None},
                {"direction": None, "total_calls": "1"},
                "noise",
            ],
            m.Statistics(total=5, answered=2, missed=1, mean_duration=15, by_direction={"incoming": 3, "outgoing": 1}),
        ),
        ([], NO_CALLS),
        ({"total_calls": 0}, NO_CALLS),
        ({"total_calls": "0", "answered": 0, "missed": None, "avg_duration": None}, NO_CALLS),
        ({"total_calls": 2, "answered_calls": 2, "missed_calls": None}, m.Statistics(total=2, answered=2, missed=0)),
        ({"total_calls": 2, "answered": None, "missed": 2}, m.Statistics(total=2, answered=0, missed=2)),
        ({}, None),
        ({"total_calls": "many"}, None),
        (None, None),
        ("text", None),
    ],
)
def test_statistics(stats: object, expected: m.Statistics | None) -> None:
    """Three shapes exist."""
    assert read_statistics(stats) == expected


def test_summing_up() -> None:
    """What the server cannot sum up is counted here in the same way."""
    rows = [RECORD, {**UNANSWERED, "xml_cdr_uuid": B}, {**UNANSWERED, "xml_cdr_uuid": C, "direction": None}]
    records = [record for item in rows if (record := read_record(item, TENANT)) is not None]
    assert sum_up(records) == m.Statistics(
        total=3, answered=1, missed=2, mean_duration=245, by_direction={"incoming": 2}
    )
    assert sum_up([]) == NO_CALLS


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*RECORD, *EXTENSION, "status", "total_calls"]), VALUES))
def test_any_row(item: dict[str, object]) -> None:
    """Whatever a row holds, reading it raises nothing."""
    read_record({"xml_cdr_uuid": A, **item}, TENANT)
    read_extension({"extension": "1001", **item}, TENANT)
    read_statistics(item)
    read_statistics([item])
    read_registrations([item])


# -- the webhook -------------------------------------------------------------------------------------

NEW_CALL = {
    "event": "new_call",
    "caller_id": "+390612345678",
    "caller_name": "Jöhn",
    "destination": "1001",
    "direction": "inbound",
    "duration": "0",
    "extension": "1001",
    "call_id": "7tqk3a1b2",
    "timestamp": "2026-03-28T10:00:00.000Z",
    "domain": DOMAIN,
}
DIAL_OUT = {
    **NEW_CALL,
    "event": "dial_out",
    "caller_id": "1001",
    "caller_name": "",
    "destination": "0698765432",
    "direction": "outbound",
}
RINGS = m.LegPush(
    provider_event="new_call",
    call_id="7tqk3a1b2",
    state=RINGING,
    extension="1001",
    key="new_call:7tqk3a1b2:1001",
    sent_at=datetime(2026, 3, 28, 10, tzinfo=UTC),
    direction=INCOMING,
    caller=m.Party(number=OUTSIDE, name="Jöhn"),
    callee=m.Party(number="1001"),
)


def request(
    fields: Mapping[str, object] | None = None,
    *,
    query: Mapping[str, str] | None = None,
    body: bytes | None = None,
    content_type: str = "application/json",
    method: str = "POST",
) -> m.PushRequest:
    """Make a request as the server in front of the browser's phone sends it."""
    if body is None:
        body = json.dumps({f"{{{key}}}": value for key, value in fields.items()}).encode() if fields else b""
    return m.PushRequest(method=method, query=query or {}, content_type=content_type, body=body)


def pushed(fields: Mapping[str, object], *placed: PlacedCall, tenant: Tenant = TENANT) -> tuple[m.Pushed, ...]:
    """Read one webhook request."""
    return read_webhook(request(fields), tenant, placed)


@pytest.mark.parametrize(
    "sent",
    [
        request(NEW_CALL),
        request(query=NEW_CALL, method="GET", content_type=""),
        request(NEW_CALL, query={**NEW_CALL, "event": "hangup"}),
        request(body=json.dumps(NEW_CALL).encode(), content_type="text/plain"),
        request(body=urlencode(NEW_CALL).encode(), content_type="application/x-www-form-urlencoded"),
        request(
            body=urlencode({k: v for k, v in NEW_CALL.items() if k != "domain"}).encode(),
            content_type="text/plain;charset=UTF-8",
        ),
        request(body=b"{not json", query=NEW_CALL),
        request(body=b"[1, 2]", query=NEW_CALL),
        request(body=b"\xff\xfe{", query=NEW_CALL),
        request(NEW_CALL, query={"domain": "{domain}", "utm": "x"}),
        request({**NEW_CALL, "domain": "{domain}", "unknown": "x"}),
    ],
)
def test_every_form_of_a_webhook(sent: m.PushRequest) -> None:
    """Braces or none, JSON, form or query; a body beats the query, and a placeholder nobody replaced is no value."""
    assert read_webhook(sent, TENANT, ()) == (RINGS,)


@pytest.mark.parametrize(
    ("change", "state", "direction", "caller", "callee"),
    [
        ({"event": "ringing"}, RINGING, INCOMING, m.Party(number=OUTSIDE, name="Jöhn"), m.Party(number="1001")),
        ({"caller_id": ""}, RINGING, INCOMING, m.Party(hidden=True), m.Party(number="1001")),
        ({"caller_id": "anonymous"}, RINGING, INCOMING, m.Party(hidden=True), m.Party(number="1001")),
        (
            {"caller_id": "1002", "destination": ""},
            RINGING,
            INTERNAL,
            m.Party(number="1002", name="Jöhn"),
            m.Party(number="1001"),
        ),
        (
            {"caller_id": "4321"},
            RINGING,
            INCOMING,
            m.Party(number="4321", name="Jöhn"),
            m.Party(number="1001"),
        ),
        (
            {"event": "answered"},
            TALKING,
            INCOMING,
            m.Party(number=OUTSIDE, name="Jöhn"),
            m.Party(number="1001"),
        ),
        (
            {"event": "hangup", "duration": "12"},
            CallState.ENDED,
            INCOMING,
            m.Party(number=OUTSIDE, name="Jöhn"),
            m.Party(number="1001"),
        ),
        ({"event": "hangup", "direction": "unknown"}, CallState.ENDED, None, None, None),
        ({"event": "answered", "direction": ""}, TALKING, None, None, None),
        (DIAL_OUT, DIALING, OUTGOING, m.Party(number="1001"), m.Party(number=OTHER_OUTSIDE)),
        ({**DIAL_OUT, "destination": "1002"}, DIALING, INTERNAL, m.Party(number="1001"), m.Party(number="1002")),
        ({**DIAL_OUT, "event": "answered"}, TALKING, OUTGOING, m.Party(number="1001"), m.Party(number=OTHER_OUTSIDE)),
        ({**DIAL_OUT, "direction": ""}, DIALING, OUTGOING, m.Party(number="1001"), m.Party(number=OTHER_OUTSIDE)),
    ],
)
def test_webhook_calls(
    change: Mapping[str, object],
    state: CallState,
    direction: Direction | None,
    caller: m.Party | None,
    callee: m.Party | None,
) -> None:
    """Directions are the agent's; numbers are read as those of the poll are."""
    (push,) = pushed({**NEW_CALL, **change})
    assert isinstance(push, m.LegPush)
    assert (push.state, push.direction, push.caller, push.callee) == (state, direction, caller, callee)
    assert (push.call_id, push.extension, push.final, push.leg_id) == ("7tqk3a1b2", "1001", False, None)


def test_a_caller_while_the_extensions_are_not_known() -> None:
    """A short number is a colleague's then."""
    (push,) = pushed({**NEW_CALL, "caller_id": "4321"}, tenant=Tenant(domain=DOMAIN))
    assert isinstance(push, m.LegPush)
    assert push.direction is INTERNAL


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"event": "hangup", "call_id": "", "direction": "unknown", "destination": ""}, ()),
        ({"call_id": ""}, (m.CallHint(provider_event="new_call"),)),
        ({"domain": "other.example.net"}, ()),
        ({"domain": "old-pbx.example.com", "event": "agent_login"}, ()),
        ({"event": "auto_login"}, (m.UnknownPush(provider_event="auto_login"),)),
        ({"event": "x" * 500}, (m.UnknownPush(provider_event="x" * 64),)),
        ({"event": "agent_login", "extension": ""}, (m.UnknownPush(provider_event="agent_login"),)),
        (
            {"event": "agent_login", "direction": "", "call_id": ""},
            (
                m.Notice(
                    provider_event="agent_login",
                    type=EventType.AGENT_LOGGED_IN,
                    key="agent_login:1001:2026-03-28T10:00:00.000Z",
                    extension="1001",
                    agent="1001",
                ),
            ),
        ),
        (
            {"event": "agent_logout", "timestamp": ""},
            (m.Notice(provider_event="agent_logout", type=EventType.AGENT_LOGGED_OUT, extension="1001", agent="1001"),),
        ),
    ],
)
def test_other_webhooks(change: Mapping[str, object], expected: tuple[m.Pushed, ...]) -> None:
    """Ghosts and other tenants are silent, agents are told, and the unknown is called so."""
    assert pushed({**NEW_CALL, **change}) == expected


def test_the_phone_of_somebody_who_lets_the_switch_call_out() -> None:
    """Its ringing is no incoming call."""
    order = PlacedCall(extension="1001", number=OTHER_OUTSIDE, shown="1001")
    assert pushed({**NEW_CALL, "caller_id": "1001"}, order) == (m.CallHint(provider_event="new_call"),)
    assert pushed({**NEW_CALL, "caller_id": "1001", "event": "answered"}, order) == (
        m.CallHint(provider_event="answered"),
    )
    assert pushed(NEW_CALL, order) == (RINGS,)
    assert pushed(NEW_CALL, PlacedCall(extension="1002", number="1", shown=OUTSIDE)) == (RINGS,)


@pytest.mark.parametrize(
    "sent",
    [
        request(),
        request(method="GET", content_type=""),
        request(body=b"{}"),
        request(body=b"{"),
        request(body=b"null"),
        request(body=b"\x00\x01\xff" * 50),
        request(body=b"[" * 100_000),
        request(body=b"{" * 100_000),
        request(body=b'{"{event}":' * 50_000),
        request(body=b"a=1&" * 5_000, content_type="application/x-www-form-urlencoded"),
        request({"event": None}),
        request({"event": ["new_call"]}),
        request(query={"event": "{event}"}),
    ],
)
def test_unreadable_webhooks(sent: m.PushRequest) -> None:
    """A request that names no event is none of the phone's."""
    with pytest.raises(BadPayloadError):
        read_webhook(sent, TENANT, ())


def test_a_repeated_webhook_has_the_same_key() -> None:
    """A hang-up told twice is one; the next event is another."""
    keys = [
        push.key
        for event in ("new_call", "answered", "hangup", "hangup")
        for push in pushed({**NEW_CALL, "event": event})
        if isinstance(push, m.LegPush)
    ]
    assert [one == other for one, other in pairwise(keys)] == [False, False, True]


PIECES = (b"{", b"}", b'"', b":", b",", b"\\ud83d", b"null", b"[", b"&", b"=", b"%ff", b"\xff", b"new_call", b"1e999")


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0), noise=st.binary(max_size=40), strange=st.text(max_size=20))
def test_any_webhook(seed: int, noise: bytes, strange: str) -> None:
    """Thousands of mutated bodies give pushes or BadPayloadError, and nothing that cannot be written as text."""
    chance = random.Random(seed)
    for _ in range(40):
        fields = {**NEW_CALL, "event": chance.choice(["new_call", "dial_out", "hangup", "agent_login", "x"])}
        body = request(fields).body if chance.random() < 0.5 else urlencode(fields).encode()
        for _ in range(chance.randrange(5)):
            at = chance.randrange(len(body) + 1)
            body = body[:at] + chance.choice([*PIECES, noise]) + body[at + chance.randrange(20) :]
        query = {name: strange for name in PLACEHOLDERS if chance.random() < 0.1}
        content_type = chance.choice(["application/json", "application/x-www-form-urlencoded", "", "x"])
        try:
            found = read_webhook(
                request(query=query, body=body, content_type=content_type),
                TENANT,
                [PlacedCall(extension="1001", number="1", shown="1001")],
            )
        except BadPayloadError:
            continue
        repr(found).encode()
        for push in found:
            if isinstance(push, m.LegPush):
                assert push.call_id
                push.call_id.encode()


# -- the socket --------------------------------------------------------------------------------------

EVENT: dict[str, object] = {
    "event": "CHANNEL_CREATE",
    "uuid": A,
    "callerNumber": "%2B390612345678",
    "calleeNumber": None,
    "domain": DOMAIN,
    "channelState": "CS_INIT",
    "answerState": "ringing",
    "direction": "outbound",
    "hangupCause": None,
}
RINGING_CALL = m.Call(
    id=A,
    state=RINGING,
    direction=INCOMING,
    legs=(m.Leg(id=A, state=RINGING), m.Leg(id=B, state=RINGING, extension="1001")),
)
TALKING_CALL = m.Call(id=A, state=TALKING, direction=INCOMING, legs=(m.Leg(id=A, state=TALKING),))


def heard(kind: object, call: m.Call = RINGING_CALL, *, encoded: bool = True, **change: Any) -> m.Pushed | None:
    """Read one message of the socket."""
    message = json.dumps({"type": kind, "timestamp": "2026-11-21T22:57:34.924150Z", "data": {**EVENT, **change}})
    return read_socket(message, TENANT, {A: call, B: call}, {A, B, C}, encoded=encoded)


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("call.created", {}, m.CallHint(provider_event="call.created", leg_id=A)),
        ("call.created", {"uuid": X}, m.CallHint(provider_event="call.created", leg_id=X)),
        ("call.created", {"uuid": A.replace("-", "%2D")}, m.CallHint(provider_event="call.created", leg_id=A)),
        ("call.created", {"domain": "PBX%2Eexample.com"}, m.CallHint(provider_event="call.created", leg_id=A)),
        ("call.created", {"domain": "other.example.net"}, None),
        ("call.created", {"domain": "old-pbx.example.com"}, None),
        ("call.created", {"uuid": None}, None),
        (
            "channel.update",
            {"domain": None, "event": "CHANNEL_CALLSTATE"},
            m.CallHint(provider_event="channel.update", leg_id=A),
        ),
        (
            "channel.update",
            {"domain": None, "event": "CHANNEL_CALLSTATE", "uuid": C},
            m.CallHint(provider_event="channel.update", leg_id=C),
        ),
        ("channel.update", {"domain": None, "event": "CHANNEL_CALLSTATE", "uuid": X}, None),
        ("channel.update", {"event": "CHANNEL_STATE"}, None),
        ("channel.update", {"event": "PLAYBACK_START"}, None),
        ("channel.update", dict.fromkeys(EVENT), None),
        (
            "call.hangup",
            {"hangupCause": "NORMAL_CLEARING"},
            m.CallHint(provider_event="call.hangup", leg_id=A, hangup_cause="NORMAL_CLEARING", outcome=Outcome.MISSED),
        ),
        (
            "call.hangup",
            {"hangupCause": "USER_BUSY"},
            m.CallHint(provider_event="call.hangup", leg_id=A, hangup_cause="USER_BUSY", outcome=Outcome.BUSY),
        ),
        ("call.hangup", {"hangupCause": None}, m.CallHint(provider_event="call.hangup", leg_id=A)),
        ("call.hangup", {"hangupCause": "LOSE_RACE", "uuid": B}, m.CallHint(provider_event="call.hangup", leg_id=B)),
        ("call.hangup", {"hangupCause": "NO_ANSWER", "uuid": C}, m.CallHint(provider_event="call.hangup", leg_id=C)),
        (
            "channel.update",
            {"event": "CHANNEL_HANGUP", "hangupCause": "USER_BUSY"},
            m.CallHint(provider_event="channel.update", leg_id=A, hangup_cause="USER_BUSY", outcome=Outcome.BUSY),
        ),
        (
            "channel.update",
            {"event": "CHANNEL_PARK", "hangupCause": "USER_BUSY"},
            m.CallHint(provider_event="channel.update", leg_id=A),
        ),
        ("call.dtmf", {"domain": None}, m.CallHint(provider_event="call.dtmf", leg_id=A, dtmf="")),
        (
            "call.dtmf",
            {"raw": json.dumps({"DTMF-Digit": "5"})},
            m.CallHint(provider_event="call.dtmf", leg_id=A, dtmf="5"),
        ),
        ("call.dtmf", {"raw": "{"}, m.CallHint(provider_event="call.dtmf", leg_id=A, dtmf="")),
        ("call.dtmf", {"uuid": X, "domain": None}, None),
        ("system.status", {"uuid": None}, m.CallHint(provider_event="system.status")),
        ("call.parked", {}, m.UnknownPush(provider_event="call.parked")),
        ("pong", {"uuid": None}, None),
        (None, {"uuid": None}, None),
    ],
)
def test_socket_messages(kind: object, change: dict[str, Any], expected: m.Pushed | None) -> None:
    """Messages say that something happened, and how a call ended; those of other tenants say nothing."""
    assert heard(kind, **change) == expected


def test_the_end_of_a_call_that_was_answered() -> None:
    """Its cause is told, its outcome is known better."""
    assert heard("call.hangup", TALKING_CALL, hangupCause="NORMAL_CLEARING") == m.CallHint(
        provider_event="call.hangup", leg_id=A, hangup_cause="NORMAL_CLEARING"
    )


def test_only_the_python_server_encodes() -> None:
    """A literal per cent sign of the Node server stays."""
    assert heard("call.created", uuid="a%41", encoded=False) == m.CallHint(provider_event="call.created", leg_id="a%41")


@pytest.mark.parametrize("message", ["", "text", "null", "[]", "{}", "[" * 100_000, '{"type": 5, "data": 7}'])
def test_unreadable_socket_messages(message: str) -> None:
    """They are passed over."""
    assert read_socket(message, TENANT, {}, (), encoded=True) is None


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(st.text(max_size=30), st.sampled_from(["call.created", "call.dtmf"])),
    st.dictionaries(st.sampled_from([*EVENT, "raw"]), VALUES),
)
def test_any_socket_message(kind: str, change: dict[str, Any]) -> None:
    """Whatever is heard, nothing is raised."""
    repr(heard(kind, **change)).encode()
