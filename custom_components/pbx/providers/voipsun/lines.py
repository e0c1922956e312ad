"""Who is who on a VoIPSUN PBX: SIP accounts are phones or trunks, named by the user's own list.

Nothing at the phone system maps a SIP user name to an internal number.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from ...telephony.models import Extension, Party
from ...telephony.phone_numbers import (
    EXTENSION_DIGITS,
    is_extension,
    is_hidden,
    received,
    same,
    strip,
)
from .payload import Peer, Row
from .settings import LONGEST_NUMBER, NamedPhone

COMPARED_DIGITS = 9
DIALPLAN_SIGN = "@"

_TRUNK = re.compile(
    r"trunk|gateway|provider|prichoz|odchoz|(?:^|[^a-z])gw(?:[^a-z]|$)", re.IGNORECASE
)
_LAST_DIGITS = re.compile(r"[0-9]+$")
_SPECIAL = re.compile(r"[a-z]", re.IGNORECASE)  # Asterisk's s, h, i, t


def compared(number: str) -> str:
    """Return the form in which numbers of one call's rows are compared; empty for what is none.

    Beyond one call it only finds who may be meant: strangers share the last digits of a number.
    """
    bare = strip(number).lstrip("+").lower()
    if is_hidden(number) or _SPECIAL.fullmatch(bare):
        return ""
    return bare[-COMPARED_DIGITS:] if len(bare) > EXTENSION_DIGITS else bare


def first_users(named: Collection[NamedPhone]) -> dict[str, str]:
    """Return which SIP account a number was given to first, by number.

    That account is what the extension stays known by, with and without the number.
    """
    first: dict[str, str] = {}
    for phone in named:
        if phone.number and not phone.hidden:
            first.setdefault(phone.number, phone.user)
    return first


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A SIP account.

    `number` is how the extension is called everywhere above. It has the dial plan behind an "@",
    where the internal number alone names several phones.
    """

    user: str
    number: str
    internal: str
    dialplan: str = ""
    name: str = ""
    trunk: bool = False
    hidden: bool = False
    reached_by: tuple[str, ...] = ()  # numbers and SIP user name, as they were written
    numbers: frozenset[str] = frozenset()  # the same in compared form

    def is_at(self, number: str, account_code: str = "") -> bool:
        """Return whether a number, in its compared form, most likely is this phone's own."""
        if not number:
            return False
        # "sip101" with account code "101" is at 101, even where nobody has entered that.
        return (
            number in self.numbers
            or number == account_code
            or (number.isdigit() and self._ends_with(number))
        )

    def _ends_with(self, number: str) -> bool:
        """Return whether the SIP user name is a word before the number."""
        before = self.user.removesuffix(number)
        return len(number) > 1 and before != self.user and not before[-1:].isdigit()


def _guessed(known: Line) -> NamedPhone:
    """Return what a SIP account without a name most likely is, for a person to look over.

    Of "sip101", 101 is the number; what looks like a trunk is nobody's phone.
    """
    digits = _LAST_DIGITS.search(known.user)
    number = digits.group() if digits is not None and not known.trunk else ""
    if not is_extension(number):
        number = ""
    return NamedPhone(user=known.user, number=number, hidden=known.trunk)


def _unnamed(known: Line) -> NamedPhone:
    """Return a SIP account of which nobody has said anything."""
    return NamedPhone(user=known.user)


