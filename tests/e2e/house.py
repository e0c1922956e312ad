"""A Home Assistant with accounts that the tests of one file share."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest_socket

from .accounts import Account
from .client import ActionError, Client, EventLog, Json
from .process import LEAN, HassProcess, until


class House[A: Account[Any]]:
    """A running Home Assistant, somebody signed in to it, and the phone systems that there are."""

    def __init__(self, folder: Path, account: A, *others: Account[Any], components: Sequence[str] = LEAN) -> None:
        """Prepare; `opened` opens it."""
        pytest_socket.enable_socket()
        self.process = HassProcess(folder, components=components)
        self.account = account
        self.accounts: tuple[Account[Any], ...] = (account, *others)
        self.expected: list[str] = []
        """Texts of warnings and errors that the tests provoke."""
        self.client: Client
        self.events: EventLog
        self._runner = asyncio.Runner()

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the loop on which the simulators and the client live."""
        return self._runner.run(work)

    def close_loop(self) -> None:
        """Let go of the loop."""
        self._runner.close()

    async def open(self) -> None:
        """Start the phone systems and Home Assistant, and sign in."""
        for account in self.accounts:
            await account.simulator.start()
        await self.process.start()
        await self.enter()

    async def enter(self) -> None:
        """Sign in, and listen to what happens."""
        self.client = await Client(self.process).__aenter__()
        self.events = await self.client.events()

    async def close(self) -> None:
        """Stop everything."""
        if hasattr(self, "client"):
            await self.client.close()
        await self.process.stop()
        for account in self.accounts:
            await account.simulator.stop()

    def complaints(self) -> list[str]:
        """Return what was said of the integration that no test provoked."""
        return self.process.complaints(self.expected)

    # -- what there is ------------------------------------------------------------------------------

    async def entity(self, subject: str, key: str) -> str:
        """Give the id of an entity of the account."""
        return str((await self.client.entity(self.account.entry_id, subject, key))["entity_id"])

    async def device(self, subject: str) -> str:
        """Give the id of a device of the account."""
        return await self.client.device(self.account.entry_id, subject)

    async def wait_state(self, subject: str, key: str, state: str, patience: float = 15, **attributes: object) -> Json:
        """Wait until an entity of the account is in a state."""
        return await self.client.wait_state(await self.entity(subject, key), state, patience, **attributes)

    async def look_again(self) -> None:
        """Let Home Assistant poll now."""
        entity = await self.entity("account", "active_calls")
        await self.client.act("homeassistant.update_entity", entity=entity)

    async def all_idle(self) -> None:
        """Wait until Home Assistant knows of no call any more."""
        entity = await self.entity("account", "active_calls")

        async def none() -> bool:
            state = await self.client.state(entity)
            return bool(state["state"] == "0")

        await until(none, "end of all calls", 25)


def lived_in[H: House[Any]](test: Callable[[H], Coroutine[Any, Any, None]]) -> Callable[[H], None]:
    """Run a test on the loop of its house, which lives longer than the test."""

    def run(house: H) -> None:
        house.run(test(house))

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


@contextmanager
def opened[H: House[Any]](house: H) -> Iterator[H]:
    """Keep a house open; when it closes, nothing in it must complain of the integration."""
    try:
        try:
            house.run(house.open())
            yield house
        finally:
            house.run(house.close())
        if complaints := house.complaints():
            raise AssertionError("Complaints:\n" + "\n".join(complaints))
    finally:
        house.close_loop()
        shutil.rmtree(house.process.folder, ignore_errors=True)


@contextmanager
def open_house[A: Account[Any]](folder: Path, account: A) -> Iterator[House[A]]:
    """Keep a house open in which the account is set up."""
    with opened(House(folder, account)) as house:
        house.run(account.set_up(house.client))
        house.run(account.complete(house.client))
        yield house


async def refused(work: Coroutine[Any, Any, Any]) -> ActionError:
    """Expect an action to be refused, and give the refusal."""
    try:
        await work
    except ActionError as error:
        return error
    raise AssertionError("It was not refused")
