"""Who and what an Asterisk has: phones, trunks, mailboxes.

    =====================================  ========================================================
    asked                                  tells
    =====================================  ========================================================
    ExtensionStateList                     the phones that have a hint, and their devices
    PJSIPShowEndpoints, PJSIPShowContacts  all phones and trunks; where a phone is and what it is
    DeviceStateList                        which phones are registered, and do not disturb
    DBGetTree AMPUSER, DND, CF             names and settings as FreePBX keeps them
    VoicemailUsersList                     mailboxes with their messages, and names
    =====================================  ========================================================

Each may be denied to a manager user; what it would tell is then not known, and the class of rights
that is missing is named.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ...telephony import models as m
from ..values import integer
from .channels import LONGEST_NAME, Message, device_of, known

MAX_ITEMS = 5000
PHONE_TECHNOLOGIES = frozenset(
    {"pjsip", "sip", "iax2", "dahdi", "zap", "sccp", "skinny", "mgcp", "ustm", "dect"}
)
AWAY = frozenset({"UNAVAILABLE", "INVALID"})
UNKNOWN = "UNKNOWN"
WITHOUT_STATE = frozenset({"iax2", "dahdi", "zap"})
"""Technologies whose phones have no state while they have no call, unless they are away."""
UNREACHABLE = frozenset({"Unreachable", "Removed"})
OFF = frozenset({"", "no", "off", "0", "false"})
DND_DEVICE = "Custom:DND"


def note[K, V](kept: dict[K, V], key: K, value: V) -> None:
    """Keep what an event says of something, unless there are too many others already."""
    if key in kept or len(kept) < MAX_ITEMS:
        kept[key] = value


@dataclass(slots=True)
class House:
    """All that is known; `directory` shows it in neutral words."""

    hints: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The devices of each extension."""
    endpoints: dict[str, Message] = field(default_factory=dict)
    contacts: dict[str, Message] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    """The users whom FreePBX keeps."""
    dnd: set[str] | None = None
    forwarding: dict[str, str] | None = None
    mailboxes: dict[str, int] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    extension_of_device: dict[str, str] = field(default_factory=dict)
    """The extension that each device belongs to; the devices in lower case."""
    _numbers: frozenset[str] = frozenset()
    _states: dict[str, str] = field(default_factory=dict)
    """The states of the devices, which are in lower case."""

    # -- reading -----------------------------------------------------------------------------------

    def take_hints(self, rows: Iterable[Message]) -> None:
        """Take the hints: an extension is one that has the device of a phone for its own."""
        self.hints.clear()
        for row in rows:
            number_, hint = known(row.get("Exten", "")), row.get("Hint", "")
            devices = tuple(filter(_is_phone, map(str.strip, re.split(r"[&,]", hint))))
            pattern = number_.startswith("_") or "${" in hint
            if number_ and devices and not pattern and len(self.hints) < MAX_ITEMS:
                known_before = self.hints.get(number_, ())  # in another context
                self.hints[number_] = tuple(dict.fromkeys((*known_before, *devices)))
        self._index()

    def take_endpoints(self, rows: Iterable[Message]) -> None:
        """Take the PJSIP endpoints, phones and trunks alike."""
        self.endpoints = {name: row for row in rows if (name := known(row.get("ObjectName", "")))}
        self._index()

    def take_contacts(self, rows: Iterable[Message]) -> None:
        """Take where the phones are."""
        best = sorted(rows, key=lambda row: row.get("Status") not in UNREACHABLE)
        self.contacts = {name: row for row in best if (name := known(row.get("Endpoint", "")))}

    def take_devices(self, rows: Iterable[Message]) -> None:
        """Take the states of the devices."""
        self.devices = {row.get("Device", ""): row.get("State", "") for row in rows}
        self._states = {device.lower(): state for device, state in self.devices.items()}

    def take_device(self, device: str, state: str) -> bool:
        """Take the state of a device; return whether it is another than before."""
        before = self.devices.get(device)
        note(self.devices, device, state)
        note(self._states, device.lower(), state)
        return before != state

    def take_names(self, rows: Iterable[Message]) -> None:
        """Take the names that FreePBX keeps for its users."""
        for row in rows:
            parts = row.get("Key", "").strip("/").split("/")
            if len(parts) == 3 and parts[2] == "cidname":  # noqa: PLR2004 - family, user, key
                self.users.add(parts[1])
                self.names[parts[1]] = known(row.get("Val", ""), LONGEST_NAME)

    def take_dnd(self, rows: Iterable[Message]) -> None:
        """Take who is not to be disturbed."""
        on = (row for row in rows if row.get("Val", "").strip().lower() not in OFF)
        self.dnd = {row.get("Key", "").rpartition("/")[2] for row in on}

    def take_forwarding(self, rows: Iterable[Message]) -> None:
        """Take where the phones are forwarded to."""
        self.forwarding = {
            row.get("Key", "").rpartition("/")[2]: known(row.get("Val", "")) for row in rows
        }

    def take_mailboxes(self, rows: Iterable[Message]) -> None:
        """Take the mailboxes, and names where nobody else has them."""
        for row in rows:
            box = known(row.get("VoiceMailbox", ""))
            if box:
                self.mailboxes[f"{box}@{row.get('VMContext', '')}"] = (
                    integer(row.get("NewMessageCount")) or 0
                )
                self.names[box] = self.names.get(box) or known(
                    row.get("Fullname", ""), LONGEST_NAME
                )

    def _index(self) -> None:
        """Know which extension a device belongs to, and which devices an extension has.

        A device may be in several hints: in that of its own extension, of the code that calls it
        over its loudspeaker (`*80101` in FreePBX), of a lamp for a group. What has no device of its
        own is no extension.
        """
        owners: dict[str, str] = {}
        for number_, devices in sorted(self.hints.items(), key=_by_likeliness):
            for device in devices:
                named = device.partition("/")[2]
                owner = named if device in self.hints.get(named, ()) else number_
                owners.setdefault(device.lower(), owner)
        if not self.hints:
            for name, row in self.endpoints.items():
                if known(row.get("Auths", "")) and not known(row.get("OutboundAuths", "")):
                    owners[f"pjsip/{name}".lower()] = name
        self.extension_of_device = owners
        self._numbers = frozenset(owners.values())

    # -- views -------------------------------------------------------------------------------------

    def extension_of(self, channel: str) -> str | None:
        """Return the extension that a channel belongs to; None for one of the outside.

        While no list of phones is known, a device with a short number is taken for a phone.
        """
        device = device_of(channel)
        if self.extension_of_device:
            return self.extension_of_device.get(device.lower())
        name = device.partition("/")[2]
        return name if name.isdecimal() and len(name) <= 6 else None  # noqa: PLR2004

    def held(self) -> frozenset[str] | None:
        """Return the devices that somebody has put on hold; None where no states are known."""
        held = frozenset(device for device, state in self.devices.items() if state == "ONHOLD")
        return held if self.devices else None

    def numbers(self) -> frozenset[str]:
        """Return the numbers of all extensions."""
        return self._numbers

    def devices_of(self, extension: str) -> list[str]:
        """Return the devices of an extension, in the order in which its hint names them."""
        own = self.extension_of_device
        listed = self.hints.get(extension, ())
        found = [device for device in listed if own.get(device.lower()) == extension]
        return found or [f"PJSIP/{extension}"]

    def device_for(self, extension: str) -> str:
        """Return the device that rings for an extension: the first that can be reached, if any."""
        devices = self.devices_of(extension)
        return next((one for one in devices if self._is_reachable(one)), devices[0])

    def directory(self) -> m.Directory:
        """Return the phones, trunks and mailboxes in neutral words."""
        phones = tuple(self._extension(number_) for number_ in sorted(self.numbers()))
        trunks = tuple(
            m.Extension(number=name, name=name, trunk=True, registered=self._is_registered(name))
            for name in sorted(self.endpoints)
            if f"pjsip/{name}".lower() not in self.extension_of_device
        )
        return m.Directory(
            complete=False,
            extensions=phones + trunks if self.extension_of_device else None,
            unread_voicemails=sum(self.mailboxes.values()) if self.mailboxes else None,
            missing_permissions=frozenset(self.missing),
        )

    def _extension(self, number_: str) -> m.Extension:
        """Return a phone."""
        device = self.device_for(number_)
        states = [self._is_reachable(one) for one in self.devices_of(number_)]
        contact = self.contacts.get(device.partition("/")[2], {})
        return m.Extension(
            number=number_,
            name=self.names.get(number_, ""),
            id=self.devices_of(number_)[0],
            registered=None if set(states) == {None} else True in states,
            dnd=self._is_undisturbed(number_),
            forwarded_to=None if self.forwarding is None else self.forwarding.get(number_, ""),
            user_agent=known(contact.get("UserAgent", ""), LONGEST_NAME),
            contact=known(contact.get("ViaAddr", "")),
        )

    def is_away(self, device: str) -> bool:
        """Return whether a phone is known not to be registered, so that it cannot ring."""
        return self._states.get(device.lower()) == "UNAVAILABLE"

    def _is_reachable(self, device: str) -> bool | None:
        """Return whether a phone is registered, where that is known."""
        state = self._states.get(device.lower(), "")
        if state in {"", UNKNOWN}:
            idle = state == UNKNOWN and device.partition("/")[0].lower() in WITHOUT_STATE
            return True if idle else None
        return state not in AWAY

    def _is_registered(self, trunk: str) -> bool | None:
        """Return whether a trunk can be reached, where that is known."""
        return self._is_reachable(f"PJSIP/{trunk}")

    def _is_undisturbed(self, number_: str) -> bool | None:
        """Return whether a phone is not to be disturbed, where that is known."""
        lamp = self.devices.get(f"{DND_DEVICE}{number_}")
        if lamp is not None and lamp not in AWAY | {UNKNOWN}:
            return lamp != "NOT_INUSE"
        return None if self.dnd is None else number_ in self.dnd


def _by_likeliness(hint: tuple[str, tuple[str, ...]]) -> tuple[bool, int]:
    """Return how late a hint is asked whose its devices are: codes and groups are asked last."""
    number_, devices = hint
    return number_.startswith(("*", "#")), len(devices)


def _is_phone(device: str) -> bool:
    """Return whether a device of a hint is that of a phone."""
    technology, slash, _ = device.partition("/")
    return bool(slash) and technology.lower() in PHONE_TECHNOLOGIES
