"""Compare all that Home Assistant shows of an account with what is so."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from tests.simulators.base import TrueCall

URGENCY = ("ringing", "talking", "on_hold", "dialing")
IDLE = "idle"
UNAVAILABLE = "unavailable"
SIGNIFICANT = 8
LONGEST_EXTENSION = 5
# What these show is what was told or pressed, and is not to be seen at the phones.
TOLD = ("account_last_call", "account_missed_calls", "account_recent_calls")
# What these show is in the directory alone.
LISTED = ("_outbound_number",)
# Whoever wants these switches them on.
OPTIONAL = ("_caller",)
NO_STATE = ("button", "event", "notify")
ABOUT_CALLS = ("_call_state", "_caller", "_active_calls", "_hold", "_mute", "_hang_up")


class OneOf(frozenset[str]):
    """States of which each is right: which one it is cannot be known."""

    def __call__(self, state: str) -> bool:
        """Tell whether a state is one of them."""
        return state in self


type Json = Mapping[str, Any]
type Wanted = str | Callable[[str], bool] | None
"""A state, a rule for it, or None for one that cannot be known."""


@dataclass(frozen=True, kw_only=True)
class Entity:
    """What is shown of one entity."""

    domain: str
    state: str
    attributes: Json


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What Home Assistant shows of an account, by the ends of the unique ids, and the calls it knows of."""

    entities: Mapping[str, Entity]
    calls: Mapping[str, Sequence[str]]
    """The extensions of each call, by the call's id."""

    @property
    def slots(self) -> list[Entity]:
        """The slots, in order."""
        return [self.entities[key] for key in sorted(self.entities) if re.fullmatch(r"slot_\d+_call", key)]


@dataclass(kw_only=True)
class Truth:
    """What is so."""

    extensions: Sequence[str]
    calls: Sequence[TrueCall]
    others: Mapping[str, Wanted] = field(default_factory=dict)
    """What entities show that are not about calls."""
    absent: frozenset[str] = frozenset()
    """The entities that this phone system need not have."""
    lossy: frozenset[str] = frozenset()
    """The calls of which not everything was told, where only messages tell of calls."""
    unseen: frozenset[tuple[str, str]] = frozenset()
    """The calls, and their phones, that talk to nobody now, and of which nothing has said that they did before."""
    judged: Counter[str] = field(default_factory=Counter)
    """How many calls, and entities about them, were compared, and of how many not everything could be known."""

    def unsure(self, shown: Shown) -> set[str]:
        """Name the calls of which nothing certain can be expected."""
        return set(self.lossy) & ({call.call_id for call in self.calls} | shown.calls.keys())


def digits(number: str) -> str:
    """Give the digits by which a number is known, however it is written."""
    return re.sub(r"\D", "", number)[-SIGNIFICANT:]


def doing(call: TrueCall, extension: str) -> str:
    """Say what a phone really does in a call, in the words of its sensor."""
    states = {leg.state for leg in call.legs if leg.extension == extension}
    if call.state in ("dialing", "ringing") and states & {"talking", "on_hold"} and "ringing" not in states:
        return "dialing"
    return next((state for state in URGENCY if state in states), "")


def differences(truth: Truth, shown: Shown) -> Iterator[str]:
    """List what is shown wrongly; an entity of which nothing is known here is one as well."""
    if shown.entities["account_connected"].state != "on":
        yield "account_connected says that the phone system is away"
        return
    unsure = truth.unsure(shown)
    vague = {leg.extension for call in truth.calls if call.call_id in unsure for leg in call.legs}
    vague |= {number for call_id in unsure for number in shown.calls.get(call_id, ())}
    rules = dict(truth.others)
    for extension in truth.extensions:
        rules |= _about_extension(extension, truth, vague=extension in vague)
    rules["account_active_calls"] = None if unsure else str(len(truth.calls))
    truth.judged["compared"] += len(truth.calls)
    truth.judged["unknown"] += sum(
        call.call_id in unsure or not (call.state and call.direction) for call in truth.calls
    )
    for key, entity in shown.entities.items():
        if entity.domain in NO_STATE or key.startswith("slot_") or key in TOLD or key.endswith(LISTED):
            continue
        if key not in rules:
            yield f"nobody knows what {key} should show; it is {entity.state}"
            continue
        if key.endswith(ABOUT_CALLS):
            truth.judged["compared"] += 1
            truth.judged["unknown"] += rules[key] is None or isinstance(rules[key], OneOf)
        if (complaint := _judge(entity.state, rules[key])) is not None:
            yield f"{key} {complaint}"
    missing = rules.keys() - shown.entities.keys() - truth.absent
    yield from (f"there is no {key}" for key in missing if not key.endswith(OPTIONAL))
    if not unsure:
        yield from _calls(truth.calls, shown)


