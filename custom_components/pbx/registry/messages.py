"""Identify and apply: messages about legs and whole calls, and hints.

Which call a message is about, whether that goes on, begins or is over, and what it says of it; the
numbers of rules are those of docs/development/calls.md.
"""

from dataclasses import replace

from ..telephony import models as m
from ..telephony.models import CallState, Direction, LegPush
from . import announcements
from .active_call import ActiveCall
from .apply_message import apply_hint, apply_message, our_time
from .changes import Cause, Changes
from .directory import AccountDirectory
from .ended import EndedCall
from .lifecycle import Lifecycle


class Messages:
    """Takes the messages about the calls of one account."""

    def __init__(self, life: Lifecycle, directory: AccountDirectory) -> None:
        """Initialize over the calls and the directory of the account."""
        self._life = life
        self._directory = directory

    def take(self, push: LegPush, cause: Cause, changes: Changes) -> None:
        """Take a message about a leg, or about a whole call."""
        if push.extension is not None and self._life.identity.is_machine(push.call_id):
            self._part_from_machine(push.call_id, cause, changes)
        call = self._call_of_message(push, cause, changes)
        if call is None:
            return
        if self._life.identity.is_machine(push.call_id):
            push = _of_machine(push)
        address = self._life.identity.address(push)
        if apply_message(call, self._from_where(push), address, cause.time):
            changes.refresh = True
        if push.leg_id is not None:
            self._life.identity.name_leg(push.leg_id, call.id)
        rings_on = push.state in m.EARLY and call.meaning.answered
        if address.correlated and (rings_on or not call.lists(push.extension)):
            changes.refresh = True  # it may be over, if the message comes late
        if push.state is CallState.ENDED and address.correlated:
            changes.refresh = True  # other phones and windows may still be in the call
        elif push.state is CallState.ENDED and push.final:
            call.recompute(cause.time)
            self._life.end(call, cause, changes)
            return
        self._life.reconcile(call, cause, changes, transferred_to=push.transferred_to)

    def _from_where(self, push: LegPush) -> LegPush:
        """Return a message with the direction put right where a short number calls from outside."""
        if push.direction is not Direction.INTERNAL or not push.by_length or push.caller is None:
            return push
        if not self._directory.is_outside(push.caller.number):
            return push
        return replace(push, direction=Direction.INCOMING)

    def _call_of_message(self, push: LegPush, cause: Cause, changes: Changes) -> ActiveCall | None:
        """Return the call that a message is about, begun if it is new; None if it is over."""
        call_id = self._life.identity.own_id(push.call_id)
        call = self._life.active.get(call_id)
        if call is not None:
            return call
        ended = self._life.ended.get(call_id)
        if ended is not None:
            return self._reopened(ended, push, cause, changes)
        taken_over = self._life.identity.taken_over(push, cause.time)
        if taken_over is not None:
            return self._give_to_machine(taken_over, push.call_id)
        if _only_ends(push):
            self._life.bury_unseen(call_id, cause.time)
            return None
        return self._matched(push, cause, changes)

    def _matched(self, push: LegPush, cause: Cause, changes: Changes) -> ActiveCall | None:
        """Return the call that a message with an unknown id is about, begun if it is new.

        None where only a list can tell whether it is.
        """
        found = self._life.identity.match_push(push, cause.time)
        call = self._life.going_on(found)
        if call is not None:
            changes.refresh |= isinstance(found, EndedCall)  # it may be over all the same
            self._life.identity.name(push.call_id, call.id)
            return call
        if self._life.identity.is_doubtful(push):
            changes.refresh = True
            return None
        started_at = our_time(push.started_at, push, None, cause.time)
        call_id = self._life.identity.own_id(push.call_id)
        return self._life.begin(call_id, started_at, cause.time, changes)

    def _give_to_machine(
        self, taken_over: ActiveCall | EndedCall, call_id: str
    ) -> ActiveCall | None:
        """Take that a mailbox has a call now, under an id of its own; None if the call is over.

        It is told as it was: that a machine talks changes nothing.
        """
        call = taken_over.call if isinstance(taken_over, EndedCall) else taken_over
        self._life.identity.name_machine(call_id, call.id)
        return None if isinstance(taken_over, EndedCall) else call

    def _part_from_machine(self, call_id: str, cause: Cause, changes: Changes) -> None:
        """Take that what seemed to be a mailbox is a call of its own: it rings at a phone."""
        call = self._life.active.get(self._life.identity.own_id(call_id))
        self._life.identity.forget_machine(call_id)
        if call is not None and call_id in call.legs:
            call.legs[call_id].leave_out()
            self._life.reconcile(call, cause, changes)

    def _reopened(
        self, ended: EndedCall, push: LegPush, cause: Cause, changes: Changes
    ) -> ActiveCall | None:
        """Return a call that only seemed to be over and goes on (rule 5).

        Return None where the leg is done; what was heard too late of the call counts all the same.
        """
        if self._life.identity.is_machine(push.call_id):
            return None
        if ended.inferred and ended.call.goes_on_with(push):
            return self._life.revive(ended)
        if ended.unseen or push.state in m.EARLY:
            return None
        address = self._life.identity.address(push)
        apply_message(ended.call, push, address, cause.time)
        if push.state is CallState.ENDED:
            ended.inferred = ended.inferred and (address.correlated or not push.final)
        self._life.judge_again(ended, cause, changes)
        return None

    def take_hint(self, hint: m.CallHint, cause: Cause, changes: Changes) -> None:
        """Take that something happened to a leg, and have the phone system asked."""
        changes.refresh = True
        call = self._life.identity.of_leg(hint.leg_id)
        if call is None or hint.leg_id not in call.legs:
            return
        call.take_hint(hint.leg_id, hint)
        if hint.state is not None and apply_hint(call, hint.leg_id, hint.state, cause.time):
            self._life.reconcile(call, cause, changes)
        if hint.dtmf is not None:
            view = call.view()
            changes.events.append(
                announcements.key_pressed(call, view, cause, hint.dtmf, hint.leg_id)
            )


def _of_machine(push: LegPush) -> LegPush:
    """Return a message about a machine without what would be said of persons."""
    said = None if push.outcome is m.Outcome.ANSWERED else push.outcome
    return replace(push, outcome=said, answered_at=None, final=False)


def _only_ends(push: LegPush) -> bool:
    """Return whether a message about an unknown call is only about its end, and tells nothing."""
    if push.state is not CallState.ENDED:
        return False
    whole = push.leg_id is None or push.final
    return whole and (push.outcome is None or not push.final)
