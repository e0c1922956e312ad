"""A manager interface of an Asterisk with as many phones as one likes, whose calls are copies of a recorded one."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

STREAM = Path(__file__).parents[1] / "providers" / "asterisk" / "streams" / "01_inbound_answered.txt"
BANNER = b"Asterisk Call Manager/11.0.0\r\n"
FIRST = 1000
RINGS, ANSWERED = 5, 10
"""How many events of the recording have come when the phone rings, and when the two talk."""
ACTIONS = (
    *("CoreShowChannels", "DeviceStateList", "ExtensionStateList", "Hangup", "Originate", "QueueAdd", "QueueStatus"),
    *("QueueSummary", "BridgeList", "ParkedCalls", "PJSIPShowEndpoints", "PJSIPShowContacts"),
)


def recorded() -> list[str]:
    """Return the events of a call from outside to 101, which answers."""
    text = STREAM.read_text(encoding="utf-8").replace("\r\n", "\n")
    return [block.replace("\n", "\r\n") for block in text.strip().split("\n\n")]


class OfficeCall:
    """A call of the recording, with a phone, a caller and ids of its own."""

    def __init__(self, number: int, phone: str, events: Iterable[str]) -> None:
        """Make the copy."""
        self.id = f"lab-{number}.0"
        changes: Mapping[str, str] = {
            "lab-1795882168.2": self.id,
            "lab-1795882168.3": f"lab-{number}.1",
            "trunk-voip-00000002": f"trunk-voip-{number:08x}",
            "PJSIP/101-00000003": f"PJSIP/{phone}-{number:08x}",
            "CallerIDNum: 101": f"CallerIDNum: {phone}",
            "222300101": f"222300{phone}",
            "BridgeUniqueid: ": f"BridgeUniqueid: {number}-",
        }
        copied: list[str] = []
        for event in events:
            for before, after in changes.items():
                event = event.replace(before, after)  # noqa: PLW2901 - one change after the other
            copied.append(event)
        self.rings, self.answered, self.over = (
            self._joined(copied[:RINGS]),
            self._joined(copied[RINGS:ANSWERED]),
            self._joined(copied[ANSWERED:]),
        )

    @staticmethod
    def _joined(events: Iterable[str]) -> bytes:
        """Return events as they are sent."""
        return b"".join(f"{event}\r\n\r\n".encode() for event in events)


class Office:
    """It listens on a port of its own, lets everybody in, and says to all what it is told to say."""

    def __init__(self, phones: int) -> None:
        """Have so many phones."""
        self.phones = [str(FIRST + number) for number in range(phones)]
        self._events = recorded()
        self._count = 0
        self._listening: asyncio.Server | None = None
        self._following: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        """Listen."""
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up on everybody."""
        if self._listening is not None:
            self._listening.close()
        for writer in self._following:
            writer.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._listening is not None
        port: int = self._listening.sockets[0].getsockname()[1]
        return port

    def call(self) -> OfficeCall:
        """Return the next call; the phones are called in turn."""
        self._count += 1
        return OfficeCall(self._count, self.phones[self._count % len(self.phones)], self._events)

    def say(self, data: bytes) -> None:
        """Say something to whoever wants to hear of events."""
        for writer in self._following:
            writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one who has come."""
        writer.write(BANNER)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(row.split(": ", 1) for row in block.strip().split("\r\n"))
                writer.write(self._answer(action))
                if action["Action"] == "Login" and action["Events"] == "on":
                    self._following.append(writer)
        if writer in self._following:
            self._following.remove(writer)
        writer.close()

    def _answer(self, action: Mapping[str, str]) -> bytes:
        """Return the answer to an action."""
        number = f"ActionID: {action['ActionID']}"
        match action["Action"]:
            case "Challenge":
                rows = ["Response: Error", number, "Message: No"]
            case "Ping":
                rows = ["Event: FullyBooted", "", "Response: Success", number]
            case "ListCommands":
                rows = ["Response: Success", number, *(f"{name}: It does" for name in ACTIONS)]
            case "Login" | "CoreSettings":
                rows = ["Response: Success", number]
            case name:
                rows = ["Response: Success", number, "EventList: start", ""]
                for phone in self.phones:
                    if name == "ExtensionStateList":
                        rows += ["Event: ExtensionStatus", number, f"Exten: {phone}", f"Hint: PJSIP/{phone}", ""]
                    elif name == "DeviceStateList":
                        rows += ["Event: DeviceStateChange", number, f"Device: PJSIP/{phone}", "State: NOT_INUSE", ""]
                rows += [f"Event: {name}Complete", number, "EventList: Complete"]
        return ("\r\n".join(rows) + "\r\n\r\n").encode()
