"""VoIPSUN's page *API Interface* as a server: one address, `action` and its parameters in the query.

The page leaves the shape of some answers open (agents, queues): these say no more than its words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .page import Page

PATH = "/api/api.php"

# The page's table of error codes. Where it groups codes, every code of the group is one of its own.
ERRORS: Mapping[int, str] = {
    100: "Unauthorized user or bad permissions",
    110: "Unknown action parameter",
    120: "Missing required parameters",
    200: "Conflicting extension selection parameters",
    **dict.fromkeys(range(201, 204), "Extension, dialplan, or configuration not found"),
    **dict.fromkeys(range(210, 212), "IP address mismatch"),
    **dict.fromkeys(range(220, 229), "Extension unavailability states"),
    250: "Outbound routing not found",
    300: "Conflicting source parameters",
    301: "Conflicting destination parameters",
    **dict.fromkeys(range(302, 305), "Source extension/dialplan issues"),
    **dict.fromkeys(range(310, 313), "Destination extension/dialplan issues"),
    **dict.fromkeys(range(500, 505), "Agent authentication or extension lookup"),
    550: "Logout authentication failure",
    580: "Pause authentication failure",
    590: "Unpause authentication failure",
    **dict.fromkeys(range(600, 602), "Queue management failure"),
    **dict.fromkeys(range(610, 637), "Agent status and availability verification errors"),
    800: "CDR record not found",
    801: "No recording data in CDR",
    **dict.fromkeys(range(810, 813), "File permission or access issues"),
}

SOURCE = ("srcExtenPublicNum", "srcExtenInternalNum", "srcExtenId", "srcSipUsername")
TARGET = (
    "dstExtenPublicNum",
    "dstExtenInternalNum",
    "dstExtenId",
    "dstSipUsername",
    "dstChannelName",
)
NAMED_BY = {
    "ExtenPublicNum": "public",
    "ExtenInternalNum": "internal",
    "ExtenId": "exten_id",
    "SipUsername": "sip_username",
}
CUSTOM_CDR = tuple(f"customCDR{number}" for number in range(1, 5))
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "originate": (
        "dstNum",
        *SOURCE,
        "dialplanName",
        *CUSTOM_CDR,
        "dialerCid",
        "dialerName",
        "monitorFilename",
        "monitorPath",
        "checkExten",
        "checkIpHost",
        "checkIpContact",
    ),
    "dial": ("dstNum", "outrouteName", "outrouteId", "context", "hangupContext"),
    "hangupcall": ("channelName",),
    "listcalls": (),
    "spying": (*SOURCE, *TARGET, "dialplanName", "spyCid", "spyName"),
    "sipstatus": (),
    "agentlogin": (*SOURCE, "dialplanName", "agentNumber", "agentPin"),
    "agentlogout": ("agentNumber", "agentPin"),
    "agentpause": ("agentNumber", "agentPin"),
    "agentunpause": ("agentNumber", "agentPin"),
    "agentadd": (*SOURCE, "dialplanName", "agentNumber", "agentPin", "queueName", "penalty"),
    "agentremove": (*SOURCE, "dialplanName", "agentNumber", "agentPin", "queueName"),
    "agentstatus": ("agentNumber", "agentPin"),
    "queuestatus": ("queueName",),
    "moverecord": ("cdrId", "filename", "path"),
}


@dataclass(frozen=True, kw_only=True)
class Phone:
    """An extension of the PBX; several may share one internal number, in different dial plans."""

    exten_id: str
    internal: str
    public: str
    sip_username: str
    dialplan: str
    host: str = "192.0.2.10"
    status: str = "OK"
    useragent: str = "Yealink T54W"


@dataclass(kw_only=True)
class Agent:
    """An agent of the call centre."""

    pin: str
    logged_in: bool = False
    paused: bool = False
    queues: set[str] = field(default_factory=set)


class RefusalError(Exception):
    """An answer with `success` false, an error code and a reason."""

    def __init__(self, errno: int, reason: str | None = None) -> None:
        """Take the code, and the page's words where no other reason is given."""
        super().__init__(errno)
        self.errno = errno
        self.reason = ERRORS[errno] if reason is None else reason