class Lines:
    """The SIP accounts as the phone system lists them, and as the user has named them."""

    def __init__(self, named: Collection[NamedPhone], country: str) -> None:
        """Take the user's own list."""
        self._country = country
        self._named = {phone.user: phone for phone in named}
        self._first_users = first_users(named)
        self._lines: dict[str, Line] = {}
        self._peers: dict[str, Peer] = {}
        self._owners: dict[str, list[tuple[str, Line]]] = {}
        self._in_dialplans: dict[str, Line] = {}
        self.learn(())

    def learn(self, peers: Collection[Peer]) -> None:
        """Take a complete list of SIP accounts."""
        self._peers = {peer.user: peer for peer in peers}
        tells_phones = any(peer.user_agent or peer.contact for peer in peers)
        self._lines = {}
        for user in {**self._peers, **self._named}:
            peer = self._peers.get(user)
            # A phone registers and says what it is; a trunk's address is entered by hand.
            static = peer is not None and peer.has_host and not peer.user_agent and not peer.contact
            self._lines[user] = self._line(user, looks_static=static and tells_phones)
        self._in_dialplans = {one.number: one for one in self._lines.values() if one.dialplan}
        self._owners = {}
        for known in sorted(self._lines.values(), key=self._usable, reverse=True):
            if not known.trunk:
                for number in known.reached_by:
                    self._owners.setdefault(compared(number), []).append((number, known))

    def _usable(self, known: Line) -> bool:
        """Return whether a SIP account is registered."""
        peer = self._peers.get(known.user)
        return peer is not None and bool(peer.registered)

    def _line(self, user: str, *, looks_static: bool = False) -> Line:
        """Return a SIP account as it is named; `looks_static` where its address is entered."""
        named = self._named.get(user) or NamedPhone(user=user)
        # Who hides an account that has no number hides a trunk.
        looks_like_trunk = named.hidden or looks_static or bool(_TRUNK.search(user))
        internal, _, dialplan = named.number.partition(DIALPLAN_SIGN)
        reached = tuple(number[:LONGEST_NUMBER] for number in (user, internal, *named.public))
        return Line(
            user=user,
            number=named.number or user,
            internal=internal or user,
            dialplan=dialplan,
            name=named.name,
            trunk=looks_like_trunk and not named.number,
            hidden=named.hidden,
            reached_by=tuple(number for number in reached if compared(number)),
            numbers=frozenset(filter(None, map(compared, reached))),
        )

    def phone(self, row: Row) -> Line | None:
        """Return the phone at this end of a call; None for the outside."""
        if not row.user:
            return None
        known = self._lines.get(row.user) or self._line(row.user)
        return None if known.trunk else known

    def owner(self, number: str) -> Line | None:
        """Return the phone that is reached by a number, or has it as SIP user name."""
        if number in self._in_dialplans:
            return self._in_dialplans[number]
        alike = self._owners.get(compared(number), ())
        return next((known for own, known in alike if self._same(own, number)), None)

    def _same(self, own: str, number: str) -> bool:
        """Return whether two numbers are one, however a line or a person writes them."""
        return same(own, number, self._country) or self._received(own) == self._received(number)

    def is_ours(self, number: str) -> bool:
        """Return whether a number is inside: a phone's, or too short for the outside."""
        return self.owner(number) is not None or is_extension(strip(number))

    def party(self, number: str) -> Party:
        """Return who a number of a call is."""
        if not compared(number):
            return Party(hidden=is_hidden(number))
        owner = self.owner(number)
        if owner is None:
            return Party(number=self._received(number))
        shown = owner.internal if number == owner.user else self._received(number)
        return Party(number=shown, name=owner.name)

    def _received(self, number: str) -> str:
        """Return a number as the lines tell it: at home without the country's code."""
        return received(number, self._country, national=True)

    def table(self, *, guess: bool) -> tuple[NamedPhone, ...]:
        """Return all SIP accounts as they are named; `guess` what nobody named."""
        unnamed = _guessed if guess else _unnamed
        return tuple(self._named.get(user) or unnamed(known) for user, known in self._lines.items())

    def extensions(self, *, readable: bool) -> tuple[Extension, ...]:
        """Return the extensions; `readable` says whether the SIP accounts could be listed.

        Where several phones share a number, it is registered when one of them is.
        """
        listed: dict[str, Extension] = {}
        for user, known in self._lines.items():
            peer = self._peers.get(user)
            if known.hidden or (readable and peer is None):
                continue
            found = Extension(
                number=known.number,
                name=known.name,
                id=user,
                identity=self._first_users.get(known.number, user),
                internal_number=known.internal if known.dialplan else "",
                dialplan=known.dialplan,
                registered=peer.registered if peer and readable else None,
                user_agent=peer.user_agent if peer else "",
                contact=peer.contact if peer else "",
                address=peer.address if peer else "",
                latency=peer.latency if peer and readable else None,
                trunk=known.trunk,
            )
            first = listed.get(known.number)
            if first is None or (found.registered and not first.registered):
                listed[known.number] = (
                    found if first is None else replace(found, name=first.name or found.name)
                )
        return tuple(listed.values())
