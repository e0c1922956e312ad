"""How parties and calls are worded in states."""

import pytest

from custom_components.pbx.telephony.models import Call, CallState, Direction, Leg, Party
from custom_components.pbx.wording import Wording, called_from, caller_at

from .fake_provider import NOON

CALLER = "+390612345678"


@pytest.mark.parametrize(
    ("number", "shown"),
    [(CALLER, "••••••••••678"), ("1234567", "••••567"), ("123456", "123456"), ("101", "101"), ("", "")],
)
def test_number(number: str, shown: str) -> None:
    """Three digits are left of a number from outside; an extension's is no secret at home."""
    assert Wording(masked=True).number(number) == shown
    assert Wording(masked=False).number(number) == number


@pytest.mark.parametrize(
    ("party", "shown"),
    [
        (Party(name="Ada", number=CALLER), "Ada"),
        (Party(number=CALLER), "••••••••••678"),
        (Party(number="101"), "101"),
        (Party(hidden=True), None),
    ],
)
def test_party(party: Party, shown: str | None) -> None:
    """A name is shown rather than a number, and nothing for somebody of whom nothing is known."""
    assert Wording(masked=True).party(party) == shown


def test_call_attributes() -> None:
    """What is not known is left out; of two calls one after the other each has its own."""
    wording = Wording(masked=True)
    first = Call(
        id="c1",
        state=CallState.RINGING,
        direction=Direction.INCOMING,
        caller=Party(number=CALLER),
        legs=(Leg(id="l1", state=CallState.RINGING, extension="101"),),
        started_at=NOON,
    )
    second = Call(id="c2", state=CallState.TALKING, started_at=NOON, answered_at=NOON.replace(minute=1))
    told = [wording.call_attributes(call) for call in (first, second, first)]
    assert told == [
        {"call_id": "c1", "direction": "incoming", "caller": "••••••••••678", "extensions": ["101"], "since": NOON},
        {"call_id": "c2", "since": NOON.replace(minute=1)},
        told[0],
    ]
    assert wording.call_attributes(None) == {}


@pytest.mark.parametrize(
    ("direction", "extension", "caller", "callee"),
    [
        (Direction.INCOMING, "101", CALLER, ""),
        (Direction.OUTGOING, "101", "", "102"),
        (Direction.INTERNAL, "102", CALLER, ""),
        (Direction.INTERNAL, CALLER, "", "102"),
        (None, "101", CALLER, ""),
    ],
)
def test_caller_and_callee(direction: Direction | None, extension: str, caller: str, callee: str) -> None:
    """A phone that is called has a caller; one that calls has whom it calls, and no caller."""
    call = Call(
        id="c1",
        state=CallState.TALKING,
        direction=direction,
        caller=Party(number=CALLER),
        callee=Party(number="102"),
        started_at=NOON,
    )
    assert (caller_at(call, extension).number, called_from(call, extension).number) == (caller, callee)
    assert caller_at(None, extension) == called_from(None, extension) == Party()
