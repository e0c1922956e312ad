"""What the cards are told of the accounts: a snapshot at first, then what changes.

Calls, extensions, agents and queues never change in place, so what is new is found by comparing
them with what was told before. A field that is unknown is absent, as in `pbx_event`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..const import ATTR_CALLER_ID
from ..coordinator import PbxCoordinator
from ..devices import SubjectKind
from ..providers.base import Provider
from ..recent_calls import RecentCalls
from ..registry.call_registry import ACCOUNT, DIRECTORY, Key, KeyKind
from ..telephony.models import Agent, Call, Capability, Extension, Party, Queue
from .questions import Questions

VERSION: Final = 1
"""Of the contract; pages of another version ask the user to reload them."""

QUEUE_FIGURES: Final = (
    "waiting",
    "longest_wait",
    "agents_logged_in",
    "agents_available",
    "service_level",
    "answered",
    "abandoned",
)

type Json = dict[str, Any]
type Listener = Callable[[Json], None]
type Teller = Callable[[Feed, Json], None]


class Console:
    """All accounts as the cards see them, and the pages that listen."""

    def __init__(self) -> None:
        """Know nobody."""
        self.feeds: dict[str, Feed] = {}
        self._listeners: dict[Listener, _Page] = {}

    @callback
    def async_add(self, coordinator: PbxCoordinator, recent: RecentCalls) -> None:
        """Show an account until it is unloaded."""
        entry = coordinator.config_entry
        feed = Feed(coordinator, recent, self._tell)
        self.feeds[entry.entry_id] = feed
        self._tell(feed, {"type": "account", "account": feed.snapshot()})
        remove = coordinator.async_watch(partial(self._async_changed, feed))

        @callback
        def async_remove() -> None:
            """Tell that the account is gone, and nothing after that."""
            remove()
            del self.feeds[entry.entry_id]
            self._tell(feed, {"type": "gone", "id": entry.entry_id})

        entry.async_on_unload(async_remove)

    @callback
    def async_listen(
        self, user_id: str, may_read: Callable[[Feed], bool], listener: Listener
    ) -> Callable[[], None]:
        """Tell a page of one user what changes in the accounts that the user may read.

        Return what ends that.
        """
        if not self._listeners:
            for feed in self.feeds.values():
                feed.async_resume()
        shown = {entry_id: feed for entry_id, feed in self.feeds.items() if may_read(feed)}
        self._listeners[listener] = _Page(user_id, may_read, set(shown))
        accounts = [feed.snapshot() for feed in shown.values()]
        now = dt_util.utcnow().isoformat()  # the clock of a browser may be wrong
        listener({"type": "snapshot", "version": VERSION, "now": now, "accounts": accounts})

        @callback
        def async_remove() -> None:
            """Tell this page nothing more."""
            del self._listeners[listener]

        return async_remove

    @callback
    def async_tell_user(self, user_id: str, message: Json) -> None:
        """Tell all pages of one user."""
        for listener, page in tuple(self._listeners.items()):
            if page.user_id == user_id:
                listener(message)

    @callback
    def async_rights_changed(self, user_id: str) -> None:
        """Take from the pages of a user what the user may read no more, and show what may be."""
        for listener, page in tuple(self._listeners.items()):
            if page.user_id == user_id:
                for feed in self.feeds.values():
                    if page.may_read(feed) is not (feed.entry_id in page.shown):
                        _tell_page(listener, page, feed, None)

    @callback
    def _async_changed(self, feed: Feed, keys: Mapping[Key, None] | None) -> bool:
        """Have an account tell what changed; return whether a page is open that hears of it."""
        if self._listeners:
            feed.async_changed(keys)
        return bool(self._listeners)

    @callback
    def _tell(self, feed: Feed, message: Json) -> None:
        """Tell the pages of those who may read the account."""
        for listener, page in tuple(self._listeners.items()):
            _tell_page(listener, page, feed, message)


class _Page:
    """A page that listens: whose it is, and the ids of the accounts that it was told of."""

    def __init__(self, user_id: str, may_read: Callable[[Feed], bool], shown: set[str]) -> None:
        """Have told a page of these accounts."""
        self.user_id = user_id
        self.may_read = may_read
        self.shown = shown


def _tell_page(listener: Listener, page: _Page, feed: Feed, message: Json | None) -> None:
    """Tell a page what is new of an account, if anything is.

    Rights may have changed meanwhile: who may read it no more is told that it is gone, who may only
    now is told all of it.
    """
    entry_id = feed.entry_id
    over = message is not None and message["type"] == "gone"
    if over or not page.may_read(feed):
        if entry_id in page.shown:
            page.shown.discard(entry_id)
            listener({"type": "gone", "id": entry_id})
    elif entry_id not in page.shown:
        page.shown.add(entry_id)
        listener({"type": "account", "account": feed.snapshot()})
    elif message is not None:
        listener(message)


class Feed:
    """One account: all of it, and what is new."""

    def __init__(self, coordinator: PbxCoordinator, recent: RecentCalls, tell: Teller) -> None:
        """Take over what is there."""
        self.coordinator = coordinator
        self.recent = recent
        self.questions = Questions(coordinator)
        self._tell = tell
        self._calls: dict[str, Call] = dict(coordinator.data.calls)

    @property
    def entry_id(self) -> str:
        """The account's id."""
        return self.coordinator.config_entry.entry_id

    def snapshot(self) -> Json:
        """Return everything about the account."""
        coordinator, registry = self.coordinator, self.coordinator.data
        capabilities = coordinator.provider.capabilities
        can = [(flag.name or "").lower() for flag in capabilities]
        if coordinator.provider.transfers_ringing and Capability.TRANSFER in capabilities:
            can.append("transfer_ringing")
        if chooses_caller_id(coordinator.provider):
            can.append("caller_id")
        return {
            "id": self.entry_id,
            "title": coordinator.config_entry.title,
            "provider": coordinator.provider.name,
            "device": coordinator.devices.account.device.id,
            "can": sorted(can),
            "known": coordinator.calls_known,
            "pushing": coordinator.health.pushing,
            **self._figures(),
            "extensions": {
                number: self._extension(extension)
                for number, extension in registry.extensions.items()
            },
            "agents": {agent.id: self._agent(agent) for agent in registry.agents.values()},
            "queues": {queue.id: queue_data(queue) for queue in registry.queues.values()},
            "calls": {call.id: self._call(call) for call in registry.calls.values()},
        }

    @callback
    def async_resume(self) -> None:
        """Begin to tell what is new again, after nobody had listened for a while."""
        self._calls = dict(self.coordinator.data.calls)

    @callback
    def async_changed(self, keys: Mapping[Key, None] | None) -> None:
        """Tell what changed, in one message; without keys anything may have changed."""
        if keys is None or DIRECTORY in keys:
            self._changed_calls()
            self._tell(self, {"type": "account", "account": self.snapshot()})
            return
        changed: Json = self._rows(keys)
        if ACCOUNT in keys:
            changed |= self._figures()
        if calls := self._changed_calls():
            changed["calls"] = calls
        if changed:
            self._tell(self, {"type": "delta", "id": self.entry_id, **changed})

    def _rows(self, keys: Mapping[Key, None]) -> Json:
        """Return the extensions, agents and queues that the keys name, by kind and id."""
        registry = self.coordinator.data
        rows: Json = {}
        for kind, identity in keys:
            name = str(identity)
            if kind in {KeyKind.EXTENSION, KeyKind.LISTED} and name in registry.extensions:
                extension = self._extension(registry.extensions[name])
                rows.setdefault("extensions", {})[name] = extension
            elif kind is KeyKind.AGENT and name in registry.agents:
                rows.setdefault("agents", {})[name] = self._agent(registry.agents[name])
            elif kind is KeyKind.QUEUE and name in registry.queues:
                rows.setdefault("queues", {})[name] = queue_data(registry.queues[name])
        return rows

    def _changed_calls(self) -> Json:
        """Return the calls that are new or different, and None for each that is over."""
        now, before = self.coordinator.data.calls, self._calls
        changed: Json = {
            call.id: self._call(call) for call in now.values() if before.get(call.id) is not call
        }
        over = [call_id for call_id in before if call_id not in now]
        if over:
            self.questions.note_end()
        changed |= dict.fromkeys(over)
        if changed:
            self._calls = dict(now)
        return changed

    def _figures(self) -> Json:
        """Return what is counted for the whole account."""
        registry = self.coordinator.data
        return {"missed": registry.missed, "voicemails": registry.unread_voicemails}

    def _call(self, call: Call) -> Json:
        """Return a call and which phones take part in it."""
        return known(
            id=call.id,
            state=call.state.value,
            direction=call.direction.value if call.direction else None,
            to=self._party(call.callee),
            legs=[
                {"extension": leg.extension, "state": leg.state.value}
                for leg in call.legs
                if leg.extension is not None
            ],
            queue=call.queue,
            started=call.started_at.isoformat() if call.started_at else None,
            answered=call.answered_at.isoformat() if call.answered_at else None,
        ) | {"from": self._party(call.caller)}

    def _party(self, party: Party) -> Json:
        """Return one end of a call, its number masked where the user wants that."""
        return known(
            number=self.coordinator.wording.number(party.number) or None,
            name=self.coordinator.wording.name(party.name) or None,
            hidden=party.hidden or None,
            known=party.known,
        )

    def _agent(self, agent: Agent) -> Json:
        """Return an agent and what the agent is doing; a mobile phone's number is masked too."""
        wording = self.coordinator.wording
        data = agent_data(agent)
        masked = {"name": wording.name(agent.name), "number": wording.number(agent.number)}
        return data | {key: text for key, text in masked.items() if text}

    def _extension(self, extension: Extension) -> Json:
        """Return an extension and what it is doing."""
        registry = self.coordinator.data
        subjects = self.coordinator.devices.subjects
        state = registry.state_of(extension.number)
        subject = subjects.get((SubjectKind.EXTENSION, extension.number))
        return known(
            number=extension.number,
            name=extension.name or None,
            state=state.value if state else "idle",
            device=subject.device.id if subject else None,
            registered=extension.registered,
            dnd=extension.dnd,
            trunk=extension.trunk or None,
            shows=[
                known(number=own.number, label=own.label or None)
                for own in extension.outbound_numbers
                if own.number
            ]
            or None,
        )


def chooses_caller_id(provider: Provider) -> bool:
    """Return whether the cards can say which number the called party sees.

    They place a call by `click_to_call` where there is that, else by `originate`.
    """
    for command in (Capability.CLICK_TO_CALL, Capability.ORIGINATE):
        if command in provider.capabilities:
            return ATTR_CALLER_ID in provider.fields.get(command, ())
    return False


def agent_data(agent: Agent) -> Json:
    """Return an agent and what the agent is doing."""
    return known(
        id=agent.id,
        name=agent.name or None,
        number=agent.number or None,
        extension=agent.extension,
        status=agent.status.value if agent.status else None,
        logged_in=agent.logged_in,
        paused=agent.paused,
        queues=dict(agent.queues) or None,
    )


def queue_data(queue: Queue) -> Json:
    """Return a queue and how it is doing; times in seconds, service level in percent."""
    return known(
        id=queue.id,
        name=queue.name or None,
        number=queue.number or None,
        members=dict(queue.members) or None,
        **{figure: getattr(queue, figure) for figure in QUEUE_FIGURES},
    )


def known(**fields: Any) -> Json:
    """Return the fields that are known."""
    return {name: value for name, value in fields.items() if value is not None}
