"""A SIP phone for tests, on one UDP socket of the loopback: register, call, be called, hold, transfer, press keys.

    phone = Phone("101", server=("127.0.0.1", 15160), password="secret101")
    await phone.start()                     # registers
    call = await phone.ringing()            # waits for a call
    await call.answer()
    await call.hangup()

As many calls at once as one likes. There is no jitter buffer and no sound device: with `call.media()` it sends noise,
which Asterisk needs to record a message, and for ChanSpy and conferences to move; everything else works without.
"""

import asyncio
import contextlib
import hashlib
import random
import re
import secrets
import struct
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import sound

type Address = tuple[str, int]

KEYS, KEYS_TYPE, KEY_PACKET = "0123456789*#ABCD", 101, 16
SOUND_TYPE, HEADER, REMEMBERED = 0, 12, 1600
"""The sound of a packet begins behind its header; of what was heard the last 0.2 s are remembered."""

_REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    302: "Moved Temporarily",
    404: "Not Found",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    603: "Decline",
}


class CallFailedError(Exception):
    """A call was refused; `code` is the SIP status."""

    def __init__(self, code: int, reason: str) -> None:
        """Keep the answer."""
        super().__init__(f"{code} {reason}")
        self.code = code


@dataclass
class Message:
    """A SIP message. Header names are kept in lower case, repeated ones in order."""

    start: str
    headers: list[tuple[str, str]]
    body: str = ""

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """Read one datagram."""
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        short = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}
        headers = []
        for line in lines:
            name, _, value = line.partition(":")
            key = name.strip().lower()
            headers.append((short.get(key, key), value.strip()))
        return cls(first, headers, body)

    def get(self, name: str) -> str:
        """Give the first header of this name."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        """Give all headers of this name."""
        return [value for key, value in self.headers if key == name]

    @property
    def code(self) -> int:
        """The status of a response, 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """The method of a request, or of the request that is answered."""
        return self.get("cseq").split()[1] if self.code else self.start.split()[0]

    @property
    def sequence(self) -> int:
        """The number in CSeq."""
        return int(self.get("cseq").split()[0])

    @property
    def branch(self) -> str:
        """The transaction."""
        found = re.search(r"branch=([^;,\s]+)", self.get("via"))
        return found[1] if found else ""


def tag(value: str) -> str:
    """Give the tag of a From or To header."""
    found = re.search(r";tag=([^;>\s]+)", value)
    return found[1] if found else ""


def uri(value: str) -> str:
    """Give the URI of a From, To or Contact header."""
    found = re.search(r"<([^>]+)>", value)
    return found[1] if found else value.split(";", maxsplit=1)[0]


def digest(challenge: str, method: str, target: str, username: str, password: str) -> str:
    """Return the answer to a digest challenge."""
    parts = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))

    def md5(text: str) -> str:
        """Return the digest of a text."""
        return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - SIP wants it

    ha1 = md5(f"{username}:{parts['realm']}:{password}")
    ha2 = md5(f"{method}:{target}")
    answer = {"username": username, "realm": parts["realm"], "nonce": parts["nonce"], "uri": target}
    more = ""
    if "qop" in parts:
        cnonce, nc = secrets.token_hex(8), "00000001"
        answer["response"] = md5(f"{ha1}:{parts['nonce']}:{nc}:{cnonce}:auth:{ha2}")
        answer["cnonce"] = cnonce
        more = f", qop=auth, nc={nc}"
    else:
        answer["response"] = md5(f"{ha1}:{parts['nonce']}:{ha2}")
    if "opaque" in parts:
        answer["opaque"] = parts["opaque"]
    return "Digest " + ", ".join(f'{key}="{value}"' for key, value in answer.items()) + ", algorithm=MD5" + more


