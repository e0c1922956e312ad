"""Valid bodies, taken from the simulators: what each request of each method is answered, and what is pushed."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self
from unittest.mock import patch
from uuid import UUID

import aiohttp
from aiohttp import WSMessage, WSMsgType, web

from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.base import Provider
from custom_components.pbx.providers.http import HttpClient, RateLimit, Reply
from custom_components.pbx.providers.settings import Values
from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ProviderError
from tests.house import CALLERS, typed
from tests.simulators.base import Simulator
from tests.simulators.voipat import VoipatSimulator
from tests.simulators.voipat_wire import ON_PAPER, Profile, Registrations
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipstudio_switches import ContactStyle, PlacedLegs
from tests.simulators.voipsun import VoipsunSimulator
from tests.simulators.voipsun_model import (
    AgentStatusStyle,
    LegStyle,
    ListStyle,
    NumberStyle,
    OkStyle,
    QueueStatusStyle,
    Technology,
)
from tests.simulators.voxloud import VoxloudSimulator
from tests.simulators.voxloud_model import ByCallId, Envelope
from tests.simulators.voxloud_model import NumberStyle as Digits

from .mutate import Seed

type Key = tuple[str, ...]
type Rows = list[dict[str, Any]]
type Do = Callable[[Provider], Awaitable[Any]]

BEGIN = 1_790_000_000.0
PORT = b":8080"
LOGIN: dict[str, str] = {}
AGENT, QUEUE = "agent-1", "queue-1"


class Unlimited:
    """A budget that is never spent: the pause between requests has tests of its own."""

    paused_for = 0.0

    async def for_poll(self) -> None:
        """Let it through."""

    async def for_command(self) -> None:
        """Let it through."""

    def pause(self, _seconds: float) -> None:
        """Mind nothing."""

    def slow_down(self, _wait: float | None) -> None:
        """Mind nothing."""

    def recover(self) -> None:
        """Mind nothing."""

    def set_limits(self, _limits: object) -> None:
        """Mind nothing."""


@dataclass(slots=True)
class Work:
    """A method of a provider, with valid answers to all it asks; or (without `do`) a push."""

    provider: str
    name: str
    settings: Values
    agents: Sequence[m.UserAgent] = ()
    queues: Sequence[m.UserQueue] = ()
    known: Mapping[Key, Sequence[Reply]] = field(default_factory=dict)
    """What was answered before, so that the provider knows its directory and the calls."""
    do: Do | None = None
    answers: Sequence[tuple[Key, Reply]] = ()
    seeds: Sequence[Seed] = ()
    push: m.PushRequest | None = None
    messages: Sequence[str] = ()
    placing: m.Originate | None = None
    """What was called through the API before."""


class Body:
    """The content of an answer, in one piece."""

    def __init__(self, body: bytes) -> None:
        """Hold it."""
        self._body = body

    async def iter_chunked(self, _size: int) -> AsyncIterator[bytes]:
        """Give it."""
        yield self._body


class Answer:
    """An answer as aiohttp gives it."""

    def __init__(self, reply: Reply) -> None:
        """Be what was recorded."""
        self.status = reply.status
        self.headers = reply.headers
        self.content = Body(reply.body)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """End."""


class Socket:
    """A socket that says some messages and closes."""

    def __init__(self, messages: Sequence[str]) -> None:
        """Have something to say."""
        self._messages = iter(messages)

    async def receive(self, timeout: float) -> WSMessage:  # noqa: ASYNC109 - aiohttp's own name
        """Say the next one."""
        for text in self._messages:
            return WSMessage(WSMsgType.TEXT, text, None)
        return WSMessage(WSMsgType.CLOSED, None, None)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """End."""


def key_of(method: str, url: str, options: Mapping[str, Any]) -> Key:
    """Tell requests apart: by path, and where all go to one path by what they want."""
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    return method, path, str((options.get("params") or {}).get("action", ""))


class Session:
    """A session without a network: it answers what it was given, in order, and the last one again and again."""

    def __init__(self) -> None:
        """Know no answers."""
        self.known: Mapping[Key, Sequence[Reply]] = {}
        self.answers: dict[Key, list[Reply]] = {}
        self.messages: Sequence[str] = ()
        self.heard = 0

    def script(self, answers: Sequence[tuple[Key, Reply]]) -> None:
        """Take what is to be answered."""
        self.answers = {}
        for key, reply in answers:
            self.answers.setdefault(key, []).append(reply)

    def request(self, method: str, url: str, **options: Any) -> Answer:
        """Answer."""
        key = key_of(method, url, options)
        given = self.answers.get(key)
        if given:
            return Answer(given.pop(0) if len(given) > 1 else given[0])
        known = self.known.get(key)
        return Answer(known[-1] if known else Reply(status=404, headers={}, body=b'{"error": "Not found"}'))

    def ws_connect(self, _url: str, **_options: object) -> Socket:
        """Open a socket."""
        return Socket(self.messages)


def client(work: Work, session: Any, **more: object) -> Provider:
    """Make a provider that asks a session without a budget."""
    made = PROVIDERS[work.provider](session, {**work.settings, **more})
    budget: Any = Unlimited()
    made.http.budget = budget
    made.configure(work.agents, work.queues)
    return made


class Recorder:
    """Watches a provider at work with a simulator, and keeps what it was told."""

    def __init__(self, simulator: Simulator, settings: Mapping[str, object], works: list[Work]) -> None:
        """Know nothing yet."""
        self.simulator = simulator
        self.settings = settings
        self.works = works
        self.known: dict[Key, list[Reply]] = {}
        self.tape: list[tuple[Key, Reply]] = []
        self.agents: Sequence[m.UserAgent] = ()
        self.queues: Sequence[m.UserQueue] = ()
        self.provider: Any = None
        self.placing: m.Originate | None = None
        self.url = ""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Listen to pushes, and connect."""
        self.session = await self._stack.enter_async_context(aiohttp.ClientSession())
        app = web.Application()
        app.add_routes([web.route("*", "/{tail:.*}", self._heard)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        self._stack.enter_context(self._noting())
        self.settle()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Disconnect."""
        await self._stack.aclose()

    def settle(self, **more: object) -> None:
        """Begin with a new client."""
        self.settings = {**self.settings, **more}
        self.provider = client(self._work("", None), self.session)

    def _noting(self) -> Any:
        send = HttpClient._send  # noqa: SLF001

        async def noted(http: HttpClient, operation: str, method: str, url: str, **how: Any) -> Reply:
            reply: Reply = await send(http, operation, method, url, **how)
            body = reply.body.replace(f":{self.simulator.port}".encode(), PORT)
            headers = {name: value for name, value in reply.headers.items() if "limit" in name.lower()}
            answer = Reply(status=reply.status, headers=headers, body=body)
            self.tape.append((key_of(method, url, how["request"]), answer))
            return reply

        return patch.object(HttpClient, "_send", noted)

    def _work(self, name: str, do: Do | None) -> Work:
        return Work(
            provider=self.simulator.provider,
            name=name,
            settings=dict(self.settings),
            agents=self.agents,
            queues=self.queues,
            known={key: list(replies) for key, replies in self.known.items()},
            do=do,
            placing=self.placing,
        )

    async def take(self, name: str, do: Do) -> Any:
        """Record a method; one that fails has answers to spoil as well."""
        self.tape = []
        work = self._work(name, do)
        result = None
        with suppress(ProviderError):
            result = await do(self.provider)
        if self.tape:
            work.answers = tuple(self.tape)
            work.seeds = tuple(Seed(reply.body) for _, reply in self.tape)
            self.works.append(work)
        for key, reply in self.tape:
            self.known.setdefault(key, []).append(reply)
        return result

    async def look(self) -> Sequence[m.Call]:
        """Record the polls."""
        await self.take("directory", lambda provider: provider.directory())
        return await self.take("calls", lambda provider: provider.calls()) or ()

    async def _heard(self, request: web.Request) -> web.Response:
        body = await request.read()
        push = m.PushRequest(
            method=request.method,
            query=dict(request.query),
            content_type=request.headers.get("Content-Type", ""),
            body=body.replace(f":{self.simulator.port}".encode(), PORT),
            authorization=request.headers.get("Authorization"),
        )
        if push.body or push.query:
            work = self._work("push", None)
            work.push, work.seeds = push, (Seed(push.body),)
            self.works.append(work)
        return web.Response()

    async def talk(self, *verbs: Callable[[], Awaitable[Any]]) -> None:
        """Let people do something, one after the other, and look each time."""
        for verb in verbs:
            with suppress(ValueError, KeyError):
                await verb()
            await asyncio.sleep(0.02)
            await self.look()

    async def command(self, call: m.Call | None, extension: str) -> None:
        """Record every command that is about a call."""
        if call is None:
            return
        for target in (m.CallRef(call=call), m.CallRef(call=call, extension=extension)):
            for name in ("hold", "unhold", "toggle_hold", "mute", "unmute", "answer", "hangup"):
                await self.take(name, lambda provider, n=name, t=target: getattr(provider, n)(t))  # type: ignore[misc]
            await self.take("transfer", lambda p, t=target: p.transfer(t, "102", m.TransferType.BLIND))  # type: ignore[misc]
            await self.take("send_dtmf", lambda p, t=target: p.send_dtmf(t, "12"))  # type: ignore[misc]
        spying = m.Spy(extension="102", call=m.CallRef(call=call))
        await self.take("spy", lambda provider: provider.spy(spying))
        await self.take("record_of", lambda provider: provider.record_of(call))

    async def everything_else(self, extension: str, number: str) -> None:
        """Record what is about no call."""
        placing = m.Originate(extension=extension, number=number)
        agent = m.AgentRef(number="1000", pin="0417", extension="102")
        member = m.QueueMember(queue=QUEUE, agent=agent)
        contact = m.Contact(first_name="Ada", last_name="Lovelace", number=number, emails=("a@example.com",))
        works: dict[str, Do] = {
            "originate": lambda p: p.originate(placing),
            "click_to_call": lambda p: p.click_to_call(placing),
            "dial": lambda p: p.dial(m.Dial(number=number, context="ivr", route_id="1")),
            "announce": lambda p: p.announce(number, "Hello", number),
            "send_sms": lambda p: p.send_sms(number, "Hello", None),
            "agent_login": lambda p: p.agent_login(agent),
            "agent_logout": lambda p: p.agent_logout(agent),
            "agent_pause": lambda p: p.agent_pause(agent),
            "agent_unpause": lambda p: p.agent_unpause(agent),
            "queue_add": lambda p: p.queue_add(member),
            "queue_remove": lambda p: p.queue_remove(member),
            "agent_status": lambda p: p.agent_status(agent),
            "queue_status": lambda p: p.queue_status(QUEUE),
            "history": lambda p: p.history(m.HistoryQuery()),
            "history, filtered": lambda p: p.history(
                m.HistoryQuery(number=number, direction=m.Direction.INCOMING, sort=m.Sort.OLDEST, search="a")
            ),
            "history as CSV": lambda p: p.history(m.HistoryQuery(csv=True)),
            "statistics": lambda p: p.statistics(None, None),
            "statistics, some": lambda p: p.statistics(datetime.fromtimestamp(BEGIN, UTC), None),
            "search_contacts": lambda p: p.search_contacts(m.ContactQuery()),
            "search_contacts, filtered": lambda p: p.search_contacts(m.ContactQuery(name="a", number=number)),
            "create_contact": lambda p: p.create_contact(contact),
            "recordings": lambda p: p.media(m.MediaKind.RECORDING, 10, 0),
            "voicemails": lambda p: p.media(m.MediaKind.VOICEMAIL, 10, 0),
            "move_recording": lambda p: p.move_recording("1", "a.wav", None),
            "subscribe": lambda p: p.subscribe("https://ha.example.com/api/webhook/x"),
            "subscriptions": lambda p: p.subscriptions(),
            "unsubscribe": lambda p: p.unsubscribe("https://ha.example.com/api/webhook/x"),
        }
        for name, do in works.items():
            found = await self.take(name, do)
            if name in {"originate", "click_to_call"}:
                self.placing = placing
                await self.look()
                await asyncio.sleep(0.1)
                await self.look()
            if name == "recordings" and found:
                item = found[0]
                await self.take("media_source", lambda p, i=item: p.media_source(i.kind, i.id))  # type: ignore[misc]
            if name.startswith("history") and found and found.records:
                query = m.HistoryQuery(record_id=found.records[0].id)
                await self.take("history of one", lambda p, q=query: p.history(q))  # type: ignore[misc]
            if name == "create_contact" and found:
                await self._contact(found.id)
        await self.take("release", lambda p: p.release())

    async def _contact(self, contact_id: str) -> None:
        """Record what is done with one contact."""
        changed = m.Contact(id=contact_id, first_name="Grace", notes="x")
        one = m.ContactQuery(contact_id=contact_id)
        await self.take("update_contact", lambda p: p.update_contact(changed))
        await self.take("search_contacts, one", lambda p: p.search_contacts(one))
        await self.take("delete_contact", lambda p: p.delete_contact(contact_id))


@asynccontextmanager
async def recorder(simulator: Simulator, works: list[Work], **settings: object) -> AsyncIterator[Recorder]:
    """Set an account up at a simulator."""
    async with simulator, Recorder(simulator, {**typed(simulator), "country": "IT", **settings}, works) as made:
        account = await made.take("account", lambda provider: provider.account())
        made.settle(**account.settings)
        await made.take("account", lambda provider: provider.account())
        yield made


async def voipat(works: list[Work], **switches: Any) -> None:
    """Record VOIP@ Cloud."""
    simulator = VoipatSimulator(clock=_clock(), auto_answer=0.01, **{**ON_PAPER, **switches})
    caller = CALLERS["voipat"]
    async with recorder(simulator, works, country="DE", extensions=["101", "102"]) as made:
        stream = asyncio.create_task(_listen(made))
        await asyncio.sleep(0.05)
        simulator.connect_webhook(made.url, "GET" if simulator.profile is Profile.NODE else "POST")
        for number in ("101", "102", "103"):
            await simulator.log_in_again(number)
        if simulator.foreign_tenant_rows:
            await simulator.foreign_call()
        await simulator.toggle_agent("101")
        first = await simulator.ring(caller, "101", "102", name="Bäckerei")
        calls = await made.look()
        await made.talk(
            lambda: simulator.answer(first, "101"),
            lambda: simulator.press(first, "101", "5"),
            lambda: simulator.hold(first, "101"),
            lambda: simulator.resume(first, "101"),
        )
        await made.command(next(iter(calls), None), "101")
        second = await simulator.dial("102", "+4930123456")
        await made.talk(lambda: simulator.answer(second), lambda: simulator.hang_up(second))
        third = await simulator.dial("103", "101")
        await made.talk(lambda: simulator.answer(third), lambda: simulator.transfer(third, "103", "102"))
        missed = await simulator.ring(caller, "103")
        await made.talk(lambda: simulator.hang_up(missed), lambda: simulator.toggle_agent("101"))
        greeted = await simulator.greet("+4930999888", name="Menu")
        await made.talk(
            lambda: simulator.distribute(greeted, "103", "104"),
            lambda: simulator.answer(greeted, "103"),
            lambda: simulator.hold(greeted, "103"),
            lambda: simulator.divert(greeted),
        )
        boxed = await simulator.ring("anonymous", "103")
        await made.talk(lambda: simulator.divert(boxed), lambda: simulator.hang_up(boxed))
        refused = await simulator.ring(caller, "103")
        await made.talk(lambda: simulator.hang_up(refused, by="reject"))
        failed = await simulator.dial("103", "+4930111222")
        await made.talk(lambda: simulator.fail(failed, "USER_BUSY"))
        for call in simulator.truth():
            await made.talk(lambda c=call.call_id: simulator.hang_up(c))  # type: ignore[misc]
        await made.everything_else("103", caller)
        await made.look()
        await asyncio.sleep(0.05)
        stream.cancel()


async def _listen(made: Recorder) -> None:
    """Record what the socket says."""
    read, heard = made.provider._heard, list[str]()  # noqa: SLF001

    def noted(message: str, **how: bool) -> Any:
        heard.append(message)
        return read(message, **how)

    made.provider._heard = noted  # noqa: SLF001
    work = made._work("stream", None)  # noqa: SLF001
    try:
        with suppress(ProviderError):
            async for _ in made.provider.stream():
                pass
    finally:
        if heard:
            heard += _rarely(made.provider.settings.domain)
            work.known = {key: list(replies) for key, replies in made.known.items()}
            work.messages, work.seeds = tuple(heard), tuple(Seed(message.encode()) for message in heard)
            busiest = {key: [max(replies, key=lambda reply: len(reply.body))] for key, replies in work.known.items()}
            made.works += [work, replace(work, known=busiest)]


def _rarely(domain: str) -> Sequence[str]:
    """Give messages that the contract has and the simulator does not send."""
    key = {"uuid": str(UUID(int=7)), "domain": domain, "raw": json.dumps({"DTMF-Digit": "5"})}
    return json.dumps({"type": "system.status", "data": {}}), json.dumps({"type": "call.dtmf", "data": key})


async def log_in(provider: Provider) -> Values:
    """Log in with a password."""
    typed_in = {"api_key": "", **LOGIN}
    session: Any = provider.http._session  # noqa: SLF001
    return await type(provider).login(session, {**asdict(provider.settings), **typed_in})


async def voipstudio(works: list[Work], **switches: Any) -> None:
    """Record VoIPstudio."""
    simulator = VoipstudioSimulator(
        clock=_clock(), records_calls=True, wrap_up=True, auto_answer=0.05, far_answer=0.05, **switches
    )
    caller = CALLERS["voipstudio"]
    LOGIN["password"], LOGIN["email"] = simulator.password, simulator.admin.email
    async with recorder(simulator, works, country="GB") as made:
        await made.take("login", log_in)
        await simulator.add_webhook(made.url)
        simulator.two_factor = False
        first = await simulator.ring(caller, "1001", "1002", name="Ada")
        calls = await made.look()
        await made.talk(
            lambda: simulator.answer(first, "1001"),
            lambda: simulator.hold(first, "1001"),
            lambda: simulator.resume(first, "1001"),
            lambda: simulator.press(first, "5", "1001"),
            lambda: simulator.recording_ready(first),
        )
        await made.command(next(iter(calls), None), "1001")
        second = await simulator.dial("1002", "442079460999")
        await made.talk(lambda: simulator.answer(second), lambda: simulator.hang_up(second))
        third = await simulator.dial("1003", "1001")
        await made.talk(lambda: simulator.answer(third, "1001"), lambda: simulator.hand_over(third, "1001", "1002"))
        number = str(next(iter(simulator.queues.values())).number)
        queued = await simulator.enter_queue(caller, number, name="Ada")
        await made.look()
        missed = await simulator.ring(caller, "1003")
        await made.talk(
            lambda: simulator.hang_up(queued),
            lambda: simulator.hang_up(missed),
            lambda: simulator.sms_arrives(caller, "Hello"),
            lambda: simulator.voicemail_arrives("1001", caller),
            lambda: simulator.wraps_up(number, "1001", "opened"),
            lambda: simulator.set_dnd("1001", on=True),
        )
        await made.take("queue_status", lambda p: p.queue_status(number))
        agent = m.AgentRef(number="1001")
        for name in ("agent_status", "agent_logout", "agent_login"):
            await made.take(name, lambda p, n=name: getattr(p, n)(agent))  # type: ignore[misc]
        await made.everything_else("1002", caller)
        await made.talk(simulator.settle, simulator.settle)
        await asyncio.sleep(0.05)


async def voipsun(works: list[Work], **switches: Any) -> None:
    """Record VoIPSUN PBX."""
    simulator = VoipsunSimulator(clock=_clock(), record_calls=True, auto_answer=0.05, **switches)
    caller, queue = CALLERS["voipsun"], next(iter(simulator.queues))
    lines = {e.sip_username: {"number": e.number, "name": e.name} for e in simulator.extensions[:3]}
    async with recorder(simulator, works, country="CZ", extension_names=lines) as made:
        known = next(iter(simulator.agents.values()))
        made.agents = [m.UserAgent(id=AGENT, name=known.name, number=known.number, pin=known.pin, extension="102")]
        made.queues = [m.UserQueue(id=QUEUE, name=queue)]
        made.settle()
        await made.take("account", lambda provider: provider.account())
        first = await simulator.ring(caller, "101", "102", name="Ada")
        calls = await made.look()
        await made.talk(lambda: simulator.answer(first, "101"))
        second = await simulator.dial("102", "+420222333999")
        await made.talk(lambda: simulator.answer(second), lambda: simulator.lag("sip103", 3000))
        third = await simulator.ring_queue(caller, queue)
        await made.talk(
            lambda: simulator.agent_login(known.number, "102"),
            lambda: simulator.agent_pause(known.number),
            lambda: simulator.unregister("sip104"),
            lambda: simulator.hang_up(third),
        )
        await made.take("queue_status", lambda p: p.queue_status(QUEUE))
        await made.everything_else("101", caller)
        await made.command(next(iter(calls), None), "101")


async def voxloud(works: list[Work], **switches: Any) -> None:
    """Record Voxloud."""
    simulator = VoxloudSimulator(clock=_clock(), **switches)
    caller = CALLERS["voxloud"]
    async with recorder(simulator, works) as made:
        simulator.subscribe(made.url)
        await made.look()
        first = await simulator.ring(caller, "101", "102", name="Ada")
        for verb in (
            lambda: simulator.answer(first, "101"),
            lambda: simulator.transfer(first, "101", "103"),
            lambda: simulator.hang_up(first),
            lambda: simulator.fax(caller, "+390698765432"),
            lambda: simulator.fax("+390698765432", caller, direction="outbound", description="x"),
        ):
            with suppress(ValueError):
                await verb()
        for number in (caller, "102"):
            call = await simulator.dial("101", number)
            await simulator.answer(call, "102" if number == "102" else "")
            await simulator.hang_up(call)
        missed = await simulator.ring(caller, "101")
        await simulator.leave_voicemail(missed)
        busy = await simulator.ring(caller, "102")
        await simulator.refuse(busy, "102")
        machine = await simulator.ring_machine(caller)
        await simulator.hang_up(machine)
        for number in (caller, "103"):
            given_up = await simulator.dial("101", number)
            await simulator.hang_up(given_up)
        await simulator.settle()
        for call_id in (first, missed):
            ended = m.Call(id=call_id, state=m.CallState.ENDED)
            await made.take("record_of", lambda p, c=ended: p.record_of(c))  # type: ignore[misc]
            await made.take("history of one", lambda p, c=call_id: p.history(m.HistoryQuery(call_id=c)))  # type: ignore[misc]
        await made.everything_else("101", caller)
        await simulator.settle()


def _clock() -> Callable[[], float]:
    """Make a clock that goes on by each look at it, so that bodies are the same each time."""
    return itertools.count(BEGIN, 0.25).__next__


async def _voipat(works: list[Work]) -> None:
    for profile in Profile:
        await voipat(works, profile=profile, extensions_broken=profile is Profile.NODE or None)
    await voipat(
        works,
        profile=Profile.PYTHON,
        extensions_broken=False,
        foreign_tenant_rows=True,
        registrations=Registrations.NESTED,
        b_call_uuid=True,
    )
    await voipat(works, profile=Profile.DOCS, old_columns=True, registrations=Registrations.LIST)
    await voipat(works, profile=Profile.NODE, disposition_column=True, early_media=True, loopback_splits=True)


async def _voipstudio(works: list[Work]) -> None:
    await voipstudio(works)
    await voipstudio(
        works,
        int_fields={"state", "destination", "type", "disposition"},
        contact_style=ContactStyle.NEW,
        separate_call_ids=True,
        missed_state="MISSED",
        dtmf_state="CONNECTED",
    )
    await voipstudio(works, contact_style=ContactStyle.BARE, placed_legs=PlacedLegs.UNRELATED, two_factor=True)


async def _voipsun(works: list[Work]) -> None:
    await voipsun(works)
    await voipsun(
        works,
        list_style=ListStyle.KEYED,
        number_style=NumberStyle.NUMBERS,
        legs=LegStyle.ONE_ROW,
        agentstatus_style=AgentStatusStyle.ERRNO,
        queuestatus_style=QueueStatusStyle.AMI,
        ok_style=OkStyle.WITH_TIME,
    )
    await voipsun(
        works,
        list_style=ListStyle.WRAPPED,
        tech=Technology.PJSIP,
        queuestatus_style=QueueStatusStyle.LISTS,
        clock_durations=True,
        local_channels=True,
    )


async def _voxloud(works: list[Work]) -> None:
    await voxloud(works)
    await voxloud(works, envelope=Envelope.BARE, by_call_id=ByCallId.ARRAY, users_wrapped=True)
    await voxloud(works, number_style=Digits.NATIONAL, by_call_id=ByCallId.PAGE, machine_events=True)


RECORD: Mapping[str, Callable[[list[Work]], Awaitable[None]]] = {
    "voipat": _voipat,
    "voipstudio": _voipstudio,
    "voipsun": _voipsun,
    "voxloud": _voxloud,
}


# What a contract allows and no simulator says: written into copies of what was recorded.
REWRITTEN: Mapping[str, Sequence[tuple[bytes, bytes]]] = {
    "voipat": (
        (b'"status": "Registered"', b'"status": "Unregistered"'),
        (b'"missed_call": false', b'"missed_call": true'),
        (b'"direction": "', b'"direction": "odd '),
        (b'"callstate": "ACTIVE"', b'"callstate": "HELD"'),
    ),
    "voipsun": ((b'"interface": "', b'"interface": "other '), (b'"name": "', b'"name": "other ')),
}


def _loopbacks(rows: Rows) -> Rows:
    """Leave nothing of the calls but the ends of loopbacks."""
    return [{**row, "name": "loopback/101-a"} for row in rows]


def _strangers(rows: Rows) -> Rows:
    """Tell of no leg to which call it belongs."""
    return [{**row, "call_uuid": row.get("uuid")} for row in rows]


def _called_outside(rows: Rows) -> Rows:
    """Leave nothing of the calls but legs to the outside."""
    tenant = [str(row.get("presence_id")).rpartition("@")[2] for row in rows]
    outside = {"direction": "outbound", "dest": "+4930123456", "destination_number": "+4930123456"}
    return [
        {**row, **outside, "call_uuid": row.get("uuid"), "presence_id": f"@{domain}"}
        for row, domain in zip(rows, tenant, strict=True)
    ]


def _begun_outside(rows: Rows) -> Rows:
    """Make one call of all legs to the outside."""
    return [{**row, "call_uuid": rows[0].get("uuid")} for row in _called_outside(rows)]


def _asleep(rows: Rows) -> Rows:
    """Leave nothing of the calls but phones that do not ring yet."""
    return [{**row, "direction": "outbound", "callstate": "DOWN"} for row in _strangers(rows)]


def _through(rows: Rows) -> Rows:
    """Let every leg be alone with the end of a loopback."""
    behind = [{**row, "uuid": f"{row.get('uuid')}-a", "name": "loopback/101-a"} for row in _strangers(rows)]
    return [*_strangers(rows), *({**row, "call_uuid": row["uuid"][:-2]} for row in behind)]


def _nowhere(rows: Rows) -> Rows:
    """Say of no record which way its call went."""
    return [{**row, "direction": ""} for row in rows]


def _entertained(rows: Rows) -> Rows:
    """Let every call wait in a queue that plays music."""
    waiting = {"context": "Q-80000", "state": "CONNECTED", "src_id": "0", "dst_id": "0", "dst": "441632960500"}
    return [{**row, **waiting, "src": "442079460123"} for row in rows]


def _circles(rows: Rows) -> Rows:
    """Put every call below itself."""
    return [{**row, "parent_id": row.get("id")} for row in rows]


def _many_callers(rows: Rows) -> Rows:
    """Let more people call than are remembered."""
    return [{**rows[0], "id": number, "src": str(number)} for number in range(300)]


def _crowd(rows: Rows) -> Rows:
    """Let the same call be there again and again, on other channels."""
    return [
        {key: f"{entry}{number}" if "/" in str(entry) else entry for key, entry in row.items()}
        for number in range(40)
        for row in rows
    ]


def _nobody(rows: Rows) -> Rows:
    """Name members that nobody knows."""
    named = ("interface", "location", "name")
    return [{key: "nobody" if key.lower() in named else entry for key, entry in row.items()} for row in rows]


# The same for whole lists: of which method, how, and in how many copies; the long ones take their time.
RESHAPED: Mapping[str, Sequence[tuple[str, Callable[[Rows], Rows], int]]] = {
    "voipat": (
        ("calls", _loopbacks, 12),
        ("calls", _strangers, 12),
        ("calls", _called_outside, 12),
        ("calls", _begun_outside, 12),
        ("calls", _asleep, 12),
        ("calls", _through, 12),
        ("statistics, some", _nowhere, 12),
    ),
    "voipstudio": (("calls", _entertained, 12), ("calls", _circles, 12), ("calls", _many_callers, 4)),
    "voipsun": (("calls", _crowd, 1), ("queue_status", _nobody, 12)),
}


def _reshaped(item: Any, shape: Callable[[Rows], Rows]) -> Any:
    """Give another shape to every list of objects, wherever it stands."""
    if isinstance(item, dict):
        return {key: _reshaped(entry, shape) for key, entry in item.items()}
    if isinstance(item, list) and item and all(isinstance(row, dict) for row in item):
        return shape(item)
    return item


def reshaped(work: Work, shape: Callable[[Rows], Rows]) -> Work | None:
    """Copy a work with lists of another shape; None where there are none."""
    trees = [_reshaped(seed.tree, shape) for seed in work.seeds]
    pairs = list(zip(trees, work.seeds, strict=True))
    if all(tree == seed.tree for tree, seed in pairs):
        return None
    return _with_bodies(work, [seed.body if tree == seed.tree else json.dumps(tree).encode() for tree, seed in pairs])


def rewritten(work: Work, old: bytes, new: bytes) -> Work | None:
    """Copy a work with other answers; None where it has no such answers."""
    bodies = [reply.body.replace(old, new) for _, reply in work.answers]
    return None if bodies == [reply.body for _, reply in work.answers] else _with_bodies(work, bodies)


def _with_bodies(work: Work, bodies: Sequence[bytes]) -> Work:
    answers = tuple((key, replace(reply, body=body)) for (key, reply), body in zip(work.answers, bodies, strict=True))
    return replace(work, answers=answers, seeds=tuple(Seed(body) for body in bodies))


async def corpus(providers: Sequence[str]) -> dict[str, list[Work]]:
    """Record what these providers are told."""
    recorded: dict[str, list[Work]] = {}
    plenty = (RateLimit(requests=10**9, seconds=1),)
    with patch.object(voipat_access, "CONFIRM_AFTER", 0.0):
        for provider in providers:
            PROVIDERS[provider].limits = plenty
            works: list[Work] = []
            await RECORD[provider](works)
            for old, new in REWRITTEN.get(provider, ()):
                works += [found for work in works if (found := rewritten(work, old, new)) is not None]
            plain = tuple(works)
            for name, shape, copies in RESHAPED.get(provider, ()):
                shaped = [found for work in plain if work.name == name and (found := reshaped(work, shape)) is not None]
                works += shaped[:: max(1, len(shaped) // copies)]
            recorded[provider] = works
    return recorded
