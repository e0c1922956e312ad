"""Rows as a VoIPSUN PBX writes them, for the tests of what is read."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from custom_components.pbx.providers.voipsun import payload as p
from custom_components.pbx.providers.voipsun.calls import CallTracker
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.settings import read_phones
from custom_components.pbx.telephony import models as m

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


NAMES = {
    f"sip{number}": {"number": str(number), "name": f"Phone {number}", "public": [f"2223334{number % 100}"]}
    for number in range(100, 106)
}


def channel(name: str, src: object, dst: object, duration: object, status: object, **more: object) -> dict[str, object]:
    """Write a row of listcalls; `name` is the peer and the counter."""
    name = name if "/" in name else f"SIP/{name}"
    return {"channelName": name, "src": src, "dst": dst, "duration": duration, "status": status} | more


def tracker(names: object = None) -> CallTracker:
    """Make a tracker for phones sip100 to sip105."""
    return CallTracker(Lines(read_phones(NAMES if names is None else names), "CZ"))


def follow(calls: CallTracker, *rows: Mapping[str, object], at: float = 0, queues: Any = None) -> tuple[m.Call, ...]:
    """Show a list of rows to a tracker."""
    now = NOW + timedelta(seconds=at)
    return calls.update(p.call_rows(list(rows)), now, now, queues or {})