def not_away(shown: Shown) -> Iterator[str]:
    """List what is shown of the calls though the phone system cannot be asked."""
    for key, entity in shown.entities.items():
        about_calls = key.startswith("slot_") or key.endswith(ABOUT_CALLS)
        if about_calls and entity.state != UNAVAILABLE:
            yield f"{key} is {entity.state}, but the phone system is away"
    if shown.entities["account_connected"].state != "off":
        yield "account_connected says that the phone system is there, but it is away"


def _judge(state: str, wanted: Wanted) -> str | None:
    if wanted is None:
        return None
    if callable(wanted):
        return None if wanted(state) else f"shows {state}, which cannot be"
    return None if state == wanted else f"shows {state}, but it is {wanted}"


def _doings(call: TrueCall, extension: str, truth: Truth) -> set[str]:
    """Say what a phone may be seen doing in a call."""
    if (call.call_id, extension) not in truth.unseen:
        return {doing(call, extension)}
    legs = tuple(replace(leg, state="dialing") if leg.extension == extension else leg for leg in call.legs)
    return {doing(call, extension), doing(replace(call, legs=legs), extension)}


def _about_extension(extension: str, truth: Truth, *, vague: bool) -> Mapping[str, Wanted]:
    mine = {call.call_id: _doings(call, extension, truth) for call in truth.calls}
    states = OneOf(next((state for state in URGENCY if state in doings), IDLE) for doings in product(*mine.values()))
    shown_as = [call for call in truth.calls if mine[call.call_id] & states]
    talking_to = {
        digits(number)
        for call in shown_as
        for number in (call.caller, call.callee, *(leg.extension for leg in call.legs))
    }

    handed = any(not call.direction for call in shown_as)

    def somebody(shown: str) -> bool:
        if IDLE in states:
            return shown == "unknown"
        # A name says nothing here; and whoever gave a call away is shown until the next one answers.
        return bool(re.search(r"[^\d+ ]", shown)) or digits(shown) in talking_to or 0 < len(shown) <= LONGEST_EXTENSION

    prefix = f"extension_{extension}"
    return {
        f"{prefix}_call_state": None if vague else _wanted(states),
        f"{prefix}_caller": None if vague or handed else somebody,
        f"{prefix}_hold": None if vague else _wanted({"on" if state == "on_hold" else "off" for state in states}),
    }


def _wanted(states: Collection[str]) -> Wanted:
    return OneOf(states) if len(states) > 1 else next(iter(states))


def _calls(calls: Sequence[TrueCall], shown: Shown) -> Iterator[str]:
    """Compare the calls with the slots and the attributes; a state or direction that cannot be known is empty."""
    slots = shown.slots
    busy = [slot for slot in slots if slot.state != IDLE]
    told = Counter((slot.state, str(slot.attributes.get("direction", ""))) for slot in busy)
    vague = sum(not direction for _, direction in told.elements())
    really = Counter((call.state, call.direction) for call in calls if call.state and call.direction)
    states = Counter(call.state for call in calls if call.state)
    if len(calls) <= len(slots) and (
        len(busy) != len(calls) or (really - told).total() > vague or states - Counter(slot.state for slot in busy)
    ):
        yield f"the slots show {dict(told)}, the calls are {dict(really)}"
    ids = [slot.attributes.get("call_id") for slot in busy]
    if len(set(ids)) < len(ids):
        yield f"a call has two slots: {ids}"
    listed = shown.entities["account_active_calls"].attributes.get("calls", [])
    if not min(len(calls), len(slots)) <= len(listed) <= len(calls):
        yield f"{len(listed)} calls are listed, {len(calls)} are up"
    for call in calls:
        for extension in {leg.extension for leg in call.legs if leg.extension}:
            state = shown.entities.get(f"extension_{extension}_call_state")
            count = sum(any(leg.extension == extension for leg in one.legs) for one in calls)
            if state is not None and state.attributes.get("calls") != count:
                yield f"extension {extension} is in {count} calls, but shows {state.attributes.get('calls')}"
