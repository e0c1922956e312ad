"""A phone system that says and does exactly what a test tells it, for where a simulator is not exact enough."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from inspect import isawaitable
from typing import Any, ClassVar, override

import aiohttp
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN
from custom_components.pbx.providers.base import Provider
from custom_components.pbx.providers.settings import Settings, Values, kept_texts, text
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ProviderError
from custom_components.pbx.telephony.models import CallState, Capability, Direction

PUSHES = Capability.WEBHOOK | Capability.SUBSCRIPTIONS | Capability.STREAM
EVERYTHING = ~Capability(0)
COMMANDS = (
    "announce",
    "answer",
    "agent_login",
    "agent_logout",
    "agent_pause",
    "agent_status",
    "agent_unpause",
    "click_to_call",
    "click_to_calls",
    "create_contact",
    "delete_click_to_call",
    "delete_contact",
    "dial",
    "hangup",
    "history",
    "hold",
    "media",
    "media_source",
    "move_recording",
    "mute",
    "originate",
    "park",
    "play_sound",
    "queue_add",
    "queue_remove",
    "queue_status",
    "record_of",
    "raw_action",
    "release",
    "retrieve",
    "search_contacts",
    "send_dtmf",
    "send_sms",
    "set_dnd",
    "set_forwarding",
    "set_lamp",
    "spy",
    "start_recording",
    "statistics",
    "stop_recording",
    "subscribe",
    "subscriptions",
    "toggle_hold",
    "transfer",
    "unhold",
    "unmute",
    "unsubscribe",
    "update_contact",
)


@dataclass(kw_only=True)
class Script:
    """What the phone system says, and what it was asked."""

    account: m.Account
    directory: m.Directory
    capabilities: Capability = EVERYTHING & ~(PUSHES | Capability.USER_AGENTS | Capability.USER_QUEUES)
    calls: tuple[m.Call, ...] | None = ()
    answers: dict[str, Any] = field(default_factory=dict)
    """By the method's name: what it gives, or what makes (or awaits) that of its arguments."""
    errors: dict[str, ProviderError] = field(default_factory=dict)
    """By the method's name: what it raises as long as it stands here."""
    asked: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    stream: asyncio.Queue[m.Pushed | Exception | None] = field(default_factory=asyncio.Queue)
    """What the socket says; None ends it."""
    parse: Callable[[m.PushRequest], tuple[m.Pushed, ...]] = lambda _request: ()

    def times(self, name: str) -> int:
        """Count how often a method was called."""
        return sum(asked == name for asked, _ in self.asked)

    def arguments(self, name: str) -> list[tuple[Any, ...]]:
        """List what a method was called with."""
        return [arguments for asked, arguments in self.asked if asked == name]

    def ask(self, name: str, *arguments: Any) -> Any:
        """Note a request, and answer it."""
        self.asked.append((name, arguments))
        if name in self.errors:
            raise self.errors[name]
        answer = self.answers.get(name)
        return answer(*arguments) if callable(answer) else answer


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSettings(Settings):
    """A few settings of phone systems, to see that they arrive."""

    host: str = text()
    rate_plan: str = text()
    pinned_account: str = text()
    created_objects: tuple[str, ...] = kept_texts()


