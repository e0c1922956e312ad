"""When enough is known of a call to tell of it; until then it is not told, though not for long."""

from collections.abc import Collection
from datetime import datetime, timedelta

from .call import Call
from .channels import Channel, ChannelState, known
from .parties import Parties

DEFERRED = timedelta(milliseconds=80)
CODE_DEFERRED = timedelta(milliseconds=1500)
"""How long a code is not told that may pick up a call; Asterisk itself waits for half a second.

A short number is not told either while nobody is called: it may be one of the house, or `112`.
"""
UNNAMED_DEFERRED = timedelta(seconds=6)
"""How long a line that rings is not told; an analogue one tells who calls after its first ring."""


def patience(lines: Collection[Channel], spaces: Collection[str], parties: Parties) -> timedelta:
    """Return how long a call is not told of which only its beginning is known.

    `spaces` are those where calls are parked.
    """
    for line in lines:
        code = line.dialled.startswith(("*", "#")) or line.dialled in spaces
        if line.dials and line.extension is not None and code:
            return CODE_DEFERRED
        if line.is_up or not line.dials:
            continue
        if line.extension is None and not known(line.number):
            return UNNAMED_DEFERRED
        if line.extension is not None and len(lines) == 1 and parties.is_guess(line.dialled):
            return CODE_DEFERRED
    return DEFERRED


def is_ready(call: Call, lines: Collection[Channel], wait: timedelta, now: datetime) -> bool:
    """Return whether enough is known of a call to tell of it, or it was waited for long enough."""
    if now - call.seen_at >= wait:
        return True
    return any(
        line.state in {ChannelState.RINGING, ChannelState.UP} and line.is_placed(now)
        for line in lines
        if not line.dials
    )
