"""VOIP@ Cloud, contract section 8: the browser widget on an extension and the webhooks it makes the server send."""

import asyncio
import json
import random
import string
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, quote_plus, urlencode

from .base import Delivering
from .voipat_engine import Extension, Leg
from .voipat_wire import VoipatSwitches, iso

PLACEHOLDERS = (
    "event",
    "caller_id",
    "caller_name",
    "destination",
    "direction",
    "duration",
    "extension",
    "call_id",
    "timestamp",
    "domain",
)
CALL_EVENTS = ("new_call", "ringing", "dial_out", "answered", "hangup")
AGENT_EVENTS = ("agent_login", "agent_logout")
QUERY = "&".join(f"{name}={{{name}}}" for name in PLACEHOLDERS)
USER_AGENT = "FusionPBX-WebRTC-Phone/1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm:
    """The tenant's CRM settings as one browser session knows them."""

    url: str
    method: str
    screen_pop: str
    auto_login: str
    agent_login: str
    agent_logout: str

    def target(self, event: str) -> str:
        """Give the URL the server calls for an event."""
        return {"agent_login": self.agent_login, "agent_logout": self.agent_logout}.get(event, self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetCall:
    """The widget's own record of its call; `call_id` is the SIP Call-ID with the From-tag."""

    call_id: str
    direction: str
    caller_id: str
    caller_name: str
    destination: str
    talks_since: float | None = None
    answered: bool = False


@dataclass(slots=True, eq=False)
class Tab:
    """One open browser tab."""

    agent: bool = False
    calls: dict[str, WidgetCall] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request that is to go out; `by_browser` ones are pages the browser opens."""

    event: str
    url: str
    method: str
    fields: Mapping[str, str]
    by_browser: bool = False


def substitute(template: str, fields: Mapping[str, str], *, by_browser: bool = False) -> str:
    """Fill a URL's placeholders; the browser encodes differently and does not know the domain."""
    for name in PLACEHOLDERS:
        if by_browser and name == "domain":
            continue
        value = fields.get(name, "")
        encoded = quote(value, safe="!'()*-._~") if by_browser else quote_plus(value)
        template = template.replace(f"{{{name}}}", encoded)
    return template


def braced_json(fields: Mapping[str, str]) -> bytes:
    """Write the body the way PHP does: keys with their braces, escaped slashes, ASCII only."""
    text = json.dumps({f"{{{name}}}": fields.get(name, "") for name in PLACEHOLDERS}, separators=(",", ":"))
    return text.replace("/", "\\/").encode()


class Widgets:
    """All browser tabs; what they send waits in an outbox until it is flushed."""

    def __init__(
        self,
        switches: VoipatSwitches,
        rng: random.Random,
        clock: Callable[[], float],
        deliver: Delivering,
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        """Start with no tab open."""
        self._switches = switches
        self._rng = rng
        self._clock = clock
        self._deliver = deliver
        self._later = later
        self._tabs: dict[Extension, list[Tab]] = {}
        self._sessions: dict[Extension, Crm] = {}
        self._outbox: deque[Outgoing] = deque()
        self._sending = asyncio.Lock()

    # -- the browser --------------------------------------------------------------------------------

    def tabs(self, extension: Extension) -> list[Tab]:
        """Give an extension's tabs, as many as it has now."""
        tabs = self._tabs.setdefault(extension, [])
        while len(tabs) < extension.tabs:
            tabs.append(Tab())
        del tabs[extension.tabs :]
        return tabs

    def log_in_again(self, extension: Extension) -> None:
        """Begin a new browser session: settings are read afresh, and the auto-login page opens."""
        self.forget_session(extension)
        for tab in self.tabs(extension):
            tab.agent = False
            tab.calls.clear()
        crm = self.crm(extension)
        if crm.auto_login:
            fields = {"event": "auto_login", "timestamp": self._now()}
            self._open(crm.auto_login, "auto_login", fields)

    def forget_session(self, extension: Extension) -> None:
        """Let the browser read the settings afresh."""
        self._sessions.pop(extension, None)

    def close_tab(self, extension: Extension) -> None:
        """Close the first tab; nothing is sent."""
        tabs = self.tabs(extension)
        if tabs:
            del tabs[0]
            extension.tabs -= 1

    def reload_tab(self, extension: Extension) -> None:
        """Reload the first tab: it forgets its calls and that the agent is logged in, and sends nothing."""
        tabs = self.tabs(extension)
        if tabs:
            tabs[0] = Tab()

    def toggle_agent(self, extension: Extension) -> str:
        """Press the agent button of the first tab; give the event, empty where there is no button."""
        tabs, crm = self.tabs(extension), self.crm(extension)
        if not tabs or not (crm.agent_login or crm.agent_logout):
            return ""
        tabs[0].agent = not tabs[0].agent
        event = "agent_login" if tabs[0].agent else "agent_logout"
        self._send(extension, event, {})
        return event

    def crm(self, extension: Extension) -> Crm:
        """Give the settings this extension's browser session works with."""
        switches = self._switches
        known = self._sessions.get(extension)
        if known is not None and switches.crm_settings_cached:
            return known
        crm = Crm(
            url=switches.crm_url,
            method=switches.crm_method,
            screen_pop=switches.crm_login_url,
            auto_login=switches.crm_auto_login_url,
            agent_login=switches.crm_agent_login_url,
            agent_logout=switches.crm_agent_logout_url,
        )
        if crm.url or crm.agent_login or crm.agent_logout:
            self._sessions[extension] = crm
        return crm

    # -- what happens on the phone ------------------------------------------------------------------

    def accepts(self, extension: Extension) -> bool:
        """Tell if a desk phone or an idle tab can ring."""
        tabs = self.tabs(extension)
        return not tabs or any(not tab.calls for tab in tabs)

    def invited(self, extension: Extension, leg: Leg) -> None:
        """Let every idle tab ring."""
        for tab in self.tabs(extension):
            if tab.calls:
                continue
            call = WidgetCall(
                call_id=self._call_id(),
                direction="inbound",
                caller_id=leg.cid_num,
                caller_name=leg.cid_name,
                destination=extension.number,
            )
            tab.calls[leg.uuid] = call
            self._send_call(extension, "new_call", call)
            crm = self.crm(extension)
            if crm.screen_pop:
                self._open(crm.screen_pop, "screen_pop", self._fields(extension, "new_call", call))

    def dialled(self, extension: Extension, leg: Leg) -> None:
        """Let the first tab dial."""
        tabs = self.tabs(extension)
        if tabs:
            call = WidgetCall(
                call_id=self._call_id(),
                direction="outbound",
                caller_id=extension.number,
                caller_name="",
                destination=leg.dest,
            )
            tabs[0].calls[leg.uuid] = call
            self._send_call(extension, "dial_out", call)

    def picked_up(self, extension: Extension, leg: Leg, tab: int) -> None:
        """Let one tab have the call and the others stop ringing."""
        having = [(index, each) for index, each in enumerate(self.tabs(extension)) if leg.uuid in each.calls]
        if not having:
            return
        chosen = next((each for index, each in having if index == tab), having[0][1])
        media = None if self._switches.early_media else self._clock()
        chosen.calls[leg.uuid] = replace(chosen.calls[leg.uuid], answered=True, talks_since=media)
        self._send_call(extension, "answered", chosen.calls[leg.uuid])
        for _, other in having:
            if other is not chosen:
                self._send_call(extension, "hangup", other.calls.pop(leg.uuid))

    def gone(self, extension: Extension, leg: Leg, *, by_user: bool) -> None:
        """Let the tabs of an ended call send their hang-up, and what the widget wrongly sends with it."""
        for tab in self.tabs(extension):
            call = tab.calls.pop(leg.uuid, None)
            if call is None:
                continue
            failed = call.direction == "outbound" and not call.answered
            if failed and not by_user:
                self._late_hangup(extension, tab, call)
                continue
            self._send_call(extension, "hangup", call)
            if by_user and failed:
                self._later(self._switches.widget_hold_back, lambda: self._ghost(extension))
            elif by_user:
                self._ghost(extension)

    def microphone_fails(self, extension: Extension, leg: Leg) -> None:
        """Send a hang-up without a microphone; the one of the ended leg follows."""
        for tab in self.tabs(extension):
            if leg.uuid in tab.calls:
                self._send_call(extension, "hangup", tab.calls[leg.uuid])

    # -- the server's proxy -------------------------------------------------------------------------

    async def proxy(self, extension: Extension, domain: str, given: Mapping[str, str]) -> dict[str, object]:
        """Answer a request to the webhook proxy as a logged-in browser gets it."""
        event = given.get("event", "")
        if not self._switches.widget_permission:
            return {"error": "permission_denied"}
        if event not in CALL_EVENTS + AGENT_EVENTS:
            return {"error": "invalid_event"}
        crm = self.crm(extension)
        if not crm.target(event):
            return {"error": f"crm_url_not_configured_for_{event}"}
        fields = {name: given.get(name, "") for name in PLACEHOLDERS} | {"domain": domain}
        if not fields["timestamp"]:
            zone = timezone(timedelta(seconds=self._switches.server_utc_offset))
            fields["timestamp"] = datetime.fromtimestamp(self._clock(), zone).isoformat(timespec="seconds")
        status = await self._deliver_one(Outgoing(event=event, url=crm.target(event), method=crm.method, fields=fields))
        if status is not None and status < 400:
            return {"ok": True, "http_code": status, "event": event}
        return {"ok": False, "http_code": status or 0, "event": event, "error": f"HTTP {status or 0}"}

    @property
    def waiting(self) -> bool:
        """Tell if something is to be sent."""
        return bool(self._outbox)

    async def flush(self) -> None:
        """Send what waits, one after the other."""
        async with self._sending:
            while self._outbox:
                await self._deliver_one(self._outbox.popleft())

    # -- inside -------------------------------------------------------------------------------------

    def _late_hangup(self, extension: Extension, tab: Tab, call: WidgetCall) -> None:
        def send() -> None:
            # The widget reads its current record: a call dialled meanwhile lends its data.
            self._send_call(extension, "hangup", next(iter(tab.calls.values()), call))

        self._later(self._switches.widget_hold_back, send)

    def _ghost(self, extension: Extension) -> None:
        self._send(extension, "hangup", {"caller_id": extension.number, "direction": "unknown"})

    def _send_call(self, extension: Extension, event: str, call: WidgetCall) -> None:
        self._send(extension, event, self._fields(extension, event, call))

    def _fields(self, extension: Extension, event: str, call: WidgetCall) -> dict[str, str]:
        talked = 0
        if event == "hangup" and call.talks_since is not None:
            talked = int(self._clock() - call.talks_since)
        return {
            "event": event,
            "caller_id": call.caller_id,
            "caller_name": call.caller_name,
            "destination": call.destination,
            "direction": call.direction,
            "duration": str(talked),
            "extension": extension.number,
            "call_id": call.call_id,
            "timestamp": self._now(),
        }

    def _send(self, extension: Extension, event: str, fields: Mapping[str, str]) -> None:
        crm = self.crm(extension)
        url = crm.target(event)
        if not url or not self._switches.widget_permission:
            return
        base = {"duration": "0", "extension": extension.number, "timestamp": self._now()}
        full = base | dict(fields) | {"event": event}
        if self._switches.widget == "proxy":
            full["domain"] = extension.domain
        self._outbox.append(Outgoing(event=event, url=url, method=crm.method, fields=full))

    def _open(self, template: str, event: str, fields: Mapping[str, str]) -> None:
        self._outbox.append(Outgoing(event=event, url=template, method="GET", fields=fields, by_browser=True))

    async def _deliver_one(self, item: Outgoing) -> int | None:
        standalone = self._switches.widget == "standalone"
        url = substitute(item.url, item.fields, by_browser=item.by_browser or standalone)
        if item.by_browser:
            return await self._deliver.send("GET", url, item.event, headers={"User-Agent": "Mozilla/5.0"})
        if standalone:
            form = {name: item.fields.get(name, "") for name in PLACEHOLDERS if name != "domain"}
            headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Mozilla/5.0"}
            return await self._deliver.send("POST", url, item.event, data=urlencode(form).encode(), headers=headers)
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*"}
        if item.method == "GET":
            return await self._deliver.send("GET", url, item.event, headers=headers)
        headers["Content-Type"] = "application/json"
        return await self._deliver.send("POST", url, item.event, data=braced_json(item.fields), headers=headers)

    def _call_id(self) -> str:
        letters = string.ascii_lowercase + string.digits
        return "".join(self._rng.choices(letters, k=32))

    def _now(self) -> str:
        return iso(self._clock() + self._switches.browser_clock_skew)
