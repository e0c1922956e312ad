"""Whether the messages that a person had a phone system send cover every call: only then can polls be rare."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from .telephony.bounded_map import BoundedMap
from .telephony.events import POLL, Event
from .telephony.models import EventType, Outcome

LATE = timedelta(seconds=10)  # between a message and the list that shows the same
DOUBT = timedelta(hours=1)
REMEMBERED_CALLS = 512


class Coverage:
    """Trust messages once they told all of an answered call; for an hour not, once a list tells what none has told."""

    def __init__(self) -> None:
        """Trust nothing yet."""
        self._heard = BoundedMap[datetime](
            REMEMBERED_CALLS
        )  # when the last message was about a call
        self._unheard: dict[str, datetime] = {}  # calls of which a list has told, but no message
        self._proved = False
        self._doubted_until: datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether every call is pushed, by all that is known."""
        return self._proved and not self._unheard

    def heard(self, call_id: str, now: datetime) -> None:
        """Note that a message was about a call: a list may have told a little earlier what it said."""
        self._heard.put(call_id, now)
        if call_id in self._unheard and now - self._unheard[call_id] <= LATE:
            del self._unheard[call_id]

    def told(self, events: Iterable[Event], now: datetime) -> None:
        """Note what lists and messages have told of calls."""
        for event in events:
            if event.call is None:
                continue
            call_id = event.call.id
            last = self._heard.get(call_id)
            if event.provider_event == POLL and (last is None or now - last > LATE):
                self._unheard.setdefault(call_id, now)
            elif event.type is EventType.CALL_ENDED and event.call.outcome is Outcome.ANSWERED:
                doubted = self._doubted_until is not None and now < self._doubted_until
                self._proved = self._proved or not (doubted or call_id in self._unheard)

    def judge(self, now: datetime) -> None:
        """Lose trust where no message has come after a list."""
        if any(now - since > LATE for since in self._unheard.values()):
            self._unheard.clear()
            self._proved = False
            self._doubted_until = now + DOUBT
