"""The registry as a whole: rule 11, its bounds; names, keys pressed, and what it does not know."""

from dataclasses import replace

import pytest

from custom_components.pbx.registry.call_registry import ACCOUNT, CallRegistry
from custom_components.pbx.telephony.models import (
    Call,
    CallState,
    Direction,
    Directory,
    EventType,
    Extension,
    Leg,
    LegPush,
    Notice,
    Outcome,
    Party,
    UnknownPush,
)

from .story import (
    CALLER,
    IN,
    INTERNAL,
    OUT,
    D,
    E,
    H,
    R,
    Step,
    Story,
    T,
    call,
    hint,
    leg,
    listed,
    moment,
    notice,
    push,
    pushed,
    story,
    widget,
)

# -- rule 11: bounds ---------------------------------------------------------------------------------


def test_rule_11_no_flood_of_calls_grows_without_end() -> None:
    """The oldest call makes room."""
    made = story()
    for n in range(2500):
        made.play(push(f"c{n}", str(n), T, key=f"k{n}"))
    assert made.registry.sizes["calls"] == 2000
    assert "c499" not in made.registry.calls
    assert "c500" in made.registry.calls


def test_rule_11_no_flood_of_legs_grows_without_end() -> None:
    """Legs that are over make room for new ones; where none is, there is none."""
    made = story().play(push("c", "9999", T))
    for n in range(300):
        made.play(push("c", str(n), R, time=2 * n), push("c", str(n), E, time=2 * n + 1))
    assert made.registry.sizes["legs"] == 64
    assert made.registry.state_of("9999") is T
    made.play(push("c", "777", R))
    assert made.registry.state_of("777") is R
    for n in range(300, 400):
        made.play(push("c", str(n), R, time=2000))
    assert made.registry.sizes["legs"] == 64
    made.play(listed(call("c", *(leg(str(n), R) for n in range(500, 600)))))
    assert made.registry.sizes["legs"] == 64


def test_rule_11_no_flood_of_anything_else_grows_without_end() -> None:
    """Keys, other ids, deadlines, agents and rings of one phone."""
    made = story(pushed_ids_differ=True).play(listed(call("u", leg("101", R))))
    for n in range(6000):
        made.play(
            widget(f"w{n}", "101", R),
            notice(Notice(provider_event="x", type=EventType.AGENT_LOGGED_IN, agent=str(n), key=f"n{n}")),
            push("p", "102", R, time=n, key=f"p{n}"),
        )
        made.clock = 2
        made.events.clear()
    sizes = made.registry.sizes
    assert sizes["aliases"] <= 4096
    assert sizes["keys"] <= 4096
    assert sizes["agents"] <= 1000
    assert sizes["deadlines"] <= 100
    assert sizes["legs"] <= 128
    assert set(sizes) >= {"calls", "legs", "tombstones", "aliases", "keys", "deadlines", "extensions_with_calls"}


def test_rule_11_nothing_is_left_of_calls_that_are_over() -> None:
    """But their tombstones, keys and names."""
    made = story(pushed_ids_differ=True)
    for n in range(50):
        made.play(widget(f"w{n}", "101", R), listed(call(f"u{n}", leg("101", R))), listed(), listed())
    sizes = made.registry.sizes
    assert {name: sizes[name] for name in ("calls", "legs", "leg_ids", "extensions_with_calls", "questions")} == {
        "calls": 0,
        "legs": 0,
        "leg_ids": 0,
        "extensions_with_calls": 0,
        "questions": 0,
    }


# -- names, keys pressed and unknown things ----------------------------------------------------------


