"""The manager interface, against a server that says what it is told to."""

import asyncio
import contextlib
import hashlib
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from custom_components.pbx.providers.asterisk.ami import (
    AmiConnection,
    Framer,
    Message,
    PermissionDeniedError,
    read_message,
    write_action,
)
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

type Answers = Callable[[dict[str, str], asyncio.StreamWriter], Awaitable[None] | None]

RIGHT = "secret"
KEY = hashlib.md5(b"123secret", usedforsecurity=False).hexdigest()
BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def say(writer: asyncio.StreamWriter, *rows: str) -> None:
    """Send one message."""
    writer.write("".join(f"{row}\r\n" for row in (*rows, "")).encode())


@asynccontextmanager
async def server(answers: Answers, *, banner: bytes = BANNER, challenge: bool = True) -> AsyncGenerator[int]:
    """Run a manager interface that lets everybody in and leaves other actions to `answers`."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        writers.append(writer)
        writer.write(banner)
        while True:
            try:
                action = read_message((await reader.readuntil(b"\r\n\r\n")).decode())
            except asyncio.IncompleteReadError, ConnectionError:
                return
            number = f"ActionID: {action['ActionID']}"
            if action["Action"] == "Challenge":
                words = ("Response: Success", "Challenge: 123") if challenge else ("Response: Error", "Message: No")
                say(writer, *words, number)
            elif action["Action"] == "Login":
                good = action.get("Secret") == "secret" or action.get("Key") == KEY
                if good:
                    say(writer, "Response: Success", number, "Message: Authentication accepted")
                else:
                    say(writer, "Response: Error", number, "Message: Authentication failed")
            else:
                done = answers(action, writer)
                if done is not None:
                    await done

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for writer in writers:
            writer.close()


def connection(port: int, *, secret: str = RIGHT, **more: object) -> AmiConnection:
    """Return a connection to a server."""
    return AmiConnection(("127.0.0.1", port), ("user", secret), **more)  # type: ignore[arg-type]


def nothing(action: dict[str, str], writer: asyncio.StreamWriter) -> None:
    """Answer nothing."""


# -- messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("Event: Hold\r\nChannel: PJSIP/101-1", {"Event": "Hold", "Channel": "PJSIP/101-1"}),
        ("A: 1\r\nA: 2", {"A": "1\n2"}),
        ("A: sip:101@1.2.3.4:5060\r\nB:", {"A": "sip:101@1.2.3.4:5060", "B": ""}),
        ("no colon here\r\nA:b", {"A": "b"}),
        ("", {}),
    ],
)
def test_a_message_is_read(block: str, message: Message) -> None:
    """Keys may be repeated, values may hold colons, and what is no key is passed over."""
    assert read_message(block) == message


def test_messages_are_cut_anywhere() -> None:
    """However the bytes come, the messages are the same; a message without an end is refused."""
    data = b"".join(b"Event: E%d\r\nValue: \xc3\xa9\r\n\r\n" % number for number in range(200))
    rng = random.Random(1)
    for _ in range(50):
        framer, found, rest = Framer(), [], data
        while rest:
            size = rng.randrange(1, 90)
            found += list(framer.feed(rest[:size]))
            rest = rest[size:]
        assert found == [f"Event: E{number}\r\nValue: é" for number in range(200)]
    with pytest.raises(ConnectError):
        list(Framer().feed(b"x" * 300_000))


def test_an_action_is_written() -> None:
    """A tuple repeats its key, None leaves it out, and nobody can smuggle in another key."""
    data = write_action("Originate", "1", {"Variable": ("A=1", "B=2"), "Cause": None, "Priority": 1})
    assert data == b"Action: Originate\r\nActionID: 1\r\nVariable: A=1\r\nVariable: B=2\r\nPriority: 1\r\n\r\n"
    for bad in ("101\r\nAction: Command", "101\nX: y", "a\0b"):
        with pytest.raises(ValueError, match="line break"):
            write_action("Originate", "1", {"Exten": bad})


# -- connections -------------------------------------------------------------------------------------


@pytest.mark.parametrize("challenge", [True, False])
async def test_login(*, challenge: bool) -> None:
    """The secret crosses the network only where the server knows no challenge; a wrong one is certain."""
    async with server(nothing, challenge=challenge) as port:
        async with connection(port) as ami:
            assert ami.version == "11.0.0"
        with pytest.raises(AuthError):
            await connection(port, secret="wrong").__aenter__()


@pytest.mark.parametrize("challenge", [True, False])
async def test_the_secret_is_only_said_where_it_must_be(*, challenge: bool) -> None:
    """With a challenge its digest is sent, else the secret; once each."""
    logins: list[dict[str, str]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep each login, and refuse it."""
        writer.write(BANNER)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                action = read_message((await reader.readuntil(b"\r\n\r\n")).decode())
                good = challenge and action["Action"] == "Challenge"
                if action["Action"] == "Login":
                    logins.append(action)
                words = ("Response: Success", "Challenge: 123") if good else ("Response: Error", "Message: No")
                say(writer, *words, f"ActionID: {action['ActionID']}")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        with pytest.raises(AuthError):
            await connection(listening.sockets[0].getsockname()[1]).__aenter__()
    [login] = logins
    if challenge:
        assert (login["AuthType"], login["Key"]) == ("MD5", KEY)
        assert RIGHT not in login.values()
    else:
        assert login["Secret"] == RIGHT
        assert "Key" not in login


