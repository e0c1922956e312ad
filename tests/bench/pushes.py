"""What VoIPstudio pushes of an unanswered call: each of the two bodies makes one event and writes several states."""

import json
from collections.abc import Iterator
from itertools import count

RINGS, MISSED = "call.initial", "call.missed"
# Stands for the call's id where somebody else puts that in.
ANY_CALL = "ANY-CALL"
# Numbers that nobody has, as many as there are.
CALLERS = 1000

_calls = count(4_300_000_000)


def fresh_call() -> str:
    """Give the id of a call that never was."""
    return str(next(_calls))


def bodies(index: int, call_id: str = ANY_CALL, caller: int | None = None) -> list[bytes]:
    """Make the bodies of a call to the extension with this index, in order; each has a caller unless one is given."""
    number = f"442079460{(index if caller is None else caller) % CALLERS:03}"
    row = {
        "event_time": "2026-10-05 12:00:00",
        "call_id": call_id,
        "root_call_id": call_id,
        "connected_at": None,
        "start_time": "2026-10-05 12:00:00",
        "context": "LOCAL_USER",
        "destination": "in",
        "duration": 0,
        "src_id": "0",
        "src": number,
        "src_name": f'"Grace Okafor" <{number}>',
        "dst_id": str(10002 + index),
        "dst": "441632960500",
        "dst_name": "Anna Keller",
        "src_hash": "8282bf2355e1ba74f628ba47c34f494fc592670c",
    }
    rings = {"id": f"uk003.{call_id}.1", "event_name": RINGS, "state": "INITIAL", **row}
    missed = {"id": f"uk003.{call_id}.2", "event_name": MISSED, "state": "HANGUP", **row}
    missed |= {"t_cause": "No Answer", "terminated_by": "caller", "final": True}
    return [json.dumps(body).encode() for body in (rings, missed)]


def calls(number: int, extensions: int) -> Iterator[list[bytes]]:
    """Make so many calls, to all extensions and from all callers in turn: a call seldom comes from the last caller."""
    for index in range(number):
        call_id = fresh_call()
        yield bodies(index % extensions, call_id, int(call_id))


def answered() -> list[bytes]:
    """Make the bodies of a call that is answered and ends, as a webhook that knows no more of a call takes them."""
    call_id = fresh_call()
    rings, over = map(json.loads, bodies(0, call_id, int(call_id)))
    talks = {**rings, "id": f"uk003.{call_id}.3", "event_name": "call.connected", "state": "CONNECTED"}
    return [json.dumps(body).encode() for body in (rings, talks, over)]
