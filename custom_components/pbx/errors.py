"""Translated errors: the only place where they are made.

What a client raises is mapped once for polls, once for the set-up and once for commands.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
from .telephony.errors import (
    AuthError,
    CertificateError,
    InvalidInputError,
    ProviderError,
    RateLimitError,
    Refusal,
    RefusedError,
    SwitchDownError,
    TroubleError,
    UnknownOutcomeError,
    UnsupportedError,
)

DEFAULT_WAIT = 60
NO_ANSWER = "?"


class NotAllowedError(Unauthorized):
    """What the user of a context may not do, in words that the front end shows."""

    def __init__(self, key: str, context: Context, entry_id: str | None, permission: str) -> None:
        """Initialize the error with the permission that is missing, for an account or for all."""
        super().__init__(context, config_entry_id=entry_id, permission=permission)
        HomeAssistantError.__init__(self, translation_domain=DOMAIN, translation_key=key)


def failed(key: str, **placeholders: str) -> HomeAssistantError:
    """Return the error for something that went wrong."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for input that cannot work."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def not_allowed(
    key: str, context: Context, entry_id: str | None, permission: str
) -> NotAllowedError:
    """Return the error for what the user of a context may not do."""
    return NotAllowedError(key, context, entry_id, permission)


def auth_failed(key: str, **placeholders: str) -> ConfigEntryAuthFailed:
    """Return the error that makes Home Assistant ask for new credentials."""
    return ConfigEntryAuthFailed(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def entry_broken(key: str, **placeholders: str) -> ConfigEntryError:
    """Return the error for a config entry that cannot be understood."""
    return ConfigEntryError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def update_failed(key: str, retry_after: float | None = None, **placeholders: str) -> UpdateFailed:
    """Return the error for a poll that failed; `retry_after` is in seconds."""
    return UpdateFailed(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
        retry_after=retry_after,
    )


def refusal_key(err: RefusedError) -> str:
    """Return the key of the message for what a phone system's no means."""
    return {Refusal.OTHER: "refused", Refusal.GONE: "not_found"}.get(
        err.kind, f"refused_{err.kind}"
    )


def _said(err: RefusedError) -> str:
    """Return a phone system's own words, with its code where the message itself has others."""
    parts = [err.reason]
    if not err.reason or err.kind not in {Refusal.OTHER, Refusal.GONE}:
        parts = [err.code, err.reason]
    return ": ".join(part for part in parts if part) or NO_ANSWER


def _away(err: ProviderError, provider: str) -> HomeAssistantError:
    """Return the error for a phone system that is not there, or not well."""
    match err:
        case CertificateError():
            return failed("certificate", provider=provider)
        case SwitchDownError():
            return failed("switch_down", provider=provider)
        case TroubleError():
            return failed("trouble", provider=provider, answer=err.answer)
        case _:
            return failed("cannot_connect", provider=provider)


async def async_refusal_words(hass: HomeAssistant, provider: str, err: RefusedError) -> str:
    """Return why a phone system said no, in Home Assistant's language, for a form to show."""
    if err.kind in {Refusal.OTHER, Refusal.GONE}:
        return _said(err)
    words = await async_get_translations(hass, hass.config.language, "exceptions", {DOMAIN})
    message = words.get(f"component.{DOMAIN}.exceptions.{refusal_key(err)}.message", "{answer}")
    return message.format(provider=provider, answer=_said(err))


@contextmanager
def command_errors(hass: HomeAssistant, entry: ConfigEntry, provider: str) -> Iterator[None]:
    """Raise the errors of a command as translated ones, with the phone system's own reason."""
    try:
        yield
    except AuthError as err:
        entry.async_start_reauth(hass)
        raise failed("invalid_auth", provider=provider) from err
    except UnsupportedError as err:
        if err.field is None:
            raise invalid("unsupported", provider=provider, action=err.command) from err
        raise invalid(
            "unsupported_field", provider=provider, action=err.command, field=err.field
        ) from err
    except InvalidInputError as err:
        raise invalid(err.problem, provider=provider, field=err.field, value=err.value) from err
    except UnknownOutcomeError as err:
        raise failed("unknown_outcome", provider=provider) from err
    except RateLimitError as err:
        wait = round(err.retry_after or DEFAULT_WAIT)
        raise failed("rate_limited", provider=provider, seconds=str(wait)) from err
    except RefusedError as err:
        # The kind is for a program that branches on it.
        raise failed(
            refusal_key(err),
            provider=provider,
            reason=err.kind.value,
            code=err.code,
            answer=_said(err),
        ) from err
    except ProviderError as err:
        raise _away(err, provider) from err


@contextmanager
def poll_errors(provider: str) -> Iterator[None]:
    """Raise the errors of a poll as those that an update coordinator handles."""
    try:
        yield
    except AuthError as err:
        raise auth_failed("invalid_auth", provider=provider) from err
    except RateLimitError as err:
        wait = err.retry_after or DEFAULT_WAIT
        # Home Assistant counts from the last full second, so that less than one would be over.
        raise update_failed(
            "rate_limited", retry_after=wait + 1, provider=provider, seconds=str(round(wait))
        ) from err
    except RefusedError as err:
        raise update_failed(
            refusal_key(err),
            provider=provider,
            reason=err.kind.value,
            code=err.code,
            answer=_said(err),
        ) from err
    except TroubleError as err:
        later = None if err.retry_after is None else err.retry_after + 1
        raise update_failed(
            "trouble", retry_after=later, provider=provider, answer=err.answer
        ) from err
    except ProviderError as err:
        raise _as(UpdateFailed, _away(err, provider)) from err


@contextmanager
def setup_errors(provider: str) -> Iterator[None]:
    """Raise the errors of a poll as those that end a set-up, to be tried again later."""
    try:
        with poll_errors(provider):
            yield
    except UpdateFailed as err:
        raise _as(ConfigEntryNotReady, err) from err


@contextmanager
def errors_as(kind: type[HomeAssistantError]) -> Iterator[None]:
    """Raise translated errors as another kind with the same text, as some helpers ask for."""
    try:
        yield
    except HomeAssistantError as err:
        raise _as(kind, err) from err


def _as[E: HomeAssistantError](kind: type[E], err: HomeAssistantError) -> E:
    """Return an error of another kind that says the same."""
    return kind(
        translation_domain=err.translation_domain,
        translation_key=err.translation_key,
        translation_placeholders=err.translation_placeholders,
    )
