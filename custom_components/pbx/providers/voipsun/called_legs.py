"""Find out who rings a phone, where the phone system lists called phones as Asterisk itself does.

Asterisk's channel of a phone that is called does not show the caller. Its source is the phone's own
number, and its destination what the caller dialled while it rings, and nothing once it is up:

    ===================  ==========  ===========  ==========================================
    channel              source      destination  meaning
    ===================  ==========  ===========  ==========================================
    trunk, `Ring`        caller      222300101    somebody outside calls 222300101
    phone 101 `Ringing`  101         222300101    … and therefore 101 rings
    phone 101 `Up`       101                      101 has answered
    phone 101 `Ringing`  101         s            the phone system itself calls 101: nobody's call
    trunk `Ringing`      number      number       … or the call is passed on to a number outside
    `Local/101@…;2`      caller      101          glue: who has a queue or a group ring 101
    ===================  ==========  ===========  ==========================================

Such a row is turned round before rows are put together into calls: its source becomes the
caller's, its destination the phone. What was found holds while both channels are listed, because
an answered phone does not show any more what was dialled. Rows that name the caller already, as
other phone systems write them, stay as they are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .lines import Line, Lines, compared
from .payload import Row

SKEW = 2.0  # seconds by which the ages of two channels that began together may differ
CANDIDATES = 32

_CALLED_SIDE = ";2"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Called:
    """A channel of a phone that somebody calls."""

    row: Row
    phone: Line


@dataclass(slots=True)
class CalledLegs:
    """Who rings which phone, remembered while the channels are up."""

    lines: Lines
    _own_numbers: bool | None = field(default=None, init=False)
    """Whether called phones show their own number; None until one was seen."""
    _callers: dict[str, Row] = field(default_factory=dict, init=False)
    """The caller's row, as it was when it was found, by the called channel."""

    def turned(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows of phones and trunks, those of called phones with their caller."""
        listed = {row.channel for row in rows}
        self._callers = {name: row for name, row in self._callers.items() if name in listed}
        called = []
        callers = []
        for row in rows:
            phone = None if row.glue else self.lines.phone(row)
            if phone is not None and _is_called(row, phone):
                called.append(_Called(row=row, phone=phone))
            elif not row.glue and row.channel not in self._callers:
                callers.append(row)
        glue = [row for row in rows if row.glue]
        self._learn(rows, called, callers)
        if self._own_numbers is not False:
            self._find_callers(called, callers, glue, listed)
        self._find_forwarded(callers, glue)
        return [self._turned_row(row) for row in rows if not row.glue]

    def _learn(
        self, rows: Sequence[Row], called: Sequence[_Called], callers: Sequence[Row]
    ) -> None:
        """Learn from the phones that ring which number the phone system writes for them."""
        dialled = {compared(row.destination) for row in callers} - {""}
        for leg in called:
            if leg.row.status == "ringing" and compared(leg.row.destination) in dialled:
                self._own_numbers = True
                return
        for row in rows:
            phone = None if row.glue or row.status != "ringing" else self.lines.phone(row)
            if phone is None or compared(row.source) in phone.numbers:
                continue
            if compared(row.destination) in phone.numbers:
                self._own_numbers = False
                return

    def _find_callers(
        self,
        called: Sequence[_Called],
        callers: Sequence[Row],
        glue: Sequence[Row],
        listed: Collection[str],
    ) -> None:
        """Find and remember the callers of called phones that have none, or whose caller has left."""
        by_number: dict[str, list[Row]] = {}
        by_source: dict[str, list[Row]] = {}
        for row in callers:
            by_number.setdefault(compared(row.destination), []).append(row)
            by_source.setdefault(compared(row.source), []).append(row)
        behind = {
            compared(row.destination): compared(row.source)
            for row in glue
            if row.channel.endswith(_CALLED_SIDE)
        }
        for leg in called:
            known = self._callers.get(leg.row.channel)
            if known is not None and known.channel in listed:
                continue
            found = _through(leg, behind, by_source)
            if found is None:
                likely = callers if self._own_numbers else ()
                found = _best(leg, likely, by_number)
            if found is not None:
                self._callers[leg.row.channel] = found

    def _find_forwarded(self, rows: Sequence[Row], glue: Sequence[Row]) -> None:
        """Find and remember the callers from outside who are passed on to a number outside."""
        dialled = _dialled_through(glue)
        from_outside: dict[str, Row] = {}
        for row in rows:
            if self.lines.phone(row) is None and not _is_called_outside(row):
                from_outside.setdefault(compared(row.destination), row)
        for row in rows:
            if self.lines.phone(row) is not None or not _is_called_outside(row):
                continue
            number = compared(row.destination)
            found = from_outside.get(number) or from_outside.get(dialled.get(number, ""))
            if found is not None and found.source:
                self._callers[row.channel] = found

    def _turned_row(self, row: Row) -> Row:
        """Return a row, turned round where its caller is known."""
        caller = self._callers.get(row.channel)
        phone = self.lines.phone(row)
        if caller is None:
            return row
        called = row.destination or row.source if phone is None else phone.number
        return replace(row, source=caller.source, destination=called)


def _is_called(row: Row, phone: Line) -> bool:
    """Return whether a phone's own channel shows that it was called, in Asterisk's own way."""
    if compared(row.source) not in phone.numbers:
        return False
    return row.status == "ringing" or (row.up and not row.destination)


def _is_called_outside(row: Row) -> bool:
    """Return whether a trunk's channel calls somebody: it shows the number twice."""
    source = compared(row.source)
    return row.status == "ringing" and bool(source) and source == compared(row.destination)


def _dialled_through(glue: Sequence[Row]) -> dict[str, str]:
    """Return what callers dialled that glue passes on, by the number to which it is passed on."""
    dialled = {row.channel[:-2]: compared(row.destination) for row in glue}
    for row in glue:
        if not row.channel.endswith(_CALLED_SIDE):
            dialled[row.channel[:-2]] = compared(row.destination)
    return {
        compared(row.destination): dialled[row.channel[:-2]]
        for row in glue
        if row.channel.endswith(_CALLED_SIDE)
    }


def _through(
    leg: _Called, behind: Mapping[str, str], by_source: Mapping[str, list[Row]]
) -> Row | None:
    """Return the caller for whom a queue, a group or a forwarding rings a phone."""
    source = behind.get(compared(leg.phone.number), "")
    return next(iter(by_source.get(source, ())), None) if source else None


def _best(leg: _Called, callers: Sequence[Row], by_number: Mapping[str, list[Row]]) -> Row | None:
    """Return the caller who dialled what a called phone shows, else the likeliest; None for none.

    A phone that rings for the phone system itself shows no number.
    """
    row, dialled = leg.row, compared(leg.row.destination)
    if not dialled and not row.up:
        return None
    candidates = by_number.get(dialled, []) if dialled else []
    if not candidates:
        candidates = [other for other in callers if _may_have_called(other, row, dialled)]
    before = [other for other in candidates if _is_before(other, row)][-CANDIDATES:]
    if before:
        return max(before, key=lambda other: other.number or 0)
    return next(iter(candidates), None)


def _may_have_called(caller: Row, row: Row, dialled: str) -> bool:
    """Return whether a channel may be the caller of one of which nothing tells what was dialled."""
    older = (caller.duration or 0) + SKEW >= (row.duration or 0)
    return caller.user != row.user and older and (caller.up or not dialled)


def _is_before(caller: Row, row: Row) -> bool:
    """Return whether one channel was made before another."""
    if caller.number is None or row.number is None:
        return False
    return caller.number < row.number
