"""VoIPSUN's `/api/api.php` answered out of a real Asterisk over AMI, in the variants that its manual leaves open.

Every variant listens on a port of its own and asks the same Asterisk, so that one real call is seen by all of them:

    shim = VoipsunShim(ami_host, ami_port, "full", "full")
    await shim.start()          # shim.ports: variant -> port

| variant | rows of listcalls | src, dst |
|---|---|---|
| core  | every channel (AMI CoreShowChannels)      | CallerIDNum, Exten |
| up    | only channels that are Up                 | CallerIDNum, Exten |
| conn  | every channel, PJSIP/ written as SIP/     | CallerIDNum, ConnectedLineNum |
| cdr   | every channel (AMI Status)                | CDR(src), CDR(dst) |
| calls | one row per call: the channel that began it | CallerIDNum, dialled number |
| party | every channel; called legs turned round, as the project's own simulator has it | who calls, who is called |
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from .ami import Ami, AmiError
from .lab import Lab

type Row = dict[str, str]

VARIANTS = ("core", "up", "conn", "cdr", "calls", "party")
AGENTS = {"1000": ("1234", "novak", "102"), "1001": ("0042", "svobodova", "103")}
QUEUES = {"support": ("1000", "1001"), "sales": ()}
REASONS = {
    100: "Unauthorized user or bad permissions",
    110: "Unknown action",
    120: "Missing required parameter",
    200: "Only one source extension parameter can be used",
    201: "Extension not found",
    220: "Extension is unavailable",
    250: "Outbound route not found",
    302: "Source extension not found",
    310: "Destination extension not found",
    500: "Agent authentication failed",
    550: "Agent authentication failed",
    580: "Agent authentication failed",
    590: "Agent authentication failed",
    600: "Unable to add the member",
    601: "Unable to remove the member",
    610: "Agent authentication failed",
    800: "CDR record not found",
}
_WORDS = {"1": "available", "2": "in call", "3": "busy", "6": "busy", "7": "in call", "8": "on hold"}


class ApiError(Exception):
    """An action that is refused."""

    def __init__(self, errno: int) -> None:
        """Take the number."""
        super().__init__(errno)
        self.errno = errno


def seconds(clock: str) -> int:
    """Read 00:00:35."""
    hours, minutes, rest = (int(part or 0) for part in clock.split(":"))
    return hours * 3600 + minutes * 60 + rest


def known(value: str) -> str:
    """Give a number, or nothing for what AMI writes where there is none."""
    return "" if value in ("<unknown>", "<none>") else value


class VoipsunShim:
    """The HTTP API of a VoIPSUN PBX, once per variant."""

    def __init__(self, host: str, port: int, username: str, secret: str, *, originate: str = "plain") -> None:
        """Prepare; `originate` is how a call is made for somebody.

        That is plain (PJSIP/101), called (shows the number that will be called), or local
        (Local/101@originate-skipvm, as FreePBX does).
        """
        self.ami = Ami(host, port, username, secret, events=False)
        self.username, self.password = "voipsun", "sun&secret+pwd"
        self.originate_style = originate
        self.ports: dict[str, int] = {}
        self.heard: Callable[[str, str, Mapping[str, str], object], None] | None = None
        """Called with variant, action, query and answer."""
        self.asked: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
        self._runner: web.AppRunner | None = None
        self._dialled: dict[str, str] = {}

    async def start(self) -> None:
        """Log in to Asterisk and listen."""
        await self.ami.__aenter__()
        self._runners = []
        for variant in VARIANTS:
            app = web.Application()
            app["variant"] = variant
            app.router.add_get("/api/api.php", self._endpoint, allow_head=False)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.ports[variant] = runner.addresses[0][1]
            self._runners.append(runner)

    async def stop(self) -> None:
        """Stop."""
        for runner in self._runners:
            await runner.cleanup()
        await self.ami.__aexit__()

    async def again(self, host: str, port: int) -> None:
        """Log in once more, after Asterisk was restarted."""
        self.ami = Ami(host, port, "full", "full", events=False)
        await self.ami.__aenter__()

    async def _endpoint(self, request: web.Request) -> web.Response:
        """Answer a request."""
        variant, query = request.app["variant"], dict(request.query)
        action = query.get("action", "")
        try:
            answer = await self._carry_out(action, variant, query)
        except ApiError as error:
            answer = {"success": "false", "errno": str(error.errno), "reason": REASONS.get(error.errno, "Failed")}
        except (AmiError, ConnectionError, TimeoutError, OSError) as error:
            answer = {"success": "false", "reason": f"Asterisk: {error}"}
        if self.heard is not None:
            self.heard(variant, action, query, answer)
        text = json.dumps(answer, separators=(",", ":")).replace("/", "\\/")
        return web.Response(text=text, content_type="application/json" if variant != "up" else "text/html")

    async def _carry_out(self, action: str, variant: str, query: Mapping[str, str]) -> object:
        """Return the answer to an action; raise ApiError for one that is refused."""
        if (query.get("username"), query.get("password")) != (self.username, self.password):
            raise ApiError(100)
        work = getattr(self, f"_do_{action}", None)
        if work is None:
            raise ApiError(110)
        return await work(variant, query)

    # -- lists --------------------------------------------------------------------------------------

    async def _do_listcalls(self, variant: str, _query: Mapping[str, str]) -> list[Row]:
        """List the calls as a variant does."""
        self.asked[variant].append(time.time())
        if variant == "cdr":
            return await self._cdr_rows()
        channels = await self.ami.items("CoreShowChannels")
        rows = []
        for channel in channels:
            row = self._row(variant, channel, channels)
            if row is not None:
                rows.append(row)
        return rows

    def _row(self, variant: str, channel: Row, channels: list[Row]) -> Row | None:
        """Return the row of a channel, or None where a variant leaves it out."""
        name, own, other = channel["Channel"], channel["CallerIDNum"], channel["ConnectedLineNum"]
        source, destination = own, channel["Exten"]
        if variant != "core":
            source = known(source)
        if variant == "up" and channel["ChannelStateDesc"] != "Up":
            return None
        if variant == "conn":
            name, destination = name.replace("PJSIP/", "SIP/"), known(other)
        if variant == "calls":
            first = channel["Uniqueid"] == channel["Linkedid"] or not any(
                c["Uniqueid"] == channel["Linkedid"] for c in channels
            )
            if not first or channel["Application"] == "AppDial":
                return None
            self._dialled.setdefault(channel["Uniqueid"], destination)
            destination = self._dialled[channel["Uniqueid"]] or destination
        if variant == "party" and channel["Application"] in ("AppDial", "AppQueue"):
            source, destination = known(other), known(own)
        return {
            "channelName": name,
            "context": channel["Context"],
            "src": source,
            "dst": destination,
            "duration": str(seconds(channel["Duration"])),
            "status": channel["ChannelStateDesc"],
            "accountCode": channel["AccountCode"],
        }

    async def _cdr_rows(self) -> list[Row]:
        """List the channels with what their records say."""
        rows = []
        for channel in await self.ami.items("Status", Variables="CDR(src),CDR(dst)"):
            values = dict(line.split("=", 1) for line in channel.get("Variable", "").split("\n") if "=" in line)
            if channel.get("Event") != "Status":
                continue
            rows.append(
                {
                    "channelName": channel["Channel"],
                    "context": channel["Context"],
                    "src": values.get("CDR(src)", ""),
                    "dst": values.get("CDR(dst)", ""),
                    "duration": channel.get("Seconds") or "0",
                    "status": channel["ChannelStateDesc"],
                    "accountCode": channel["AccountCode"],
                }
            )
        return rows

    async def _do_sipstatus(self, variant: str, _query: Mapping[str, str]) -> list[Row]:
        """List the phones and whether they are registered."""
        contacts = {contact["Endpoint"]: contact for contact in await self.ami.items("PJSIPShowContacts")}
        rows = []
        for endpoint in await self.ami.items("PJSIPShowEndpoints"):
            user = endpoint["ObjectName"]
            contact = contacts.get(user)
            trip = contact["RoundtripUsec"] if contact else "N/A"
            status, host = "UNKNOWN", "(Unspecified)"
            if contact:
                host = contact["Uri"].partition("@")[2].partition(":")[0]
                good = f"OK ({int(trip) // 1000 or 1} ms)" if trip.isdecimal() else "OK"
                status = {"Reachable": good, "Unreachable": "UNREACHABLE"}.get(contact["Status"], "Unmonitored")
            phone = contact is not None and contact.get("UserAgent", "") != ""
            rows.append(
                {
                    "user": user,
                    "host": host,
                    "status": "OK" if variant == "party" and status.startswith("OK") else status,
                    "useragent": contact["UserAgent"] if contact else "",
                    "regcontact": contact["Uri"] if contact and phone else "",
                }
            )
        return rows

    # -- calls --------------------------------------------------------------------------------------

    def _selected(self, query: Mapping[str, str], side: str, missing: int) -> str:
        """Return the extension that a query selects."""
        keys = ("ExtenPublicNum", "ExtenInternalNum", "ExtenId", "SipUsername")
        given = [query[side + key] for key in keys if query.get(side + key)]
        if not given:
            raise ApiError(120)
        if len(given) > 1:
            raise ApiError(200)
        user = given[0].removeprefix("222300")
        if user not in ("101", "102", "103", "104", "105"):
            raise ApiError(missing)
        return user

    async def _do_originate(self, _variant: str, query: Mapping[str, str]) -> Row:
        """Ring an extension, then connect it with a number."""
        user, number = self._selected(query, "src", 201), query.get("dstNum", "")
        if not number:
            raise ApiError(120)
        style = self.originate_style
        fields = {
            "Channel": f"Local/{user}@originate-skipvm/n" if style == "local" else f"PJSIP/{user}",
            "Context": "internal",
            "Exten": number,
            "Priority": 1,
            "Timeout": 30000,
            "Async": "true",
            "CallerID": f'"{number}" <{number}>' if style == "called" else f"<{user}>",
            "Account": user,
        }
        try:
            await self.ami.action("Originate", **fields)
        except AmiError:
            raise ApiError(220) from None
        return {"success": "true"}

    async def _do_dial(self, _variant: str, query: Mapping[str, str]) -> Row:
        """Call a number through the route, then enter a context."""
        if not query.get("dstNum") or not query.get("context"):
            raise ApiError(120)
        if query.get("outrouteName") != "outgoing":
            raise ApiError(250)
        await self.ami.action(
            "Originate",
            Channel=f"PJSIP/{query['dstNum']}@trunk-voip",
            Context=query["context"],
            Exten="s",
            Priority=1,
            Timeout=30000,
            Async="true",
            CallerID="<222300000>",
        )
        return {"success": "true"}

    async def _do_hangupcall(self, variant: str, query: Mapping[str, str]) -> Row:
        """End a channel."""
        name = query.get("channelName", "")
        if variant == "conn":
            name = name.replace("SIP/", "PJSIP/")
        if not name:
            raise ApiError(120)
        await self.ami.action("Hangup", Channel=name)
        return {"success": "true"}

    async def _do_spying(self, variant: str, query: Mapping[str, str]) -> Row:
        """Let an extension listen to another."""
        user = self._selected(query, "src", 302)
        target = query.get("dstChannelName") or f"PJSIP/{self._selected(query, 'dst', 310)}"
        if variant == "conn":
            target = target if target.startswith("PJSIP") else target.replace("SIP/", "PJSIP/")
        await self.ami.action(
            "Originate",
            Channel=f"PJSIP/{user}",
            Application="ChanSpy",
            Data=f"{target},qE",
            Timeout=30000,
            Async="true",
            CallerID=f'"{query.get("spyName", "Spy")}" <{query.get("spyCid", "000")}>',
        )
        return {"success": "true"}

    # -- agents and queues --------------------------------------------------------------------------

    @staticmethod
    def _agent(query: Mapping[str, str], errno: int) -> str:
        """Return the number of the agent that a query names, with the right PIN."""
        number = query.get("agentNumber", "")
        if not number or not query.get("agentPin"):
            raise ApiError(120)
        if number not in AGENTS or AGENTS[number][0] != query["agentPin"]:
            raise ApiError(errno)
        return number

    async def _members(self, number: str) -> list[Row]:
        """List the memberships of an agent."""
        items = await self.ami.items("QueueStatus")
        return [i for i in items if i["Event"] == "QueueMember" and i["Name"] == AGENTS[number][1]]

    async def _do_agentlogin(self, _variant: str, query: Mapping[str, str]) -> Row:
        """Log an agent in to its queues."""
        number = self._agent(query, 500)
        user = self._selected(query, "src", 502)
        for queue, agents in QUEUES.items():
            if number in agents:
                try:
                    await self.ami.action(
                        "QueueAdd",
                        Queue=queue,
                        Interface=f"Local/{user}@from-queue/n",
                        MemberName=AGENTS[number][1],
                        StateInterface=f"PJSIP/{user}",
                        Penalty=0,
                    )
                except AmiError as error:
                    if "Already" not in str(error):
                        raise
        return {"success": "true"}

    async def _do_agentlogout(self, _variant: str, query: Mapping[str, str]) -> Row:
        """Log an agent out of all queues."""
        for member in await self._members(self._agent(query, 550)):
            await self.ami.action("QueueRemove", Queue=member["Queue"], Interface=member["Location"])
        return {"success": "true"}

    async def _pause(self, number: str, paused: str) -> Row:
        """Pause an agent in all queues, or not any more."""
        for member in await self._members(number):
            await self.ami.action("QueuePause", Interface=member["Location"], Queue=member["Queue"], Paused=paused)
        return {"success": "true"}

    async def _do_agentpause(self, _variant: str, query: Mapping[str, str]) -> Row:
        """Pause an agent."""
        return await self._pause(self._agent(query, 580), "true")

    async def _do_agentunpause(self, _variant: str, query: Mapping[str, str]) -> Row:
        """Let an agent go on."""
        return await self._pause(self._agent(query, 590), "false")

    async def _do_agentstatus(self, _variant: str, query: Mapping[str, str]) -> Row:
        """Say what an agent does."""
        number = self._agent(query, 610)
        members = await self._members(number)
        return {
            "success": "true",
            "agentNumber": number,
            "login": "logged in" if members else "logged out",
            "status": _WORDS.get(members[0]["Status"], "unavailable") if members else "unavailable",
        }

    async def _do_queuestatus(self, _variant: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Say how a queue is doing."""
        name = query.get("queueName", "")
        items = await self.ami.items("QueueStatus", Queue=name)
        params = next((item for item in items if item["Event"] == "QueueParams"), None)
        if params is None:
            return {"success": "false", "reason": "Queue not found"}
        summary = next(iter(await self.ami.items("QueueSummary", Queue=name)), {})
        return {
            "success": "true",
            "queue": {
                "name": name,
                "max": params["Max"],
                "strategy": params["Strategy"],
                "calls": params["Calls"],
                "holdtime": params["Holdtime"],
                "talktime": params["TalkTime"],
                "completed": params["Completed"],
                "abandoned": params["Abandoned"],
                "serviceLevel": params["ServiceLevel"],
                "serviceLevelPerf": params["ServicelevelPerf"],
                "weight": params["Weight"],
                "loggedIn": summary.get("LoggedIn", ""),
                "available": summary.get("Available", ""),
                "callers": summary.get("Callers", ""),
                "longestHoldTime": summary.get("LongestHoldTime", ""),
            },
            "members": [
                {
                    "name": i["Name"],
                    "interface": i["Location"],
                    "membership": i["Membership"],
                    "penalty": i["Penalty"],
                    "callsTaken": i["CallsTaken"],
                    "lastCall": i["LastCall"],
                    "inCall": i["InCall"],
                    "status": i["Status"],
                    "paused": i["Paused"],
                    "pausedReason": i["PausedReason"],
                }
                for i in items
                if i["Event"] == "QueueMember"
            ],
            "callers": [
                {
                    "position": i["Position"],
                    "channel": i["Channel"],
                    "callerIdNum": i["CallerIDNum"],
                    "callerIdName": i["CallerIDName"],
                    "wait": i["Wait"],
                }
                for i in items
                if i["Event"] == "QueueEntry"
            ],
        }

    async def _do_moverecord(self, _variant: str, query: Mapping[str, str]) -> Row:
        """Refuse: there are no recordings."""
        if not query.get("cdrId"):
            raise ApiError(120)
        raise ApiError(800)


async def main() -> None:
    """Run a lab and the shim in front of it, to look at."""
    async with Lab() as lab:
        shim = VoipsunShim("127.0.0.1", lab.ami_port, "full", "full")
        await shim.start()
        for variant, port in shim.ports.items():
            print(f"{variant}: http://127.0.0.1:{port}/api/api.php (user {shim.username}, password {shim.password})")  # noqa: T201 - a person reads it
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
