"""The table in docs/events.md: each way in which an outcome comes to be known is tried, and what is not known is not.

A cell names the ways; there is one trial of each. `not known` has none.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custom_components.pbx.providers.voipat import payload as voipat
from custom_components.pbx.providers.voipat.calls import read_channels
from custom_components.pbx.providers.voipat.placing import PlacedCalls
from custom_components.pbx.providers.voipat.push import SocketReader, read_webhook
from custom_components.pbx.providers.voipstudio import history as voipstudio_history
from custom_components.pbx.providers.voipstudio import payload as voipstudio
from custom_components.pbx.providers.voipsun.calls import CallTracker
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.payload import call_rows
from custom_components.pbx.providers.voipsun.settings import read_phones
from custom_components.pbx.providers.voxloud import payload as voxloud
from custom_components.pbx.providers.voxloud import push as voxloud_push
from custom_components.pbx.registry.call_registry import CallRegistry, Changes
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.bounded_map import BoundedMap
from custom_components.pbx.telephony.events import event_data
from custom_components.pbx.telephony.models import CallState, Outcome

from .asterisk.test_calls import Replay, events
from .asterisk.test_records import TRUNK, Written, phone_of
from .asterisk.test_records import cdr as asterisk_cdr
from .voipstudio.account import read_push

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
T0 = datetime(2026, 6, 15, 9, tzinfo=UTC)
OUTSIDE, MAIN, DOMAIN = "+390612345678", "+390655501000", "pbx.example.com"
R, T, ENDED, D = CallState.RINGING, CallState.TALKING, CallState.ENDED, CallState.DIALING

type Step = m.Pushed | list[m.Call] | str
"""What a phone system pushes or lists; a text is an extension at which Home Assistant hangs up."""
type Trial = Callable[[], Outcome | None]

ALL = "all"
"""Home Assistant hangs up all of a call."""


def after(seconds: float) -> datetime:
    """Return a moment of the call."""
    return T0 + timedelta(seconds=seconds)


class Watch:
    """A registry, and how the last call went by it: as a whole, or for one extension."""

    def __init__(self, registry: CallRegistry, extension: str = "") -> None:
        """Look at a registry."""
        self.registry, self._extension = registry, extension
        self._of_phone: Outcome | None = None

    def note(self, changes: Changes) -> None:
        """Take note of what is told."""
        for event in changes.events:
            outcome = event_data(event).get("outcome")
            if event.extension == self._extension and not event.public and outcome:
                self._of_phone = Outcome(str(outcome))

    def hang_up(self, extension: str) -> None:
        """Let Home Assistant hang up the call, or its part of one extension."""
        (call,) = self.registry.calls.values()
        self.registry.note_hang_up(call.id, None if extension == ALL else extension, done=True)

    @property
    def outcome(self) -> Outcome | None:
        """How it went."""
        if self._extension:
            return self._of_phone
        return self.registry.last_call.outcome if self.registry.last_call is not None else None


def told(*steps: Step, extension: str = "") -> Outcome | None:
    """Return how a call went by these steps, ten seconds apart."""
    watch = Watch(CallRegistry(grace=2), extension)
    registry = watch.registry
    registry.snapshot((), T0, T0)
    for number, step in enumerate(steps):
        at = after(10 * number)
        if isinstance(step, str):
            watch.hang_up(step)
        elif isinstance(step, list):
            watch.note(registry.snapshot(tuple(step), at, at))
        else:
            watch.note(registry.apply(step, at))
    watch.note(registry.tick(after(600)))
    return watch.outcome


# -- VOIP@ Cloud -----------------------------------------------------------------------------------------

TENANT = voipat.Tenant(domain=DOMAIN, country="IT", extensions=("101", "102"), complete=True)
LEG = "aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa"


def hook(event: str, *, out: bool = False, phone: str = "101", **more: object) -> m.Pushed:
    """Let the browser's phone of VOIP@ tell something."""
    row = {"event": event, "extension": phone, "call_id": LEG, "domain": DOMAIN}
    row |= {"direction": "outbound" if out else "inbound", "caller_id": phone if out else OUTSIDE}
    row |= {"destination": OUTSIDE if out else "600"}
    request = m.PushRequest(
        method="POST", query={}, content_type="application/json", body=json.dumps(row | more).encode()
    )
    (push,) = read_webhook(request, TENANT, ())
    return push


