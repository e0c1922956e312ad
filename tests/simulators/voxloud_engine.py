"""The simulated Voxloud's telephony: calls, webhooks, records and what people do (contract §6, §8, §10, §11)."""

import asyncio
import contextlib
import time
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from .base import Body, Delivering, Placed, Simulator, TrueCall, TrueLeg
from .voxloud_model import (
    ANONYMOUS,
    MAIN_DID,
    SUPPORT_DID,
    Absent,
    ByCallId,
    Call,
    ClickToCall,
    Contact,
    DeliveryMode,
    DialFirst,
    Did,
    Direction,
    Envelope,
    ErrorStyle,
    EventKey,
    EventType,
    ForeignNumber,
    Group,
    GroupHangup,
    LastEvent,
    Leg,
    LegState,
    NumberStyle,
    Parties,
    Record,
    Subscription,
    UpdateMethod,
    User,
    demo_contacts,
    demo_groups,
    demo_users,
    styled,
)

type Event = tuple[EventType, dict[str, Any]]

NUMBER_FIELDS = tuple(
    f"{who}{what}" for who in ("originator", "destination", "answerer") for what in ("Number", "Name")
)
NEUTRAL_DIRECTION = {
    Direction.INBOUND: "incoming",
    Direction.OUTBOUND: "outgoing",
    Direction.INTERNAL: "internal",
}
UNANSWERED = {
    "caller": LastEvent.CANCELED,
    "callee": LastEvent.REJECTED,
    "reject": LastEvent.REJECTED,
    "busy": LastEvent.USER_BUSY,
    "no_answer": LastEvent.NO_ANSWER,
}
_sending: ContextVar[Subscription | None] = ContextVar("voxloud_sending", default=None)


class VoxloudSwitches:
    """What nobody knows for certain about the real system; each is a keyword argument and an attribute."""

    # Answers
    event_key: EventKey = EventKey.MIXED
    update_method: UpdateMethod = UpdateMethod.PUT
    contact_update_method: UpdateMethod = UpdateMethod.PUT
    success_status: int = 200
    delete_status: int = 204
    missing_as: Absent = Absent.ABSENT
    users_wrapped: bool = False
    by_call_id: ByCallId = ByCallId.OBJECT
    by_call_id_missing_empty: bool = False
    error_style: ErrorStyle = ErrorStyle.SPRING
    old_host: bool = False
    page_size_default: int = 20
    page_size_max: int = 2000
    # Refusals
    forbidden: frozenset[str] = frozenset()
    maintenance: bool = False
    rate_limit: int | None = None
    rate_window: float = 60.0
    retry_after: int | None = None
    empty_values_allowed: bool = True
    # Contacts and subscriptions
    rewrite_text: bool = True
    ctc_create: bool = True
    refuse_duplicates: bool = False
    put_keeps_absent: bool = True
    enable_resets_count: bool = True
    auto_disable_after: int | None = None
    # Click-to-call
    ctc_limit: int | None = None
    ctc_limit_status: int = 400
    ctc_rename: bool = True
    ctc_foreign_number: ForeignNumber = ForeignNumber.REFUSED
    ctc_event: EventType = EventType.CALL_STARTED
    ctc_same_call_id: bool = True
    auto_answer: float | None = None
    # Events
    envelope: Envelope = Envelope.WRAPPED
    number_style: NumberStyle = NumberStyle.PLUS
    record_number_style: NumberStyle = NumberStyle.NO_PLUS
    group_hangup: GroupHangup = GroupHangup.PER_USER
    internal_incoming: bool = True
    internal_parties: Parties = Parties.BOTH
    machine_events: bool = False
    transfer_new_call_id: bool = False
    # Records
    cdr_delay: float = 0.0
    race_records: bool = False
    record_calls: bool = True
    transcribe: bool = True
    media_lifetime: float | None = None


class CountingDelivery(Delivering):
    """Deliver, and tell the phone system how each attempt went."""

    attempted: Callable[[Subscription, int | None], None]

    async def _send(
        self,
        method: str,
        url: str,
        event: str,
        json: Body,
        data: Body,
        headers: Mapping[str, str] | None,
    ) -> int | None:
        status = await super()._send(method, url, event, json, data, headers)
        if (subscription := _sending.get()) is not None:
            self.attempted(subscription, status)
        return status