class FakeProvider(Provider):
    """Follows its script; every test has its own subclass."""

    key = "fake"
    name = "Fake PBX"
    settings_type = FakeSettings
    settings: FakeSettings
    possible = EVERYTHING
    script: ClassVar[Script]

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Know the capabilities only when the account is asked for."""
        super().__init__(session, values)
        self.agents: list[m.UserAgent] = []
        self.queues: list[m.UserQueue] = []

    @override
    async def account(self) -> m.Account:
        self.script.ask("account")
        self.capabilities = self.script.capabilities
        return self.script.account

    @override
    def configure(self, agents: Any, queues: Any) -> None:
        self.agents, self.queues = list(agents), list(queues)

    @override
    async def directory(self) -> m.Directory:
        self.script.ask("directory")
        return self.script.directory

    @override
    async def calls(self) -> tuple[m.Call, ...] | None:
        self.script.ask("calls")
        return self.script.calls

    @override
    def parse(self, request: m.PushRequest) -> tuple[m.Pushed, ...]:
        return self.script.parse(request)

    @override
    def urls_to_paste(self, url: str) -> dict[str, str]:
        return {} if Capability.SUBSCRIPTIONS in self.script.capabilities else {"Webhook": url}

    @override
    async def stream(self) -> AsyncIterator[m.Pushed]:
        self.script.ask("stream")
        while (said := await self.script.stream.get()) is not None:
            if isinstance(said, Exception):
                raise said
            yield said


def _scripted(name: str) -> Callable[..., Awaitable[Any]]:
    async def command(self: FakeProvider, *arguments: Any, **named: Any) -> Any:
        answer = self.script.ask(name, *arguments, *named.values())
        return await answer if isawaitable(answer) else answer

    return command


for _name in COMMANDS:
    setattr(FakeProvider, _name, _scripted(_name))


def make_fake() -> type[FakeProvider]:
    """Make a phone system with a script of its own."""
    placed = m.Placed(call_id="new")
    fake: type[FakeProvider] = type("ScriptedProvider", (FakeProvider,), {})
    fake.script = Script(
        account=m.Account(id="house", title="House", model="Fake 1", version="2.0"),
        directory=m.Directory(
            extensions=(
                m.Extension(number="101", name="Ann", registered=True, dnd=False),
                m.Extension(number="102", name="Bob", registered=False, dnd=True),
            ),
            agents=(),
            queues=(),
        ),
        answers={
            "announce": placed,
            "click_to_call": placed,
            "click_to_calls": (),
            "create_contact": lambda contact: contact,
            "dial": placed,
            "history": m.HistoryPage(),
            "originate": placed,
            "play_sound": placed,
            "raw_action": m.RawAnswer(answer={"Response": "Success"}),
            "search_contacts": m.ContactPage(),
            "send_sms": "sms1",
            "statistics": m.Statistics(total=0),
            "subscribe": (),
            "subscriptions": (),
            "update_contact": lambda contact: contact,
        },
    )
    return fake


def fake_config_entry(account: str = "house", **more: Any) -> MockConfigEntry:
    """Make the config entry of an account at such a phone system."""
    data = {CONF_PROVIDER: "fake", CONF_WEBHOOK_ID: f"hook_{account}", **more.pop("data", {})}
    return MockConfigEntry(
        domain=DOMAIN,
        title=more.pop("title", account.capitalize()),
        unique_id=f"fake_{account}",
        entry_id=more.pop("entry_id", f"entry_{account}"),
        data=data,
        **more,
    )


async def async_set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up and wait until all is quiet."""
    if entry.entry_id not in {known.entry_id for known in hass.config_entries.async_entries(DOMAIN)}:
        entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


def incoming(
    call_id: str = "c1", *extensions: str, state: CallState = CallState.RINGING, number: str = "+390612345678"
) -> m.Call:
    """Make a call from outside as a poll lists it."""
    return m.Call(
        id=call_id,
        state=state,
        direction=Direction.INCOMING,
        caller=m.Party(number=number),
        callee=m.Party(number="+390698765432"),
        legs=tuple(m.Leg(id=f"{call_id}-{phone}", state=state, extension=phone) for phone in extensions or ("101",)),
        started_at=NOON,
    )


def pushed(call_id: str, state: CallState, extension: str = "101", **more: Any) -> m.LegPush:
    """Make a message about one phone in a call from outside."""
    return m.LegPush(
        provider_event=f"test_{state}",
        call_id=call_id,
        state=state,
        leg_id=f"{call_id}-{extension}",
        extension=extension,
        **{"direction": Direction.INCOMING, "caller": m.Party(number="+390612345678"), **more},
    )
