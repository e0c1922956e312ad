"""What is told of a call record: whose call it was, also where nobody saw the call itself."""

from dataclasses import replace

import pytest

from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.events import event_data
from custom_components.pbx.telephony.models import (
    CallRecord,
    CallState,
    Direction,
    Directory,
    EventType,
    Extension,
    Outcome,
    Party,
)

from .story import E, R, Story, T, moment, push, record, story

RECORD = CallRecord(
    id="r1",
    call_id="c",
    direction=Direction.INCOMING,
    outcome=Outcome.ANSWERED,
    caller=Party(number="+390612345678", name="Anna"),
    callee=Party(number="101"),
    extension="101",
    answered_by="101",
    started_at=moment(0),
    duration=6,
    recording_id="rec",
    recording_url="https://media.example/rec.mp3",
    voicemail=True,
    voicemail_url="https://media.example/vm.mp3",
)
MEDIA = (EventType.RECORDING_READY, EventType.VOICEMAIL_RECEIVED)


@pytest.mark.parametrize("kind", MEDIA)
def test_what_can_be_heard_says_of_which_call_it_is(kind: EventType) -> None:
    """Who called whom, when and how long, as the record knows it: the call may have been before the start."""
    made = story().play(record(RECORD))
    (told,) = (event_data(event) for event in made.events if event.type is kind)
    assert (told["call_id"], told["record_id"], told["direction"]) == ("c", "r1", "incoming")
    assert (told["from_number"], told["from_name"], told["to_number"]) == ("+390612345678", "Anna", "101")
    assert (told["started_at"], told["duration"]) == (moment(0).isoformat(), 6)


def test_a_voicemail_is_not_the_recording() -> None:
    """Each event has what it is about."""
    made = story().play(record(RECORD))
    recording, voicemail = (event_data(event) for event in made.events if event.type in MEDIA)
    assert (recording["recording_id"], recording["recording_url"]) == ("rec", "https://media.example/rec.mp3")
    assert voicemail["recording_url"] == "https://media.example/vm.mp3"
    assert "recording_id" not in voicemail


@pytest.mark.parametrize(("states", "outcome"), [((R, T, E), "answered"), ((R, E), "missed")])
def test_what_a_record_leaves_open_the_call_says(states: tuple[CallState, ...], outcome: str) -> None:
    """A record that does not tell how the call went takes nothing back, and is told with what is known."""
    pushes = (push("c", "101", state, final=state is E) for state in states)
    made = story().play(*pushes, record(CallRecord(id="c", call_id="c")))
    kinds = [event.type for event in made.events]
    assert EventType.CALL_CORRECTED not in kinds
    (told,) = (event_data(event) for event in made.events if event.type is EventType.CALL_RECORD)
    assert told["outcome"] == outcome


def test_a_record_has_the_id_that_its_call_had() -> None:
    """Also where the phone system files the call under another id than it was pushed with."""
    made = story(pushed_ids_differ=True).play(push("c", "101", R), push("c", "101", T), push("c", "101", E))
    known = made.events[-1].call
    assert known is not None
    told = event_data(replace(made.events[-1], type=EventType.CALL_RECORD, record=replace(RECORD, call_id="other")))
    assert told["call_id"] == known.id


def test_a_record_has_the_names_that_are_known() -> None:
    """Of ours from the directory, of others from the name book; it keeps a name of its own."""
    registry = CallRegistry(names={"+390612345678": Party(name="Bob")}.get)
    made = Story(registry)
    made.take(registry.directory(Directory(extensions=(Extension(number="101", name="Ann"),)), made.now))
    nameless = replace(RECORD, caller=Party(number="+390612345678"))
    made.play(record(nameless), record(replace(RECORD, id="r2")))
    first, second = (event_data(event) for event in made.events if event.type is EventType.CALL_RECORD)
    assert (first["from_name"], first["to_name"]) == ("Bob", "Ann")
    assert (second["from_name"], second["to_name"]) == ("Anna", "Ann")
