"""The dashboard of the demo, of core cards alone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .accounts import Account
from .client import Client, Json

DASHBOARD = "phones-demo"
PART = re.compile(r"_(account|slot|extension|agent|queue)_(?:(.+?)_)?({})$")
KEYS = (
    "acknowledge_missed",
    "active_calls",
    "agents_available",
    "agents_logged_in",
    "call",
    "call_back",
    "call_event",
    "call_state",
    "caller",
    "hang_up",
    "logged_in",
    "longest_wait",
    "missed_calls",
    "paused",
    "service_level",
    "status",
    "waiting",
)
IDLE = ("idle", "unavailable", "unknown")
WAYS = {"incoming": "mdi:phone-incoming", "outgoing": "mdi:phone-outgoing", "internal": "mdi:swap-horizontal"}


@dataclass(frozen=True, slots=True)
class Look:
    """How a call in one state looks."""

    text: str
    icon: str
    color: str


LOOKS: Mapping[str, Look] = {
    "ringing": Look("ringing", "mdi:phone-ring", "orange"),
    "dialing": Look("dialing", "mdi:phone-outgoing", "light-blue"),
    "talking": Look("talking", "mdi:phone-in-talk", "green"),
    "on_hold": Look("on hold", "mdi:phone-paused", "deep-purple"),
}


class Parts:
    """The entities of one account by what they are about."""

    def __init__(self, entities: Sequence[Json], devices: Sequence[Json]) -> None:
        """Sort them."""
        self._found: dict[tuple[str, str, str], str] = {}
        self._names: dict[tuple[str, str], str] = {}
        self.speed_dials: list[tuple[str, str]] = []
        self.title = ""
        names = {device["id"]: device["name_by_user"] or device["name"] for device in devices}
        pattern = re.compile(PART.pattern.format("|".join(KEYS)))
        for entity in entities:
            name = names.get(entity["device_id"], "")
            if (match := pattern.search(entity["unique_id"])) is not None:
                kind, identity, key = match[1], match[2] or "", match[3]
                self._found[kind, identity, key] = entity["entity_id"]
                self._names[kind, identity] = name
            elif entity["entity_id"].startswith("button."):
                self.speed_dials.append((entity["entity_id"], name))
        for device in devices:
            if device["via_device_id"] is None:
                self.title = device["manufacturer"]

    def get(self, kind: str, identity: str, key: str) -> str:
        """Give an entity, empty where this account has none."""
        return self._found.get((kind, identity, key), "")

    def of(self, kind: str) -> list[tuple[str, str]]:
        """List the devices of a kind: id and name."""
        return [(identity, name) for (found, identity), name in self._names.items() if found == kind]


async def save_dashboard(client: Client, accounts: Sequence[Account[Any]]) -> None:
    """Make the dashboard of what is there, and what a person sees first."""
    parts = []
    for account in accounts:
        entities = [one for one in await client.entities(account.entry_id) if one["disabled_by"] is None]
        parts.append(Parts(entities, await client.devices(account.entry_id)))
    listed = await client.command("lovelace/dashboards/list")
    if all(dashboard["url_path"] != DASHBOARD for dashboard in listed):
        await client.command(
            "lovelace/dashboards/create", url_path=DASHBOARD, title="Phones", icon="mdi:phone", mode="storage"
        )
    await client.command("lovelace/config/save", url_path=DASHBOARD, config={"views": [overview(parts)]})
    await client.command("frontend/set_system_data", key="core", value={"default_panel": DASHBOARD})


def overview(parts: Sequence[Parts]) -> Json:
    """Make the view with everything."""
    return {
        "title": "Phones",
        "path": "phones",
        "type": "sections",
        "max_columns": 4,
        "dense_section_placement": True,
        "badges": [badge for part in parts for badge in _badges(part)],
        "sections": [
            _live(parts),
            _history(parts),
            *(_extensions(part) for part in parts if part.of("extension")),
            *(_agents(part) for part in parts if part.of("agent")),
            *(_queues(part) for part in parts if part.of("queue")),
        ],
    }


def _badges(part: Parts) -> list[Json]:
    badges: list[Json] = []
    if active := part.get("account", "", "active_calls"):
        badges.append(
            {"type": "entity", "entity": active, "name": part.title, "show_name": True, "icon": "mdi:phone-in-talk"}
        )
    if missed := part.get("account", "", "missed_calls"):
        badges.append(
            {
                "type": "entity",
                "entity": missed,
                "name": "missed",
                "show_name": True,
                "icon": "mdi:phone-missed",
                "color": "red",
                "tap_action": _press(part.get("account", "", "acknowledge_missed")),
                "visibility": [{"condition": "numeric_state", "entity": missed, "above": 0}],
            }
        )
    return badges


def _heading(text: str, icon: str, badges: Sequence[Json] = ()) -> Json:
    return {"type": "heading", "heading": text, "icon": icon, "heading_style": "title", "badges": list(badges)}


def _press(button: str) -> Json:
    return {"action": "perform-action", "perform_action": "button.press", "target": {"entity_id": button}}


def _live(parts: Sequence[Parts]) -> Json:
    """List the calls that are up, by their slots."""
    slots = [
        (part.title, part.get("slot", identity, "call"))
        for part in parts
        for identity, _ in part.of("slot")
        if part.get("slot", identity, "call")
    ]
    states = {state: look.icon for state, look in LOOKS.items()}
    template = (
        f"{{% set states_icons = {states!r} %}}{{% set ways = {WAYS!r} %}}"
        "{% macro icon(name) %}<ha-icon icon='{{ name }}'></ha-icon>{% endmacro %}"
        "{% macro who(slot, end) %}"
        "**{{ state_attr(slot, end ~ '_name') or state_attr(slot, end) or 'number withheld' }}**"
        "{% endmacro %}"
        "{% set ns = namespace(rows=[]) %}"
        f"{{% for provider, slot in {slots!r} if states(slot) in states_icons %}}"
        "{% set since = state_attr(slot, 'since') %}"
        "{% set ns.rows = ns.rows + ['| ' ~ ["
        "icon(states_icons[states(slot)]) ~ ' ' ~ state_translated(slot),"
        "who(slot, 'caller'), icon(ways.get(state_attr(slot, 'direction'), 'mdi:phone')), who(slot, 'callee'),"
        "as_local(as_datetime(since)).strftime('%H:%M:%S') if since else '', provider"
        "] | join(' | ') ~ ' |'] %}"
        "{% endfor %}"
        "{% if ns.rows %}| | from | | to | since | |\n|:--|:--|:-:|:--|:--|:--|\n{{ ns.rows | join('\n') }}"
        "{% else %}All is quiet.{% endif %}"
    )
    markdown = {"type": "markdown", "content": template, "grid_options": {"columns": "full"}}
    return {"type": "grid", "column_span": 2, "cards": [_heading("Live calls", "mdi:phone-in-talk"), markdown]}


def _history(parts: Sequence[Parts]) -> Json:
    """Show what happened, by the event entities of the phones."""
    events = [
        event
        for part in parts
        for identity, _ in part.of("extension")
        if (event := part.get("extension", identity, "call_event"))
    ]
    logbook = {
        "type": "logbook",
        "target": {"entity_id": events},
        "hours_to_show": 12,
        "grid_options": {"columns": "full", "rows": 5},
    }
    return {"type": "grid", "column_span": 2, "cards": [_heading("What happened", "mdi:history"), logbook]}


def _extensions(part: Parts) -> Json:
    """Show each phone: while it is used, with whom, and a button to hang up; else one to call back."""
    cards: list[Json] = [_heading(part.title, "mdi:deskphone")]
    for identity, name in part.of("extension"):
        state = part.get("extension", identity, "call_state")
        if not state:
            continue
        idle: Json = {"condition": "state", "entity": state, "state": list(IDLE)}
        busy: Json = {"condition": "state", "entity": state, "state_not": list(IDLE)}
        tile: Json = {"type": "tile", "grid_options": {"columns": 9}}
        cards.append({**tile, "entity": state, "name": name, "icon": "mdi:phone-classic", "visibility": [idle]})
        for word, look in LOOKS.items():
            cards.append(
                {
                    **tile,
                    "entity": part.get("extension", identity, "caller"),
                    "name": f"{name} · {look.text}",
                    "icon": look.icon,
                    "color": look.color,
                    "visibility": [{"condition": "state", "entity": state, "state": word}],
                }
            )
        hang_up = part.get("extension", identity, "hang_up")
        call_back = part.get("extension", identity, "call_back")
        if hang_up:
            cards.append(_button(hang_up, "mdi:phone-hangup", "red", [busy]))
        if call_back:
            cards.append(_button(call_back, "mdi:phone-return", "green", [idle] if hang_up else []))
    for entity, name in part.speed_dials:
        action = _press(entity)
        dial: Json = {"type": "tile", "entity": entity, "name": name, "hide_state": True, "color": "green"}
        cards.append({**dial, "tap_action": action, "icon_tap_action": action, "grid_options": {"columns": 12}})
    return {"type": "grid", "cards": cards}


def _button(entity: str, icon: str, color: str, visibility: Sequence[Json]) -> Json:
    action = _press(entity)
    return {
        "type": "button",
        "entity": entity,
        "icon": icon,
        "color": color,
        "show_name": False,
        "icon_height": "28px",
        "tap_action": action,
        "grid_options": {"columns": 3, "rows": 1},
        "visibility": list(visibility),
    }


def _agents(part: Parts) -> Json:
    """Show what each agent does, and let them log in and pause."""
    cards: list[Json] = [_heading(f"Agents · {part.title}", "mdi:face-agent")]
    toggle = {"action": "toggle"}
    for identity, name in part.of("agent"):
        switches = [
            (entity, icon)
            for key, icon in (("logged_in", "mdi:login"), ("paused", "mdi:coffee"))
            if (entity := part.get("agent", identity, key))
        ]
        tile: Json = {"type": "tile", "entity": part.get("agent", identity, "status"), "name": name}
        columns = 12 - 3 * len(switches)
        cards.append({**tile, "icon": "mdi:face-agent", "grid_options": {"columns": columns}})
        for entity, icon in switches:
            switch: Json = {"type": "button", "entity": entity, "icon": icon, "show_name": False, "icon_height": "28px"}
            cards.append({**switch, "tap_action": toggle, "grid_options": {"columns": 3, "rows": 1}})
    return {"type": "grid", "cards": cards}


def _queues(part: Parts) -> Json:
    """Show who waits, how long, and for whom, as far as the phone system tells."""
    cards: list[Json] = [_heading(f"Queues · {part.title}", "mdi:account-multiple")]
    told: list[Json] = []
    for identity, name in part.of("queue"):
        cards.append({"type": "heading", "heading": name, "heading_style": "subtitle"})
        for key, text, icon, color in (
            ("waiting", "Waiting", "mdi:account-clock", "orange"),
            ("longest_wait", "Longest wait", "mdi:timer-sand", "orange"),
            ("agents_available", "Agents available", "mdi:face-agent", "green"),
            ("service_level", "Service level", "mdi:speedometer", "blue"),
        ):
            if entity := part.get("queue", identity, key):
                known: Json = {"condition": "state", "entity": entity, "state_not": ["unknown", "unavailable"]}
                tile: Json = {"type": "tile", "entity": entity, "name": text, "icon": icon, "color": color}
                cards.append({**tile, "visibility": [known]})
                told.append(known)
    return {"type": "grid", "cards": cards, "visibility": [{"condition": "or", "conditions": told}]}
