"""Bad bytes from the manager interface of an Asterisk: recorded events, spoilt anywhere and cut into any pieces.

They go the whole way: through a socket, the connection, the calls, the house and a registry. Nothing but our own errors
may come out, and what is kept stays small.
"""

import asyncio
import json
import random
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from typing import Self

import aiohttp

from custom_components.pbx.providers.asterisk.ami import read_message
from custom_components.pbx.providers.asterisk.provider import AsteriskProvider
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.errors import ProviderError
from custom_components.pbx.telephony.events import event_data

from .mutate import TEXTS

STREAMS = Path(__file__).parents[1] / "providers" / "asterisk" / "streams"
LARGEST = 3000
MOST_SPOILT = 12
BANNER = b"Asterisk Call Manager/11.0.0\r\n"
AT_ONCE = 25
UNTIL_TOLD = 0.5
LOGIN_ACTIONS = frozenset({"Challenge", "Login", "Ping"})
PHONES = "\r\n".join(
    f"Event: ExtensionStatus\r\nActionID: {{id}}\r\nExten: {number}\r\nHint: PJSIP/{number}\r\n"
    for number in range(101, 106)
)
WORDS: Sequence[bytes] = (
    *(text.encode(errors="surrogatepass") for text in TEXTS if len(text) < 500),
    *(b"\r\n", b"\r\n\r\n", b"\n", b"\r", b":", b": ", b"Event: ", b"Response: ", b"ActionID: ", b"\x00" * 9),
    *(b"Event: Hangup\r\n", b"Event: QueueMemberRemoved\r\n", b"Event: UserEvent\r\n", b"Event: MessageWaiting\r\n"),
    *(b"Event: DTMFEnd\r\n", b"Event: DeviceStateChange\r\nDevice: PJSIP/101\r\n", b"EventList: Complete\r\n"),
)


@dataclass
class Found:
    """What became of the streams."""

    streams: int = 0
    told: int = 0
    """Streams of which something was told."""
    largest: int = 0
    failures: list[str] = field(default_factory=list)