@pytest.mark.parametrize(("direction", "side"), [(IN, "caller"), (None, "caller"), (OUT, "callee")])
def test_a_name_that_was_looked_up_follows_in_the_state(direction: Direction | None, side: str) -> None:
    """Also when the call is over by then; nothing is told."""
    made = story().play(push("c", "101", R, direction=direction, callee="+390687654321"))
    told = list(made.events)
    made.take(made.registry.name_caller("c", Party(name="Anna", known=True)))
    assert getattr(made.registry.calls["c"], side).name == "Anna"
    assert getattr(made.registry.slots[0], side).name == "Anna"
    assert made.events == told
    assert not made.registry.name_caller("c", Party(name="Anna", known=True))
    made.play(push("c", None, E))
    made.take(made.registry.name_caller("c", Party(name="Berta", known=False)))
    assert made.registry.last_call is not None
    assert getattr(made.registry.last_call, side).name == "Anna"


@pytest.mark.parametrize(
    ("step", "caller", "callee"),
    [
        pytest.param(push("c", "102", R, caller="101", callee="102", direction=INTERNAL), "Anna", "Berta", id="pushed"),
        pytest.param(listed(call("c", leg("101", D), caller="101", direction=OUT)), "Anna", "", id="listed"),
        pytest.param(push("c", "103", R, callee="103"), "", "", id="nameless"),
        pytest.param(
            push("c", "102", R, caller="101", callee="102"), "", "Berta", id="a stranger who shows our number, pushed"
        ),
        pytest.param(
            listed(call("c", leg("102", R), caller="101")), "", "", id="a stranger who shows our number, listed"
        ),
        pytest.param(
            pushed(LegPush(provider_event="x", call_id="c", state=R, caller=Party(number="101", name="A. K."))),
            "A. K.",
            "",
            id="named",
        ),
    ],
)
def test_whoever_is_one_of_ours_has_a_name(step: Step, caller: str, callee: str) -> None:
    """From the directory, where none came; in what is told already."""
    names = {"101": "Anna", "102": "Berta", "103": ""}
    made = story()
    extensions = tuple(Extension(number=number, name=name) for number, name in names.items())
    made.take(made.registry.directory(Directory(extensions=extensions), made.now))
    made.play(step)
    told = made.events[-1].call
    assert told is not None
    assert (told.caller.name, told.callee.name) == (caller, callee)
    assert made.registry.calls["c"] == told


NAME_BOOK = {CALLER: Party(name="Anna", known=True), "+390687654321": Party(name="Berta"), "101": Party(name="wrong")}


def book(number: str) -> Party | None:
    """Look a number up."""
    return NAME_BOOK.get(number)


@pytest.mark.parametrize(
    ("step", "caller", "callee"),
    [
        pytest.param(push("c", "101", R), "Anna", "", id="incoming"),
        pytest.param(push("c", "101", R, direction=None), "Anna", "", id="way unknown"),
        pytest.param(push("c", "101", D, direction=OUT, callee="+390687654321"), "", "Berta", id="outgoing"),
        pytest.param(listed(call("c", leg("101", R))), "Anna", "", id="listed"),
        pytest.param(push("c", "102", R, caller="101", direction=INTERNAL), "Ours", "", id="internal"),
        pytest.param(push("c", "102", R, caller="101"), "", "", id="a stranger who shows our number"),
        pytest.param(push("c", "101", R, caller="+3902"), "", "", id="unknown"),
        pytest.param(push("c", "101", R, caller=""), "", "", id="hidden"),
        pytest.param(push("c", None, E, final=True, outcome=Outcome.MISSED), "Anna", "", id="only its end"),
    ],
)
def test_a_caller_in_the_name_book_is_named_in_the_first_event(step: Step, caller: str, callee: str) -> None:
    """The party outside, whichever way the call goes; ours are named by the directory."""
    made = Story(CallRegistry(names=book))
    made.take(made.registry.directory(Directory(extensions=(Extension(number="101", name="Ours"),)), made.now))
    made.take(made.registry.snapshot((), made.now, made.now))
    made.play(step)
    told = made.events[0].call
    assert told is not None
    assert told.caller.name == caller
    assert told.callee.name == callee
    assert told.caller.known is (True if caller == "Anna" else None)


