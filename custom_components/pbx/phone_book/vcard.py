"""Read contacts in vCard files of versions 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350).

Apple's groups are read as well. A card that is damaged loses what cannot be read of it, and no
other card does. The libraries for this format give up a whole file then, and bring three more
packages.
"""

import base64
import quopri
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from .draft import Draft, TypedNumber, UnreadableError
from .entry import MAX_GROUPS, MAX_TEXT
from .headings import kind_of, plain

MAX_CARDS = 20_000

_FOLD = re.compile(r"\r?\n[ \t]")
_BREAK = re.compile(r"\r\n|\n|\r")  # what other breaks there are belongs to a value
_BORDER = re.compile(r"(BEGIN|END):VCARD", re.IGNORECASE)
_QUOTED = re.compile(r"^[^:\r\n]*[;=]QUOTED-PRINTABLE", re.IGNORECASE)
_BASE64 = frozenset({"b", "base64"})
_TEXTS = frozenset({"fn", "n", "org", "tel", "categories"})
_PARAMETER = re.compile(r';(?:([\w-]+)=)?("[^"]*"|[^;:"]*)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNPREFERRED = 100  # RFC 6350: the highest, and so the least
_TEL_URI = re.compile(r"tel:([^;]*).*", re.IGNORECASE | re.DOTALL)
_APPLE = "x-addressbookserver-"
# What address books write into every card of theirs is no group that anybody made.
_NO_GROUPS = frozenset({"mycontacts", "my contacts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Property:
    """A line of a card: its name, item and types in lower case, its value as it stands there.

    Lines of one item belong together, as a number and its label. The least `preference` is the
    best.
    """

    name: str
    item: str
    types: frozenset[str]
    preference: int
    value: str


def read(text: str) -> list[Draft]:
    """Return the contacts of a file, those without a number too.

    Raises UnreadableError if there is no card in it.
    """
    cards = list(_cards(text))
    if not cards:
        raise UnreadableError
    members: dict[str, list[str]] = {}
    people: list[tuple[str, Draft]] = []
    for card in cards:
        if _first(card, "kind", f"{_APPLE}kind").casefold() == "group":
            name = _text(_first(card, "fn") or _parts(_first(card, "n"))[0])
            for value in _all(card, "member", f"{_APPLE}member"):
                named = members.setdefault(_uid(value), [])
                if len(named) < MAX_GROUPS:
                    named.append(name)
        else:
            people.append((_uid(_first(card, "uid")), _draft(card)))
    return [
        replace(draft, groups=(*draft.groups, *members.get(uid, ()))) if uid else draft
        for uid, draft in people
    ]


def _cards(text: str) -> Iterator[list[_Property]]:
    """Give the properties of each card; the card of an agent, within a card, is left out.

    A card that begins where none is expected shows that the one before has lost its end.
    """
    card: list[_Property] = []
    depth = count = 0
    for line in _lines(text):
        found = _property(line)
        if found is None:
            continue
        border = found.name if found.value.strip().casefold() == "vcard" else ""
        if border == "begin" and (depth > 1 or _is_agent(card, depth)):
            depth += 1
        elif border == "begin" or (border == "end" and depth == 1):
            if depth:
                count += 1
                yield card
            if count >= MAX_CARDS:
                return
            card, depth = [], int(border == "begin")
        elif border == "end":
            depth = max(depth - 1, 0)
        elif depth == 1:
            card.append(found)


def _is_agent(card: list[_Property], depth: int) -> bool:
    """Return whether the next card belongs to the last line of an open one."""
    return depth == 1 and bool(card) and card[-1].name == "agent" and not card[-1].value.strip()


def _lines(text: str) -> Iterator[str]:
    """Give the lines of a file as they were before they were folded."""
    begun: list[str] = []  # a quoted line that is not over
    for line in _BREAK.split(_FOLD.sub("", text)):
        if begun and _BORDER.match(line):
            yield "".join(begun)
            begun = []
        if line.endswith("=") and (begun or _QUOTED.match(line)):
            begun.append(line[:-1])
            continue
        yield "".join([*begun, line])
        begun = []
    if begun:
        yield "".join(begun)


def _property(line: str) -> _Property | None:
    """Return what a line says; None if it is none of a card."""
    head = re.match(r"(?:([\w-]+)\.)?([\w-]+)", line)
    if head is None:
        return None
    item, name, position = (head[1] or "").casefold(), head[2].casefold(), head.end()
    said: dict[str, str] = {}
    types: set[str] = set()
    encodings: set[str] = set()
    while (found := _PARAMETER.match(line, position)) is not None:
        position = found.end()
        key, value = (found[1] or "type").casefold(), found[2].strip('"').casefold()
        said[key] = value
        if key == "type":
            types.update(value.split(","))
        if key in {"type", "encoding"}:
            encodings.add(value)
    if line[position : position + 1] != ":":
        return None
    value, charset = line[position + 1 :], said.get("charset", "utf-8")
    if "quoted-printable" in encodings:
        value = _decoded(quopri.decodestring(value.encode()), charset)
    elif encodings & _BASE64 and name in _TEXTS:
        with suppress(ValueError):  # it says so, and is none
            value = _decoded(base64.b64decode(value, validate=True), charset)
    return _Property(
        name=name,
        item=item,
        types=frozenset(types),
        preference=_preference(types, said.get("pref", "")),
        value=value,
    )


def _preference(types: set[str], said: str) -> int:
    """Return how much a line is preferred, as version 4 says it or an earlier one."""
    if any(kind.startswith("pref") for kind in types):
        return 0
    return int(said[:3]) if said.isdecimal() else _UNPREFERRED


def _decoded(value: bytes, charset: str) -> str:
    """Return the text of a value, in UTF-8 where nobody knows the charset that it names."""
    try:
        return value.decode(charset, errors="replace")
    except LookupError, ValueError:  # the latter of a codec that is for something else
        return value.decode(errors="replace")


def _draft(card: list[_Property]) -> Draft:
    """Return what a card says about a person or a company."""
    family, given, *_ = [_text(part) for part in _parts(_first(card, "n"))] + ["", ""]
    company = _text(_parts(_first(card, "org"))[0])
    name = _text(_first(card, "fn")) or " ".join(part for part in (given, family) if part)
    groups = [_text(group) for value in _all(card, "categories") for group in _parts(value, ",")]
    preferred = sorted(
        (found for found in card if found.name == "tel"), key=lambda found: found.preference
    )
    labels = {
        found.item: _text(found.value)[:MAX_TEXT] for found in card if found.name == "x-ablabel"
    }
    return Draft(
        name="" if name == company else name,
        company=company,
        groups=tuple(group for group in groups if group.casefold() not in _NO_GROUPS),
        numbers=tuple(
            _number(found, labels.get(found.item, "")) for found in preferred if found.value.strip()
        ),
    )


def _number(found: _Property, label: str) -> TypedNumber:
    """Return a number and its kind, which its types tell or the label that a person gave it."""
    kind = kind_of(plain(" ".join((*found.types, label))))
    return kind, _TEL_URI.sub(r"\1", _text(found.value))


def _first(card: list[_Property], *names: str) -> str:
    """Return the first value of any of these properties; empty if there is none."""
    return next(iter(_all(card, *names)), "")


def _all(card: list[_Property], *names: str) -> list[str]:
    """Return all values of these properties."""
    return [found.value for found in card if found.name in names]


def _parts(value: str, mark: str = ";") -> list[str]:
    """Return the parts of a value of several, between marks that no backslash is before."""
    parts, begin = [], 0
    for found in re.finditer(rf"\\.|{mark}", value, re.DOTALL):
        if found[0] == mark:
            parts.append(value[begin : found.start()])
            begin = found.end()
    return [*parts, value[begin:]]


def _text(value: str) -> str:
    """Return a text without the marks that keep it together."""
    breaks: Mapping[str, str] = {"n": "\n", "N": "\n"}
    return _ESCAPED.sub(lambda found: breaks.get(found[1], found[1]), value).strip()


def _uid(value: str) -> str:
    """Return the id of a card, as a group names it and as the card does."""
    return value.strip().casefold().removeprefix("urn:uuid:")