def recorded() -> list[bytes]:
    """Return the recorded streams as they came over the wire."""
    files = sorted(STREAMS.glob("*.txt"))
    return [file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n" for file in files]


# -- spoiling ----------------------------------------------------------------------------------------


def _place(rng: random.Random, data: bytes) -> int:
    """Return any place in it."""
    return rng.randrange(len(data) + 1)


def _replace(rng: random.Random, data: bytes) -> bytes:
    """Write something over some bytes."""
    place = _place(rng, data)
    return data[:place] + rng.choice(WORDS) + data[place + rng.randrange(12) :]


def _noise(rng: random.Random, data: bytes) -> bytes:
    """Write any bytes over some."""
    place, length = _place(rng, data), rng.randrange(1, 40)
    return data[:place] + rng.randbytes(length) + data[place + length :]


def _value(rng: random.Random, data: bytes) -> bytes:
    """Give a key another value."""
    rows = data.split(b"\r\n")
    number = rng.randrange(len(rows))
    rows[number] = rows[number].partition(b":")[0] + b": " + rng.choice(WORDS)
    return b"\r\n".join(rows)


def _drop(rng: random.Random, data: bytes) -> bytes:
    """Leave a row out."""
    rows = data.split(b"\r\n")
    del rows[rng.randrange(len(rows))]
    return b"\r\n".join(rows)


def _repeat(rng: random.Random, data: bytes) -> bytes:
    """Say a message again, somewhere else."""
    blocks = data.split(b"\r\n\r\n")
    blocks.insert(rng.randrange(len(blocks) + 1), rng.choice(blocks))
    return b"\r\n\r\n".join(blocks)


def _swap(rng: random.Random, data: bytes) -> bytes:
    """Say two messages in each other's place."""
    blocks = data.split(b"\r\n\r\n")
    one, other = rng.randrange(len(blocks)), rng.randrange(len(blocks))
    blocks[one], blocks[other] = blocks[other], blocks[one]
    return b"\r\n\r\n".join(blocks)


def _end(rng: random.Random, data: bytes) -> bytes:
    """Break off anywhere."""
    return data[: _place(rng, data)]


SPOIL: Sequence[Callable[[random.Random, bytes], bytes]] = (
    *(_replace, _noise, _value, _value, _value, _drop, _repeat, _swap, _end),
)


def spoilt(rng: random.Random, streams: Sequence[bytes]) -> bytes:
    """Return one of the streams, spoilt in some places."""
    data = rng.choice(streams)
    for _ in range(rng.randrange(MOST_SPOILT)):
        data = rng.choice(SPOIL)(rng, data)
    return data


# -- feeding -----------------------------------------------------------------------------------------


class Player:
    """A manager interface that lets everybody in, has five phones, and then says what it is told to."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """Know what to say."""
        self.pieces = pieces
        self.port = 0
        self._listening: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more."""
        if self._listening is not None:
            self._listening.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the last list was asked for, then say all that is to be said, and go."""
        writer.write(BANNER)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                action = read_message((await reader.readuntil(b"\r\n\r\n")).decode())
                number, name = action["ActionID"], action["Action"]
                listed = PHONES.replace("{id}", number) + "\r\n" if name == "ExtensionStateList" else ""
                if name in LOGIN_ACTIONS:
                    writer.write(f"Response: Success\r\nActionID: {number}\r\nChallenge: 1\r\n\r\n".encode())
                    writer.write(b"Event: FullyBooted\r\n\r\n" if name == "Login" else b"")
                else:
                    begin = f"Response: Success\r\nActionID: {number}\r\nEventList: start\r\n\r\n"
                    end = f"Event: Done\r\nActionID: {number}\r\nEventList: Complete\r\n\r\n"
                    writer.write(f"{begin}{listed}{end}".encode())
                if name == "ParkedCalls":
                    for piece in self.pieces:
                        writer.write(piece)
                        await asyncio.sleep(0)
                    await asyncio.sleep(UNTIL_TOLD)
                    break
        writer.close()


def _cut(rng: random.Random, data: bytes) -> list[bytes]:
    """Return it in pieces of any size."""
    longest = rng.choice((3, 50, 1500, 100_000))
    pieces = []
    while data:
        size = rng.randrange(1, longest)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


async def _fed(session: aiohttp.ClientSession, seed: int, streams: Sequence[bytes], found: Found) -> None:
    """Feed one stream, and note what became of it."""
    rng = random.Random(seed)
    found.streams += 1
    try:
        async with Player(_cut(rng, spoilt(rng, streams))) as player:
            await _follow(session, player.port, found)
    except Exception:  # noqa: BLE001 - whatever comes out is what is looked for
        found.failures.append(f"asterisk: seed {seed}\n{traceback.format_exc()}")


async def _follow(session: aiohttp.ClientSession, port: int, found: Found) -> None:
    """Follow a stream to its end, as an account does; raise whatever came out that is no error of ours."""
    values = {"host": "127.0.0.1", "port": port, "username": "user", "password": "secret"}
    provider, registry, told = AsteriskProvider(session, values), CallRegistry(), 0
    registry.snapshot((), datetime.now(UTC), datetime.now(UTC))
    with suppress(ProviderError):
        async for pushed in provider.stream():
            changes = registry.apply(pushed, datetime.now(UTC))
            told += len(changes.events)
            for event in changes.events:
                json.dumps(event_data(event)).encode()
    found.told += told > 0
    largest = max(registry.sizes.values())
    found.largest = max(found.largest, largest)
    if largest > LARGEST:
        raise ValueError(f"Too much is kept: {dict(registry.sizes)}")


async def feed(seeds: Iterable[int]) -> Found:
    """Feed a spoilt stream for each seed, some at a time."""
    found, streams = Found(), recorded()
    async with aiohttp.ClientSession() as session:
        for some in batched(seeds, AT_ONCE, strict=False):
            await asyncio.gather(*(_fed(session, seed, streams, found) for seed in some))
    return found
