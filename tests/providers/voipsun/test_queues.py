"""VoIPSUN: what an answer says about a queue."""

import pytest

from custom_components.pbx.providers.voipsun.queues import queue_reading
from custom_components.pbx.telephony import models as m

QUEUE = m.UserQueue(id="q1", name="podpora")


AGENTS = {"1000": "a0", "novak": "a0", "1001": "a1"}


CONTRACT_QUEUE = {
    "success": "true",
    "queue": {
        "name": "podpora",
        "calls": "2",
        "holdtime": "24",
        "talktime": "131",
        "completed": "57",
        "abandoned": "4",
        "serviceLevel": "60",
        "serviceLevelPerf": "91.2",
        "loggedIn": "2",
        "available": "1",
        "callers": "2",
        "longestHoldTime": "48",
    },
    "members": [
        {"name": "novak", "interface": "Agent/1000", "penalty": "1", "callsTaken": "12", "status": "2", "paused": "0"},
        {"name": "x", "interface": "Agent/1001", "penalty": "2", "callsTaken": "9", "status": "5", "paused": "1"},
        {"name": "desk", "interface": "SIP/sip105", "penalty": "0", "status": "1", "paused": "0"},
    ],
    "callers": [
        {"position": "1", "channel": "SIP/trunk-0000b711", "callerIdNum": "420777123456", "wait": "48"},
        {"position": "2", "channel": "SIP/trunk-0000b713", "callerIdNum": "420602111222", "wait": "9"},
    ],
}


def test_the_contracts_queue() -> None:
    """All figures, the members that are known, and who waits."""
    reading = queue_reading(QUEUE, CONTRACT_QUEUE, AGENTS)
    queue = reading.queue
    assert (queue.waiting, queue.longest_wait, queue.average_wait) == (2, 48, 24)
    assert (queue.agents_logged_in, queue.agents_available, queue.service_level) == (2, 1, 91.2)
    assert (queue.answered, queue.abandoned) == (57, 4)
    assert queue.members == {"a0": True, "a1": False}
    assert reading.paused == {"a0": False, "a1": True}
    assert reading.channels == ("SIP/trunk-0000b711", "SIP/trunk-0000b713")
    assert (queue.id, queue.name) == ("q1", "podpora")


@pytest.mark.parametrize(
    ("answered", "abandoned", "told", "level"),
    [("0", "0", "0.0", None), ("3", "1", "75.0", 75), ("0", "2", "0.0", 0), (None, None, "50.0", 50)],
)
def test_service_level(answered: str | None, abandoned: str | None, told: str, level: float | None) -> None:
    """A queue without a call has none; one whose callers all gave up has none that is good."""
    counted = {"completed": answered, "abandoned": abandoned, "servicelevelPerf": told}
    answer = {key: value for key, value in counted.items() if value is not None}
    assert queue_reading(QUEUE, answer, AGENTS).queue.service_level == level


def test_agents_that_nobody_added() -> None:
    """They are told by number and name; a phone that is a member itself is no agent."""
    assert queue_reading(QUEUE, CONTRACT_QUEUE, AGENTS).queue.strangers == {}
    some = {"1001": "a1"}
    assert queue_reading(QUEUE, CONTRACT_QUEUE, some).queue.strangers == {"1000": "novak"}
    bare = {"members": [{"name": "Agent/1002", "Location": "Agent/1002", "paused": "0"}, {"name": "x", "paused": "0"}]}
    assert queue_reading(QUEUE, bare, {}).queue.strangers == {"1002": ""}


@pytest.mark.parametrize(
    "reached",
    ["Agent/1000", "Agent/1000@queue", "Local/1000@agents", "Local/1000@agents/n", "local/1000@agents/nj", ""],
)
def test_a_member_is_known_by_what_the_queue_reaches_it_by(reached: str) -> None:
    """Options of a Local channel stand behind another stroke; a member that shows nothing else has its name."""
    member = {"name": reached or "NOVAK", "interface": reached, "status": "1", "paused": "1"}
    known = queue_reading(QUEUE, {"members": [member, {"paused": "0"}]}, AGENTS)
    assert (known.queue.members, known.paused) == ({"a0": True}, {"a0": True})


def test_a_queue_of_lists_only() -> None:
    """What has no figure of its own is counted."""
    answer = {key: CONTRACT_QUEUE[key] for key in ("members", "callers")}
    queue = queue_reading(QUEUE, answer, AGENTS).queue
    assert (queue.waiting, queue.longest_wait, queue.agents_logged_in, queue.agents_available) == (2, 48, 2, 1)
    assert (queue.average_wait, queue.service_level, queue.answered) == (None, None, None)


def test_a_queue_as_asterisk_tells_it() -> None:
    """One list of unlike events, a keyed map of members, other names for the same."""
    events = [
        {"Event": "QueueParams", "Queue": "podpora", "Calls": 1, "Holdtime": 7, "ServiceLevel": "0", "Abandoned": "2"},
        {"Event": "QueueMember", "Name": "novak", "Location": "Local/9@x", "Paused": "1", "Status": "1", "Penalty": 0},
        {"Event": "QueueEntry", "Position": "1", "Channel": "SIP/a-00000001", "Wait": "00:00:12"},
    ]
    reading = queue_reading(QUEUE, events, AGENTS)
    assert (reading.queue.waiting, reading.queue.longest_wait, reading.queue.average_wait) == (1, 12, 7)
    assert reading.queue.service_level is None
    assert (reading.queue.members, reading.paused) == ({"a0": True}, {"a0": True})
    assert (reading.queue.agents_logged_in, reading.queue.agents_available) == (1, 0)
    keyed = queue_reading(QUEUE, {"members": {"0": {"penalty": "1", "name": "NOVAK"}, "3": {"penalty": "1"}}}, AGENTS)
    assert keyed.queue.members == {"a0": True}
    assert (keyed.paused, keyed.queue.agents_logged_in, keyed.queue.waiting) == ({}, None, None)


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"success": "true"}, "x", 7, {"queue": {"calls": "soon", "sla": 400}}]
)
def test_a_queue_that_cannot_be_read_is_unknown(answer: object) -> None:
    """Never 0."""
    reading = queue_reading(QUEUE, answer, AGENTS)
    assert reading.queue == m.Queue(id="q1", name="podpora")


def test_an_empty_queue_has_no_wait() -> None:
    """Nobody waits: that is known."""
    queue = queue_reading(QUEUE, {"success": "true", "callers": []}, AGENTS).queue
    assert (queue.waiting, queue.longest_wait) == (0, 0.0)
