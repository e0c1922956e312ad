"""What VOIP@ answers, turned into models: extensions, call records and sums.

Pure. Numbers come as text, sums in three shapes, and rows of other tenants among the own.
"""

import re
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from ...telephony import models as m
from ...telephony.models import Direction, Outcome
from ...telephony.numbering_plans import is_north_american
from ...telephony.phone_numbers import display_name, is_extension, is_inside, normalise, strip
from ..parties import read_number, read_party
from ..values import Json, boolean, instant, integer, mapping, mappings, seconds, text

LONGEST_WORD = 255
LONGEST_NAME = 64
LIST_DEPTH = 3
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
BRIDGED = frozenset({"", "bridge"})  # the last application of a call that reached a phone
NO_NAMES = frozenset({"", "outbound call"})  # what the switch writes where it knows no name


DIRECTIONS = {
    "inbound": Direction.INCOMING,
    "outbound": Direction.OUTGOING,
    "local": Direction.INTERNAL,
}
NOT_ANSWERED = frozenset(
    {
        "NO_ANSWER",
        "NO_USER_RESPONSE",
        "ORIGINATOR_CANCEL",
        "NORMAL_CLEARING",
        "ALLOTTED_TIMEOUT",
        "PROGRESS_TIMEOUT",
    }
)
MISSED = frozenset({"missed", "abandoned", "no_answer", "no answer"})
"""What a record's status says of a call that no person has taken."""
OUTCOMES = {
    "USER_BUSY": Outcome.BUSY,
    "CALL_REJECTED": Outcome.REJECTED,
    "LOSE_RACE": Outcome.ANSWERED_ELSEWHERE,
    "PICKED_OFF": Outcome.ANSWERED_ELSEWHERE,
}


class Tenant(NamedTuple):
    """Whose rows these are: other tenants share the server.

    `complete` says that no other extensions exist.
    """

    domain: str
    country: str = ""
    extensions: Collection[str] = frozenset()
    complete: bool = False

    def owns(self, domain: str) -> bool:
        """Return whether a domain is this tenant's, exactly."""
        return bool(self.domain) and domain.lower() == self.domain.lower()

    def is_inside(self, caller: str) -> bool:
        """Tell whether a caller's number is an extension."""
        return is_inside(caller, self.extensions, complete=self.complete)

    def dials_inside(self, dialled: str) -> bool:
        """Tell whether a number that was dialled is an extension, or a code."""
        return dialled in self.extensions or is_extension(dialled)

    def number(self, raw: str) -> str:
        """Return a number that was dialled, read as phones at home dial; an extension as it is."""
        return read_number(raw, self.country, self.extensions, national=True)

    def looked_for(self, number: str) -> str:
        """Return a number that is looked for in the way those of callers are read."""
        return normalise(number, self.country, national=self.hears_ten_digits)

    @property
    def hears_ten_digits(self) -> bool:
        """Return whether a caller's digits are first what they are at home.

        Lines of North America leave the 1 away for callers there, and a number with its 1 has
        eleven digits. Elsewhere it is the plus that is missing: the switch takes it away.
        """
        return is_north_american(self.country)


class PlacedCall(NamedTuple):
    """A call that was placed by API.

    `extension` rings first, `number` is called then, `shown` is what the phone shows meanwhile.
    """

    extension: str
    number: str
    shown: str


def word(value: object, longest: int = LONGEST_WORD) -> str:
    """Return one clean line of bounded length."""
    return text(value)[:longest]


def party(raw: str, name: str, tenant: Tenant) -> m.Party:
    """Make one end of a call from what a phone would show."""
    return read_party(
        raw,
        name_of(name, raw),
        tenant.country,
        national=tenant.hears_ten_digits,
        inside=tenant.extensions,
    )


def name_of(name: str, *numbers: str) -> str:
    """Give a name that is one: not the switch's filler, not the number again."""
    bare = {strip(value).lstrip("+") for value in numbers}
    shown = "" if name.lower() in NO_NAMES else display_name(name)
    return "" if strip(shown).lstrip("+") in bare else shown


