"""What was told of a call so far: each thing is told once."""

from dataclasses import dataclass, field

from ..telephony.models import EventType, Outcome

STARTS = frozenset({EventType.CALL_INCOMING, EventType.CALL_OUTGOING})
ENDS = frozenset({EventType.CALL_ENDED, EventType.CALL_MISSED})


@dataclass(slots=True)
class ToldPhone:
    """What one extension was told of a call."""

    began: bool = False  # that it rings or dials
    answered: bool = False  # that it, too, has answered a call which was answered before
    joined: bool = False  # that it takes part in the talk, by an answer or a transfer
    left: bool = False  # the last it heard of the call was its end


@dataclass(slots=True)
class Told:
    """What everybody and what each phone was told of a call."""

    broadcast: set[EventType] = field(default_factory=set)
    phones: dict[str, ToldPhone] = field(default_factory=dict)
    transfers: set[str] = field(default_factory=set)  # to whom
    outcome: Outcome | None = None  # how it ended, as everybody was told last

    @property
    def began(self) -> bool:
        """Whether anybody was told that the call is there."""
        return not STARTS.isdisjoint(self.broadcast)

    @property
    def answered(self) -> bool:
        """Whether everybody was told that the call was answered."""
        return EventType.CALL_ANSWERED in self.broadcast

    @property
    def ended(self) -> bool:
        """Whether everybody was told that the call is over."""
        return not ENDS.isdisjoint(self.broadcast)

    def phone(self, extension: str) -> ToldPhone:
        """Return what an extension was told; it is remembered from then on."""
        known = self.phones.get(extension)
        if known is None:
            known = self.phones[extension] = ToldPhone()
        return known

    def take_answer_back(self) -> None:
        """Let whoever was told to talk be told again, once that is so."""
        for phone in self.phones.values():
            phone.joined = False