def channels(state: str, *more: str, out: bool = False) -> list[m.Call]:
    """Let VOIP@ list a call: what its first end does, and each phone that it rings (101, 102)."""
    base = {"uuid": LEG, "call_uuid": LEG, "direction": "inbound", "callstate": state, "context": DOMAIN}
    if out:
        found = [base | {"cid_num": "101", "dest": OUTSIDE, "presence_id": f"101@{DOMAIN}"}]
    else:
        found = [base | {"cid_num": OUTSIDE, "dest": "600"}]
    for phone, callstate in zip(("101", "102"), more, strict=False):
        ours = {"uuid": f"leg{phone}", "direction": "outbound", "callstate": callstate, "dest": phone}
        found += [found[0] | ours | {"presence_id": f"{phone}@{DOMAIN}"}] if callstate else []
    return list(read_channels(found, TENANT, BoundedMap(9), BoundedMap(9)).calls)


def cause(word: str, *, out: bool = False) -> m.Pushed:
    """Let the socket of VOIP@ tell why the leg has ended that began a call."""
    (call,) = channels("RINGING", out=True) if out else channels("RINGING", "RINGING")
    data = {"uuid": LEG, "domain": DOMAIN, "hangupCause": word}
    message = json.dumps({"type": "call.hangup", "timestamp": T0.isoformat(), "data": data})
    (push,) = SocketReader(PlacedCalls(), lambda: TENANT).read(message, {LEG: call}, {LEG}, encoded=False)
    return push


def bill(*, out: bool = False, **more: object) -> m.RecordPush:
    """Let VOIP@ write a call down."""
    row: dict[str, object] = {"xml_cdr_uuid": LEG, "domain_name": DOMAIN, "billsec": 0}
    row |= {"direction": "outbound" if out else "inbound", "caller_id_number": "101" if out else OUTSIDE}
    record = voipat.read_record(row | {"destination_number": OUTSIDE if out else "101"} | more, TENANT)
    assert record is not None
    return m.RecordPush(provider_event="history", record=record)


# -- Voxloud ---------------------------------------------------------------------------------------------

BOOK = voxloud.Book(country="IT", own=frozenset({MAIN}))


def event(kind: str, *, out: bool = False, phone: int | None = 101, **more: object) -> m.Pushed:
    """Let Voxloud tell something."""
    parties = {"originatorNumber": "101" if out else OUTSIDE, "destinationNumber": OUTSIDE if out else MAIN}
    data = {"callId": "c1", "type": kind, **parties, **more} | ({"userExtension": phone} if phone else {})
    push = voxloud_push.read_push({"type": f"CALL_{kind}", "data": data}, BOOK)
    assert push is not None
    return push


def written(last: str, *, out: bool = False, **more: object) -> m.Pushed:
    """Let Voxloud write a call down."""
    parties = {"originatorNumber": "101" if out else OUTSIDE, "destinationNumber": OUTSIDE if out else MAIN}
    row = {"id": 1, "callId": "c1", "direction": "OUTBOUND" if out else "INBOUND", "lastEvent": last, **parties, **more}
    push = voxloud_push.read_push({"type": "PHONE_CALL", "data": row}, BOOK)
    assert push is not None
    return push


# -- VoIPstudio ------------------------------------------------------------------------------------------

NO_MORE: Mapping[str, object] = {}
STUDIO = voipstudio.book(
    [{"id": 10002, "ext": "1002"}, {"id": 10003, "ext": "1003"}], complete=True, country="IT", queues={}
)


def studio(
    name: str, state: str, *, out: bool = False, user: int = 10002, more: Mapping[str, object] = NO_MORE
) -> m.Pushed:
    """Let VoIPstudio tell something."""
    row = {"id": f"u.{name}.{user}", "event_name": name, "call_id": user, "root_call_id": 1, "state": state}
    ours, theirs = {"id": str(user), "n": "1002"}, {"id": "0", "n": OUTSIDE}
    one, other = (ours, theirs) if out else (theirs, ours)
    row |= {"src": one["n"], "src_id": one["id"], "dst": other["n"], "dst_id": other["id"]}
    row |= {"destination": "out" if out else "in"}
    return read_push(json.dumps({**row, **more}).encode(), STUDIO)[0]


def cdr(disposition: str, *, out: bool = False, **more: object) -> m.RecordPush:
    """Let VoIPstudio write a call down."""
    ours, theirs = ("1002", "10002"), (OUTSIDE, "0")
    one, other = (ours, theirs) if out else (theirs, ours)
    row = {"id": 1, "root_live_id": 1, "live_id": 1, "disposition": disposition, "type": "O" if out else "I"}
    row |= {"src": one[0], "src_id": one[1], "dst": other[0], "dst_id": other[1]}
    ((record, _),) = voipstudio_history.records([row | more], STUDIO)
    return m.RecordPush(provider_event="history", record=record)


