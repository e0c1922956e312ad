"""Recent calls as the attributes of a sensor tell them."""

from collections.abc import Iterable, Sequence
from operator import is_
from typing import Any

from .coordinator import PbxCoordinator
from .recent_calls import RecentCall


class RecentRows:
    """The rows of one list of recent calls, most of which have been told before."""

    def __init__(self, coordinator: PbxCoordinator) -> None:
        """Initialize without a row."""
        self._registry = coordinator.data
        self._wording = coordinator.wording
        self._told: tuple[tuple[RecentCall, ...], Sequence[dict[str, Any]]] = ((), ())
        self._named: object = None

    def row(self, call: RecentCall) -> dict[str, Any]:
        """Return one of the recent calls as an attribute tells it."""
        extensions = self._registry.extensions
        phones = (call.answered_by,) if call.answered_by else call.extensions
        named = [extensions[phone].name if phone in extensions else "" for phone in phones]
        found = {
            "name": self._wording.name(call.name),
            "number": self._wording.number(call.number),
            "hidden": call.hidden,
            "time": call.started_at,
            "direction": call.direction,
            "outcome": call.outcome,
            "phones": [name or phone for name, phone in zip(named, phones, strict=True)],
            "queue": call.queue,
            "duration": call.duration,
            "recording_id": call.recording_id,
            "call_id": call.call_id,
        }
        return {key: value for key, value in found.items() if value}

    def rows(self, calls: Iterable[RecentCall]) -> list[dict[str, Any]]:
        """Return the rows of calls, the newest first.

        All are worded anew once phones may have other names.
        """
        now = tuple(calls)
        named = self._registry.directory_version
        before, told = self._told if named == self._named else ((), ())
        # Most often the same calls follow one that is new.
        if now and len(before) >= len(now) - 1 and all(map(is_, now[1:], before, strict=False)):
            rows = [self.row(now[0]), *told[: len(now) - 1]]
        else:
            known = {id(call): row for call, row in zip(before, told, strict=True)}
            rows = [known.get(id(call)) or self.row(call) for call in now]
        self._told, self._named = (now, rows), named
        return rows