@pytest.mark.parametrize("banner", [b"HTTP/1.1 400 Bad Request\r\n", b"\r\n", b"", b"\xff\xfe" * 9 + b"\r\n"])
async def test_whoever_else_answers(banner: bytes) -> None:
    """Something else on that port is told apart from a wrong secret."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say something else, and go."""
        writer.write(banner)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(ConnectError):
        await connection(port).__aenter__()
    listening.close()
    with pytest.raises(ConnectError):
        await connection(port).__aenter__()


async def test_lists_and_events() -> None:
    """Items go to who asked, events to the listener, also one that looks like an answer; others are not read."""
    heard: list[Message] = []

    def answers(action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        """Answer a list, with events in between."""
        number = f"ActionID: {action['ActionID']}"
        say(writer, "Response: Success", number, "EventList: start")
        say(writer, "Event: Status", "Channel: A", number)
        say(writer, "Event: Hold", "Channel: X")
        say(writer, "Event: OriginateResponse", "Response: Success", number)
        say(writer, "Event: VarSet", "Value: a")
        say(writer, "Event: Status", "Channel: B", number)
        say(writer, "Event: StatusComplete", "EventList: Complete", number)
        say(writer, "Event: Unhold", "Channel: X")

    async with server(answers) as port, connection(port, listener=heard.append, wanted=("Hold", "Unhold")) as ami:
        items = await ami.items("Status")
        assert [item["Channel"] for item in items if "Channel" in item] == ["A", "B"]
        await asyncio.sleep(0.05)
    assert [message["Event"] for message in heard] == ["Hold", "Unhold"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Permission denied", PermissionDeniedError),
        ("Invalid/unknown command: Agents.", PermissionDeniedError),
        ("No such channel", NotFoundError),
        ("Channel does not exist: PJSIP/101-1", NotFoundError),
        ("Unable to add interface: Already there", RefusedError),
        ("", RefusedError),
    ],
)
async def test_refusals(words: str, error: type[RefusedError]) -> None:
    """What Asterisk says no to is told apart, with its own words."""

    def answers(action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        """Refuse."""
        say(writer, "Response: Error", f"ActionID: {action['ActionID']}", f"Message: {words}")

    async with server(answers) as port, connection(port) as ami:
        with pytest.raises(error) as caught:
            await ami.action("Hangup")
        assert type(caught.value) is error
        assert caught.value.reason == (words or "Refused")


async def test_a_cut_leaves_nobody_waiting() -> None:
    """Whoever waits is told that the outcome is not known, and whoever asks later that nobody is there."""

    def answers(_action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        """Break the connection instead of an answer."""
        writer.transport.abort()

    ended = asyncio.Event()
    async with server(answers) as port, connection(port, on_end=ended.set) as ami:
        with pytest.raises(UnknownOutcomeError):
            await ami.action("Originate")
        await asyncio.wait_for(ended.wait(), 1)
        assert ami.ended
        with pytest.raises(ConnectError):
            await ami.action("Ping")


async def test_ten_thousand_events() -> None:
    """A flood is read as fast as it comes, in order, and an answer among it arrives."""
    heard: list[Message] = []

    async def answers(action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        """Send many events, of which a third is wanted, and then an answer."""
        for number in range(10_000):
            kind = "Newstate" if number % 3 == 0 else "VarSet"
            say(writer, f"Event: {kind}", f"Number: {number}", *(f"Key{key}: some value" for key in range(12)))
            if number % 500 == 0:
                await writer.drain()
        say(writer, "Response: Success", f"ActionID: {action['ActionID']}", "Ping: Pong")

    async with server(answers) as port, connection(port, listener=heard.append, wanted=("Newstate",)) as ami:
        await ami.action("Ping")
    assert [int(message["Number"]) for message in heard] == list(range(0, 10_000, 3))


async def test_a_slow_reader_loses_nothing() -> None:
    """What comes while nobody reads is read afterwards: all of it, in order, also what is cut in the middle."""
    heard: list[int] = []
    sent = asyncio.Event()

    async def answers(action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        """Send many events in odd pieces, without waiting for the reader, and then an answer."""
        data = b"".join(b"Event: Newstate\r\nNumber: %d\r\nName: \xc3\xa9\r\n\r\n" % one for one in range(10_000))
        for begin in range(0, len(data), 997):
            writer.write(data[begin : begin + 997])
        say(writer, "Response: Success", f"ActionID: {action['ActionID']}", "Ping: Pong")
        sent.set()

    def hear(message: Message) -> None:
        """Take an event, and hold everything up now and then."""
        number = int(message["Number"])
        heard.append(number)
        if number % 1000 == 0:
            time.sleep(0.01)

    async with server(answers) as port, connection(port, listener=hear, wanted=("Newstate",)) as ami:
        await ami.action("Ping")
        assert sent.is_set()
    assert heard == list(range(10_000))


async def test_who_gives_up_waiting_for_the_banner_leaves_no_connection() -> None:
    """An account that is unloaded while it connects closes what it has opened."""
    left, silent = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say nothing, and notice when the other side has gone."""
        silent.set()
        await reader.read()
        left.set()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        connecting = asyncio.create_task(connection(listening.sockets[0].getsockname()[1]).__aenter__())
        await silent.wait()
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        async with asyncio.timeout(5):
            await left.wait()


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Jana Müllerová".encode(), "Jana Müllerová"),
        ("Jürgen Groß".encode("latin-1"), "Jürgen Groß"),
        ("Jos\xe9".encode("latin-1"), "José"),
        ("“Šárka”".encode(), "“Šárka”"),
        (b"\x93Anna\x94", "“Anna”"),
        (b"a\x81b", "a\ufffdb"),
        ("Zoë Müller".encode()[:-5], "Zoë M\ufffd"),
    ],
)
@pytest.mark.parametrize("other", ["Zoë".encode(), "Zoë".encode("latin-1")])
def test_names_in_other_alphabets(sent: bytes, read: str, other: bytes) -> None:
    """Lines and old phones send names in Latin-1; each value is read by itself, as what it is."""
    block = b"Event: Newchannel\r\nCallerIDName: " + sent + b"\r\nConnectedLineName: " + other + b"\r\n\r\n"
    for step in (1, 7, len(block)):
        framer = Framer()
        found = [one for at in range(0, len(block), step) for one in framer.feed(block[at : at + step])]
        (message,) = map(read_message, found)
        assert (message["CallerIDName"], message["ConnectedLineName"]) == (read, "Zoë")


@pytest.mark.parametrize("at", ["Challenge", "Login"])
@pytest.mark.parametrize("closes", [True, False])
async def test_a_user_who_may_log_in_only_once(at: str, *, closes: bool) -> None:
    """The secret is right (`allowmultiplelogin = no`): that is no wrong login, and it is not sent in the clear."""
    heard = b""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Refuse as Asterisk does."""
        nonlocal heard
        writer.write(BANNER)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                block = await reader.readuntil(b"\r\n\r\n")
                heard += block
                action = read_message(block.decode())
                number = f"ActionID: {action['ActionID']}"
                if action["Action"] == at:
                    say(writer, "Response: Error", number, "Message: Login Already In Use")
                    if closes:
                        break
                else:
                    say(writer, "Response: Success", number, "Challenge: 123")
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        with pytest.raises(ConnectError):
            async with connection(listening.sockets[0].getsockname()[1]):
                pass
    assert RIGHT.encode() not in heard