# -- extensions and records ------------------------------------------------------------------------


def read_extension(item: Json, tenant: Tenant) -> m.Extension | None:
    """Return one extension; None for a disabled one, another tenant's, or one without a number."""
    digits = word(item.get("extension"), LONGEST_NAME)
    domain = word(item.get("domain_name"))
    if not digits or boolean(item.get("enabled")) is False or (domain and not tenant.owns(domain)):
        return None
    person = " ".join(
        part
        for key in ("directory_first_name", "directory_last_name")
        if (part := word(item.get(key), LONGEST_NAME))
    )
    name = word(item.get("effective_caller_id_name"), LONGEST_NAME)
    shown = tenant.number(word(item.get("outbound_caller_id_number"), LONGEST_NAME))
    label = word(item.get("outbound_caller_id_name"), LONGEST_NAME)
    return m.Extension(
        number=digits,
        name=person or name_of(name, digits),
        id=word(item.get("extension_uuid")),
        outbound_numbers=(m.OutboundNumber(number=shown, label=label, selected=True),)
        if shown
        else (),
    )


def read_registrations(answer: object) -> frozenset[str] | None:
    """Return which extensions are registered; None where the answer holds no list."""
    rows = answer
    for _ in range(LIST_DEPTH):
        if isinstance(rows, dict):
            rows = next(
                (rows[key] for key in ("registrations", "rows", "data") if key in rows), rows
            )
    if not isinstance(rows, list | dict) or (rows and not mappings(rows)):
        return None
    found = set()
    for row in mappings(rows):
        user = next(
            (
                name
                for key in ("reg_user", "user", "sip_user", "sip-auth-user")
                if (name := word(row.get(key)))
            ),
            "",
        )
        if "unreg" not in word(row.get("status")).lower():
            found.add(user.split("@")[0])
    return frozenset(found - {""})


def read_record(item: Json, tenant: Tenant) -> m.CallRecord | None:
    """Read one call record; None for another tenant's, or one without an id."""
    record_id, domain = word(item.get("xml_cdr_uuid")), word(item.get("domain_name"))
    if not record_id or (domain and not tenant.owns(domain)):
        return None
    source, target = word(item.get("caller_id_number")), word(item.get("destination_number"))
    direction = _direction(word(item.get("direction")), source, target, tenant)
    began, answered, ended = (
        instant(item.get(key)) for key in ("start_stamp", "answer_stamp", "end_stamp")
    )
    talked = seconds(item.get("billsec"))
    outcome = _outcome(item, direction, picked_up=bool(talked) or answered is not None)
    if outcome in m.UNTAKEN:
        answered, talked = None, talked and 0.0  # what a machine has picked up, no person has
    cause = word(item.get("hangup_cause"), LONGEST_NAME)
    phone = target if direction is Direction.INCOMING else source
    # The switch keeps nothing but digits of a caller's number: of *anonymous* nothing is left.
    shown = source or ("anonymous" if direction is Direction.INCOMING else "")
    reached = (
        target if direction is not Direction.OUTGOING and target in tenant.extensions else None
    )
    return m.CallRecord(
        id=record_id,
        call_id=record_id,  # the switch names a record after the leg that began the call
        direction=direction,
        outcome=outcome,
        by_seconds=outcome is Outcome.ANSWERED
        and direction is not Direction.OUTGOING
        and (reached is None or word(item.get("last_app")) not in BRIDGED),
        caller=party(shown, word(item.get("caller_id_name")), tenant),
        callee=m.Party(number=tenant.number(target)),
        extension=phone if direction is not None and tenant.is_inside(phone) else None,
        answered_by=reached if outcome is Outcome.ANSWERED else None,
        started_at=began,
        answered_at=answered,
        ended_at=ended,
        ring_time=_between(began, answered or ended),
        duration=talked,
        hangup_cause=cause or None,
        recording_id=word(item.get("record_name")) or None,
    )


