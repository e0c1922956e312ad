"""Commands on the calls of an Asterisk."""

import re
import secrets
from datetime import UTC, datetime
from typing import override

from ...telephony import models as m
from ...telephony.errors import InvalidInputError, NotFoundError, RefusedError
from ...telephony.phone_numbers import dialable
from .account import plain, valid
from .channels import Channel
from .stream import AsteriskStream

RING_TIMEOUT = 30
SPY_MODES = {m.SpyMode.LISTEN: "", m.SpyMode.WHISPER: "w", m.SpyMode.BARGE: "B"}
CALLED_AS = "Home Assistant"
"""What a phone shows that is rung for a sound."""
BUSY_CAUSE = "17"
SHORTEST_URL = 120
"""How long the URL of a sound has to be, at least."""

_FILE = re.compile(r"[\w@+-][\w@.+-]{0,99}")
_SOUND = re.compile(r"[\w][\w/.+-]{0,199}")
_URL = re.compile(r"https?://[\w.~:/?=%@!*()+-]{1,800}")
"""An address that is one argument of an application: a comma or an ampersand would end it."""
_DIGITS = re.compile(r"[0-9*#A-D]{1,128}")
_CAUSE = re.compile(r"[0-9]{1,3}")


class CallCommands(AsteriskStream):
    """What can be done with calls."""

    # -- calls -------------------------------------------------------------------------------------

    @override
    async def originate(self, request: m.Originate) -> m.Placed:
        """Ring an extension, then connect it to a number.

        The extension's phone shows whom it will call; who is called sees the extension.
        """
        number = dialable(request.number, self.settings.country, by_hand=True)
        device = self._device(request.extension)
        more = _auto_answer(device) if request.auto_answer else ()
        name = plain(self._house.names.get(request.extension, ""))
        uid = f"pbx-{secrets.token_hex(8)}"
        self._calls.expect_placed(uid, request.extension, number)
        await self._command(
            "Originate",
            Channel=device,
            Context=request.dialplan or self.settings.context,
            Exten=self._dialled(request.number),
            Priority=1,
            # As CallerID it would be what both phones show.
            Variable=(
                f"CALLERID(num)={request.extension}",
                f"CALLERID(name)={name}",
                f"CONNECTEDLINE(num)={number}",
                f"CONNECTEDLINE(name)={number}",
                *more,
            ),
            Timeout=1000 * (request.ring_timeout or RING_TIMEOUT),
            ChannelId=uid,
            Async="true",
        )
        return m.Placed(call_id=uid)

    def _device(self, extension: str) -> str:
        """Return the device of an extension that rings; raise NotFoundError where there is none."""
        valid("extension", extension)
        if self._house.extension_of_device and extension not in self._house.numbers():
            raise NotFoundError("No such extension")
        device = self._house.device_for(extension)
        if self._house.is_away(device):
            raise RefusedError("The phone is not registered")
        return device

    @override
    async def hangup(self, target: m.CallRef, cause: str | None = None) -> None:
        """End a call: of one phone that rings only the ringing there, else all of it.

        All of it ends with its caller; with a phone that was called the dial plan might go on.
        """
        if cause is not None and not _CAUSE.fullmatch(cause):
            raise InvalidInputError("cause")
        channels = self._channels(target)
        own = [one for one in channels if target.extension in {None, one.extension}]
        ringing = [one for one in own if not one.is_up and not one.dials]
        rejects = target.extension is not None and len(ringing) == len(own)
        own.sort(key=lambda one: not one.dials)
        for channel in ringing if rejects else own[:1]:
            try:
                await self._command(
                    "Hangup",
                    Channel=channel.name,
                    Cause=cause or (BUSY_CAUSE if rejects and len(channels) > 1 else None),
                )
            except NotFoundError:
                continue  # it was over before

    @override
    async def transfer(self, target: m.CallRef, number: str, kind: m.TransferType) -> None:
        """Hand the other party over."""
        own = self._own(target)
        fields = {
            "Channel": own.name,
            "Context": self.settings.context,
            "Exten": self._dialled(number),
        }
        if kind is m.TransferType.ATTENDED:
            await self._command("Atxfer", **fields)
            return
        await self._command("BlindTransfer", **fields)

    @override
    async def send_dtmf(
        self, target: m.CallRef, digits: str, heard_by: m.HeardBy = m.HeardBy.OTHER_PARTY
    ) -> None:
        """Send key presses to one side: to the other party, or the menu that has answered.

        A key that is played to a channel is heard by its phone; one that is received from it, by
        whatever of Asterisk's own it is connected with.
        """
        if not _DIGITS.fullmatch(digits):
            raise InvalidInputError("digits")
        own = self._own(target)
        by_own = heard_by is m.HeardBy.OWN_PHONE
        hearing = own if by_own else self._calls.peer_of(own)
        receive = "true" if hearing is None else None
        channel = (hearing or own).name
        for digit in digits:
            await self._command("PlayDTMF", Channel=channel, Digit=digit, Receive=receive)

    @override
    async def mute(self, target: m.CallRef) -> None:
        """Silence the own microphone."""
        await self._mute(target, "on")

    @override
    async def unmute(self, target: m.CallRef) -> None:
        """Open the own microphone."""
        await self._mute(target, "off")

    async def _mute(self, target: m.CallRef, state: str) -> None:
        """Let the other party hear the own microphone, or not."""
        own = self._own(target)
        await self._command("MuteAudio", Channel=own.name, Direction="in", State=state)

    @override
    async def spy(self, request: m.Spy) -> None:
        """Ring a supervisor's phone, and let it listen to a channel.

        Without `u` it would be all channels whose names begin so.
        """
        spied = self._spied(request)
        uid = f"pbx-{secrets.token_hex(8)}"
        self._calls.remembered.ignored.put(uid, None)
        name = plain(request.caller_id_name or "")
        await self._command(
            "Originate",
            Channel=self._device(request.extension),
            Application="ChanSpy",
            Data=f"{spied.name},quE{SPY_MODES[request.mode or m.SpyMode.LISTEN]}",
            CallerID=f'"{name}" <{request.caller_id_number or spied.extension or ""}>',
            Timeout=1000 * RING_TIMEOUT,
            ChannelId=uid,
            Async="true",
        )

    def _spied(self, request: m.Spy) -> Channel:
        """Return the channel to listen to."""
        if request.call is not None:
            return self._own(request.call)
        wanted = request.target_extension
        for call in self._calls.snapshot():
            if wanted in call.extensions:
                return self._own(m.CallRef(call=call, extension=wanted))
        raise NotFoundError("The extension has no call")

    @override
    async def park(self, target: m.CallRef) -> None:
        """Park the other party; the own phone is free."""
        own = self._own(target)
        peer = self._calls.peer_of(own)
        if peer is None:
            raise NotFoundError("The call has no other party")
        await self._command("Park", Channel=peer.name, TimeoutChannel=own.name)

    @override
    async def retrieve(self, target: m.CallRef, extension: str) -> None:
        """Ring an extension, which then dials the parking space."""
        parked = [one for one in self._channels(target) if one.space]
        if not parked:
            raise NotFoundError("The call is not parked")
        uid = f"pbx-{secrets.token_hex(8)}"
        self._calls.remembered.joining.put(uid, parked[0].call)
        await self._command(
            "Originate",
            Channel=self._device(extension),
            Context=self.settings.context,
            Exten=parked[0].space,
            Priority=1,
            CallerID=f'"{plain(parked[0].caller_name)}" <{plain(parked[0].number)}>',
            Variable=(f"CALLERID(num)={extension}",),
            Timeout=1000 * RING_TIMEOUT,
            ChannelId=uid,
            Async="true",
        )

    @override
    async def start_recording(self, target: m.CallRef, filename: str | None) -> None:
        """Record into a file in the folder where Asterisk keeps its recordings."""
        if filename is not None and not _FILE.fullmatch(filename):
            raise InvalidInputError("filename")
        own = self._own(target)
        file = filename or f"pbx-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.wav"
        file = file if "." in file else f"{file}.wav"
        await self._command("MixMonitor", Channel=own.name, File=file)

    @override
    async def stop_recording(self, target: m.CallRef) -> None:
        """Record no longer."""
        await self._command("StopMixMonitor", Channel=self._own(target).name)

    @override
    async def play_sound(self, request: m.PlaySound) -> m.Placed:
        """Ring an extension and play it a sound.

        A file of the server is named without its ending. What a URL names the server fetches.
        """
        sound = _playable(request.sound)
        device = self._device(request.extension)
        uid = f"pbx-{secrets.token_hex(8)}"
        self._calls.expect_placed(uid, request.extension, "")
        await self._command(
            "Originate",
            Channel=device,
            Application="Playback",
            Data=sound,
            CallerID=f'"{CALLED_AS}" <{request.extension}>',
            Variable=_auto_answer(device) if request.auto_answer else None,
            Timeout=1000 * RING_TIMEOUT,
            ChannelId=uid,
            Async="true",
        )
        return m.Placed(call_id=uid)

    def _channels(self, target: m.CallRef) -> list[Channel]:
        """Return the channels of a call that are there."""
        found = (self._calls.channel(leg.id) for leg in target.call.legs)
        return [channel for channel in found if channel is not None]

    def _own(self, target: m.CallRef) -> Channel:
        """Return the channel of the phone that a command is about."""
        extension = target.extension or next(iter(target.call.extensions), None)
        own = [one for one in self._channels(target) if one.extension == extension]
        up = [one for one in own if one.is_up]
        if not own:
            raise NotFoundError("The call has no such leg")
        return (up or own)[0]


def _playable(sound: str) -> str:
    """Return a sound as the application Playback takes it; raise InvalidInputError for none.

    Asterisk fetches what has a URL, but keeps too little room for the name of its own copy where
    that is short: what is added to it is not sent.
    """
    url = sound.replace(",", "%2C")
    if _URL.fullmatch(url):
        return url if len(url) >= SHORTEST_URL else f"{url}#".ljust(SHORTEST_URL, "-")
    if not _SOUND.fullmatch(sound) or ".." in sound:
        raise InvalidInputError("sound")
    return sound


def _auto_answer(device: str) -> tuple[str, ...]:
    """Return the variables that let a phone pick up by itself; each maker obeys another."""
    headers = {"Alert-Info": "info=alert-autoanswer", "Call-Info": "<sip:pbx>\\;answer-after=0"}
    if device.upper().startswith("PJSIP/"):
        return tuple(f"PJSIP_HEADER(add,{name})={value}" for name, value in headers.items())
    pairs = enumerate(headers.items(), 1)
    return tuple(f"__SIPADDHEADER{number:02}={name}: {value}" for number, (name, value) in pairs)