# -- VoIPSUN ---------------------------------------------------------------------------------------------


def rows(*lists: str, hung_up: str = "", extension: str = "") -> Outcome | None:
    """Return how a call went of which a VoIPSUN PBX has listed these rows: channel, src, dst, status."""
    names = {"sip101": {"number": "101"}, "sip102": {"number": "102"}, "trunk": {"hidden": True}}
    tracker = CallTracker(Lines(read_phones(names), "IT"), lists_called_phones=True)
    watch = Watch(CallRegistry(), extension)
    watch.registry.snapshot((), T0, T0)
    for number, text in enumerate([*lists, ""]):
        now = after(2 * number)
        found = [dict(zip(KEYS, one.split(), strict=True)) for one in text.split("|") if one]
        found = [row | {"dst": row["dst"].strip("-"), "duration": str(2 * number)} for row in found]
        watch.note(watch.registry.snapshot(tracker.update(call_rows(found), now, now, {}), now, now))
        if hung_up and number == 0:
            watch.hang_up(hung_up)
    return watch.outcome


KEYS = ("channelName", "src", "dst", "status")
RINGS = "SIP/trunk-00000001 390612345678 390655501000 Ring|SIP/sip101-00000002 101 390655501000 Ringing"
BOTH = f"{RINGS}|SIP/sip102-00000003 102 390655501000 Ringing"
TALKS = "SIP/trunk-00000001 390612345678 390655501000 Up|SIP/sip101-00000002 101 - Up"
DIALS = "SIP/sip101-00000001 101 390612345678 Ring|SIP/trunk-00000002 390612345678 390612345678 Ringing"

# -- Asterisk --------------------------------------------------------------------------------------------


ANSWERS = frozenset({"DialEnd", "BridgeEnter", "BridgeLeave"})


def heard(
    story: str, *, hung_up: bool = False, extension: str = "", answered: bool = True, status: str = ""
) -> Outcome | None:
    """Return how the call of a recording went; also if it is not `answered`, or has another dial status."""
    replay = Replay()
    watch = Watch(replay.registry, extension)
    for message in events(story):
        up = message["Event"] in ANSWERS or (message["Event"] == "Newstate" and message["ChannelState"] == "6")
        if up and not answered:
            continue
        changed = {"DialStatus": status} if status and "DialStatus" in message else {}
        replay.feed({**message, **changed})
        if hung_up and replay.registry.calls:
            watch.hang_up(ALL)
    replay.finish(datetime.fromtimestamp(float(events(story)[-1]["Timestamp"]), UTC) + timedelta(seconds=10))
    for changes in replay.changes:
        watch.note(changes)
    return watch.outcome


def recorded(said: str, *, out: bool = False, more: str = "") -> Outcome | None:
    """Return how a call of Asterisk went that nobody saw, by its records."""
    ends, dialled = ((phone_of("101"), TRUNK), "420608000111") if out else ((TRUNK, phone_of("101")), "222300101")
    rows = [asterisk_cdr(*ends, said, Destination=dialled)]
    if more:
        rows.append(asterisk_cdr(ends[0], LastApplication=more, Sequence="2"))
    return told(*(m.RecordPush(provider_event="Cdr", record=one, key=one.id) for one in Written().told(*rows)))


def listed(state: CallState) -> list[m.Call]:
    """Let VoIPstudio list a call from outside."""
    legs = (m.Leg(id="1", state=state, extension="1002"),)
    return [m.Call(id="1", state=state, direction=m.Direction.INCOMING, legs=legs)]


