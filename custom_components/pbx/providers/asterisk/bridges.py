"""The bridges of an Asterisk: who is in them, and who hears whom by that."""

from collections.abc import Mapping

from ..channels import ChannelKind
from .call import Call
from .channels import Channel, other_half

TWO_PARTIES, PARKING = "basic", "parking"


class Bridges:
    """Who is in which bridge. `channels` are all there are by their Uniqueids, `calls` by ids."""

    def __init__(self, channels: Mapping[str, Channel], calls: Mapping[str, Call]) -> None:
        """Know no bridges."""
        self._channels, self._calls = channels, calls
        self._members: dict[str, set[str]] = {}
        self._parking: set[str] = set()

    def enter(self, channel: Channel, bridge: str, kind: str) -> list[Channel]:
        """Put a channel into a bridge; return those in it, where all of them are one call."""
        if kind == PARKING:
            self._parking.add(bridge)
        else:
            channel.overdue = False
        channel.bridge = bridge
        members = self._members.setdefault(bridge, set())
        members.add(channel.uid)
        if kind != TWO_PARTIES or channel.conference:
            return []
        return [self._channels[uid] for uid in members if uid in self._channels]

    def leave(self, channel: Channel) -> None:
        """Take a channel out of its bridge; nobody is on hold any more."""
        members = self._members.get(channel.bridge, set())
        members.discard(channel.uid)
        if not members:
            self._members.pop(channel.bridge, None)
            self._parking.discard(channel.bridge)
        channel.bridge, channel.holding = "", False

    def has(self, bridge: str, channel: Channel) -> bool:
        """Return whether a channel is known to be in a bridge."""
        return channel.bridge == bridge and channel.uid in self._members.get(bridge, ())

    def is_connected(self, channel: Channel) -> bool:
        """Return whether a channel hears somebody else, also over pairs of Local channels."""
        seen: set[str] = set()
        bridges = [channel.bridge]
        while bridges:
            bridge = bridges.pop()
            if bridge in seen or bridge in self._parking:
                continue
            seen.add(bridge)
            for uid in self._members.get(bridge, ()):
                member = self._channels.get(uid)
                if member is None or member is channel:
                    continue
                if member.kind is not ChannelKind.GLUE:
                    return True
                bridges.append(self._behind(member))
        return False

    def _behind(self, local: Channel) -> str:
        """Return the bridge of the other half of a Local channel; empty where it is in none."""
        call = self._calls[local.call]
        other = other_half(local.name)
        return next((one.bridge for one in call.channels.values() if one.name == other), "")