class Phone(asyncio.DatagramProtocol):
    """One SIP account."""

    def __init__(
        self,
        user: str,
        *,
        server: Address,
        password: str = "",
        name: str = "",
        port: int = 0,
        host: str = "127.0.0.1",
        headers: Mapping[str, str] | None = None,
        software: str = "LabPhone/1.0",
    ) -> None:
        """Prepare. `headers` go into every request (a trunk is told apart by one)."""
        self.user, self.password, self.name, self.software = user, password, name, software
        self.server, self.host, self.port = server, host, port
        self.headers = dict(headers or {})
        self.calls: dict[str, Call] = {}
        self.incoming: asyncio.Queue[Call] = asyncio.Queue()
        self.lamps: dict[str, str] = {}
        """What the lamps show that were watched: terminated, early or confirmed."""
        self.policy: Callable[[Call], object] | None = None
        """Called with each new incoming call (may be a coroutine function), instead of the queue of `ringing`."""
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: dict[tuple[str, str], asyncio.Queue[Message]] = {}  # by branch and method
        self._answered: dict[tuple[str, str], bytes] = {}  # last response, for retransmissions
        self._order: deque[tuple[str, str]] = deque(maxlen=400)
        self._register_id, self._register_number = secrets.token_hex(8), 0
        self._tasks: set[asyncio.Task[object]] = set()
        self.trace: list[str] | None = None

    # -- life ---------------------------------------------------------------------------------------

    async def start(self, *, register: bool = True) -> Phone:
        """Open the socket, and register."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, self.port))
        self.port = self._transport.get_extra_info("sockname")[1]
        if register:
            await self.register()
        return self

    async def stop(self) -> None:
        """End all calls and close the socket; the registration stays, as with a phone that lost its power."""
        for call in list(self.calls.values()):
            with contextlib.suppress(Exception):
                await call.hangup()
        for task in self._tasks:
            task.cancel()
        if self._transport is not None:
            self._transport.close()

    async def register(self, expires: int = 3600) -> None:
        """Register, or (0) unregister."""
        target = f"sip:{self.server[0]}:{self.server[1]}"
        me = f"<sip:{self.user}@{self.server[0]}>"
        authorization: dict[str, str] = {}
        local = secrets.token_hex(4)
        answer = Message("", [])
        for _ in range(3):
            self._register_number += 1
            answer = await self.request(
                "REGISTER",
                target,
                {
                    "From": f"{me};tag={local}",
                    "To": me,
                    "Call-ID": self._register_id,
                    "CSeq": f"{self._register_number} REGISTER",
                    "Contact": f"<{self.contact}>",
                    "Expires": str(expires),
                    **authorization,
                },
            )
            if answer.code not in (401, 407):
                break
            authorization = self.authorize(answer, "REGISTER", target)
        if answer.code != 200:
            raise CallFailedError(answer.code, answer.start)

    def forget_calls(self) -> None:
        """End all calls without a word: whoever they were with is gone."""
        for call in list(self.calls.values()):
            call.enter("ended")
        while not self.incoming.empty():
            self.incoming.get_nowait()

    async def unregister(self) -> None:
        """Take the registration back."""
        await self.register(0)

    async def message(self, number: str, text: str) -> int:
        """Send a SIP MESSAGE; give the status."""
        target = f"sip:{number}@{self.server[0]}:{self.server[1]}"
        authorization: dict[str, str] = {}
        call_id, local = secrets.token_hex(8), secrets.token_hex(4)
        answer = None
        for sequence in (1, 2):
            answer = await self.request(
                "MESSAGE",
                target,
                {
                    "From": f"<sip:{self.user}@{self.server[0]}>;tag={local}",
                    "To": f"<{target}>",
                    "Call-ID": call_id,
                    "CSeq": f"{sequence} MESSAGE",
                    "Content-Type": "text/plain",
                    **authorization,
                },
                text,
            )
            if answer.code not in (401, 407):
                break
            authorization = self.authorize(answer, "MESSAGE", target)
        return answer.code if answer else 0

    async def watch(self, number: str) -> None:
        """Let a lamp follow an extension or a code; `lamps` has what it shows from then on."""
        target = f"sip:{number}@{self.server[0]}:{self.server[1]}"
        authorization: dict[str, str] = {}
        call_id, local = secrets.token_hex(8), secrets.token_hex(4)
        answer = Message("", [])
        for sequence in (1, 2):
            headers = {
                "From": f"<sip:{self.user}@{self.server[0]}>;tag={local}",
                "To": f"<{target}>",
                "Call-ID": call_id,
                "CSeq": f"{sequence} SUBSCRIBE",
                "Contact": f"<{self.contact}>",
                "Event": "dialog",
                "Accept": "application/dialog-info+xml",
                "Expires": "600",
            }
            answer = await self.request("SUBSCRIBE", target, {**headers, **authorization})
            if answer.code not in (401, 407):
                break
            authorization = self.authorize(answer, "SUBSCRIBE", target)
        if answer.code not in (200, 202):
            raise CallFailedError(answer.code, answer.start)

    def _notified(self, message: Message) -> None:
        """Take what a lamp is to show."""
        found = re.search(r'entity="sip:([^@"]+)@', message.body)
        states = re.findall(r"<state>(\w+)</state>", message.body)
        if found and states:
            self.lamps[found[1]] = states[-1]

    @property
    def contact(self) -> str:
        """Where this phone is reached."""
        return f"sip:{self.user}@{self.host}:{self.port}"

    # -- calls --------------------------------------------------------------------------------------

    async def dial(
        self, number: str, *, caller: str = "", caller_name: str = "", headers: Mapping[str, str] | None = None
    ) -> Call:
        """Call; the call is returned at once, wait for `call.wait("ringing")` or `"up"`."""
        call = Call(self, outgoing=True, call_id=secrets.token_hex(10))
        call.target = f"sip:{number}@{self.server[0]}:{self.server[1]}"
        name = f'"{caller_name or self.name}" ' if caller_name or self.name else ""
        call.local = f"{name}<sip:{caller or self.user}@{self.server[0]}>;tag={secrets.token_hex(4)}"
        call.remote = f"<{call.target}>"
        self.calls[call.call_id] = call
        await call.open_media()
        self.spawn(call.invite(headers or {}))
        return call

    async def ringing(self, within: float = 30) -> Call:
        """Wait for somebody to call."""
        return await asyncio.wait_for(self.incoming.get(), within)

    def spawn(self, work: object) -> None:
        """Do something in the background."""
        if asyncio.iscoroutine(work):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    # -- the wire -----------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take a message."""
        if not data.strip():
            return
        message = Message.parse(data)
        if self.trace is not None:
            self.trace.append(f"{self.user} < {message.start}")
        if message.code:
            queue = self._waiting.get((message.branch, message.method))
            if queue is not None:
                queue.put_nowait(message)
            elif message.method == "INVITE" and message.code >= 200:
                call = self.calls.get(message.get("call-id"))
                if call is not None:
                    call.acknowledge(message)  # a retransmission: our ACK was lost
            return
        key = (message.branch, message.method)
        if message.method != "ACK" and key in self._answered:
            self.send(self._answered[key], addr)
            return
        self._requested(message, addr)

    def _requested(self, message: Message, addr: Address) -> None:
        """Take a request: of a call, of a new one, or of none."""
        call = self.calls.get(message.get("call-id"))
        match message.method:
            case "INVITE" if call is None and not tag(message.get("to")):
                call = Call(self, outgoing=False, call_id=message.get("call-id"))
                self.calls[call.call_id] = call
                self.spawn(call.offered(message, addr))
            case "ACK":
                if call is not None:
                    call.acknowledged.set()
            case "CANCEL":
                self.respond(message, 200, addr)
                if call is not None:
                    call.cancelled(message.headers)
            case _ if call is not None:
                call.request(message, addr)
            case "BYE" | "INVITE":
                self.respond(message, 481, addr)
            case "NOTIFY":
                self.respond(message, 200, addr)
                self._notified(message)
            case _:
                self.respond(message, 200, addr)

    def respond(
        self,
        request: Message,
        code: int,
        addr: Address,
        *,
        to_tag: str = "",
        headers: Mapping[str, str] | None = None,
        body: str = "",
    ) -> bytes:
        """Answer a request."""
        to = request.get("to")
        if code > 100 and not tag(to):
            to += f";tag={to_tag or secrets.token_hex(4)}"
        lines = [f"SIP/2.0 {code} {_REASONS.get(code, 'Answer')}"]
        lines += [f"Via: {via}" for via in request.all("via")]
        lines += [f"Record-Route: {route}" for route in request.all("record-route")]
        lines += [
            f"From: {request.get('from')}",
            f"To: {to}",
            f"Call-ID: {request.get('call-id')}",
            f"CSeq: {request.get('cseq')}",
        ]
        if request.method in ("INVITE", "UPDATE") and "Contact" not in (headers or {}):
            lines.append(f"Contact: <{self.contact}>")
        lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        data = ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
        key = (request.branch, request.method)
        if len(self._order) == self._order.maxlen:
            self._answered.pop(self._order[0], None)
        self._order.append(key)
        self._answered[key] = data
        self.send(data, addr)
        return data

    def send(self, data: bytes, addr: Address | None = None) -> None:
        """Put a datagram on the wire."""
        if self.trace is not None:
            self.trace.append(f"{self.user} > {data.split(b'\r\n')[0].decode()}")
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, addr or self.server)

    def compose(self, method: str, target: str, headers: Mapping[str, str], body: str, branch: str) -> bytes:
        """Write a request."""
        lines = [f"{method} {target} SIP/2.0"]
        lines.append(f"Via: SIP/2.0/UDP {self.host}:{self.port};rport;branch={branch}")
        lines += [f"{key}: {value}" for key, value in {"Max-Forwards": "70", **headers, **self.headers}.items()]
        lines += [f"User-Agent: {self.software}", f"Content-Length: {len(body.encode())}"]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    async def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: str = "",
        provisional: Callable[[Message], None] | None = None,
        branch: str = "",
    ) -> Message:
        """Send a request, again until something answers, and give the final response."""
        branch = branch or f"z9hG4bK{secrets.token_hex(8)}"
        data = self.compose(method, target, headers, body, branch)
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self._waiting[branch, method] = queue
        try:
            wait, heard = 0.5, False
            self.send(data)
            for _ in range(200):
                try:
                    async with asyncio.timeout(wait if not heard else 120):
                        answer = await queue.get()
                except TimeoutError:
                    if heard or wait > 4:
                        raise CallFailedError(408, "Nobody answers") from None
                    wait *= 2
                    self.send(data)
                    continue
                if answer.code >= 200:
                    return answer
                heard = True
                if provisional is not None:
                    provisional(answer)
            raise CallFailedError(408, "No final answer")
        finally:
            self._waiting.pop((branch, method), None)

    def authorize(self, answer: Message, method: str, target: str) -> dict[str, str]:
        """Return the header that signs a request in after an answer that asked for it."""
        name, challenge = ("Authorization", answer.get("www-authenticate"))
        if answer.code == 407:
            name, challenge = ("Proxy-Authorization", answer.get("proxy-authenticate"))
        return {name: digest(challenge, method, target, self.user, self.password)}


