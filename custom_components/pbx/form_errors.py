"""What went wrong while a form was tried: the error that it shows, and the words in it."""

import voluptuous as vol
from homeassistant.core import HomeAssistant

from .errors import DEFAULT_WAIT, async_refusal_words
from .telephony.errors import (
    AuthError,
    CertificateError,
    InvalidInputError,
    ProviderError,
    RateLimitError,
    RefusedError,
    SwitchDownError,
    TroubleError,
)


async def async_explain(
    hass: HomeAssistant,
    provider: str,
    err: ProviderError,
    form: vol.Schema,
    placeholders: dict[str, str],
) -> dict[str, str]:
    """Return the errors of a form by its fields, and fill in what their words name.

    An error that is about no field of the form is the whole form's.
    """
    errors: dict[str, str] = {}
    match err:
        case AuthError():
            errors["base"] = "invalid_auth"
        case InvalidInputError(field=field, problem=problem):
            errors[field if field in form.schema else "base"] = problem
        case RefusedError():
            errors["base"] = "refused"
            placeholders["reason"] = await async_refusal_words(hass, provider, err)
        case RateLimitError(retry_after=wait):
            errors["base"] = "rate_limited"
            placeholders["seconds"] = str(round(wait or DEFAULT_WAIT))
        case TroubleError(answer=answer):
            errors["base"] = "trouble"
            placeholders["reason"] = answer
        case SwitchDownError():
            errors["base"] = "switch_down"
        case CertificateError():
            errors["base"] = "certificate"
        case _:
            errors["base"] = "cannot_connect"
    return errors
