"""What is known of the pushes of an account: whether they come, and whether they tell everything.

The parts in `push/` write it, the coordinator reads it and is called when it changes.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback

from .providers.base import Provider
from .telephony.bounded_map import BoundedMap
from .telephony.events import POLL, Event
from .telephony.models import Capability, EventType, Outcome

LATE = timedelta(seconds=10)  # between a message and the list that shows the same
DOUBT = timedelta(hours=1)
REMEMBERED_CALLS = 512
SILENT_AT_FIRST = 1
SILENT_LATER = 3
SILENT_IF_PARTIAL = 20
"""After how many calls without a message a webhook is taken for silent: one that never said
anything, one that did, and one that does not tell of every call."""


class Coverage:
    """Whether messages that a person had a phone system send cover every call.

    They are trusted once they told all of an answered call, and for an hour not any more once a
    list shows a call that no message told of. Only while they are trusted can polls be rare.
    """

    def __init__(self) -> None:
        """Initialize the coverage, which trusts nothing yet."""
        # When the last message was about a call.
        self._heard = BoundedMap[datetime](REMEMBERED_CALLS)
        self._unheard: dict[str, datetime] = {}  # calls of which a list has told, but no message
        self._proved = False
        self._doubted_until: datetime | None = None
        self.unheard_in_a_row = 0

    @property
    def complete(self) -> bool:
        """Return whether every call is pushed, by all that is known."""
        return self._proved and not self._unheard

    def heard(self, call_id: str, now: datetime) -> None:
        """Note that a message was about a call.

        A list may have told a little earlier what the message said.
        """
        self._heard.put(call_id, now)
        self.unheard_in_a_row = 0
        if call_id in self._unheard and now - self._unheard[call_id] <= LATE:
            del self._unheard[call_id]

    def told(self, events: Iterable[Event], now: datetime) -> None:
        """Note what lists and messages have told of calls."""
        for event in events:
            if event.call is None:
                continue
            if event.provider_event == POLL and not self._was_heard(event.call.id, now):
                self._unheard.setdefault(event.call.id, now)
            elif event.type is EventType.CALL_ENDED and event.call.outcome is Outcome.ANSWERED:
                self._prove(event.call.id, now)

    def _was_heard(self, call_id: str, now: datetime) -> bool:
        """Return whether a message was about a call a moment ago."""
        last = self._heard.get(call_id)
        return last is not None and now - last <= LATE

    def _prove(self, call_id: str, now: datetime) -> None:
        """Trust the messages, which told all of an answered call, unless they are in doubt."""
        doubted = self._doubted_until is not None and now < self._doubted_until
        if not doubted and call_id not in self._unheard:
            self._proved = True

    def judge(self, now: datetime) -> None:
        """Lose trust if no message has come after a list."""
        late = [since for since in self._unheard.values() if now - since > LATE]
        if late:
            self.unheard_in_a_row += len(late)
            self._unheard.clear()
            self._proved = False
            self._doubted_until = now + DOUBT


class PushHealth:
    """The state of the pushes of one account."""

    def __init__(self, provider: Provider, *, enabled: bool) -> None:
        """Initialize the state before any push; `enabled` is whether the user wants pushes."""
        self.coverage = Coverage()
        self.last_push: datetime | None = None
        self.subscribed = False
        self.streaming = False
        self._provider = provider
        self._enabled = enabled
        self._listeners: dict[CALLBACK_TYPE, None] = {}
        self._push_listeners: dict[CALLBACK_TYPE, None] = {}

    @property
    def wanted(self) -> bool:
        """Return whether the phone system can push to a webhook and the user wants that."""
        return self._enabled and Capability.WEBHOOK in self._provider.capabilities

    @property
    def managed(self) -> bool:
        """Return whether the URL is registered through the API; else a person pastes it."""
        return Capability.SUBSCRIPTIONS in self._provider.capabilities

    @property
    def working(self) -> bool:
        """Return whether the webhook is pushed to.

        The subscription stands, or something was pushed since the start.
        """
        if not self.wanted:
            return False
        return self.subscribed if self.managed else self.last_push is not None

    @property
    def complete(self) -> bool:
        """Return whether every call is pushed to the webhook, so that polls can be rare.

        What a person set up has to prove that first.
        """
        if not self.working or not self._provider.pushes_every_call:
            return False
        return self.managed or self.coverage.complete

    @property
    def silent(self) -> bool:
        """Return whether a webhook that a person has to enter tells of no call, though there are.

        It was never entered, or it has stopped.
        """
        if not self.wanted or self.managed:
            return False
        if not self._provider.pushes_every_call:
            enough = SILENT_IF_PARTIAL
        else:
            enough = SILENT_AT_FIRST if self.last_push is None else SILENT_LATER
        return self.coverage.unheard_in_a_row >= enough

    def judge(self, now: datetime) -> None:
        """Draw the conclusions of a list of calls, and call the listeners if that matters."""
        before = self.silent
        self.coverage.judge(now)
        if self.silent is not before:
            self.async_changed()

    @property
    def pushing(self) -> bool:
        """Return whether anything is pushed at all, to the webhook or through the stream."""
        return self.working or self.streaming

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener when pushes begin or cease; return what removes it."""
        self._listeners[listener] = None
        return partial(self._listeners.__delitem__, listener)

    @callback
    def async_add_push_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener with every push; return what removes it."""
        self._push_listeners[listener] = None
        return partial(self._push_listeners.__delitem__, listener)

    def note_push(self, now: datetime) -> bool:
        """Note that something was pushed to the webhook, and return whether that is news.

        It is the first time, or the first after a silence. Whoever notes it calls `async_changed`
        once its messages are told.
        """
        news = self.last_push is None or self.silent
        self.last_push = now
        self.coverage.unheard_in_a_row = 0
        for listener in list(self._push_listeners):
            listener()
        return news

    @callback
    def async_set_subscribed(self, *, subscribed: bool) -> None:
        """Set whether the subscription at the phone system stands."""
        if subscribed is not self.subscribed:
            self.subscribed = subscribed
            self.async_changed()

    @callback
    def async_set_streaming(self, *, streaming: bool) -> None:
        """Set whether the stream is up."""
        if streaming is not self.streaming:
            self.streaming = streaming
            self.async_changed()

    @callback
    def async_changed(self) -> None:
        """Call the listeners."""
        for listener in list(self._listeners):
            listener()