RING, ANSWER, END = (
    studio("call.ringing", "RINGING"),
    studio("call.connected", "CONNECTED"),
    studio("call.hangup", "HANGUP"),
)
DIAL = studio("call.initial", "INITIAL", out=True)
END_OUT = studio("call.hangup", "HANGUP", out=True)
CONNECTED = {
    "start_time": "2026-06-15 09:00:00",
    "connected_at": "2026-06-15 09:00:05",
    "event_time": "2026-06-15 09:00:10",
}
TRIALS: dict[str, dict[str, Trial]] = {
    "answered": {
        "VOIP@ Cloud list": lambda: told(channels("RINGING", "RINGING"), channels("ACTIVE", "ACTIVE"), []),
        "VOIP@ Cloud event": lambda: told(hook("new_call"), hook("answered"), hook("hangup")),
        "VOIP@ Cloud talk time at the end": lambda: told(hook("new_call"), hook("hangup", duration="45")),
        "VOIP@ Cloud record": lambda: told(hook("new_call"), hook("hangup"), bill(billsec=45)),
        "Voxloud event": lambda: told(event("INCOMING"), event("ANSWERED"), event("HANGUP")),
        "Voxloud record": lambda: told(
            event("INCOMING"), event("HANGUP"), written("CALL_TERMINATED", answererNumber="101")
        ),
        "VoIPSUN list": lambda: rows(RINGS, TALKS),
        "VoIPstudio list": lambda: told(listed(R), listed(T), []),
        "VoIPstudio event": lambda: told(RING, ANSWER, END),
        "VoIPstudio connected time at the end": lambda: told(RING, studio("call.hangup", "HANGUP", more=CONNECTED)),
        "VoIPstudio record": lambda: told(RING, END, cdr("CONNECTED", billsec=30, duration=40)),
        "Asterisk / FreePBX event": lambda: heard("01_inbound_answered"),
        "Asterisk / FreePBX record": lambda: recorded("ANSWERED"),
    },
    "missed": {
        "VOIP@ Cloud nobody talked": lambda: told(hook("new_call"), hook("hangup")),
        "VOIP@ Cloud record": lambda: told(bill(hangup_cause="ORIGINATOR_CANCEL")),
        "Voxloud nobody talked": lambda: told(event("INCOMING"), event("HANGUP")),
        "Voxloud record": lambda: told(
            event("INCOMING", phone=None),
            event("ANSWERED", phone=None),
            event("HANGUP", phone=None),
            written("CALL_LOST_NO_ANSWER"),
        ),
        "VoIPSUN nobody talked": lambda: rows(RINGS),
        "VoIPstudio nobody talked": lambda: told(RING, END),
        "VoIPstudio record": lambda: told(cdr("NO ANSWER")),
        "Asterisk / FreePBX nobody talked": lambda: heard("04_no_answer"),
        "Asterisk / FreePBX record": lambda: recorded("NO ANSWER"),
    },
    "no_answer": {
        "VOIP@ Cloud nobody talked": lambda: told(channels("RINGING", out=True), []),
        "VOIP@ Cloud record": lambda: told(bill(out=True, hangup_cause="NO_ANSWER")),
        "Voxloud nobody talked": lambda: told(event("STARTED", out=True), event("HANGUP", out=True)),
        "Voxloud record": lambda: told(written("CALL_LOST_NO_ANSWER", out=True)),
        "VoIPSUN nobody talked": lambda: rows(DIALS),
        "VoIPstudio nobody talked": lambda: told(DIAL, END_OUT),
        "VoIPstudio record": lambda: told(cdr("NO ANSWER", out=True)),
        "Asterisk / FreePBX nobody talked": lambda: heard("03_outbound", answered=False),
        "Asterisk / FreePBX record": lambda: recorded("NO ANSWER", out=True),
    },
    "busy": {
        "VOIP@ Cloud hang-up cause": lambda: told(channels("RINGING", "RINGING"), cause("USER_BUSY"), []),
        "VOIP@ Cloud record": lambda: told(bill(hangup_cause="USER_BUSY")),
        "Voxloud record": lambda: told(event("INCOMING"), event("HANGUP"), written("CALL_LOST_USER_BUSY")),
        "VoIPstudio hang-up cause": lambda: told(
            DIAL, studio("call.hangup", "HANGUP", out=True, more={"t_cause": "User busy"})
        ),
        "VoIPstudio record": lambda: told(DIAL, END_OUT, cdr("BUSY", out=True)),
        "Asterisk / FreePBX dial status": lambda: heard("06_busy"),
        "Asterisk / FreePBX record": lambda: recorded("BUSY", out=True),
    },
    "rejected": {
        "VOIP@ Cloud hang-up cause": lambda: told(channels("RINGING", out=True), cause("CALL_REJECTED", out=True), []),
        "VOIP@ Cloud record": lambda: told(bill(hangup_cause="CALL_REJECTED")),
        "VOIP@ Cloud hung up here": lambda: told(hook("new_call"), ALL, hook("hangup")),
        "Voxloud record": lambda: told(event("INCOMING"), event("HANGUP"), written("CALL_REJECTED")),
        "VoIPSUN hung up here": lambda: rows(RINGS, hung_up=ALL),
        "VoIPstudio hang-up cause": lambda: told(
            RING, studio("call.hangup", "HANGUP", more={"t_cause": "Call Rejected"})
        ),
        "VoIPstudio record": lambda: told(cdr("NO ANSWER", t_cause="Call Rejected")),
        "VoIPstudio hung up here": lambda: told(RING, ALL, END),
        "Asterisk / FreePBX hang-up cause": lambda: heard("07_declined"),
        "Asterisk / FreePBX hung up here": lambda: heard("05_caller_cancels", hung_up=True),
    },
    "cancelled": {
        "VOIP@ Cloud hang-up cause": lambda: told(
            channels("RINGING", out=True), cause("ORIGINATOR_CANCEL", out=True), []
        ),
        "VOIP@ Cloud record": lambda: told(bill(out=True, hangup_cause="ORIGINATOR_CANCEL")),
        "VOIP@ Cloud hung up here": lambda: told(channels("RINGING", out=True), ALL, []),
        "Voxloud record": lambda: told(written("CALL_CANCELED_BY_ORIGINATOR", out=True)),
        "VoIPSUN hung up here": lambda: rows(DIALS, hung_up=ALL),
        "VoIPstudio hung up here": lambda: told(DIAL, ALL, END_OUT),
        "Asterisk / FreePBX hung up here": lambda: heard("03_outbound", answered=False, hung_up=True),
    },
    "failed": {
        "VOIP@ Cloud hang-up cause": lambda: told(
            channels("RINGING", out=True), cause("UNALLOCATED_NUMBER", out=True), []
        ),
        "VOIP@ Cloud record": lambda: told(bill(out=True, hangup_cause="UNALLOCATED_NUMBER")),
        "VoIPstudio event": lambda: told(
            studio("call.initial", "INITIAL", out=True, more={"call_id": 1}),
            studio("call.failed", "FAILED", out=True, more={"call_id": 1}),
        ),
        "VoIPstudio record": lambda: told(DIAL, END_OUT, cdr("FAILED", out=True)),
        "Asterisk / FreePBX dial status": lambda: heard("06_busy", status="CONGESTION"),
        "Asterisk / FreePBX record": lambda: recorded("CONGESTION", out=True),
    },
    "voicemail": {
        "VOIP@ Cloud record": lambda: told(hook("new_call"), hook("hangup"), bill(billsec=9, last_app="voicemail")),
        "Voxloud record": lambda: told(
            event("INCOMING"), event("HANGUP"), written("CALL_TERMINATED", voicemail=True, duration=30, ringTime=1)
        ),
        "Asterisk / FreePBX event": lambda: heard("22_voicemail"),
        "Asterisk / FreePBX record": lambda: recorded("NO ANSWER", more="VoiceMail"),
    },
    "answered_elsewhere": {
        "VOIP@ Cloud another phone talks": lambda: told(
            channels("RINGING", "RINGING", "RINGING"), channels("ACTIVE", "", "ACTIVE"), [], extension="101"
        ),
        "Voxloud another phone talks": lambda: told(
            event("INCOMING"), event("INCOMING", phone=102), event("ANSWERED", phone=102), extension="101"
        ),
        "VoIPSUN another phone talks": lambda: rows(BOTH, TALKS, extension="102"),
        "VoIPstudio another phone talks": lambda: told(
            RING,
            studio("call.ringing", "RINGING", user=10003),
            studio("call.connected", "CONNECTED", user=10003),
            extension="1002",
        ),
        "Asterisk / FreePBX another phone talks": lambda: heard("08_group_answered", extension="102"),
    },
}


def table() -> dict[tuple[str, str], list[str]]:
    """Return the ways that the page names, by outcome and provider."""
    text = PAGE.read_text(encoding="utf-8").partition("## How a call went")[2].partition("\n## ")[0]
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    head, _, *body = lines
    return {
        (row[0].strip("`"), provider): [way.strip() for way in re.split(r"[,;]", cell) if way.strip() != "not known"]
        for row in body
        for provider, cell in zip(head[1:], row[1:], strict=True)
    }


@pytest.mark.parametrize(("outcome", "way"), [(outcome, way) for outcome, ways in TRIALS.items() for way in ways])
def test_a_way_in_which_an_outcome_comes_to_be_known(outcome: str, way: str) -> None:
    """It is so."""
    assert TRIALS[outcome][way]() == outcome


def test_the_page_names_each_way_and_no_other() -> None:
    """What is not known has none."""
    named = {outcome: set[str]() for outcome, _ in table()}
    for (outcome, provider), ways in table().items():
        named[outcome] |= {f"{provider} {way}" for way in ways}
    assert named == {outcome: set(ways) for outcome, ways in TRIALS.items()}