class _Ear(asyncio.DatagramProtocol):
    """Where the sound of a call comes in."""

    def __init__(self, call: Call) -> None:
        """Belong to a call."""
        self._call = call

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take a packet."""
        self._call.hear(data)


@dataclass(eq=False)
class Call:
    """One call at a phone: `new`, `ringing`, `up`, `ended`."""

    phone: Phone
    outgoing: bool
    call_id: str
    state: str = "new"
    code: int = 0
    """The final status of a call that was not answered."""
    target: str = ""
    local: str = ""
    remote: str = ""
    held: bool = False
    caller: str = ""
    """What the display would show: the user part of From."""
    caller_name: str = ""
    invite_headers: list[tuple[str, str]] = field(default_factory=list)
    reason: str = ""
    """The Reason header of the CANCEL, such as "call completed elsewhere"."""
    keys_heard: str = ""
    """The keys that the other side has pressed."""
    notified: list[str] = field(default_factory=list)
    """What came of a transfer: status lines in NOTIFY bodies."""

    def __post_init__(self) -> None:
        """Begin without sound."""
        self.acknowledged = asyncio.Event()
        self._last_key = b""
        self._heard: deque[int] = deque(maxlen=REMEMBERED)
        self._changed = asyncio.Condition()
        self._number = 0
        self._branch = ""
        self._invitation: Message | None = None
        self._from_addr: Address = self.phone.server
        self._rtp: asyncio.DatagramTransport | None = None
        self._rtp_port = 0
        self._rtp_to: Address | None = None
        self._media: asyncio.Task[None] | None = None
        self._sequence, self._stamp, self._source = random.randrange(1000), 0, random.randrange(1 << 31)

    # -- what happens -------------------------------------------------------------------------------

    def enter(self, state: str) -> None:
        """Change the state, and tell those who wait."""
        if self.state == "ended":
            return
        self.state = state
        if state == "ended":
            self.phone.calls.pop(self.call_id, None)
            self.close_media()

        async def tell() -> None:
            """Wake those who wait."""
            async with self._changed:
                self._changed.notify_all()

        self.phone.spawn(tell())

    async def wait(self, *states: str, within: float = 30) -> Call:
        """Wait for one of these states; raise CallFailedError when the call is over instead."""
        async with asyncio.timeout(within), self._changed:
            while self.state not in states:
                if self.state == "ended":
                    raise CallFailedError(self.code, "The call is over")
                await self._changed.wait()
        return self

    async def ended(self, within: float = 40) -> Call:
        """Wait for the end."""
        return await self.wait("ended", within=within)

    # -- out ----------------------------------------------------------------------------------------

    async def invite(self, headers: Mapping[str, str]) -> None:
        """Call, signing in when asked to."""
        authorization: dict[str, str] = {}
        answer = Message("", [])
        try:
            for _ in range(3):
                self._number += 1
                self._branch = f"z9hG4bK{secrets.token_hex(8)}"
                sent = {**self._dialog("INVITE"), "Content-Type": "application/sdp", **headers, **authorization}
                answer = await self.phone.request(
                    "INVITE", self.target, sent, self.sdp(), self._provisional, self._branch
                )
                self.acknowledge(answer)
                if answer.code not in (401, 407):
                    break
                authorization = self.phone.authorize(answer, "INVITE", self.target)
        except CallFailedError as error:
            self.code = error.code
            self.enter("ended")
            return
        if answer.code >= 300:
            self.code = answer.code
            self.enter("ended")
        elif self.state != "ended":
            self._accept_sdp(answer.body)
            self.enter("up")

    def _provisional(self, answer: Message) -> None:
        """Ring, once the other side says that it does."""
        if answer.code >= 180 and self.state == "new":
            self.enter("ringing")

    def acknowledge(self, answer: Message) -> None:
        """Acknowledge the final response to an INVITE."""
        target, branch = self.target, self._branch
        if answer.code < 300:
            self.remote = answer.get("to")
            if answer.get("contact"):
                self.target = target = uri(answer.get("contact"))
            branch = f"z9hG4bK{secrets.token_hex(8)}"
        headers = {
            "From": answer.get("from"),
            "To": answer.get("to"),
            "Call-ID": self.call_id,
            "CSeq": f"{answer.sequence} ACK",
        }
        self.phone.send(self.phone.compose("ACK", target, headers, "", branch))

    # -- in -----------------------------------------------------------------------------------------

    async def offered(self, message: Message, addr: Address) -> None:
        """Ring, and let the phone's owner or its policy decide."""
        self._invitation, self._from_addr = message, addr
        self.invite_headers = message.headers
        self.remote, self.target = message.get("from"), uri(message.get("contact"))
        self.local = f"{message.get('to')};tag={secrets.token_hex(4)}"
        found = re.match(r'\s*"?([^"<]*)"?\s*<sips?:([^@>;]+)', message.get("from"))
        if found:
            self.caller_name, self.caller = found[1].strip(), found[2]
        await self.open_media()
        self._accept_sdp(message.body)
        self.phone.respond(message, 100, addr)
        if self.phone.policy is None:
            self.ring()
            self.phone.incoming.put_nowait(self)
        else:
            self.phone.spawn(self.phone.policy(self))

    def ring(self) -> None:
        """Answer that it rings."""
        assert self._invitation is not None
        self.phone.respond(self._invitation, 180, self._from_addr, to_tag=tag(self.local))
        self.enter("ringing")

    async def answer(self) -> Call:
        """Pick up."""
        assert self._invitation is not None
        if self.state == "ended":
            raise CallFailedError(487, "The call is over")
        data = self.phone.respond(self._invitation, 200, self._from_addr, to_tag=tag(self.local), body=self.sdp())
        self.enter("up")
        for wait in (0.5, 1, 2, 4):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.acknowledged.wait(), wait)
                return self
            self.phone.send(data, self._from_addr)
        raise CallFailedError(408, "No ACK")

    def reject(self, code: int = 603, headers: Mapping[str, str] | None = None) -> None:
        """Refuse: 603 declined, 486 busy, 302 with a Contact moved, 404, 480 ..."""
        assert self._invitation is not None
        self.phone.respond(self._invitation, code, self._from_addr, to_tag=tag(self.local), headers=headers)
        self.code = code
        self.enter("ended")

    def cancelled(self, headers: list[tuple[str, str]]) -> None:
        """Note that the caller has given up, or somebody else has answered."""
        self.reason = next((value for key, value in headers if key == "reason"), "")
        if self._invitation is not None and self.state in ("new", "ringing"):
            self.reject(487)

    def request(self, message: Message, addr: Address) -> None:
        """Take a request within the call."""
        match message.method:
            case "BYE":
                self.phone.respond(message, 200, addr)
                self.enter("ended")
            case "INVITE":
                self._accept_sdp(message.body)
                self.acknowledged.clear()
                self.phone.respond(message, 200, addr, body=self.sdp("recvonly" if self.held else "sendrecv"))
            case "NOTIFY":
                self.phone.respond(message, 200, addr)
                self.notified.append(message.body.strip())
                # A transfer that went well is over for whoever made it; Asterisk waits for this BYE.
                if re.match(r"SIP/2.0 2", message.body) and self.state == "up":
                    self.phone.spawn(self.hangup())
            case "UPDATE":
                self.phone.respond(message, 200, addr, body=self.sdp() if message.body else "")
            case _:
                self.phone.respond(message, 200, addr)

    # -- within -------------------------------------------------------------------------------------

    async def hangup(self) -> None:
        """End: BYE, CANCEL or a refusal, whichever is right now."""
        if self.state == "ended":
            return
        if self.state == "up":
            self.enter("ended")
            await self.send("BYE")
        elif self.outgoing:
            # A phone may only cancel what has been heard of.
            for _ in range(20):
                if self.state != "new":
                    break
                await asyncio.sleep(0.05)
            headers = {**self._dialog("CANCEL"), "CSeq": f"{self._number} CANCEL"}
            with contextlib.suppress(CallFailedError):
                await self.phone.request("CANCEL", self.target, headers, branch=self._branch)
        else:
            self.reject(603)

    async def send(self, method: str, headers: Mapping[str, str] | None = None, body: str = "") -> Message:
        """Send a request within the call, signing in when asked to."""
        authorization: dict[str, str] = {}
        answer = Message("", [])
        for _ in range(3):
            self._number += 1
            self._branch = f"z9hG4bK{secrets.token_hex(8)}"
            answer = await self.phone.request(
                method,
                self.target,
                {**self._dialog(method), **(headers or {}), **authorization},
                body,
                None,
                self._branch,
            )
            if method == "INVITE":
                self.acknowledge(answer)
            if answer.code not in (401, 407):
                break
            authorization = self.phone.authorize(answer, method, self.target)
        return answer

    async def hold(self) -> None:
        """Put the other side on hold by re-INVITE."""
        self.held = True
        await self.send("INVITE", {"Content-Type": "application/sdp"}, self.sdp("sendonly"))

    async def resume(self) -> None:
        """Go on."""
        self.held = False
        await self.send("INVITE", {"Content-Type": "application/sdp"}, self.sdp())

    async def transfer(self, number: str) -> int:
        """Hand over blind, by REFER; the status of the REFER (202) is given."""
        target = f"<sip:{number}@{self.phone.server[0]}:{self.phone.server[1]}>"
        return (await self.send("REFER", {"Refer-To": target, "Referred-By": f"<{self.phone.contact}>"})).code

    async def transfer_to(self, other: Call) -> int:
        """Connect this call's other side with another call's, by REFER with Replaces."""
        replaces = f"{other.call_id};to-tag={tag(other.remote)};from-tag={tag(other.local)}"
        escaped = replaces.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
        number = re.match(r"sips?:([^@]+)", uri(other.remote))
        target = (
            f"<sip:{number[1] if number else 's'}@{self.phone.server[0]}:{self.phone.server[1]}?Replaces={escaped}>"
        )
        return (await self.send("REFER", {"Refer-To": target, "Referred-By": f"<{self.phone.contact}>"})).code

    def _dialog(self, method: str) -> dict[str, str]:
        """Return the headers that a request within this call has."""
        headers = {"From": self.local, "To": self.remote, "Call-ID": self.call_id, "CSeq": f"{self._number} {method}"}
        if method in ("INVITE", "REFER", "UPDATE"):
            headers["Contact"] = f"<{self.phone.contact}>"
        return headers

    # -- sound --------------------------------------------------------------------------------------

    def sdp(self, direction: str = "sendrecv") -> str:
        """Describe the media: G.711 and key presses."""
        lines = [
            "v=0",
            f"o=- {self._source} {self._number + 1} IN IP4 {self.phone.host}",
            "s=-",
            f"c=IN IP4 {self.phone.host}",
            "t=0 0",
            f"m=audio {self._rtp_port} RTP/AVP 0 101",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-16",
            "a=ptime:20",
            f"a={direction}",
        ]
        return "\r\n".join(lines) + "\r\n"

    def _accept_sdp(self, body: str) -> None:
        """Note where the other side wants its sound."""
        port, host = re.search(r"^m=audio (\d+)", body, re.MULTILINE), re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE)
        if port and host:
            self._rtp_to = host[1], int(port[1])

    def hear(self, packet: bytes) -> None:
        """Take a packet: remember sound, and note a key when it is let go (RFC 4733)."""
        if packet[1] & 0x7F == SOUND_TYPE:
            self._heard.extend(packet[HEADER:])
        if len(packet) < KEY_PACKET or packet[1] & 0x7F != KEYS_TYPE or not packet[13] & 0x80:
            return
        if packet[4:8] != self._last_key and packet[12] < len(KEYS):
            self._last_key = packet[4:8]
            self.keys_heard += KEYS[packet[12]]

    def hears(self, frequency: int) -> bool:
        """Return whether a tone was heard just now."""
        return sound.hears(self._heard, frequency)

    def deafen(self) -> None:
        """Forget what was heard before."""
        self._heard.clear()

    async def open_media(self) -> None:
        """Open a socket for sound."""
        loop = asyncio.get_running_loop()
        self._rtp, _ = await loop.create_datagram_endpoint(lambda: _Ear(self), local_addr=(self.phone.host, 0))
        self._rtp_port = self._rtp.get_extra_info("sockname")[1]

    def close_media(self) -> None:
        """Fall silent."""
        if self._media is not None:
            self._media.cancel()
        if self._rtp is not None:
            self._rtp.close()

    def media(self, frequency: int = 0) -> None:
        """Send a tone from now on, or noise."""
        self._media = asyncio.create_task(self._speak(sound.tone(frequency) if frequency else random.randbytes(8000)))

    async def _speak(self, said: bytes) -> None:
        """Send a second of sound again and again, until the call is over."""
        while self.state != "ended":
            begin = self._stamp % len(said)
            self._packet(SOUND_TYPE, said[begin : begin + sound.PACKET])
            self._stamp += sound.PACKET
            await asyncio.sleep(0.02)

    def _packet(self, kind: int, payload: bytes, *, marker: bool = False, stamp: int | None = None) -> None:
        """Send one packet of sound or of a key."""
        if self._rtp is None or self._rtp_to is None or self._rtp.is_closing():
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        head = struct.pack(
            "!BBHII",
            0x80,
            kind | (0x80 if marker else 0),
            self._sequence,
            (self._stamp if stamp is None else stamp) & 0xFFFFFFFF,
            self._source,
        )
        self._rtp.sendto(head + payload, self._rtp_to)

    async def keys(self, digits: str, gap: float = 0.12) -> None:
        """Press keys (RFC 4733)."""
        for digit in digits:
            event, stamp = KEYS.index(digit), self._stamp
            for step in range(1, 6):
                self._packet(101, struct.pack("!BBH", event, 10, step * 160), marker=step == 1, stamp=stamp)
                await asyncio.sleep(0.02)
            for _ in range(3):
                self._packet(101, struct.pack("!BBH", event, 0x8A, 800), stamp=stamp)
            self._stamp += 960
            await asyncio.sleep(gap)
