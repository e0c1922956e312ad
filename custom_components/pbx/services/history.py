"""Actions on finished calls: their records, figures and recordings."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..const import ATTR_CALL_ID, ATTR_EXTENSION, ATTR_NUMBER
from ..errors import invalid
from ..rights import Access
from ..telephony import models as m
from ..telephony.events import record_data
from ..telephony.models import Capability, Direction, Outcome
from .action import LIMIT, OFFSET, TEXT, Action
from .target import Target

PERIOD: Mapping[vol.Marker, Any] = {
    vol.Optional("start"): cv.datetime,
    vol.Optional("end"): cv.datetime,
}


async def _get_call_history(target: Target) -> dict[str, Any]:
    """Return the records of finished calls that fit."""
    data = target.data
    query = m.HistoryQuery(
        start=_moment(data.get("start")),
        end=_moment(data.get("end")),
        number=data.get(ATTR_NUMBER),
        extension=target.extension() if ATTR_EXTENSION in data else None,
        direction=Direction(data["direction"]) if "direction" in data else None,
        search=data.get("search"),
        limit=data.get("limit", 100),
        offset=data.get("offset", 0),
        sort=m.Sort(data.get("sort", m.Sort.NEWEST)),
        sort_by=data.get("sort_by"),
        record_id=data.get("record_id"),
        call_id=data.get(ATTR_CALL_ID),
        csv=data.get("format") == "csv",
    )
    page = await target.coordinator.provider.history(query)
    wanted, named = data.get("outcome"), target.coordinator.data.with_names
    answer: dict[str, Any] = {
        "records": [
            record_data(named(record))
            for record in page.records
            if not wanted or record.outcome in wanted
        ],
        "total": None if wanted else page.total,
    }
    if page.csv is not None:
        answer["csv"] = page.csv
    return answer


async def _get_call_statistics(target: Target) -> dict[str, Any]:
    """Return the figures of finished calls that are known."""
    data = target.data
    found = await target.coordinator.provider.statistics(
        _moment(data.get("start")), _moment(data.get("end"))
    )
    return {key: value for key, value in asdict(found).items() if value is not None}


async def _move_recording(target: Target) -> None:
    """Rename or move the recording of a finished call."""
    data = target.data
    if "filename" not in data and "path" not in data:
        raise invalid("any_of", fields="filename, path")
    await target.coordinator.provider.move_recording(
        data["record_id"], data.get("filename"), data.get("path")
    )


def _moment(value: datetime | None) -> datetime | None:
    """Return a time in UTC; one without a time zone is in Home Assistant's own."""
    if value is None:
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=dt_util.get_default_time_zone())
    return value.astimezone(UTC)


HISTORY: tuple[Action, ...] = (
    Action(
        name="get_call_history",
        needs=Capability.GET_CALL_HISTORY,
        access=Access.READ,
        run=_get_call_history,
        fields={
            **PERIOD,
            vol.Optional(ATTR_NUMBER): TEXT,
            vol.Optional(ATTR_EXTENSION): TEXT,
            vol.Optional("direction"): vol.In([direction.value for direction in Direction]),
            vol.Optional("outcome"): vol.All(
                cv.ensure_list, [vol.In([outcome.value for outcome in Outcome])]
            ),
            vol.Optional("search"): TEXT,
            vol.Optional("limit"): LIMIT,
            vol.Optional("offset"): OFFSET,
            vol.Optional("sort"): vol.In([order.value for order in m.Sort]),
            vol.Optional("sort_by"): TEXT,
            vol.Optional("record_id"): TEXT,
            vol.Optional(ATTR_CALL_ID): TEXT,
            vol.Optional("format"): vol.In(["json", "csv"]),
        },
        own=frozenset({"outcome"}),
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="get_call_statistics",
        needs=Capability.GET_CALL_STATISTICS,
        access=Access.READ,
        run=_get_call_statistics,
        fields=PERIOD,
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="move_recording",
        needs=Capability.MOVE_RECORDING,
        access=Access.ADMINISTER,
        run=_move_recording,
        fields={
            vol.Required("record_id"): TEXT,
            vol.Optional("filename"): TEXT,
            vol.Optional("path"): TEXT,
        },
        own=frozenset({"record_id", "filename", "path"}),
    ),
)