class VoipsunPage(Page):
    """A PBX that speaks exactly as the page says."""

    def __init__(self) -> None:
        """Start with two phones, an agent, a queue, a route and a recorded call."""
        super().__init__()
        self.username = "voipsun"
        self.password = "secretpwd"
        self.phones = [
            Phone(
                exten_id="1",
                internal="100",
                public="222333100",
                sip_username="a100",
                dialplan="Praha",
            ),
            Phone(
                exten_id="2",
                internal="101",
                public="222333101",
                sip_username="a101",
                dialplan="Praha",
            ),
        ]
        self.agents = {"1000": Agent(pin="1234")}
        self.queues = {"support"}
        self.outroutes = {"outgoing": "5"}
        self.records = {"10000": "recording"}
        self.calls: list[dict[str, Any]] = []
        self.refusals: dict[str, RefusalError] = {}

    def sent(self, action: str) -> list[dict[str, str]]:
        """Return the parameters of each request for an action, without the credentials."""
        return [
            {name: value for name, value in asked.query.items() if name not in {"username", "password", "action"}}
            for asked in self.asked
            if asked.query.get("action") == action
        ]

    async def answer(self, request: web.Request, text: str) -> web.StreamResponse:
        """Answer an action, or say with the page's codes why not."""
        if request.path != PATH:
            return web.Response(status=404)
        try:
            return web.json_response(self._carry_out(dict(request.query)))
        except RefusalError as refusal:
            return web.json_response(
                {"success": "false", "errno": str(refusal.errno), "reason": refusal.reason},
            )

    def _carry_out(self, query: dict[str, str]) -> Any:
        """Carry an action out and return the answer."""
        if (query.pop("username", None), query.pop("password", None)) != (
            self.username,
            self.password,
        ):
            raise RefusalError(100)
        action = query.pop("action", "")
        if action not in PARAMETERS:
            raise RefusalError(110)
        if planned := self.refusals.get(action):
            raise planned
        if unknown := set(query) - set(PARAMETERS[action]):
            raise AssertionError(f"the page names no {unknown} for {action}")
        answers: dict[str, Callable[[dict[str, str]], Any]] = {
            "originate": self._originate,
            "dial": self._dial,
            "hangupcall": self._hangup,
            "listcalls": lambda _query: self.calls,
            "spying": self._spy,
            "sipstatus": lambda _query: self._sip_status(),
            "agentlogin": self._agent_login,
            "agentlogout": self._agent_logout,
            "agentpause": self._agent_pause,
            "agentunpause": self._agent_unpause,
            "agentadd": self._agent_add,
            "agentremove": self._agent_remove,
            "agentstatus": self._agent_status,
            "queuestatus": self._queue_status,
            "moverecord": self._move,
        }
        answer = answers[action](query)
        return {"success": "true"} if answer is None else answer

    def _need(self, query: Mapping[str, str], *names: str) -> None:
        """Refuse a request without one of these parameters."""
        if not all(query.get(name) for name in names):
            raise RefusalError(120)

    def _select(
        self,
        query: Mapping[str, str],
        names: tuple[str, ...],
        conflict: int,
        unknown: int,
    ) -> Phone | None:
        """Return the phone that exactly one of the parameters names; None for a channel's name."""
        given = [name for name in names if name in query]
        if not given:
            raise RefusalError(120)
        if len(given) > 1:
            raise RefusalError(conflict)
        (name,) = given
        if name == "dstChannelName":
            return None
        attribute = NAMED_BY[name[3:]]
        found = [phone for phone in self.phones if getattr(phone, attribute) == query[name]]
        if name.endswith("InternalNum"):
            if len(found) > 1 and "dialplanName" not in query:
                raise RefusalError(120)
            if "dialplanName" in query:
                found = [phone for phone in found if phone.dialplan == query["dialplanName"]]
        if not found:
            raise RefusalError(unknown)
        return found[0]

    def _originate(self, query: dict[str, str]) -> None:
        """Dial the extension, then connect it to the destination."""
        self._need(query, "dstNum")
        self._select(query, SOURCE, 200, 201)

    def _dial(self, query: dict[str, str]) -> None:
        """Route a call through an outbound route."""
        self._need(query, "dstNum", "context")
        routes = [name for name in ("outrouteName", "outrouteId") if name in query]
        if len(routes) != 1:
            raise RefusalError(120)
        known = self.outroutes if routes[0] == "outrouteName" else self.outroutes.values()
        if query[routes[0]] not in known:
            raise RefusalError(250)

    def _hangup(self, query: dict[str, str]) -> None:
        """End the call of a channel."""
        self._need(query, "channelName")
        self.calls = [call for call in self.calls if call["channelName"] != query["channelName"]]

    def _spy(self, query: dict[str, str]) -> None:
        """Connect a supervisor to a call."""
        self._select(query, SOURCE, 300, 302)
        self._select(query, TARGET, 301, 310)

    def _sip_status(self) -> list[dict[str, str]]:
        """Return the registrations."""
        return [
            {
                "user": phone.sip_username,
                "host": phone.host,
                "status": phone.status,
                "useragent": phone.useragent,
                "regcontact": f"sip:{phone.sip_username}@{phone.host}:5060",
            }
            for phone in self.phones
        ]

    def _agent(self, query: Mapping[str, str], errno: int) -> Agent:
        """Return the agent of a number and a PIN."""
        self._need(query, "agentNumber", "agentPin")
        agent = self.agents.get(query["agentNumber"])
        if agent is None or agent.pin != query["agentPin"]:
            raise RefusalError(errno)
        return agent

    def _agent_login(self, query: dict[str, str]) -> None:
        """Log an agent in at an extension."""
        agent = self._agent(query, 500)
        self._select(query, SOURCE, 501, 502)
        agent.logged_in = True

    def _agent_logout(self, query: dict[str, str]) -> None:
        """Log an agent out."""
        self._agent(query, 550).logged_in = False

    def _agent_pause(self, query: dict[str, str]) -> None:
        """Pause an agent."""
        self._agent(query, 580).paused = True

    def _agent_unpause(self, query: dict[str, str]) -> None:
        """Let an agent work again."""
        self._agent(query, 590).paused = False

    def _agent_add(self, query: dict[str, str]) -> None:
        """Put an agent into a queue."""
        self._need(query, "queueName")
        if query["queueName"] not in self.queues:
            raise RefusalError(600)

    def _agent_remove(self, query: dict[str, str]) -> None:
        """Take an agent out of a queue."""
        self._need(query, "queueName")
        if query["queueName"] not in self.queues:
            raise RefusalError(601)

    def _agent_status(self, query: dict[str, str]) -> dict[str, str]:
        """Return in the page's words how an agent is."""
        agent = self._agent(query, 610)
        if not agent.logged_in:
            return {"success": "true", "status": "logged out"}
        state = "unavailable" if agent.paused else "available"
        return {"success": "true", "status": f"logged in, {state}"}

    def _queue_status(self, query: dict[str, str]) -> dict[str, Any]:
        """Return a queue's metrics, its agents and its callers."""
        self._need(query, "queueName")
        if query["queueName"] not in self.queues:
            raise RefusalError(600)
        return {
            "success": "true",
            "queue": query["queueName"],
            "agents": [],
            "callers": [],
            "serviceLevel": "60",
        }

    def _move(self, query: dict[str, str]) -> None:
        """Move or rename a recording."""
        self._need(query, "cdrId")
        if not ({"filename", "path"} & set(query)):
            raise RefusalError(120)
        if query["cdrId"] not in self.records:
            raise RefusalError(800)
        if not self.records[query["cdrId"]]:
            raise RefusalError(801)