def _direction(said: str, source: str, target: str, tenant: Tenant) -> Direction | None:
    """Return which way a recorded call went: what its two ends tell where it says nothing."""
    if said.lower() in DIRECTIONS:
        return DIRECTIONS[said.lower()]
    if source and tenant.is_inside(source):
        return Direction.INTERNAL if tenant.dials_inside(target) else Direction.OUTGOING
    return Direction.INCOMING if target else None


def _outcome(item: Json, direction: Direction | None, *, picked_up: bool) -> Outcome:
    """Return what became of a recorded call.

    That it was missed says that no person took it, whatever machine has picked up.
    """
    status, cause = word(item.get("status")).lower(), word(item.get("hangup_cause")).upper()
    if status == "voicemail" or (picked_up and word(item.get("last_app")).lower() == "voicemail"):
        return Outcome.VOICEMAIL
    elsewhere = OUTCOMES.get(cause)
    if elsewhere is Outcome.ANSWERED_ELSEWHERE and not picked_up:
        return elsewhere
    missed = boolean(item.get("missed_call")) or status in MISSED
    if missed and direction is not Direction.OUTGOING:
        return Outcome.MISSED
    if picked_up:
        return Outcome.ANSWERED
    return outcome_of(cause, direction) or Outcome.UNKNOWN


def outcome_of(cause: str, direction: Direction | None) -> Outcome | None:
    """Tell how a call ended that nobody answered; None where its cause does not say."""
    if not cause:
        return None
    if cause in NOT_ANSWERED:
        if direction is not Direction.OUTGOING:
            return Outcome.MISSED
        return Outcome.CANCELLED if cause == "ORIGINATOR_CANCEL" else Outcome.NO_ANSWER
    return OUTCOMES.get(cause, Outcome.FAILED)


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds between two times; None where they tell nothing."""
    return None if begin is None or end is None or end < begin else (end - begin).total_seconds()


NO_CALLS = m.Statistics(total=0, answered=0, missed=0, mean_duration=0)


def read_statistics(stats: object) -> m.Statistics | None:
    """Read any of the three shapes of sums; None where there is none to read."""
    if isinstance(stats, list):
        return _statistics_by_direction(mappings(stats))
    if not isinstance(stats, dict):
        return None
    answer = mapping(stats)
    total = integer(answer.get("total_calls"))
    if total is None:
        return None
    if total == 0:
        return NO_CALLS  # the server says null instead of 0
    answered, missed = (
        integer(answer.get(f"{key}_calls", answer.get(key))) for key in ("answered", "missed")
    )
    return m.Statistics(
        total=total,
        answered=total - missed if answered is None and missed is not None else answered,
        missed=total - answered if missed is None and answered is not None else missed,
        mean_duration=seconds(answer.get("avg_duration")),
    )


def _statistics_by_direction(rows: tuple[Json, ...]) -> m.Statistics:
    """Return the sums of rows that are each about one direction."""

    def whole(key: str) -> int:
        """Return the sum of a column."""
        return sum(integer(row.get(key)) or 0 for row in rows)

    answered = whole("answered_calls")
    by_direction: dict[str, int] = {}
    for row in rows:
        way = DIRECTIONS.get(word(row.get("direction")).lower())
        if way is not None:
            by_direction[way] = by_direction.get(way, 0) + (integer(row.get("total_calls")) or 0)
    return m.Statistics(
        total=whole("total_calls"),
        answered=answered,
        missed=whole("missed_calls"),
        mean_duration=whole("total_duration_sec") / answered if answered else 0,
        by_direction=by_direction,
    )


def sum_up(records: Collection[m.CallRecord]) -> m.Statistics:
    """Sum up records the way the server would."""
    talked = [record for record in records if record.outcome is Outcome.ANSWERED]
    by_direction: dict[str, int] = {}
    for record in records:
        if record.direction is not None:
            by_direction[record.direction] = by_direction.get(record.direction, 0) + 1
    return m.Statistics(
        total=len(records),
        answered=len(talked),
        missed=len(records) - len(talked),
        mean_duration=sum(record.duration or 0 for record in talked) / len(talked) if talked else 0,
        by_direction=by_direction,
    )
