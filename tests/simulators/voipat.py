"""The simulator of VOIP@ Cloud, written from the contract `voipat.md` alone.

Sections: 1 base URLs, 2 authentication, 3 errors, 4 rate limits (voipat_wire, voipat_bridge), 5 endpoints (voipat_api,
voipat_rows; 5.9 to 5.12, 8.6 and 9 in voipat_extras), 6 call states (voipat_engine), 7 WebSocket (voipat_socket),
8 webhooks (voipat_widget), 10 ESL outages (voipat_bridge), 14 profiles and switches (voipat_wire).
"""

from aiohttp import web

from .base import Handler, TrueCall
from .voipat_api import Api
from .voipat_engine import Call, CallState, Engine, Extension, Leg, Record
from .voipat_extras import Extras
from .voipat_widget import QUERY, Tab
from .voipat_wire import Esl, Loopback, Profile, Registrations, VoipatSwitches

PREFIXES = ("/pbxapi", "/api")


class VoipatSimulator(Api, Extras):
    """A VOIP@ Cloud box on loopback, with verbs for what its people do."""

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the endpoints, behind the web server (/pbxapi) and direct (/api)."""
        bridge: list[tuple[str, str, Handler]] = [
            ("GET", "/status", self.get_status),
            ("GET", "/status/detailed", self.get_detailed_status),
            ("POST", "/auth/token", self.post_token),
            ("GET", "/auth/verify", self.get_verify),
            ("GET", "/domains", self.get_domains),
            ("GET", "/extensions", self.get_extensions),
            ("GET", "/extensions/registrations", self.get_registrations),
            ("GET", "/extensions/{extension}", self.get_extension),
            ("GET", "/calls/active", self.get_active),
            ("GET", "/calls/channels", self.get_channels),
            ("GET", "/calls/channels/{uuid}", self.get_channel),
            ("GET", "/calls/esl/status", self.get_esl_status),
            ("POST", "/calls/originate", self.post_originate),
            ("POST", "/calls/{uuid}/hangup", self.post_hangup),
            ("POST", "/calls/{uuid}/hold", self.post_hold),
            ("POST", "/calls/{uuid}/unhold", self.post_unhold),
            ("POST", "/calls/{uuid}/hold/toggle", self.post_toggle),
            ("POST", "/calls/{uuid}/mute", self.post_mute),
            ("POST", "/calls/{uuid}/unmute", self.post_unmute),
            ("POST", "/calls/{uuid}/dtmf", self.post_dtmf),
            ("POST", "/calls/{uuid}/transfer", self.post_transfer),
            ("GET", "/cdr", self.get_records),
            ("GET", "/cdr/stats/summary", self.get_statistics),
            ("GET", "/cdr/{uuid}", self.get_record),
            ("POST", "/apikeys", self.post_key),
            ("GET", "/apikeys", self.get_keys),
            ("PATCH", "/apikeys/{uuid}", self.patch_key),
            ("DELETE", "/apikeys/{uuid}", self.delete_key),
            ("POST", "/tickets", self.post_ticket),
            ("GET", "/tickets", self.get_tickets),
            ("GET", "/tickets/updates/poll", self.get_ticket_updates),
            ("GET", "/tickets/{uuid}", self.get_ticket),
            ("POST", "/tickets/{uuid}/reply", self.post_reply),
            ("POST", "/provision/generate", self.post_provision),
        ]
        bare = ("/status", "/domains", "/extensions", "/cdr")
        listed: list[web.AbstractRouteDef] = []
        for prefix in PREFIXES:
            for method, path, handler in bridge:
                guarded = self._guard(handler, slash=path in bare)
                listed += [web.route(method, prefix + path, guarded), web.route(method, f"{prefix}{path}/", guarded)]
            listed.append(web.route("*", prefix + "/{tail:.*}", self._guard(self._nowhere)))
        widget = "/app/webrtc_phone"
        dial = f"{widget}/click_to_dial/click_to_dial_api.php"
        docs = [web.get(path, self._guard(self.get_api_docs)) for path in ("/docs", "/openapi.json")]
        docs += [web.get(path, self._guard(self.get_api_docs)) for path in ("/api-docs", "/api-docs.json")]
        return [
            *listed,
            *docs,
            web.get("/ws", self._guard(self.get_socket)),
            web.get(f"{widget}/webrtc_phone_api.php", self.get_session),
            web.get(f"{widget}/crm_webhook_proxy.php", self.get_proxy),
            web.get(dial, self.click_to_dial),
            web.options(dial, self.click_to_dial),
            web.get("/login.php", self.get_login_page),
        ]

    # -- neutral verbs ------------------------------------------------------------------------------

    async def ring(self, caller: str, *extensions: str, name: str = "") -> str:
        """Let an outside caller ring these extensions at once; give the call's id."""
        if not extensions:
            text = "ring whom? (see greet for a call that rings nobody)"
            raise ValueError(text)
        for number in extensions:
            self.engine.extension(self.domain, number)
        return await self._done(self.engine.incoming(self.domain, caller, name, *extensions).id)

    async def dial(self, extension: str, number: str) -> str:
        """Let somebody dial; give the call's id."""
        return await self._done(self.engine.outgoing(self._extension(extension), number).id)

    async def answer(self, call_id: str, extension: str = "", *, tab: int = 0) -> None:
        """Pick up at an extension (in one of its browser tabs), or let the dialled party pick up."""
        call = self.engine.call(call_id)
        if extension:
            leg = self.engine.leg_of(call, extension)
        else:
            ringing = sorted(self.engine.ringing(call), key=lambda each: bool(each.extension))
            if not ringing:
                text = f"nobody rings in call {call_id}"
                raise ValueError(text)
            leg = ringing[0]
        self.engine.answer(leg, tab)
        await self.widgets.flush()

    async def hold(self, call_id: str, extension: str) -> None:
        """Press hold at a phone."""
        self._must(self.engine.hold(self._leg(call_id, extension)), f"{extension} cannot hold call {call_id}")

    async def resume(self, call_id: str, extension: str) -> None:
        """Take a held call back."""
        self._must(self.engine.unhold(self._leg(call_id, extension)), f"{extension} does not hold call {call_id}")

    async def hang_up(self, call_id: str, *, by: str = "caller") -> None:
        """End a call: by `caller`, `callee`, or `reject` for phones that refuse."""
        call = self.engine.call(call_id)
        legs = [leg for leg in call.legs.values() if not leg.loopback]
        ringing = self.engine.ringing(call)
        if by == "reject" or (by == "callee" and ringing) or legs[0] in ringing:
            self._must(bool(ringing), f"nobody rings in call {call_id}")
            for leg in ringing:
                self.engine.kill(leg, "CALL_REJECTED", by_user=True)
        elif by in ("caller", "callee"):
            first = legs[0]
            leg = first if by == "caller" or first.partner is None else first.partner
            unanswered = first.answered_at is None
            self.engine.kill(leg, "ORIGINATOR_CANCEL" if unanswered else "NORMAL_CLEARING", by_user=True)
        else:
            text = f"by whom? {by}"
            raise ValueError(text)
        await self.widgets.flush()

    def truth(self) -> list[TrueCall]:
        """List the calls of our tenant that are up now."""
        return self.engine.truth(self.domain)

    # -- how calls go their way ---------------------------------------------------------------------

    async def route(self, call_id: str) -> None:
        """Let a new call ring that was left DOWN because of `ring_at_once=False`."""
        self.engine.route(self.engine.call(call_id))
        await self.widgets.flush()

    async def ring_out(self, call_id: str) -> None:
        """Let it ring until nobody picked up."""
        await self.fail(call_id, "NO_ANSWER")

    async def fail(self, call_id: str, cause: str) -> None:
        """Let what rings fail, with a FreeSWITCH cause (USER_BUSY, NO_ANSWER, UNALLOCATED_NUMBER …)."""
        for leg in self.engine.ringing(self.engine.call(call_id)):
            self.engine.kill(leg, cause)
        await self.widgets.flush()

    async def reject(self, call_id: str, extension: str) -> None:
        """Let one of several ringing phones refuse."""
        leg = self._leg(call_id, extension)
        self._must(leg.answered_at is None, f"{extension} does not ring")
        self.engine.kill(leg, "CALL_REJECTED", by_user=True)
        await self.widgets.flush()

    async def greet(self, caller: str, *, name: str = "", application: str = "ivr") -> str:
        """Let a machine (ivr, callcenter, voicemail) take an outside call; give the call's id."""
        call = self.engine.incoming(self.domain, caller, name)
        self.engine.route(call)
        if call.first is not None:
            self.engine.divert(call.first, application)
        return await self._done(call.id)

    async def distribute(self, call_id: str, *extensions: str) -> None:
        """Let phones ring for a caller a machine answered (RING_WAIT)."""
        call = self.engine.call(call_id)
        first = next(iter(call.legs.values()))
        call.callee = extensions[0] if len(extensions) == 1 else call.callee
        self.engine.ring(call, first, [self._extension(number) for number in extensions])
        await self.widgets.flush()

    async def divert(self, call_id: str, application: str = "voicemail") -> None:
        """Let a machine take a call nobody picked up."""
        self.engine.divert(next(iter(self.engine.call(call_id).legs.values())), application)
        await self.widgets.flush()

    async def transfer(self, call_id: str, extension: str, number: str) -> None:
        """Let the phone of an extension transfer its partner blind."""
        partner = self._leg(call_id, extension).partner
        if partner is None:
            text = f"{extension} talks to nobody"
            raise ValueError(text)
        self.engine.transfer(partner, number)
        await self.widgets.flush()

    async def complete_transfer(self, first: str, second: str, extension: str) -> None:
        """Let a phone with two answered calls connect its two partners; the first call goes on."""
        self.engine.join(self.engine.call(first), self.engine.call(second), extension)
        await self.widgets.flush()

    async def press(self, call_id: str, extension: str, digits: str) -> None:
        """Let somebody press keys (empty extension: the outside party)."""
        self.engine.press(self._leg(call_id, extension), digits)

    async def start_recording(self, call_id: str) -> None:
        """Record a call; its call record will name the file."""
        self.engine.record(self.engine.call(call_id), on=True)

    async def stop_recording(self, call_id: str) -> None:
        """Stop recording a call."""
        self.engine.record(self.engine.call(call_id), on=False)

    async def foreign_call(self, *, similar: bool = False) -> str:
        """Let another tenant's phone ring (similar: of the tenant whose domain contains ours); give the id."""
        domain = self.similar_domain if similar else self.foreign_domain
        return await self._done(self.engine.incoming(domain, "+33199000002", "Foreign caller", "101").id)

    # -- people and phones --------------------------------------------------------------------------

    def add_extension(self, extension: Extension) -> None:
        """Give somebody a phone."""
        self.engine.add(self.domain, [extension])

    def remove_extension(self, extension: str) -> None:
        """Take somebody's phone away."""
        del self.engine.extensions[self.domain, extension]

    def register(self, extension: str) -> None:
        """Switch a phone on."""
        self._extension(extension).registered = True

    def unregister(self, extension: str) -> None:
        """Switch a phone off."""
        self._extension(extension).registered = False

    def do_not_disturb(self, extension: str, *, on: bool = True) -> None:
        """Let a phone refuse calls."""
        self._extension(extension).do_not_disturb = on

    def add_record(self, record: Record) -> None:
        """Let a call have happened."""
        self.engine.records.append(record)

    # -- browsers -----------------------------------------------------------------------------------

    def connect_webhook(self, url: str, method: str = "POST") -> None:
        """Enter a webhook address in all the CRM settings, with every placeholder in the query, and log in again."""
        if method not in ("GET", "POST"):
            text = f"no method of the CRM settings: {method}"
            raise ValueError(text)
        joined = f"{url}{'&' if '?' in url else '?'}{QUERY}"
        self.crm_url = self.crm_agent_login_url = self.crm_agent_logout_url = joined
        self.crm_method = "GET" if method == "GET" else "POST"
        for (domain, _), extension in self.engine.extensions.items():
            if domain == self.domain and extension.tabs:
                self.widgets.forget_session(extension)

    async def log_in_again(self, extension: str) -> None:
        """Let somebody log in to the PBX again: new settings work, the auto-login page opens."""
        self.widgets.log_in_again(self._extension(extension))
        await self.widgets.flush()

    async def toggle_agent(self, extension: str) -> str:
        """Press the agent button in the widget; give the event (empty: no such button)."""
        event = self.widgets.toggle_agent(self._extension(extension))
        await self.widgets.flush()
        return event

    def open_tab(self, extension: str) -> None:
        """Open one more browser tab with the widget."""
        self._extension(extension).tabs += 1

    def close_tab(self, extension: str) -> None:
        """Close the first browser tab; nothing is sent, and the call stays up in the PBX."""
        self.widgets.close_tab(self._extension(extension))

    def reload_tab(self, extension: str) -> None:
        """Reload the first browser tab; nothing is sent."""
        self.widgets.reload_tab(self._extension(extension))

    def tabs(self, extension: str) -> list[Tab]:
        """Give the browser tabs of an extension."""
        return self.widgets.tabs(self._extension(extension))

    async def microphone_fails(self, call_id: str, extension: str) -> None:
        """Let a call end because the browser has no microphone: the hang-up is sent twice."""
        leg = self._leg(call_id, extension)
        self.widgets.microphone_fails(self._extension(extension), leg)
        self.engine.kill(leg, "INCOMPATIBLE_DESTINATION")
        await self.widgets.flush()

    # -- the machine --------------------------------------------------------------------------------

    async def set_esl(self, state: Esl | str) -> None:
        """Lose or regain FreeSWITCH, and push that where the bridge does."""
        self.esl = Esl(state)
        self.sockets.esl_changed()

    async def restart_bridge(self) -> None:
        """Restart the service: sockets break, FreeSWITCH is connected, nothing hangs; calls stay up."""
        self.bridge_hang = False
        self.esl = Esl.CONNECTED
        await self.sockets.close()

    # -- inside -------------------------------------------------------------------------------------

    async def _done(self, call_id: str) -> str:
        await self.widgets.flush()
        return call_id

    def _extension(self, number: str) -> Extension:
        return self.engine.extension(self.domain, number)

    def _leg(self, call_id: str, extension: str) -> Leg:
        return self.engine.leg_of(self.engine.call(call_id), extension)

    def _must(self, done: bool, complaint: str) -> None:  # noqa: FBT001
        if not done:
            raise ValueError(complaint)


__all__ = [
    "Call",
    "CallState",
    "Engine",
    "Esl",
    "Extension",
    "Leg",
    "Loopback",
    "Profile",
    "Record",
    "Registrations",
    "VoipatSimulator",
    "VoipatSwitches",
]
