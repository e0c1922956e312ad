"""The sender of pushes: whose they are, and whether they are of now.

Whoever knows the URL of a webhook can push to it. A push names an account at some phone systems;
which one is ours, the API says, or two pushes in a row that name the same. From then on what names
another is left out, and what names none as well where the phone system always names it.

What was learnt from pushes may be wrong: somebody else was first, or the account has moved. It is
learnt anew when the account is set up again, when a person says so, and as soon as the API knows a
call that a push of the other account told of.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from statistics import median

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .. import issues
from ..const import CONF_PINNED_ACCOUNT
from ..coordinator import PbxCoordinator
from ..issues import ISSUE_FOREIGN_PUSHES
from ..telephony.models import Call, CallState, LegPush, Notice, Pushed, PushRequest

MANY_FOREIGN = 3  # in a row, until a person is told
PROOF_DELAY = 60  # seconds, until a call that ended is in the history
USUAL_OF = 15  # messages, of which the usual delay is known
ENOUGH = 3
LATE = timedelta(minutes=10)


class SenderClock:
    """How long messages take by their sender's clock, which may be wrong, but goes on."""

    def __init__(self) -> None:
        """Initialize the clock, of which nothing is known."""
        self._delays: deque[float] = deque(maxlen=USUAL_OF)
        self._refused_since: datetime | None = None

    def is_late(self, sent_at: datetime | None, now: datetime) -> bool:
        """Return whether a message was sent longer ago than its sender's clock allows.

        A clock that was put back makes all messages late; after a while they are believed again.
        """
        if sent_at is None:
            return False
        delay = (now - sent_at).total_seconds()
        if len(self._delays) >= ENOUGH and delay > median(self._delays) + LATE.total_seconds():
            self._refused_since = self._refused_since or now
            if now - self._refused_since <= LATE:
                return True
            self._delays.clear()
        self._refused_since = None
        self._delays.append(delay)
        return False


class PushSender:
    """Tell the pushes of an account from those of others."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, coordinator: PbxCoordinator
    ) -> None:
        """Initialize the sender, before anything was pushed."""
        self.hass = hass
        self.entry = entry
        self.coordinator = coordinator
        self.clock = SenderClock()
        self._named: str | None = None  # by the last push, as long as no account is known
        self._foreign = 0  # in a row
        self._cancel_proof: CALLBACK_TYPE | None = None
        entry.async_on_unload(self._stop_proof)

    @property
    def account(self) -> str:
        """Return the account that own pushes name; empty while that is not known."""
        provider = self.coordinator.provider
        return provider.push_account or str(self.entry.data.get(CONF_PINNED_ACCOUNT, ""))

    @callback
    def async_own(self, push: PushRequest, messages: tuple[Pushed, ...]) -> bool:
        """Return whether a push is this account's, and learn from it."""
        provider = self.coordinator.provider
        named, known = provider.account_of(push), self.account
        if not messages:
            own = False  # the client itself has seen that it is another's
        elif not known:
            self._learn(named)
            own = True
        else:
            own = named == known or (named is None and not provider.names_account)
        if own:
            self._note_own()
        else:
            self._note_foreign(named, messages)
        return own

    @callback
    def async_forget(self) -> None:
        """Forget what pushes have told of the account, because a person says so."""
        self.coordinator.async_keep({CONF_PINNED_ACCOUNT: ""})
        self._named = None
        self._note_own()

    def late(self, message: Pushed) -> bool:
        """Return whether a message is of a time that is over, and must not be told as new."""
        if isinstance(message, LegPush):
            return self.clock.is_late(message.sent_at or message.time, dt_util.utcnow())
        if isinstance(message, Notice):
            return self.clock.is_late(message.time, dt_util.utcnow())
        return False

    def _learn(self, named: str | None) -> None:
        """Keep the account that two pushes in a row name."""
        if named is not None and named == self._named:
            self.coordinator.async_keep({CONF_PINNED_ACCOUNT: named})
        self._named = named or self._named

    def _note_own(self) -> None:
        """Note that own pushes come."""
        if self._foreign:
            self._foreign = 0
            issues.async_delete(self.hass, self.entry, ISSUE_FOREIGN_PUSHES)

    def _note_foreign(self, named: str | None, messages: Iterable[Pushed]) -> None:
        """Note that pushes of others come; ask a person about them, and the API."""
        self._foreign += 1
        if self._foreign == MANY_FOREIGN:
            provider = self.coordinator.provider.name
            issues.async_create(self.hass, self.entry, ISSUE_FOREIGN_PUSHES, provider=provider)
        if named is None or self.coordinator.provider.push_account:
            return
        for message in messages:
            if isinstance(message, LegPush) and message.state is CallState.ENDED:
                self._prove_later(named, message)

    def _prove_later(self, named: str, message: LegPush) -> None:
        """Ask the API in a while whether it knows a call; one at a time."""
        if self._cancel_proof is None:
            call = Call(id=message.call_id, state=CallState.ENDED)
            self._cancel_proof = async_call_later(
                self.hass, PROOF_DELAY, partial(self._async_prove, named, call)
            )

    @callback
    def _async_prove(self, named: str, call: Call, _now: datetime) -> None:
        """Ask in the background."""
        self._cancel_proof = None
        self.entry.async_create_background_task(
            self.hass, self._async_ask(named, call), f"{self.entry.title} sender"
        )

    async def _async_ask(self, named: str, call: Call) -> None:
        """Take an account for ours if the API knows the call that it told of."""
        if not self._foreign:
            return
        if not await self.coordinator.async_ask_records([call]):
            self.coordinator.async_keep({CONF_PINNED_ACCOUNT: named})
            self._note_own()

    @callback
    def _stop_proof(self) -> None:
        """Ask nothing more."""
        if self._cancel_proof is not None:
            self._cancel_proof()
            self._cancel_proof = None
