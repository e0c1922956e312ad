"""The provider: what every phone system offers to the layers above, in neutral words."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import ClassVar, NamedTuple

import aiohttp

from ..telephony import models as m
from ..telephony.errors import UnsupportedError
from ..telephony.models import Capability
from ..telephony.phone_numbers import DialForm, same
from .http import Budget, HttpClient, RateLimit, looking_up
from .pacing import Pace
from .settings import Settings, Values

MOST_ALIKE = 100  # contacts among which a caller is looked for


class Intervals(NamedTuple):
    """How often to ask, in seconds.

    For calls: while some are up, while none is, while pushes work; and for the directory.
    """

    busy: float = 5
    idle: float = 10
    pushed: float = 60
    directory: float = 300


class Provider(ABC):
    """One account at one phone system.

    Commands raise AuthError, ConnectError (UnknownOutcomeError when a command was sent but not
    answered), RateLimitError, RefusedError, NotFoundError, InvalidInputError; all are
    ProviderError. What is not
    overridden raises UnsupportedError with the command's name.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    manual: ClassVar[str] = ""
    """The page that says where the credentials are made."""
    webhook_manual: ClassVar[str] = ""
    """The page on which, or with whose help, a person enters the webhook."""
    settings_type: ClassVar[type[Settings]] = Settings
    possible: ClassVar[Capability] = Capability(0)
    """What an account of this provider can at most do."""
    fields: ClassVar[Mapping[Capability, frozenset[str]]] = {}
    """The optional fields that each command honours."""
    rings_groups: ClassVar[bool] = False
    """Calls are placed for groups as well, which are not among the extensions."""
    dial_form: ClassVar[DialForm] = DialForm.E164
    """The form in which a command gets the numbers that somebody typed."""
    limits: ClassVar[tuple[RateLimit, ...]] = (RateLimit(requests=60, seconds=60),)
    intervals: ClassVar[Intervals] = Intervals()
    transfers_ringing: ClassVar[bool] = False
    """A call that nobody has answered yet can be transferred."""
    pace: ClassVar[Pace | None] = None
    """How often to ask for calls while nothing is pushed and none is up; None: as `intervals`."""
    looks: ClassVar[tuple[float, ...]] = (0.4,)
    """When to ask for the calls after a hint, in seconds: the last counts from the last hint.

    Several where the list may be late; the first is then at once.
    """
    list_lag: ClassVar[float] = 0
    """By how many seconds the list of the calls may be older than the moment it was asked for."""
    pushes_every_call: ClassVar[bool] = False
    """A working webhook tells of every call, so that polls can be rare."""
    names_account: ClassVar[bool] = False
    """Every push names the account that it belongs to."""
    pushed_ids_differ: ClassVar[bool] = False
    """A pushed call id cannot be matched with a polled one."""
    complete_after: ClassVar[int] = 1
    """How many successful lists a call must be missing from before it has ended."""
    grace: ClassVar[float] = 0
    """For how many seconds a pushed call outlives its last leg, unless a list lacks it."""
    in_own_network: ClassVar[bool] = False
    """It is one's own server, which nobody minds being tried again every second for a while."""
    record_after: ClassVar[float | None] = None
    """How many seconds after a call's end its record can be asked for; None where it cannot."""

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Talk to one account; the session stays the caller's.

        `values` is what the account's entry keeps. Raise InvalidInputError for a value that is not
        what a setting has to be.
        """
        self.settings = self.settings_type.read(values)
        self.capabilities = Capability(0)
        self.created_objects: tuple[str, ...] = ()
        """What was made there on demand: to be kept, for `release`."""
        self.http = HttpClient(session, Budget(self.limits))

    def update_settings(self, found: Values) -> None:
        """Take what was found out about the account and is now kept with its entry."""
        self.settings = self.settings.updated(found)

    def title_of(self, identity: str) -> str:
        """Return a title for an account that the phone system has no name for."""
        return f"{self.name} ({identity})"

    def check(self, command: Capability, given: Collection[str] = ()) -> None:
        """Raise UnsupportedError for a command this account lacks, or a field it cannot honour."""
        name = (command.name or "").lower()
        if command not in self.capabilities:
            raise UnsupportedError(name)
        for field in sorted(set(given) - self.fields.get(command, frozenset())):
            raise UnsupportedError(name, field)

    # -- set-up ------------------------------------------------------------------------------------

    @classmethod
    async def login(cls, session: aiohttp.ClientSession, typed: Values) -> Values:  # noqa: ARG003
        """Return what to keep of what a person typed.

        Raise SecondFactorError to ask for a `code`, which comes with the error's `nonce`.
        """
        return typed

    @classmethod
    def configuration(cls, address: str) -> str:  # noqa: ARG003
        """Return lines that a person copies into the phone system's own files; empty for none.

        `address` is Home Assistant's in its own network.
        """
        return ""

    def suggested_options(self, *, guess: bool) -> Values:
        """Return what the last directory told of options that only a person can complete.

        They are as a form shows them. `guess` fills in what is likely, for a person to look over.
        """
        return {}

    @classmethod
    def entered_numbers(cls, values: Values) -> Mapping[str, str]:  # noqa: ARG003
        """Return the numbers that a person entered for extensions, each with their identity.

        `values` is what the account's entry keeps.
        """
        return {}

    @abstractmethod
    async def account(self) -> m.Account:
        """Return who this is, and settle `capabilities`; raise AuthError or ConnectError."""

    def configure(self, agents: Collection[m.UserAgent], queues: Collection[m.UserQueue]) -> None:  # noqa: B027
        """Take the agents and queues the user made, where they cannot be listed."""

    # -- state -------------------------------------------------------------------------------------

    @abstractmethod
    async def directory(self) -> m.Directory:
        """Return extensions, agents and queues."""

    @abstractmethod
    async def calls(self) -> tuple[m.Call, ...] | None:
        """Return the active calls; None when this phone system cannot be asked at all."""

    def queues_with_calls(self) -> tuple[m.Queue, ...]:
        """Return the queues that were asked about along with the last list of calls."""
        return ()

    def found(self) -> Values:
        """Return what was learnt while polling, to be kept with the account's entry."""
        return {}

    async def record_of(self, call: m.Call) -> m.CallRecord | None:
        """Return what became of a call; None when nothing is written down (yet)."""
        return None

    def parse(self, request: m.PushRequest) -> tuple[m.Pushed, ...]:
        """Return what a webhook request says, without any effect.

        Raise BadPayloadError for a body that cannot be read.
        """
        return ()

    @property
    def push_account(self) -> str:
        """Return the account that own pushes name, from the API; empty where it does not say."""
        return ""

    def account_of(self, request: m.PushRequest) -> str | None:
        """Return the account that a webhook request names; None when it names none."""
        return None

    def stream(self) -> AsyncIterator[m.Pushed]:
        """Listen to the socket until it ends; the first item says that it is up.

        Raise as commands do.
        """
        raise UnsupportedError("stream")

    # -- webhooks ----------------------------------------------------------------------------------

    def urls_to_paste(self, url: str) -> Mapping[str, str]:
        """Return the URLs a person enters at the phone system, by the names of its settings."""
        return {}

    async def subscriptions(self) -> tuple[m.Subscription, ...]:
        """Return what is registered, also by others."""
        raise UnsupportedError("subscriptions")

    async def subscribe(self, url: str) -> tuple[m.Subscription, ...]:
        """Register the URL for everything, reuse and mend what is there; return what is ours."""
        raise UnsupportedError("subscribe")

    async def unsubscribe(self, url: str) -> None:
        """Remove what was registered for the URL, and nothing else."""
        raise UnsupportedError("unsubscribe")

    def disowned(self) -> Values:
        """Return what an entry keeps instead, where what was made there is another's to remove."""
        return {"created_objects": []}

    async def release(self) -> None:  # noqa: B027
        """Remove what was made at the phone system for an account that is removed."""

    # -- calls -------------------------------------------------------------------------------------

    async def click_to_calls(self, object_id: str | None = None) -> tuple[m.ClickToCall, ...]:
        """Return the stored objects through which calls are placed, or the one with an id."""
        raise UnsupportedError("get_click_to_calls")

    async def delete_click_to_call(self, object_id: str) -> None:
        """Remove a stored object, whoever made it."""
        raise UnsupportedError("delete_click_to_call")

    async def originate(self, request: m.Originate) -> m.Placed:
        """Ring an extension, then connect it to a number."""
        raise UnsupportedError("originate")

    async def click_to_call(self, request: m.Originate) -> m.Placed:
        """Place a call as the phone system's click-to-call does; where it has none, originate."""
        return await self.originate(request)

    async def dial(self, request: m.Dial) -> m.Placed:
        """Call a number and put it into a dialplan context."""
        raise UnsupportedError("dial")

    async def announce(self, number: str, message: str, caller_id_number: str | None) -> m.Placed:
        """Call a number and speak a text."""
        raise UnsupportedError("announce")

    async def answer(self, target: m.CallRef) -> None:
        """Pick up a ringing call."""
        raise UnsupportedError("answer")

    async def hangup(self, target: m.CallRef, cause: str | None = None) -> None:
        """End a call; one that is already over is a success."""
        raise UnsupportedError("hangup")

    async def hold(self, target: m.CallRef) -> None:
        """Put a call on hold."""
        raise UnsupportedError("hold")

    async def unhold(self, target: m.CallRef) -> None:
        """Resume a call."""
        raise UnsupportedError("unhold")

    async def toggle_hold(self, target: m.CallRef) -> None:
        """Hold, or resume."""
        raise UnsupportedError("toggle_hold")

    async def mute(self, target: m.CallRef) -> None:
        """Silence the own microphone."""
        raise UnsupportedError("mute")

    async def unmute(self, target: m.CallRef) -> None:
        """Open the own microphone."""
        raise UnsupportedError("unmute")

    async def transfer(self, target: m.CallRef, number: str, kind: m.TransferType) -> None:
        """Hand the other party over to a number or extension."""
        raise UnsupportedError("transfer")

    async def send_dtmf(
        self, target: m.CallRef, digits: str, heard_by: m.HeardBy = m.HeardBy.OTHER_PARTY
    ) -> None:
        """Send key presses to one side of a call."""
        raise UnsupportedError("send_dtmf")

    async def spy(self, request: m.Spy) -> None:
        """Let a supervisor listen."""
        raise UnsupportedError("spy")

    async def park(self, target: m.CallRef) -> None:
        """Let the other party wait in a parking space, from which any phone can retrieve it."""
        raise UnsupportedError("park")

    async def retrieve(self, target: m.CallRef, extension: str) -> None:
        """Ring an extension, and connect it with a parked call."""
        raise UnsupportedError("retrieve")

    async def start_recording(self, target: m.CallRef, filename: str | None) -> None:
        """Record a call from now on."""
        raise UnsupportedError("start_recording")

    async def stop_recording(self, target: m.CallRef) -> None:
        """Record a call no longer."""
        raise UnsupportedError("stop_recording")

    async def play_sound(self, request: m.PlaySound) -> m.Placed:
        """Ring an extension and play it a sound; return the call."""
        raise UnsupportedError("play_sound")

    async def send_sms(self, number: str, message: str, sender: str | None) -> str:
        """Send a text message; return its id."""
        raise UnsupportedError("send_sms")

    # -- phones ------------------------------------------------------------------------------------

    async def set_dnd(self, extension: str, *, on: bool) -> None:
        """Let a phone ring no more, or again."""
        raise UnsupportedError("set_dnd")

    async def set_forwarding(self, extension: str, number: str) -> None:
        """Forward all calls of a phone to a number; an empty one ends it."""
        raise UnsupportedError("set_forwarding")

    async def set_lamp(self, lamp: str, state: m.LampState) -> None:
        """Let the lamp that is called so show something, on all phones that have it."""
        raise UnsupportedError("set_lamp")

    async def raw_action(self, action: str, parameters: Mapping[str, m.Raw]) -> m.RawAnswer:
        """Send an action in the phone system's own words; return its answer."""
        raise UnsupportedError("raw_action")

    # -- agents and queues -------------------------------------------------------------------------

    async def agent_login(self, agent: m.AgentRef) -> None:
        """Log an agent in."""
        raise UnsupportedError("agent_login")

    async def agent_logout(self, agent: m.AgentRef) -> None:
        """Log an agent out."""
        raise UnsupportedError("agent_logout")

    async def agent_pause(self, agent: m.AgentRef) -> None:
        """Let an agent get no calls for a while."""
        raise UnsupportedError("agent_pause")

    async def agent_unpause(self, agent: m.AgentRef) -> None:
        """Let an agent get calls again."""
        raise UnsupportedError("agent_unpause")

    async def queue_add(self, member: m.QueueMember) -> None:
        """Add a member to a queue."""
        raise UnsupportedError("queue_add")

    async def queue_remove(self, member: m.QueueMember) -> None:
        """Remove a member from a queue."""
        raise UnsupportedError("queue_remove")

    async def agent_status(self, agent: m.AgentRef) -> m.Agent:
        """Return what an agent is doing."""
        raise UnsupportedError("get_agent_status")

    async def queue_status(self, queue: str) -> m.Queue:
        """Return how a queue is doing."""
        raise UnsupportedError("get_queue_status")

    # -- history, contacts, recordings -------------------------------------------------------------

    async def history(self, query: m.HistoryQuery) -> m.HistoryPage:
        """Return finished calls that are looked for."""
        raise UnsupportedError("get_call_history")

    async def statistics(self, start: datetime | None, end: datetime | None) -> m.Statistics:
        """Return sums over finished calls."""
        raise UnsupportedError("get_call_statistics")

    async def search_contacts(self, query: m.ContactQuery) -> m.ContactPage:
        """Return contacts that are looked for."""
        raise UnsupportedError("search_contacts")

    async def look_up(self, number: str) -> m.Contact | None:
        """Return the contact that has a number, within the look-ups' share of the budget.

        A search may find those as well whose number holds it as a part; of one who is found
        without any number, the search alone knows.
        """
        country = self.settings.country
        for most in (1, MOST_ALIKE):
            with looking_up():
                page = await self.search_contacts(m.ContactQuery(number=number, limit=most))
            for contact in page.contacts:
                own = tuple(filter(None, (contact.number, *(contact.numbers or ()))))
                if not own or any(same(known, number, country) for known in own):
                    return contact
            if not page.has_next:
                break
        return None

    async def create_contact(self, contact: m.Contact) -> m.Contact:
        """Add a contact."""
        raise UnsupportedError("create_contact")

    async def update_contact(self, contact: m.Contact) -> m.Contact:
        """Change the given fields of a contact and keep the others."""
        raise UnsupportedError("update_contact")

    async def delete_contact(self, contact_id: str) -> None:
        """Remove a contact."""
        raise UnsupportedError("delete_contact")

    async def media(self, kind: m.MediaKind, limit: int, offset: int) -> tuple[m.MediaItem, ...]:
        """Return recordings or voicemails, newest first."""
        raise UnsupportedError("media")

    async def media_source(self, kind: m.MediaKind, item_id: str) -> m.MediaSource:
        """Return where to fetch the sound of a recording or voicemail."""
        raise UnsupportedError("media")

    async def move_recording(self, record_id: str, filename: str | None, path: str | None) -> None:
        """Rename or move the recording of a finished call."""
        raise UnsupportedError("move_recording")
