"""The tables of docs/development/calls.md say what the code does: each row is carried out."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from custom_components.pbx.registry.active_call import ActiveCall
from custom_components.pbx.registry.active_leg import ActiveLeg, Inferred
from custom_components.pbx.registry.facts import Phone
from custom_components.pbx.registry.inferences import infer_from_answer
from custom_components.pbx.telephony.models import Call, CallState, Direction, Leg, LegPush, Party

from .story import (
    CALLER,
    IN,
    INTERNAL,
    OUT,
    D,
    E,
    R,
    Step,
    Story,
    T,
    call,
    leg,
    listed,
    moment,
    push,
    pushed,
    story,
    wait,
    widget,
)

PAGE = (Path(__file__).parents[2] / "docs/development/calls.md").read_text()
OTHER = "+390687654321"

type Row = Mapping[str, str]


def rows(first: str) -> list[Row]:
    """Read the table whose first column has this name."""
    found: list[Row] = []
    names: list[str] = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            names = []
        elif not names:
            names = cells
        elif names[0] == first and set(cells) != {"---"}:
            found.append(dict(zip(names, cells, strict=True)))
    assert found, f"there is no table of {first}"
    return found


def name(row: Row) -> str:
    """Name a row."""
    return "-".join(value for value in row.values() if value)


def inferred(text: str) -> Inferred | None:
    """Read from what something was inferred."""
    return Inferred[text.upper()] if text else None


@pytest.mark.parametrize("row", rows("state"), ids=name)
def test_rank_and_input(row: Row) -> None:
    """A leg that was moved by a message at second 10 hears something more."""
    made = ActiveLeg("a", CallState(row["state"]), "101", moment(10), moment(10), inferred(row["inferred"]))
    said = CallState(row["input"])
    match row["from"]:
        case "newer":
            made.push(said, moment(11), moment(12))
        case "older":
            made.push(said, moment(9), moment(12))
        case "list":
            made.poll(Leg(id="a", state=said), moment(11))
        case "list without the quicker":
            made.poll(Leg(id="a", state=said), moment(11), quicker=False)
        case "list before":
            made.poll(Leg(id="a", state=said), moment(9))
        case other:
            pytest.fail(f"unknown: {other}")
    assert made.state == row["becomes"]


@pytest.mark.parametrize("row", rows("call"), ids=name)
def test_inference(row: Row) -> None:
    """Phone 101 has just answered, 102 is the other."""
    made = ActiveCall(id="c", seen_at=moment(0), started_at=moment(0))
    made.facts.direction = Direction(row["call"])
    made.facts.phones["101"] = Phone(rang=row["called"] == "yes")
    answering = ActiveLeg("a", CallState.TALKING, "101", correlated=row["answering"] == "correlated")
    other = ActiveLeg("b", CallState(row["other"]), "102", correlated=row["other's leg"] == "correlated")
    made.legs.update(a=answering, b=other)
    infer_from_answer(made, answering, None, moment(5), alone=row["answering"] == "unlisted")
    assert (other.state, other.inferred) == (row["becomes"], inferred(row["inferred"]))


@pytest.mark.parametrize("row", rows("provider's grace"), ids=name)
def test_grace(row: Row) -> None:
    """The only leg of a call ends; it is told when the call has."""
    made = Story(story(grace=float(row["provider's grace"])).registry)
    if row["was told"] == "yes":
        made.play(push("c", "101", R))
    end = LegPush(
        provider_event="end",
        call_id="c",
        leg_id="101",
        extension="101",
        state=E,
        direction=IN,
        caller=Party(number=CALLER),
        lasts=row["said to go on"] == "yes",
    )
    made.play(pushed(end))
    due = made.registry.due()
    waited = timedelta(0) if due is None else due - made.now
    assert waited == timedelta(seconds=float(row["seconds"]))
    assert ("c" in made.registry.unfinished) is (due is not None)


IN_GRACE: Mapping[str, Step] = {
    "message that a phone rings": push("c", "102", R, time=20),
    "message that a phone rings, older": push("c", "102", R, time=1),
    "list that has it": listed(call("c", leg("102", R))),
    "list without it": listed(),
    "time": wait(10),
}


@pytest.mark.parametrize("row", rows("input in the grace"), ids=name)
def test_input_in_the_grace(row: Row) -> None:
    """The call of phone 101 is in a grace of ten seconds."""
    made = story(grace=10).play(push("c", "101", R, time=2), push("c", "101", E, time=3))
    assert made.registry.unfinished
    assert not made.registry.calls
    made.play(IN_GRACE[row["input in the grace"]])
    goes_on = row["becomes"] == "goes on"
    assert bool(made.registry.calls) is goes_on
    assert bool(made.registry.unfinished) is goes_on


def _said(text: str, *, by_parties: bool) -> list[Step]:
    """Make what comes in of the words of the table."""
    caller = OTHER if "other caller" in text else CALLER
    if "nobody's phone" in text:
        return [push("d", None, T if "answers" in text else R, caller=caller)]
    phone = "102" if "other phone" in text else "101"
    later = [wait(60)] if "a minute later" in text else []
    own_id = re.search(r"with its id", text)
    if text.startswith("list under"):
        return [listed(Call(id="leg-101", state=R, direction=IN, caller=Party(number=CALLER), legs=(leg("101", R),)))]
    if text.startswith("list"):
        return [*later, listed(call("d", leg(phone, R), caller=caller), *_kept(by_parties=by_parties))]
    if by_parties and "'s number" in text:
        giver = "104" if "another phone's" in text else "103"
        return [widget("w2", phone, R, caller=giver, callee=phone, direction=INTERNAL)]
    if by_parties:
        return [*later, widget("w2", phone, R, caller=caller)]
    return [*later, push("c" if own_id else "d", phone, R, caller=caller)]


def _kept(*, by_parties: bool) -> tuple[Call, ...]:
    """Return the rows that the list has besides: the call that was known, where it is known by its id."""
    return () if by_parties else (call("c", leg("101", R)),)


def _begun(known_from: str, *, by_parties: bool) -> list[Step]:
    """Make what is known first."""
    if known_from == "message":
        return [widget("w1", "101", R) if by_parties else push("c", "101", R)]
    if known_from == "list":
        return [listed(call("c", leg("101", R)))]
    begun = call("c", leg("103", T), leg("out", T), direction=OUT, caller="103", callee=CALLER)
    if known_from == "list, dialled by 103":
        return [listed(begun)]
    assert known_from == "lists, handed on by 103"
    return [listed(begun), listed(call("c", leg("out", D), leg("101", R), direction=None))]


@pytest.mark.parametrize("row", rows("ids"), ids=name)
def test_identity(row: Row) -> None:
    """Phone 101 rings for a caller; then something more is told."""
    by_parties = row["ids"] == "by parties"
    made = story(pushed_ids_differ=by_parties, complete_after=2)
    made.play(*_begun(row["known from"], by_parties=by_parties))
    assert len(made.registry.calls) == 1
    made.play(*_said(row["input"], by_parties=by_parties))
    assert len(made.registry.calls) == (2 if row["is"] == "a new call" else 1)
    if row["is"] == "nothing yet":
        assert made.last.refresh
        assert not made.last.events


def test_every_machine_has_a_table() -> None:
    """Each rank and each inference is in a row, and every rule is numbered."""
    assert {row["state"] for row in rows("state")} == {"ringing", "talking", "on_hold", "ended"}
    assert {row["inferred"] for row in rows("state")} == {"", *(each.name.lower() for each in Inferred)}
    assert [int(number) for number in re.findall(r"^(\d+)\. ", PAGE, re.MULTILINE)] == list(range(1, 16))
