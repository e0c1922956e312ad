"""A row of a page of documentation: what it says, and what of it can be seen on the wire."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """A sentence or a line of a table that a client can honour."""

    id: str
    says: str
    seen: str