class VoxloudEngine(VoxloudSwitches, Simulator):
    """A Voxloud company's phones, without the API."""

    provider = "voxloud"

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
        users: Sequence[User] | None = None,
        groups: Sequence[Group] | None = None,
        contacts: Sequence[Mapping[str, Any]] | None = None,
        dids: Sequence[Did] = (MAIN_DID, SUPPORT_DID),
        delivery: DeliveryMode = DeliveryMode.IN_ORDER,
        **switches: Any,
    ) -> None:
        """Prepare a company; `switches` are the attributes of VoxloudSwitches."""
        super().__init__(seed=seed, clock=clock)
        for name, value in switches.items():
            if name not in VoxloudSwitches.__annotations__:
                raise TypeError(f"No such switch: {name}")
            setattr(self, name, value)
        self.api_key = "vx-key-7d1c11fd8149bdf161b05c48"
        self.company = "Keller & Rossi"
        self.email = "admin@example.com"
        self.pbx_id = 117
        self.account_id = "faffd4879c2b686fe9c5fb1673ce2800"
        self.dids = list(dids)
        people = list(users) if users is not None else demo_users(dids=self.dids)
        self.users: dict[str, User] = {user.extension: user for user in people}
        rings = list(groups) if groups is not None else demo_groups(people)
        self.groups: dict[str, Group] = {group.extension: group for group in rings}
        self.contacts: dict[str, Contact] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.click_to_calls: dict[str, ClickToCall] = {}
        self.calls: dict[str, Call] = {}
        self.records: dict[int, Record] = {}
        self.mails: list[tuple[str, str]] = []
        self.labels: tuple[str, ...] = ()
        self.sentiment_score = 73
        self.recent_requests: deque[float] = deque()
        self.drop_nth = 2
        self.delivery_delay = 0.05
        self._records_by_call: dict[str, list[Record]] = {}
        self._pending: dict[int, Record] = {}
        self._next_record = 8395
        self._by_phone: dict[str, Contact] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._pushes: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.Task[None]] = set()
        self.webhooks = CountingDelivery(self.rng)
        self.webhooks.attempted = self._attempted
        self.delivery = delivery
        for fields in contacts if contacts is not None else demo_contacts():
            self.save_contact(dict(fields))

    # -- the company ----------------------------------------------------------------------------------

    @property
    def delivery(self) -> DeliveryMode:
        """How badly webhooks are delivered (see also `drop_nth` and `delivery_delay`)."""
        return self._delivery

    @delivery.setter
    def delivery(self, mode: DeliveryMode) -> None:
        self._delivery = mode
        count = 0

        def drop(_event: str, _body: Body) -> bool:
            nonlocal count
            count += 1
            return mode is DeliveryMode.DROP_NTH and count % self.drop_nth == 0

        late = mode in (DeliveryMode.SHUFFLED, DeliveryMode.DELAYED)
        self.webhooks.drop = drop
        self.webhooks.duplicate = 1.0 if mode is DeliveryMode.DUPLICATED else 0.0
        self.webhooks.delay = self.delivery_delay if late else 0.0
        self.webhooks.shuffle = mode is DeliveryMode.SHUFFLED

    def new_uuid(self) -> str:
        """Give a UUID that depends on the seed only."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def save_contact(self, fields: dict[str, Any], contact_id: str = "") -> Contact:
        """Create a contact or replace one."""
        now = self.clock()
        contact = Contact(id=contact_id or self.new_uuid(), fields=fields, created=now, updated=now)
        if (old := self.contacts.get(contact_id)) is not None:
            contact.created = old.created
            self._forget_phones(old)
        self.contacts[contact.id] = contact
        for phone in contact.phones:
            self._by_phone.setdefault(phone, contact)
        return contact

    def delete_contact(self, contact_id: str) -> None:
        """Delete a contact."""
        self._forget_phones(self.contacts.pop(contact_id))

    def _forget_phones(self, contact: Contact) -> None:
        for phone in contact.phones:
            if self._by_phone.get(phone) is contact:
                del self._by_phone[phone]

    def subscribe(self, url: str, *events: EventType, notification_email: str | None = None) -> list[str]:
        """Subscribe a URL to these events (none: all seven) without the API; give the ids."""
        made = [
            Subscription(id=self.new_uuid(), callback_url=url, event_type=event, notification_email=notification_email)
            for event in events or EventType
        ]
        self.subscriptions.update({subscription.id: subscription for subscription in made})
        return [subscription.id for subscription in made]

    def records_of(self, call_id: str) -> list[Record]:
        """List the published records of a call."""
        return self._records_by_call.get(call_id, [])

    # -- the server -----------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        """Listen; records that were on their way before a stop are on their way again."""
        await super().start(port)
        for record in list(self._pending.values()):
            self._publish_later(record)

    async def stop(self) -> None:
        """Stop listening and drop what was being sent."""
        tasks = [*self._timers, *self._pushes]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await super().stop()

    async def settle(self) -> None:
        """Wait until everything that is to be sent now was sent (not for delayed records or automatic answers)."""
        while self._pushes:
            await asyncio.wait(self._pushes)
        await self.webhooks.settle()

    def _spawn(self, work: Coroutine[Any, Any, None], where: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        where.add(task)
        task.add_done_callback(where.discard)

    # -- telling the world ----------------------------------------------------------------------------

    def push_soon(self, events: list[Event]) -> None:
        """Send events without waiting: what an API request set off is told after its answer."""
        self._spawn(self._push(events), self._pushes)

    async def _push(self, events: list[Event]) -> None:
        for kind, data in events:
            body = data
            if self.envelope is Envelope.WRAPPED:
                body = {"timestamp": data["timestamp"], "type": kind.value, "data": data, "pbx_id": self.pbx_id}
            for subscription in list(self.subscriptions.values()):
                if not subscription.enabled or subscription.event_type is not kind:
                    continue
                url = subscription.callback_url
                async with self._locks.setdefault(url, asyncio.Lock()):
                    token = _sending.set(subscription)
                    await self.webhooks.send("POST", url, kind.value, json=body)
                    _sending.reset(token)

    def _attempted(self, subscription: Subscription, status: int | None) -> None:
        if status is not None and status // 100 == 2:
            return
        subscription.failed_count += 1
        subscription.last_error = "Connection failed" if status is None else f"HTTP status {status}"
        limit = self.auto_disable_after
        if subscription.enabled and limit is not None and subscription.failed_count >= limit:
            subscription.enabled = False
            if subscription.notification_email:
                self.mails.append((subscription.notification_email, subscription.id))

    def _event(self, call: Call, kind: EventType, leg: Leg | None) -> Event:
        # Two events of one call never share a millisecond, so that their true order stays readable.
        call.last_stamp = max(int(self.clock() * 1000), call.last_stamp + 1)
        originator, destination = call.originator, call.destination
        if leg is not None and call.direction is Direction.INBOUND:
            destination = (destination[0], leg.user.name)
        elif leg is not None and call.direction is Direction.OUTBOUND and not leg.origin:
            originator, destination = destination, (leg.user.extension, leg.user.name)
        elif leg is not None and not leg.origin and destination[0] in self.users:
            destination = (leg.user.extension, leg.user.name)
        data: dict[str, Any] = {
            "timestamp": call.last_stamp,
            "callId": call.id,
            "type": kind.value.removeprefix("CALL_"),
            "originatorNumber": originator[0],
            "originatorName": originator[1],
            "destinationNumber": destination[0],
            "destinationName": destination[1],
        }
        if leg is not None:
            data |= {
                "sipUsername": leg.user.sip_username,
                "userEmail": leg.user.email,
                "userExtension": int(leg.user.extension),
            }
        elif self.missing_as is Absent.NULL:
            data |= {"sipUsername": None, "userEmail": None, "userExtension": None}
        return kind, self._styled(data, self.number_style)

    @staticmethod
    def _styled(data: dict[str, Any], style: NumberStyle) -> dict[str, Any]:
        return data | {key: styled(data[key], style) for key in NUMBER_FIELDS if key in data}

    def wire_record(self, record: Record) -> dict[str, Any]:
        """Show a record as its webhook does."""
        stamp = {"timestamp": int(record.started * 1000)}
        if record.fax is not None:
            style = self.record_number_style
            ends = {key: styled(record.fax[key], style) for key in ("sender", "recipient")}
            return {"id": record.id} | stamp | record.fax | ends
        return self._styled({"id": record.id} | stamp | record.data, self.record_number_style)

    def history_row(self, record: Record) -> dict[str, Any]:
        """Show a record as the history does, without its time."""
        return self._styled({"id": record.id} | record.data, self.record_number_style)

    # -- what people do -------------------------------------------------------------------------------

    def call(self, call_id: str) -> Call:
        """Give a call that is up."""
        if call_id not in self.calls:
            raise ValueError(f"Call {call_id} is not up")
        return self.calls[call_id]

    async def ring(self, caller: str, *extensions: str, name: str = "", did: str = "") -> str:
        """Let an outside caller (`anonymous` hides the number) ring users or groups at once."""
        users, rules = self._members(extensions)
        call = self._inbound(caller, name, did)
        call.rules = rules
        await self._push(self._ring_legs(call, users))
        return call.id

    async def ring_machine(self, caller: str, *, rule: str = "Welcome", name: str = "", did: str = "") -> str:
        """Let an outside caller reach an IVR or a queue; no user is concerned until `ring_next`."""
        call = self._inbound(caller, name, did)
        call.rules, call.machine, call.outside = [rule], True, LegState.TALKING
        await self._push([self._event(call, EventType.CALL_ANSWERED, None)] if self.machine_events else [])
        return call.id

    async def ring_next(self, call_id: str, *extensions: str) -> None:
        """Let a waiting call stop ringing where it rings and ring elsewhere (IVR, queue, sequential group)."""
        call = self.call(call_id)
        users, rules = self._members(extensions)
        events = self._end_legs(call, call.ringing())
        call.rules += rules
        call.machine = False
        call.outside = LegState.DIALING
        await self._push(events + self._ring_legs(call, users))

    async def dial(self, extension: str, number: str) -> str:
        """Let a user dial an outside number, a user or a group."""
        user = self.users[extension]
        internal = number in self.users or number in self.groups
        users, rules = self._members((number,)) if internal else ([], [])
        if number in self.groups:
            name = self.groups[number].name
        else:
            name = self.users[number].name if internal else self._name_of(number)
        call = self._new_call(
            Direction.INTERNAL if internal else Direction.OUTBOUND, (extension, user.name), (number, name)
        )
        call.outside = None if internal else LegState.RINGING
        call.rules = rules
        origin = Leg(user, LegState.DIALING, origin=True)
        call.legs.append(origin)
        events = [self._event(call, EventType.CALL_STARTED, origin)]
        await self._push(events + self._ring_legs(call, users, told=self.internal_incoming))
        return call.id

    async def answer(self, call_id: str, extension: str = "") -> None:
        """Pick up a ringing phone, or (no extension) let the outside party or else the first ringing phone answer."""
        call = self.call(call_id)
        if not extension and call.outside is LegState.RINGING:
            await self._push(self._outside_answers(call))
            return
        ringing = call.ringing()
        target = extension or (ringing[0].user.extension if ringing else "")
        await self._push(self._pick_up(call, call.leg(target, LegState.RINGING)))

    async def hold(self, call_id: str, extension: str) -> None:
        """Do nothing: holding a call is nowhere to be seen."""

    async def resume(self, call_id: str, extension: str) -> None:
        """Do nothing: holding a call is nowhere to be seen."""

    async def hang_up(self, call_id: str, *, by: str = "caller") -> None:
        """End a call: by `caller` or `callee`; not answered also by `reject`, `busy` or `no_answer`."""
        call = self.call(call_id)
        last = UNANSWERED[by]
        if call.answered is not None:
            last = LastEvent.TRANSFERRED if call.transferred else LastEvent.TERMINATED
        elif call.machine:
            last = LastEvent.TERMINATED
        await self._push(self._finish(call, last))

    async def refuse(self, call_id: str, extension: str) -> None:
        """Let one ringing phone refuse; the call goes on while another phone rings or talks."""
        call = self.call(call_id)
        events = self._end_legs(call, [call.leg(extension, LegState.RINGING)])
        call.transfer_from = None
        if not any(leg.state in (LegState.RINGING, LegState.TALKING) for leg in call.legs):
            events += self._finish(call, LastEvent.REJECTED)
        await self._push(events)

    async def transfer(self, call_id: str, extension: str, target: str, *, blind: bool = False) -> str:
        """Let a talking user transfer to another; give the id of the call from now on.

        Attended, the old phone leaves when the new one is picked up; blind or with a new call id, it leaves at once.
        """
        call = self.call(call_id)
        leg = call.leg(extension, LegState.TALKING)
        user = self.users[target]
        if self.transfer_new_call_id:
            return await self._transfer_to_new(call, leg, user)
        events = self._ring_legs(call, [user])
        if blind:
            call.transferred = True
            events += self._end_legs(call, [leg])
        else:
            call.transfer_from = leg
        await self._push(events)
        return call.id

    async def forward(self, call_id: str, number: str) -> None:
        """Let an outside phone (an external forward) answer a ringing call: ANSWERED comes without a user."""
        call = self.call(call_id)
        events = self._end_legs(call, call.ringing())
        call.answered, call.answerer, call.outside = self.clock(), (number, number), LegState.TALKING
        call.machine = True
        await self._push([*events, self._event(call, EventType.CALL_ANSWERED, None)])

    async def leave_voicemail(self, call_id: str) -> None:
        """Let nobody answer and the caller leave a message: the record says so."""
        call = self.call(call_id)
        events = self._end_legs(call, call.ringing())
        if self.machine_events:
            events.append(self._event(call, EventType.CALL_ANSWERED, None))
            call.machine = True
        await self._push(events + self._finish(call, LastEvent.NO_ANSWER, voicemail=True))

    async def fax(
        self, sender: str, recipient: str, *, direction: str = "inbound", pages: int = 1, description: str = ""
    ) -> int:
        """Let a fax arrive (`inbound`) or be sent (`outbound`); give the record's id."""
        record_id = self._new_record_id()
        fax: dict[str, Any] = {
            "direction": direction,
            "sender": sender,
            "recipient": recipient,
            "attachment_url": f"{self.url}/media/fax_{record_id}.pdf",
            "total_pages": pages,
        }
        if direction == "outbound":
            fax["description"] = description
        call_id = self.new_uuid()
        bare = styled(recipient, NumberStyle.NO_PLUS)
        data = {
            "type": EventType.FAX_CALL.value,
            "accountId": self.account_id,
            "direction": direction.upper(),
            "originatorName": sender,
            "originatorNumber": sender,
            "destinationName": f"{bare}-fax-caller-id-name",
            "destinationNumber": recipient,
            "callId": call_id,
            "duration": 8 * pages,
            "archived": False,
        }
        record = Record(
            id=record_id, type=EventType.FAX_CALL, call_id=call_id, started=self.clock(), data=data, fax=fax
        )
        await self._push(self._hand_in(record))
        return record_id

    async def publish_records(self) -> None:
        """Publish the records that `cdr_delay` holds back."""
        await self._push([event for record in list(self._pending.values()) for event in self._publish(record)])

    def past_call(
        self,
        caller: str,
        extension: str,
        *,
        ago: float,
        duration: int = 60,
        ring_time: int | None = 5,
        last_event: LastEvent = LastEvent.TERMINATED,
    ) -> Record:
        """Write an inbound call into the history without telling anybody (`ring_time` None: nobody answered)."""
        call = self._inbound(caller, "", "")
        del self.calls[call.id]
        call.started = self.clock() - ago
        user = self.users[extension]
        if ring_time is not None:
            call.answered, call.answerer = call.started + ring_time, (extension, user.name)
        record = self._record(call, last_event, ended=call.started + duration)
        self._publish(record)
        return record

    def truth(self) -> list[TrueCall]:
        """List the calls that are up now."""
        return [self._true(call) for call in self.calls.values()]

    def _true(self, call: Call) -> TrueCall:
        legs = [TrueLeg(extension=leg.user.extension, state=leg.state.value) for leg in call.live]
        if call.outside is not None:
            legs.append(TrueLeg(extension="", state=call.outside.value))
        if call.answered is not None or call.machine:
            state = LegState.TALKING
        elif call.ringing():
            state = LegState.RINGING
        else:
            state = LegState.DIALING
        return TrueCall(
            call_id=call.id,
            direction=NEUTRAL_DIRECTION[call.direction],
            state=state.value,
            caller=call.originator[0],
            callee=call.destination[0],
            legs=tuple(legs),
        )

    # -- click-to-call --------------------------------------------------------------------------------

    def connect(self, resource: ClickToCall, contact: str) -> list[Event]:
        """Place the call of a click-to-call; give the events it sets off."""
        user = self._members((resource.extension,))[0][0]
        call = self._new_call(Direction.OUTBOUND, (user.extension, user.name), (contact, contact), resource)
        self.placed.append(Placed(call_id=call.id, source=resource.extension, destination=contact))
        if resource.dial_first is DialFirst.CONTACT:
            call.outside = LegState.RINGING
            return []
        return self._ring_for_api(call)

    def _ring_for_api(self, call: Call) -> list[Event]:
        assert call.click_to_call is not None
        users = self._members((call.click_to_call.extension,))[0]
        started = self.ctc_event is EventType.CALL_STARTED
        events = self._ring_legs(call, users, kind=self.ctc_event, origin=started)
        if self.auto_answer is not None:
            self._spawn(self._answer_later(call, self.auto_answer), self._timers)
        return events

    async def _answer_later(self, call: Call, wait: float) -> None:
        await asyncio.sleep(wait)
        if ringing := call.ringing():
            with contextlib.suppress(ValueError):
                await self.answer(call.id, ringing[0].user.extension)

    # -- the engine -----------------------------------------------------------------------------------

    def _name_of(self, number: str) -> str:
        contact = self._by_phone.get(number)
        return contact.name if contact is not None else number

    def _members(self, extensions: Sequence[str]) -> tuple[list[User], list[str]]:
        users: dict[str, User] = {}
        rules = []
        for extension in extensions:
            group = self.groups.get(extension)
            if group is not None:
                rules.append(group.name)
            for member in group.members if group is not None else (extension,):
                users[member] = self.users[member]
        return list(users.values()), rules

    def _new_call(
        self,
        direction: Direction,
        originator: tuple[str, str],
        destination: tuple[str, str],
        click_to_call: ClickToCall | None = None,
    ) -> Call:
        call_id = record_call_id = f"{self.rng.getrandbits(128):032x}"
        if click_to_call is not None:
            record_call_id = f"{call_id}-clicktocall"
            call_id = record_call_id if self.ctc_same_call_id else f"{self.rng.getrandbits(128):032x}"
        call = Call(
            id=call_id,
            record_call_id=record_call_id,
            direction=direction,
            originator=originator,
            destination=destination,
            started=self.clock(),
            click_to_call=click_to_call,
        )
        self.calls[call.id] = call
        return call

    def _inbound(self, caller: str, name: str, did: str) -> Call:
        hidden = caller in ("", ANONYMOUS)
        originator = (ANONYMOUS, ANONYMOUS) if hidden else (caller, name or self._name_of(caller))
        number = did or self.dids[0].number
        call = self._new_call(Direction.INBOUND, originator, (number, number))
        call.outside = LegState.DIALING
        return call

    def _ring_legs(
        self,
        call: Call,
        users: Sequence[User],
        *,
        kind: EventType = EventType.CALL_INCOMING,
        told: bool = True,
        origin: bool = False,
    ) -> list[Event]:
        legs = [Leg(user, LegState.RINGING, origin=origin) for user in users]
        call.legs += legs
        call.parallel = call.parallel or len(legs) > 1
        return [self._event(call, kind, leg) for leg in legs] if told else []

    def _pick_up(self, call: Call, leg: Leg) -> list[Event]:
        leg.state, leg.was_answered = LegState.TALKING, True
        losers = call.ringing()
        if call.click_to_call is not None and call.answered is None:
            return self._picked_up_for_api(call, leg) + self._end_legs(call, losers)
        if call.answered is None:
            call.answered, call.answerer = self.clock(), (leg.user.extension, leg.user.name)
        if call.outside is not None:
            call.outside = LegState.TALKING
        events = []
        if call.direction is not Direction.INTERNAL or self.internal_parties is not Parties.CALLER:
            events.append(self._event(call, EventType.CALL_ANSWERED, leg))
        for origin in call.live:
            if origin.origin and origin.state is LegState.DIALING:
                origin.state, origin.was_answered = LegState.TALKING, True
                if self.internal_parties is not Parties.CALLEE:
                    events.append(self._event(call, EventType.CALL_ANSWERED, origin))
        if call.transfer_from is not None:
            losers.append(call.transfer_from)
            call.transfer_from = None
            call.transferred = True
        return events + self._end_legs(call, losers)

    def _picked_up_for_api(self, call: Call, leg: Leg) -> list[Event]:
        assert call.click_to_call is not None
        if call.click_to_call.dial_first is DialFirst.CONTACT:
            call.answered, call.outside = self.clock(), LegState.TALKING
            return [self._event(call, EventType.CALL_ANSWERED, leg)]
        leg.state, call.outside = LegState.DIALING, LegState.RINGING
        # A phone told of an incoming call has answered it now; one that started a call waits for the contact.
        return [] if leg.origin else [self._event(call, EventType.CALL_ANSWERED, leg)]

    def _outside_answers(self, call: Call) -> list[Event]:
        if call.click_to_call is not None and call.click_to_call.dial_first is DialFirst.CONTACT:
            call.outside = LegState.DIALING
            return self._ring_for_api(call)
        call.answered, call.answerer, call.outside = self.clock(), call.destination, LegState.TALKING
        legs = call.live
        for leg in legs:
            leg.state, leg.was_answered = LegState.TALKING, True
        return [self._event(call, EventType.CALL_ANSWERED, leg) for leg in legs if leg.origin]

    def _end_legs(self, call: Call, legs: Sequence[Leg]) -> list[Event]:
        events = []
        for leg in legs:
            leg.state = LegState.ENDED
            if self._hangup_is_told(call, leg):
                events.append(self._event(call, EventType.CALL_HANGUP, leg))
        return events

    def _hangup_is_told(self, call: Call, leg: Leg) -> bool:
        # A click-to-call that rings a group counts as a group call although its legs look like the caller's.
        if call.parallel and (not leg.origin or call.click_to_call is not None):
            everyone = self.group_hangup is GroupHangup.PER_USER
            return everyone or (self.group_hangup is GroupHangup.ANSWERED_LEG and leg.was_answered)
        if call.direction is not Direction.INTERNAL:
            return True
        silent = Parties.CALLEE if leg.origin else Parties.CALLER
        return self.internal_parties is not silent

    def _finish(self, call: Call, last: LastEvent, *, voicemail: bool = False) -> list[Event]:
        events = self._end_legs(call, call.live)
        once = call.parallel and self.group_hangup is GroupHangup.ONCE
        machine = call.machine and (self.machine_events or call.answered is not None)
        if once or machine:
            events.append(self._event(call, EventType.CALL_HANGUP, None))
        del self.calls[call.id]
        if self.race_records and call.parallel and call.answered is not None:
            for leg in call.legs:
                if not leg.was_answered and not leg.origin:
                    lost = replace(call, destination=(leg.user.extension, leg.user.name), answered=None, answerer=None)
                    events += self._hand_in(self._record(lost, LastEvent.LOSE_RACE))
        return events + self._hand_in(self._record(call, last, voicemail=voicemail))

    async def _transfer_to_new(self, call: Call, leg: Leg, user: User) -> str:
        rest = [other for other in call.live if other is not leg]
        originator, destination = call.originator, call.destination
        if call.direction is Direction.INTERNAL:
            originator, destination = (rest[0].user.extension, rest[0].user.name), (user.extension, user.name)
        new = self._new_call(call.direction, originator, destination)
        new.outside = call.outside
        if new.outside is not None:
            new.outside = LegState.DIALING
        new.legs = [Leg(other.user, LegState.DIALING, origin=True) for other in rest]
        events = self._finish(call, LastEvent.TRANSFERRED)
        await self._push(events + self._ring_legs(new, [user]))
        return new.id

    # -- records --------------------------------------------------------------------------------------

    def _new_record_id(self) -> int:
        self._next_record += 1
        return self._next_record

    def _record(self, call: Call, last: LastEvent, *, voicemail: bool = False, ended: float | None = None) -> Record:
        duration = int((self.clock() if ended is None else ended) - call.started)
        ring_time = None if call.answered is None else int(call.answered - call.started)
        recorded = self.record_calls and call.answered is not None
        by_api = call.click_to_call
        kind = EventType.PHONE_CALL if by_api is None else EventType.CLICK_TO_CALL
        data: dict[str, Any] = {
            "type": kind.value,
            "accountId": self.account_id,
            "direction": call.direction.value,
            "originatorName": call.originator[1],
            "originatorNumber": call.originator[0],
            "destinationName": call.destination[1],
            "destinationNumber": call.destination[0],
            "duration": duration,
            "archived": False,
            "callId": call.record_call_id,
            "recorded": recorded,
        }
        if by_api is not None:
            data |= {
                "originatorNumber": by_api.outbound_number,
                "ringTime": duration if ring_time is None else ring_time,
                "queueCallId": call.record_call_id,
                "clickToCallType": by_api.dial_first.name,
            }
        else:
            data |= {
                "maskCallerNumber": call.originator[0] == ANONYMOUS,
                "lastEvent": last.value,
                "voicemail": voicemail,
            }
            if call.answerer is not None:
                data |= {"answererName": call.answerer[1], "answererNumber": call.answerer[0], "ringTime": ring_time}
            if voicemail:
                data["voicemail_url"] = f"{self.url}/media/vm_{call.record_call_id}.mp3"
        data |= self._extras(call, recorded=recorded)
        return Record(id=self._new_record_id(), type=kind, call_id=call.record_call_id, started=call.started, data=data)

    def _extras(self, call: Call, *, recorded: bool) -> dict[str, Any]:
        extras: dict[str, Any] = {}
        if recorded:
            extras["recordingUrl"] = f"{self.url}/media/call_recording_{call.record_call_id}.mp3"
            if self.transcribe:
                extras |= {
                    "transcription": "Good morning, I would like to order twelve chairs. " * 20,
                    "summary": "The caller orders twelve chairs.",
                    "sentiment_score": self.sentiment_score,
                }
        if self.labels:
            extras["labels"] = list(self.labels)
        if call.rules:
            extras["ruleNames"] = list(call.rules)
        outside = call.originator if call.direction is Direction.INBOUND else call.destination
        if (contact := self._by_phone.get(outside[0])) is not None:
            extras["contactCrm"] = contact.fields.get("crm_name") or "Voxloud"
            extras["contactCrmUrl"] = contact.fields.get("crm_contact_url") or ""
            extras["crmLogo"] = "https://crm.example.com/logo.png"
        return extras

    def _hand_in(self, record: Record) -> list[Event]:
        if self.cdr_delay <= 0:
            return self._publish(record)
        self._pending[record.id] = record
        self._publish_later(record)
        return []

    def _publish(self, record: Record) -> list[Event]:
        self._pending.pop(record.id, None)
        self.records[record.id] = record
        self._records_by_call.setdefault(record.call_id, []).append(record)
        return [(record.type, self.wire_record(record))]

    def _publish_later(self, record: Record) -> None:
        async def publish() -> None:
            await asyncio.sleep(self.cdr_delay)
            if record.id in self._pending:
                await self._push(self._publish(record))

        self._spawn(publish(), self._timers)
