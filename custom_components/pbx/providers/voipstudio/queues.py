"""The queues of a VoIPstudio account: who is in them, and how somebody joins or leaves.

A queue's whole list of members is read, changed and written, one change at a time: whoever a
shorter list left out might be removed.
"""

import asyncio
from collections.abc import Iterable

from ...telephony import models as m
from ...telephony.errors import ConnectError, InvalidInputError
from ..values import Json
from .api import Api, path_of
from .payload import Book, QueueRow, read_queue

QUEUE_LIST = {"include": "users", "fields[users]": "id,first_name,last_name,status"}


class Queues:
    """Read and change who is in which queue."""

    def __init__(self, api: Api) -> None:
        """Ask through the account's API."""
        self._api = api
        self._lock = asyncio.Lock()

    async def fresh(self) -> tuple[QueueRow, ...]:
        """Return the queues as they are now."""
        return read_queues(await self._api.rows(self._api.http.ask, "queues", QUEUE_LIST))

    async def join(self, agent: m.AgentRef, book: Book, *, joined: bool) -> None:
        """Let an agent join or leave a queue, or all of the agent's queues."""
        async with self._lock:
            items = await self.fresh()
            user_id = agent_id(agent, items, book)
            if agent.queue is not None:
                items = (find_queue(agent.queue, items),)
            places = [
                item for item in items if user_id in {member for member, _, _ in item.members}
            ]
            if not places:
                name = items[0].name or items[0].number
                raise InvalidInputError("queue", "not_a_member", value=name)
            for item in places:
                await self._set(item, user_id, joined=joined)

    async def _set(self, item: QueueRow, user_id: str, *, joined: bool) -> None:
        """Write one queue's list of members, if it does not say so already."""
        members = []
        for member, status, row in item.members:
            if status is None:
                raise ConnectError("The phone system does not say who has joined the queue")
            members.append({"id": row["id"], "status": joined if member == user_id else status})
        if item.joined[user_id] is joined:
            return
        path, params = path_of("queues", item.id), {"include": "users"}
        await self._api.command("PATCH", path, {"users": members}, timeout=20, params=params)


def read_queues(rows: Iterable[Json]) -> tuple[QueueRow, ...]:
    """Return the queues of a list; rows that are none are left out."""
    return tuple(item for row in rows if (item := read_queue(row)) is not None)


def find_queue(wanted: str, items: Iterable[QueueRow]) -> QueueRow:
    """Return the queue of a number or an id; raise InvalidInputError where there is none."""
    for item in items:
        if wanted in {item.number, item.id}:
            return item
    raise InvalidInputError("queue", "unknown_queue", value=wanted)


def agent_id(agent: m.AgentRef, items: Iterable[QueueRow], book: Book) -> str:
    """Return the user id of an agent, who is a member of a queue; else raise InvalidInputError."""
    members = {member for item in items for member, _, _ in item.members}
    user = book.by_number.get(agent.number or "")
    for wanted in (agent.id, user.id if user else None, agent.number):
        if wanted is not None and wanted in members:
            return wanted
    raise InvalidInputError("agent", "unknown_agent", value=agent.number or agent.id or "")
