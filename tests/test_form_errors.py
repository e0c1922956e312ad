"""What a form says when an account cannot be tried: an error with words, and the phone system's own reason in them."""

import pytest
import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.form_errors import async_explain
from custom_components.pbx.telephony.errors import (
    AuthError,
    CertificateError,
    ConnectError,
    InvalidInputError,
    ProviderError,
    RateLimitError,
    Refusal,
    RefusedError,
    SwitchDownError,
    TooLongError,
    TroubleError,
    UnknownOutcomeError,
)

FORM = vol.Schema({vol.Required("host"): str})
REASON = "Database locked"


@pytest.mark.parametrize(
    ("error", "errors", "said"),
    [
        (AuthError(), {"base": "invalid_auth"}, ""),
        (ConnectError(REASON), {"base": "cannot_connect"}, "Check the address"),
        (TooLongError(), {"base": "cannot_connect"}, "Check the address"),
        (UnknownOutcomeError(), {"base": "cannot_connect"}, "Check the address"),
        (CertificateError(), {"base": "certificate"}, "self-signed"),
        (SwitchDownError(), {"base": "switch_down"}, "Try again later"),
        (TroubleError(REASON), {"base": "trouble"}, REASON),
        (RateLimitError(), {"base": "rate_limited"}, "in 60 s"),
        (RateLimitError(899.7), {"base": "rate_limited"}, "in 900 s"),
        (RefusedError(REASON), {"base": "refused"}, REASON),
        (RefusedError(REASON, "7", Refusal.NO_PERMISSION), {"base": "refused"}, f"7: {REASON}"),
        (InvalidInputError("host", "required"), {"host": "required"}, ""),
        (InvalidInputError("elsewhere"), {"base": "invalid_value"}, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_explained(hass: HomeAssistant, error: ProviderError, errors: dict[str, str], said: str) -> None:
    """Each error is shown where it belongs, and says what to do or why."""
    placeholders = {"reason": "", "seconds": ""}
    found = await async_explain(hass, "Fake PBX", error, FORM, placeholders)
    assert found == errors
    words = await async_get_translations(hass, "en", "config", {DOMAIN})
    for key in found.values():
        assert said in words[f"component.{DOMAIN}.config.error.{key}"].format(**placeholders)
