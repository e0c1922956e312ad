"""Asterisk and FreePBX, over the manager interface.

All that happens is pushed over it, and all commands go there. One class builds on the other:

    ==================  =====================================================
    account             connections, rights, and what can be asked
    stream              what is pushed
    call_commands       what can be done with calls
    queue_commands      what can be done with queues and agents
    provider            what can be done with phones, and any action by name
    ==================  =====================================================

What they know is in `house` (phones), `call_center` (queues) and `calls`.
"""

import re
import secrets
from collections.abc import Mapping
from typing import ClassVar, override

from ...telephony import models as m
from ...telephony.errors import AuthError, InvalidInputError, RefusedError
from .account import DND, FORWARD, is_name, valid
from .ami import HIDDEN, Message, PermissionDeniedError
from .queue_commands import QueueCommands

MANAGER_USER = """\
[homeassistant]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = {address}/255.255.255.255
read = system,call,agent,user,dtmf,cdr
write = call,agent,originate,reporting,system
writetimeout = 5000
"""
LAMPS = {
    m.LampState.FREE: "NOT_INUSE",
    m.LampState.IN_USE: "INUSE",
    m.LampState.RINGING: "RINGING",
    m.LampState.ON_HOLD: "ONHOLD",
}

_LAMP = re.compile(r"[\w-]{1,60}")
_ACTION = re.compile(r"[A-Za-z0-9]{1,60}")


class AsteriskProvider(QueueCommands):
    """One Asterisk, by one manager user."""

    key = "asterisk"
    name = "Asterisk / FreePBX"
    manual: ClassVar[str] = (
        "https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/"
    )

    @override
    @classmethod
    def configuration(cls, address: str) -> str:
        """Return a manager user for `manager.conf`, with a secret that was made up just now."""
        return MANAGER_USER.format(secret=secrets.token_urlsafe(24), address=address)

    @override
    async def set_dnd(self, extension: str, *, on: bool) -> None:
        """Set FreePBX's key, which its dial plan reads, and its lamps."""
        valid("extension", extension)
        await self._keep(DND, extension, "YES" if on else "")
        await self._show_setting(DND, extension, on=on)
        if self._house.dnd is not None:
            (self._house.dnd.add if on else self._house.dnd.discard)(extension)

    @override
    async def set_forwarding(self, extension: str, number: str) -> None:
        """Set FreePBX's key, which its dial plan reads, and its lamps."""
        target = self._dialled(number) if number else ""
        await self._keep(FORWARD, valid("extension", extension), target)
        await self._show_setting(FORWARD, extension, on=bool(target))
        if self._house.forwarding is not None:
            self._house.forwarding[extension] = target
        self._directory_changed = True
        self._wake.set()

    async def _show_setting(self, setting: str, extension: str, *, on: bool) -> None:
        """Let the lamps for a setting show it: that of the extension, and those of its devices."""
        state = "BUSY" if on else "NOT_INUSE"
        await self._set_device(f"Custom:{setting}{extension}", state)
        for device in self._house.devices_of(extension):
            await self._set_device(f"Custom:DEV{setting}{device.partition('/')[2]}", state)

    async def _keep(self, family: str, key: str, value: str) -> None:
        """Keep a value in Asterisk's database; an empty one is removed."""
        if value:
            await self._command("DBPut", Family=family, Key=key, Val=value)
            return
        try:
            await self._command("DBDel", Family=family, Key=key)
        except RefusedError as error:
            if isinstance(error, PermissionDeniedError):
                raise  # otherwise there was none

    @override
    async def set_lamp(self, lamp: str, state: m.LampState) -> None:
        """Set the state of a custom device, which the hint of a lamp names."""
        if not _LAMP.fullmatch(lamp):
            raise InvalidInputError("lamp")
        await self._set_device(f"Custom:{lamp}", LAMPS[state])

    @override
    async def raw_action(self, action: str, parameters: Mapping[str, m.Raw]) -> m.RawAnswer:
        """Send an action over a connection of its own, whose state is nobody else's."""
        if not _ACTION.fullmatch(action):
            raise InvalidInputError("action")
        if any(not is_name(key) or ":" in key for key in parameters):
            raise InvalidInputError("parameters")
        try:
            async with await self._open() as ami:
                answer, items = await ami.ask(action, **parameters)
        except AuthError:
            self._refused = True
            raise
        except ValueError, TypeError:
            raise InvalidInputError("parameters") from None
        secret = self.settings.password
        rows = tuple(_shown(item, secret) for item in items)
        return m.RawAnswer(answer=_shown(answer, secret), items=rows)


def _shown(message: Message, secret: str) -> dict[str, str]:
    """Return an answer without the id that it was asked with, and without the secret."""
    return {
        key: value.replace(secret or HIDDEN, HIDDEN)
        for key, value in message.items()
        if key != "ActionID"
    }
