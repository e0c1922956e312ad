"""Callers are looked up beside everything else: commands and polls do not wait for it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest

from custom_components.pbx.providers.base import Provider
from custom_components.pbx.providers.voipstudio.contacts import KEPT_FOR
from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import RefusedError
from custom_components.pbx.telephony.models import CallState

from ..test_http import run

GRACE = "+442079460123"
CALLERS_A_SECOND = 5
SECONDS = 60


class Answer:
    """An answer to a request."""

    def __init__(self, body: object, status: int = 200) -> None:
        """Have a body."""
        self.status = status
        self.headers: Mapping[str, str] = {}
        self.content = self
        self._body = json.dumps(body).encode()

    async def iter_chunked(self, _size: int) -> AsyncIterator[bytes]:
        """Give the body in one piece."""
        yield self._body


class PhoneSystem:
    """A phone system that answers at once and counts what it is asked; it stands in the place of a session."""

    def __init__(self, contacts: int = 3) -> None:
        """Know some contacts, of whom the first is Grace."""
        self.asked: Counter[str] = Counter()
        self.status = 200
        self.contacts = [
            {"id": place + 1, "first_name": "Grace" if not place else "Nobody", "tel": f"4420794601{23 + place:02}"}
            for place in range(contacts)
        ]

    @asynccontextmanager
    async def request(self, _method: str, url: str, **_options: Any) -> AsyncIterator[Answer]:
        """Answer a request."""
        path = url.rpartition("/")[2]
        self.asked[path] += 1
        rows = self.contacts if path == "contacts" else []
        await asyncio.sleep(0.1)
        yield Answer({"data": rows, "total": len(rows)}, self.status)


def provider_of(phone_system: PhoneSystem) -> VoipstudioProvider:
    """Give a client."""
    session: Any = phone_system
    return VoipstudioProvider(session, {"api_key": "k", "country": "GB"})


def test_the_address_book_is_read_once() -> None:
    """Many callers are one question, for some minutes."""
    phone_system = PhoneSystem()
    provider = provider_of(phone_system)

    async def work() -> None:
        found = [await provider.look_up(number) for number in (GRACE, "+442079469999", GRACE)]
        assert [contact.first_name if contact else None for contact in found] == ["Grace", None, "Grace"]
        assert phone_system.asked == {"contacts": 1}
        await asyncio.sleep(KEPT_FOR + 1)
        await provider.look_up(GRACE)
        assert phone_system.asked == {"contacts": 2}

    run(work())


def test_a_failure_is_not_kept() -> None:
    """The next caller asks again."""
    phone_system = PhoneSystem()
    provider = provider_of(phone_system)

    async def work() -> None:
        phone_system.status = 422
        with pytest.raises(RefusedError):
            await provider.look_up(GRACE)
        phone_system.status = 200
        assert await provider.look_up(GRACE) is not None

    run(work())


@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.parametrize("change", ["create", "update", "delete"])
def test_a_contact_that_was_changed_here_is_read_anew(change: str, status: int) -> None:
    """Whoever was written into the contacts a moment ago is known when calling, whatever the answer was."""
    phone_system = PhoneSystem()
    provider = provider_of(phone_system)
    grace = m.Contact(id="1", first_name="Grace", number=GRACE)
    changes: dict[str, Callable[[], Awaitable[object]]] = {
        "create": lambda: provider.create_contact(grace),
        "update": lambda: provider.update_contact(grace),
        "delete": lambda: provider.delete_contact("1"),
    }

    async def work() -> None:
        await provider.look_up(GRACE)
        phone_system.status = status
        with nullcontext() if status == 200 else pytest.raises(RefusedError):
            await changes[change]()
        phone_system.status = 200
        phone_system.contacts[0]["first_name"] = "Ada"
        found = await provider.look_up(GRACE)
        assert found is not None
        assert found.first_name == "Ada"

    run(work())


type LookUp = Callable[[VoipstudioProvider, str], Awaitable[object]]


@pytest.mark.parametrize("look_up", [VoipstudioProvider.look_up, Provider.look_up], ids=["read-once", "one-by-one"])
def test_a_wave_of_callers_keeps_nobody_waiting(look_up: LookUp) -> None:
    """Five unknown callers a second for a minute: each command within two seconds, each poll on time."""
    phone_system = PhoneSystem()
    provider = provider_of(phone_system)
    waited: dict[str, list[float]] = {"command": [], "poll": []}
    loop_time = asyncio.get_running_loop

    async def timed(kind: str, after: float) -> None:
        await asyncio.sleep(after)
        begun = loop_time().time()
        if kind == "command":
            await provider.hangup(m.CallRef(call=m.Call(id="1", state=CallState.TALKING), extension=None))
        else:
            await provider.calls()
        waited[kind].append(loop_time().time() - begun)

    async def caller(after: float) -> None:
        await asyncio.sleep(after)
        await look_up(provider, f"+44207946{round(after * 10) % 10_000:04}")

    async def wave() -> None:
        async with asyncio.TaskGroup() as everything:
            for place in range(CALLERS_A_SECOND * SECONDS):
                everything.create_task(caller(place / CALLERS_A_SECOND))
            for second in range(0, SECONDS, 5):
                everything.create_task(timed("poll", second))
                everything.create_task(timed("command", second + 2))

    run(wave())
    assert len(waited["command"]) == len(waited["poll"]) == SECONDS // 5
    assert max(waited["command"]) < 2
    assert max(waited["poll"]) < 2