def test_the_name_book_is_asked_once_for_each_number_of_a_call() -> None:
    """And again when the number comes later, or becomes another; what the phone system says is kept."""
    asked: list[str] = []

    def names(number: str) -> Party | None:
        asked.append(number)
        return book(number)

    made = Story(CallRegistry(names=names))
    made.play(push("c", "101", R, caller=None), push("c", "101", R), push("c", "101", T), push("c", "101", E))
    assert asked == [CALLER]
    named = LegPush(provider_event="x", call_id="d", state=R, direction=IN, caller=Party(number=CALLER, name="A. K."))
    made.play(pushed(named))
    assert made.registry.calls["d"].caller == Party(number=CALLER, name="A. K.", known=True)


@pytest.mark.parametrize(("number", "keys"), [(2, {ACCOUNT}), (0, set()), (-1, set())])
def test_missed_calls_of_before_a_restart_are_added(number: int, keys: set[object]) -> None:
    """They stay until somebody acknowledges them, whatever records say later."""
    made = story().play(push("c", "101", R), push("c", None, E))
    made.take(made.registry.restore_missed(number))
    assert made.last.keys.keys() == keys
    assert made.registry.missed == 1 + max(number, 0)
    made.take(made.registry.acknowledge_missed())
    assert made.registry.missed == 0


def test_a_name_comes_after_the_end_of_the_call() -> None:
    """The last call shows it; a call of before shows it when it is asked for."""
    made = story().play(push("c", "101", R), push("c", None, E))
    made.take(made.registry.name_caller("c", Party(name="Anna")))
    assert made.registry.last_call is not None
    assert made.registry.last_call.caller == Party(number=CALLER, name="Anna")
    assert ACCOUNT in made.last.keys
    made.play(push("d", "101", R), push("d", None, E))
    assert not made.registry.name_caller("c", Party(known=True))
    ended = made.registry.ended("c")
    assert ended is not None
    assert ended.caller.known is True
    assert not made.registry.name_caller("x", Party(name="Anna"))


def test_a_name_does_not_show_a_call_in_its_grace() -> None:
    """It comes while nothing rings."""
    made = story(grace=5).play(push("c", "101", R), push("c", "101", E))
    made.take(made.registry.name_caller("c", Party(name="Anna")))
    assert not made.registry.calls
    assert not made.last


@pytest.mark.parametrize(
    ("digit", "fields"), [("5", {"digits": "5"}), ("", {})], ids=["the_key_is_known", "the_key_is_unknown"]
)
def test_a_key_that_was_pressed_is_told(digit: str, fields: dict[str, str]) -> None:
    """With its digit where the phone system tells it, and with who pressed it."""
    made = story().play(listed(call("c", leg("101", T))), hint("leg-101", dtmf=digit))
    assert made.told[-1] == "dtmf_received"
    assert made.events[-1].fields == {"pressed_by": "callee", **fields}
    assert made.heard("101")[-1] == "dtmf_received"


def rung(phone: str, state: CallState, **details: str) -> Step:
    """Push what a phone does, and whose it is."""
    message = LegPush(provider_event="x", call_id="c", leg_id=phone, extension=phone, state=state, direction=IN)
    return pushed(replace(message, caller=Party(number=CALLER), details=details))


def test_an_event_names_the_user_of_the_phone_it_names() -> None:
    """Not that of the phone of which was heard last, which may say less."""
    anna = {"user_email": "anna@example.com", "sip_username": "u1"}
    made = story().play(
        rung("101", R, **anna), rung("102", R, user_email="bo@example.com"), rung("103", R), rung("102", E)
    )
    assert [event.fields for event in made.events] == [anna, {"user_email": "bo@example.com"}, {}]
    made.play(rung("101", E), rung("103", E))
    missed = next(event for event in made.events if event.public and event.type is EventType.CALL_MISSED)
    assert (missed.extension, missed.fields) == ("101", anna)
    own = {event.extension: event.fields for event in made.events if not event.public and event.tell}
    assert own == {"101": anna, "102": {"user_email": "bo@example.com"}, "103": {}}


