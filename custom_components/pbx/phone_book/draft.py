"""What a file of another program says about somebody, before its numbers are read."""

from dataclasses import dataclass

from .entry import NumberKind

type TypedNumber = tuple[NumberKind, str]


class UnreadableError(Exception):
    """A file is not of this kind at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Somebody as a file has them; the numbers are text as it stands there."""

    name: str = ""
    company: str = ""
    groups: tuple[str, ...] = ()
    numbers: tuple[TypedNumber, ...] = ()
