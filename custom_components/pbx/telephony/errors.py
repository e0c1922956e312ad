"""What can go wrong at a phone system.

No message ever holds a URL, a credential, a number or a name.
"""

from enum import StrEnum
from typing import ClassVar


class Refusal(StrEnum):
    """Why a phone system said no, as far as that can be told: a script may branch on it."""

    NO_PERMISSION = "no_permission"
    INCOMPLETE = "incomplete"
    CONFLICT = "conflict"
    NOT_FOUND = "not_found"
    WRONG_ADDRESS = "wrong_address"
    UNAVAILABLE = "unavailable"
    BUSY = "busy"
    RINGING = "ringing"
    NO_ROUTE = "no_route"
    WRONG_PIN = "wrong_pin"
    AGENT_LOGIN = "agent_login"
    QUEUE = "queue"
    AGENT_STATE = "agent_state"
    NO_RECORD = "no_record"
    NO_RECORDING = "no_recording"
    FILE_ACCESS = "file_access"
    NOT_ACCEPTABLE = "not_acceptable"
    GONE = "gone"
    OTHER = "other"


NO_AGENT = frozenset({Refusal.WRONG_PIN, Refusal.AGENT_LOGIN, Refusal.NOT_FOUND, Refusal.GONE})
"""What the question what an agent does is answered with where there is none of that number."""
NO_QUEUE = frozenset({Refusal.INCOMPLETE, Refusal.QUEUE, Refusal.NOT_FOUND, Refusal.GONE})
"""What the question how a queue is doing is answered with where there is none of that name."""


class ProviderError(Exception):
    """The phone system did not do what was asked."""


class AuthError(ProviderError):
    """The credentials are certainly wrong: confirmed as the provider's contract says."""


class ConnectError(ProviderError):
    """The phone system cannot be reached, or answers something that cannot be read."""


class CertificateError(ConnectError):
    """Whoever answers has a certificate that is not trusted, or is not valid for the address."""


class TooLongError(ConnectError):
    """The phone system answers more than is read."""


class TroubleError(ConnectError):
    """The phone system answers that it has trouble of its own; `answer` is its code and words.

    `retry_after` is in seconds, where the phone system says so.
    """

    def __init__(self, answer: str, retry_after: float | None = None) -> None:
        """Keep what it answers, without anything that was sent."""
        super().__init__(answer)
        self.answer = answer
        self.retry_after = retry_after


class SwitchDownError(ConnectError):
    """The phone system answers, but the part of it that makes calls is down."""


class UnknownOutcomeError(ConnectError):
    """A command was sent but no answer came: it may or may not have been carried out."""


class RateLimitError(ProviderError):
    """Too many requests; `retry_after` in seconds where the phone system says so."""

    def __init__(self, retry_after: float | None = None) -> None:
        """Keep how long to wait."""
        super().__init__("Too many requests")
        self.retry_after = retry_after


class RefusedError(ProviderError):
    """The phone system said no; `reason` is its own text, `code` its own code, both may be empty.

    `kind` is what they mean.
    """

    usual: ClassVar[Refusal] = Refusal.OTHER

    def __init__(self, reason: str, code: str = "", kind: Refusal | None = None) -> None:
        """Keep the phone system's words."""
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.kind = self.usual if kind is None else kind


class NotFoundError(RefusedError):
    """What a command was about does not exist at the phone system (any more)."""

    usual = Refusal.GONE


class InvalidInputError(ProviderError):
    """A value was refused before anything was sent.

    `problem` is a translation key, `value` is what was not found.
    """

    def __init__(self, field: str, problem: str = "invalid_value", *, value: str = "") -> None:
        """Keep which field it was; the value is for who wrote it, and in no message of its own."""
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.value = value


class UnsupportedError(ProviderError):
    """This phone system, or this account on it, has no such command.

    Or the command has no such field, if one is named.
    """

    def __init__(self, command: str, field: str | None = None) -> None:
        """Keep the command's name."""
        super().__init__(command if field is None else f"{command}.{field}")
        self.command = command
        self.field = field


class SecondFactorError(ProviderError):
    """A log-in needs a code that was just sent to the user; `nonce` belongs into the next try."""

    def __init__(self, nonce: str) -> None:
        """Keep what joins the code to the log-in."""
        super().__init__("A second factor is needed")
        self.nonce = nonce


class BadPayloadError(ProviderError):
    """A webhook body cannot be read at all."""
