"""What goes wrong at a phone system, said in Home Assistant's words: once for commands, once for polls."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
from .telephony.errors import (
    AuthError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)

DEFAULT_WAIT = 60


@contextmanager
def command_errors(hass: HomeAssistant, entry: ConfigEntry, provider: str) -> Iterator[None]:
    """Raise what a command met as an error a person understands."""
    try:
        yield
    except AuthError as err:
        entry.async_start_reauth(hass)
        raise _failed("invalid_auth", provider) from err
    except UnsupportedError as err:
        if err.field is None:
            raise _invalid("unsupported", provider, action=err.command) from err
        raise _invalid("unsupported_field", provider, action=err.command, field=err.field) from err
    except InvalidInputError as err:
        raise _invalid(err.problem, provider, field=err.field, value=err.value) from err
    except UnknownOutcomeError as err:
        raise _failed("unknown_outcome", provider) from err
    except RateLimitError as err:
        raise _failed(
            "rate_limited", provider, seconds=str(round(err.retry_after or DEFAULT_WAIT))
        ) from err
    except NotFoundError as err:
        raise _failed("not_found", provider, reason=err.reason) from err
    except RefusedError as err:
        raise _failed("refused", provider, reason=err.reason) from err
    except ProviderError as err:
        raise _failed("cannot_connect", provider) from err


@contextmanager
def poll_errors(provider: str) -> Iterator[None]:
    """Raise what a poll met as the coordinator expects it."""
    try:
        yield
    except AuthError as err:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN,
            translation_key="invalid_auth",
            translation_placeholders={"provider": provider},
        ) from err
    except RateLimitError as err:
        wait = err.retry_after or DEFAULT_WAIT
        raise UpdateFailed(
            translation_domain=DOMAIN,
            translation_key="rate_limited",
            translation_placeholders={"provider": provider, "seconds": str(round(wait))},
            # Home Assistant counts from the last full second: a wait of less than one would be over already.
            retry_after=wait + 1,
        ) from err
    except RefusedError as err:
        raise UpdateFailed(
            translation_domain=DOMAIN,
            translation_key="refused",
            translation_placeholders={"provider": provider, "reason": err.reason},
        ) from err
    except ProviderError as err:
        raise UpdateFailed(
            translation_domain=DOMAIN,
            translation_key="cannot_connect",
            translation_placeholders={"provider": provider},
        ) from err


def _failed(key: str, provider: str, **placeholders: str) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"provider": provider, **placeholders},
    )


def _invalid(key: str, provider: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"provider": provider, **placeholders},
    )