def test_an_event_that_names_no_phone_names_no_user_of_several() -> None:
    """Of users without an extension only the one who is alone in a call is known."""
    alone = replace(LegPush(provider_event="x", call_id="c", state=R), leg_id="a", details={"user_email": "a"})
    made = story().play(pushed(alone), pushed(replace(alone, leg_id="b", details={"user_email": "b"})))
    made.play(push("c", None, E))
    assert [event.fields for event in made.events] == [{"user_email": "a"}, {}]


def test_what_is_unknown_is_counted_and_told() -> None:
    """An automation may know more."""
    made = story().play(pushed(UnknownPush(provider_event="new.kind")))
    assert made.registry.unknown_pushes == 1
    assert made.told == ["unknown"]


def test_a_notice_goes_to_the_phones_of_its_call() -> None:
    """Or to the one it names, also after the end."""
    made = story().play(
        push("c", "101", T),
        notice(Notice(provider_event="x", type=EventType.DTMF_RECEIVED, call_id="c", fields={"digits": "1"})),
        push("c", None, E),
        notice(Notice(provider_event="x", type=EventType.RECORDING_READY, call_id="c")),
        notice(Notice(provider_event="x", type=EventType.SMS_RECEIVED, extension="102")),
    )
    assert made.heard("101")[-1] == "recording_ready:answered"
    assert "dtmf_received" in made.heard("101")
    assert made.heard("102") == ["sms_received"]


def test_what_a_later_message_knows_is_added_and_never_lost() -> None:
    """Parties fill up, a number makes a caller visible."""
    made = story().play(
        pushed(LegPush(provider_event="x", call_id="c", leg_id="101", state=R, caller=Party(hidden=True))),
        pushed(
            LegPush(
                provider_event="x",
                call_id="c",
                leg_id="101",
                state=T,
                caller=Party(number=CALLER, name="Anna"),
                queue="600",
                started_at=moment(-5),
                answered_at=moment(1),
                details={"user_email": "a@example.com", "sip_username": None},
            )
        ),
        pushed(LegPush(provider_event="x", call_id="c", leg_id="101", state=H, caller=Party(name="Other"))),
    )
    active = made.registry.calls["c"]
    assert active.caller == Party(number=CALLER, name="Anna")
    assert (active.queue, active.answered_at) == ("600", moment(1))
    assert active.started_at == moment(1)
    assert made.events[-1].fields == {"user_email": "a@example.com"}


@pytest.mark.parametrize("seen_before", [True, False])
@pytest.mark.parametrize("state", [CallState.TALKING, CallState.ON_HOLD])
def test_nobody_knows_when_a_call_was_answered_that_is_first_seen_up(state: CallState, *, seen_before: bool) -> None:
    """Neither the list that shows it first nor a later one makes the time up, after a restart or in between."""
    registry = CallRegistry()
    legs = (Leg(id="a", state=state), Leg(id="b", state=state, extension="100"))
    row = Call(id="c", state=state, direction=Direction.INCOMING, legs=legs, started_at=moment(-35))
    if seen_before:
        registry.snapshot([], moment(-5), moment(-5))
    for second in (0, 5, 10):
        registry.snapshot([row], moment(second), moment(second))
        assert registry.calls["c"].answered_at is None
    changes = registry.snapshot([], moment(15), moment(15))
    ended = next(event.call for event in changes.events if event.type is EventType.CALL_ENDED)
    assert ended is not None
    assert (ended.answered_at, ended.outcome) == (None, Outcome.ANSWERED)


def test_an_answer_that_was_seen_is_dated() -> None:
    """By the list that shows it first, as soon as one has shown the call ringing."""
    registry = CallRegistry()
    for second, state in ((0, CallState.RINGING), (5, CallState.TALKING)):
        leg = Leg(id="b", state=state, extension="100")
        row = Call(id="c", state=state, direction=Direction.INCOMING, legs=(leg,))
        registry.snapshot([row], moment(second), moment(second))
    assert registry.calls["c"].answered_at == moment(5)
