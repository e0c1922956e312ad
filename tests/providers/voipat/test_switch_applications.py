"""What the switch does with a leg by itself: parking, conferences, pages, and those who listen in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.pbx.providers.voipat.calls import read_channels
from custom_components.pbx.providers.voipat.payload import PlacedCall
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.bounded_map import BoundedMap
from custom_components.pbx.telephony.events import Event, event_data
from custom_components.pbx.telephony.models import CallState

from .rows import DOMAIN, OUTSIDE, TENANT

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
START = 1774692000

type Channel = dict[str, object]


class Switch:
    """Lists of channels, ten seconds apart, and what is told of them."""

    def __init__(self) -> None:
        """Look before anything is up."""
        self.registry = CallRegistry(complete_after=1)
        self.registry.snapshot((), NOON, NOON)
        self._call_of: BoundedMap[str] = BoundedMap(99)
        self._placed: BoundedMap[PlacedCall] = BoundedMap(9)
        self._lists = 0
        self.events: list[Event] = []

    def lists(self, *rows: Channel) -> dict[str, tuple[CallState, dict[str | None, CallState]]]:
        """Return what each call does, and each of its phones that is not done, by a list."""
        self._lists += 1
        now = NOON + timedelta(seconds=10 * self._lists)
        snapshot = read_channels(list(rows), TENANT, self._placed, self._call_of)
        for leg, call in snapshot.call_of.items():
            self._call_of.put(leg, call)
        self.events += [event for event in self.registry.snapshot(snapshot.calls, now, now).events if event.public]
        return {
            call.id: (call.state, {leg.extension: leg.state for leg in call.legs if leg.state is not CallState.ENDED})
            for call in self.registry.calls.values()
        }

    @property
    def told(self) -> list[str]:
        """The names of what was told."""
        return [event.type.value for event in self.events]


def channel(uuid: str, direction: str, *, age: Any = 0, call: Any = "", **more: object) -> Channel:
    """Return a row of a leg that is up."""
    row: Channel = {"uuid": uuid, "call_uuid": call or uuid, "direction": direction, "callstate": "ACTIVE"}
    return row | {"context": DOMAIN, "created_epoch": str(START + age)} | more


def phone(number: str) -> Channel:
    """Return whose leg it is."""
    return {"presence_id": f"{number}@{DOMAIN}"}


CALLER = channel("a", "inbound", cid_num=OUTSIDE, dest="600")
CALLED = channel("b", "outbound", call="a", cid_num=OUTSIDE, dest="1001", **phone("1001"))


@pytest.mark.parametrize("application", ["park", "valet_park", "Valet_Park"])
@pytest.mark.parametrize("joined", ["a", "c"])
def test_a_parked_call_is_on_hold_and_stays_one_call(application: str, joined: str) -> None:
    """Whoever fetches it takes part in it, whichever leg the switch names both after."""
    switch = Switch()
    parked = CALLER | {"application": application}
    fetches = channel("c", "inbound", age=50, call=joined, cid_num="1002", dest="*5901", **phone("1002"))
    switch.lists(CALLER, CALLED)
    assert switch.lists(parked) == {"a": (CallState.ON_HOLD, {None: CallState.ON_HOLD})}
    talks = {None: CallState.TALKING, "1002": CallState.TALKING}
    both = (parked | {"call_uuid": joined}, fetches | {"application": application})
    assert switch.lists(*both) == {"a": (CallState.TALKING, talks)}
    switch.lists()
    told = ["call_incoming", "call_answered", "call_held", "call_resumed", "call_transferred", "call_ended"]
    assert switch.told == told
    data = event_data(switch.events[-1])
    assert (data["direction"], data["from_number"], data["answered_by"]) == ("incoming", OUTSIDE, "1002")


def test_whom_we_called_may_be_parked_as_well() -> None:
    """His leg is the only one that is left."""
    switch = Switch()
    ours = channel("a", "inbound", cid_num="1001", dest=OUTSIDE, **phone("1001"))
    theirs = channel("b", "outbound", call="a", cid_num="1001", dest=OUTSIDE)
    switch.lists(ours, theirs)
    ((state, _),) = switch.lists(theirs | {"application": "valet_park", "call_uuid": "b"}).values()
    assert state is CallState.ON_HOLD


@pytest.mark.parametrize("application", ["callcenter", "ivr", "lua"])
def test_a_caller_who_is_handed_back_to_a_queue_waits_there(application: str) -> None:
    """He rings again; he dials nothing."""
    switch = Switch()
    switch.lists(CALLER, CALLED)
    assert switch.lists(CALLER | {"application": application})["a"][0] is CallState.RINGING
    assert switch.told == ["call_incoming", "call_answered"]


@pytest.mark.parametrize("application", ["eavesdrop", "userspy", "Eavesdrop"])
@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_who_listens_in_has_no_call(application: str, direction: str) -> None:
    """However the supervisor came to it."""
    switch = Switch()
    listens = channel("s", direction, age=9, cid_num="1003", dest="*33", application=application, **phone("1003"))
    before = switch.lists(CALLER, CALLED)
    assert switch.lists(CALLER, CALLED, listens) == before
    assert switch.told == ["call_incoming", "call_answered"]


def test_a_caller_in_a_conference_talks_with_who_else_is_there() -> None:
    """And has missed nobody; alone in it, or in another one, he waits."""
    room = {"dest": "3000", "application": "conference", "application_data": f"3000-{DOMAIN}@default"}
    first = channel("a", "inbound", cid_num=OUTSIDE, **room)
    switch = Switch()
    assert switch.lists(first)["a"][0] is CallState.RINGING
    other = room | {"application_data": f"3001-{DOMAIN}@default"}
    assert switch.lists(first, channel("b", "inbound", cid_num="1001", **phone("1001"), **other))["a"][0] is (
        CallState.RINGING
    )
    switch.lists(first, channel("c", "inbound", cid_num="1002", **phone("1002"), **room))
    assert switch.registry.calls["a"].state is CallState.TALKING
    switch.lists()
    assert switch.registry.missed == 0


def test_a_page_is_one_call() -> None:
    """The switch calls the phones into a conference by itself."""
    room = {"application": "conference", "application_data": f"page-*724@{DOMAIN}"}
    pages = channel("p", "inbound", cid_num="1001", dest="*724", **phone("1001"), **room)
    paged = [
        channel(f"q{number}", "outbound", age=1, cid_num="1001", dest=number, **phone(number), **room)
        for number in ("1002", "1003")
    ]
    switch = Switch()
    ((_, legs),) = switch.lists(pages, *paged).values()
    assert legs == dict.fromkeys(("1001", "1002", "1003"), CallState.TALKING)
    assert switch.told == ["call_outgoing", "call_answered"]
